"""sg.linalg against NumPy and PyTorch: values, derivatives to order 2, corners, errors."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import seegrad as sg
from seegrad.errors import ShapeError
from seegrad.tensor import linalg

CHANCE = np.random.default_rng(0)
SQUARE, TALL, WIDE = (CHANCE.standard_normal((2, *shape)) for shape in ((4, 4), (5, 3), (3, 5)))
SYMMETRIC = SQUARE + SQUARE.swapaxes(-1, -2)
DEFINITE = SQUARE @ SQUARE.swapaxes(-1, -2) + 3 * np.eye(4)
MATRICES = {"square": SQUARE, "tall": TALL, "wide": WIDE}


def leaves(found):
    return found if isinstance(found, tuple) else (found,)


CALLS = {
    "cholesky": (DEFINITE, {}), "cholesky upper": (DEFINITE, {"upper": True}),
    "eigh": (SYMMETRIC, {}), "eigvalsh": (SYMMETRIC, {}), "slogdet": (SQUARE, {}),
    "eigh L": (SQUARE, {"UPLO": "L"}), "eigvalsh U": (SQUARE, {"UPLO": "U"}),
    "matrix_power 5": (SQUARE, {"n": 5}), "matrix_power 0": (SQUARE, {"n": 0}),
    "matrix_power -3": (SQUARE, {"n": -3}), "matrix_power 1": (SQUARE, {"n": 1}),
    **{f"{name} {kind}": (x, {}) for kind, x in MATRICES.items() for name in ("pinv", "svdvals")},
    **{f"svd {kind}": (x, {"full_matrices": False}) for kind, x in MATRICES.items()},
    **{f"qr {kind} {mode}": (x, {"mode": mode}) for kind, x in MATRICES.items()
       for mode in ("reduced", "r")},
}  # fmt: skip


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_values_are_numpys_eager_compiled_and_by_its_own_name(call, dtype):
    (x, attrs), name = CALLS[call], call.split()[0]
    x = x.astype(dtype)
    theirs = leaves(getattr(np.linalg, name)(x, **attrs))
    ours, numpys = getattr(linalg, name), getattr(np.linalg, name)
    for found in (ours(x, **attrs), sg.compile(lambda x: ours(x, **attrs))(x),
                  numpys(sg.tensor(x), **attrs)):  # fmt: skip
        assert len(leaves(found)) == len(theirs)
        for a, b in zip(leaves(found), theirs):
            assert np.asarray(a).dtype == dtype
            tolerance = 1e-10 if dtype is np.float64 else 2e-3
            np.testing.assert_allclose(np.asarray(a), b, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("kind", ["tall", "wide"])
def test_whole_bases_are_orthonormal_and_rebuild_the_matrix(kind):
    a = MATRICES[kind]
    u, s, vh = linalg.svd(a)
    m, n = a.shape[-2:]
    assert (u.shape, vh.shape) == ((2, m, m), (2, n, n))
    k = min(m, n)
    np.testing.assert_allclose(u[..., :k] * s[..., None, :] @ vh[..., :k, :], a, atol=1e-12)
    q, r = linalg.qr(a, mode="complete")
    np.testing.assert_allclose(q @ r, a, atol=1e-12)
    for basis in (u, vh, q):
        gram = basis @ basis.swapaxes(-1, -2)
        np.testing.assert_allclose(gram, np.broadcast_to(np.eye(gram.shape[-1]), gram.shape),
                                   atol=1e-12)  # fmt: skip


WEIGHTS = CHANCE.standard_normal((5, 5))
FREE_OF_SIGN = {
    "eigh": lambda la, a, w: la.eigh(a)[1] ** 2 * w[:4, :4] + la.eigh(a)[0][..., None],
    "svd tall": lambda la, a, w: la.svd(a, full_matrices=False)[0] ** 2 * w[:, :3],
    "svd wide": lambda la, a, w: la.svd(a, full_matrices=False)[2] ** 2 * w[:3],
    "qr tall": lambda la, a, w: la.qr(a)[0] ** 2 * w[:, :3],
    "qr wide": lambda la, a, w: la.qr(a)[1] ** 2 * w[:3],
    "pinv tall": lambda la, a, w: la.pinv(a) * w[:3],
    "cholesky": lambda la, a, w: la.cholesky(a @ a.mT) * w[:4, :4],
    "slogdet": lambda la, a, w: la.slogdet(a)[1] * w[0, 0],
}


@pytest.mark.parametrize("case", FREE_OF_SIGN)
def test_first_and_second_derivatives_are_pytorchs(case):
    torch = pytest.importorskip("torch", reason="PyTorch is a test extra; it is not installed")
    kind = "symmetric" if case == "eigh" else [*case.split(), "square"][1]
    a = SYMMETRIC if kind == "symmetric" else MATRICES[kind]
    v = np.cos(np.arange(a.size)).reshape(a.shape)
    if kind == "symmetric":
        v = v + v.swapaxes(-1, -2)
    formula = FREE_OF_SIGN[case]

    def ours(a):
        return formula(linalg, a, WEIGHTS).sum()

    x = torch.tensor(a, requires_grad=True)
    theirs = formula(torch.linalg, x, torch.tensor(WEIGHTS)).sum()
    (first,) = torch.autograd.grad(theirs, x, create_graph=True)
    (second,) = torch.autograd.grad((first * torch.tensor(v)).sum(), x)
    np.testing.assert_allclose(sg.grad(ours)(a), first.detach().numpy(), rtol=1e-8, atol=1e-9)
    found = sg.compile(lambda a: sg.hvp(ours, a, v))(a)
    np.testing.assert_allclose(found, second.numpy(), rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("n", [63, 64, 65, 130, 200])
@pytest.mark.parametrize("lower", [True, False])
@pytest.mark.parametrize("trans", [0, 1])
def test_substitution_goes_over_blocks_of_any_number(n, lower, trans):
    a = CHANCE.standard_normal((n, n)) + n * np.eye(n)
    b = CHANCE.standard_normal((n, 3))
    triangle = np.tril(a) if lower else np.triu(a)
    expected = np.linalg.solve(triangle.T if trans else triangle, b)
    found = linalg.solve_triangular(a, b, trans=trans, lower=lower)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


ORDERS = [None, 1, 2, 3, 0.5, -1, -2, 0, np.inf, -np.inf]


@pytest.mark.parametrize("ord", ORDERS)
@pytest.mark.parametrize("keepdims", [False, True])
def test_norms_of_vectors_are_numpys(ord, keepdims):
    for axis in (0, -1):
        expected = np.linalg.norm(TALL, ord, axis, keepdims)
        found = np.linalg.norm(sg.tensor(TALL), ord, axis, keepdims)
        np.testing.assert_allclose(found.value, expected, rtol=1e-12)
    assert linalg.norm([3, 4], ord) == pytest.approx(np.linalg.norm([3, 4], ord))
    if ord != 0 and not keepdims:
        assert sg.gradcheck(lambda x: linalg.norm(x, ord, 1), TALL, order=2)


@pytest.mark.parametrize("ord", ["fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf])
@pytest.mark.parametrize("axes", [(0, 1), (-1, 0), (2, 1)])
def test_norms_of_matrices_are_numpys(ord, axes):
    for keepdims in (False, True):
        expected = np.linalg.norm(TALL, ord, axes, keepdims)
        np.testing.assert_allclose(linalg.norm(TALL, ord, axes, keepdims), expected, rtol=1e-12)
    assert sg.gradcheck(lambda x: linalg.norm(x, ord, axes), TALL)
    np.testing.assert_allclose(linalg.matrix_norm(TALL, ord=ord),
                               np.linalg.matrix_norm(TALL, ord=ord), rtol=1e-12)  # fmt: skip


def test_norms_are_flat_at_zero():
    for ord in (None, 2, 3, 1.5):
        assert sg.grad(lambda x, o=ord: linalg.norm(x, o))(np.zeros(3)).tolist() == [0, 0, 0]


def test_products_of_many():
    shapes = ((3, 20), (20, 4), (4, 30), (30,))
    xs = [CHANCE.standard_normal(shape) for shape in shapes]
    for some in (xs, xs[:3], [xs[0][0], *xs[1:]], xs[:2]):
        expected = np.linalg.multi_dot(some)
        np.testing.assert_allclose(np.linalg.multi_dot([sg.tensor(x) for x in some]).value,
                                   expected, rtol=1e-11)  # fmt: skip


# --------------------------------------------------------------- corners


def test_equal_eigenvalues_leave_what_depends_on_values_alone_finite():
    equal = np.diag([2.0, 2.0, 1.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        slope = sg.grad(lambda a: (linalg.eigh(a)[0] ** 2).sum())(equal)
        np.testing.assert_allclose(slope, 2 * equal, atol=1e-12)
        np.testing.assert_allclose(sg.grad(lambda a: linalg.eigvalsh(a).sum())(equal), np.eye(3))
        vectors = sg.grad(lambda a: (linalg.eigh(a)[1] * WEIGHTS[:3, :3]).sum())(equal)
        assert not np.isfinite(vectors).all()
        sizes = sg.grad(lambda a: linalg.svd(a)[1].sum())(np.eye(3))
        np.testing.assert_allclose(sizes, np.eye(3), atol=1e-12)
        vectors = sg.grad(lambda a: (linalg.svd(a)[0] * WEIGHTS[:3, :3]).sum())(np.eye(3))
        assert not np.isfinite(vectors).all()


def test_a_matrix_of_low_rank_has_singular_values_with_a_derivative():
    thin = np.outer([1.0, 2.0, 2.0], [3.0, 4.0])
    slope = sg.grad(lambda a: linalg.svd(a, full_matrices=False)[1][0])(thin)
    np.testing.assert_allclose(slope, np.outer([1, 2, 2], [3, 4]) / 15, atol=1e-12)
    report = sg.gradcheck(linalg.pinv, SQUARE)
    assert report, report
    rank = np.outer([1.0, 2.0], [1.0, 1.0])      # along what keeps the rank
    slope = sg.grad(lambda a: linalg.pinv(a).sum())(rank)
    h = 1e-6
    step = (linalg.pinv(rank * (1 + h)).sum() - linalg.pinv(rank * (1 - h)).sum()) / (2 * h)
    assert (slope * rank).sum() == pytest.approx(step, rel=1e-6)


def test_a_singular_matrix_has_a_logarithm_of_minus_infinity():
    sign, logabsdet = linalg.slogdet(np.ones((2, 2)))
    assert (sign, logabsdet) == (0, -np.inf)
    with pytest.raises(ValueError, match="no inverse"):
        sg.grad(lambda a: linalg.slogdet(a)[1])(np.ones((2, 2)))


@pytest.mark.parametrize("name", ["cholesky", "eigvalsh", "qr"])
def test_nan_stays_nan_where_lapack_leaves_it(name):
    for found in leaves(getattr(linalg, name)(np.full((2, 2), np.nan))):
        assert np.isnan(found).any()


def test_empty_batches_and_one_number():
    for name in ("cholesky", "eigvalsh", "svdvals", "pinv"):
        expected = getattr(np.linalg, name)(np.ones((0, 2, 2))).shape
        assert getattr(linalg, name)(np.ones((0, 2, 2))).shape == expected
    assert linalg.eigh(np.full((1, 1), 3.0))[0] == 3
    assert linalg.cholesky([[4, 0], [0, 9]]).dtype == np.float64


@pytest.mark.parametrize(("call", "error", "text"), [
    (lambda: linalg.cholesky(-np.eye(2)), ValueError, "eigenvalue -1"),
    (lambda: linalg.cholesky(np.ones((2, 3))), ValueError, "square"),
    (lambda: linalg.eigh(np.ones((2, 2)), UPLO="X"), ValueError, "'L' or 'U'"),
    (lambda: linalg.svd(np.ones(3)), ValueError, "two axes"),
    (lambda: linalg.svd(sg.tensor(np.full((2, 2), np.nan))), ValueError, "finite numbers"),
    (lambda: linalg.qr(np.ones((2, 2)), mode="raw"), ValueError, "'complete'"),
    (lambda: linalg.qr(np.ones(2)), ValueError, "two axes"),
    (lambda: linalg.solve_triangular(np.diag([1.0, 0]), np.ones(2)), ValueError, "no inverse"),
    (lambda: linalg.solve_triangular(np.eye(2), np.ones(2), trans=5), ValueError, "trans=5"),
    (lambda: linalg.solve_triangular(np.eye(2), np.ones(3)), ValueError, "2 right-hand"),
    (lambda: linalg.norm(np.ones((2, 2, 2)), 1), ValueError, "one axis, or two"),
    (lambda: linalg.norm(np.ones(2), "fro"), ValueError, "'fro'"),
    (lambda: linalg.norm(np.ones((2, 2)), 3), ValueError, "order 3"),
    (lambda: linalg.matrix_power(np.eye(2), 0.5), TypeError, "whole powers"),
    (lambda: linalg.matrix_power(np.ones((2, 3)), 2), ValueError, "square"),
    (lambda: linalg.multi_dot([np.ones((2, 2))]), ValueError, "two matrices"),
    (lambda: linalg.multi_dot([np.ones((2, 2)), np.ones(2), np.ones(2)]), ValueError, "factor 1"),
    (lambda: linalg.pinv(np.ones((2, 2), np.float16)), TypeError, "float32 or float64"),
    (lambda: sg.grad(lambda a: linalg.svd(a)[0].sum())(TALL[0]), sg.SeegradError, "may turn"),
    (lambda: sg.grad(lambda a: linalg.qr(a, "complete")[0].sum())(TALL[0]), sg.SeegradError,
     "mode='reduced'"),
])  # fmt: skip
def test_what_cannot_be_says_so(call, error, text):
    with pytest.raises(error, match=text):
        call()


@pytest.mark.parametrize("shape", [(2, 1), (1, 3), (2, 2, 1)])
@pytest.mark.parametrize("name", ["eigh", "eigvalsh", "cholesky"])
def test_what_is_not_square_is_refused_before_it_is_stretched(name, shape):
    function, a = getattr(sg.linalg, name), np.ones(shape) + 1
    for called in (function, lambda x: function(sg.tensor(x)), sg.compile(function)):
        with pytest.raises(ShapeError, match="square"):
            called(a)
