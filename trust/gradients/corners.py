"""G3: the corners, where a derivative jumps, or mathematics gives no number, or gives infinity.

Each is decided op by op and written in the op's docstring; here stands what was decided, as
numbers. Sources of disagreement among the peers are noted beside the corner.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import seegrad as sg
from seegrad.graph.op import Op
from trust.harness.row import Found, Run, first, row

INF, NAN = float("inf"), float("nan")
FAR = 1e4
NEAR = {"rtol": 1e-12, "atol": 1e-12}


@dataclass(frozen=True)
class Corner:
    """An op at a corner: its value, the derivative by each input (None: no derivative), and the
    derivative of first + 2 · second of those (None: only that it is no NaN; "-": not asked)."""

    op: str
    inputs: tuple[Any, ...]
    value: Any
    slopes: tuple[Any, ...]
    second: Any = None
    attrs: Mapping[str, Any] = field(default_factory=dict)
    arriving: Any = None

    def __str__(self) -> str:
        words = [*map(str, self.inputs), *(f"{k}={v}" for k, v in self.attrs.items())]
        return f"{self.op}({', '.join(words)})"


HALF = np.log(2.0)
CORNERS = (
    Corner("abs", (0.0,), 0.0, (0.0,), (0.0,)),
    Corner("sign", (0.0,), 0.0, (0.0,), (0.0,)),
    Corner("relu", (0.0,), 0.0, (0.0,), (0.0,)),
    Corner("leaky_relu", (0.0,), 0.0, (0.01,), (0.0,)),
    Corner("elu", (0.0,), 0.0, (1.0,), (1.0,)),
    Corner("elu", (FAR,), FAR, (1.0,), (0.0,)),
    Corner("elu", (-FAR,), -1.0, (0.0,), (0.0,)),
    # MyGrad gives 0 to both at a tie, PyTorch and JAX a half to each
    Corner("maximum", (1.0, 1.0), 1.0, (0.5, 0.5), (0.0, 0.0)),
    Corner("maximum", (2.0, 1.0), 2.0, (1.0, 0.0), (0.0, 0.0)),
    Corner("maximum", (1.0, 2.0), 2.0, (0.0, 1.0), (0.0, 0.0)),
    Corner("minimum", (1.0, 1.0), 1.0, (0.5, 0.5), (0.0, 0.0)),
    Corner("minimum", (2.0, 1.0), 1.0, (0.0, 1.0), (0.0, 0.0)),
    Corner("minimum", (1.0, 2.0), 1.0, (1.0, 0.0), (0.0, 0.0)),
    # PyTorch's max(dim=...) gives all to one of them, amax and JAX share
    Corner("max", ([1.0, 1.0, 0.0],), 1.0, ([0.5, 0.5, 0.0],), ([0.0, 0.0, 0.0],)),
    Corner("max", ([[1.0, 1.0], [2.0, 0.0]],), [1.0, 2.0], ([[0.5, 0.5], [1.0, 0.0]],), None,
           {"axis": 1}),
    Corner("min", ([1.0, 0.0, 0.0],), 0.0, ([0.0, 0.5, 0.5],), ([0.0, 0.0, 0.0],)),
    Corner("sort", ([1.0, 0.0, 1.0, 1.0],), [0.0, 1.0, 1.0, 1.0], ([2.0, 1.0, 3.0, 4.0],), None,
           arriving=[1.0, 2.0, 3.0, 4.0]),
    Corner("clip", (-1.0,), -1.0, (1.0,), (0.0,), {"low": -1.0, "high": 1.0}),
    Corner("clip", (1.0,), 1.0, (1.0,), (0.0,), {"low": -1.0, "high": 1.0}),
    Corner("clip", (1.5,), 1.0, (0.0,), (0.0,), {"low": -1.0, "high": 1.0}),
    Corner("clip", (-1.5,), -1.0, (0.0,), (0.0,), {"low": -1.0, "high": 1.0}),
    Corner("floor", (2.0,), 2.0, (0.0,), (0.0,)),
    Corner("ceil", (2.0,), 2.0, (0.0,), (0.0,)),
    Corner("round", (2.5,), 2.0, (0.0,), (0.0,)),
    Corner("trunc", (-2.0,), -2.0, (0.0,), (0.0,)),
    Corner("mod", (4.0, 2.0), 0.0, (1.0, -2.0), None),
    Corner("floor_divide", (4.0, 2.0), 2.0, (0.0, 0.0), (0.0, 0.0)),
    # infinite in the mathematics as well
    Corner("sqrt", (0.0,), 0.0, (INF,), (-INF,)),
    Corner("cbrt", (0.0,), 0.0, (INF,), (-INF,)),
    Corner("log", (0.0,), -INF, (INF,), (-INF,)),
    Corner("log2", (0.0,), -INF, (INF,), (-INF,)),
    Corner("log10", (0.0,), -INF, (INF,), (-INF,)),
    Corner("log1p", (-1.0,), -INF, (INF,), (-INF,)),
    Corner("reciprocal", (0.0,), INF, (-INF,), (INF,)),
    Corner("arcsin", (1.0,), np.pi / 2, (INF,), (INF,)),
    Corner("arccos", (1.0,), 0.0, (-INF,), (-INF,)),
    Corner("arccosh", (1.0,), 0.0, (INF,), (-INF,)),
    Corner("arctanh", (0.0,), 0.0, (1.0,), (0.0,)),
    # PyTorch: 0; JAX: NaN
    Corner("norm", ([0.0, 0.0],), 0.0, ([0.0, 0.0],), ([0.0, 0.0],)),
    Corner("norm", ([3.0, 4.0],), 5.0, ([0.6, 0.8],), None),
    Corner("power_scalar", (0.0,), 1.0, (0.0,), (0.0,), {"exponent": 0}),
    Corner("power_scalar", (0.0,), 0.0, (1.0,), (0.0,), {"exponent": 1}),
    Corner("power_scalar", (0.0,), 0.0, (0.0,), (2.0,), {"exponent": 2}),
    Corner("power_scalar", (0.0,), 0.0, (0.0,), (0.0,), {"exponent": 3}),
    Corner("power_scalar", (0.0,), 0.0, (0.0,), (INF,), {"exponent": 1.5}),
    Corner("power_scalar", (0.0,), 0.0, (INF,), (-INF,), {"exponent": 0.5}),
    Corner("power_scalar", (0.0,), INF, (-INF,), (INF,), {"exponent": -1}),
    Corner("power_scalar", (-2.0,), -8.0, (12.0,), (-12.0,), {"exponent": 3}),
    Corner("power", (0.0, 0.0), 1.0, (0.0, 0.0), None),
    Corner("power", (0.0, 1.0), 0.0, (1.0, 0.0), None),
    Corner("power", (0.0, 2.0), 0.0, (0.0, 0.0), None),
    Corner("power", (0.0, 0.5), 0.0, (INF, 0.0), "-"),
    # no power near an exponent of a negative number is one: PyTorch and JAX give NaN by b as well
    Corner("power", (-2.0, 3.0), -8.0, (12.0, NAN), "-"),
    Corner("power", (-2.0, 0.0), 1.0, (0.0, NAN), "-"),
    Corner("power", (0.0, -1.0), INF, (-INF, -INF), "-"),
    Corner("square", (0.0,), 0.0, (0.0,), (2.0,)),
    # JAX's hypot has a wrong second derivative at a tie, PyTorch's NaN at (0, 0)
    Corner("hypot", (0.0, 0.0), 0.0, (0.0, 0.0), None),
    Corner("hypot", (1.0, 1.0), 2**0.5, (0.5**0.5, 0.5**0.5), (-(2**-1.5), 2**-1.5)),
    Corner("hypot", (3.0, 4.0), 5.0, (0.6, 0.8), (-0.064, 0.048)),
    Corner("arctan2", (0.0, 0.0), 0.0, (0.0, 0.0), None),
    Corner("arctan2", (0.0, -1.0), np.pi, (-1.0, 0.0), None),
    # NaN in peers that divide the product by the factor
    Corner("prod", ([0.0, 2.0, 3.0],), 0.0, ([6.0, 0.0, 0.0],), ([5.0, 3.0, 2.0],)),
    Corner("prod", ([0.0, 0.0, 3.0],), 0.0, ([0.0, 0.0, 0.0],), ([3.0, 3.0, 0.0],)),
    Corner("prod", ([0.0, 0.0, 0.0],), 0.0, ([0.0, 0.0, 0.0],), ([0.0, 0.0, 0.0],)),
    # JAX: NaN
    Corner("std", ([2.0, 2.0],), 0.0, ([0.0, 0.0],), ([0.0, 0.0],)),
    Corner("var", ([2.0, 2.0],), 0.0, ([0.0, 0.0],), ([0.0, 0.0],)),
    Corner("logsumexp", ([-INF, -INF],), -INF, ([0.0, 0.0],), None),
    Corner("logsumexp", ([-INF, 0.0],), 0.0, ([0.0, 1.0],), None),
    Corner("logsumexp", ([FAR, 0.0],), FAR, ([1.0, 0.0],), ([0.0, 0.0],)),
    Corner("logsumexp", ([INF, 0.0],), INF, ([1.0, 0.0],), None),
    Corner("logaddexp", (-INF, -INF), -INF, (0.5, 0.5), None),
    Corner("logaddexp", (-INF, 1.0), 1.0, (0.0, 1.0), None),
    Corner("logaddexp", (INF, 0.0), INF, (1.0, 0.0), None),
    Corner("logaddexp", (1.0, 1.0), 1 + HALF, (0.5, 0.5), (-0.25, 0.25)),
    Corner("logaddexp", (FAR, -FAR), FAR, (1.0, 0.0), (0.0, 0.0)),
    Corner("softmax", ([-INF, 0.0, 0.0],), [0.0, 0.5, 0.5], ([0.0, -0.25, 0.25],), None,
           arriving=[1.0, 0.0, 1.0]),
    Corner("softmax", ([FAR, 0.0],), [1.0, 0.0], ([0.0, 0.0],), None, arriving=[1.0, 0.0]),
    Corner("log_softmax", ([-INF, 0.0],), [-INF, 0.0], ([0.0, 0.0],), None, arriving=[0.0, 1.0]),
    Corner("log_softmax", ([FAR, 0.0],), [0.0, -FAR], ([-1.0, 1.0],), None, arriving=[0.0, 1.0]),
    Corner("sigmoid", (FAR,), 1.0, (0.0,), (0.0,)),
    Corner("sigmoid", (-FAR,), 0.0, (0.0,), (0.0,)),
    Corner("softplus", (FAR,), FAR, (1.0,), (0.0,)),
    Corner("softplus", (-FAR,), 0.0, (0.0,), (0.0,)),
    Corner("softplus", (0.0,), HALF, (0.5,), (0.25,)),
    Corner("tanh", (FAR,), 1.0, (0.0,), (0.0,)),
    Corner("tanh", (-FAR,), -1.0, (0.0,), (0.0,)),
    Corner("silu", (FAR,), FAR, (1.0,), (0.0,)),
    Corner("silu", (-FAR,), 0.0, (0.0,), (0.0,)),
    Corner("gelu", (FAR,), FAR, (1.0,), (0.0,)),
    Corner("gelu", (-FAR,), 0.0, (0.0,), (0.0,)),
    Corner("gelu", (FAR,), FAR, (1.0,), (0.0,), {"approximate": True}),
    Corner("gelu", (-FAR,), 0.0, (0.0,), (0.0,), {"approximate": True}),
    Corner("erf", (FAR,), 1.0, (0.0,), (0.0,)),
    Corner("where", (True, 1.0, 2.0), 1.0, (None, 1.0, 0.0), (None, 0.0, 0.0)),
    Corner("where", (False, 1.0, 2.0), 2.0, (None, 0.0, 1.0), (None, 0.0, 0.0)),
    Corner("where", ([True, False, True], [1.0, 2.0, 3.0], 4.0), [1.0, 4.0, 3.0],
           (None, [1.0, 0.0, 1.0], 1.0), None),
    Corner("max_pool", ([[[1.0, 1.0, 0.0, 2.0]]],), [[[1.0, 2.0]]], ([[[0.5, 0.5, 0.0, 1.0]]],),
           None, {"size": 2, "steps": 2}),
    Corner("mean_absolute_error", ([1.0, 2.0], [1.0, 1.0]), 0.5, ([0.0, 0.5], [0.0, -0.5]), None),
    Corner("binary_cross_entropy", ([0.0], [0.0]), 0.0, ([1.0], "-"), "-"),
    Corner("binary_cross_entropy", ([1.0], [1.0]), 0.0, ([-1.0], "-"), "-"),
    Corner("binary_cross_entropy", ([0.0], [1.0]), 100.0, ([-1e12], "-"), "-"),
    Corner("binary_cross_entropy", ([1.0], [0.0]), 100.0, ([1e12], "-"), "-"),
    Corner("bounded_log", (0.0,), -100.0, (1e12,), "-"),
    Corner("binary_cross_entropy_with_logits", ([FAR], [1.0]), 0.0, ([0.0], "-"), None),
    Corner("binary_cross_entropy_with_logits", ([-FAR], [1.0]), FAR, ([-1.0], "-"), None),
    Corner("softmax_cross_entropy", ([[FAR, 0.0]], [1]), FAR, ([[1.0, -1.0]], None), None),
    Corner("softmax_cross_entropy", ([[-INF, 0.0]], [1]), 0.0, ([[0.0, 0.0]], None), None),
    Corner("softmax_cross_entropy", ([[-INF, 0.0]], [[0.0, 1.0]]), 0.0, ([[0.0, 0.0]], "-"), None),
)  # fmt: skip


def _far(found: Any, expected: Any) -> bool:
    if isinstance(expected, str):
        return False
    if expected is None or found is None:
        return (expected is None) != (found is None)
    return not np.allclose(np.asarray(found), expected, equal_nan=True, **NEAR)


def _corner_fault(op: Op, c: Corner) -> str | None:
    def run(*points: Any) -> Any:
        return op(*points, **c.attrs)

    leaves = [sg.tensor(x) for x in c.inputs]
    out = run(*leaves)
    if _far(out.value, c.value):
        return f"{c}: {out.value}, not {c.value}"
    plain = op(*[np.asarray(x) for x in c.inputs], **c.attrs)
    if _far(plain, c.value):
        return f"{c}: {plain} on arrays, not {c.value}"
    weights = np.ones(out.shape) if c.arriving is None else np.asarray(c.arriving)
    out.backward(weights)
    for leaf, expected in zip(leaves, c.slopes):
        if _far(leaf.grad, expected):
            return f"{c}: derivative {leaf.grad}, not {expected}"
    if isinstance(c.second, str):
        return None
    which = [i for i, x in enumerate(leaves) if x.dtype.kind == "f"]
    points = [x.value for x in leaves]

    def slopes(*floats: Any) -> Any:
        whole = list(points)
        for i, x in zip(which, floats):
            whole[i] = x

        def total(*xs: Any) -> Any:
            for i, x in zip(which, xs):
                whole[i] = x
            return (run(*whole) * weights).sum()

        derivatives = sg.grad(total, range(len(which)))(*[whole[i] for i in which])
        scale = 1.0 if len(which) == 1 else np.arange(1, len(which) + 1)
        return sum((g * s).sum() for g, s in zip(derivatives, np.broadcast_to(scale, len(which))))

    bends = sg.grad(slopes, range(len(which)))(*[points[i] for i in which])
    if c.second is None:
        if any(np.isnan(b).any() for b in bends):
            return f"{c}: second derivative {bends}"
        return None
    for found, i in zip(bends, which):
        if _far(found, c.second[i]):
            return f"{c}: second derivative {found}, not {c.second[i]}"
    return None


def corner_faults(op: Op) -> Iterator[str]:
    """What is wrong at the corners of one op."""
    for c in CORNERS:
        if c.op == op.name and (fault := _corner_fault(op, c)):
            yield fault


# --------------------------------------------------------------- several ops together

Function = Callable[[Any], Any]
TOGETHER: tuple[tuple[str, Function, float, float], ...] = (
    ("where(x > 0, log(x), 0)", lambda x: sg.where(x > 0, sg.log(x), 0.0), 0.0, 0.0),
    ("where(x > 0, log(x), 0)", lambda x: sg.where(x > 0, sg.log(x), 0.0), -1.0, 0.0),
    ("where(x > 0, log(x), 0)", lambda x: sg.where(x > 0, sg.log(x), 0.0), 2.0, 0.5),
    ("where(x > 0, sqrt(x), 0)", lambda x: sg.where(x > 0, sg.sqrt(x), 0.0), 0.0, 0.0),
    ("where(x ≠ 0, sin(x)/x, 1)", lambda x: sg.where(x != 0, sg.sin(x) / x, 1.0), 0.0, 0.0),
    ("where(x > 0, x·log(x), x)", lambda x: sg.where(x > 0, x * sg.log(x), x), 0.0, 1.0),
    ("where(x > 0, exp(log(x)/2), 0)",
     lambda x: sg.where(x > 0, sg.exp(sg.log(x) / 2), 0.0), 0.0, 0.0),
    ("where(x < 0, 0, √x·√x)", lambda x: sg.where(x < 0, 0.0, sg.sqrt(x) * sg.sqrt(x)), -1.0, 0.0),
    ("maximum(x, x)", lambda x: sg.maximum(x, x), 1.0, 1.0),
    ("x·x·x", lambda x: x * x * x, 0.0, 0.0),
    ("norm([x, x])", lambda x: sg.norm(sg.stack([x, x])), 0.0, 0.0),
)  # fmt: skip


def together_faults() -> Iterator[str]:
    """Functions of several ops: eager on arrays, as a graph, and the second derivative."""
    for text, f, at, slope in TOGETHER:
        x = sg.tensor(at)
        f(x).backward()
        found = (float(x.grad), float(sg.grad(f)(at)), float(sg.grad(f)(sg.tensor(at)).value))
        if any(not np.isclose(g, slope, **NEAR) for g in found):
            yield f"{text} at {at}: derivative {found}, not {slope}"
        if np.isnan(sg.grad(sg.grad(f))(at)):
            yield f"{text} at {at}: its second derivative is no number"


@row(
    "G3",
    "corners: ties, ends, 0 under roots and logarithms, ±∞, masked functions",
    "a documented value at first and second order, finite unless the mathematics says otherwise",
    count=1,
    sample=1,
)
def g3(run: Run) -> Found:
    with np.errstate(all="ignore"):
        faults = [f for op in sg.TABLE.values() for f in corner_faults(op)] + [*together_faults()]
    total = len(CORNERS) + len(TOGETHER)
    return Found(f"{total - len(faults)} of {total}", first(faults, 60))
