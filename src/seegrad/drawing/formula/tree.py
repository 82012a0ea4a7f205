"""A formula as a tree of what stands where: letters, rows, fractions, scripts, tables.

LaTeX is read into it; MathML and Unicode are printed from it.
"""

from __future__ import annotations

from dataclasses import dataclass

# --------------------------------------------------------------- the tree


@dataclass(frozen=True, slots=True)
class Letter:
    """A variable, slanted, or a function's name, upright."""

    text: str
    upright: bool = False


@dataclass(frozen=True, slots=True)
class Digits:
    """A number."""

    text: str


@dataclass(frozen=True, slots=True)
class Sign:
    """An operator, a relation, a bracket; `big` for ∑ and ∏."""

    text: str
    big: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """Upright text, the user's or the language's."""

    text: str


@dataclass(frozen=True, slots=True)
class Space:
    """A gap."""

    wide: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Things side by side."""

    items: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Fraction:
    """One thing over another."""

    above: Tree
    below: Tree


@dataclass(frozen=True, slots=True)
class Script:
    """A base with something below and above its right end."""

    base: Tree
    below: Tree | None = None
    above: Tree | None = None


@dataclass(frozen=True, slots=True)
class Root:
    """A square root, or the root of the given degree."""

    inner: Tree
    degree: Tree | None = None


@dataclass(frozen=True, slots=True)
class Lined:
    """Something with a line above it: a mean."""

    inner: Tree


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells: a matrix, cases, aligned equations."""

    kind: str
    rows: tuple[tuple[Tree, ...], ...]


Tree = Letter | Digits | Sign | Words | Space | Row | Fraction | Script | Root | Lined | Table
