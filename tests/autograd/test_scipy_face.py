"""SciPy's names: values are SciPy's, derivatives the differences'."""

from __future__ import annotations

import numpy as np
import pytest

import seegrad.autograd.numpy as anp
from seegrad.autograd import grad, hessian
from seegrad.autograd.scipy import integrate, linalg, signal, special, stats
from seegrad.autograd.test_util import check_grads

scipy = pytest.importorskip("scipy")
from scipy import linalg as theirs_linalg  # noqa: E402
from scipy import signal as theirs_signal  # noqa: E402
from scipy import special as theirs_special  # noqa: E402
from scipy import stats as theirs_stats  # noqa: E402

RNG = np.random.default_rng(2)
X = RNG.normal(size=4)
P, Q = RNG.uniform(1.2, 3.0, 4), RNG.uniform(1.2, 3.0, 4)
U = RNG.uniform(0.1, 0.9, 4)
K = np.array([0.0, 1.0, 3.0, 2.0])
S = np.cov(RNG.normal(size=(4, 20)))

DISTRIBUTIONS = [
    ("norm", "pdf", (X, 0.3, P), (0, 1, 2)), ("norm", "logpdf", (X, 0.3, P), (0, 1, 2)),
    ("norm", "cdf", (X, 0.3, P), (0, 1, 2)), ("norm", "logcdf", (X, 0.3, P), (0, 1, 2)),
    ("norm", "sf", (X, 0.3, P), (0, 1, 2)), ("norm", "logsf", (X, 0.3, P), (0, 1, 2)),
    ("t", "pdf", (X, P, 0.2, Q), (0, 1, 2, 3)), ("t", "logpdf", (X, P, 0.2, Q), (0, 1, 2, 3)),
    ("t", "cdf", (X, P, 0.2, Q), (0, 2, 3)), ("t", "logcdf", (X, P, 0.2, Q), (0, 2, 3)),
    ("beta", "pdf", (U, P, Q), (0, 1, 2)), ("beta", "logpdf", (U, P, Q), (0, 1, 2)),
    ("beta", "cdf", (U, P, Q), (0,)), ("gamma", "pdf", (P, Q), (0, 1)),
    ("gamma", "logpdf", (P, Q), (0, 1)), ("gamma", "cdf", (P, Q), (0,)),
    ("chi2", "pdf", (P, Q), (0, 1)), ("chi2", "logpdf", (P, Q), (0, 1)),
    ("chi2", "cdf", (P, Q), (0,)), ("poisson", "pmf", (K, P), (1,)),
    ("poisson", "logpmf", (K, P), (1,)), ("poisson", "cdf", (K, P), (1,)),
    ("dirichlet", "pdf", (U / U.sum(), P), (1,)), ("dirichlet", "logpdf", (U / U.sum(), P), (1,)),
    ("multivariate_normal", "logpdf", (X, P, S), (0, 1)),
    ("multivariate_normal", "pdf", (X, P, S), (0, 1)),
    ("multivariate_normal", "entropy", (P, S), ()),
]  # fmt: skip
SPECIAL = [
    ("betainc", (P, Q, U), (2,)), ("gammainc", (P, Q), (1,)), ("gammaincc", (P, Q), (1,)),
    ("j0", (P,), (0,)), ("j1", (P,), (0,)), ("y0", (P,), (0,)), ("y1", (P,), (0,)),
    ("jn", (2, P), (1,)), ("yn", (2, P), (1,)), ("iv", (1.5, P), (1,)), ("ive", (1.5, P), (1,)),
    ("beta", (P, Q), (0, 1)), ("betaln", (P, Q), (0, 1)), ("gamma", (X,), (0,)),
    ("rgamma", (P,), (0,)), ("gammasgn", (X,), ()), ("multigammaln", (P + 1, 2), (0,)),
    ("erfcinv", (U,), (0,)), ("logsumexp", (X,), (0,)), ("logit", (U,), (0,)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "which", "args", "argnums"), DISTRIBUTIONS)
def test_distributions(name, which, args, argnums):
    ours, theirs = (getattr(getattr(module, name), which) for module in (stats, theirs_stats))
    np.testing.assert_allclose(ours(*args), theirs(*args), rtol=1e-9)
    for argnum in argnums:
        check_grads(ours, argnum, modes=["rev"])(*args)


