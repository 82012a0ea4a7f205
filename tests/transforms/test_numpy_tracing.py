"""NumPy code as a graph: like NumPy on arrays, differentiated, compiled, drawn, refused by name."""

from __future__ import annotations

import numpy as np
import pytest

import seegrad as sg
from seegrad.errors import CallError, DTypeError, GraphError, MutationError, TraceError

RANDOM = np.random.default_rng(0)
X, W = RANDOM.normal(size=(4, 3)), RANDOM.normal(size=(3, 2))


def network(x, w):
    hidden = np.tanh(x @ w)
    scores = np.exp(hidden - np.max(hidden, axis=1, keepdims=True))
    return -np.mean(np.log(scores / np.sum(scores, axis=1, keepdims=True))[:, 0])


def moments(x):
    centred = x - np.mean(x, axis=0)
    return {"cov": centred.T @ centred / (len(x) - 1), "both": (np.sort(x.ravel())[::-1], x.std())}


def polynomial(x):
    return np.where(x > 0, np.sqrt(np.abs(x)), np.einsum("ij,ij->i", x, x)[:, None]).clip(-1, 1)


@pytest.mark.parametrize("case", [(network, X, W), (moments, X), (polynomial, X)])
def test_it_gives_what_numpy_gives(case):
    function, *args = case
    f = sg.trace(function, *args)
    ours, theirs = f(*args), function(*args)
    for a, b in zip(_leaves(ours), _leaves(theirs), strict=True):
        assert not isinstance(a, sg.Tensor)      # arrays in, arrays out
        np.testing.assert_allclose(a, b, rtol=1e-12)
    compiled = sg.compile(f)(*args)
    for a, b in zip(_leaves(compiled), _leaves(theirs), strict=True):
        np.testing.assert_allclose(np.asarray(a), b, rtol=1e-9)


def _leaves(tree):
    if isinstance(tree, dict):
        return [x for v in tree.values() for x in _leaves(v)]
    if isinstance(tree, (tuple, list)):
        return [x for v in tree for x in _leaves(v)]
    return [tree]


def test_it_is_differentiated_and_batched():
    f = sg.trace(network, X, W)
    assert np.allclose(sg.grad(f, 1)(X, W), sg.numerical_gradient(lambda w: network(X, w), W))
    assert sg.gradcheck(f, X, W, order=2)
    many = np.stack([W, -W])
    rows = sg.vmap(f, in_axes=(None, 0))(X, many)
    assert np.allclose(rows, [network(X, w) for w in many])
    assert np.allclose(sg.compile(sg.grad(f, 1))(X, W), sg.grad(f, 1)(X, W))


def test_its_graph_is_named_like_the_parameters(tmp_path):
    f = sg.trace(network, X, W)
    names = [node.name for node in f.graph.nodes if node.op is None and node.name]
    assert names == ["x", "w"]
    f.graph.save(tmp_path / "a.svg")
    assert repr(f) == "<trace of network>"


def test_other_shapes_trees_and_settings():
    def scaled(tree, mode):
        return tree["a"] * 2 if mode == "twice" else tree["a"]

    f = sg.trace(scaled, {"a": X}, "twice")
    assert np.array_equal(f({"a": W}, "twice"), 2 * W)
    assert np.array_equal(f({"a": W}, "once"), W)
    weight = sg.tensor(3.0, name="w")
    g = sg.trace(lambda x: np.sum(x * weight), X)
    g(X).backward()
    assert np.isclose(weight.grad, X.sum())


def test_of_an_array_it_is_the_sum_of_the_diagonal():
    for trace in (sg.trace, np.trace):
        assert float(trace(sg.tensor(np.eye(3)))) == 3
    assert float(sg.trace(np.eye(3))) == 3


def write(x):
    out = np.zeros(2)
    out[0] = x.sum()
    return out


def overwrite(x):
    x[0] = 1
    return x


REFUSED = {
    "fft": (lambda x: np.fft.fft(x), DTypeError, "numpy.fft.fft"),
    "value": (lambda x: x if x.sum() > 0 else -x, TraceError, "no numbers"),
    "unique": (lambda x: np.unique(x), TraceError, "no numbers"),
    "text": (lambda x: "x", TraceError, "no array"),
    "write": (write, TraceError, "written into an array"),
    "overwrite": (overwrite, MutationError, "does not change"),
    "random": (lambda x: x * np.random.default_rng().normal(), GraphError, "what NumPy gives"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_graph_is_refused_by_name(name):
    function, kind, words = REFUSED[name]
    with pytest.raises(kind, match=words):
        sg.trace(function, X)


def test_wrong_calls_are_told():
    with pytest.raises(CallError, match="examples"):
        sg.trace(network)
    with pytest.raises(CallError, match="examples"):
        sg.trace(network, X, offset=1)
