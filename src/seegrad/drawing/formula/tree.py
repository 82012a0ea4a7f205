"""A formula as a tree of what stands where: letters, rows, fractions, scripts, fences, tables.

One direction: terms (`terms.py`) and the op table's templates (`template.py`) → this tree
(`typeset.py`) → LaTeX, MathML or Unicode. Nothing that was printed is read again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from seegrad.drawing.values.names import indexed
from seegrad.text import tidy

# --------------------------------------------------------------- the tree


@dataclass(frozen=True, slots=True)
class Letter:
    """A variable, slanted, or a function's name, upright."""

    text: str
    upright: bool = False


@dataclass(frozen=True, slots=True)
class Constant:
    """A number that has a letter: e, π. A variable of that name is a `Letter`."""

    text: str


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
class Fence:
    """Something between two signs that are as high as it is: ( ), | |, ⌊ ⌋."""

    inner: Tree
    left: str = "("
    right: str = ")"


@dataclass(frozen=True, slots=True)
class Hole:
    """A place that is filled later: an argument of a template, a name or a number in a page.

    `within`: what holds less tightly than this (`typeset.Piece`) is put in brackets when it comes.
    """

    name: str
    within: int = 0


@dataclass(frozen=True, slots=True)
class Lined:
    """Something with a line above it: a mean."""

    inner: Tree


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells: a matrix, cases, aligned equations."""

    kind: str
    rows: tuple[tuple[Tree, ...], ...]



Tree = (
    Letter | Constant | Digits | Sign | Words | Space | Row | Fraction | Script | Root | Lined
    | Table | Fence | Hole
)  # fmt: skip

DOTS = Sign("…")
GAP = Space(wide=True)
EQUALS = Sign("=")

# --------------------------------------------------------------- put together


def row(*items: Tree) -> Tree:
    """Things side by side, rows inside opened; one thing alone is itself."""
    flat: list[Tree] = []
    for item in items:
        flat += item.items if isinstance(item, Row) else (item,)
    return flat[0] if len(flat) == 1 else Row(tuple(flat))


def between(sign: Sign, trees: Sequence[Tree]) -> Tree:
    """Things with a sign between each two."""
    found: list[Tree] = []
    for tree in trees:
        found += [sign, tree] if found else [tree]
    return row(*found)


def partial(upper: Tree, lower: Tree) -> Tree:
    """∂a/∂b."""
    return Fraction(row(Sign("∂"), upper), row(Sign("∂"), lower))


def parts_in(tree: Tree) -> tuple[Tree, ...]:
    """What a tree is made of, one level down."""
    match tree:
        case Row(items):
            return items
        case Fraction(above, below):
            return above, below
        case Script(base, below, above):
            return tuple(each for each in (base, below, above) if each is not None)
        case Root(base, degree):
            return (base,) if degree is None else (base, degree)
        case Lined(base) | Fence(base):
            return (base,)
        case Table(_, rows):
            return tuple(cell for cells in rows for cell in cells)
    return ()


def symbols_in(tree: Tree) -> Iterator[str]:
    """The letters and signs of a formula as a line of text has them; a mark below an operator
    is no letter."""
    match tree:
        case Letter(text) | Constant(text):
            yield text
            if tree == Constant("e"):
                yield "exp"
        case Sign(text):
            yield BIG.get(text, text)
        case Lined():
            yield "mean"
        case Script(Sign(_, big=False), _, above):
            tree = above or Row(())
    for part in parts_in(tree):
        yield from symbols_in(part)


def named(name: str) -> Tree:
    """A user's name as a formula writes it: x, x with an index for `x1`, else upright words.

    >>> named("x"), named("사과")
    (Letter(text='x', upright=False), Words(text='사과'))
    """
    if len(name) == 1 and name.isalpha() and (name.isascii() or name in GREEK):
        return Letter(name)
    if found := indexed(name):
        return Script(Letter(found[0]), Digits(found[1]))
    return Words(tidy(name) or "·")


BIG = {"∑": "Σ", "∏": "Π"}
"""Big signs as a line of text has them."""
GREEK = "αβγδεζηθικλμνξοπρσςτυφχψωΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ"
