"""Formulas as LaTeX, from their tree. No mathematics is done here."""

from __future__ import annotations

from functools import singledispatch

from seegrad.drawing.formula.template import LETTERS, SIGNS
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
from seegrad.text import LONGEST_NAME, tidy

_ESCAPES = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "%": r"\%", "_": r"\_", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
    "<": r"\textless{}", ">": r"\textgreater{}",
}  # fmt: skip
_FUNCTIONS = frozenset([
    "log", "exp", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "max",
    "min", "det", "arg",
])  # fmt: skip
_COMMANDS = {sign: rf"\{name}" for name, sign in (SIGNS | LETTERS).items()} | {
    "ℱ": r"\mathcal{F}",
    "−": "-", "∗": "*", "∑": r"\sum", "∏": r"\prod", "·": r"\cdot", "…": r"\ldots",
    "{": r"\{", "}": r"\}", "‖": r"\Vert",
}  # fmt: skip


def words(text: str, longest: int = LONGEST_NAME) -> str:
    """A user's text as upright words in a formula.

    >>> words("a_b <i>")
    '\\\\text{a\\\\_b \\\\textless{}i\\\\textgreater{}}'
    """
    return rf"\text{{{''.join(_ESCAPES.get(c, c) for c in tidy(text, longest) or '·')}}}"


def to_latex(tree: Tree) -> str:
    r"""A formula as LaTeX.

    >>> from seegrad.drawing.formula.template import read
    >>> print(to_latex(read(r"\frac{\partial z}{\partial x} = 2 t^{2}")))
    \frac{\partial z}{\partial x} = 2 t^{2}
    """
    return _latex(tree)


@singledispatch
def _latex(tree: Tree) -> str:
    raise TypeError(type(tree).__name__)


@_latex.register
def _(tree: Letter) -> str:
    if tree.text in _COMMANDS:
        return _COMMANDS[tree.text]
    if not tree.upright:
        return tree.text
    if tree.text in _FUNCTIONS:
        return rf"\{tree.text}"
    return rf"\{'operatorname' if len(tree.text) > 1 else 'mathbf'}{{{tree.text}}}"


@_latex.register
def _(tree: Constant) -> str:
    return _COMMANDS.get(tree.text, tree.text)


@_latex.register
def _(tree: Digits) -> str:
    return tree.text


@_latex.register
def _(tree: Sign) -> str:
    return _COMMANDS.get(tree.text, tree.text)


@_latex.register
def _(tree: Words) -> str:
    return words(tree.text)


@_latex.register
def _(tree: Space) -> str:
    return r"\qquad" if tree.wide else r"\,"


@_latex.register
def _(tree: Row) -> str:
    text = ""
    for i, item in enumerate(tree.items):
        close = not i or (isinstance(item, Sign) and item.text in ",:])")
        after = tree.items[i - 1] if i else None
        opened = isinstance(after, Sign) and (after.text in ":" or (after.text == "−" and i == 1))
        called = isinstance(item, Fence) and not isinstance(after, Sign)
        text += f"{'' if close or opened or called else ' '}{_latex(item)}"
    return text


@_latex.register
def _(tree: Fraction) -> str:
    return rf"\frac{{{_latex(tree.above)}}}{{{_latex(tree.below)}}}"


@_latex.register
def _(tree: Script) -> str:
    base = _latex(tree.base)
    if not isinstance(tree.base, (Letter, Constant, Digits, Sign, Words, Fence, Hole)):
        base = f"{{{base}}}"
    if isinstance(tree.base, Hole):
        base = f"${{{tree.base.name}}}" if tree.below is not None else base
    below = f"_{{{_latex(tree.below)}}}" if tree.below is not None else ""
    above = f"^{{{_latex(tree.above)}}}" if tree.above is not None else ""
    return f"{base}{below}{above}"


@_latex.register
def _(tree: Root) -> str:
    degree = "" if tree.degree is None else f"[{_latex(tree.degree)}]"
    return rf"\sqrt{degree}{{{_latex(tree.inner)}}}"


@_latex.register
def _(tree: Fence) -> str:
    left, right = (_COMMANDS.get(side, side) for side in (tree.left, tree.right))
    gap = " " if left.startswith("\\") else ""
    return rf"\left{left or '.'}{gap}{_latex(tree.inner)}\right{right or '.'}"


@_latex.register
def _(tree: Hole) -> str:
    return f"${tree.name}" if tree.name.isidentifier() else f"${{{tree.name}}}"


@_latex.register
def _(tree: Lined) -> str:
    return rf"\overline{{{_latex(tree.inner)}}}"


@_latex.register
def _(tree: Table) -> str:
    rows = r"\\ ".join(" & ".join(map(_latex, cells)) for cells in tree.rows)
    return rf"\begin{{{tree.kind}}}{rows}\end{{{tree.kind}}}"
