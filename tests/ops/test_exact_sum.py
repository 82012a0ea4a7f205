"""Eager sums along every axis: as exact as pairwise ones, whatever lies behind the axis."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import seegrad as sg
from seegrad.ops.exact_sum import exact_sum

CASES = [((100_003, 3), (0,)), ((3, 100_003), (1,)), ((50, 40, 41, 3), (0, 2)), ((65, 2), (0,)),
         ((1000, 4, 129), (0, 2)), ((129, 130, 2), (0, 1)), ((7,), (0,)), ((0, 3), (0,)),
         ((300, 0), (0,)), ((200, 1, 5), (0, 1))]  # fmt: skip


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize(("shape", "axis"), CASES)
def test_sums_are_exact_and_keep_their_shape(shape: Any, axis: Any, order: Any) -> None:
    x = np.asarray(np.random.default_rng(0).random(shape, np.float32), order=order)
    for keepdims in (False, True):
        exact = x.astype(np.float64).sum(axis, keepdims=keepdims)
        found = exact_sum(x, axis=axis, keepdims=keepdims)
        assert (found.shape, found.dtype) == (exact.shape, x.dtype)
        assert (np.abs(found - exact) <= 8 * 2.0**-24 * exact).all()


@pytest.mark.parametrize("n", [64, 65, 128, 4097])
def test_each_number_counts_once(n: int) -> None:
    x = (np.arange(n * 2) % 5).reshape(n, 2).astype(np.float32)
    assert np.array_equal(exact_sum(x, axis=(0,)), x.sum(0))


def test_statistics_of_columns_are_exact() -> None:
    x = np.random.default_rng(0).random((100_000, 2), np.float32)
    wide = x.astype(np.float64)
    for name in ("mean", "var", "std"):
        found = np.asarray(getattr(sg, name)(x, axis=0))
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, getattr(wide, name)(0), rtol=5e-7)
