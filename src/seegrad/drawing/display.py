"""The doors of the picture: saved by suffix, shown in browser or notebook, as text in a terminal.

What a `Graph` or a tensor does when it is asked to show or save itself is entered here.
"""

from __future__ import annotations

import builtins
import os
import tempfile
import webbrowser
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from seegrad.display_hooks import presents
from seegrad.drawing.export.frame import framed, still_png
from seegrad.drawing.export.graphviz import to_dot
from seegrad.drawing.export.html import to_html
from seegrad.drawing.export.mermaid import to_mermaid
from seegrad.drawing.export.png import to_png
from seegrad.drawing.export.svg import to_svg
from seegrad.drawing.export.text import CELL_WIDTH, to_text
from seegrad.drawing.export.tikz import to_tikz
from seegrad.drawing.export.window import Level, at, checked_width
from seegrad.drawing.formula.derivation import explain
from seegrad.drawing.layout.theme import THEMES
from seegrad.drawing.scene.build import build_scene
from seegrad.drawing.scene.error_scene import scene_of_error
from seegrad.drawing.scene.film import Film
from seegrad.drawing.scene.scene import Scene, picture_language
from seegrad.errors import FormatError, SeegradError, ValueRangeError
from seegrad.files import as_path, write_whole
from seegrad.graph.graph import Graph
from seegrad.graph.node import Node
from seegrad.i18n import tr

SUFFIXES: Mapping[str, Callable[[Scene, str, float], str | bytes]] = {
    ".svg": lambda scene, theme, width: to_svg(scene, THEMES[theme], width),
    ".html": lambda scene, theme, width: to_html(scene),
    ".png": lambda scene, theme, width: to_png(scene, THEMES[theme], width=width),
    ".dot": lambda scene, theme, width: to_dot(scene),
    ".mmd": lambda scene, theme, width: to_mermaid(scene),
    ".txt": lambda scene, theme, width: to_text(scene, columns=width),
    ".tex": lambda scene, theme, width: to_tikz(scene),
}

FRAME_HEIGHT, TRAINING_HEIGHT = 420, 680
DISPLAYED = 20_000
DERIVED = 12  # operations, of which a notebook keeps the derivation too

Thing = Graph | Node | Scene | Film | SeegradError
"""What can be drawn."""


def scene_of(
    thing: Thing,
    *,
    lang: str | None = None,
    quiz: bool = False,
    open: str | Iterable[str] = "auto",
    title: str = "",
    rate: float = 0.0,
    live: bool = False,
    check: bool = False,
    overlays: Mapping[str, Mapping[Node, float]] | None = None,
) -> Scene:
    """The scene of a tensor, a graph, or an operation's error.

    A scene or a film is taken as it is, but for `lang` and `title`.

    Args:
        lang: "en" or "ko"; by default the language in force (see `seegrad.set_language`).
        quiz: leave the derivatives blank, to be filled in.
        open: which layers start open: "auto", "all", "none", or names.
        title: what the page is called.
        rate: a learning rate; the walk then ends with the update.
        live: carry what a page needs to recompute everything when an input is edited.
        check: paint each node's gradient check over it.
        overlays: other measures to paint: {"seconds": {node: number}}.

    Raises ValueRangeError for a language that is not there, TypeError for anything but these.
    """
    chosen = picture_language(lang)
    if isinstance(thing, SeegradError):
        return scene_of_error(thing, lang=chosen, open=open)
    if isinstance(thing, (Film, Scene)):
        scene = thing.scene() if isinstance(thing, Film) else thing
        spoken = lang or scene.language
        return replace(scene, language=spoken, title=title or scene.title)
    if not isinstance(thing, (Graph, Node)):
        raise TypeError(f"a tensor or a graph can be drawn, not {type(thing).__name__}")
    return build_scene(
        thing, open=open, quiz=quiz, title=title, language=chosen, rate=rate, live=live,
        check=check, overlays=overlays,
    )  # fmt: skip


def lowered(
    scene: Scene, suffix: str, theme: str = "light", width: float | None = None
) -> str | bytes:
    """The scene in the form that a suffix names, for a window of this width."""
    if suffix not in SUFFIXES:
        named = suffix or tr("a file without suffix")
        raise FormatError(
            tr("a picture cannot be saved as {suffix}", suffix=named),
            asked=" ".join(SUFFIXES),
            came=suffix or tr("no suffix"),
            hint=tr("choose one of these endings for the file's name"),
        )
    if theme not in THEMES:
        raise ValueRangeError(
            tr("there is no such theme"), asked=" | ".join(THEMES), came=theme
        )
    return SUFFIXES[suffix](scene, theme, checked_width(width, suffix == ".txt"))


