"""What the tests of the table share: every op with every case, samples, and a second reading.

Nothing here names an op: a new op brings its own cases, and they are drawn. `reference` reads the
closed set of lowering forms element by element in plain Python, a road apart from NumPy's.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

import seegrad as sg
from seegrad.graph import forms
from seegrad.graph.op import Case, Op
from seegrad.graph.spec import spec_of
from trust.harness.sampling import inputs_of

OPS = list(sg.TABLE.values())
DRAWN = [
    pytest.param(op, case, id=f"{op.name}-{i}") for op in OPS for i, case in enumerate(op.cases)
]


def rng_of(op: Op, case: Case) -> np.random.Generator:
    """A generator of its own for each case, the same on every run."""
    seed = sum(map(ord, op.name)) * 1000 + op.cases.index(case)
    return np.random.default_rng(seed)


def sample(op: Op, case: Case, dtype: Any = np.float64) -> list[np.ndarray[Any, Any]]:
    """Inputs for a case: indices where it says so, otherwise numbers from the domain."""
    return inputs_of(op, case, rng_of(op, case), dtype)


def has_derivative(op: Op, case: Case) -> bool:
    """Does a derivative come back through this case at all?"""
    out = op(*map(sg.tensor, sample(op, case)), **case.attrs)
    return bool(out.requires_grad)


def spec_from_rule(op: Op, case: Case, xs: list[Any]) -> Any:
    attrs = dict(op.canonical_attrs(*xs, **case.attrs))
    return op.spec(*map(spec_of, xs), **attrs)


def same(a: Any, b: Any) -> bool:
    """The same bits, shape and dtype."""
    a, b = np.asarray(a), np.asarray(b)
    return a.shape == b.shape and a.dtype == b.dtype and np.array_equal(a, b, equal_nan=True)


# --------------------------------------------------------------- a second reading of the forms

SCALARS = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "negative": lambda a: -a,
    "power": lambda a, b: a**b,
    "mod": lambda a, b: a - b * math.floor(a / b),
    "floor_divide": lambda a, b: float(math.floor(a / b)),
    "sqrt": math.sqrt,
    "cbrt": math.cbrt,
    "abs": lambda a: a if a >= 0 else -a,
    "sign": lambda a: float((a > 0) - (a < 0)),
    "maximum": lambda a, b: a if a >= b else b,
    "minimum": lambda a, b: a if a <= b else b,
    "floor": lambda a: float(math.floor(a)),
    "ceil": lambda a: float(math.ceil(a)),
    "round": lambda a: float(round(a)),
    "trunc": lambda a: float(math.trunc(a)),
    "exp": math.exp,
    "exp2": math.exp2,
    "expm1": math.expm1,
    "log": math.log,
    "log2": math.log2,
    "log10": math.log10,
    "log1p": math.log1p,
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "arcsin": math.asin,
    "arccos": math.acos,
    "arctan": math.atan,
    "arctan2": math.atan2,
    "sinh": math.sinh,
    "cosh": math.cosh,
    "tanh": math.tanh,
    "arcsinh": math.asinh,
    "arccosh": math.acosh,
    "arctanh": math.atanh,
    "erf": math.erf,
    "hypot": math.hypot,
    "logaddexp": lambda a, b: math.log(math.exp(a) + math.exp(b)),
    "equal": lambda a, b: a == b,
    "not_equal": lambda a, b: a != b,
    "less": lambda a, b: a < b,
    "less_equal": lambda a, b: a <= b,
    "greater": lambda a, b: a > b,
    "greater_equal": lambda a, b: a >= b,
    "logical_and": lambda a, b: bool(a) and bool(b),
    "logical_or": lambda a, b: bool(a) or bool(b),
    "logical_xor": lambda a, b: bool(a) != bool(b),
    "logical_not": lambda a: not a,
    "isnan": math.isnan,
    "isinf": math.isinf,
    "isfinite": math.isfinite,
    "where": lambda c, a, b: a if c else b,
}


def scalar(tree: forms.Expression, values: dict[str, Any]) -> Any:
    """The value of a scalar expression, in Python's own arithmetic."""
    match tree:
        case forms.Input(name):
            return values[name]
        case forms.Number(value):
            return value
        case forms.Apply(function, arguments):
            return SCALARS[function](*[scalar(a, values) for a in arguments])
    raise AssertionError(tree)


def _product(numbers: list[Any]) -> Any:
    total = 1.0
    for n in numbers:
        total *= n
    return total


REDUCTIONS = {"sum": math.fsum, "prod": _product, "max": max, "min": min, "all": all, "any": any}


