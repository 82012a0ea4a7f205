"""T2: hostile texts in every place where a user's text appears, in every form that is written.

What is left of a form when its texts are taken out must be the same as with a plain word, and no
form may name an address that a viewer would fetch.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import seegrad as sg
from seegrad.drawing.scene import to_json
from seegrad.drawing.showing import lowered, mimebundle, scene_of
from seegrad.graph.mode import frame
from trust.row import Found, Run, first, row

NAMES = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=a()>",
    "</math><b>",
    "</svg>",
    "</title>",
    "</style>",
    "<!-- ",
    "-->",
    "]]>",
    "<![CDATA[x]]>",
    "&lt;",
    "&#60;b&#62;",
    "a&b",
    '"',
    "'",
    '" onload="a()',
    "`",
    "${x}",
    "{{x}}",
    "{name}",
    "%s",
    "%(x)s",
    "\\",
    "\\input{/etc/passwd}",
    "\\end{document}",
    "x}{y",
    "}",
    "{",
    "$",
    "$$",
    "#",
    "_",
    "^",
    "~",
    "a\nb",
    "a\r\nb",
    "\t",
    "\u202eabc",
    "\u2066abc\u2069",
    "\u2028",
    "\x1b[31m",
    "http://host/c",
    "javascript:alert(1)",
    "click A href",
    "--> B",
    "graph TD; A-->B",
    "]; x [label=y",
    "\u0627\u0644",
    "é" * 300,
    "|",
    "[x](http://host)",
    "![x](y)",
    "0",
    " ",
    "NaN",
]


class _Tags(HTMLParser):
    """The tags and attribute names of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Any] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(name for name, _ in attrs)))


Reading = Callable[[str], Any]
ADDRESS = r"(?:href|src|url|action|content)\s*[=(]\s*[\"']?(?!#|data:)(\w+:[^\s\"')>]*)"


def _xml(text: str) -> Any:
    elements = [(e.tag, tuple(sorted(e.attrib))) for e in ElementTree.fromstring(text).iter()]
    return elements, re.findall(ADDRESS, text)


def _html(text: str) -> Any:
    tags = _Tags()
    tags.feed(text)
    tags.close()
    return tags.found, re.findall(ADDRESS, text)


LETTERS = re.compile(
    r"\\(?:text(?:backslash|ascii(?:tilde|circum)|less|greater|bar|quotedbl)|[lr]brace|dots)"
    r"(?:\{\}|\b ?)"
)
"""How LaTeX writes signs that it would take for its own."""


def _tex(text: str) -> Any:
    """Commands, and signs that count; braces and environments must close."""
    bare = LETTERS.sub("", text)
    bare = re.sub(r"\\[{}$&#_%^~ ]", "", bare)
    depth = 0
    for sign in re.findall(r"[{}]", bare):
        depth += 1 if sign == "{" else -1
        if depth < 0:
            return "a brace closes too soon"
    opened = re.findall(r"\\begin\{(\w+\*?)\}", bare)
    closed = re.findall(r"\\end\{(\w+\*?)\}", bare)
    signs = re.findall(r"[$&#%^]|(?<!\\)_", bare)
    return depth, sorted(opened) == sorted(closed), re.findall(r"\\[A-Za-z]+", bare), signs


def _quoted(text: str) -> Any:
    """Lines of a DOT or Mermaid file without what stands in quotes."""
    return re.sub(r'"(?:\\.|[^"\\])*"', '""', text).splitlines()


def _lines(text: str) -> Any:
    """How many lines, and signs that steer a terminal."""
    steering = r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]"
    return len(text.splitlines()), re.findall(steering, text)


def _markdown(text: str) -> Any:
    return text.count("$$"), text.count("<"), text.count("]("), len(text.splitlines())


def _python(text: str) -> Any:
    """The kinds of the syntax tree's nodes; a program that cannot be read is an error."""
    return [type(n).__name__ for n in ast.walk(ast.parse(text))]


def _json(text: str) -> Any:
    def shape(x: Any) -> Any:
        if isinstance(x, dict):
            return {k: shape(v) for k, v in x.items()}
        return [shape(v) for v in x] if isinstance(x, list) else type(x).__name__

    return shape(json.loads(text))


