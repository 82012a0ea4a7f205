"""Loops and choices as ONNX's Scan, Loop and If: onnxruntime gives what they give here."""

from __future__ import annotations

import numpy as np
import pytest

import seegrad as sg
from seegrad import nn
from seegrad.errors import FormatError
from seegrad.tree import flatten

onnx = pytest.importorskip("onnx")
CHANCE = np.random.default_rng(0)
X = np.abs(CHANCE.standard_normal((4, 3)))
W = sg.tensor(CHANCE.standard_normal((3, 3)), name="w")


def by_onnxruntime(path, *xs):
    session = pytest.importorskip("onnxruntime").InferenceSession(str(path))
    return session.run(None, dict(zip([one.name for one in session.get_inputs()], xs)))


def operators(path):
    return [node.op_type for node in onnx.load(path).graph.node]


FUNCTIONS = {
    "scan": (lambda x: sg.scan(lambda c, x: (sg.tanh(c @ W + x), c * 2), np.ones(3), x), "Scan"),
    "scan backwards": (
        lambda x: sg.scan(lambda c, x: (c * x, (c + 1, x)), np.ones(3), x, reverse=True), "Scan"
    ),
    "scan of a number of turns": (
        lambda x: sg.scan(lambda c, _: (c * x, c + 1), x, length=3), "Scan"
    ),
    "several dtypes": (lambda x: sg.scan(lambda c, x: ((c[0] + 1, c[1] * x), c[0] > 1),
                                         (0, np.ones(3)), x), "Scan"),
    "while": (lambda x: sg.while_loop(lambda c: c.sum() < 30.0, lambda c: c * 2, x), "Loop"),
    "while with a bound": (lambda x: sg.while_loop(
        lambda c: c[0].sum() < 1e9, lambda c: (c[0] * 2, c[1] + 1), (x, 0), max_turns=3), "Scan"),
    "cond": (lambda x: sg.cond(x.sum() > 3.0, lambda x: (x @ W, x.sum()),
                               lambda x: (-x, x.sum() * 0), x), "If"),
    "cond in scan": (lambda x: sg.scan(lambda c, x: (
        sg.cond(x.sum() > 2.0, lambda c: c * x, lambda c: c - 1, c), c), np.ones(3), x), "Scan"),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_loop_is_written_as_one_and_computes_the_same(name, tmp_path):
    function, operator = FUNCTIONS[name]
    path = sg.export_onnx(function, tmp_path / "loop.onnx", X, dynamic_batch=False)
    assert operators(path).count(operator) == 1
    for x in (X, X * 0.3, X[::-1].copy()):
        want = function(x)
        want = [np.asarray(y) for y in flatten(want)[0]]
        for a, b in zip(by_onnxruntime(path, x), want, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12)
            assert (a.shape, a.dtype) == (b.shape, b.dtype)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_was_written_is_read_as_the_same_loop_with_its_derivatives(name, tmp_path):
    function, _ = FUNCTIONS[name]
    path = sg.export_onnx(function, tmp_path / "loop.onnx", X, dynamic_batch=False)
    again = sg.import_onnx(path)

    def first(f):
        return lambda x: sg.sum(flatten(f(x))[0][0] * 1.0)

    for x in (X, X * 0.3):
        for a, b in zip(flatten(again(x))[0], flatten(function(x))[0], strict=True):
            np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-12)
            assert (a.shape, a.dtype) == (b.shape, b.dtype)
        for a, b in zip(flatten(sg.compile(again)(x))[0], flatten(function(x))[0], strict=True):
            np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-12)
        if name != "while":  # which has no derivative from right to left without a bound
            slope, wanted = (sg.grad(first(f))(x) for f in (again, function))
            np.testing.assert_allclose(slope, wanted, rtol=1e-12)


@pytest.mark.parametrize("layer", [nn.RNN, nn.LSTM, nn.GRU])
def test_a_recurrent_layer_over_a_long_sequence_for_any_batch(layer, tmp_path):
    net, x = layer(4, 5), CHANCE.standard_normal((3, 20, 4)).astype(np.float32)
    path = sg.export_onnx(net, tmp_path / "net.onnx", x)
    assert "Scan" in operators(path)
    for rows in (x, x[:1], np.concatenate([x, x])):
        (got,) = by_onnxruntime(path, rows)
        np.testing.assert_allclose(got, net(rows).value, atol=1e-6)


def test_the_derivative_of_a_loop_is_refused(tmp_path):
    with pytest.raises(FormatError, match="no form in ONNX"):
        sg.export_onnx(sg.grad(lambda x: FUNCTIONS["scan"][0](x)[0].sum()), tmp_path / "g.onnx", X,
                       dynamic_batch=False)
