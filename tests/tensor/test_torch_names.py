"""PyTorch's and NumPy's further names: against PyTorch and NumPy, and against differences."""

from __future__ import annotations

import math

import numpy as np
import pytest

import seegrad as sg

RNG = np.random.default_rng(0)
X, Y, S = RNG.normal(size=(3, 4)), RNG.normal(size=(3, 4)), RNG.normal(size=(2, 4))
A, B = RNG.normal(size=(3, 2)), RNG.normal(size=(2, 4))
ROWS, PLACES = np.array([0, 2]), np.array([[0, 1, 2, 0]])



def functional(t):
    return t if t is sg else t.nn.functional


TORCH = {
    "index_add": lambda t, x: t.index_add(x, 0, t.asarray(ROWS), t.asarray(S), alpha=2),
    "index_copy": lambda t, x: t.index_copy(x, 0, t.asarray(ROWS), t.asarray(S)),
    "index_fill": lambda t, x: t.index_fill(x, 1, t.asarray(ROWS), 7.0),
    "index_select": lambda t, x: t.index_select(x, 1, t.asarray(ROWS)),
    "index_put": lambda t, x: t.index_put(x, (t.asarray(ROWS),), t.asarray(S), accumulate=True),
    "select_scatter": lambda t, x: t.select_scatter(x, t.asarray(S[0]), 0, 1),
    "slice_scatter": lambda t, x: t.slice_scatter(x, t.asarray(A), 1, 1, 4, 2),
    "diagonal_scatter": lambda t, x: t.diagonal_scatter(x, t.asarray(X[:, 0]), 1),
    "masked_fill": lambda t, x: t.masked_fill(x, t.asarray(X > 0), 3.0),
    "gather": lambda t, x: t.gather(x, 0, t.asarray(PLACES)),
    "scatter_add": lambda t, x: t.scatter_add(x, 0, t.asarray(PLACES), t.asarray(Y[:1])),
    "narrow": lambda t, x: t.narrow(x, 1, 1, 2),
    "unbind": lambda t, x: t.unbind(x, 1)[2],
    "chunk": lambda t, x: t.chunk(x, 3, 1)[1],
    "bucketize": lambda t, x: t.bucketize(x, t.asarray([-1.0, 0.0, 1.0])),
    "clamp": lambda t, x: t.clamp(x, -0.5, 0.5),
    "lerp": lambda t, x: t.lerp(x, t.asarray(Y), 0.3),
    "addcmul": lambda t, x: t.addcmul(x, t.asarray(Y), x, value=2.0),
    "addcdiv": lambda t, x: t.addcdiv(x, x, t.asarray(Y), value=2.0),
    "addmm": lambda t, x: t.addmm(x, t.asarray(A), t.asarray(B), beta=0.5, alpha=2.0),
    "addr": lambda t, x: t.addr(x, t.asarray(X[:, 0]), t.asarray(X[0])),
    "rsqrt": lambda t, x: t.rsqrt(x * x + 1),
    "cdist": lambda t, x: t.cdist(x, t.asarray(S)),
    "cdist of sizes": lambda t, x: t.cdist(x, t.asarray(S), 1.0),
    "cdist of order 3": lambda t, x: t.cdist(x, t.asarray(S), 3.0),
    "diag_embed": lambda t, x: t.diag_embed(x, 1),
    "diag_embed in front": lambda t, x: t.diag_embed(x, 0, 0, 2),
    "movedim": lambda t, x: t.movedim(x, 0, 1),
    "logdet": lambda t, x: t.logdet(x @ x.T),
    "topk": lambda t, x: t.topk(x, 2, 1)[0],
    "scatter": lambda t, x: t.scatter(x, 1, t.asarray(PLACES[:, :2]), t.asarray(Y)),
    "unflatten": lambda t, x: t.unflatten(x, 1, (2, 2)),
    "std_mean": lambda t, x: t.std_mean(x, dim=1)[0] * t.std_mean(x, dim=1)[1],
    "var_mean": lambda t, x: t.var_mean(x, dim=0, correction=0)[0],
    "aminmax": lambda t, x: t.aminmax(x, dim=1)[1],
    "msort": lambda t, x: t.msort(x),
    "kthvalue": lambda t, x: t.kthvalue(x, 2, 1)[0],
    "mvlgamma": lambda t, x: t.mvlgamma(x * x + 3, 2),
    "glu": lambda t, x: functional(t).glu(x, 1),
    "cosine_similarity": lambda t, x: functional(t).cosine_similarity(x, t.asarray(Y), dim=0),
    "kl_div": lambda t, x: functional(t).kl_div(x, t.asarray(abs(Y)), reduction="batchmean"),
    "kl_div of logarithms": lambda t, x: functional(t).kl_div(
        x, t.asarray(Y), reduction="none", log_target=True
    ),
    "smooth_l1_loss": lambda t, x: functional(t).smooth_l1_loss(x, t.asarray(Y), beta=0.7),
    "rms_norm": lambda t, x: functional(t).rms_norm(x, (4,), t.asarray(Y[0]), 1e-3),
    "embedding_bag": lambda t, x: functional(t).embedding_bag(
        t.asarray([[0, 1, 2], [2, 2, 0]]), x, mode="mean"
    ),
    "embedding_bag by offsets": lambda t, x: functional(t).embedding_bag(
        t.asarray([0, 1, 2, 2]), x, t.asarray([0, 1, 1]), mode="sum"
    ),
}
NUMPY = {
    "ldexp": lambda n, x: n.ldexp(x, np.array([1, 2, -3, 0])),
    "frexp": lambda n, x: n.frexp(x * 100)[0],
    "modf": lambda n, x: n.modf(x * 3)[0],
    "divmod": lambda n, x: n.divmod(x, 0.3)[1],
    "fix": lambda n, x: n.fix(x * 3),
    "fabs": lambda n, x: n.fabs(x),
    "float_power": lambda n, x: n.float_power(n.fabs(x), 1.5),
    "polyval": lambda n, x: n.polyval(np.array([1.0, -2.0, 0.5]), x),
    "linspace": lambda n, x: np.linspace(x, 2.0, 5, axis=1),
    "logspace": lambda n, x: n.logspace(x, 1.0, 4),
    "geomspace": lambda n, x: n.geomspace(n.fabs(x) + 0.1, 3.0, 4),
    "nancumsum": lambda n, x: n.nancumsum(n.where(x > 1, np.nan, x)),
    "nancumprod": lambda n, x: n.nancumprod(n.where(x > 1, np.nan, x), 1),
    "cov of two": lambda n, x: n.cov(x, x**2),
    "corrcoef of columns": lambda n, x: n.corrcoef(x, rowvar=False),
    "matvec": lambda n, x: n.matvec(x, x[0]),
    "vecmat": lambda n, x: n.vecmat(x[:, 0], x),
    "unstack": lambda n, x: n.unstack(x, axis=1)[2],
    "copy": lambda n, x: np.copy(x),
    "cond": lambda n, x: n.linalg.cond(x),
    "rollaxis": lambda n, x: n.rollaxis(x, 1, 0),
    "diagflat": lambda n, x: n.diagflat(x, -1),
    "broadcast_arrays": lambda n, x: n.broadcast_arrays(x[:1], x)[0],
    "block": lambda n, x: n.block([[x, x * 2], [np.ones((1, 4)), np.zeros((1, 4))]]),
    "delete": lambda n, x: n.delete(x, [0, 2], 1),
    "conjugate": lambda n, x: n.conjugate(x) * n.real(x) + n.imag(x),
    "angle": lambda n, x: n.angle(x, deg=True),
    "amax": lambda n, x: n.amax(x, axis=0) - n.amin(x, axis=0),
    "true_divide": lambda n, x: n.true_divide(n.degrees(x), n.rint(x) + 7),
    "reciprocal": lambda n, x: n.reciprocal(x),
    "cross of columns": lambda n, x: n.cross(x, x[:, :1] * 2, axisa=0, axisb=0, axisc=0),
}


