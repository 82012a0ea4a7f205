"""Z1: where 0 meets ∞ in a derivative: compositions at 0, ±1 and ±∞, beside their limits.

A limit is taken from the value, slope and bend of the composition, in 200 digits, at points that
draw near from either side. What is found must be a limit, lie between the two of them, or be no
number; masked by a `where`, it must be 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product
from typing import Any

import mpmath
import numpy as np
from mpmath import mpf

import seegrad as sg
from trust.harness.row import Found, Run, first, row

INF = float("inf")
POINTS = (0.0, 1.0, -1.0, INF, -INF)
Jet = tuple[Any, Any, Any]
"""A value, its slope and its bend."""


@dataclass(frozen=True)
class Piece:
    """A function of one number: ours, and value, slope and bend to any number of digits."""

    name: str
    ours: Callable[[Any], Any]
    jet: Callable[[Any], Jet]
    kinked: bool = False

    def after(self, inner: Jet) -> Jet:
        value, slope, bend = inner
        f, d, dd = self.jet(value)
        return f, d * slope, dd * slope * slope + d * bend


def _power(n: Any) -> Callable[[Any], Jet]:
    return lambda x: (x**n, n * x ** (n - 1), n * (n - 1) * x ** (n - 2))


def _exp(x: Any) -> Any:
    if abs(x) > mpf(10) ** 20:
        raise OverflowError
    return mpmath.exp(x)


def _sigmoid(x: Any) -> Jet:
    s = 1 / (1 + _exp(-x))
    return s, s * (1 - s), s * (1 - s) * (1 - 2 * s)


def _softplus(x: Any) -> Jet:
    s, d, _ = _sigmoid(x)
    return mpmath.log1p(_exp(x)), s, d


def _tanh(x: Any) -> Jet:
    t = mpmath.tanh(x) if abs(x) < 10**6 else mpmath.sign(x)
    return t, 1 - t * t, -2 * t * (1 - t * t)


def _cbrt(x: Any) -> Jet:
    size, sign = abs(x), mpmath.sign(x)
    return sign * mpmath.cbrt(size), size ** mpf(-2 / mpf(3)) / 3, \
        -2 * sign * size ** (mpf(-5) / 3) / 9  # fmt: skip


def _root(x: Any) -> Jet:
    if x < 0:
        raise ValueError
    return mpmath.sqrt(x), x ** mpf("-0.5") / 2, -(x ** mpf("-1.5")) / 4


def _log(x: Any) -> Jet:
    if x < 0:
        raise ValueError
    return mpmath.log(x), 1 / x, -1 / x**2


def _arcsin(x: Any) -> Jet:
    if abs(x) > 1:
        raise ValueError
    rest = 1 - x * x
    return mpmath.asin(x), rest ** mpf("-0.5"), x * rest ** mpf("-1.5")


def _x_log_x(x: Any) -> Jet:
    value, d, _ = _log(x)
    return x * value, value + 1, d


PIECES = (
    Piece("sqrt", sg.sqrt, _root),
    Piece("cbrt", sg.cbrt, _cbrt),
    Piece("square", sg.square, _power(2)),
    Piece("x·x", lambda x: x * x, _power(2)),
    Piece("cube", lambda x: x**3, _power(3)),
    Piece("log", sg.log, _log),
    Piece("log1p", sg.log1p, lambda x: _log(1 + x)),
    Piece("exp", sg.exp, lambda x: (_exp(x),) * 3),
    Piece("expm1", sg.expm1, lambda x: (mpmath.expm1(x), _exp(x), _exp(x))),
    Piece("sigmoid", sg.sigmoid, _sigmoid),
    Piece("softplus", sg.softplus, _softplus),
    Piece("tanh", sg.tanh, _tanh),
    Piece("sin", sg.sin, lambda x: (mpmath.sin(x), mpmath.cos(x), -mpmath.sin(x))),
    Piece("arctan", sg.arctan,
          lambda x: (mpmath.atan(x), 1 / (1 + x * x), -2 * x / (1 + x * x) ** 2)),
    Piece("arcsin", sg.arcsin, _arcsin),
    Piece("reciprocal", sg.reciprocal, _power(-1)),
    Piece("abs", sg.abs, lambda x: (abs(x), mpmath.sign(x), mpf(0)), kinked=True),
    Piece("relu", sg.relu, lambda x: (max(x, mpf(0)), mpf(x > 0), mpf(0)), kinked=True),
    Piece("x·log(x)", lambda x: x * sg.log(x), _x_log_x),
    Piece("x·sqrt(x)", lambda x: x * sg.sqrt(x),
          lambda x: (_root(x)[0] ** 3, 3 * _root(x)[0] / 2, 3 / (4 * _root(x)[0]))),
    Piece("hypot(x, x)", lambda x: sg.hypot(x, x),
          lambda x: (mpmath.sqrt(2) * abs(x), mpmath.sqrt(2) * mpmath.sign(x), mpf(0)),
          kinked=True),
    Piece("x + sqrt(x)", lambda x: x + sg.sqrt(x),
          lambda x: (x + _root(x)[0], 1 + _root(x)[1], _root(x)[2])),
    Piece("log(√x)·2", lambda x: sg.log(sg.sqrt(x)) * 2, _log),
    Piece("1 − x", lambda x: 1 - x, lambda x: (1 - x, mpf(-1), mpf(0))),
)  # fmt: skip
BY_NAME = {p.name: p for p in PIECES}


@dataclass(frozen=True)
class Composition:
    """Pieces, the innermost first."""

    pieces: tuple[Piece, ...]

    def __str__(self) -> str:
        return " of ".join(p.name for p in reversed(self.pieces))

    def __call__(self, x: Any) -> Any:
        return reduce(lambda value, piece: piece.ours(value), self.pieces, x)

    def kinks(self, point: float) -> bool:
        """Does the point lie on a kink, at the 0 of a piece, whose slope may be taken as 0?"""
        for piece in self.pieces:
            if piece.kinked and point == 0:
                return True
            point = float(np.asarray(piece.ours(np.array(point))))
        return False

    def jet(self, x: Any) -> Jet:
        return reduce(lambda value, piece: piece.after(value), self.pieces, (x, mpf(1), mpf(0)))


def compositions() -> list[Composition]:
    """All pairs, and triples whose middle meets the corners that others only pass by."""
    pairs = [Composition(p) for p in product(PIECES, PIECES)]
    middle = [BY_NAME[n] for n in ("sqrt", "log", "reciprocal", "relu")]
    ends = [BY_NAME[n] for n in ("square", "exp", "sigmoid", "arctan", "sqrt", "1 − x")]
    return pairs + [Composition((a, b, c)) for a, b, c in product(ends, middle, ends)]


# --------------------------------------------------------------- limits


def _drawing_near(point: float, side: int) -> list[Any]:
    if np.isinf(point):
        return [mpf(int(np.sign(point))) * mpf(10) ** k for k in (4, 8, 12, 16)]
    return [mpf(point) + side * mpf(10) ** -k for k in (10, 20, 30, 40)]


def _limit(values: Sequence[Any]) -> float | None:
    """What a sequence goes to, ±∞ among it; None where that can't be told."""
    a, b, c, d = values
    if abs(d - c) <= mpf(10) ** -7 * (1 + abs(d)):
        return float(d) if abs(d) > mpf(10) ** -6 else 0.0
    growing = abs(a) < abs(b) < abs(c) < abs(d) and abs(d - c) >= abs(c - b) * mpf("0.9")
    return float(mpmath.sign(d)) * INF if growing and abs(d) > 20 else None


