"""N1: long sums, and what is made of them, against float64, beside NumPy and PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import seegrad as sg
from seegrad import nn
from trust.harness.row import Found, Run, first, row

try:
    import torch
except ImportError:
    torch = None  # type: ignore[assignment]

Array = np.ndarray[Any, Any]
LAST_PLACES = 3.0
"""So many times half a unit in the last place is no error that could be called one."""


@dataclass(frozen=True)
class Reduction:
    """One thing that is summed up: ours, NumPy's, PyTorch's; for up to 10^`most` elements."""

    name: str
    ours: Callable[[Any], Any]
    numpy: Callable[[Array], Array]
    torch: Callable[[Any], Any]
    shape: Callable[[int], tuple[int, ...]]
    most: int = 8


def _softmax(x: Array) -> Array:
    e = np.exp(x - x.max(-1, keepdims=True))
    return np.asarray(e / e.sum(-1, keepdims=True))


def _normed(x: Array, axes: tuple[int, ...]) -> Array:
    mean, var = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    return np.asarray((x - mean) / np.sqrt(var + x.dtype.type(1e-5)))


def _batch_norm(x: Any) -> Any:
    return nn.BatchNorm2d(x.shape[1])(x)


def _layer_norm(x: Any) -> Any:
    return nn.LayerNorm(x.shape[-1])(x)


def _logsumexp(x: Array) -> Array:
    top = x.max()
    return np.asarray(np.log(np.exp(x - top).sum()) + top)


def _flat(n: int) -> tuple[int, ...]:
    return (n,)


def _columns(n: int) -> tuple[int, ...]:
    return (n // 10, 10)


def _rows(n: int) -> tuple[int, ...]:
    return (10, n // 10)


def _pictures(n: int) -> tuple[int, ...]:
    return (10, 4, n // 40, 1)


def reductions() -> Iterator[Reduction]:
    """Everything that is looked at."""
    yield Reduction("sum", lambda x: x.sum(), np.sum, lambda x: x.sum(), _flat)
    yield Reduction("sum of columns", lambda x: x.sum(axis=0), lambda x: x.sum(0),
                    lambda x: x.sum(0), _columns)  # fmt: skip
    yield Reduction("sum of rows", lambda x: x.sum(axis=1), lambda x: x.sum(1),
                    lambda x: x.sum(1), _rows)  # fmt: skip
    yield Reduction("mean", lambda x: x.mean(), np.mean, lambda x: x.mean(), _flat)
    yield Reduction("mean of columns", lambda x: x.mean(axis=0), lambda x: x.mean(0),
                    lambda x: x.mean(0), _columns)  # fmt: skip
    yield Reduction("var", lambda x: x.var(), np.var, lambda x: x.var(unbiased=False), _flat)
    yield Reduction("var of columns", lambda x: x.var(axis=0), lambda x: x.var(0),
                    lambda x: x.var(0, unbiased=False), _columns)  # fmt: skip
    yield Reduction("std", lambda x: x.std(), np.std, lambda x: x.std(unbiased=False), _flat)
    yield Reduction("norm", sg.norm, np.linalg.norm, lambda x: x.norm(), _flat)
    yield Reduction("logsumexp", sg.logsumexp, _logsumexp, lambda x: x.logsumexp(0), _flat)
    yield Reduction("softmax", lambda x: sg.softmax(x, axis=-1), _softmax,
                    lambda x: x.softmax(-1), _rows, 7)  # fmt: skip
    yield Reduction(
        "layer norm",
        _layer_norm,
        lambda x: _normed(x, (-1,)),
        lambda x: torch.nn.functional.layer_norm(x, x.shape[-1:]),
        _rows,
        7,
    )
    yield Reduction("batch norm", _batch_norm, lambda x: _normed(x, (0, 2, 3)),
                    lambda x: torch.nn.functional.batch_norm(x, None, None, training=True),
                    _pictures, 7)  # fmt: skip
    yield Reduction("dot", lambda x: x @ x, lambda x: x @ x, lambda x: x @ x, _flat)
    yield Reduction("product", lambda x: x @ x.T, lambda x: x @ x.T, lambda x: x @ x.T, _rows)


def _far(found: Any, exact: Array, dtype: Any) -> float:
    """The mean error in half units in the last place."""
    far = float(np.mean(np.abs(np.asarray(found, np.float64) - exact)) / np.mean(np.abs(exact)))
    return far / (2.0**-24 if dtype == np.float32 else 2.0**-11)


def case_fault(case: Reduction, n: int, dtype: Any, rng: np.random.Generator) -> list[str]:
    """In which ways ours errs more than it may, for n elements of the dtype."""
    shape = case.shape(n)
    high = 1.0 if dtype == np.float32 or n < 10_000 else 10_000 / n
    x = rng.random(shape, np.float32)
    if case.name not in ("mean", "softmax", "logsumexp", "std"):
        x *= np.float32(high ** (0.5 if case.name in ("dot", "product", "norm") else 1))
    x = x.astype(dtype)
    with np.errstate(all="ignore"):
        exact = np.asarray(case.numpy(x.astype(np.float64)))
        others = [_far(case.numpy(x), exact, dtype)]
    if torch is not None:
        others.append(_far(case.torch(torch.from_numpy(x)).numpy(), exact, dtype))
    best = min([e for e in others if np.isfinite(e)], default=0.0)
    allowed = max(2 * best, LAST_PLACES)
    found = []
    for way, function in (("eager", case.ours), ("compiled", sg.compile(case.ours))):
        with sg.no_grad():
            error = _far(function(sg.tensor(x)), exact, dtype)
        if not error <= allowed:
            found.append(
                f"{case.name} of {n:,} {np.dtype(dtype)}, {way}: {error:.2f} half units"
                f" in the last place, others {best:.2f}"
            )
    return found


@row(
    "N1",
    "sum, mean, var, std, norm, logsumexp, softmax, layer and batch norm, dots and products of"
    " 10^3 to 10^8 elements of float32 and float16, eager and compiled, against float64",
    "mean error at most twice the better of NumPy's and PyTorch's, or 1.5 units in the last place",
    count=8,
    sample=5,
    seconds=1800,
)
def n1(run: Run) -> Found:
    rng, faults, tried, whole = run.rng, [], 0, True
    for exponent in range(3, run.count + 1):
        for case in reductions():
            for dtype in (np.float32, np.float16):
                if exponent > case.most:
                    continue
                if run.out_of_time():
                    whole = False
                    continue
                faults += case_fault(case, 10**exponent, dtype, rng)
                tried += 2
    return Found(f"{tried - len(faults)} of {tried}", first(faults, 12), whole=whole)