def _broadcast_index(index: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    lead = len(index) - len(shape)
    return tuple(0 if n == 1 else i for i, n in zip(index[lead:], shape))


def reference(op: Op, xs: list[Any], attrs: Any, out: Any) -> Any:
    """What the op's lowering form says of `xs`, element by element; NotImplemented if it has none.

    `out` gives shape and dtype only.
    """
    result = np.zeros(out.shape, out.dtype)
    x = xs[0] if xs else None
    lower = op.lower
    match lower:
        case forms.Scalar():
            names = [name.lstrip("*") for name in op.inputs]
            for index in np.ndindex(out.shape):
                here = {
                    n: v[_broadcast_index(index, v.shape)].item() for n, v in zip(names, xs)
                }
                result[index] = scalar(lower.tree, {**attrs, **here})
        case forms.Reduce(kind):
            axis = attrs["axis"]
            for index in np.ndindex(out.shape):
                kept = iter(index if not attrs["keepdims"] else
                            [i for k, i in enumerate(index) if k not in axis])
                places = [range(n) if k in axis else [next(kept)] for k, n in enumerate(x.shape)]
                result[index] = REDUCTIONS[kind]([x[p].item() for p in itertools.product(*places)])
        case forms.ArgReduce(kind):
            best = max if kind == "max" else min
            for index in np.ndindex(out.shape):
                if attrs["axis"] is None:
                    row = [x[i].item() for i in np.ndindex(x.shape)]
                else:
                    at = attrs["axis"]
                    rest = index[:at] + index[at + 1 if attrs["keepdims"] else at :]
                    row = [x[(*rest[:at], k, *rest[at:])].item() for k in range(x.shape[at])]
                result[index] = row.index(best(row))
        case forms.Scan("sum"):
            at = attrs["axis"]
            for index in np.ndindex(out.shape):
                result[index] = math.fsum(
                    x[(*index[:at], k, *index[at + 1 :])] for k in range(index[at] + 1)
                )
        case forms.Permute():
            for index in np.ndindex(x.shape):
                result[tuple(index[i] for i in attrs["axes"])] = x[index]
        case forms.Reshape():
            for a, b in zip(np.ndindex(x.shape), np.ndindex(out.shape)):
                result[b] = x[a]
        case forms.Broadcast():
            for index in np.ndindex(out.shape):
                result[index] = x[_broadcast_index(index, x.shape)]
        case forms.Slice():
            for index in np.ndindex(out.shape):
                place = tuple(s + i * step for i, (s, _, step) in zip(index, attrs["index"]))
                result[index] = x[place]
        case forms.Place():
            for index in np.ndindex(x.shape):
                place = tuple(s + i * step for i, (s, _, step) in zip(index, attrs["index"]))
                result[place] = x[index]
        case forms.Pad():
            for index in np.ndindex(out.shape):
                inner = tuple(i - before for i, (before, _) in zip(index, attrs["widths"]))
                inside = all(0 <= i < n for i, n in zip(inner, x.shape))
                result[index] = x[inner] if inside else attrs["value"]
        case forms.Join():
            at, start = attrs["axis"], 0
            for part in xs:
                for index in np.ndindex(part.shape):
                    result[(*index[:at], start + index[at], *index[at + 1 :])] = part[index]
                start += part.shape[at]
        case forms.Gather():
            at, where = attrs["axis"], xs[1]
            for index in np.ndindex(out.shape):
                k = where[index[at : at + where.ndim]]
                result[index] = x[(*index[:at], k, *index[at + where.ndim :])]
        case forms.Scatter():
            at, where = attrs["axis"], xs[1]
            for index in np.ndindex(x.shape):
                k = where[index[at : at + where.ndim]]
                result[(*index[:at], k, *index[at + where.ndim :])] += x[index]
        case forms.Window():
            lead, d = x.ndim - len(attrs["size"]), len(attrs["size"])
            for index in np.ndindex(out.shape):
                inner = zip(index[lead:], index[lead + d :], attrs["dilation"], attrs["steps"])
                result[index] = x[(*index[:lead], *(k * a + p * s for k, p, a, s in inner))]
        case forms.Overlap():
            d = len(attrs["shape"])
            lead = x.ndim - 2 * d
            for index in np.ndindex(x.shape):
                inner = zip(index[lead:], index[lead + d :], attrs["dilation"], attrs["steps"])
                result[(*index[:lead], *(k * a + p * s for k, p, a, s in inner))] += x[index]
        case forms.Product():
            a = x[None, :] if x.ndim == 1 else x
            b = xs[1][:, None] if xs[1].ndim == 1 else xs[1]
            batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
            whole = np.zeros((*batch, a.shape[-2], b.shape[-1]))
            for index in np.ndindex(whole.shape):
                left = _broadcast_index(index[:-2], a.shape[:-2])
                right = _broadcast_index(index[:-2], b.shape[:-2])
                whole[index] = math.fsum(
                    a[(*left, index[-2], k)] * b[(*right, k, index[-1])]
                    for k in range(a.shape[-1])
                )
            result[...] = whole.reshape(out.shape)
        case forms.Contract():
            left, right = attrs["subscripts"].split("->")
            terms = left.split(",")
            sizes = {c: n for t, v in zip(terms, xs) for c, n in zip(t, v.shape)}
            labels = sorted(sizes)
            for index in itertools.product(*[range(sizes[c]) for c in labels]):
                at = dict(zip(labels, index))
                result[tuple(at[c] for c in right)] += _product(
                    [v[tuple(at[c] for c in t)] for t, v in zip(terms, xs)]
                )
        case forms.OneHot():
            for index in np.ndindex(x.shape):
                result[(*index, x[index])] = 1
        case _:
            return NotImplemented
    return result
