"""The arguments that NumPy's functions and methods take, with NumPy's results; others are named."""

from __future__ import annotations

import numpy as np
import pytest

import seegrad as sg
from seegrad.errors import CallError

M = np.arange(6.0).reshape(2, 3) - 1.5
W = M > 0
HALF = np.array([True, False, True])
FUNCTIONS = {
    "sum where": lambda n, x: n.sum(x, where=W),
    "sum where along": lambda n, x: n.sum(x, axis=1, where=HALF, keepdims=True),
    "sum initial": lambda n, x: n.sum(x, axis=0, initial=3.0),
    "sum dtype": lambda n, x: n.sum(x, dtype="f4"),
    "sum of all three": lambda n, x: n.sum(x, axis=0, where=W, initial=1.0, dtype="f4"),
    "sum of whole numbers": lambda n, x: n.sum(x.astype(np.int32), where=W, initial=2),
    "prod": lambda n, x: n.prod(x, axis=1, where=W, initial=2.0),
    "prod dtype": lambda n, x: n.prod(x, axis=0, dtype="f4"),
    "mean where": lambda n, x: n.mean(x, where=W),
    "mean where along": lambda n, x: n.mean(x, axis=1, where=HALF),
    "mean dtype": lambda n, x: n.mean(x, axis=0, dtype="f4"),
    "mean of whole numbers": lambda n, x: n.mean(x.astype(int), axis=1, where=HALF),
    "max initial": lambda n, x: n.max(x, initial=9.0),
    "max where": lambda n, x: n.max(x, axis=0, where=W, initial=-1.0),
    "min where": lambda n, x: n.min(x, axis=1, where=W, initial=9.0, keepdims=True),
    "max of none": lambda n, x: n.max(x[:0], axis=0, initial=7.0),
    "max of none at all": lambda n, x: n.max(x[:0], initial=7.0),
    "max of whole numbers": lambda n, x: n.max(x.astype(int), axis=0, where=W, initial=-5),
    "amax": lambda n, x: np.amax(x, initial=1.0) if n is np else n.amax(x, initial=1.0),
    "var where": lambda n, x: n.var(x, axis=0, where=np.array([[True, True, False], [True] * 3])),
    "var ddof": lambda n, x: n.var(x, where=W, ddof=1),
    "std where": lambda n, x: n.std(x, axis=1, where=HALF),
    "std dtype": lambda n, x: n.std(x, dtype="f4"),
    "all where": lambda n, x: n.all(x > 0, axis=0, where=W),
    "any where": lambda n, x: n.any(x > 0, axis=0, where=~W),
    "reshape": lambda n, x: n.reshape(x, (3, 2), order="C"),
    "reshape by columns": lambda n, x: n.reshape(x, (-1, 2), order="F"),
    "ravel": lambda n, x: n.ravel(x, order="C"),
    "ravel by columns": lambda n, x: n.ravel(x, order="F"),
    "sort": lambda n, x: n.sort(x, kind="stable"),
    "sort stable": lambda n, x: n.sort(x, axis=0, stable=True),
    "argsort": lambda n, x: n.argsort(x, kind="quicksort"),
    "partition": lambda n, x: n.partition(x, 2, kind="introselect"),
    "take clip": lambda n, x: n.take(x, [1, 9, -9], axis=1, mode="clip"),
    "take wrap": lambda n, x: n.take(x, [1, 9, -9], mode="wrap"),
    "take": lambda n, x: n.take(x, [1, -1], axis=0, mode="raise"),
    "average": lambda n, x: n.average(x, axis=0, returned=True),
    "average weighted": lambda n, x: n.average(x, axis=1, weights=[1, 2, 3.0], returned=True),
    "cov": lambda n, x: n.cov(x, fweights=[1, 2, 1]),
    "cov weighted": lambda n, x: n.cov(x, aweights=[1.0, 2.0, 0.5], ddof=0),
    "cov of both": lambda n, x: n.cov(x, fweights=[1, 2, 1], aweights=[1.0, 2.0, 0.5]),
    "meshgrid": lambda n, x: n.meshgrid(x[0], x[1, :2], sparse=True, copy=False),
    "meshgrid ij": lambda n, x: n.meshgrid(x[0], x[1, :2], sparse=True, indexing="ij"),
    "interp": lambda n, x: n.interp(x, [0.0, 2.5, 1.0], [1.0, 2.0, 4.0], period=3),
    "insert": lambda n, x: n.insert(x, 1, 9.0),
    "insert a column": lambda n, x: n.insert(x, 1, [8.0, 9.0], axis=1),
    "insert columns": lambda n, x: n.insert(x, [0, 2], [[8.0, 9.0]], axis=1),
    "insert rows": lambda n, x: n.insert(x, 2, x, axis=0),
    "insert several": lambda n, x: n.insert(x[0], [0, 3, 3], [7.0, 8.0, 9.0]),
    "insert before one": lambda n, x: n.insert(x[0], 1, [8.0, 9.0]),
    "compress": lambda n, x: n.compress([True, False], x, axis=0),
    "compress flat": lambda n, x: n.compress([True, False, True], x),
    "ediff1d": lambda n, x: n.ediff1d(x, to_begin=[7.0], to_end=[8.0, 9.0]),
    "nan_to_num": lambda n, x: n.nan_to_num(x, copy=True),
    "isin": lambda n, x: n.isin(x, [0.5], assume_unique=True),
}  # fmt: skip
METHODS = {
    "sum": lambda x: x.sum(axis=0, dtype="f4", where=W, initial=2.0),
    "prod": lambda x: x.prod(dtype="f4"),
    "mean": lambda x: x.mean(dtype="f4"),
    "max": lambda x: x.max(axis=1, initial=0.0),
    "min": lambda x: x.min(axis=1, initial=0.0, where=W),
    "std": lambda x: x.std(ddof=1, where=W),
    "var": lambda x: x.var(dtype="f4"),
    "any": lambda x: x.any(axis=0, where=W),
    "cumsum": lambda x: x.cumsum(axis=1, dtype="f4"),
    "cumprod": lambda x: x.cumprod(0, "f4"),
    "reshape": lambda x: x.reshape((3, 2), order="C"),
    "reshape by columns": lambda x: x.reshape(3, 2, order="F"),
    "ravel": lambda x: x.ravel(order="C"),
    "flatten": lambda x: x.flatten(order="F"),
    "clip": lambda x: x.clip(min=0.0, max=1.0),
    "take": lambda x: x.take([1, 9], mode="clip"),
    "astype": lambda x: x.astype("f4", copy=False),
}


