"""Every elementwise operation, compiled, at the edges of its dtypes: what eager gives.

The inputs are all combinations of signs, halves, zeros of both signs, infinities and NaN, far
outside of the domains in which derivatives are looked at.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import seegrad as sg
from trust.harness.sampling import inputs_of

REALS = (-np.inf, -3.0, -2.5, -1.0, -0.0, 0.0, 0.5, 1.0, 2.0, 3.5, np.inf, np.nan)
WHOLE = (-128, -7, -2, -1, 0, 1, 2, 3, 127)
UNSIGNED = (0, 1, 2, 3, 127, 128, 255)
EDGES = {"float64": REALS, "float32": REALS, "int64": WHOLE, "int8": WHOLE, "uint8": UNSIGNED,
         "bool": (0, 1)}  # fmt: skip
EXACT = {"float64": 1e-12, "float32": 2e-6}
OPS = [op for op in sg.TABLE.values()
       if op.family == "elementwise" and not op.variadic and op.arity in (1, 2, 3)]  # fmt: skip


def _columns(op, dtype):
    rows = itertools.product(EDGES[dtype], repeat=op.arity)
    return [np.array(column, dtype) for column in zip(*rows)]


def _check(found, want, given, rtol):
    assert found.dtype == want.dtype
    same = np.isclose(found, want, rtol=rtol, atol=0, equal_nan=True)
    if want.dtype.kind == "f":
        same &= (want != 0) | (np.signbit(found) == np.signbit(want))
    wrong = [(tuple(x[k] for x in given), found[k], want[k]) for k in np.flatnonzero(~same)[:5]]
    assert not wrong, wrong


@pytest.mark.parametrize("dtype", EDGES)
@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
def test_values_at_the_edges(op, dtype):
    given, attrs = _columns(op, dtype), op.cases[0].attrs
    with np.errstate(all="ignore"):
        try:
            want = np.asarray(op(*given, **attrs))
        except sg.SeegradError as refused:
            with pytest.raises(type(refused)):
                sg.compile(lambda *xs: op(*xs, **attrs))(*given)
            return
        found = np.asarray(sg.compile(lambda *xs: op(*xs, **attrs))(*given))
    _check(found, want, given, EXACT.get(want.dtype.name, 0 if want.dtype.kind != "f" else 2e-3))


@pytest.mark.parametrize("op", [op for op in OPS if op.differentiable], ids=lambda op: op.name)
def test_derivatives_at_the_edges(op):
    given, attrs = _columns(op, "float64"), op.cases[0].attrs
    slopes = sg.grad(lambda *xs: op(*xs, **attrs).sum(), range(op.arity))
    with np.errstate(all="ignore"):
        try:
            want = slopes(*given)
        except sg.SeegradError:
            return                                  # nothing goes back to any input
        found = sg.compile(slopes)(*given)
    for a, b in zip(found, want):
        same = np.isclose(np.asarray(a), b, rtol=1e-11, atol=0, equal_nan=True)
        assert same.all(), [(tuple(x[k] for x in given), np.asarray(a)[k], b[k])
                            for k in np.flatnonzero(~same)[:5]]  # fmt: skip


NUMBERS = ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
           "float16", "float32", "float64")  # fmt: skip


@pytest.mark.parametrize("dtype", NUMBERS)
def test_every_dtype_becomes_every_other(dtype):
    signed = np.dtype(dtype).kind in "if"
    x = np.array([0, 1, 2, 3, 100, *([-1, -2, -100] if signed else [])], dtype)
    targets = [d for d in NUMBERS if not signed or d[0] != "u"]  # of −1 as uint8 nobody says more

    def turned(x):
        return [sg.astype(x, dtype=d) for d in targets]

    for found, want in zip(sg.compile(turned)(x), turned(x)):
        np.testing.assert_array_equal(np.asarray(found), want, strict=True)


# what is narrower than float32 is rounded where it is computed with, at other places than eager
ROUGH = {"float16": 4e-3, "bool": 1e-6, "int16": 1e-6, "int64": 1e-12}


@pytest.mark.parametrize("dtype", ROUGH)
@pytest.mark.parametrize("op", sg.TABLE.values(), ids=lambda op: op.name)
def test_dtypes_that_are_rarely_given_come_out_as_eager(op, dtype):
    for case in op.cases:
        if 0 in [n for shape in case.shapes for n in shape]:
            continue                        # there is nothing that could be refused
        given = [x.astype(dtype) if x.dtype.kind == "f" else x
                 for x in inputs_of(op, case, np.random.default_rng(0))]  # fmt: skip
        try:
            want = np.asarray(op(*given, **case.attrs))
        except sg.SeegradError:
            continue
        attrs = case.attrs
        with np.errstate(all="ignore"):
            found = np.asarray(sg.compile(lambda *xs, attrs=attrs: op(*xs, **attrs))(*given))
        assert (found.dtype, found.shape) == (want.dtype, want.shape)
        close = ROUGH[dtype]
        np.testing.assert_allclose(found.astype(float), want.astype(float), close, close)


def test_half_precision_is_filled_with_its_own_bits():
    x = np.arange(4, dtype="float16")
    found = sg.compile(lambda x: sg.pad(x, widths=1, value=1.5))(x)
    np.testing.assert_array_equal(found.value, [1.5, 0, 1, 2, 3, 1.5])


def test_integer_scores_take_soft_targets():
    scores, targets = np.array([[2, -1, 3]]), np.array([[0.25, 0.5, 0.25]])
    right = float(sg.softmax_cross_entropy(scores.astype(float), targets))
    for road in (sg.softmax_cross_entropy, sg.compile(sg.softmax_cross_entropy)):
        assert float(road(scores, targets)) == pytest.approx(right)