def limits(f: Composition, point: float) -> tuple[list[float], list[float]] | None:
    """The slopes and the bends that f draws near to at the point, from one or both sides."""
    slopes, bends = [], []
    for side in (1,) if np.isinf(point) else (1, -1):
        try:
            jets = [f.jet(x) for x in _drawing_near(point, side)]
        except (ValueError, OverflowError, ZeroDivisionError):
            continue
        if not all(isinstance(n, mpf) and not mpmath.isnan(n) for jet in jets for n in jet):
            continue                     # not a real number on this side
        slope, bend = (_limit([jet[k] for jet in jets]) for k in (1, 2))
        if slope is None or bend is None:
            return None
        slopes.append(slope)
        bends.append(bend)
    if slopes and f.kinks(point):
        return [*slopes, 0.0], [-INF, INF]       # a kink has no bend to compare with
    return (slopes, bends) if slopes else None


def fits(found: float, ends: Sequence[float]) -> bool:
    """Is it no number, a limit, or between two of them, as a subgradient is?"""
    if np.isnan(found):
        return True
    low, high = min(ends), max(ends)
    near = 1e-6 * (1 + abs(found)) if np.isfinite(found) else 0.0
    return low - near <= found <= high + near


# --------------------------------------------------------------- the ways to a derivative