def alike(found, wanted):
    several = isinstance(wanted, (tuple, list))
    assert several == isinstance(found, (tuple, list))
    for one, other in zip(found if several else [found], wanted if several else [wanted]):
        one = np.asarray(sg.stop_gradient(one))
        assert one.dtype == np.asarray(other).dtype
        assert one.shape == np.shape(other)
        np.testing.assert_allclose(one, other, 1e-6 if one.dtype == np.float32 else 1e-13, 1e-15)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name):
    f = FUNCTIONS[name]
    wanted, t = f(np, M), sg.tensor(M)
    alike(f(sg, M), wanted)
    alike(f(np, t), wanted)
    alike(f(sg, t), wanted)
    alike(sg.compile(lambda x: f(sg, x))(t), wanted)


@pytest.mark.parametrize("name", METHODS)
def test_methods(name):
    f = METHODS[name]
    alike(f(sg.tensor(M)), f(M))
    alike(sg.compile(f)(sg.tensor(M)), f(M))


def test_methods_by_the_names_of_their_arguments():
    t = sg.tensor(M)
    alike(t.flip(axis=0), np.flip(M, 0))
    alike(t.roll(1, axis=1), np.roll(M, 1, 1))


@pytest.mark.parametrize("name", [
    "sum of all three", "prod", "mean where along", "max where", "min where", "var where",
    "var ddof", "std where", "reshape by columns", "take clip", "cov of both", "insert columns",
    "compress flat", "ediff1d",
])  # fmt: skip
def test_slopes(name):
    if name == "sum of all three":
        assert sg.gradcheck(lambda x: sg.sum(x, axis=0, where=W, initial=1.0), M)
    else:
        assert sg.gradcheck(lambda x: FUNCTIONS[name](sg, x), M)


def test_what_is_left_out_does_not_count_even_as_nan():
    x = np.array([1.0, np.nan, 3.0])
    for f in (sg.sum, sg.mean, sg.var, lambda x, where: sg.max(x, where=where, initial=0.0)):
        assert np.isfinite(f(x, where=~np.isnan(x)))
        slopes = sg.grad(lambda x, f=f: f(x, where=np.array([True, False, True])))(x)
        assert np.isfinite(slopes).all()
        assert slopes[1] == 0


def test_places_of_what_is_not_zero():
    for name in ("argwhere", "flatnonzero"):
        wanted = getattr(np, name)(W)
        for found in (getattr(sg, name)(W), getattr(np, name)(sg.tensor(W)),
                      getattr(sg, name)(sg.tensor(W))):  # fmt: skip
            alike(found, wanted)


def test_divisors_and_multiples():
    a, b = np.array([[12, -18, 0], [7, 5, 6]]), np.array([8, 12, 4])
    for name in ("gcd", "lcm"):
        wanted = getattr(np, name)(a, b)
        for found in (getattr(sg, name)(a, b), getattr(np, name)(sg.tensor(a), b),
                      sg.compile(getattr(sg, name))(sg.tensor(a), sg.tensor(b))):  # fmt: skip
            alike(found, wanted)


@pytest.mark.parametrize("call", [
    lambda t: np.cov(t, dtype="f4"), lambda t: np.quantile(t, 0.5, weights=M),
    lambda t: np.nansum(t, dtype="f4"), lambda t: np.sum(t, out=np.zeros(())),
    lambda t: sg.max(t, where=W), lambda t: t.max(initail=3.0), lambda t: np.add(t, 1, where=W),
    lambda t: t.sum(0, "f4"), lambda t: np.sum(t, 0, np.float32),
    lambda t: sg.take(t, 1, mode="no"),
    lambda t: t.reshape(3, 2, order="B"), lambda t: sg.full_like(np.zeros(2, np.uint8), 300),
    lambda t: sg.full(3, -1, np.uint8),
])  # fmt: skip
def test_what_is_not_there_is_named(call):
    with pytest.raises(sg.SeegradError):
        call(sg.tensor(M))


def test_the_argument_that_is_missing_is_named():
    with pytest.raises(CallError, match=r"numpy\.cov of tensors has no argument dtype"):
        np.cov(sg.tensor(M), dtype="f4")
