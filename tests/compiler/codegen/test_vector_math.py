"""The elementary functions of the compiler against 60-digit truth and against NumPy's corners."""

import ctypes
from dataclasses import replace

import mpmath
import numpy as np
import pytest

from seegrad.compiler import target
from seegrad.compiler.codegen.functions import vector_math
from seegrad.compiler.codegen.llvm_builder import Function, Module
from seegrad.compiler.codegen.llvm_types import Value, vector
from seegrad.compiler.runtime import jit

pytestmark = pytest.mark.skipif(not target.available(), reason="llvmlite is not installed")

SCALAR = {"f4": "float", "f8": "double"}
TRUTH = {
    "arcsin": mpmath.asin, "arccos": mpmath.acos, "arctan": mpmath.atan, "arctan2": mpmath.atan2,
    "pow": mpmath.power, "erf": mpmath.erf,
}
RANGES = {
    "exp": (-120, 100, -750, 715), "expm1": (-30, 90, -40, 712), "log": (0, 1e30, 0, 1e300),
    "log1p": (-1, 1e3, -1, 1e6), "tanh": (-12, 12, -22, 22), "sinh": (-89, 89, -711, 711),
    "cosh": (-89, 89, -711, 711), "sin": (-40, 40, -1e4, 1e4), "cos": (-40, 40, -1e4, 1e4),
    "tan": (-40, 40, -1e4, 1e4), "arctan": (-50, 50, -1e3, 1e3), "arcsin": (-1, 1, -1, 1),
    "arccos": (-1, 1, -1, 1), "erf": (-5, 5, -6.5, 6.5),
}


def native_function(name, dtype, lanes, arity):
    """Arrays in, array out, `lanes` at a time, with a scalar tail."""
    module = Module()
    parameters = [*(("ptr", f"x{i}") for i in range(arity)), ("ptr", "y"), ("i64", "n")]
    f = Function(module, "run", parameters)
    xs = [f.parameters[f"x{i}"] for i in range(arity)]
    size, kind = np.dtype(dtype).itemsize, vector(SCALAR[dtype], lanes)

    def body(i: Value) -> None:
        offset = f.times(i, size)
        values = [f.load(f.at(x, offset), kind, size) for x in xs]
        f.store(vector_math.emit(f, name, *values), f.at(f.parameters["y"], offset), size)

    f.loop(0, f.parameters["n"], lanes, body)
    f.finish()
    program = jit.Program(module.text)
    call = program.function("run", [ctypes.c_void_p] * (arity + 1) + [ctypes.c_int64])

    def run(*arrays):
        n = len(arrays[0])
        padded = [np.concatenate([a, np.repeat(a[-1:], -n % lanes)]) for a in arrays]
        out = np.empty_like(padded[0])
        call(*(a.ctypes.data for a in padded), out.ctypes.data, len(out))
        assert program is not None
        return out[:n]

    return run


def ulps(got, xs, function, dtype):
    """The largest distance from the truth, in units of the truth's last place."""
    worst = 0.0
    for y, *x in zip(got.astype("f8"), *(x.astype("f8") for x in xs)):
        truth = function(*(mpmath.mpf(float(v)) for v in x))
        with np.errstate(over="ignore"):
            near = np.dtype(dtype).type(float(truth))
        if not np.isfinite(near):
            assert y == near
            continue
        with np.errstate(all="ignore"):
            unit = float(np.spacing(np.abs(near)))
        worst = max(worst, float(abs(mpmath.mpf(float(y)) - truth) / unit))
    return worst


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("name", sorted(RANGES))
def test_within_two_ulps_of_the_truth(name, dtype):
    rng = np.random.default_rng(0)
    low, high = RANGES[name][:2] if dtype == "f4" else RANGES[name][2:]
    dense = np.linspace(low, high, 1501)
    small = rng.uniform(-1, 1, 500) * 10.0 ** rng.uniform(-12, 0, 500)
    x = np.concatenate([dense, rng.uniform(low, high, 1500), small]).astype(dtype)
    x = np.abs(x) if name == "log" else x[(x >= low) & (x <= high)]
    if name in ("log", "log1p"):
        x = np.concatenate([x, (1 + rng.uniform(-0.4, 0.6, 1000)).astype(dtype)])
        x = x[x > (0 if name == "log" else -1)]
    run = native_function(name, dtype, 64 // np.dtype(dtype).itemsize, 1)
    with mpmath.workprec(200):
        assert ulps(run(x), [x], TRUTH.get(name) or getattr(mpmath, name), dtype) <= 2


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_two_argument_functions_are_within_two_ulps(dtype):
    rng = np.random.default_rng(1)
    y, x = rng.normal(size=(2, 1500)).astype(dtype) * 10.0 ** rng.integers(-5, 5, (2, 1500))
    y, x = y.astype(dtype), x.astype(dtype)
    lanes = 64 // np.dtype(dtype).itemsize
    with mpmath.workprec(200):
        assert ulps(native_function("arctan2", dtype, lanes, 2)(y, x), [y, x],
                    mpmath.atan2, dtype) <= 2
        base = rng.uniform(0.01, 9, 1500).astype(dtype)
        power = rng.uniform(-20, 20, 1500).astype(dtype)
        assert ulps(native_function("pow", dtype, lanes, 2)(base, power), [base, power],
                    mpmath.power, dtype) <= 2


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("name", sorted(set(RANGES) - {"erf"}))
def test_corners_are_as_in_numpy(name, dtype):
    info = np.finfo(dtype)
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, info.tiny, -info.tiny,
                  info.smallest_subnormal, info.max, -info.max, info.eps, 1e6, -1e6, 0.5, -0.5,
                  89.0, -89.0, -104.0, 709.9, -746.0, 710.3], dtype)
    with np.errstate(all="ignore"):
        want = getattr(np, name)(x)
    got = native_function(name, dtype, 4, 1)(x)
    assert np.array_equal(np.isnan(got), np.isnan(want))
    real = ~np.isnan(want)
    assert np.array_equal(np.signbit(got[real]), np.signbit(want[real]))
    np.testing.assert_allclose(got[real], want[real], rtol=4 * info.eps,
                               atol=float(info.smallest_subnormal))


def test_corners_of_the_two_argument_arc_tangent():
    ends = np.array([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan])
    y, x = (a.ravel() for a in np.meshgrid(ends, ends))
    got, want = native_function("arctan2", "f8", 8, 2)(y, x), np.arctan2(y, x)
    np.testing.assert_allclose(got, want, rtol=1e-15)
    real = ~np.isnan(want)
    assert np.array_equal(np.signbit(got[real]), np.signbit(want[real]))


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("name", ["exp", "expm1", "tanh", "cosh"])
def test_exponentials_have_the_same_bits_with_and_without_avx512(name, dtype, monkeypatch):
    low, high = RANGES[name][:2] if dtype == "f4" else RANGES[name][2:]
    x = np.append(np.linspace(low, high, 20001), [np.nan, np.inf, -np.inf, 0.0]).astype(dtype)
    lanes = 64 // np.dtype(dtype).itemsize
    here = native_function(name, dtype, lanes, 1)(x)
    monkeypatch.setattr(vector_math, "host", lambda: replace(target.host(), bytes=32))
    np.testing.assert_array_equal(native_function(name, dtype, lanes, 1)(x), here)