@presents("save")
def draw(
    thing: Thing,
    path: str | os.PathLike[str],
    *,
    theme: str = "light",
    level: Level = "auto",
    width: float | None = None,
    **options: Any,
) -> Path:
    """Save the picture of a tensor or graph; the suffix says how.

    `.html` is the explorer: one page that needs no network. `.svg` and `.png` are for slides,
    `.tex` for papers (TikZ), `.dot` and `.mmd` for Graphviz and Mermaid, `.txt` for a terminal.

    Args:
        thing: a tensor, a graph, an error that an operation raised, a film, or a scene
            (`sg.playground`).
        path: where to; an existing file is replaced as a whole.
        theme: "light" or "dark", for .svg and .png; the page has both.
        level: how deep it is open: 0 (all closed), 1 and more, "all" (composites too), or "auto":
            the deepest that a window of `width` shows whole with text of at least 11 pixels. A
            level that is too large for it closes further, and the picture says so.
        width: pixels of .svg and .png (1440), columns of .txt (120).
        **options: lang="en" | "ko", quiz=False, title="",
            open="auto" | "all" | "layers" | "none" | names,
            rate=0.0, check=False, overlays=None; see `seegrad.drawing.showing.scene_of`.

    Returns the path. Raises FormatError for an unknown suffix or a place that cannot be written,
    ValueRangeError for a level, width or theme that is not there, MissingExtraError when PNG's
    package or a font is not there.

    >>> import tempfile
    >>> import seegrad as sg
    >>> y = sg.tensor(2.0, name="x") ** 2
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sg.draw(y, f"{folder}/square.svg").name
    'square.svg'
    """
    file = as_path(path)
    if file.suffix.lower() not in SUFFIXES or theme not in THEMES:
        lowered(Scene(), file.suffix.lower(), theme)
    options.setdefault("live", file.suffix.lower() == ".html")
    suffix = file.suffix.lower()
    text = suffix == ".txt"
    wide = checked_width(width, text)
    scene = at(scene_of(thing, **options), level, wide * CELL_WIDTH if text else wide)
    return write_whole(file, lowered(scene, suffix, theme, wide))


@presents("mimebundle")
def mimebundle(thing: Thing, **options: Any) -> dict[str, str]:
    """How a notebook shows it: the explorer in a frame of its own; else, or for a leaf, its repr.

    Beside the live page stand a still picture (where resvg is installed) and, of a small graph,
    its derivation, for readers that run no scripts. A graph of more than DISPLAYED nodes is not
    drawn unasked; `.show()` draws it.
    """
    if isinstance(thing, Node) and thing.op is None:
        return {"text/plain": repr(thing)}
    graph = Graph([thing]) if isinstance(thing, Node) else thing
    if isinstance(graph, Graph) and len(graph) > DISPLAYED:
        return {"text/plain": repr(thing)}
    known = {k: v for k, v in options.items() if k in ("lang", "quiz", "open", "title", "rate")}
    scene = scene_of(thing, live=True, **known)
    found = {
        "text/html": framed(scene, TRAINING_HEIGHT if "train" in scene.program else FRAME_HEIGHT),
        "image/png": still_png(scene),
        "text/latex": _derivation(graph, options.get("lang")) if isinstance(graph, Graph) else "",
        "text/plain": repr(thing),
    }
    return {kind: content for kind, content in found.items() if content}


def _derivation(graph: Graph, lang: str | None) -> str:
    """How a small graph's derivative comes about, as LaTeX; "" of a larger one."""
    if len(graph.outputs) != 1 or not 0 < len(graph.operations) <= DERIVED:
        return ""
    try:
        return f"$${explain(graph.outputs[0], lang=lang).latex}$$"
    except SeegradError:
        return ""


@presents("show")
def show(thing: Thing, **options: Any) -> None:
    """Show the picture: in the notebook when there is one, otherwise in the browser.

    Args:
        thing: a tensor, graph, network or function.
        options: as for `draw`.
    """
    if _in_notebook():
        _display(mimebundle(thing, **options))
        return
    folder = Path(tempfile.mkdtemp(prefix="seegrad-"))
    page = draw(thing, folder / "graph.html", **options)
    if not webbrowser.open(page.as_uri()):
        print(tr("no browser was found; the page is in {path}", path=page))


@presents("traceback")
def traceback_lines(error: SeegradError) -> list[str]:
    """The lines that IPython has for an error; in a notebook, below its picture if it has one."""
    if error.operation is not None and _in_notebook():
        _display({"text/html": mimebundle(error)["text/html"], "text/plain": ""})
    usual = _shell().InteractiveTB.structured_traceback
    lines: list[str] = usual(type(error), error, error.__traceback__)
    return lines


def _shell() -> Any:
    return getattr(builtins, "get_ipython", lambda: None)()


def _in_notebook() -> bool:
    return type(_shell()).__name__ == "ZMQInteractiveShell"


def _display(bundle: dict[str, str]) -> None:
    from IPython.display import display

    display(bundle, raw=True)  # type: ignore[no-untyped-call]