def ways(f: Callable[[Any], Any], compiled: bool) -> Iterator[tuple[str, int, Any]]:
    """(name, order, derivative of f element by element): eager, forward, as a graph, compiled."""

    def ones(x: Any) -> Any:
        return np.ones(x.shape)

    slope = sg.grad(lambda x: f(x).sum())
    bend = sg.grad(lambda x: slope(x).sum())
    yield "eager", 1, slope
    yield "as a graph", 1, lambda x: slope(sg.tensor(x)).value
    yield "forward", 1, lambda x: sg.jvp(f, (x,), (ones(x),))[1]
    yield "eager", 2, bend
    yield "forward", 2, lambda x: sg.jvp(slope, (x,), (ones(x),))[1]
    if compiled:
        yield "compiled", 1, sg.compile(slope)
        yield "compiled", 2, sg.compile(bend)


def faults_of(f: Composition, compiled: bool) -> tuple[int, list[str]]:
    """How many limits f has at the points, and what does not agree with them."""
    known = {p: found for p in POINTS if (found := limits(f, p)) is not None}
    if not known:
        return 0, []
    x, faults = np.array([*known]), []
    seen: dict[int, Any] = {}
    for way, order, derivative in ways(f, compiled):
        found = np.asarray(derivative(x))
        for point, value, ends in zip(known, found, known.values()):
            if not fits(value, ends[order - 1]):
                faults.append(f"{f} at {point}, order {order}, {way}: {value}, not"
                              f" {ends[order - 1]}")  # fmt: skip
        alike = seen.setdefault(order, found)
        if way == "forward":            # adds in another order, where ∞ may meet 0 alone
            lost = np.isnan(found) | np.isnan(alike)
            found, alike = (np.where(lost, np.nan, a) for a in (found, alike))
        if not np.allclose(found, alike, rtol=1e-9, atol=1e-12, equal_nan=True):
            faults.append(f"{f} at {x}, order {order}: {way} {found}, eager {alike}")
    return len(known), faults


def faults_masked(f: Composition, compiled: bool) -> list[str]:
    """Behind a choice that takes none of the points, every derivative there is 0."""
    x = np.array([*POINTS, 0.5])
    chosen = x == 0.5
    faults = []
    for way, order, derivative in ways(lambda x: sg.where(chosen, f(x), 0.0), compiled):
        found = np.asarray(derivative(x))
        if np.any(found[:-1] != 0):
            faults.append(f"where(chosen, {f}, 0), order {order}, {way}: {found[:-1]}, not 0")
    return faults


@row(
    "Z1",
    "0·∞: compositions of two and three functions at 0, ±1, ±∞, orders 1 and 2, forward and"
    " reverse, eager and compiled; each again behind a where",
    "the limit, a valid subgradient or NaN, the same in every way; masked: 0",
    count=300,
    sample=16,
    seconds=400,
)
def z1(run: Run) -> Found:
    every = compositions()
    order = run.rng.permutation(len(every))[: run.count]
    faults: list[str] = []
    points = done = 0
    with np.errstate(all="ignore"), mpmath.workdps(200):
        for i in order:
            if run.out_of_time():
                break
            count, wrong = faults_of(every[i], compiled=True)
            faults += wrong + faults_masked(every[i], compiled=True)
            points += count
            done += 1
    figure = f"finite and wrong {len(faults)}, of {done:,} compositions at {points:,} corners"
    return Found(figure, first(faults), whole=done == len(order))
