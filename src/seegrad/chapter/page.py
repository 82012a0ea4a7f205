"""The chapter as one page that needs no network: text, live figures, derivations, quiz, training.

The text stands in `text.ko.txt` and `text.en.txt`, in a markup of few marks: `#` headings, `-`
lists, ``` code, $formulas$, **strong** words, `@5-5 | words` a figure and its caption, `!apple` a
derivation, `&playground | words` the network that trains. Nothing in it is run as code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from html import escape
from importlib import resources

import numpy as np

from seegrad.chapter import figures, graphs
from seegrad.data import moons
from seegrad.drawing.export.reading import Live, place, reading_page
from seegrad.drawing.formula.derivation import explain
from seegrad.drawing.formula.document import Derivation
from seegrad.drawing.formula.mathml import to_mathml
from seegrad.drawing.formula.template import read as read_formula
from seegrad.drawing.scene.playground import playground
from seegrad.drawing.scene.scene import Scene, picture_language
from seegrad.i18n import LANGUAGES, tr
from seegrad.nn import Affine, Sequential, Sigmoid
from seegrad.ops.nn.loss import softmax_cross_entropy
from seegrad.tensor.tensor import tensor
from seegrad.transforms.folding import expand


def read(name: str) -> str:
    """A text file of the chapter."""
    return resources.files(__package__).joinpath(name).read_text("utf-8")


# --------------------------------------------------------------- derivations


def _fork(lang: str) -> Derivation:
    told: Derivation = explain(graphs.fork(lang), wrt="x", lang=lang)
    return told


def _affine(lang: str) -> Derivation:
    told: Derivation = explain(graphs.affine(lang, batch=True), lang=lang)
    return told


def _loss(lang: str) -> Derivation:
    a = tensor(np.log(np.array([[2.0, 3, 5], [7, 2, 1]])), name="a")
    t = tensor([[0.0, 0, 1], [1, 0, 0]], name="t", requires_grad=False)
    told: Derivation = explain(softmax_cross_entropy(a, t), wrt=a, lang=lang)
    return told


DERIVATIONS: Mapping[str, Callable[[str], Derivation]] = {
    "square": lambda lang: explain(graphs.square_of_sum(lang), wrt="x", lang=lang),
    "fork": _fork,
    "apple": lambda lang: explain(graphs.apples(lang), lang=lang),
    "sigmoid": lambda lang: explain(expand(graphs.sigmoid_closed(lang)), wrt="x", lang=lang),
    "affine": _affine,
    "loss": _loss,
}
"""The derivations that the text asks for."""


def two_layers(lang: str) -> Scene:
    """A two-layer network on two half moons, to be trained in the page."""
    points = moons(100, seed=0)
    chance = np.random.default_rng(0)
    net = Sequential(
        Affine(2, 6, initial="xavier", generator=chance), Sigmoid(),
        Affine(6, 2, initial="xavier", generator=chance),
    )  # fmt: skip
    return playground(net, points.x, points.t, rate=0.5, lang=lang)


# --------------------------------------------------------------- the text


def inline(text: str) -> str:
    """A line with its $formulas$, `code` and **strong** words as HTML."""
    parts = re.split(r"(\$[^$]+\$|`[^`]+`|\*\*[^*]+\*\*)", text)
    found = []
    for part in parts:
        if part.startswith("$") and len(part) > 2:
            found.append(to_mathml(read_formula(part[1:-1])))
        elif part.startswith("`") and len(part) > 2:
            found.append(f"<code>{escape(part[1:-1])}</code>")
        elif part.startswith("**") and len(part) > 4:
            found.append(f"<strong>{inline(part[2:-2])}</strong>")
        else:
            found.append(escape(part))
    return "".join(found)


def blocks(text: str) -> Iterator[tuple[str, str]]:
    """(kind, content) of every block: h1, h2, h3, p, ul, pre, figure, derivation, playground."""
    for part in re.split(r"\n\s*\n(?=(?:[^`]|`(?!``)|```[^`]*```)*\Z)", text.strip()):
        if part.startswith("```"):
            yield "pre", part.strip("`").strip("\n")
        elif found := re.match(r"(#{1,3}) (.*)", part):
            yield f"h{len(found[1])}", found[2]
        elif part[0] == "@":
            yield "figure", part[1:]
        elif part[0] == "!":
            yield "derivation", part[1:]
        elif part[0] == "&":
            yield "playground", part[1:]
        elif part.startswith("- "):
            yield "ul", part
        else:
            yield "p", part


class _Text:
    """Collects the pieces of the text in one language: its HTML, pictures, headings."""

    def __init__(self, lang: str, first: bool) -> None:
        self.lang = lang
        self.html: list[str] = []
        self.lives: dict[str, Live] = {}
        self.headings: list[tuple[str, str]] = []
        self.prefix = "" if first else f"{lang}-"
        for kind, content in blocks(read(f"text.{lang}.txt")):
            self.add(kind, content)

    def add(self, kind: str, content: str) -> None:
        match kind:
            case "h2":
                key = f"{self.prefix}s{len(self.headings) + 1}"
                self.headings.append((key, content))
                self.html.append(f'<h2 id="{key}">{inline(content)}</h2>')
            case "h1" | "h3" | "p":
                self.html.append(f"<{kind}>{inline(content)}</{kind}>")
            case "ul":
                rows = "".join(f"<li>{inline(row[2:])}</li>" for row in content.split("\n"))
                self.html.append(f"<ul>{rows}</ul>")
            case "pre":
                self.html.append(f"<pre><code>{escape(content)}</code></pre>")
            case "figure":
                number, _, words = content.partition(" | ")
                figure = figures.figure(number)
                scene = figure.scene(self.lang)
                self.figure(number, scene, figure.step(scene), (figure.title(self.lang), words))
            case "derivation":
                self.html.append(DERIVATIONS[content](self.lang).mathml)
            case "playground":
                words = content.partition(" | ")[2]
                self.figure("playground", two_layers(self.lang), None, ("", words), tall=True)

    def figure(
        self, number: str, scene: Scene, step: int | None, caption: tuple[str, str],
        tall: bool = False,
    ) -> None:  # fmt: skip
        large = len(scene.boxes) > 20
        live = Live(scene, step, whole=large)
        key = f"{self.lang} {number}"
        self.lives[key] = live
        tall = tall or (large and bool(scene.open))
        wide = ' class="wide"' if tall or large else ""
        label = f"<strong>{escape(caption[0])}.</strong> " if caption[0] else ""
        self.html.append(
            f'<figure id="{self.prefix}f{_key(number)}"{wide}>'
            f"<figcaption>{label}{inline(caption[1])}</figcaption>"
            f"{place(key, number, live, ' tall' if tall else '')}</figure>"
        )

    @property
    def article(self) -> str:
        """The text, with its contents before the first section."""
        first = next(i for i, part in enumerate(self.html) if part.startswith("<h2"))
        rows = "".join(f'<li><a href="#{k}">{inline(h)}</a></li>' for k, h in self.headings)
        name = escape(tr("Contents", language=self.lang))
        contents = f'<nav aria-label="{name}"><ul>{rows}</ul></nav>'
        body = "\n".join([*self.html[:first], contents, *self.html[first:]])
        return f'<article class="chapter" lang="{self.lang}">\n{body}\n</article>'

    @property
    def title(self) -> str:
        return next(blocks(read(f"text.{self.lang}.txt")))[1]


def _key(number: str) -> str:
    """A figure's number as an address: 5-18 has two panels, which differ in a sign alone."""
    spelt = number.replace(">", "gt").replace("≤", "le")
    return re.sub("[^0-9A-Za-z]+", "-", spelt).strip("-")


def chapter_page(lang: str | None = None) -> str:
    """The whole chapter in both languages as one HTML page that works from a file, offline.

    Args:
        lang: the language it begins in, "ko" or "en"; by default the language in force.
    """
    chosen = picture_language(lang)
    languages = (chosen, *(other for other in LANGUAGES if other != chosen))
    texts = [_Text(each, each == chosen) for each in languages]
    return reading_page(
        lang=chosen,
        kind="chapters",
        titles={text.lang: text.title for text in texts},
        sheet=read("page.css"),
        body="\n".join(text.article for text in texts),
        lives={key: live for text in texts for key, live in text.lives.items()},
    )
