"""Formulas written from the op table: a node's graph as LaTeX with $holes for its inputs.

The derivative rules themselves are run on symbols and what comes out is printed, so that a
formula cannot disagree with what is computed. No simplification beyond what printing asks for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cache
from typing import Any

import numpy as np

from seegrad.drawing.values.summary import shown_attribute, shown_digits
from seegrad.graph.graph import walk
from seegrad.graph.mode import in_mode
from seegrad.graph.node import Node
from seegrad.graph.op import Op
from seegrad.graph.spec import NO_ATTRS, Shape, Spec
from seegrad.tensor.tensor import Tensor
from seegrad.text import ATOM, Piece, fill

LONGEST = 220  # letters; a longer formula helps nobody


def quietly() -> AbstractContextManager[None]:
    """Run operations for a picture alone: recorded, but neither traced, framed nor watched."""
    return in_mode(
        recording=True, frame=None, tracer=None, watch=None, watch_gradient=None, locate=False
    )


def symbol(spec: Spec) -> Tensor:
    """A leaf of which only shape and dtype are known."""
    return Tensor(None, (), NO_ATTRS, (), None, spec.dtype.kind == "f", spec)


def write(node: Node, names: Mapping[Node, str]) -> Piece:
    """The formula of `node`; nodes in `names` are written as the text given there.

    >>> from seegrad.graph.spec import Spec
    >>> x = symbol(Spec((), np.dtype("f8")))
    >>> write(x * x + 1, {x: "$x"}).text
    '$x \\\\cdot $x + 1'
    """
    done: dict[Node, Piece] = {node: Piece(text) for node, text in names.items()}
    for each in walk([node]):
        if each not in done:
            done[each] = _leaf(each) if each.op is None else _applied(each, done)
    return done[node]


def _leaf(node: Node) -> Piece:
    if node.name:
        return Piece(rf"\mathrm{{{node.name}}}")
    if node.data is None or node.shape:
        return Piece(r"\mathbf{c}")
    value = float(node.data)
    digits, power = shown_digits(value)
    digits = digits.replace("−", "-")
    text = rf"{digits} \cdot 10^{{{power}}}" if power else digits
    return Piece(text, 15 if value < 0 else ATOM)


def _applied(node: Node, done: Mapping[Node, Piece]) -> Piece:
    op = node.op
    assert op is not None
    words = {name: shown_attribute(value) for name, value in node.attrs.items()}
    template = op.latex
    for i, x in enumerate(node.inputs):
        name = op.inputs[min(i, len(op.inputs) - 1)].lstrip("*")
        piece = done[x]
        if op.variadic and i >= len(op.inputs) - 1:
            before = words.get(name)
            words[name] = f"{before}, {piece.text}" if before else piece.text
            continue
        enclosed = re.search(rf"[{{(]\${name}[}})]", template) is not None
        at = template.find(f"${name}")
        strict = op.precedence + 1 if at > 0 and not enclosed and op.sign in "−÷" else op.precedence
        words[name] = piece.text if enclosed else piece.within(strict, (r"\left(", r"\right)"))
    text = fill(template, {**words, "out": "y"})
    return Piece(text if len(text) <= 4 * LONGEST else r"\ldots", op.precedence)


@cache
def _rule(op: Op, position: int, specs: tuple[Spec, ...], attrs: tuple[Any, ...], out: Spec) -> str:
    given = dict(attrs)
    inputs, g, y = [symbol(spec) for spec in specs], symbol(out), symbol(out)
    names: dict[Node, str] = {x: f"${op.input_name(i)}" for i, x in enumerate(inputs)}
    node = _run(op, g, y, inputs, given, position)
    if node is None:
        return ""
    text = write(node, {**names, g: "$g", y: "$out"}).text
    text = _summed(text, node.shape, specs[position].shape)
    return text if len(text) <= LONGEST else ""


def _run(
    op: Op, g: Node, y: Node, inputs: Sequence[Node], attrs: Mapping[str, Any], position: int
) -> Node | None:
    """A derivative rule, run on symbols; None where it needs numbers and so has no formula."""
    rule = op.rule_at(position)
    if rule is None:
        return None
    try:
        with quietly():
            node = rule(g, y, inputs, attrs, position)
    except Exception:
        return None
    return node if isinstance(node, Node) else None


def _summed(text: str, came: Shape, wanted: Shape) -> str:
    """A derivative is summed over the axes along which its input was repeated."""
    lead = len(came) - len(wanted)
    if came == wanted or lead < 0:
        return text
    axes = [*range(lead)]
    axes += [lead + i for i, n in enumerate(wanted) if n == 1 and came[lead + i] != 1]
    below = ", ".join(map(str, axes))
    return rf"\sum_{{{below}}} {text}" if axes else text


def rule_text(node: Node, position: int) -> str:
    """How a node's derivative by one input is computed: LaTeX with the holes $g (what arrives),
    $out and the op's own input names; "" where there is none to be told."""
    op = node.op
    assert op is not None
    try:
        attrs = tuple(sorted(node.attrs.items()))
        return _rule(op, position, tuple(x.spec for x in node.inputs), attrs, node.spec)
    except TypeError:  # an attribute that cannot be a key
        return _rule.__wrapped__(
            op, position, tuple(x.spec for x in node.inputs), tuple(node.attrs.items()), node.spec
        )


def local_text(op: Op) -> str:
    """The local derivative of an op of one input in a few letters: y(1−y) for the sigmoid."""
    if len(op.inputs) != 1 or op.variadic or op.defaults is None or op.rules[0] is None:
        return ""
    spec = Spec((), np.dtype(np.float64))
    x, g, y = symbol(spec), symbol(spec), symbol(spec)
    node = _run(op, g, y, [x], op.defaults, 0)
    if node is None or node.op is None:
        return ""
    if node.op.sign != "×" or node.inputs[0] is not g:
        return ""
    local = plain(write(node.inputs[1], {x: op.inputs[0], y: "y"}).text)
    return local if len(local) <= 18 else ""


_PLAIN = (
    (r"\\left|\\right|\\,|\\;|\\!", ""),
    (r"\\(?:operatorname|mathrm|mathbf|text)\{([^{}]*)\}", r"\1"),
    (r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"(\1)/(\2)"),
    (r" ?\\cdot ?\(", "("),
    (r" ?\\cdot ?", "·"),
    (r" ?\\times ?", "×"),
    (r"\^\{?2\}?", "²"),
    (r"\^\{?\\top\}?", "ᵀ"),
    (r"\\(exp|log|ln|sin|cos|tan|tanh|max|min)", r"\1"),
    (r"\\sigma", "σ"),
    (r" - |-", "−"),
    (r" \+ ", "+"),
)


def plain(latex: str) -> str:
    """A short formula in Unicode, for where nothing can be typeset."""
    for pattern, with_ in _PLAIN:
        latex = re.sub(pattern, with_, latex)
    return latex.strip()
