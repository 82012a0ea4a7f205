"""Every way out of a scene: well-formed, escaped, written whole, with an error that helps."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from pictures import ALL, apple, apples_and_oranges, network, sigmoid

import seegrad as sg
from seegrad import drawing
from seegrad.drawing.display import SUFFIXES, mimebundle, scene_of
from seegrad.drawing.export import png
from seegrad.drawing.export.graphviz import to_dot
from seegrad.drawing.export.html import build, bundle, to_html, web
from seegrad.drawing.export.mermaid import to_mermaid
from seegrad.drawing.export.svg import to_svg
from seegrad.drawing.export.text import cells, to_text
from seegrad.drawing.export.tikz import to_tikz
from seegrad.drawing.layout.theme import DARK, LIGHT, Theme
from seegrad.drawing.scene.build import build_scene
from seegrad.drawing.scene.scene import Scene
from seegrad.errors import FormatError, ValueRangeError

HOSTILE = (
    "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "a\"b'c", "]]>", "<!--",
    "-->", "${x}", "`x`", "\\input{/etc/passwd}", "$x_1^2$", "%", "#", "&amp;", "a\nb", "a\tb",
    "\x00\x01\x1b[31m", "\u202eevil", "\u2066x", "x" * 5000, "가" * 300, "🍎👨‍👩‍👧", "a|b", "end",
    "subgraph x", '"]; click b "http://x"', "javascript:alert(1)", "\ud800", "\ufffe", "{{}}",
    "<svg onload=alert(1)>", "';alert(1)//", "style=x:expression(1)", "&#x3C;", "%3Cscript%3E",
    "a;b", "\\", "\\\\", "\\\"", "http://example.org/x", "@import url(x)", "}</style>", "\u2028",
)  # fmt: skip


def named(name: str) -> Scene:
    """A picture in which the same user text stands wherever user text can stand."""
    x = sg.tensor(3.0, name=name)
    y = sg.sigmoid(x * x)
    y.name = name
    y.backward()
    return build_scene(y, title=name, open="all")


def tree(svg: str) -> list[str]:
    return [element.tag for element in ElementTree.fromstring(svg).iter()]


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(name for name, _ in attrs)))


@pytest.mark.parametrize("text", HOSTILE)
def test_user_text_stays_text(text: str) -> None:
    plain, scene = named("plain"), named(text)
    assert tree(to_svg(scene)) == tree(to_svg(plain))
    assert Tags(to_html(scene)).found == Tags(to_html(plain)).found
    assert len(to_dot(scene).splitlines()) == len(to_dot(plain).splitlines())
    assert len(to_mermaid(scene).splitlines()) == len(to_mermaid(plain).splitlines())
    assert len(to_tikz(scene).splitlines()) == len(to_tikz(plain).splitlines())
    assert "\x1b" not in to_text(scene)
    assert "\\input" not in to_tikz(scene)


@pytest.mark.parametrize("figure", ALL)
def test_svg_is_well_formed_and_alone(figure: object) -> None:
    svg = to_svg(build_scene(figure(), open="all"))  # type: ignore[operator]
    root = ElementTree.fromstring(svg)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "foreignObject" not in svg
    assert re.findall(r"https?://[^\"]*", svg) == ["http://www.w3.org/2000/svg"]
    assert "220.00000000000003" not in svg


def test_page_asks_for_nothing() -> None:
    page = to_html(build_scene(apple()))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert "default-src 'none'" in policy[1]
    assert "unsafe" not in policy[1]
    addresses = set(re.findall(r"https?://[^\"'` )]*", page))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1998/Math/MathML"}
    assert len(page) < 250_000


def test_the_build_of_the_page_is_current_and_small() -> None:
    folder = Path(drawing.__file__).parent / "web"
    sources = (file for file in folder.rglob("*") if file.suffix in {".ts", ".js"})
    names = (file.relative_to(folder).as_posix() for file in sources)
    found = sha256()
    for name in sorted(name for name in names if not name.startswith("built/")):
        found.update((folder / name).read_bytes())
    for name, most in ("explorer", 100_000), ("training", 117_000):
        built = web(f"built/{name}.js")
        assert built.startswith(f"// {found.hexdigest()[:16]}\n"), "run: npm run build"
        assert built.endswith(build(name))
        assert len(built.encode()) <= most


def test_only_pages_that_train_carry_what_trains() -> None:
    still = scene_of(apple())
    moving = replace(still, moments=({"title": "0"},))
    assert bundle(still) == build("explorer")
    assert bundle(still, moving) == build("training")
    assert bundle(scene_of(sg.playground())) == build("training")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_saved_by_suffix(suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"apple{suffix}"
    assert apple().graph.save(file) == file
    data = file.read_bytes()
    if suffix == ".png":
        assert data.startswith(b"\x89PNG")
    else:
        assert "사과" in data.decode() or "&#" in data.decode()
    assert [each.name for each in tmp_path.iterdir()] == [file.name]


def test_saving_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"\.svg \.html \.png \.dot \.mmd \.txt \.tex"):
        sg.draw(apple(), tmp_path / "x.gif")
    with pytest.raises(FormatError, match="cannot write"):
        sg.draw(apple(), tmp_path / "missing" / "x.svg")
    with pytest.raises(ValueRangeError, match=r"en \| ko"):
        sg.draw(apple(), tmp_path / "x.svg", lang="fr")
    with pytest.raises(ValueRangeError, match="theme"):
        sg.draw(apple(), tmp_path / "x.svg", theme="pink")
    with pytest.raises(TypeError, match="list"):
        sg.draw([apple()], tmp_path / "x.svg")
    assert list(tmp_path.iterdir()) == []


def test_png_says_when_no_font_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(png, "family_for", lambda hangul: "")
    with pytest.raises(sg.SeegradError, match="Noto Sans CJK KR"):
        png.to_png(build_scene(apple()))


def test_png_has_text_in_it() -> None:
    family = png.family_for(hangul=False)
    if not family:
        pytest.skip("no font is installed")
    assert png.draws("0", family)
    assert not png.draws("", family)
    bare = Scene(build_scene(apple()).boxes, ())
    assert png.to_png(build_scene(apple())) != png.to_png(bare)


def test_notebook_gets_a_frame_and_text() -> None:
    shown = mimebundle(apple())
    assert {"text/html", "text/latex", "text/plain"} <= set(shown)
    found = Tags(shown["text/html"]).found
    assert [tag for tag, _ in found] == ["div", "img", "iframe", "script"]
    page = re.search(r'srcdoc="([^"]*)"', shown["text/html"])
    assert page is not None
    assert html.unescape(page[1]) == to_html(build_scene(apple(), live=True))
    assert apple()._repr_mimebundle_().keys() == shown.keys()
    assert apple().graph._repr_mimebundle_().keys() == shown.keys()
    assert shown["text/plain"] == repr(apple())


def test_notebook_shows_leaves_and_giants_as_text() -> None:
    leaf = sg.tensor([1.0, 2.0])
    assert leaf._repr_mimebundle_() == {"text/plain": repr(leaf)}
    chain = sg.tensor(1.0)
    for _ in range(20_001):
        chain = chain + 1.0
    assert set(chain._repr_mimebundle_()) == {"text/plain"}


def test_terminal_text() -> None:
    text = to_text(build_scene(apples_and_oranges()))
    for words in ("사과", "◀ 3.3", "715", "(×)", "▶"):
        assert words in text
    widths = [len(cells(line)) for line in text.splitlines()]
    assert max(widths) < 120
    assert "\x1b[31m" in to_text(build_scene(apple()), colour=True)


def test_closed_groups_in_every_lowering() -> None:
    scene = build_scene(sigmoid())
    for text in (to_svg(scene), to_dot(scene), to_mermaid(scene), to_text(scene)):
        assert "σ" in text or "#963;" in text
        assert "exp" not in text


def test_dot_nests_its_subgraphs() -> None:
    text = to_dot(build_scene(network(3), open="all"))
    assert text.count("{") == text.count("}")
    assert text.count("subgraph") == len(build_scene(network(3), open="all").groups)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_contrast(theme: Theme) -> None:
    for ground in (theme.paper, theme.group):
        for ink in (theme.ink, theme.soft, theme.accent, theme.cool, theme.wrong):
            assert contrast(ink, ground) >= 4.5, (ink, ground)


def contrast(a: str, b: str) -> float:
    def light(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        r, g, b = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    high, low = sorted((light(a), light(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_huge_and_empty_values_draw() -> None:
    huge = sg.tensor(np.ones((300, 300)), name="x") * 2.0
    empty = sg.tensor(np.ones((0, 3)), name="x") * 2.0
    for y in (huge, empty):
        ElementTree.fromstring(to_svg(build_scene(y)))
        assert len(to_html(build_scene(y))) < 250_000
    ElementTree.fromstring(to_svg(Scene()))
    assert to_text(Scene()) == ""
