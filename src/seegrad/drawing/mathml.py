"""Formulas as MathML Core and as plain Unicode text, from the tree that `latex.py` reads.

No script and no fonts are needed. Every text is escaped. No mathematics is done here.
"""

from __future__ import annotations

from functools import singledispatch
from html import escape

from seegrad.drawing.latex import (
    Digits,
    Fraction,
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
    read,
)

NAMESPACE = "http://www.w3.org/1998/Math/MathML"


def to_mathml(latex: str, *, block: bool = False) -> str:
    """A formula as one `<math>` element.

    >>> to_mathml("2t")
    '<math xmlns="http://www.w3.org/1998/Math/MathML"><mrow><mn>2</mn><mi>t</mi></mrow></math>'
    """
    display = ' display="block"' if block else ""
    return f'<math xmlns="{NAMESPACE}"{display}>{_element(read(latex))}</math>'


def to_text(latex: str) -> str:
    """A formula as one line of Unicode text.

    >>> to_text(r"\\frac{\\partial z}{\\partial x} = 2 t^{2} e^{-x}")
    '∂z/∂x = 2t² exp(−x)'
    """
    return _text(read(latex)).strip().replace(_WIDE, "   ")


# --------------------------------------------------------------- MathML


@singledispatch
def _element(tree: Tree) -> str:
    raise TypeError(type(tree).__name__)


@_element.register
def _(tree: Letter) -> str:
    style = ' mathvariant="normal"' if tree.upright and len(tree.text) == 1 else ""
    space = '<mspace width="0.17em"/>' if tree.upright and len(tree.text) > 1 else ""
    return f"<mi{style}>{escape(tree.text)}</mi>{space}"


@_element.register
def _(tree: Digits) -> str:
    return f"<mn>{escape(tree.text)}</mn>"


_TIGHT = "∂/"


@_element.register
def _(tree: Sign) -> str:
    if tree.text in _TIGHT:
        return f'<mo lspace="0" rspace="0">{escape(tree.text)}</mo>'
    if tree.text in "|‖":
        return f'<mo stretchy="true" lspace="0" rspace="0">{escape(tree.text)}</mo>'
    return f"<mo>{escape(tree.text)}</mo>"


@_element.register
def _(tree: Words) -> str:
    return f"<mtext>{escape(tree.text)}</mtext>"


@_element.register
def _(tree: Space) -> str:
    return f'<mspace width="{"1em" if tree.wide else "0.17em"}"/>'


@_element.register
def _(tree: Row) -> str:
    return f"<mrow>{''.join(map(_element, tree.items))}</mrow>"


@_element.register
def _(tree: Fraction) -> str:
    return f"<mfrac>{_one(tree.above)}{_one(tree.below)}</mfrac>"


@_element.register
def _(tree: Script) -> str:
    base = _one(tree.base)
    big = isinstance(tree.base, Sign) and tree.base.big
    if tree.below is not None and tree.above is not None:
        tag = "munderover" if big else "msubsup"
        return f"<{tag}>{base}{_one(tree.below)}{_one(tree.above)}</{tag}>"
    if tree.below is not None:
        tag = "munder" if big else "msub"
        return f"<{tag}>{base}{_one(tree.below)}</{tag}>"
    assert tree.above is not None
    return f"<msup>{base}{_one(tree.above)}</msup>"


@_element.register
def _(tree: Root) -> str:
    if tree.degree is None:
        return f"<msqrt>{_element(tree.inner)}</msqrt>"
    return f"<mroot>{_one(tree.inner)}{_one(tree.degree)}</mroot>"


@_element.register
def _(tree: Lined) -> str:
    return f'<mover>{_one(tree.inner)}<mo stretchy="true">‾</mo></mover>'


_FENCES = {"pmatrix": ("(", ")"), "bmatrix": ("[", "]"), "cases": ("{", "")}


