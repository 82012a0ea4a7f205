"""The self-contained page: the explorer's modules and styles put into one HTML file with a scene.

What ships is built small (`tools/build_page.mjs`) and committed, so that installing needs no Node.
A build that is older than its sources is not used: they are joined here as they are. The page asks
the network for nothing, and its Content-Security-Policy would not let it.
"""

from __future__ import annotations

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib import resources

from seegrad.drawing.export.svg import style, to_svg
from seegrad.drawing.layout.theme import DARK, LIGHT, MATH, SANS, Theme
from seegrad.drawing.scene.scene import Scene, to_json
from seegrad.drawing.values.user_text import escape
from seegrad.i18n import tr

MODULES = (
    "values/user_text", "layout/theme", "values/summary", "scene", "layout/labels",
    "layout/layered", "layout/nested", "layout/measure", "steps", "math", "draw", "evaluate",
    "train", "words", "html", "facts", "camera", "step_formulas", "exporting", "page",
)  # fmt: skip
"""The page's modules, each after those it imports."""


def web(name: str) -> str:
    """The text of a file of the page."""
    return resources.files("seegrad.drawing").joinpath("web", name).read_text("utf-8")


def sources_digest() -> str:
    """What names the modules as they are now; the first line of a current build says the same."""
    found = sha256()
    for name in sorted(f"{name}.js" for name in MODULES):
        found.update(web(name).encode("utf-8"))
    return found.hexdigest()


@cache
def bundle() -> str:
    """The explorer as one script text that defines `seegradPage.mount`."""
    built = web("built/explorer.js")
    first, _, script = built.partition("\n")
    return script if first == f"// {sources_digest()}" else joined_modules()


def joined_modules() -> str:
    """All modules as they are, in one script text; comments and indentation left out."""
    joined = "\n".join(web(f"{name}.js") for name in MODULES)
    joined = re.sub(r"^import\s[^;]*;\n", "", joined, flags=re.MULTILINE)
    joined = re.sub(r"^export (?=const|function|class|async)", "", joined, flags=re.MULTILINE)
    joined = re.sub(r"^\s*/\*\*(?:[^*]|\*(?!/))*\*/\n", "", joined, flags=re.MULTILINE)
    joined = re.sub(r"/\*\* @(?:type|param)[^*]*\*/ ?", "", joined)
    lines = (line.strip() for line in joined.splitlines())
    script = "\n".join(line for line in lines if line and not line.startswith("//"))
    return f"{script}\nconst seegradPage = {{ mount }};\n"


def variables(theme: Theme) -> str:
    """A theme's colours as CSS variables."""
    good = "#1d7a3c" if theme is LIGHT else "#7fd49a"
    names = ("paper", "ink", "soft", "accent", "cool", "group", "line", "node", "wrong")
    colours = "".join(f"--{name}:{getattr(theme, name)};" for name in names)
    return f"{colours}--good:{good};"


def look(selector: str) -> str:
    """Faces, and the colours of both themes, as variables of what the selector names."""
    return (
        f"{selector}{{--sans:{SANS};--math:{MATH};{variables(LIGHT)}color-scheme:light}}"
        "@media (prefers-color-scheme:dark){"
        f"{selector}:not([data-theme=light]){{{variables(DARK)}color-scheme:dark}}}}"
        f"{selector}[data-theme=dark]{{{variables(DARK)}color-scheme:dark}}"
    )


@cache
def styles() -> tuple[str, str]:
    """The picture's style sheet, and the page's own with the colours of both themes."""
    whole = "body:has(>main.sg){margin:0;display:flow-root}main.sg{height:100vh}"
    return web("picture.css"), f"{look('.sg')}\n{whole}\n{web('page.css')}"


def digest(text: str) -> str:
    """How a Content-Security-Policy names an inline script or style."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def to_html(scene: Scene) -> str:
    """A whole page with the explorer and this scene; works from a file, offline."""
    picture, own = styles()
    script = (
        f"{bundle()}\n"
        'seegradPage.mount(document.getElementById("seegrad"),'
        'JSON.parse(document.getElementById("scene").textContent),{fragment:true});'
        'addEventListener("message",({data})=>{if(data?.seegradTheme==="dark"||'
        'data?.seegradTheme==="light")'
        'document.getElementById("seegrad").dataset.theme=data.seegradTheme});'
    )
    drawing = to_svg(scene)
    policy = (
        f"default-src 'none'; script-src {digest(script)}; "
        f"style-src {digest(picture)} {digest(own)} {digest(style(LIGHT))}; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    title = escape(scene.title or tr("computational graph", language=scene.language))
    return (
        f'<!doctype html>\n<html lang="{escape(scene.language)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n"
        f'<style data-sg="picture">{picture}</style>\n<style>{own}</style>\n</head>\n<body>\n'
        f'<main class="sg" id="seegrad"><noscript>{drawing}</noscript></main>\n'
        f'<script type="application/json" id="scene">{to_json(scene)}</script>\n'
        f'<script type="module">{script}</script>\n</body>\n</html>\n'
    )
