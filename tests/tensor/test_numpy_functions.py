"""NumPy's functions put together from operations: NumPy's values, eager and compiled; slopes."""

from __future__ import annotations

import numpy as np
import pytest

import seegrad as sg
from seegrad.errors import ValueRangeError

R = np.random.default_rng(5)
V, W = R.uniform(0.5, 2.0, 6), R.uniform(0.5, 2.0, 6)
M = R.uniform(0.5, 2.0, (3, 4))
T = R.uniform(0.5, 2.0, (2, 3, 4))
HOLES = np.where(np.arange(12).reshape(3, 4) % 5 == 1, np.nan, M)
ONE = {
    "average": (lambda n, x: n.average(x, axis=1, weights=np.array([1.0, 2.0, 3.0, 4.0])), M),
    "average of all": (lambda n, x: n.average(x), M),
    "percentile": (lambda n, x: n.percentile(x, 30, axis=0), M),
    "nansum": (lambda n, x: n.nansum(x, axis=0), HOLES),
    "nanmean": (lambda n, x: n.nanmean(x, axis=1), HOLES),
    "nanvar": (lambda n, x: n.nanvar(x, axis=1, ddof=1), HOLES),
    "nanstd": (lambda n, x: n.nanstd(x, axis=1), HOLES),
    "nanmax": (lambda n, x: n.nanmax(x, axis=0), HOLES),
    "nanmin": (lambda n, x: n.nanmin(x), HOLES),
    "nanprod": (lambda n, x: n.nanprod(x, axis=0), HOLES),
    "ptp": (lambda n, x: n.ptp(x, axis=1), M),
    "cov": (lambda n, x: n.cov(x), M),
    "cov of columns": (lambda n, x: n.cov(x, rowvar=False, bias=True), M),
    "cov of a vector": (lambda n, x: n.cov(x), V),
    "corrcoef": (lambda n, x: n.corrcoef(x), M),
    "trapezoid": (lambda n, x: n.trapezoid(x, dx=0.3, axis=0), M),
    "trapezoid at places": (lambda n, x: n.trapezoid(x, np.array([0.0, 1, 3, 7])), M),
    "gradient": (lambda n, x: n.gradient(x, 0.5), V),
    "gradient of rows": (lambda n, x: n.gradient(x, axis=1), M),
    "unwrap": (lambda n, x: n.unwrap(x), V * 5),
    "convolve": (lambda n, x: n.convolve(x, W[:3]), V),
    "convolve same": (lambda n, x: n.convolve(x, W[:4], "same"), V),
    "convolve valid": (lambda n, x: n.convolve(x, W[:3], "valid"), V),
    "correlate": (lambda n, x: n.correlate(x, W[:3]), V),
    "correlate full": (lambda n, x: n.correlate(x, W[:3], "full"), V),
    "interp": (lambda n, x: n.interp(x, [0.4, 1.0, 1.6], [1.0, 3.0, 2.0]), V),
    "interp of values": (lambda n, x: n.interp([0.1, 0.7, 9.0], [0.4, 1.0, 1.6], x), V[:3]),
    "atleast_1d": (lambda n, x: n.atleast_1d(x), V[0]),
    "atleast_2d": (lambda n, x: n.atleast_2d(x), V),
    "atleast_3d": (lambda n, x: n.atleast_3d(x), V),
    "atleast_3d of a matrix": (lambda n, x: n.atleast_3d(x), M),
    "array_split": (lambda n, x: n.array_split(x, 4)[1], V),
    "hsplit": (lambda n, x: n.hsplit(x, 2)[1], M),
    "vsplit": (lambda n, x: n.vsplit(x, 3)[2], M),
    "dsplit": (lambda n, x: n.dsplit(x, [1])[1], T),
    "column_stack": (lambda n, x: n.column_stack([x, W]), V),
    "dstack": (lambda n, x: n.dstack([x, M]), M),
    "append": (lambda n, x: n.append(x, [1.0, 2.0]), M),
    "append rows": (lambda n, x: n.append(x, M[:1], axis=0), M),
    "select": (lambda n, x: n.select([M > 1.5, M > 1.0], [x, x * x], 7.0), M),
    "rot90": (lambda n, x: n.rot90(x), M),
    "rot90 back": (lambda n, x: n.rot90(x, -1, (1, 2)), T),
    "rot90 twice": (lambda n, x: n.rot90(x, 2), M),
    "flipud": (lambda n, x: n.flipud(x), M),
    "fliplr": (lambda n, x: n.fliplr(x), M),
    "meshgrid": (lambda n, x: n.meshgrid(x, W[:3])[0], V[:2]),
    "meshgrid ij": (lambda n, x: n.meshgrid(W[:3], x, indexing="ij")[1], V[:2]),
    "cross": (lambda n, x: n.cross(x, M.T[:, :3]), np.ascontiguousarray(M.T)),
    "vdot": (lambda n, x: n.vdot(x, M * 2), M),
    "ediff1d": (lambda n, x: n.ediff1d(x), M),
    "vander": (lambda n, x: n.vander(x, 4), V),
    "vander up": (lambda n, x: n.vander(x, increasing=True), V[:3]),
    "nan_to_num": (lambda n, x: n.nan_to_num(x, nan=7.0), HOLES),
    "partition": (lambda n, x: n.sort(n.partition(x, 2, axis=1), axis=1), M),
    "fmax": (lambda n, x: n.fmax(x, 1.2), M),
    "sinc": (lambda n, x: n.sinc(x), M),
    "i0": (lambda n, x: n.i0(x), V),
    "deg2rad": (lambda n, x: n.deg2rad(x), V),
    "logaddexp2": (lambda n, x: n.logaddexp2(x, 1.0), V),
    "copysign": (lambda n, x: n.copysign(x, -W), V),
}


