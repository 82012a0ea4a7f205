"""Opening composites into the graph of their bodies, closing them again, and checking both ways.

A composite states its derivative in one line; its body has the derivative of every small step.
Here the two are put side by side, in value and in derivative. No picture lives here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np

from seegrad.autodiff.backward_pass import backward, ones_like
from seegrad.errors import GradientError
from seegrad.graph.bind import bind
from seegrad.graph.graph import walk
from seegrad.graph.mode import in_mode
from seegrad.graph.node import Frame, Node
from seegrad.graph.op import Op
from seegrad.graph.spec import Attrs
from seegrad.i18n import tr
from seegrad.tensor.tensor import Tensor

DEEPEST = 12


def can_open(node: Node) -> bool:
    """Is this a composite that has a node of its own, and a body to open into?"""
    return node.op is not None and node.op.body is not None and not node.op.inlined


def expand(z: Tensor, *, only: str | Iterable[str] | None = None, levels: int = DEEPEST) -> Tensor:
    """The same value computed again by small steps: every composite gives way to its body.

    Each body's nodes stand in a frame that names the composite, so that a picture can close it
    again. Leaves stay the same ones.

    Args:
        only: open just the operations of these names; None: all.
        levels: how often to open what came out of an opening.
        z: whose graph is meant.

    >>> import seegrad as sg
    >>> y = sg.sigmoid(sg.tensor(0.0, name="x"))
    >>> [node.op.sign for node in expand(y).graph.operations]
    ['×', 'exp', '+', '/']
    """
    names = None if only is None else {only} if isinstance(only, str) else set(only)
    for _ in range(levels):
        opened = _opened_once(z, names)
        if opened is z:
            break
        z = opened
    return z


def _opened_once(z: Tensor, names: set[str] | None) -> Tensor:
    done: dict[Node, Any] = {}
    for node in walk([z]):
        inputs = tuple(done[x] for x in node.inputs)
        op = node.op
        if op is not None and can_open(node) and (names is None or op.name in names):
            assert op.body is not None
            with in_mode(recording=True, frame=Frame(op.name, op, node.frame)):
                made = op.body(*inputs, **node.attrs)
            done[node] = _called(made, node) if isinstance(made, Node) else node
        elif op is None or all(a is b for a, b in zip(inputs, node.inputs)):
            done[node] = node
        else:
            with in_mode(recording=True, frame=node.frame):
                done[node] = _called(bind(op, inputs, node.attrs), node)
    result: Tensor = done[z]
    return result


def _called(made: Node, like: Node) -> Node:
    """`made` under the name that `like` had; a node that is older than both keeps its own."""
    if like.name and not made.name:
        made.name = like.name
    made.where = made.where or like.where
    return made


def fold(z: Tensor) -> Tensor:
    """The same value computed again in large steps: every frame of a composite with a derivative
    rule of its own becomes one node.

    What was opened with other than the default attributes, or changed since, stays open: a frame
    is closed only where the composite gives the same numbers.

    Args:
        z: whose graph is meant.

    >>> import seegrad as sg
    >>> y = sg.sigmoid(sg.tensor(0.0, name="x"))
    >>> [node.op.sign for node in fold(expand(y)).graph.operations]
    ['σ']
    """
    for _ in range(DEEPEST):
        closed = _closed_once(z)
        if closed is z:
            break
        z = closed
    return z


def _closed_once(z: Tensor) -> Tensor:
    nodes = list(walk([z]))
    regions: dict[Frame, list[Node]] = {}
    for node in nodes:
        frame = node.frame
        while frame is not None:
            if frame.op is not None and frame.op.d and frame.op.body is not None:
                regions.setdefault(frame, []).append(node)
            frame = frame.parent
    known: dict[Node, tuple[Op, tuple[Node, ...], Attrs, Frame]] = {}
    gone: set[Node] = set()
    for frame, region in sorted(regions.items(), key=lambda item: len(item[0].path)):
        found = None if gone & set(region) else _composite(frame, region, nodes, z)
        if found is not None:
            known[region[-1]] = (*found, frame)
            gone.update(region)
    if not known:
        return z
    done: dict[Node, Any] = {}
    for node in nodes:
        inputs = tuple(done[x] for x in node.inputs)
        if node in known:
            op, sources, attrs, closed = known[node]
            with in_mode(recording=True, frame=closed.parent):
                done[node] = _called(bind(op, tuple(done[x] for x in sources), attrs), node)
        elif node.op is None or all(a is b for a, b in zip(inputs, node.inputs)):
            done[node] = node
        else:
            with in_mode(recording=True, frame=node.frame):
                done[node] = _called(bind(node.op, inputs, node.attrs), node)
    result: Tensor = done[z]
    return result


def _composite(
    frame: Frame, region: Sequence[Node], nodes: Sequence[Node], z: Node
) -> tuple[Op, tuple[Node, ...], Attrs] | None:
    """What a frame closes into: the op, its inputs, its attributes; None if it does not."""
    op, inside = frame.op, set(region)
    assert op is not None
    last = region[-1]
    if op.defaults is None or op.variadic or (z in inside and z is not last):
        return None
    for node in nodes:  # nothing but the last value may be used outside
        if node not in inside and any(x in inside and x is not last for x in node.inputs):
            return None
    outside = dict.fromkeys(x for node in region for x in node.inputs if x not in inside)
    sources = [x for x in outside if x.op is not None or x.name or x.requires_grad or x.shape]
    if len(sources) != op.arity or op.arity > 3:
        return None
    for order in permutations(sources):
        try:
            attrs = op.canonical_attrs(*order, **op.defaults)
            with np.errstate(all="ignore"):
                value = op.forward(*[x.data for x in order], **attrs)
        except Exception:
            continue
        if np.shape(value) == last.shape and np.allclose(
            value, last.data, rtol=1e-5, atol=1e-12, equal_nan=True
        ):
            return op, order, attrs
    return None


# --------------------------------------------------------------- the check


@dataclass(frozen=True)
class FoldCheck:
    """Both forms side by side: relative differences of the value and of each derivative.

    Args:
        value: the largest relative difference of the value.
        derivatives: that of each leaf's derivative.
        closed: how many nodes the closed form has.
        opened: how many the opened one has.
        tolerance: up to where they are equal.

    >>> import seegrad as sg
    >>> sg.check_fold(sg.softmax(sg.tensor([1.0, 2.0]))).closed >= 1
    True
    """

    value: float
    derivatives: Mapping[str, float]
    closed: int
    opened: int
    tolerance: float

    @property
    def largest(self) -> float:
        """The largest difference."""
        return max([self.value, *self.derivatives.values()])

    def __bool__(self) -> bool:
        return self.largest <= self.tolerance

    def __str__(self) -> str:
        verdict = tr("the same") if self else tr("NOT the same")
        return tr(
            "{closed} nodes closed, {opened} open: {verdict} (largest difference {largest})",
            closed=self.closed,
            opened=self.opened,
            verdict=verdict,
            largest=f"{self.largest:.1e}",
        )


def check_fold(z: Tensor, *, gradient: Any = None, tolerance: float | None = None) -> FoldCheck:
    """Compare a graph with the one in which every composite is opened: value and derivatives.

    Args:
        gradient: the derivative that arrives at z; ones otherwise.
        tolerance: relative; 1e-9 in float64 and 1e-4 in float32 otherwise.

    Raises:
        GradientError: for a traced value.

    >>> import seegrad as sg
    >>> bool(check_fold(sg.sigmoid(sg.tensor([-2.0, 0.0, 3.0], name="x"))))
    True
    """
    if z.data is None:
        raise GradientError(tr("a traced value has no numbers to compare"), came=repr(z))
    if tolerance is None:
        tolerance = 1e-9 if z.dtype == np.float64 else 1e-4
    opened = expand(z)
    seed = ones_like(z) if gradient is None else np.asarray(gradient, z.dtype).reshape(z.shape)
    with np.errstate(all="ignore"):
        ours = backward([z], [seed]) if z.requires_grad else {}
        theirs = backward([opened], [seed]) if opened.requires_grad else {}
    graph = z.graph
    differences = {graph.labels[leaf]: difference(g, theirs.get(leaf)) for leaf, g in ours.items()}
    return FoldCheck(
        difference(z.data, opened.data),
        differences,
        len(graph.operations),
        len(opened.graph.operations),
        tolerance,
    )


def difference(a: Any, b: Any) -> float:
    """The largest difference relative to the largest entry; infinite where one is missing."""
    if b is None or np.shape(a) != np.shape(b):
        return float("inf")
    x, y = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if not x.size:
        return 0.0
    with np.errstate(all="ignore"):
        odd = ~(np.isfinite(x) & np.isfinite(y))
        if not np.array_equal(x[odd], y[odd], equal_nan=True):
            return float("inf")
        gap = np.abs(np.where(odd, 0.0, x) - np.where(odd, 0.0, y)).max()
        scale = max(float(np.abs(np.where(odd, 0.0, x)).max()), 1e-300)
    return 0.0 if gap == 0 else float(gap) / max(scale, 1e-12)
