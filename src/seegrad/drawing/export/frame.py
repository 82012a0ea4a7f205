"""A page inside another one, as a notebook keeps it: live in a frame, and as a still picture.

Where scripts are not trusted (a shared notebook, an exported one) the frame is taken away and the
picture below it is seen. The frame's theme follows the text around it. No notebook is known here.
"""

from __future__ import annotations

from base64 import b64encode

from seegrad.drawing.export.html import to_html
from seegrad.drawing.export.png import to_png
from seegrad.drawing.export.svg import to_svg
from seegrad.drawing.layout.measure import laid
from seegrad.drawing.scene.scene import Scene
from seegrad.drawing.values.user_text import escape
from seegrad.errors import MissingExtraError
from seegrad.i18n import tr

WIDEST = 2400.0
"""Pixels across a PNG that is stored in a notebook: of a wide picture each unit takes fewer."""

WATCH_THEME = """
const watchTheme = (element, tell) => {
  const told = () => {
    const color = getComputedStyle(element).color.match(/[0-9.]+/g);
    if (!color) return;
    const [r, g, b] = color.map(Number);
    tell(0.299 * r + 0.587 * g + 0.114 * b > 128 ? "dark" : "light");
  };
  const around = new MutationObserver(() => { told(); setTimeout(told, 400); });
  for (const each of [document.documentElement, document.body])
    around.observe(each, { attributes: true });
  const placed = new ResizeObserver(told);
  placed.observe(element);
  told();
  return () => { around.disconnect(); placed.disconnect(); };
};
"""
"""`watchTheme(element, tell)` tells whether the text around an element is light: now, when the
element comes to stand in the page (before that it has no colour), and whenever the theme may
change. What it returns ends it."""

_FOLLOW = f"""
(() => {{
  {WATCH_THEME.strip()}
  const outer = document.currentScript?.parentElement, frame = outer?.querySelector("iframe");
  if (!frame) return;
  let theme = "light";
  const told = () => frame.contentWindow?.postMessage({{ seegradTheme: theme }}, "*");
  frame.addEventListener("load", told);
  watchTheme(outer, (seen) => {{ theme = seen; told(); }});
}})();
"""


def escape_attribute(page: str) -> str:
    """A whole page as the value of an attribute: nothing of it is lost."""
    return page.replace("&", "&amp;").replace('"', "&quot;")


def framed(scene: Scene, height: int) -> str:
    """The live page in a frame over a still picture of it; what is left of it stays readable."""
    title = escape(scene.title or tr("computational graph", language=scene.language))
    still = b64encode(to_svg(scene).encode()).decode()
    return (
        f'<div style="position:relative;height:{height}px">'
        f'<img alt="{title}" src="data:image/svg+xml;base64,{still}"'
        ' style="width:100%;height:100%;object-fit:contain">'
        f'<iframe srcdoc="{escape_attribute(to_html(scene))}"'
        f' sandbox="allow-scripts allow-downloads" loading="lazy" title="{title}"'
        ' style="position:absolute;left:0;top:0;width:100%;height:100%;border:0"></iframe>'
        f"<script>{_FOLLOW}</script></div>"
    )


def still_png(scene: Scene) -> str:
    """The picture as base64 of a PNG that is WIDEST across at most; "" where none can be made."""
    try:
        return b64encode(to_png(scene, zoom=min(2.0, WIDEST / laid(scene)[1].width))).decode()
    except MissingExtraError:
        return ""
