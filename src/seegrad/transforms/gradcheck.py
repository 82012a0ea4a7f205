"""Checking derivatives against central differences, for functions and node by node.

Central differences err by O(h²) where the function is smooth, and by anything where it has a
kink within h: a coordinate that disagrees is looked at again with smaller steps and from both
sides, so that a kink is reported as a kink and a wrong rule as wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seegrad.errors import GradientError, ShapeError
from seegrad.graph.graph import walk
from seegrad.graph.mode import in_mode
from seegrad.graph.node import Node
from seegrad.i18n import tr
from seegrad.tensor.tensor import Tensor, tensor
from seegrad.transforms.derivatives import grad as derivative
from seegrad.transforms.derivatives import vjp

Array = np.ndarray[Any, Any]

ATOL, RTOL = 1e-5, 1e-3


@dataclass(frozen=True, slots=True)
class Finding:
    """One derivative that was compared: where it stands, what was computed and what measured."""

    where: str
    index: tuple[int, ...]
    computed: float
    measured: float
    error: float
    kind: str = "wrong"

    def __str__(self) -> str:
        return (
            f"{self.where}{list(self.index) if self.index else ''}: computed {self.computed:.6g},"
            f" measured {self.measured:.6g} ({self.kind})"
        )


@dataclass(frozen=True)
class Report:
    """The result of a gradient check; true when nothing is wrong.

    `max_error` is the largest relative error |a − b| / max(|a|, |b|, atol/rtol) outside of kinks,
    `worst` the finding that has it, `wrong` and `kinks` all findings of those kinds.
    """

    max_error: float
    worst: Finding | None
    wrong: tuple[Finding, ...]
    kinks: tuple[Finding, ...]
    compared: int

    def __bool__(self) -> bool:
        return not self.wrong

    def __str__(self) -> str:
        verdict = "right" if self else f"WRONG in {len(self.wrong)} places"
        lines = [
            f"gradient check: {verdict}; {self.compared} derivatives compared,"
            f" largest relative error {self.max_error:.2e}"
        ]
        if self.kinks:
            lines.append(f"  {len(self.kinks)} at kinks, for example {self.kinks[0]}")
        lines += [f"  {finding}" for finding in self.wrong[:5]]
        return "\n".join(lines)


def numerical_gradient(function: Callable[[Any], Any], x: Any, h: float = 1e-4) -> Array:
    """The gradient of a function of one array by central differences, in float64.

    Integers are converted first: adding 1e-4 to an integer would be lost.

    Args:
        h: how far apart the two points are, halved.

    >>> numerical_gradient(lambda x: float((x * x).sum()), np.array([1, 2])).round(6)
    array([2., 4.])
    """
    at = np.array(x, dtype=np.float64)
    out = np.empty(at.shape)
    for index in np.ndindex(at.shape):
        here = at[index]
        at[index] = here + h
        right = _number(function(at))
        at[index] = here - h
        left = _number(function(at))
        at[index] = here
        out[index] = (right - left) / (2 * h)
    return out


def _number(x: Any) -> float:
    value = np.asarray(x.value if isinstance(x, Tensor) else x)
    if value.size != 1 or value.dtype.kind not in "fiub":
        raise ShapeError(
            "a numerical gradient needs a function that gives one number",
            asked="a result of shape ()",
            came=tr(
                "a result of shape {shape}, dtype {dtype}",
                shape=value.shape, dtype=value.dtype,
            ),
        )
    return float(value.item())


def _relative(a: float, b: float, floor: float) -> float:
    if not (np.isfinite(a) and np.isfinite(b)):
        return 0.0 if a == b else np.inf
    return abs(a - b) / max(abs(a), abs(b), floor)


def _judge(
    f: Callable[[float], float], where: str, index: tuple[int, ...], computed: float, h: float,
    atol: float, rtol: float,
) -> Finding:  # fmt: skip
    """Compare one coordinate: f(t) is the function moved by t along it."""
    floor = atol / rtol
    measured = (f(h) - f(-h)) / (2 * h)
    error = _relative(computed, measured, floor)
    if error <= rtol:
        return Finding(where, index, computed, measured, error, "right")
    # a kink within h: the two sides differ, and smaller steps agree or the value lies between
    centre = f(0.0)
    for step in (h / 10, h / 100, h / 1000):
        right, left = (f(step) - centre) / step, (centre - f(-step)) / step
        low, high = sorted((left, right))
        slack = max(rtol * max(abs(low), abs(high)), 1e3 * atol * np.finfo(float).eps / step, atol)
        split = _relative(left, right, floor) > 10 * rtol
        near = _relative(computed, (left + right) / 2, floor) <= 10 * rtol
        if near or (split and low - slack <= computed <= high + slack):
            return Finding(where, index, computed, measured, error, "kink")
    return Finding(where, index, computed, measured, error, "wrong")


def _report(findings: Iterator[Finding]) -> Report:
    wrong, kinks, worst, compared = [], [], None, 0
    for finding in findings:
        compared += 1
        if finding.kind == "kink":
            kinks.append(finding)
            continue
        if finding.kind == "wrong":
            wrong.append(finding)
        if worst is None or finding.error > worst.error:
            worst = finding
    return Report(worst.error if worst else 0.0, worst, tuple(wrong), tuple(kinks), compared)


def _float64(x: Any, what: str) -> Array:
    value = x.value if isinstance(x, Tensor) else np.asarray(x)
    if value.dtype.kind not in "fiu":
        raise GradientError(
            tr("{what} cannot be checked", what=what), asked="numbers", came=f"dtype {value.dtype}"
        )
    return np.array(value, dtype=np.float64)


def gradcheck(
    function: Callable[..., Any],
    *inputs: Any,
    order: int = 1,
    h: float = 1e-6,
    atol: float = ATOL,
    rtol: float = RTOL,
    seed: int = 0,
) -> Report:
    """Compare the derivatives of a function with central differences, in float64.

    Args:
        function: takes arrays or tensors, gives an array; a result of many elements is checked
            through one fixed random weighting of them.
        inputs: where to check; integers are converted to float64 first.
        order: 2 checks the second derivative as well.
        h, atol, rtol: the step, and what counts as equal.
        seed: of the directions that are tried.

    Returns a `Report`: true when right, with `max_error`, `worst` and `kinks`.

    Raises:
        GradientError: where no input takes part in differentiation, and for a function that draws
            its numbers anew at every call, as a network with Dropout does while it trains.

    >>> bool(gradcheck(lambda x: x * x, np.array([1.0, -2.0, 3.0]), order=2))
    True
    """
    points = [_float64(x, f"input {i}") for i, x in enumerate(inputs)]
    if not points:
        raise GradientError("there is nothing to check", asked="at least one input")

    def findings() -> Iterator[Finding]:
        yield from _compare(function, points, h, atol, rtol, seed, "input")
        if order >= 2:
            for i in range(len(points)):
                slope = _slope(function, points, i, seed)
                yield from _compare(slope, points, h, atol, rtol, seed + 1, f"d/d{i} input")

    return _report(findings())


def _weights(shape: tuple[int, ...], seed: int) -> Array:
    return np.random.default_rng(seed).uniform(0.5, 1.5, shape)


def _slope(
    function: Callable[..., Any], points: Sequence[Array], i: int, seed: int
) -> Callable[..., Any]:
    shape = np.shape(_plain(function(*map(tensor, points))))
    weights = _weights(shape, seed)
    return derivative(lambda *xs: (function(*xs) * weights).sum(), argnums=i)


def _plain(x: Any) -> Array:
    return x.value if isinstance(x, Tensor) else np.asarray(x)


def _compare(
    function: Callable[..., Any], points: Sequence[Array], h: float, atol: float, rtol: float,
    seed: int, what: str,
) -> Iterator[Finding]:  # fmt: skip
    with in_mode(recording=False):
        value, pull = vjp(function, *points)
        weights = _weights(np.shape(value), seed)
        computed = pull(weights)

    def total(*xs: Array) -> float:
        with in_mode(recording=False), np.errstate(all="ignore"):
            return float(np.sum(_plain(function(*map(tensor, xs))) * weights))

    _refuse_chance(lambda: total(*points))
    for i, at in enumerate(points):
        for index in np.ndindex(at.shape):
            f = _moved(total, points, i, index)
            where = f"{what} {i}" if len(points) > 1 else what
            yield _judge(f, where, index, float(computed[i][index]), h, atol, rtol)


def _refuse_chance(again: Callable[[], float], calls: int = 16) -> None:
    """Differences of a function that draws its numbers say nothing, and would pass for kinks.

    A mask over a few numbers is often drawn as it was: two calls that agree prove little.
    """
    first = again()
    for _ in range(calls - 1):
        second = again()
        if first != second and not (np.isnan(first) and np.isnan(second)):
            raise GradientError(
                "the function gives other numbers when it is called again",
                asked=tr("the same numbers for the same inputs"),
                came=f"{first:.6g}, {second:.6g}",
                hint="call eval() on a network that draws, as Dropout does, or draw before and"
                " pass it",
            )


def _moved(
    total: Callable[..., float], points: Sequence[Array], i: int, index: tuple[int, ...]
) -> Callable[[float], float]:
    def f(t: float) -> float:
        moved = [np.array(p) for p in points]
        moved[i][index] += t
        return total(*moved)

    return f


def gradcheck_nodes(
    *outputs: Tensor, h: float = 1e-6, atol: float = ATOL, rtol: float = RTOL, largest: int = 200
) -> dict[Node, Report]:
    """Check every operation of a graph on its own: each node's rules at the values it had.

    Args:
        outputs: the right end of the graph.
        largest: of an input with more elements, this many are checked (evenly spread).
        h: the step of the differences.
        atol: how much may differ, absolutely.
        rtol: how much, relatively.

    Returns a report for each node whose operation has a derivative.

    >>> import seegrad as sg
    >>> x = sg.tensor([1.0, 2.0])
    >>> all(map(bool, gradcheck_nodes((x * x).sum()).values()))
    True
    """
    nodes = [node for node in walk(outputs) if node.op and node.op.differentiable and node.values]
    return {node: gradcheck_node(node, h, atol, rtol, largest) for node in nodes}


def gradcheck_node(
    node: Node, h: float = 1e-6, atol: float = ATOL, rtol: float = RTOL, largest: int = 200
) -> Report:
    """Check one operation of a graph at the values that it had; see `gradcheck_nodes`."""
    return _report(_node_findings(node, h, atol, rtol, largest))


def _node_findings(
    node: Node, h: float, atol: float, rtol: float, largest: int
) -> Iterator[Finding]:
    op = node.op
    assert op is not None
    which = [i for i, v in enumerate(node.values) if v.dtype.kind == "f" and op.rule_at(i)]
    points = [np.array(node.values[i], np.float64) for i in which]

    def alone(*xs: Any) -> Any:
        inputs = list(node.values)
        for i, x in zip(which, xs):
            inputs[i] = x
        return op(*inputs, **node.attrs)

    if not points:
        return
    value, pull = vjp(alone, *points)
    weights = _weights(np.shape(value), 0)
    computed = pull(weights)

    def total(*xs: Array) -> float:
        with np.errstate(all="ignore"):
            return float(np.sum(np.asarray(alone(*xs)) * weights))

    for k, (i, at) in enumerate(zip(which, points)):
        places = list(np.ndindex(at.shape))
        for index in places[:: max(1, -(-len(places) // largest))]:
            f = _moved(total, points, k, index)
            name = node.inputs[i].name or op.input_name(i)
            yield _judge(f, f"{op.name}: {name}", index, float(computed[k][index]), h, atol, rtol)
