"""The third volume's names, in scripts of the kind that its steps have."""

from __future__ import annotations

import numpy as np
import pytest

import seegrad as sg
import seegrad.dezero.functions as F
import seegrad.dezero.layers as L
from seegrad.dezero import (
    Function,
    Model,
    Parameter,
    Variable,
    as_variable,
    no_grad,
    optimizers,
    using_config,
)
from seegrad.dezero import test_mode as evaluating
from seegrad.dezero.models import MLP
from seegrad.dezero.utils import plot_dot_graph


def test_variables_and_their_derivatives():
    x, y = Variable(np.array(3.0)), Variable(np.array(2.0))
    z = (x**2 + 3 * y) / 2 - y * x
    z.backward()
    assert (x.grad.data, y.grad.data) == (1.0, -1.5)
    x.cleargrad()
    assert x.grad is None
    assert (len(Variable(np.zeros((2, 3)))), x.shape, x.ndim, x.size) == (2, (), 0, 1)
    assert str(Variable(np.array([1.0]))) == "variable([1.])"
    assert as_variable(x) is x
    with pytest.raises(TypeError, match="holds an array"):
        Variable([1.0])


def test_derivatives_of_derivatives():
    x = Variable(np.array(2.0))
    y = x**4 - 2 * x**2
    y.backward(create_graph=True)
    gx = x.grad
    assert gx.data == 24.0
    x.cleargrad()
    gx.backward()
    assert x.grad.data == 44.0


def test_newtons_method_writes_into_data():
    x = Variable(np.array(2.0))
    for _ in range(8):
        y = x**4 - 2 * x**2
        x.cleargrad()
        y.backward(create_graph=True)
        gx = x.grad
        x.cleargrad()
        gx.backward()
        x.data -= gx.data / x.grad.data
    assert x.data == pytest.approx(1.0)


class Sin(Function):
    def forward(self, x):
        assert type(x) is np.ndarray
        return np.sin(x)

    def backward(self, gy):
        (x,) = self.inputs
        return gy * F.cos(x)


class Mul(Function):
    def forward(self, a, b):
        return a * b

    def backward(self, gy):
        a, b = self.inputs
        return gy * b, gy * a


def test_functions_of_ones_own_of_any_order():
    x = Variable(np.array(0.7))
    y = Mul()(Sin()(x), x)
    y.backward(create_graph=True)
    assert x.grad.data == pytest.approx(np.cos(0.7) * 0.7 + np.sin(0.7))
    gx = x.grad
    x.cleargrad()
    gx.backward()
    assert x.grad.data == pytest.approx(2 * np.cos(0.7) - 0.7 * np.sin(0.7))
    assert [n.op.name for n in y.graph.nodes if n.op] == ["Sin", "Mul"]


def test_shapes_sums_and_parts():
    data = np.arange(6.0).reshape(2, 3)
    x = Variable(data)
    pairs = [
        (x.reshape(3, 2), data.reshape(3, 2)), (x.T, data.T), (x.transpose(1, 0), data.T),
        (x.sum(axis=0), data.sum(axis=0)), (x[1], data[1]), (F.sum_to(x, (2, 3)), data),
        (F.sum_to(x, (1, 3)), data[:1] + data[1:]), (F.max(x, axis=1), data.max(axis=1)),
        (F.clip(x, 1, 4), data.clip(1, 4)), (np.ones(3) - x, 1 - data), (F.average(x), data.mean()),
        (F.softmax(x), np.exp(data) / np.exp(data).sum(1, keepdims=True)), (-x, -data),
    ]  # fmt: skip
    for ours, theirs in pairs:
        assert isinstance(ours, Variable)
        np.testing.assert_allclose(ours.data, theirs)
    F.sum(x[np.array([0, 0, 1])]).backward()
    np.testing.assert_array_equal(x.grad.data, [[2, 2, 2], [1, 1, 1]])
    assert F.accuracy(x, np.array([2, 0])).data == 0.5


def test_settings_hold_within_their_block():
    x = Variable(np.array(1.0))
    with no_grad():
        assert (x * 2).creator is None
    with using_config("enable_backprop", True):
        assert (x * 2).creator.name == "multiply"
    ones = Variable(np.ones(1000))
    with evaluating():
        assert F.dropout(ones) is ones
    kept = F.dropout(ones).data
    assert set(kept) == {0.0, 2.0}
    with pytest.raises(ValueError, match="no setting"), using_config("colour", True):
        pass


class Net(Model):
    def __init__(self):
        self.l1, self.l2, self.scale = L.Linear(8), L.Linear(1, in_size=8), Parameter(np.ones(1))

    def forward(self, x):
        return self.l2(F.sigmoid(self.l1(x))) * self.scale


@pytest.mark.parametrize("optimizer", [
    optimizers.SGD(0.2), optimizers.MomentumSGD(lr=0.1), optimizers.AdaGrad(0.1),
    optimizers.Adam(alpha=0.05, beta1=0.8),
])  # fmt: skip
def test_models_learn(optimizer):
    np.random.seed(0)
    x = np.random.rand(60, 1)
    y = np.sin(2 * np.pi * x)
    model = Net()
    optimizer.setup(model)
    losses = []
    for _ in range(150):
        loss = F.mean_squared_error(y, model(x))
        model.cleargrads()
        loss.backward()
        optimizer.update()
        losses.append(float(loss.data))
    assert len(list(model.params())) == 5
    assert losses[-1] < 0.6 * losses[0]


def test_classes_are_learned_by_an_mlp():
    np.random.seed(1)
    x, t = np.random.randn(90, 2), np.arange(90) % 3
    x += np.array([[2.0, 0], [-2, 2], [-2, -2]])[t]
    model, optimizer = MLP((10, 3), activation=F.relu), optimizers.SGD(0.5)
    optimizer.setup(model)
    for _ in range(40):
        loss = F.softmax_cross_entropy(model(x), t)
        model.cleargrads()
        loss.backward()
        optimizer.update()
    assert F.accuracy(model(x), t).data > 0.9


def test_graphs_are_drawn(tmp_path):
    x = Variable(np.array(1.0), name="x")
    plot_dot_graph(F.tanh(x), to_file=str(tmp_path / "tanh.svg"))
    assert "<svg" in (tmp_path / "tanh.svg").read_text("utf-8")
    Net().plot(np.ones((2, 1)), to_file=str(tmp_path / "net.dot"))
    assert "digraph" in (tmp_path / "net.dot").read_text("utf-8")


def test_it_stays_small():
    folder = next(iter(sg.dezero.__path__))
    from pathlib import Path

    rows = [row for f in Path(folder).rglob("*.py") for row in f.read_text("utf-8").splitlines()]
    assert sum(bool(row.strip()) for row in rows) < 300
