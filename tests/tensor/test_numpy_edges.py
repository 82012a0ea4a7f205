"""NumPy's functions at NaN, infinities, −0 and whole numbers: NumPy's values and dtypes, however
they are called."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import seegrad as sg

INF, NAN = np.inf, np.nan
UGLY = np.array([[1.0, NAN, 3.0, 4.0], [-INF, 2.0, INF, -0.0], [0.5, 2.0, -7.25, 3.0]])
TIES = np.array([[5.0, 5.0, -1.0, 5.0], [1.0, INF, 2.0, 1.0], [3.0, 1.0, 2.0, 0.0]])
PLACES, UNEVEN = np.array([0.0, 1.0, 3.0, 4.5]), np.array([2.0, -1.0, -1.5])
ROWS = {
    "median": lambda n, x: n.median(x, axis=-1),
    "median of ties": lambda n, x: n.median(x + 0 * x, axis=-1),
    "quantile": lambda n, x: n.quantile(x, 1 / 3, axis=-1),
    "quantile 0": lambda n, x: n.quantile(x, 0.0, axis=-1),
    "quantiles": lambda n, x: n.stack([*n.quantile(x, [0.0, 0.3, 0.5, 1.0], axis=-1)], -1),
    "percentile": lambda n, x: n.percentile(x, 80, axis=-1),
    "lower": lambda n, x: n.quantile(x, 0.4, axis=-1, method="lower"),
    "higher": lambda n, x: n.quantile(x, 0.4, axis=-1, method="higher"),
    "nearest": lambda n, x: n.quantile(x, 0.5, axis=-1, method="nearest"),
    "midpoint": lambda n, x: n.quantile(x, 0.4, axis=-1, method="midpoint"),
    "nanmean": lambda n, x: n.nanmean(x, axis=-1),
    "nanvar": lambda n, x: n.nanvar(x, axis=-1),
    "nanstd": lambda n, x: n.nanstd(x, axis=-1),
    "nanmax": lambda n, x: n.nanmax(x, axis=-1),
    "nanmin": lambda n, x: n.nanmin(x, axis=-1),
    "nansum": lambda n, x: n.nansum(x, axis=-1),
    "nanprod": lambda n, x: n.nanprod(x, axis=-1),
    "nancumsum": lambda n, x: n.nancumsum(x, axis=-1),
    "nancumprod": lambda n, x: n.nancumprod(x, axis=-1),
    "nanargmax": lambda n, x: n.nanargmax(x, axis=-1),
    "nanargmin": lambda n, x: n.nanargmin(x, axis=-1),
    "imag": lambda n, x: n.imag(x),
    "angle": lambda n, x: n.angle(x),
    "angle in degrees": lambda n, x: n.angle(x, deg=True),
    "modf": lambda n, x: n.modf(x)[0],
    "modf whole": lambda n, x: n.modf(x)[1],
    "gradient": lambda n, x: n.gradient(x, axis=-1),
    "gradient of a width": lambda n, x: n.gradient(x, 0.25, axis=-1),
    "gradient at places": lambda n, x: n.gradient(x, PLACES, axis=-1),
    "gradient at even places": lambda n, x: n.gradient(x, np.arange(4.0) * 2, axis=-1),
    "gradient with parabolas": lambda n, x: n.gradient(x, 0.25, axis=-1, edge_order=2),
    "gradient with parabolas at places":
        lambda n, x: n.gradient(x, PLACES, axis=-1, edge_order=2),
}  # fmt: skip
"""What goes along the last axis, so that each row alone gives the same."""
BETWEEN = {"quantile", "quantile 0", "quantiles", "percentile",
           "lower", "higher", "nearest", "midpoint"}  # fmt: skip


def numpy_says(f, *arrays):
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)
        return f(np, *arrays)


def alike(found, wanted, name):
    found = np.asarray(sg.stop_gradient(found))
    assert found.dtype == np.asarray(wanted).dtype, (name, found.dtype)
    tight = {"e": 2e-3, "f": 1e-6}.get(found.dtype.char, 1e-14)
    np.testing.assert_allclose(found, wanted, rtol=tight, atol=tight, err_msg=name)
    if found.dtype.kind == "f" and not name.startswith(("gradient", "quantile", "percentile")):
        zeros = found == 0
        np.testing.assert_array_equal(np.signbit(found[zeros]), np.signbit(wanted[zeros]), name)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("name", "dtype"), [
    (name, dtype)
    for name in ROWS
    for dtype in ("f8", "f4", "f2", "i8", "i4", "u1", "?")
    # NumPy mixes no booleans; of one byte it makes float16, where float64 is made here
    if not (dtype == "?" and (name in BETWEEN or name.startswith(("gradient", "nanvar", "nanstd"))))
    and not (dtype in ("u1", "?") and name.startswith(("angle", "modf")))
])  # fmt: skip
def test_each_way_of_calling_gives_what_numpy_gives(name, dtype):
    f, between = ROWS[name], name in BETWEEN
    for x in (UGLY, TIES):
        if np.dtype(dtype).kind != "f":
            x = np.where(np.isfinite(x), np.abs(x), 9.0)
        x = x.astype(dtype)
        if between:
            x = np.where(np.isinf(x), 100, x).astype(dtype)     # NumPy's own are NaN there
        wanted = numpy_says(f, x)
        alike(f(sg, x), wanted, name)
        t = sg.tensor(x)
        alike(f(sg, t), wanted, name)
        if name != "quantiles":
            alike(f(np, t), wanted, name)
        alike(sg.compile(lambda x: f(sg, x))(t), wanted, name)
        if name != "quantiles":
            alike(sg.vmap(lambda row: f(sg, row))(t), wanted, name)


def test_infinite_elements_have_a_quantile_of_their_own():
    x = np.array([1.0, INF, INF])
    assert sg.quantile(x, 0.0) == 1
    assert sg.quantile(x, 0.5) == INF
    assert sg.quantile(x, 1.0) == INF
    assert sg.median([INF, INF]) == INF
    assert sg.median([-INF, 1.0]) == -INF


def test_several_quantiles_and_axes():
    x = np.arange(24.0).reshape(2, 3, 4) ** 2
    for q in (0.3, [0.25, 0.75], [[0.1], [0.9]], []):
        for axis in (None, 0, (0, 2), (2, 1), (0, 1, 2)):
            for keepdims in (False, True):
                wanted = np.quantile(x, q, axis=axis, keepdims=keepdims)
                for found in (sg.quantile(x, q, axis=axis, keepdims=keepdims),
                              np.quantile(sg.tensor(x), q, axis=axis, keepdims=keepdims)):
                    alike(found, wanted, f"{q} {axis} {keepdims}")
    alike(np.percentile(sg.tensor([1.0, 2.0]), [25, 75]), np.array([1.25, 1.75]), "percentile")
    alike(np.median(sg.tensor(x), axis=(0, 1)), np.median(x, axis=(0, 1)), "median")


def test_the_gradient_of_all_of_numpys_forms():
    f = np.array([[1.0, 4, 2, 7], [0, 1, 5, 5], [2, 2, 9, 1]])
    calls = [
        ((), {}), ((0.5,), {}), ((0.5, 2.0), {}), ((UNEVEN, PLACES), {}), ((2.0, PLACES), {}),
        ((UNEVEN, 0.5), {"edge_order": 2}), ((), {"axis": (1, 0)}), ((PLACES,), {"axis": 1}),
        ((PLACES, 3.0), {"axis": (1, 0)}), ((), {"axis": -1, "edge_order": 2}),
        (([0.0, 1.0, 3.0, 4.0],), {"axis": 1, "edge_order": 2}),
    ]  # fmt: skip
    for spacing, settings in calls:
        wanted = np.gradient(f, *spacing, **settings)
        for found in (sg.gradient(f, *spacing, **settings),
                      np.gradient(sg.tensor(f), *spacing, **settings)):
            assert isinstance(found, tuple) == isinstance(wanted, tuple)
            for one, other in zip(np.atleast_1d(found) if not isinstance(found, tuple) else found,
                                  wanted if isinstance(wanted, tuple) else [*wanted]):
                alike(one, other, f"{spacing} {settings}")


@pytest.mark.parametrize("edge_order", [1, 2])
def test_the_gradient_is_differentiated_by_values_places_and_widths(edge_order):
    v = np.array([1.0, 4.0, 2.0, 7.0])
    for width in (PLACES, np.array(0.5)):
        assert sg.gradcheck(lambda f, h: sg.gradient(f, h, edge_order=edge_order), v, width)


def test_a_gradient_of_what_does_not_fit_is_refused():
    v = np.arange(4.0)
    for call in (
        lambda: sg.gradient(v, [0.0, 1.0]), lambda: sg.gradient(v, 1.0, 1.0),
        lambda: sg.gradient(np.ones((3, 4)), v), lambda: sg.gradient(v, edge_order=3),
        lambda: sg.gradient([1.0, 2.0], edge_order=2), lambda: sg.gradient(v, axis=(0, 0)),
    ):  # fmt: skip
        with pytest.raises(sg.SeegradError):
            call()


@pytest.mark.parametrize(("start", "stop", "settings"), [
    (-1, -100, {}), (1, 1000, {"num": 4}), (-2.0, -0.5, {"num": 5, "endpoint": False}),
    ([-1.0, 2.0], [-8.0, 32.0], {"num": 3}), ([-1.0, 2.0], [-8.0, 32.0], {"num": 3, "axis": 1}),
    (5.0, 5.0, {"num": 2}), (1.0, 2.0, {"num": 0}),
])  # fmt: skip
def test_geomspace_of_either_sign(start, stop, settings):
    wanted = np.geomspace(start, stop, **settings)
    np.testing.assert_allclose(sg.geomspace(start, stop, **settings), wanted, rtol=1e-13)
    if settings.get("num") != 0:
        found = np.geomspace(sg.tensor(start) * 1.0, stop, **settings)
        np.testing.assert_allclose(found.value, wanted, rtol=1e-13)


def test_geomspace_refuses_zero():
    with pytest.raises(sg.SeegradError, match="0"):
        sg.geomspace(0.0, 1.0)


def test_slopes_of_what_numpy_gives_no_number():
    assert sg.grad(sg.imag)(np.inf) == 0
    assert sg.grad(lambda x: sg.modf(x)[0])(2.5) == 1
    assert sg.grad(sg.angle)(-2.0) == 0
    np.testing.assert_array_equal(sg.grad(sg.median)(np.array([1.0, 2.0, 4.0])), [0, 1, 0])
