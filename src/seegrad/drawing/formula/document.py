"""Sentences with formulas in them, and steps made of both: as text, LaTeX, Markdown and HTML.

No mathematics is done here and no graph is read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from seegrad.drawing.formula.latex import to_latex, words
from seegrad.drawing.formula.mathml import to_mathml
from seegrad.drawing.formula.terms import Name
from seegrad.drawing.formula.tree import DOTS, Tree
from seegrad.drawing.formula.typeset import Equation
from seegrad.drawing.formula.unicode import to_text
from seegrad.i18n import tr

FACE = (
    ".seegrad-derivation math{font-family:'STIX Two Math','Latin Modern Math','Cambria Math',"
    "'Times New Roman','DejaVu Serif',math,serif}"
)
"""Not the face of the text around: a Korean one draws ∂ as wide as a syllable."""
LINES = 40
"""Lines of one step; of the others the middle is left out."""


def _unlinked(latex: str) -> str:
    """A formula in which no reader of Markdown finds a link or a picture to fetch."""
    return latex.replace("](", "]{}(")


@dataclass(frozen=True, slots=True)
class Sentence:
    """Words and formulas, one after the other."""

    parts: tuple[str | Tree, ...]

    @property
    def text(self) -> str:
        """As plain Unicode text."""
        return "".join(p if isinstance(p, str) else to_text(p) for p in self.parts)

    @property
    def latex(self) -> str:
        """As LaTeX, to stand among formulas."""
        found = ""
        for part in self.parts:
            if not isinstance(part, str):
                found += to_latex(part)
            else:
                before, after = part[:1].isspace(), part[-1:].isspace()
                gap = r"\ "
                found += f"{gap if before else ''}{words(part, len(part))}{gap if after else ''}"
        return found

    @property
    def markdown(self) -> str:
        """As Markdown, formulas between dollar signs."""
        return "".join(
            re.sub(r"([\\`*_\[\]#|])", r"\\\1", escape(p, quote=False))
            if isinstance(p, str)
            else f"${_unlinked(to_latex(p))}$"
            for p in self.parts
        )

    @property
    def html(self) -> str:
        """As HTML with MathML."""
        return "".join(escape(p) if isinstance(p, str) else to_mathml(p) for p in self.parts)

    def __str__(self) -> str:
        return self.text


def sentence(english: str, lang: str, **formulas: Tree) -> Sentence:
    """A sentence in a language; its {holes} are filled with formulas."""
    parts: list[str | Tree] = []
    for i, part in enumerate(re.split(r"\{(\w+)\}", tr(english, lang))):
        if part:
            parts.append(formulas[part] if i % 2 else part)
    return Sentence(tuple(parts))


@dataclass(frozen=True)
class Step:
    """One step: a sentence, and the equations that it is about; None where lines are left out."""

    part: str  # names, local, chain, numbers, fold
    says: Sentence
    lines: tuple[Equation | None, ...] = ()

    @property
    def trees(self) -> tuple[Tree, ...]:
        """The lines as trees to be printed."""
        return tuple(DOTS if line is None else line.tree for line in self.lines)

    @property
    def equations(self) -> tuple[str, ...]:
        """The lines as LaTeX."""
        return tuple(map(to_latex, self.trees))

    @property
    def text(self) -> str:
        """The sentence and its equations as plain Unicode text."""
        return "\n".join([self.says.text, *(f"   {to_text(each)}" for each in self.trees)])

    def __str__(self) -> str:
        return self.text


def some(lines: Sequence[Equation]) -> tuple[Equation | None, ...]:
    """The lines; of very many the middle is left out."""
    if len(lines) <= 2 * LINES:
        return tuple(lines)
    return (*lines[:LINES], None, *lines[-LINES:])


@dataclass
class Parts:
    """The equations of a derivation, part by part, for all that it is taken by."""

    local: list[Equation] = field(default_factory=list)
    chain: list[Equation] = field(default_factory=list)
    right: list[Equation] = field(default_factory=list)
    put: list[Equation] = field(default_factory=list)
    several: int = 1  # the largest number of paths

    def steps(self, lang: str) -> list[Step]:
        """As steps, empty ones left out."""
        along = (
            sentence("The chain rule: multiply the local derivatives along the path.", lang)
            if self.several == 1
            else sentence("The chain rule: multiply along each path, then add the paths up.", lang)
        )
        rows = (
            ("local", sentence(
                "Local derivatives: each node sees only its own inputs and output.", lang
            ), tuple(dict.fromkeys(self.local))),
            ("chain", along, tuple(self.chain)),
            ("chain", sentence(
                "From right to left: what arrives times the local derivative.", lang
            ), some(self.right)),
            ("numbers", sentence("Put the numbers in.", lang), tuple(self.put)),
        )  # fmt: skip
        return [Step(part, says, lines) for part, says, lines in rows if lines]


@dataclass(frozen=True)
class Derivation:
    """How a derivative comes about, step by step; prints as text, shows as typeset formulas.

    `result` is the derivative's number or array (a tuple of them when several were asked for,
    None where nothing has numbers). `known` has the value of every name in the equations, so
    that each of them can be evaluated.

    Args:
        title: what is derived.
        steps: the equations, one after the other.
        language: "en" or "ko".

    >>> import seegrad as sg
    >>> x = sg.tensor(3.0, name="x")
    >>> print(str(sg.explain(x * x)).splitlines()[0])
    The derivative of y with respect to x
    """

    title: Sentence
    steps: tuple[Step, ...]
    language: str = "en"
    result: Any = None
    known: Mapping[Name, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """As plain Unicode text."""
        rows = [f"{count}. {step.text}" for count, step in enumerate(self.steps, 1)]
        return "\n".join([self.title.text, *rows])

    @property
    def equations(self) -> tuple[str, ...]:
        """All equations in order, as LaTeX."""
        return tuple(each for step in self.steps for each in step.equations)

    @property
    def latex(self) -> str:
        """As one LaTeX display, sentences included."""
        rows = [self.title.latex]
        for step in self.steps:
            rows.append(step.says.latex)
            rows += [rf"\quad {each}" for each in step.equations]
        inner = " \\\\\n".join(f"& {row}" for row in rows)
        return f"\\begin{{aligned}}\n{inner}\n\\end{{aligned}}"

    @property
    def markdown(self) -> str:
        """As Markdown with LaTeX between dollar signs."""
        rows = [f"**{self.title.markdown}**", ""]
        for count, step in enumerate(self.steps, 1):
            rows += [f"{count}. {step.says.markdown}", ""]
            for each in step.equations:
                rows += [f"   $${_unlinked(each)}$$", ""]
        return "\n".join(rows)

    @property
    def mathml(self) -> str:
        """As a section of HTML with MathML: no script, no font, no network."""
        rows = [
            f'<section class="seegrad-derivation" lang="{self.language}" tabindex="0">',
            f"<p><strong>{self.title.html}</strong></p>",
            "<ol>",
        ]
        for step in self.steps:
            rows.append(f"<li><p>{step.says.html}</p>")
            rows += [to_mathml(each, block=True) for each in step.trees]
            rows.append("</li>")
        return "\n".join([*rows, "</ol>", "</section>"])

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return f"<style>{FACE}</style>\n{self.mathml}"

    def _repr_latex_(self) -> str:
        return f"$${self.latex}$$"
