"""Long compiled sums err no more than float64 totals rounded once or twice, in every order of axes,
and nothing is left out where chains end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import seegrad as sg
from seegrad.compiler import target
from seegrad.compiler.codegen.llvm_builder import Function, Module
from seegrad.compiler.codegen.summation import Chains, Total

pytestmark = pytest.mark.skipif(not target.available(), reason="needs llvmlite")
ULP = 2.0**-24

SHAPES = [
    ((1 << 20,), 0), ((1000, 1003), 0), ((1003, 1000), 1), ((7, 300, 301), (0, 2)),
    ((300, 7, 301), (0, 1)), ((64, 33, 65), (0, 1, 2)), ((100_001,), 0), ((2, 129), 1),
    ((131, 2), 0),
]  # fmt: skip


@pytest.mark.parametrize(("shape", "axis"), SHAPES)
def test_a_long_sum_errs_as_little_as_one_that_is_rounded_twice(shape: Any, axis: Any) -> None:
    x = np.random.default_rng(0).random(shape, np.float32)
    exact = x.astype(np.float64).sum(axis)
    found = np.asarray(sg.compile(lambda x: x.sum(axis))(x))
    assert np.abs(found / exact - 1).max() < 4 * ULP


@pytest.mark.parametrize(("m", "k", "n"), [(1, 100_003, 1), (16, 20_001, 16), (5, 9_000, 3)])
def test_a_long_dot_errs_little(m: int, k: int, n: int) -> None:
    rng = np.random.default_rng(0)
    a, b = rng.random((m, k), np.float32), rng.random((k, n), np.float32)
    found = np.asarray(sg.compile(lambda a, b: a @ b)(a, b))
    exact = a.astype(np.float64) @ b.astype(np.float64)
    assert np.abs(found / exact - 1).mean() < 2 * ULP


@pytest.mark.parametrize("dtype", ["f4", "f8", "i4"])
def test_sums_of_whole_numbers_are_exact_at_every_length(dtype: str) -> None:
    """Each place counts once, wherever a chain, a vector or a row ends."""
    for n in (31, 32, 33, 64, 127, 512, 2047, 2049, 4_099, 40_000):
        x = np.arange(n, dtype=dtype) % 7
        for shape, axis in (((n,), 0), ((n, 3), 0), ((3, n), 1), ((2, n, 2), (0, 1))):
            y = np.broadcast_to(x.reshape([m if m == n else 1 for m in shape]), shape).copy()
            found = np.asarray(sg.compile(lambda y: y.sum(axis))(y))  # noqa: B023
            assert np.array_equal(found, y.sum(axis)), (n, shape)


def test_infinite_and_missing_numbers_come_through() -> None:
    x = np.ones(5_000, np.float32)
    total = sg.compile(lambda x: x.sum())
    for value in (np.inf, -np.inf, np.nan):
        x[3_210] = value
        assert np.array_equal(np.asarray(total(x)), np.float32(value), equal_nan=True)


@pytest.mark.parametrize(
    ("lengths", "dtype", "cut", "turns"),
    [([32], "f4", None, 0), ([33], "f4", 0, 17), ([100, 8], "f4", 0, 4), ([9, 40], "f4", 1, 20),
     ([100], "i4", None, 0), ([1 << 20], "f8", 0, 1024)],
)  # fmt: skip
def test_where_chains_end(lengths: list[int], dtype: str, cut: int | None, turns: int) -> None:
    f = Function(Module(), "f", [])
    chains = Chains.of(f, [Total("sum", np.dtype(dtype), 16)], lengths)
    assert (chains.cut, chains.turns) == (cut, turns)
