"""What one walk of the chain rule does about NaN: stop at the first, or keep structural zeros 0.

What a choice has put aside is 0, whatever it is multiplied by: `where(x > 0, log(x), 0)` has the
derivative 0 at x = 0. A 0 that was computed is not: `sqrt(x) ** 2` there is 0·∞, no number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seegrad.autodiff.structural_zeros import StructuralZeros, Zeros, before_a_singular_slope
from seegrad.errors import MutationError
from seegrad.graph.node import Node
from seegrad.graph.rule_call import NOTHING
from seegrad.graph.spec import NO_ATTRS
from seegrad.i18n import tr
from seegrad.ops.compare import where

Watch = Callable[[Node, int, Any], None]
"""Sees a node, the position of an input, and the derivative sent to it."""


class NaNFound(Exception):
    """A NaN was born in a walk that does not know where it may be."""


def as_recorded(node: Node) -> tuple[Any, Any]:
    """A node's inputs and the node, so that what a rule makes of them is a graph."""
    _check_current(node)
    return node.inputs, node


def as_constants(node: Node) -> tuple[Any, Any]:
    """A node's values as leaves, so that the graph which a rule makes of them can be read."""
    ins = [Node.makes(None, (), NO_ATTRS, (), value, x.requires_grad)
           for x, value in zip(node.inputs, node.values)]  # fmt: skip
    return ins, Node.makes(None, (), NO_ATTRS, (), node.data, True)


def numbers(g: Any) -> Any:
    """The numbers of a derivative that is a node."""
    return g.data if isinstance(g, Node) else g


@dataclass(slots=True)              # not frozen: one is made for each walk
class Policy:
    """How one walk calls the rules, what it does about NaN, and what it leaves behind.

    `born` is filled by NumPy as soon as a NaN is born; the walk then stops with NaNFound.
    `operands` gives a rule its inputs and result (None: the arrays of the node). `mend` puts 0
    where the derivative that a rule has made is structurally zero. `keep` leaves each node's
    derivative and its branches on the graph, as `plain` makes them; `watch` sees each branch.
    """

    born: Sequence[str] = ()
    operands: Callable[[Node], tuple[Any, Any]] | None = None
    mend: Mending | None = None
    keep: bool = False
    watch: Watch | None = None
    plain: Callable[[Any], Any] | None = None


class Mending:
    """Puts 0 where a derivative is structurally zero: eager (on arrays, as a graph) or traced."""

    def __init__(self, outputs: Sequence[Node], *, as_graph: bool, tracing: bool) -> None:
        self.zeros = StructuralZeros(tracing)
        self.as_graph, self.tracing = as_graph, tracing
        self.near = before_a_singular_slope(outputs) if tracing else frozenset()

    def seed(self, seed: Any) -> Any:
        zeros = self.zeros.of_seed(seed)
        if not self.as_graph:
            seed = Node.makes(None, (), NO_ATTRS, (), seed, True)
        self.zeros.known[seed] = zeros
        return seed

    def __call__(self, gx: Any, node: Node, wants: int, g: Any, ins: Any, out: Any) -> Any:
        """`gx` with 0 where it is structurally zero, whatever 0 was multiplied by."""
        assert node.op is not None
        # A rule that asks for the result can meet a NaN there, as softmax of −∞ alone gives it.
        undefined = node.op.family != "elementwise" and node.op.asks_for_result
        sums = not self.tracing or node in self.near or undefined
        known = self.zeros.known
        self.zeros.of(g, sums=sums)          # where several derivatives have come together
        if not self.as_graph:
            for value, x in zip((*ins, out), (*node.inputs, node)):
                if value not in known:
                    known[value] = self.zeros.of(x, sums=sums)
        if not isinstance(gx, Node):
            gx = Node.makes(None, (), NO_ATTRS, (), gx, True)
        zeros = self.zeros.of(gx, sums=sums)
        if not self.as_graph:
            gx = Node.makes(None, (), NO_ATTRS, (), gx.data, True)
        elif self.tracing and zeros is not None and self._safe(zeros, gx, node, wants):
            return gx
        if zeros is not None:
            gx = where(zeros, gx.dtype.type(0), gx)
        known[gx] = zeros
        return gx

    def _safe(self, zeros: Zeros, gx: Node, node: Node, wants: int) -> bool:
        """Would a compiled loop be asked for what it need not, or could not, do in passing?"""
        assert node.op is not None
        if zeros is True:
            return False
        chosen = gx.op is not None and gx.op.selects
        op = node.op
        return wants == NOTHING or chosen or not (op.family == "elementwise" or op.asks_for_result)


def hides_a_nan(node: Node) -> bool:
    """Is there a NaN in what a choice did not choose, as in `where(x != 0, sin(x) / x, 1)`?"""
    out = node.data
    if out is None:
        return False
    return any(
        np.asarray(x).dtype.kind == "f" and bool((np.isnan(x) & ~np.isnan(out)).any())
        for x in node.values
    )


def _check_current(node: Node) -> None:
    """A derivative as a graph reads the inputs again: they must still be what they were."""
    for i, (x, value) in enumerate(zip(node.inputs, node.values)):
        if x.data is not value and value is not None:
            assert node.op is not None
            raise MutationError(
                f"{node.op.name}: " + tr(
                    "its input {name} has been given another value since",
                    name=x.name or node.op.input_name(i),
                ),
                asked="the value that the graph was recorded with",
                hint="take higher derivatives before you update the parameters",
            )
