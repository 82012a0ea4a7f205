"""The picture as a live notebook widget: the one file that imports anywidget.

What is edited in the widget is known to Python (`widget.given`), and a new scene given from Python
is drawn at once. The page's modules are the same as everywhere; the theme is the notebook's.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from seegrad.display_hooks import presents
from seegrad.drawing.display import FRAME_HEIGHT, Thing, scene_of
from seegrad.drawing.export.frame import WATCH_THEME
from seegrad.drawing.export.html import build, styles
from seegrad.drawing.scene.scene import to_json
from seegrad.errors import MissingExtraError
from seegrad.i18n import tr

_MODULE = """
export default {
  render({ model, el }) {
    const root = document.createElement("div");
    root.style.height = `${model.get("height")}px`;
    el.append(root);
    let opened, theme;
    const draw = () => {
      root.replaceChildren();
      opened = seegradPage.mount(root, JSON.parse(model.get("scene")), {
        sheet: model.get("sheet"),
        changed: (state) => {
          model.set("given", state.given);
          model.save_changes();
        },
      });
      if (theme) opened.session.setTheme(theme);
    };
    draw();
    model.on("change:scene", draw);
    const unwatch = watchTheme(el, (seen) => {
      theme = seen;
      opened.session.setTheme(theme);
    });
    return () => {
      model.off("change:scene", draw);
      unwatch();
    };
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

        _esm = "\n".join((build("training"), WATCH_THEME, _MODULE))
        _css = f"{picture}\n{look}"
        scene = traitlets.Unicode("{}").tag(sync=True)
        given = traitlets.Dict().tag(sync=True)
        height = traitlets.Int(FRAME_HEIGHT).tag(sync=True)
        sheet = traitlets.Unicode(picture).tag(sync=True)

    return ExplorerWidget


@presents("widget")
def widget(thing: Thing, *, height: int = FRAME_HEIGHT, **options: Any) -> Any:
    """A live widget for a tensor, graph, film or playground; options as for `sg.draw`.

    Raises MissingExtraError when anywidget is not installed.

    Args:
        thing: a tensor, graph or network.
        height: in pixels; as the picture needs when not given.
    """
    options.setdefault("live", True)
    return _class()(scene=to_json(scene_of(thing, **options)), height=height)
