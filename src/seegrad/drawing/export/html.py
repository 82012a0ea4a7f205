"""The self-contained page: the explorer's modules and styles put into one HTML file with a scene.

What ships is built small from TypeScript (`tools/build_page.mjs`) and committed, so that installing
needs no Node; a test tells when the build is older than its sources. The page asks the network for
nothing, and its Content-Security-Policy would not let it.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib import resources

from seegrad.drawing.export.svg import to_svg
from seegrad.drawing.export.window import WIDTH
from seegrad.drawing.layout.theme import DARK, FACE, LIGHT, MATH, SANS, Theme
from seegrad.drawing.scene.packed import to_page
from seegrad.drawing.scene.scene import Scene
from seegrad.drawing.values.user_text import escape
from seegrad.i18n import LANGUAGES, tr


def web(name: str) -> str:
    """The text of a file of the page."""
    return resources.files("seegrad.drawing").joinpath("web", name).read_text("utf-8")


@cache
def build(name: str) -> str:
    """A build of the page, as one script text that defines `seegradPage`."""
    _, _, script = web(f"built/{name}.js").partition("\n")
    return script


def bundle(*scenes: Scene, plots: bool = False) -> str:
    """The smallest build that shows these scenes: with training only where one trains."""
    trains = plots or any(scene.moments or "train" in scene.program for scene in scenes)
    return build("training" if trains else "explorer")


def variables(theme: Theme) -> str:
    """A theme's colours as CSS variables."""
    good = "#1d7a3c" if theme is LIGHT else "#7fd49a"
    names = ("paper", "ink", "soft", "accent", "cool", "group", "line", "node", "wrong")
    colours = "".join(f"--{name}:{getattr(theme, name)};" for name in names)
    return f"{colours}--good:{good};"


def look(selector: str) -> str:
    """Faces, and the colours of both themes, as variables of what the selector names."""
    return (
        f"{FACE}{selector}{{--sans:{SANS};--math:{MATH};{variables(LIGHT)}color-scheme:light}}"
        "@media screen and (prefers-color-scheme:dark){"
        f"{selector}:not([data-theme=light]){{{variables(DARK)}color-scheme:dark}}}}"
        f"@media screen{{{selector}[data-theme=dark]{{{variables(DARK)}color-scheme:dark}}}}"
    )


@cache
def styles() -> tuple[str, str]:
    """The picture's style sheet, and the page's own with the colours of both themes."""
    whole = "body:has(>main>#seegrad){margin:0}#seegrad{height:100vh;height:100dvh}"
    return web("picture.css"), f"{look('.sg:not(.sg .sg)')}\n{whole}\n{web('page.css')}"


def digest(text: str) -> str:
    """How a Content-Security-Policy names an inline script or style."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def policy(script: str, *sheets: str) -> str:
    """The Content-Security-Policy of a page that has this script and these style sheets alone."""
    told = (
        f"default-src 'none'; script-src {digest(script)}; "
        f"style-src {' '.join(map(digest, sheets))}; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    return f'<meta http-equiv="Content-Security-Policy" content="{told}">'


def still(scene: Scene, width: float = WIDTH, step: int | None = None) -> str:
    """The picture as it stands in a page until, or where, no script draws it."""
    return f'<div class="still">{to_svg(scene, None, width, step)}</div>'


def spoken_titles(titles: Mapping[str, str]) -> str:
    """A page's title in each language, as attributes of its body: its script can change it."""
    return "".join(f' data-{lang}="{escape(title)}"' for lang, title in titles.items())


def to_html(scene: Scene) -> str:
    """A whole page with the explorer and this scene; works from a file, offline."""
    picture, own = styles()
    titles = {
        lang: scene.title or tr("computational graph", language=lang) for lang in LANGUAGES
    }
    script = (
        f"{bundle(scene)}\n"
        'seegradPage.mount(document.getElementById("seegrad"),'
        'JSON.parse(document.getElementById("scene").textContent),{alone:true});'
    )
    title = escape(titles[scene.language])
    return (
        f'<!doctype html>\n<html lang="{escape(scene.language)}">\n<head>\n<meta charset="utf-8">\n'
        f"{policy(script, picture, own)}\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n"
        f'<style data-sg="picture">{picture}</style>\n<style>{own}</style>\n</head>\n'
        f"<body{spoken_titles(titles)}>\n"
        f'<main><h1 class="unseen">{title}</h1>\n'
        f'<div class="sg" id="seegrad">{still(scene)}</div></main>\n'
        f'<script type="application/json" id="scene">{to_page(scene)}</script>\n'
        f'<script type="module">{script}</script>\n</body>\n</html>\n'
    )
