"""NumPy's and SciPy's names with tensors among their arguments, and complex arrays as pairs."""

from __future__ import annotations

import numpy as np
import pytest

import seegrad as sg
import seegrad.autograd.numpy as anp
from seegrad.autograd import elementwise_grad, grad, holomorphic_grad
from seegrad.autograd.misc.flatten import flatten, flatten_func
from seegrad.autograd.misc.optimizers import adam, rmsprop, sgd
from seegrad.autograd.test_util import check_grads
from seegrad.autograd.vspace import vspace

RNG = np.random.default_rng(1)
M = RNG.normal(size=(3, 4))
Z = RNG.normal(size=(3, 4)) + 1j * RNG.normal(size=(3, 4))

FUNCTIONS = {
    "array of lists": lambda x: anp.array([[x[0, 0], 1.0], [2.0, x[1, 1]]]),
    "full": lambda x: anp.full((2, 2), x[0, 0]),
    "r_": lambda x: anp.r_[x[0], 1.0, x[1]],
    "c_": lambda x: anp.c_[x[0], x[1]],
    "a list is an array": lambda x: anp.sum([x[0], x[1] * 2]),
    "where": lambda x: anp.where(x > 0, x, x**2),
    "linspace": lambda x: anp.linspace(x[0, 0], x[1, 1], 5),
    "concatenate": lambda x: anp.concatenate((x, x**2), axis=1),
    "select": lambda x: anp.select([x > 1, x > 0], [x, x**2], 0.5),
    "rollaxis": lambda x: anp.rollaxis(x, 1),
    "gradient": lambda x: anp.gradient(x),
    "norm": lambda x: anp.linalg.norm(x, axis=0),
    "solve": lambda x: anp.linalg.solve(anp.dot(x, x.T) + 9 * np.eye(3), x),
    "rfft": lambda x: anp.abs(anp.fft.rfft(x)),
    "ifft2": lambda x: anp.real(anp.fft.ifft2(x)),
    "trace of the last axes": lambda x: anp.linalg.trace(anp.reshape(x, (3, 2, 2))),
    "diagonal of the last axes": lambda x: anp.linalg.diagonal(anp.reshape(x, (3, 2, 2))),
}
COMPLEX = {
    "exp": anp.exp, "log": anp.log, "sin": anp.sin, "tanh": anp.tanh, "sqrt": anp.sqrt,
    "abs": anp.abs, "angle": anp.angle, "conj": anp.conj, "square": anp.square,
    "arcsinh": anp.arcsinh, "sum": lambda z: anp.sum(z, axis=0), "prod": anp.prod,
    "std": anp.std, "max": lambda z: anp.max(z, axis=1), "min": anp.min,
    "matmul": lambda z: anp.matmul(z, z.T), "norm": anp.linalg.norm,
    "operators": lambda z: (1 - 2 * z) / (z * z + 2) + z**3,
    "fft": lambda z: anp.fft.fft(z)[1], "ifftn": lambda z: anp.fft.ifftn(z, (2, 5), (0, 1)),
    "irfft": lambda z: anp.fft.irfft(z),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_and_derivatives_are_numpys_and_the_differences(name):
    f = FUNCTIONS[name]
    found = f(sg.tensor(M))
    for ours, theirs in zip(*(x if isinstance(x, tuple) else (x,) for x in (found, f(M)))):
        np.testing.assert_allclose(np.asarray(ours), theirs, rtol=1e-12)
    check_grads(f)(M)


@pytest.mark.parametrize("name", COMPLEX)
def test_complex_arrays_are_pairs_of_real_values(name):
    check_grads(COMPLEX[name], modes=["rev"])(Z)
    check_grads(COMPLEX[name], modes=["fwd"], order=1)(Z)


def test_derivatives_of_complex_numbers_are_written_as_autograd_writes_them():
    assert complex(grad(lambda z: anp.abs(z) ** 2)(1 + 2j)) == pytest.approx(2 - 4j)
    assert complex(holomorphic_grad(lambda z: anp.exp(z))(1 + 2j)) == pytest.approx(np.exp(1 + 2j))
    tnp = pytest.importorskip("autograd.numpy")
    import autograd as theirs

    def f(n):
        return lambda z: n.real(n.sum(n.fft.fft(z) ** 2 * n.conj(z)))

    np.testing.assert_allclose(grad(f(anp))(Z), theirs.grad(f(tnp))(Z), rtol=1e-9)


def test_what_is_not_said_of_complex_numbers_is_refused_by_name():
    with pytest.raises(TypeError, match=r"numpy\.sort is not defined for complex"):
        grad(lambda z: anp.real(anp.sort(z)[0]))(Z)
    with pytest.raises(TypeError, match="floating-point number"):
        grad(lambda z: anp.exp(z))(Z)
    with pytest.raises(TypeError, match="complex"):
        grad(lambda x: anp.sum(x * 1j))(M)


def test_every_function_of_numpys_is_there():
    missing = [n for n in dir(np) if not n.startswith("_") and not hasattr(anp, n)]
    assert missing == []
    assert anp.random.randn is np.random.randn
    assert anp.pi == np.pi


def test_nested_arrays_as_one_vector():
    tree = {"b": (1.0, M), "a": [np.arange(3.0), {"c": 2.0}]}
    vector, unflatten = flatten(tree)
    assert vector.shape == (17,)
    np.testing.assert_array_equal(vector[:4], [0.0, 1.0, 2.0, 2.0])     # "a" comes first
    again = unflatten(vector * 2)
    np.testing.assert_array_equal(again["b"][1], M * 2)
    f, _, start = flatten_func(lambda p: p["b"][1] * p["b"][0], tree)
    np.testing.assert_array_equal(f(start), M.ravel())
    assert float(grad(lambda t: anp.sum(flatten(t)[0] ** 2))(tree)["b"][0]) == 2.0
    z, back = flatten([1 + 2j, M])
    assert z.dtype == complex
    assert back(z)[0] == 1 + 2j
    assert flatten(())[0].shape == (0,)


@pytest.mark.parametrize("optimizer", [sgd, rmsprop, adam])
def test_descents_go_down_through_nested_parameters(optimizer):
    target = {"w": M, "b": 0.5}
    seen = []

    def loss(p, i):
        return anp.sum((p["w"] - target["w"]) ** 2) + (p["b"] - target["b"]) ** 2

    start = {"w": np.zeros((3, 4)), "b": 0.0}
    found = optimizer(grad(loss), start, callback=lambda p, i, g: seen.append(loss(p, i)),
                      num_iters=200, step_size=0.05)  # fmt: skip
    assert len(seen) == 200
    assert float(loss(found, 0)) < 0.05 * float(loss(start, 0))


def test_descents_of_autograd_take_the_same_steps():
    theirs = pytest.importorskip("autograd.misc.optimizers")
    for name in ("sgd", "rmsprop", "adam"):
        ours = globals()[name](lambda x, i: 2 * x + i, M, num_iters=7, step_size=0.1)
        np.testing.assert_allclose(
            ours, getattr(theirs, name)(lambda x, i: 2 * x + i, M, num_iters=7, step_size=0.1)
        )


def test_spaces_of_nested_arrays():
    tree = {"x": [0.0, np.zeros((3, 1))], "z": 1j * np.zeros(2)}
    space = vspace(tree)
    assert space.size == 8
    assert len(list(space.standard_basis())) == 8
    assert space == vspace(space.randn())
    assert space.inner_prod(space.ones(), space.ones()) == pytest.approx(8)
    with pytest.raises(TypeError, match="no vector space"):
        vspace("text")


def test_elementwise_slopes_are_those_of_each_element():
    np.testing.assert_allclose(elementwise_grad(anp.tanh)(M), 1 - np.tanh(M) ** 2)