DRAWN: dict[str, Reading] = {
    ".svg": _xml, ".html": _html, ".dot": _quoted, ".mmd": _quoted, ".tex": _tex, ".txt": _lines,
}  # fmt: skip


def _graph(name: str, box: str) -> Any:
    x = sg.tensor(2.0, name=name)
    with frame(box):
        z = x * x + 1
    z.backward()
    return x, z


def _pictures(thing: Any, **options: Any) -> dict[str, tuple[Reading, str]]:
    scene = scene_of(thing, live=True, **options)
    found = {s: (read, str(lowered(scene, s))) for s, read in DRAWN.items() if s != ".txt"}
    found["json"] = _json, to_json(scene)
    return found


def named(name: str) -> dict[str, tuple[Reading, str]]:
    """Every form of a graph with a leaf of this name."""
    x, z = _graph(name, "box")
    told = sg.explain(z, wrt=x, lang="en")
    film = sg.film()
    film.take(z)
    return {
        **_pictures(z), "MathML": (_xml, told.mathml), "LaTeX": (_tex, told.latex),
        "told": (_lines, told.text), "Markdown": (_markdown, told.markdown),
        "program": (_python, z.graph.text()), "film": (_html, str(lowered(film.scene(), ".html"))),
        "notebook": (_html, mimebundle(z)["text/html"]), "repr": (_lines, repr(x)),
    }  # fmt: skip


def boxed(name: str) -> dict[str, tuple[Reading, str]]:
    """Every form of a graph with a box of this name."""
    _, z = _graph("x", name)
    return {**_pictures(z, open="none"), "program": (_python, z.graph.text())}


def titled(name: str) -> dict[str, tuple[Reading, str]]:
    """Every form of a graph with this title; and of a film whose moment has it."""
    _, z = _graph("x", "box")
    film = sg.film(title=name)
    film.take(z, title=name)
    return {
        **_pictures(z, title=name), "film": (_html, str(lowered(film.scene(), ".html"))),
        "notebook": (_html, mimebundle(z, title=name)["text/html"]),
    }  # fmt: skip


def mistaken(name: str) -> dict[str, tuple[Reading, str]]:
    """Every form of the error of an operation that was given a tensor of this name."""
    try:
        sg.tensor([1.0, 2.0], name=name) @ sg.tensor([1.0, 2.0, 3.0], name="y")
    except sg.SeegradError as error:
        return {**_pictures(error), "message": (_lines, str(error))}
    raise AssertionError("matmul took what does not fit")


PLACES = {"a name": named, "a box": boxed, "a title": titled, "an error": mistaken}


def _left(form: tuple[Reading, str]) -> Any:
    read, text = form
    try:
        return read(text)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


@row(
    "T2",
    "hostile texts × places (a name, a box, a title, an error) × forms (SVG, HTML, notebook, JSON,"
    " DOT, Mermaid, LaTeX, MathML, Markdown, text, Python)",
    "≥ 40: well-formed, the same elements as with a plain word, no network address",
    count=len(NAMES),
    sample=4,
    seconds=300,
)
def hostile_names(run: Run) -> Found:
    chosen = list(NAMES)
    run.rng.shuffle(chosen)
    faults: list[str] = []
    done = forms = 0
    for place, forms_of in PLACES.items():
        plain = {form: _left(it) for form, it in forms_of("plain").items()}
        faults += [f"{place}, {form}: {it}" for form, it in plain.items() if isinstance(it, str)]
        forms += len(plain)
        for name in chosen[: run.count]:
            done += 1
            came = {form: _left(it) for form, it in forms_of(name).items()}
            faults += [
                f"{name!r} as {place} in {form}: {_first_difference(came[form], plain[form])}"
                for form in plain if came[form] != plain[form]
            ]  # fmt: skip
    figure = f"{done // len(PLACES)} texts × {forms} places and forms, {len(faults)} differ"
    return Found(figure, first(faults, 60))


def _first_difference(a: Any, b: Any) -> str:
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        for x, y in zip(a, b):
            if x != y:
                return _first_difference(x, y)
        return f"{len(a)} parts, not {len(b)}"
    return f"{str(a)[:90]!r}, not {str(b)[:60]!r}"