@pytest.mark.parametrize("name", ONE)
def test_it_is_numpys_eager_compiled_and_through_numpy_itself(name):
    f, x = ONE[name]
    expected = f(np, x)
    for found in (f(sg, x), f(sg, sg.tensor(x)).value, sg.compile(lambda x: f(sg, x))(x),
                  f(np, sg.tensor(x)).value):  # fmt: skip
        np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-12, atol=1e-13)
        assert np.shape(found) == np.shape(expected)


@pytest.mark.parametrize("name", [n for n in ONE if ONE[n][1] is not HOLES])
def test_its_derivative_is_that_of_differences(name):
    f, x = ONE[name]
    weights = np.asarray(R.normal(size=np.shape(f(np, x))))
    sg.gradcheck(lambda x: (f(sg, x) * weights).sum(), x)


def test_what_is_left_out_gets_no_derivative():
    slope = sg.grad(lambda x: sg.nansum(x * x) + sg.nanmax(x))(HOLES)
    assert np.isfinite(slope).all()
    assert (slope[np.isnan(HOLES)] == 0).all()


@pytest.mark.parametrize(
    ("ours", "join"), [(sg.cummax, np.maximum), (sg.cummin, np.minimum),
                       (sg.logcumsumexp, np.logaddexp)],
)  # fmt: skip
def test_running_extremes_and_sums_of_exponentials(ours, join):
    for axis in (0, 1, -1):
        expected = join.accumulate(M, axis=axis)
        np.testing.assert_allclose(ours(M, axis), expected, rtol=1e-13)
        compiled = sg.compile(lambda x, axis=axis: ours(x, axis))
        np.testing.assert_allclose(compiled(M), expected, rtol=1e-13)
    weights = R.normal(size=M.shape)
    sg.gradcheck(lambda x: (ours(x, 1) * weights).sum(), M)


def test_searching_bins_and_membership():
    edges = np.array([0.5, 1.0, 1.5])
    for side in ("left", "right"):
        expected = np.searchsorted(edges, M, side)
        assert np.array_equal(sg.searchsorted(edges, M, side), expected)
        compiled = sg.compile(lambda x, side=side: sg.searchsorted(edges, x, side))
        assert np.array_equal(compiled(M), expected)
    assert np.array_equal(sg.digitize(M, edges), np.digitize(M, edges))
    assert np.array_equal(sg.isin([1, 2, 3], [2, 9]), [False, True, False])
    assert np.array_equal(sg.isposinf([1.0, np.inf]), [False, True])
    assert np.array_equal(sg.heaviside([-1.0, 0.0, 2.0], 0.3), np.heaviside([-1.0, 0.0, 2.0], 0.3))


