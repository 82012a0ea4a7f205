"""Running sums and additions at indices in native code: what eager gives, on any axis."""

from __future__ import annotations

import numpy as np
import pytest

import seegrad as sg
from seegrad.compiler import target

CHANCE = np.random.default_rng(0)
pytestmark = pytest.mark.skipif(not target.available(), reason="llvmlite is not installed")
SHAPES = [((7,), 0), ((1,), 0), ((5, 1), 1), ((33, 40), 0), ((33, 40), 1), ((3, 17, 20), 1),
          ((0, 4), 0), ((4, 0), 0), ((2, 3, 4, 5), 2)]  # fmt: skip
DTYPES = [np.float64, np.float32, np.int64, np.int32, bool]


def _natively(f, *args, threads):
    compiled = sg.compile(f, threads=threads)
    found = compiled(*args)
    assert "0 calls of NumPy" in compiled.report
    return np.asarray(found.value)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(("shape", "axis"), SHAPES)
def test_running_sums(shape, axis, threads):
    for dtype in DTYPES:
        x = (CHANCE.standard_normal(shape) * 5).astype(dtype)
        for f in (
            lambda x: sg.cumsum(x, axis=axis),
            lambda x: sg.cumsum(x[::-1], axis=axis) * 2,
            lambda x: sg.cumsum(x.T, axis=-1 - axis),
        ):
            want = np.asarray(f(sg.tensor(x)).value)
            np.testing.assert_array_equal(_natively(f, x, threads=threads), want)
    y = CHANCE.standard_normal(shape)
    slope = sg.grad(lambda y: (sg.cumsum(y, axis=axis) ** 2).sum())
    np.testing.assert_allclose(
        _natively(slope, y, threads=threads), np.asarray(slope(y)), rtol=1e-12
    )


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(("shape", "axis"), [s for s in SHAPES if np.prod(s[0])])
def test_additions_at_indices(shape, axis, threads):
    size = 6
    indices = CHANCE.integers(-size, size, shape[axis])       # some more than once
    whole = (*shape[:axis], size, *shape[axis + 1:])
    for dtype in DTYPES[:-1]:
        x = (CHANCE.standard_normal(shape) * 5).astype(dtype)

        def f(x, i):
            return sg.TABLE["scatter_add"](x, i, axis=axis, shape=whole)

        want = np.asarray(f(sg.tensor(x), sg.tensor(indices)).value)
        np.testing.assert_array_equal(_natively(f, x, indices, threads=threads), want)
        with pytest.raises(sg.SeegradError):
            sg.compile(f)(x, np.where(indices == indices[0], size, indices))


def test_an_embedding_trains_without_numpy():
    words = CHANCE.integers(0, 9, (4, 5))
    table = CHANCE.standard_normal((9, 3))
    slope = sg.grad(lambda w, i: (sg.take(w, i, axis=0) ** 2).sum())
    found = _natively(slope, table, words, threads=2)
    np.testing.assert_allclose(found, np.asarray(slope(table, words)), rtol=1e-13)
