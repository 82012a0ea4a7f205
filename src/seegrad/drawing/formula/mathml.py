"""Formulas as MathML Core, from their tree: no script and no fonts are needed.

Every text is escaped. No mathematics is done here.
"""

from __future__ import annotations

from functools import singledispatch
from html import escape

from seegrad.drawing.formula.tree import (
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

NAMESPACE = "http://www.w3.org/1998/Math/MathML"


def to_mathml(tree: Tree, *, block: bool = False) -> str:
    """A formula as one `<math>` element.

    >>> to_mathml(Fraction(Digits("1"), Letter("x")))
    '<math xmlns="http://www.w3.org/1998/Math/MathML"><mfrac><mn>1</mn><mi>x</mi></mfrac></math>'
    """
    display = ' display="block"' if block else ""
    return f'<math xmlns="{NAMESPACE}"{display}>{markup(tree)}</math>'


def markup(tree: Tree) -> str:
    """The elements inside of `<math>`.

    A hole is an empty `<mrow data-hole="x" data-within="20">`: whoever fills it puts brackets
    around what holds less tightly than `data-within` asks for.
    """
    return _element(tree)


@singledispatch
def _element(tree: Tree) -> str:
    raise TypeError(type(tree).__name__)


@_element.register
def _(tree: Letter) -> str:
    style = ' mathvariant="normal"' if tree.upright and len(tree.text) == 1 else ""
    space = '<mspace width="0.17em"/>' if tree.upright and len(tree.text) > 1 else ""
    return f"<mi{style}>{escape(tree.text)}</mi>{space}"


@_element.register
def _(tree: Constant) -> str:
    return f"<mi>{tree.text}</mi>"


@_element.register
def _(tree: Digits) -> str:
    return f"<mn>{escape(tree.text)}</mn>"


_TIGHT = "∂/"
_MINUS = Sign("−")


@_element.register
def _(tree: Sign) -> str:
    if tree.text in _TIGHT:
        return f'<mo lspace="0" rspace="0">{escape(tree.text)}</mo>'
    return f"<mo>{escape(tree.text)}</mo>"


@_element.register
def _(tree: Words) -> str:
    return f"<mtext>{escape(tree.text)}</mtext>"


@_element.register
def _(tree: Space) -> str:
    return f'<mspace width="{"1em" if tree.wide else "0.17em"}"/>'


@_element.register
def _(tree: Row) -> str:
    written = []
    for i, item in enumerate(tree.items):
        before = tree.items[i - 1] if i else None
        if item == _MINUS and (before is None or isinstance(before, (Sign, Space))):
            written.append('<mo form="prefix" lspace="0" rspace="0">−</mo>')
        else:
            written.append(_element(item))
    return f"<mrow>{''.join(written)}</mrow>"


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


@_element.register
def _(tree: Fence) -> str:
    tall = "true" if _is_tall(tree.inner) else "false"
    return _fenced(tree.left, _element(tree.inner), tree.right, f' stretchy="{tall}"')


def _is_tall(tree: Tree) -> bool:
    """Is it higher than a line?"""
    if isinstance(tree, Row):
        return any(map(_is_tall, tree.items))
    if isinstance(tree, Fence):
        return _is_tall(tree.inner)
    return isinstance(tree, (Fraction, Table, Root))


def _fenced(left: str, inner: str, right: str, kind: str) -> str:
    """Signs on either side, as high as a line or as what they hold."""
    before, after = (
        f'<mo{kind} fence="true" form="{form}" lspace="0" rspace="0">{escape(sign)}</mo>'
        if sign
        else ""
        for form, sign in (("prefix", left), ("postfix", right))
    )
    return f"<mrow>{before}{inner}{after}</mrow>"


@_element.register
def _(tree: Hole) -> str:
    return f'<mrow data-hole="{escape(tree.name)}" data-within="{tree.within}"></mrow>'


_FENCES = {"pmatrix": ("(", ")"), "bmatrix": ("[", "]"), "cases": ("{", "")}


@_element.register
def _(tree: Table) -> str:
    matrix = tree.kind.endswith("matrix")
    rows = "".join(
        f"<mtr>{''.join(f'<mtd>{_element(cell)}</mtd>' for cell in cells)}</mtr>"
        for cells in tree.rows
    )
    kind = ' class="matrix"' if matrix else ' columnalign="left"'
    left, right = _FENCES.get(tree.kind, ("", ""))
    sides = ' class="paren" stretchy="true"' if matrix else ' stretchy="true"'
    return _fenced(left, f"<mtable{kind}>{rows}</mtable>", right, sides)


def _one(tree: Tree) -> str:
    """Exactly one element, as a child that is counted must be."""
    written = _element(tree)
    wordy = isinstance(tree, Letter) and tree.upright and len(tree.text) > 1
    return f"<mrow>{written}</mrow>" if wordy else written