@_element.register
def _(tree: Table) -> str:
    kind = ' class="matrix"' if tree.kind.endswith("matrix") else ' columnalign="left"'
    paren = ' class="paren"' if tree.kind.endswith("matrix") else ""
    rows = "".join(
        f"<mtr>{''.join(f'<mtd>{_element(cell)}</mtd>' for cell in row)}</mtr>" for row in tree.rows
    )
    before, after = _FENCES.get(tree.kind, ("", ""))
    left = f"<mo{paren}>{before}</mo>" if before else ""
    right = f"<mo{paren}>{after}</mo>" if after else ""
    return f"<mrow>{left}<mtable{kind}>{rows}</mtable>{right}</mrow>"


def _one(tree: Tree) -> str:
    """Exactly one element, as a child that is counted must be."""
    written = _element(tree)
    alone = isinstance(tree, (Digits, Sign, Words, Row, Fraction, Script, Root, Lined, Table))
    return written if alone else f"<mrow>{written}</mrow>"


# --------------------------------------------------------------- text

_ABOVE = dict(zip("0123456789+−=()nixyT⊤", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱˣʸᵀᵀ"))
_BELOW = dict(zip("0123456789+−=()aeijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ"))
_SPACED = frozenset("+−·×⊙=<>≤≥≠≈∧∨⊕→⇒←÷")
_CLOSING = ")]}⌋⌉|"
_WIDE = "\u2003"


@singledispatch
def _text(tree: Tree) -> str:
    raise TypeError(type(tree).__name__)


@_text.register
def _(tree: Letter) -> str:
    return tree.text


@_text.register
def _(tree: Digits) -> str:
    return tree.text


@_text.register
def _(tree: Sign) -> str:
    return "Σ" if tree.text == "∑" else "Π" if tree.text == "∏" else tree.text


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
        if isinstance(item, Sign) and item.text in _SPACED:
            unary = item.text == "−" and (
                before is None
                or (isinstance(before, Sign) and before.text not in _CLOSING)
                or isinstance(before, Space)
            )
            written += piece if unary else f" {piece} "
        elif isinstance(item, Sign) and item.text == ",":
            written += ", "
        elif isinstance(item, Sign) and item.text in _CLOSING and written.endswith(", "):
            written = written[:-1] + piece
        elif _apart(before, item):
            written += f" {piece}"
        else:
            written += piece
        before = item
    return written.replace("  ", " ")


def _apart(before: Tree | None, item: Tree) -> bool:
    """Do two neighbours need a gap to be told apart?"""
    if before is None or isinstance(before, Space):
        return False
    if isinstance(before, Letter) and before.upright and len(before.text) > 1:
        return not (isinstance(item, Sign) and item.text in "(|[")
    if isinstance(item, Letter) and item.upright and len(item.text) > 1:
        return not (isinstance(before, Sign) and before.text in "([|‖∂")
    if isinstance(before, Sign) and before.big:
        return True
    if _is_e(item) and isinstance(before, (Letter, Digits, Script)):
        return True
    if isinstance(before, Script):
        inner = before.base
        if isinstance(inner, Sign) and inner.big:
            return True
        if isinstance(inner, Letter) and inner.upright:
            return not (isinstance(item, Sign) and item.text == "(")
    words = isinstance(before, Words) or isinstance(item, Words)
    return words and not isinstance(before, Sign) and not isinstance(item, Sign)


def _is_e(tree: Tree) -> bool:
    return isinstance(tree, Script) and tree.base == Letter("e") and tree.above is not None


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
        if signs & _SPACED or (denominator and len(inner) > 1) or _has_fraction(tree):
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
    if not isinstance(tree.base, (Letter, Digits, Sign, Words)):
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
def _(tree: Root) -> str:
    degree = "" if tree.degree is None else _text(tree.degree)
    sign = {"": "√", "3": "∛"}.get(degree, f"{degree}√")
    inner = _text(tree.inner)
    base = tree.inner.base if isinstance(tree.inner, Script) else tree.inner
    return f"{sign}{inner}" if isinstance(base, (Letter, Digits)) else f"{sign}({inner})"


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
