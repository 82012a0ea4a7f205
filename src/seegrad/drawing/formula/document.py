"""Sentences with formulas in them, and steps made of both: as text, LaTeX, Markdown and HTML.

No mathematics is done here and no graph is read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape
from typing import Any

from seegrad.drawing.formula.latex import words
from seegrad.drawing.formula.mathml import to_mathml
from seegrad.drawing.formula.unicode import to_text
from seegrad.i18n import tr


def _unlinked(latex: str) -> str:
    """A formula in which no reader of Markdown finds a link or a picture to fetch."""
    return latex.replace("](", "]{}(")


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula inside a sentence."""

    latex: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """Words and formulas, one after the other."""

    parts: tuple[str | Formula, ...]

    @property
    def text(self) -> str:
        """As plain Unicode text."""
        return "".join(p if isinstance(p, str) else to_text(p.latex) for p in self.parts)

    @property
    def latex(self) -> str:
        """As LaTeX, to stand among formulas."""
        found = ""
        for part in self.parts:
            if isinstance(part, Formula):
                found += part.latex
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
            else f"${_unlinked(p.latex)}$"
            for p in self.parts
        )

    @property
    def html(self) -> str:
        """As HTML with MathML."""
        return "".join(escape(p) if isinstance(p, str) else to_mathml(p.latex) for p in self.parts)

    def __str__(self) -> str:
        return self.text


def sentence(english: str, lang: str, **formulas: str) -> Sentence:
    """A sentence in a language; its {holes} are filled with LaTeX formulas."""
    parts: list[str | Formula] = []
    for i, part in enumerate(re.split(r"\{(\w+)\}", tr(english, lang))):
        if part:
            parts.append(Formula(formulas[part]) if i % 2 else part)
    return Sentence(tuple(parts))


@dataclass(frozen=True)
class Step:
    """One step: a sentence, and the equations (LaTeX) that it is about."""

    part: str  # names, local, chain, numbers, fold
    says: Sentence
    equations: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The sentence and its equations as plain Unicode text."""
        return "\n".join([self.says.text, *(f"   {to_text(each)}" for each in self.equations)])

    def __str__(self) -> str:
        return self.text


@dataclass
class Parts:
    """The equations of a derivation, part by part, for all that it is taken by."""

    local: dict[str, None] = field(default_factory=dict)
    chain: list[str] = field(default_factory=list)
    right: list[str] = field(default_factory=list)
    put: list[str] = field(default_factory=list)
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
            ), tuple(self.local)),
            ("chain", along, tuple(self.chain)),
            ("chain", sentence(
                "From right to left: what arrives times the local derivative.", lang
            ), tuple(self.right)),
            ("numbers", sentence("Put the numbers in.", lang), tuple(self.put)),
        )  # fmt: skip
        return [Step(part, says, lines) for part, says, lines in rows if lines]


@dataclass(frozen=True)
class Derivation:
    """How a derivative comes about, step by step; prints as text, shows as typeset formulas.

    `result` is the derivative's number or array (a tuple of them when several were asked for,
    None where nothing has numbers).
    """

    title: Sentence
    steps: tuple[Step, ...]
    language: str = "en"
    result: Any = None

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
            f'<section class="seegrad-derivation" lang="{self.language}">',
            f"<p><strong>{self.title.html}</strong></p>",
            "<ol>",
        ]
        for step in self.steps:
            rows.append(f"<li><p>{step.says.html}</p>")
            rows += [to_mathml(each, block=True) for each in step.equations]
            rows.append("</li>")
        return "\n".join([*rows, "</ol>", "</section>"])

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return self.mathml

    def _repr_latex_(self) -> str:
        return f"$${self.latex}$$"
