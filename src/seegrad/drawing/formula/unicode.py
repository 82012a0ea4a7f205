"""Formulas as one line of plain Unicode text, from their tree. No mathematics is done here."""

from __future__ import annotations

from functools import singledispatch

from seegrad.drawing.formula.tree import (
    BIG,
    Constant,
    Digits,
    Fence,
    Fraction,
    Hole,
    Letter,
    Lined,
    Root,
    Row,
    Script,
    Sign,
    Space,
    Table,
    Tree,
    Words,
)


def to_text(tree: Tree) -> str:
    """A formula as one line of Unicode text.

    >>> to_text(Fraction(Digits("1"), Script(Letter("x"), above=Digits("2"))))
    '1/x²'
    """
    return _text(tree).strip().replace(_WIDE, "   ")


_ABOVE = dict(zip("0123456789+−=()nixyT⊤", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱˣʸᵀᵀ"))
_BELOW = dict(zip("0123456789+−=()aeijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ"))
_SPACED = frozenset([*"+−·×⊙⊗∗=<>≤≥≠≈∧∨⊕→⇒←÷", "mod"])
_CLOSING = ")]}⌋⌉"
_WIDE = "\u2003"


@singledispatch
def _text(tree: Tree) -> str:
    raise TypeError(type(tree).__name__)


@_text.register
def _(tree: Letter) -> str:
    return tree.text


@_text.register
def _(tree: Constant) -> str:
    return tree.text


@_text.register
def _(tree: Digits) -> str:
    return tree.text


@_text.register
def _(tree: Sign) -> str:
    return BIG.get(tree.text, tree.text)


@_text.register
def _(tree: Words) -> str:
    return tree.text


@_text.register
def _(tree: Space) -> str:
    return _WIDE if tree.wide else " "


@_text.register
def _(tree: Row) -> str:
    written = ""
    before: Tree | None = None
    for item in tree.items:
        piece = _text(item)
        name = before.base if isinstance(before, Script) else before
        if isinstance(name, Letter) and name.upright and isinstance(item, Fraction):
            piece = piece if piece.startswith("∂") else f"({piece})"
        if _is_spaced(item):
            unary = item == Sign("−") and (
                before is None
                or (isinstance(before, Sign) and before.text not in _CLOSING)
                or isinstance(before, Space)
            )
            written += piece if unary else f" {piece} "
        elif isinstance(item, Sign) and item.text == ",":
            written += ", "
        elif _apart(before, item):
            written += f" {piece}"
        else:
            written += piece
        before = item
    return written.replace("  ", " ")


def _is_spaced(item: Tree) -> bool:
    """Is this an operator, perhaps with a mark of its own?"""
    sign = item.base if isinstance(item, Script) else item
    return isinstance(sign, Sign) and sign.text in _SPACED


def _apart(before: Tree | None, item: Tree) -> bool:
    """Do two neighbours need a gap to be told apart?"""
    if before is None or isinstance(before, Space):
        return False
    if isinstance(before, Letter) and before.upright and len(before.text) > 1:
        return not isinstance(item, Fence)
    if isinstance(item, Letter) and item.upright and len(item.text) > 1:
        return not (isinstance(before, Sign) and before.text == "∂")
    if isinstance(before, Sign) and before.big:
        return True
    if isinstance(before, Fraction):
        return (not _is_spaced(item) and not isinstance(item, Sign)) or item == Sign("∑", True)
    if _is_e(item) and isinstance(before, (Letter, Digits, Script)):
        return True
    if isinstance(before, Script):
        inner = before.base
        if isinstance(inner, Sign) and inner.big:
            return True
        if isinstance(inner, Letter) and inner.upright:
            return not isinstance(item, Fence)
    words = isinstance(before, Words) or isinstance(item, Words)
    return words and not isinstance(before, Sign) and not isinstance(item, Sign)


def _is_e(tree: Tree) -> bool:
    return isinstance(tree, Script) and tree.base == Constant("e") and tree.above is not None


@_text.register
def _(tree: Fraction) -> str:
    return f"{_bracketed(tree.above)}/{_bracketed(tree.below, denominator=True)}"


def _bracketed(tree: Tree, denominator: bool = False) -> str:
    """The text, in brackets if it would fall apart beside a slash or an exponent."""
    written = _text(tree)
    if isinstance(tree, Row):
        signs = {item.text for item in tree.items if isinstance(item, Sign)}
        inner = [item for item in tree.items if not isinstance(item, Sign)]
        if tree.items and isinstance(tree.items[0], Sign) and tree.items[0].text == "∂":
            return written
        several = denominator and len(inner) > 1
        if signs & _SPACED or signs & BIG.keys() or several or _has_fraction(tree):
            return f"({written})"
    if isinstance(tree, Fraction):
        return f"({written})"
    return written


def _has_fraction(tree: Row) -> bool:
    return any(isinstance(item, Fraction) for item in tree.items)


@_text.register
def _(tree: Script) -> str:
    base = _text(tree.base)
    if _is_e(tree):
        assert tree.above is not None
        return f"exp({_text(tree.above)})"
    if not isinstance(tree.base, (Letter, Constant, Digits, Sign, Words, Fence)):
        base = _bracketed(tree.base)
    if tree.below is not None:
        base += _raised(_text(tree.below), _BELOW, "_")
    if tree.above is not None:
        base += _raised(_text(tree.above), _ABOVE, "^")
    return base


def _raised(text: str, letters: dict[str, str], mark: str) -> str:
    if text and all(c in letters for c in text):
        return "".join(letters[c] for c in text)
    if mark == "_" and text.startswith("["):
        return text  # a part of an array, in brackets already
    return f"{mark}{text}" if text.isalnum() else f"{mark}({text})"


@_text.register
def _(tree: Fence) -> str:
    return f"{tree.left}{_text(tree.inner).strip()}{tree.right}"


@_text.register
def _(tree: Hole) -> str:
    return f"⟨{tree.name}⟩"


@_text.register
def _(tree: Root) -> str:
    degree = "" if tree.degree is None else _text(tree.degree)
    sign = {"": "√", "3": "∛"}.get(degree, f"{degree}√")
    inner = _text(tree.inner)
    base = tree.inner.base if isinstance(tree.inner, Script) else tree.inner
    return f"{sign}{inner}" if isinstance(base, (Letter, Constant, Digits)) else f"{sign}({inner})"


@_text.register
def _(tree: Lined) -> str:
    return f"mean({_text(tree.inner)})"


@_text.register
def _(tree: Table) -> str:
    rows = [[_text(cell).strip() for cell in row] for row in tree.rows]
    if tree.kind == "cases":
        return "{ " + "; ".join(" ".join(row) for row in rows) + " }"
    if tree.kind.endswith("matrix"):
        inner = [f"[{', '.join(row)}]" for row in rows]
        return inner[0] if len(inner) == 1 else f"[{', '.join(inner)}]"
    return "; ".join(" ".join(row) for row in rows)
