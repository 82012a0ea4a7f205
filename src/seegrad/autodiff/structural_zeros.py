"""Which elements of a derivative are structurally zero: put there by a choice, not by arithmetic.

A derivative rule is linear in what arrives. The graph that it makes is read here, form by form:
the side that a `where` did not take, a product with false, a literal 0, the gaps of a pad or of a
scatter are zeros whatever they are multiplied by; a 0 that was computed is not. No op is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from seegrad.graph import forms
from seegrad.graph.graph import walk
from seegrad.graph.node import Node
from seegrad.graph.op import Op
from seegrad.graph.spec import NO_ATTRS
from seegrad.ops.compare import equal, logical_and, logical_not, logical_or, where
from seegrad.ops.families import TABLE
from seegrad.ops.shape import broadcast_to

GAPS = (forms.Place, forms.Pad, forms.Scatter, forms.Overlap, forms.Call)
"""Forms whose result has elements that no input reaches."""

Zeros = Any
"""None: no element is structurally zero; True: each is; else booleans, as an array or a node."""


def _and(a: Zeros, b: Zeros) -> Zeros:
    if a is None or b is None:
        return None
    if a is True or b is True:
        return b if a is True else a
    return logical_and(a, b)


def _or(a: Zeros, b: Zeros) -> Zeros:
    if a is True or b is True:
        return True
    if a is None or b is None:
        return b if a is None else a
    return logical_or(a, b)


def _constant(node: Node) -> bool:
    return node.op is None and node.data is not None and not node.requires_grad


def _settled(zeros: Zeros) -> Zeros:
    """None and True where the numbers are at hand and say so."""
    if isinstance(zeros, Node) or zeros is None or zeros is True:
        return zeros
    if not np.any(zeros):
        return None
    return True if np.all(zeros) else zeros


@cache
def _multilinear(op: Op) -> bool:
    """Is it linear in each input, so that no rule asks for the input itself, or for the result?"""
    if isinstance(op.lower, forms.Contract):
        return True
    own = [name for i, name in enumerate(op.inputs) if i not in op.integer_positions]
    return op.differentiable and not any(
        {"out", name.lstrip("*")} & op.needs(name.lstrip("*")) for name in own
    )


class StructuralZeros:
    """The structural zeros of the derivatives of one walk.

    `known` holds what has been found. With numbers at hand they are arrays; while tracing they
    are nodes, and stop at products of matrices, where they would double the work.
    """

    def __init__(self, tracing: bool) -> None:
        self.tracing = tracing
        self.known: dict[Node, Zeros] = {}
        self.began = Node.makes(None, (), NO_ATTRS, (), np.float32(0), False).order

    def of_seed(self, seed: Any) -> Zeros:
        """A seed's zeros are structural where it is a constant: nothing is asked for there."""
        if not isinstance(seed, Node):
            return _settled(np.equal(seed, 0))
        if _constant(seed):
            return _settled(np.equal(seed.data, 0))
        return self.of(seed, sums=True)

    def of(self, g: Node, *, sums: bool) -> Zeros:
        """The structural zeros of a derivative, or of a value.

        `sums`: is it worth a reduction to know them behind one?
        """
        known, stack = self.known, [g]
        while stack:
            node = stack[-1]
            if node not in known and node.op is not None and node.dtype.kind != "b":
                waiting = [x for x in node.inputs if x not in known]
                if waiting:
                    stack.extend(waiting)
                    continue
                zeros = [known[x] for x in node.inputs]
                known[node] = _settled(self._through(node, zeros, sums))
            elif node not in known:
                known[node] = _settled(self._at_an_end(node))
            stack.pop()
        return known[g]

    def _value(self, node: Node) -> Any:
        return node if self.tracing or node.data is None else node.data

    def _at_an_end(self, node: Node) -> Zeros:
        if node.dtype.kind == "b":
            return logical_not(self._value(node))
        made_here = node.order < self.began        # a literal of a rule
        return np.equal(node.data, 0) if made_here and _constant(node) else None

    def _through(self, node: Node, zeros: Sequence[Zeros], sums: bool) -> Zeros:
        op = node.op
        assert op is not None
        if isinstance(op.lower, forms.Loop):           # of zeros it may make anything
            return None
        if isinstance(op.lower, forms.Scalar):
            if op.selects and not self.tracing:     # a number beside what was chosen
                zeros = [_settled(np.equal(x.data, 0)) if z is None and _constant(x) else z
                         for x, z in zip(node.inputs, zeros)]  # fmt: skip
            return self._scalar(op.lower.tree, node, dict(zip(op.inputs, zeros)))
        if all(z is None for z in zeros) and not isinstance(op.lower, GAPS):
            return None
        if _multilinear(op):
            if self.tracing and (
                op.family in ("product", "window") or (op.family == "reduction" and not sums)
            ):
                return None
            present = [self._present(x, z) for x, z in zip(node.inputs, zeros)]
            return equal(op(*present, **node.attrs), 0.0)
        if op.variadic:
            return True if all(z is True for z in zeros) else None
        return True if any(z is True for z in zeros) else None

    def _present(self, node: Node, zeros: Zeros) -> Any:
        """1 where a number may stand, 0 where none does; an index as it is."""
        if node.dtype.kind != "f":
            return self._value(node)
        one: Any = np.float32(1)
        if self.tracing:
            one = Node.makes(None, (), NO_ATTRS, (), one, False)
        present: Any = where(False if zeros is None else zeros, np.float32(0), one)
        return present if present.shape == node.shape else broadcast_to(present, shape=node.shape)

    def _scalar(self, tree: forms.Expression, node: Node, zeros: dict[str, Zeros]) -> Zeros:
        match tree:
            case forms.Number(value):
                return True if value == 0 else None
            case forms.Input(name):
                if name in zeros:
                    return zeros[name]
                return True if not np.any(node.attrs[name]) else None
            case forms.Apply("add" | "subtract", (a, b)):
                return _and(self._scalar(a, node, zeros), self._scalar(b, node, zeros))
            case forms.Apply("multiply", (a, b)):
                return _or(self._scalar(a, node, zeros), self._scalar(b, node, zeros))
            case forms.Apply("divide" | "negative", (a, *_)):
                return self._scalar(a, node, zeros)
            case forms.Apply("where", (condition, a, b)):
                left, right = self._scalar(a, node, zeros), self._scalar(b, node, zeros)
                if left is right and (left is None or left is True):
                    return left
                taken = self._evaluated(condition, node)
                return where(taken, left is not None and left, right is not None and right)
        return None

    def _evaluated(self, tree: forms.Expression, node: Node) -> Any:
        """An expression of the scalar language over the values of `node`'s inputs."""
        assert node.op is not None
        match tree:
            case forms.Number(value):
                return value
            case forms.Input(name):
                if name in node.op.inputs:
                    return self._value(node.inputs[node.op.inputs.index(name)])
                return node.attrs[name]
        return TABLE[tree.function](*[self._evaluated(a, node) for a in tree.arguments])


