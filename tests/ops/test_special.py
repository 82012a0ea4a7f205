"""Special functions against SciPy's: values far from the standard cases, and at the edges."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import seegrad as sg

scipy = pytest.importorskip("scipy.special")

LINE = np.concatenate([np.linspace(-30, 30, 241), [-100.5, -1e-9, 1e-9, 100.0, np.inf, -np.inf]])
RIGHT = np.concatenate([np.linspace(0.01, 40, 200), [1e-8, 1e3, 1e8]])
UNIT = np.concatenate([np.linspace(0, 1, 101), [1e-300, 1e-20, 1 - 1e-12]])
PLACES = {
    "gammaln": RIGHT, "digamma": RIGHT, "erfc": LINE[LINE < 25], "erfcx": LINE, "ndtr": LINE,
    "log_ndtr": LINE[np.isfinite(LINE)], "i0e": LINE, "i1e": LINE, "i0": LINE[:-2],
    "i1": LINE[:-2], "ndtri": UNIT, "logit": UNIT, "entr": LINE[np.isfinite(LINE)],
    "erfinv": UNIT * 2 - 1,
}  # fmt: skip


@pytest.mark.parametrize("name", PLACES)
def test_values_are_scipys(name):
    x = PLACES[name]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        found, expected = getattr(sg.special, name)(x), getattr(scipy, name)(x)
    np.testing.assert_allclose(found, expected, rtol=5e-13, atol=1e-300)


@pytest.mark.parametrize("n", range(5))
def test_polygamma_is_scipys(n):
    np.testing.assert_allclose(sg.special.polygamma(n, RIGHT), scipy.polygamma(n, RIGHT), 5e-13)


def test_poles_and_the_left_of_the_gamma_functions():
    left = np.array([-0.5, -1.5, -10.25, -100.5])
    np.testing.assert_allclose(sg.special.gammaln(left), scipy.gammaln(left), 1e-12)
    np.testing.assert_allclose(sg.special.digamma(left), scipy.digamma(left), 1e-11)
    assert np.isposinf(sg.special.gammaln(np.array([0.0, -3.0]))).all()
    assert np.isnan(sg.special.digamma(-3.0))


EDGES = np.array([-3, -2.5, -2, -1.5, -1, -0.5, -0.0, 0.0, 0.5, 1, 2, 3, 5, 170, 200, np.nan])


@pytest.mark.parametrize("name", ["gammaln", "gammasgn", "gamma", "rgamma", "digamma", *range(4)])
def test_poles_zeros_and_nan_are_scipys(name):
    mine, theirs = (
        (lambda x, module=module: module.polygamma(name, x)) if isinstance(name, int)
        else getattr(module, name) for module in (sg.special, scipy)
    )  # fmt: skip
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(mine(EDGES), theirs(EDGES), 1e-11)
        found = sg.compile(mine)(sg.tensor(EDGES)).value
        np.testing.assert_allclose(found, theirs(EDGES), 1e-11)


@pytest.mark.parametrize("name", ["beta", "betaln"])
def test_beta_left_of_zero_and_at_poles_is_scipys(name):
    a, b = np.meshgrid(EDGES[:-1], EDGES[:-1])
    with np.errstate(all="ignore"):
        found, expected = getattr(sg.special, name)(a, b), getattr(scipy, name)(a, b)
        np.testing.assert_allclose(found, expected, 1e-10, 1e-12)
        assert np.isnan(getattr(sg.special, name)(np.nan, EDGES)).all()


def test_slopes_of_beta_where_poles_cancel():
    # B(a, 1) = 1/a
    np.testing.assert_allclose(sg.grad(lambda a: sg.special.beta(a, 1.0))(-3.0), -1 / 9, 1e-12)
    assert sg.gradcheck(sg.special.beta, np.array([1.5, -0.3, -1.7]), np.array([0.7, 2.2, 0.4]))


def test_products_with_a_logarithm_are_zero_at_zero():
    x, y = np.array([0.0, 0.0, 2.0]), np.array([0.0, 3.0, 3.0])
    np.testing.assert_allclose(sg.xlogy(x, y), scipy.xlogy(x, y))
    slope = sg.grad(lambda y: sg.xlogy(x, y).sum())(y)
    np.testing.assert_allclose(slope, [0.0, 0.0, 2 / 3])


def test_sinc_is_smooth_at_zero():
    second = sg.grad(lambda x: sg.grad(lambda x: sg.sinc(x).sum())(x).sum())(np.array([0.0, 1e-6]))
    np.testing.assert_allclose(second, -(np.pi**2) / 3, rtol=1e-6)
