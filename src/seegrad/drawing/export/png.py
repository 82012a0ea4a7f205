"""The picture as PNG, rendered from its SVG by resvg. The one file that imports resvg-py.

resvg leaves out text whose font it cannot find, in silence; so what it knows is tried first, by
looking at whether a letter left a mark.
"""

from __future__ import annotations

from functools import cache

from seegrad.drawing.export.svg import to_svg
from seegrad.drawing.export.window import WIDTH
from seegrad.drawing.layout.theme import LIGHT, MATH, SANS, Theme
from seegrad.drawing.scene.scene import Scene
from seegrad.errors import MissingExtraError
from seegrad.i18n import tr

_CANDIDATES = (
    "Noto Sans KR", "Noto Sans CJK KR", "NanumGothic", "Apple SD Gothic Neo", "Malgun Gothic",
    "DejaVu Sans", "Liberation Sans", "Arial", "Helvetica", "Segoe UI", "Verdana",
)  # fmt: skip


def _render(svg: str, zoom: float = 1.0) -> bytes:
    try:
        import resvg_py
    except ImportError:
        raise MissingExtraError(
            tr("a PNG needs the package resvg-py"),
            asked=tr("a picture as .png"),
            hint='pip install "resvg-py>=0.3.4"',
        ) from None
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=zoom))


def _sample(text: str, family: str) -> str:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="32" height="32"><text x="4" y="24"'
        f' font-family="{family}" font-size="20">{text}</text></svg>'
    )


@cache
def draws(text: str, family: str) -> bool:
    """Does this font family leave a mark for this text?"""
    return _render(_sample(text, family)) != _render(_sample("", family))


@cache
def family_for(hangul: bool) -> str:
    """A font family that is there and draws digits (and Hangul); "" if none does."""
    sample = "가" if hangul else "0"
    return next((family for family in _CANDIDATES if draws(sample, family)), "")


def to_png(
    scene: Scene, theme: Theme = LIGHT, zoom: float = 2.0, width: float = WIDTH
) -> bytes:
    """The scene as PNG bytes, `zoom` pixels for each unit; see `to_svg`.

    Raises MissingExtraError when resvg-py is not installed or no font can draw the text.
    """
    svg = to_svg(scene, theme, width)
    hangul = any("\uac00" <= c <= "\ud7a3" for c in svg)
    family = family_for(hangul)
    if not family:
        raise MissingExtraError(
            tr("no font on this machine can draw the Korean text of the picture")
            if hangul
            else tr("no font was found to draw the text of the picture"),
            asked=tr("a picture as .png"),
            hint=tr("install a font, for example Noto Sans CJK KR; or save as .svg or .html"),
        )
    first = svg.index("<style>")
    named = svg[first : svg.index("</style>")]
    return _render(svg.replace(named, _with_family(named, family), 1), zoom)


def _with_family(style: str, family: str) -> str:
    """The style sheet with a family that exists in the first place of every font list."""
    maths = next((f for f in ("STIX Two Math", "DejaVu Serif") if draws("×", f)), family)
    return style.replace(SANS, f"'{family}',{SANS}").replace(MATH, f"'{maths}',{MATH}")