@pytest.mark.parametrize("name", TORCH)
def test_values_and_derivatives_are_pytorchs(name):
    torch = pytest.importorskip("torch")
    f = TORCH[name]
    theirs_x = torch.tensor(X, requires_grad=True)
    theirs = f(torch, theirs_x)
    x = sg.tensor(X)
    ours = f(sg, x)
    np.testing.assert_allclose(np.asarray(ours), theirs.detach().numpy(), rtol=1e-10)
    np.testing.assert_allclose(f(sg, X), theirs.detach().numpy(), rtol=1e-10)
    if theirs.dtype.is_floating_point:
        weights = RNG.normal(size=tuple(theirs.shape))
        (theirs * torch.tensor(weights)).sum().backward()
        (ours * weights).sum().backward()
        np.testing.assert_allclose(x.grad, theirs_x.grad.numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.filterwarnings("ignore:numpy.fix is deprecated")  # by 2.5, for trunc
@pytest.mark.parametrize("name", NUMPY)
def test_values_are_numpys_and_derivatives_the_differences(name):
    f = NUMPY[name]
    if name in ("matvec", "vecmat") and not hasattr(np, name):
        pytest.skip(f"NumPy has {name} from 2.2 on")
    np.testing.assert_allclose(f(sg, X), f(np, X), rtol=1e-12, atol=1e-14)
    by_numpy = f(np, sg.tensor(X))
    assert isinstance(by_numpy, sg.Tensor)
    np.testing.assert_allclose(by_numpy.value, f(np, X), rtol=1e-12, atol=1e-14)
    if name not in ("fix", "nancumprod", "nancumsum"):
        assert sg.gradcheck(lambda x: f(np if name == "linspace" else sg, x), X)


def test_numbers_and_powers_of_two_to_the_last_bit():
    x = np.array([0.0, 1.0, 0.5, 3e300, -5e-320, np.inf, 6.0, 2.0**-30, 1 - 2**-53, -np.inf])
    for ours, theirs in zip(sg.frexp(x), np.frexp(x)):
        np.testing.assert_array_equal(ours, theirs)
    m, e = sg.frexp(x)
    np.testing.assert_array_equal(sg.ldexp(m, e), x)
    assert math.isnan(sg.frexp(np.nan)[0])


def test_questions_about_complex_numbers():
    x = sg.tensor(X)
    assert np.iscomplexobj(x) is False
    assert np.isrealobj(x)
    assert not np.any(np.iscomplex(x))
    assert np.all(np.isreal(x))
    assert np.real_if_close(x) is x


def test_matrices_of_numpys_linalg_are_the_last_two_axes():
    cube = RNG.normal(size=(2, 3, 3))
    for name in ("trace", "diagonal"):
        of = getattr(np.linalg, name)
        np.testing.assert_allclose(of(sg.tensor(cube)).value, of(cube))
        np.testing.assert_allclose(of(sg.tensor(cube), offset=1).value, of(cube, offset=1))
    skew = RNG.normal(size=(3, 3))
    for side in ("L", "U"):
        np.testing.assert_allclose(
            np.linalg.eigvalsh(sg.tensor(skew), side).value, np.linalg.eigvalsh(skew, side)
        )
        ours, theirs = np.linalg.eigh(sg.tensor(skew), side), np.linalg.eigh(skew, side)
        np.testing.assert_allclose(ours.eigenvectors.value, theirs.eigenvectors, atol=1e-12)


@pytest.mark.parametrize(("call", "words"), [
    (lambda: sg.narrow(X, 1, 2, 5), "out of the axis"),
    (lambda: sg.chunk(X, 0), "counted from 1"),
    (lambda: sg.topk(X, 9), "not so many"),
    (lambda: sg.rollaxis(X, 0, 7), "no such place"),
    (lambda: sg.index_fill(X, 5, [0], 1.0), "axis 5"),
    (lambda: np.linspace(sg.tensor(0.0), 1.0, -1), "less than 0"),
])  # fmt: skip
def test_bad_input(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_special_functions_are_scipys():
    special = pytest.importorskip("scipy.special")
    x, p = np.array([0.3, 1.7, -0.5, -1.5, 4.0]), np.array([0.2, 1.1, 3.0])
    for name in ("gamma", "rgamma", "gammasgn"):
        np.testing.assert_allclose(getattr(sg.special, name)(x), getattr(special, name)(x))
    for name in ("beta", "betaln"):
        np.testing.assert_allclose(
            getattr(sg.special, name)(p, p[::-1]), getattr(special, name)(p, p[::-1])
        )
    np.testing.assert_allclose(sg.special.multigammaln(p + 1, 2), special.multigammaln(p + 1, 2))
    np.testing.assert_allclose(sg.special.erfcinv(p / 2), special.erfcinv(p / 2))
    assert sg.gradcheck(sg.special.gamma, x, order=2)
    assert sg.gradcheck(sg.special.beta, p, p[::-1], order=2)
    assert sg.gradcheck(sg.special.erfcinv, p / 2, order=2)
    assert sg.special.i0(2.0) == pytest.approx(special.i0(2.0))
