"""Formulas as MathML Core, from their tree: no script and no fonts are needed.

Every text is escaped. No mathematics is done here.
"""

from __future__ import annotations

from functools import singledispatch
from html import escape

from seegrad.drawing.formula.latex import read
from seegrad.drawing.formula.tree import (
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
)

NAMESPACE = "http://www.w3.org/1998/Math/MathML"


def to_mathml(latex: str, *, block: bool = False) -> str:
    """A formula as one `<math>` element.

    >>> to_mathml("2t")
    '<math xmlns="http://www.w3.org/1998/Math/MathML"><mrow><mn>2</mn><mi>t</mi></mrow></math>'
    """
    display = ' display="block"' if block else ""
    return f'<math xmlns="{NAMESPACE}"{display}>{_element(read(latex))}</math>'


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
