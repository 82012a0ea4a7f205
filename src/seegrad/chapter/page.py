"""A chapter as one page that needs no network: text, live figures, plots, derivations, training.

A `Chapter` says what its text may ask for. The text stands in `text.ko.txt`, `text.en.txt` and
their like, in a markup of few marks: `#` headings, `-` lists, ``` code, $formulas$, **strong**
words, `@5-5 | words` a figure and its caption, `%descent | words` a plot with sliders, `!apple` a
derivation, `&playground | words` the network that trains. Nothing in it is run as code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from html import escape
from importlib import resources
from typing import Any

import numpy as np

from seegrad.chapter import chapter4, chapter6, chapter7, figures, graphs
from seegrad.chapter.figure import Figure
from seegrad.chapter.heights import height_rules, is_wide
from seegrad.chapter.playground import playground
from seegrad.chapter.plots import Plot
from seegrad.drawing.export.reading import Live, place, reading_page
from seegrad.drawing.formula.derivation import explain
from seegrad.drawing.formula.document import Derivation
from seegrad.drawing.formula.mathml import to_mathml
from seegrad.drawing.formula.template import read as read_formula
from seegrad.drawing.scene.scene import Scene, picture_language
from seegrad.errors import ValueRangeError
from seegrad.i18n import LANGUAGES, tr
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
"""The derivations that the text of chapter 5 asks for."""


@dataclass(frozen=True)
class Chapter:
    """What the text of a chapter may ask for, by its names; each is made anew for a language."""

    text: str
    figures: Mapping[str, Figure]
    derivations: Mapping[str, Callable[[str], Derivation]]
    plots: Mapping[str, Callable[[str], Plot]]


def _of(module: Any) -> Chapter:
    told = {name: partial(_told, make, wrt) for name, (make, wrt) in module.DERIVATIONS.items()}
    text = module.__name__.rpartition(".")[2]
    return Chapter(text, module.FIGURES, told, module.PLOTS)


def _told(make: Callable[[str], Any], wrt: str | None, lang: str) -> Derivation:
    told: Derivation = explain(make(lang), wrt=wrt, lang=lang)
    return told


CHAPTERS: Mapping[int, Chapter] = {
    4: _of(chapter4),
    5: Chapter("text", figures.FIGURES, DERIVATIONS, {}),
    6: _of(chapter6),
    7: _of(chapter7),
}
"""The chapters of the book that are pages."""


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
    """(kind, content) of each block: h1 to h3, p, ul, pre, figure, plot, derivation, playground."""
    for part in re.split(r"\n\s*\n(?=(?:[^`]|`(?!``)|```[^`]*```)*\Z)", text.strip()):
        if part.startswith("```"):
            yield "pre", part.strip("`").strip("\n")
        elif found := re.match(r"(#{1,3}) (.*)", part):
            yield f"h{len(found[1])}", found[2]
        elif part[0] == "@":
            yield "figure", part[1:]
        elif part[0] == "%":
            yield "plot", part[1:]
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

    def __init__(self, chapter: Chapter, lang: str, first: bool) -> None:
        self.chapter, self.lang = chapter, lang
        self.read = list(blocks(read(f"{chapter.text}.{lang}.txt")))
        self.html: list[str] = []
        self.lives: dict[str, Live] = {}
        self.measured: list[tuple[str, Scene, bool]] = []
        self.headings: list[tuple[str, str]] = []
        self.prefix = "" if first else f"{lang}-"
        for kind, content in self.read:
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
                self.html.append(f'<pre tabindex="0"><code>{escape(content)}</code></pre>')
            case "figure":
                number, _, words = content.partition(" | ")
                figure = self.chapter.figures[number]
                scene = figure.scene(self.lang)
                self.figure(number, scene, figure.step(scene), (figure.title(self.lang), words))
            case "derivation":
                self.html.append(self.chapter.derivations[content](self.lang).mathml)
            case "plot":
                name, _, words = content.partition(" | ")
                self.plot(name, words)
            case "playground":
                words = content.partition(" | ")[2]
                self.figure("playground", playground(lang=self.lang), None, ("", words), tall=True)

    def plot(self, name: str, words: str) -> None:
        drawn = self.chapter.plots[name](self.lang).html(name, self.prefix)
        self.html.append(
            f'<figure id="{self.prefix}f{_key(name)}"><figcaption>{inline(words)}</figcaption>'
            f"{drawn}</figure>"
        )

    def figure(
        self, number: str, scene: Scene, step: int | None, caption: tuple[str, str],
        tall: bool = False,
    ) -> None:  # fmt: skip
        large = is_wide(scene)
        live = Live(scene, step, whole=tall)
        key = f"{self.lang} {number}"
        self.lives[key] = live
        wide = ' class="wide"' if tall or large else ""
        if not tall:
            self.measured.append((key, scene, large))
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
        return self.read[0][1]


def _key(number: str) -> str:
    """A figure's number as an address: 5-18 has two panels, which differ in a sign alone."""
    spelt = number.replace(">", "gt").replace("≤", "le")
    return re.sub("[^0-9A-Za-z]+", "-", spelt).strip("-")


def chapter_page(lang: str | None = None, number: int = 5) -> str:
    """A whole chapter in both languages as one HTML page that works from a file, offline.

    Args:
        lang: the language it begins in, "ko" or "en"; by default the language in force.
        number: of the book's chapter: 4, 5, 6 or 7; ValueRangeError for any other.
    """
    if number not in CHAPTERS:
        raise ValueRangeError(
            tr("there is no page of such a chapter"),
            asked=", ".join(map(str, CHAPTERS)), came=f"{number}",
        )  # fmt: skip
    chosen = picture_language(lang)
    languages = (chosen, *(other for other in LANGUAGES if other != chosen))
    texts = [_Text(CHAPTERS[number], each, each == chosen) for each in languages]
    return reading_page(
        lang=chosen,
        kind="chapters",
        titles={text.lang: text.title for text in texts},
        sheet=read("page.css") + height_rules(one for text in texts for one in text.measured),
        body="\n".join(text.article for text in texts),
        lives={key: live for text in texts for key, live in text.lives.items()},
        plots=bool(CHAPTERS[number].plots),
    )
