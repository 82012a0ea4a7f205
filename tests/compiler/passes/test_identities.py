"""The compiler's identities: both sides, eager and compiled, to the last bit."""

from __future__ import annotations

import inspect
import itertools

import numpy as np
import pytest

import seegrad as sg
from seegrad.compiler.passes.identities import IDENTITIES

DRAWN = np.random.default_rng(0).normal(size=6).tolist()
EDGES = (-np.inf, -3.0, -1.0, -0.0, 0.0, 0.5, 1.0, 2.5, 1e300, np.inf, np.nan, *DRAWN)
WHOLE = (-7, -1, 0, 1, 3)


def _columns(rule, values, dtype):
    count = len(inspect.signature(rule.build).parameters)
    return [np.array(x, dtype) for x in zip(*itertools.product(values, repeat=count))]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("rule", IDENTITIES, ids=lambda i: i.name)
def test_both_sides_are_equal(rule, dtype):
    build = rule.build
    with np.errstate(all="ignore"):
        given = _columns(rule, EDGES, dtype)
        left, right = (np.asarray(side) for side in build(*map(sg.tensor, given)))
        compiled = sg.compile(lambda *xs: build(*xs)[0])(*given)
    np.testing.assert_array_equal(left, right, strict=True)
    np.testing.assert_array_equal(np.signbit(left[left == 0]), np.signbit(right[left == 0]))
    np.testing.assert_array_equal(compiled.value, left, strict=True)


@pytest.mark.parametrize("rule", IDENTITIES, ids=lambda i: i.name)
def test_both_sides_are_equal_for_integers(rule):
    build = rule.build
    given = _columns(rule, WHOLE, np.int64)
    with np.errstate(all="ignore"):
        try:
            left, right = (np.asarray(side) for side in build(*map(sg.tensor, given)))
        except sg.SeegradError:
            return                          # integers have no such power
        compiled = sg.compile(lambda *xs: build(*xs)[0])(*given)
    np.testing.assert_array_equal(compiled.value, left, strict=True)
    if left.dtype == right.dtype:           # otherwise it is not applied
        np.testing.assert_array_equal(left, right)