# --------------------------------------------------------------- infinite slopes

CORNERS = (0.0, 0.5, 1.0, -1.0)


@cache
def singular(op: Op, attrs: tuple[tuple[str, Any], ...], positive: tuple[bool, ...]) -> bool:
    """Has the op, computed element by element, a slope that is not finite, as √x at 0?

    It is looked for at a few corners, by the op's own rules; `positive` says which inputs stay
    above 0.
    """
    if not isinstance(op.lower, forms.Scalar) or op.integer_inputs or op.variadic:
        return False
    axes = np.meshgrid(*[np.array(CORNERS[1:3] if above else CORNERS) for above in positive])
    given = dict(attrs)
    with np.errstate(all="ignore"):
        out = op.forward(*axes, **given)
        slopes = [rule(np.ones_like(axes[0]), out, axes, given, i)
                  for i, rule in enumerate(op.rules) if rule is not None]  # fmt: skip
    return not all(np.isfinite(slope).all() for slope in slopes)


def _settings(node: Node) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted(node.attrs.items()))


def before_a_singular_slope(outputs: Sequence[Node]) -> set[Node]:
    """The nodes from which a derivative can come to an infinite slope on its way back."""
    found: set[Node] = set()
    sign: dict[Node, int | None] = {}
    for node in walk(outputs):
        sign[node] = _sign(node, [sign[x] for x in node.inputs])
        op = node.op
        if op is None or not node.requires_grad:
            continue
        positive = tuple(sign[x] == 1 for x in node.inputs)
        steep = isinstance(op.lower, forms.Scalar) and singular(op, _settings(node), positive)
        if steep or not found.isdisjoint(node.inputs):
            found.add(node)
    return found


def _sign(node: Node, signs: Sequence[int | None]) -> int | None:
    """1: surely above 0, 0: surely not below 0, None: not known."""
    op = node.op
    if op is None:
        if node.data is None or node.shape or not node.data >= 0:
            return None
        return 1 if node.data > 0 else 0
    if isinstance(op.lower, forms.Scalar):
        return _sign_of(op.lower.tree, op.inputs, node.inputs, signs)
    keeps = _multilinear(op) and all(s is not None for s in signs)
    grows = keeps and len(signs) == 1 and node.spec.size >= node.inputs[0].spec.size
    return min((s for s in signs if s is not None), default=None) if grows else 0 if keeps else None


def _sign_of(
    tree: forms.Expression, names: Sequence[str], inputs: Sequence[Node],
    signs: Sequence[int | None],
) -> int | None:  # fmt: skip
    match tree:
        case forms.Number(value):
            return 1 if value > 0 else 0 if value == 0 else None
        case forms.Input(name) if name in names:
            return signs[names.index(name)]
        case forms.Apply("exp" | "abs", _):
            return 0
        case forms.Apply("sqrt", (x,)):
            return _sign_of(x, names, inputs, signs)
        case forms.Apply("add" | "multiply" as kind, (a, b)):
            left, right = (_sign_of(x, names, inputs, signs) for x in (a, b))
            if kind == "multiply":
                same = [inputs[names.index(x.name)] for x in (a, b)
                        if isinstance(x, forms.Input) and x.name in names]  # fmt: skip
                squared = len(same) == 2 and same[0] is same[1]
                return 0 if squared or (left is not None and right is not None) else None
            return None if left is None or right is None else max(left, right)
    return None