@pytest.mark.parametrize(("name", "args", "argnums"), SPECIAL)
def test_special_functions(name, args, argnums):
    ours, theirs = getattr(special, name), getattr(theirs_special, name)
    np.testing.assert_allclose(ours(*args), theirs(*args), rtol=1e-9)
    for argnum in argnums:
        check_grads(ours, argnum, modes=["rev"])(*args)


def test_the_covariances_have_a_derivative_too():
    def f(root):
        return stats.multivariate_normal.logpdf(X, P, anp.dot(root, root.T) + np.eye(4))

    check_grads(f, modes=["rev"])(RNG.normal(size=(4, 4)))
    singular = np.diag([1.0, 2.0, 0.0, 0.0])
    x = X * [1, 1, 0, 0]
    assert float(
        stats.multivariate_normal.logpdf(x, np.zeros(4), singular, allow_singular=True)
    ) == pytest.approx(theirs_stats.multivariate_normal(None, singular, True).logpdf(x))
    assert float(stats.multivariate_normal.logpdf(X, 0.5, 2.0)) == pytest.approx(
        theirs_stats.multivariate_normal.logpdf(X, np.full(4, 0.5), 2.0)
    )


def test_weights_of_logsumexp():
    x, b = RNG.normal(size=(3, 4)), RNG.uniform(0, 1, (3, 4))
    np.testing.assert_allclose(
        special.logsumexp(x, axis=1, b=b), theirs_special.logsumexp(x, axis=1, b=b)
    )
    check_grads(lambda x: special.logsumexp(x, axis=0, b=b))(x)


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
def test_convolutions(mode):
    a, b = RNG.normal(size=(6, 5)), RNG.normal(size=(3, 2))
    np.testing.assert_allclose(
        signal.convolve(a, b, mode=mode), theirs_signal.convolve(a, b, mode), atol=1e-12
    )
    check_grads(lambda a, b: signal.convolve(a, b, mode=mode), (0, 1), modes=["rev"])(a, b)
    one = signal.convolve(a, b, axes=([1], [1]), mode=mode)
    assert one.shape[:2] == (6, 3)
    np.testing.assert_allclose(one[2, 1], theirs_signal.convolve(a[2], b[1], mode), atol=1e-12)
    with pytest.raises(ValueError, match="unknown mode"):
        signal.convolve(a, b, mode="round")


def test_linear_algebra():
    a, b = RNG.normal(size=(3, 3)) + 4 * np.eye(3), RNG.normal(size=(3, 2))
    check_grads(linalg.solve_triangular, (0, 1), modes=["rev"])(a, b, lower=True)
    square = a @ a.T
    np.testing.assert_allclose(linalg.sqrtm(square) @ linalg.sqrtm(square), square)
    check_grads(lambda a: linalg.sqrtm(anp.dot(a, a.T)), modes=["rev"], order=1)(a)
    check_grads(linalg.solve_sylvester, (0, 1, 2), modes=["rev"])(a, a + 1, b[:, :1] + np.eye(3))
    ab, rhs = RNG.normal(size=(3, 5)), RNG.normal(size=5)
    ab[1] += 4
    np.testing.assert_allclose(
        linalg.solve_banded((1, 1), ab, rhs), theirs_linalg.solve_banded((1, 1), ab, rhs)
    )
    check_grads(lambda ab, b: linalg.solve_banded((1, 1), ab, b), (0, 1))(ab, rhs)


def test_an_equation_in_time_by_start_times_and_parameters():
    def f(y, t, a, b):
        return -a * y + b * anp.sin(t)

    y0, t = np.array([1.0, -0.5]), np.linspace(0.1, 1.0, 4)
    check_grads(
        lambda y0, t, a, b: integrate.odeint(f, y0, t, (a, b)), (0, 1, 2, 3), modes=["rev"],
        order=1,
    )(y0, t, 0.7, np.array([0.3, 0.8]))  # fmt: skip

    def end(a):
        return integrate.odeint(lambda y, t, a: -a * y, y0, np.array([0.0, 2.0]), (a,))[1, 0]

    assert float(grad(end)(0.5)) == pytest.approx(-2 * np.exp(-1.0), rel=1e-5)
    assert float(hessian(end)(0.5)) == pytest.approx(4 * np.exp(-1.0), rel=1e-4)
