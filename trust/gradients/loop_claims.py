"""What is claimed of loops and choices, checked against the same turns written by hand.

Row G4 plants mistakes in the rules of their ops; what finds them is here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import seegrad as sg
from seegrad.graph.op import Op
from seegrad.transforms.loops.operations import OPERATIONS
from seegrad.transforms.loops.programs import Cond, Scan, While

Array = np.ndarray[Any, Any]
Function = Callable[..., Any]


def _turn(w: Any, h: Any, x: Any) -> Any:
    return sg.tanh(h @ w) * x + 0.3 * h


def _scanned(w: Any, h: Any, xs: Any) -> Any:
    def body(h: Any, x: Any) -> tuple[Any, Any]:
        h = _turn(w, h, x)
        return h, h * x

    h, ys = sg.scan(body, h, xs)
    return (h * h).sum() + sg.sin(ys).sum()


def _turned(w: Any, h: Any, xs: Any) -> Any:
    total: Any = 0.0
    for t in range(3):
        h = _turn(w, h, xs[t])
        total = total + sg.sin(h * xs[t]).sum()
    return (h * h).sum() + total


def _chosen(x: Any, w: Any, y: Any) -> Any:
    one = sg.cond(x.sum() > 0, lambda a: sg.tanh(a * w).sum() * a, lambda a: a, x)
    two = sg.cond(y.sum() > 99, lambda a: a, lambda a: a * a * w, y)
    return (one * one).sum() + sg.sin(two).sum()


def _by_hand(x: Any, w: Any, y: Any) -> Any:
    one, two = sg.tanh(x * w).sum() * x, y * y * w
    return (one * one).sum() + sg.sin(two).sum()


def _going(x: Any, w: Any, y: Any) -> Any:
    def turn(c: Any) -> Any:
        return c[0] + 1, sg.tanh(c[1] * w) + y

    x = sg.while_loop(lambda c: c[0] < 3, turn, (0, x))[1]
    return (x * x).sum()


def _gone(x: Any, w: Any, y: Any) -> Any:
    for _ in range(3):
        x = sg.tanh(x * w) + y
    return (x * x).sum()


def _arguments(kind: type) -> tuple[Array, ...]:
    chance = np.random.default_rng(3)
    shapes: Sequence[tuple[int, ...]] = [(4,), (4,), (4,)]
    if kind is Scan:
        shapes = [(4, 4), (2, 4), (3, 2, 4)]
    return tuple(chance.uniform(0.3, 1.2, shape) for shape in shapes)


CLAIMS: dict[type, tuple[Function, Function]] = {
    Scan: (_scanned, _turned), Cond: (_chosen, _by_hand), While: (_going, _gone),
}
"""For each kind, a function with it, and the same by hand."""


def _slopes(f: Function, xs: tuple[Array, ...], forward: bool) -> list[Any]:
    """First derivatives, and how one of them moves: from left to right alone for a while loop."""
    along = tuple(np.cos(np.arange(x.size)).reshape(x.shape).astype(x.dtype) for x in xs)
    if not forward:
        first = sg.grad(f, (0, 1, 2))(*xs)
        return [*first, *(_second(f, xs, along, i) for i in range(3))]
    moved = [sg.jvp(lambda x, i=i: f(*xs[:i], x, *xs[i + 1 :]), (xs[i],), (along[i],))[1]
             for i in range(3)]  # fmt: skip
    twice = sg.jvp(lambda *ys: sg.jvp(f, ys, along)[1], xs, along)[1]
    return [*moved, twice]


def _second(f: Function, xs: tuple[Array, ...], along: tuple[Array, ...], i: int) -> Any:
    return sg.hvp(lambda x: f(*xs[:i], x, *xs[i + 1 :]), xs[i], along[i])


def _widened(op: Op, f: Function, xs: tuple[Array, ...]) -> str | None:
    """Does the rule itself give a derivative in another dtype than what it is by?"""
    rule = op.rules[0]
    assert rule is not None
    for node in f(*map(sg.tensor, xs)).graph.operations:
        if node.op is op:
            for i, x in enumerate(node.values):
                if node.attrs["needs"][i]:
                    g = rule(node.data * 0, node.data, node.values, node.attrs, i)
                    if g.dtype != x.dtype:
                        return f"dtype {g.dtype} for {x.dtype}"
    return None


def loop_fault(op: Op) -> str | None:
    """What is wrong with the rule of a loop's op, or None."""
    kind = next(kind for kind, own in OPERATIONS.items() if own is op)
    ours, hand = CLAIMS[kind]
    xs = _arguments(kind)
    for dtype, close in ((np.float64, 1e-9), (np.float32, 1e-3)):
        given = tuple(x.astype(dtype) for x in xs)
        try:
            if widened := _widened(op, ours, given):
                return widened
            found = _slopes(ours, given, kind is While)
            wanted = _slopes(hand, given, kind is While)
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        for a, b in zip(found, wanted, strict=True):
            if np.asarray(a).dtype != np.asarray(b).dtype:
                return f"dtype {np.asarray(a).dtype} for {np.asarray(b).dtype}"
            if not np.allclose(a, b, rtol=close, atol=close):
                return f"differs by {np.abs(np.asarray(a) - np.asarray(b)).max():.1e}"
    return None