def test_whole_numbers_bit_by_bit():
    a, b = np.array([5, 12, 255]), np.array([3, 10, 1])
    for name in ("bitwise_and", "bitwise_or", "bitwise_xor", "left_shift", "right_shift"):
        assert np.array_equal(np.asarray(getattr(np, name)(sg.tensor(a), b)),
                              getattr(np, name)(a, b))  # fmt: skip
    assert np.array_equal((sg.tensor(a) & b).value, a & b)
    assert np.array_equal((~sg.tensor(a)).value, ~a)
    assert np.array_equal((sg.tensor(a > 6) | (b > 5)).value, (a > 6) | (b > 5))
    with pytest.raises(sg.SeegradError, match="whole numbers"):
        sg.tensor([1.0]) & 1


@pytest.mark.parametrize(
    "call",
    [
        lambda: sg.average(M, axis=0, weights=[1.0, 2.0]),
        lambda: sg.cross(V, V),
        lambda: sg.convolve(M, V),
        lambda: sg.convolve(V, V, "all"),
        lambda: sg.interp(1.0, [1.0, 2.0], [1.0]),
        lambda: sg.searchsorted(M, 1.0),
        lambda: sg.searchsorted(V, 1.0, "middle"),
        lambda: sg.gradient(V[:1]),
        lambda: sg.gradient(M, 1.0, 2.0, 3.0),
        lambda: sg.select([True], []),
        lambda: sg.meshgrid(V, indexing="xyz"),
        lambda: sg.array_split(V, 0),
        lambda: sg.random.randint(sg.random.key(0), (2,), 3, 3),
        lambda: sg.special.polygamma(-1, 2.0),
    ],
)
def test_what_cannot_be_is_a_named_error(call):
    with pytest.raises(sg.SeegradError):
        call()


def test_random_numbers_come_from_keys():
    key, other = sg.random.split(sg.random.key(3))
    draws = {
        "uniform": lambda k: sg.random.uniform(k, (4,), np.float64, 2.0, 5.0),
        "normal": lambda k: sg.random.normal(k, (4,)),
        "bernoulli": lambda k: sg.random.bernoulli(k, 0.3, (50,)),
        "randint": lambda k: sg.random.randint(k, (50,), -2, 3),
        "permutation": lambda k: sg.random.permutation(k, 10),
        "categorical": lambda k: sg.random.categorical(k, np.log([[0.2, 0.8]]), size=(50,)),
    }
    for name, draw in draws.items():
        first = np.asarray(draw(key))
        assert np.array_equal(first, draw(key)), name
        assert np.array_equal(first, sg.compile(draw)(key)), name
        assert not np.array_equal(first, draw(other)), name
    assert set(np.asarray(draws["randint"](key))) == {-2, -1, 0, 1, 2}
    assert sorted(np.asarray(draws["permutation"](key))) == list(range(10))
    assert sg.random.categorical(key, np.zeros(3), size=5).shape == (5,)
    many = sg.random.categorical(key, np.log([0.2, 0.8]), size=(20_000,))
    assert abs(float(np.mean(many)) - 0.8) < 0.015
    slope = sg.grad(lambda s: (sg.random.normal(key, (5,), np.float64) * s).sum())(2.0)
    np.testing.assert_allclose(slope, np.sum(sg.random.normal(key, (5,), np.float64)))


@pytest.mark.parametrize("right", [False, True])
@pytest.mark.parametrize(
    "bins", [[0.0, 2.0], [2.0, 0.0], [3.0, 2.0, 1.0, 0.0], [1.0], [], [1.0, 1.0, 1.0],
             [0.0, 1.0, np.nan], [2.0, 2.0, 1.0], [0, 1, 2]], ids=str,
)  # fmt: skip
def test_bins_are_those_of_numpy_with_nan_and_the_way_down_on_every_road(bins, right):
    x = np.array([np.nan, 0, 0.5, 1, 2, 3, -1, np.inf, -np.inf])
    bins = np.array(bins)
    wanted = np.digitize(x, bins, right=right)
    roads = (
        lambda: sg.digitize(x, bins, right=right),
        lambda: sg.digitize(x, sg.tensor(bins), right=right),
        lambda: sg.compile(lambda x: sg.digitize(x, bins, right=right))(x),
        lambda: sg.compile(lambda x, b: sg.digitize(x, b, right=right))(x, bins),
        lambda: sg.vmap(lambda x: sg.digitize(x, bins, right=right))(x),
    )
    for road in roads:
        assert np.array_equal(road(), wanted)


def test_bins_that_go_up_and_down_are_refused():
    with pytest.raises(ValueRangeError, match="ascend or descend"):
        sg.digitize([0.5], [1.0, 3.0, 2.0])
