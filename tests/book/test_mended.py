"""What the book's code gets wrong, and how it is here; and its functions against formulas."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import seegrad as sg
from seegrad import book
from seegrad.errors import DTypeError, FormatError, GradientError, ShapeError, ValueRangeError

ROOT = Path(__file__).parents[2]


def test_backward_before_forward_is_named():
    for layer in (book.MulLayer(), book.Relu(), book.Sigmoid(), book.SoftmaxWithLoss(),
                  book.Affine(np.ones((2, 2)), np.ones(2))):
        with pytest.raises(GradientError, match="has not seen anything yet"):
            layer.backward(1)
        with pytest.raises(GradientError, match="forward"):
            _ = layer.graph


def test_one_layer_object_used_twice_is_never_silently_wrong():
    layer = book.MulLayer()
    layer.forward(layer.forward(1, 3), 4)
    dx, _ = layer.backward(1)
    assert dx == 4
    with pytest.raises(GradientError, match="used more than once"):
        layer.backward(dx)
    layer.forward(2, 5)
    assert layer.backward(1) == layer.backward(1) == (5, 2)


def test_a_layer_with_tensors_makes_one_graph():
    apple, count = sg.tensor(100.0, name="사과"), sg.tensor(2.0)
    price = book.MulLayer().forward(book.MulLayer().forward(apple, count), 1.1)
    assert len(price.graph.operations) == 2
    price.backward()
    assert apple.grad == pytest.approx(2.2)


def test_the_derivative_that_arrives_is_honoured_and_its_shape_checked():
    layer = book.Sigmoid()
    layer.forward(np.zeros((2, 3)))
    np.testing.assert_allclose(layer.backward(np.full((2, 3), 4.0)), np.ones((2, 3)))
    with pytest.raises(ShapeError, match=r"\(2, 3\)"):
        layer.backward(np.ones(3))


def test_the_loss_of_a_perfect_prediction_is_not_negative():
    layer = book.SoftmaxWithLoss()
    assert layer.forward(np.array([[100.0, 0]]), np.array([0])) == 0
    assert layer.forward(np.array([[0.0, 20]]), np.array([0])) == pytest.approx(20)
    np.testing.assert_allclose(layer.backward(), [[-1, 1]], atol=1e-8)
    delta = book.SoftmaxWithLoss(delta=1e-7)
    assert delta.forward(np.array([[100.0, 0]]), np.array([0])) == pytest.approx(-1e-7, rel=1e-5)


def test_one_output_and_labels_are_told_apart():
    layer = book.SoftmaxWithLoss()
    assert layer.forward(np.ones((4, 1)), np.zeros(4, int)) == 0
    with pytest.raises(ValueRangeError, match="out of range"):
        layer.forward(np.ones((2, 3)), np.array([0, 3]))
    with pytest.raises(DTypeError, match="integers"):
        layer.forward(np.ones((2, 3)), np.array([0.0, 1.0]))
    with pytest.raises(ShapeError, match="do not fit"):
        layer.forward(np.ones((2, 3)), np.ones((3, 2)))


def test_the_first_layers_dx_is_not_computed():
    np.random.seed(0)
    net = book.TwoLayerNet(4, 3, 2)
    net.gradient(np.ones((2, 4)), np.array([0, 1]))
    x = next(leaf for leaf in net.graph.inputs if leaf.name == "x")
    assert [e.grad for e in net.graph.edges if e.source is x] == [None]
    assert {leaf.name for leaf in net.graph.inputs} == {"x", "t", "W1", "b1", "W2", "b2"}
    assert [node.op.sign for node in net.graph.operations] == [
        "dot", "+", "ReLU", "dot", "+", "Softmax-with-Loss",
    ]


def test_layer_by_layer_equals_the_whole_graph():
    np.random.seed(0)
    net = book.TwoLayerNet(4, 3, 2, weight_init_std=1.0)
    x, t = np.random.randn(5, 4), np.array([0, 1, 1, 0, 1])
    grads = net.gradient(x, t)
    scores = x
    for layer in net.layers.values():
        scores = layer.forward(scores)
    net.lastLayer.forward(scores, t)
    dout = net.lastLayer.backward(1)
    for layer in reversed(net.layers.values()):
        dout = layer.backward(dout)
    np.testing.assert_allclose(net.layers["Affine1"].dW, grads["W1"])
    np.testing.assert_allclose(net.layers["Affine2"].db, grads["b2"])
    assert dout.shape == x.shape


def test_relu_slope_at_zero_is_that_of_the_layer():
    assert book.relu_grad(np.array([-1, 0, 2])).tolist() == [0, 0, 1]
    layer = book.Relu()
    layer.forward(np.zeros(1))
    assert layer.backward(np.ones(1)).tolist() == [0]


def test_sigmoid_does_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert book.sigmoid(np.array([-1e4, 1e4])).tolist() == [0, 1]
        assert book.sigmoid_grad(np.array([0.0])).tolist() == [0.25]


def test_functions():
    y, t = np.array([[0.1, 0.7, 0.2], [0.5, 0.25, 0.25]]), np.array([[0, 1, 0], [1, 0, 0]])
    expected = -np.mean(np.log(np.array([0.7, 0.5]) + 1e-7))
    assert book.cross_entropy_error(y, t) == pytest.approx(expected, rel=1e-14)
    assert book.cross_entropy_error(y, np.array([1, 0])) == pytest.approx(expected, rel=1e-14)
    assert book.cross_entropy_error(y[0], t[0]) == pytest.approx(-np.log(0.7 + 1e-7), rel=1e-14)
    assert book.cross_entropy_error(y[0], 1) == pytest.approx(-np.log(0.7 + 1e-7), rel=1e-14)
    soft = np.array([[0.2, 0.5, 0.3], [1.0, 0, 0]])
    assert book.cross_entropy_error(y, soft) == pytest.approx(
        -(soft * np.log(y + 1e-7)).sum() / 2, rel=1e-14
    )
    assert book.sum_squared_error(y, t) == pytest.approx(0.5 * ((y - t) ** 2).sum())
    assert book.mean_squared_error is book.sum_squared_error
    assert book.step_function(np.array([-1.0, 0, 3])).tolist() == [0, 0, 1]
    assert book.identity_function(y) is y
    assert book.relu(np.array([-1.0, 2])).tolist() == [0, 2]
    np.testing.assert_allclose(book.softmax(y).sum(axis=1), 1)
    assert book.softmax_loss(np.log(y), t) == pytest.approx(expected, rel=1e-12)


def test_numerical_gradient_moves_the_array_in_place_and_puts_it_back():
    x = np.array([[1.0, 2], [3, 4]])
    mine = x.copy()
    found = book.numerical_gradient(lambda _: (x**3).sum(), x)
    np.testing.assert_allclose(found, 3 * mine**2, rtol=1e-7)
    assert np.array_equal(x, mine)
    with pytest.raises(ZeroDivisionError):
        book.numerical_gradient(lambda _: 1 / 0, x)
    assert np.array_equal(x, mine)


def test_load_mnist_in_all_its_shapes(real_mnist, monkeypatch):
    (x, t), (x_test, t_test) = book.load_mnist(path=real_mnist)
    assert (x.shape, x.dtype, t.shape, t.dtype) == ((8000, 784), np.float32, (8000,), np.uint8)
    assert (x_test.shape, t_test.shape) == ((2000, 784), (2000,))
    monkeypatch.setenv("SEEGRAD_MNIST", str(real_mnist))
    (raw, hot), _ = book.load_mnist(normalize=False, flatten=False, one_hot_label=True)
    assert (raw.shape, raw.dtype, raw.max()) == ((8000, 1, 28, 28), np.uint8, 255)
    np.testing.assert_array_equal(raw.reshape(8000, 784) / np.float32(255), x)
    assert np.array_equal(hot.argmax(axis=1), t)


def test_load_mnist_without_files_says_where_it_looked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SEEGRAD_MNIST", raising=False)
    with pytest.raises(FormatError, match="nothing is ever downloaded"):
        book.load_mnist()


def example(name, **more):
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "chapter" / name], capture_output=True, text=True,
        check=True, env={**os.environ, "PYTHONPATH": str(ROOT / "src"), **more},
    )  # fmt: skip
    return done.stdout.splitlines()


def test_the_script_buy_apple():
    assert example("buy_apple.py") == ["price: 220", "dApple: 2.2", "dApple_num: 110", "dTax: 200"]


def test_the_script_buy_apple_orange():
    assert example("buy_apple_orange.py") == [
        "price: 715", "dApple: 2.2", "dApple_num: 110", "dOrange: 3.3000000000000003",
        "dOrange_num: 165", "dTax: 650",
    ]


def test_the_script_gradient_check(real_mnist):
    lines = example("gradient_check.py", SEEGRAD_MNIST=str(real_mnist))
    assert [line.split(":")[0] for line in lines] == ["W1", "b1", "W2", "b2"]
    assert all(float(line.split(":")[1]) < 1e-4 for line in lines)
