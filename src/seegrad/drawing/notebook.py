"""The picture as a live notebook widget: the one file that imports anywidget.

What is edited in the widget is known to Python (`widget.given`), and a new scene given from Python
is drawn at once. The page's modules are the same as everywhere.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from seegrad.display_hooks import presents
from seegrad.drawing.display import FRAME_HEIGHT, scene_of
from seegrad.drawing.export.html import bundle, styles
from seegrad.drawing.scene.scene import Scene, to_json
from seegrad.errors import MissingExtraError
from seegrad.graph.graph import Graph
from seegrad.graph.node import Node
from seegrad.i18n import tr

_MODULE = """
export default {
  render({ model, el }) {
    const root = document.createElement("div");
    root.style.height = `${model.get("height")}px`;
    el.append(root);
    const draw = () => {
      root.replaceChildren();
      seegradPage.mount(root, JSON.parse(model.get("scene")), {
        sheet: model.get("sheet"),
        changed: (state) => {
          model.set("given", state.given);
          model.save_changes();
        },
      });
    };
    draw();
    model.on("change:scene", draw);
    return () => model.off("change:scene", draw);
  },
};
"""


@cache
def _class() -> Any:
    """The widget's class, made when the first widget is asked for."""
    try:
        import anywidget
        import traitlets
    except ImportError:
        raise MissingExtraError(
            tr("a live widget needs the package anywidget"),
            asked=tr("a live notebook widget"),
            hint="pip install 'seegrad[notebook]'",
        ) from None
    picture, look = styles()

    class ExplorerWidget(anywidget.AnyWidget):
        """The explorer; `scene` is what is drawn, `given` what was edited in it."""

        _esm = f"{bundle()}\n{_MODULE}"
        _css = f"{picture}\n{look}"
        scene = traitlets.Unicode("{}").tag(sync=True)
        given = traitlets.Dict().tag(sync=True)
        height = traitlets.Int(FRAME_HEIGHT).tag(sync=True)
        sheet = traitlets.Unicode(picture).tag(sync=True)

    return ExplorerWidget


@presents("widget")
def widget(thing: Graph | Node | Scene, *, height: int = FRAME_HEIGHT, **options: Any) -> Any:
    """A live widget for the tensor or graph; options as for `sg.draw`.

    Raises MissingExtraError when anywidget is not installed.
    """
    options.setdefault("live", True)
    return _class()(scene=to_json(scene_of(thing, **options)), height=height)
