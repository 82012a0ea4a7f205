"""Each layer against an independent road: PyTorch where it is there, and formulas written out."""

from __future__ import annotations

import numpy as np
import pytest

import seegrad as sg
from seegrad import nn
from seegrad.errors import DTypeError, ShapeError, ValueRangeError

CHANCE = np.random.default_rng(0)
X = CHANCE.standard_normal((6, 5))


def reference(make):
    return make(pytest.importorskip("torch"))


LAYERS = {
    "relu": (nn.ReLU(), lambda t: t.nn.ReLU()),
    "leaky_relu": (nn.LeakyReLU(0.2), lambda t: t.nn.LeakyReLU(0.2)),
    "elu": (nn.ELU(0.7), lambda t: t.nn.ELU(0.7)),
    "silu": (nn.SiLU(), lambda t: t.nn.SiLU()),
    "softplus": (nn.Softplus(), lambda t: t.nn.Softplus()),
    "sigmoid": (nn.Sigmoid(), lambda t: t.nn.Sigmoid()),
    "tanh": (nn.Tanh(), lambda t: t.nn.Tanh()),
    "gelu": (nn.GELU(), lambda t: t.nn.GELU()),
    "gelu by tanh": (nn.GELU(approximate=True), lambda t: t.nn.GELU("tanh")),
    "softmax": (nn.Softmax(), lambda t: t.nn.Softmax(-1)),
    "softmax of columns": (nn.Softmax(axis=0), lambda t: t.nn.Softmax(0)),
    "batch norm": (nn.BatchNorm(5, dtype=float), lambda t: t.nn.BatchNorm1d(5).double()),
    "layer norm": (nn.LayerNorm(5, dtype=float), lambda t: t.nn.LayerNorm(5).double()),
}


@pytest.mark.parametrize("name", LAYERS)
def test_forward_and_backward_equal_pytorch(name):
    layer, make = LAYERS[name]
    torch = pytest.importorskip("torch")
    weights = CHANCE.standard_normal(X.shape)
    ours, theirs = sg.tensor(X), torch.tensor(X, requires_grad=True)
    out, expected = layer(ours), make(torch)(theirs)
    np.testing.assert_allclose(out.value, expected.detach(), atol=1e-12)
    (out * weights).sum().backward()
    (expected * torch.tensor(weights)).sum().backward()
    np.testing.assert_allclose(ours.grad, theirs.grad, atol=1e-12)


def test_affine_equals_pytorch_with_weights_transposed():
    torch = pytest.importorskip("torch")
    ours, theirs = nn.Affine(5, 3, dtype=float), torch.nn.Linear(5, 3).double()
    with torch.no_grad():
        theirs.weight.copy_(torch.tensor(ours.W.value.T.copy()))
        theirs.bias.copy_(torch.tensor(np.array(ours.b.value)))
    x = CHANCE.standard_normal((2, 4, 5))
    np.testing.assert_allclose(ours(x).value, theirs(torch.tensor(x)).detach(), atol=1e-12)
    (ours(x) ** 2).sum().backward()
    (theirs(torch.tensor(x)) ** 2).sum().backward()
    np.testing.assert_allclose(ours.W.grad, theirs.weight.grad.T, atol=1e-10)
    np.testing.assert_allclose(ours.b.grad, theirs.bias.grad, atol=1e-10)


def test_linear_is_affine_and_may_go_without_a_bias():
    assert nn.Linear is nn.Affine
    layer = nn.Affine(5, 3, bias=False)
    assert [name for name, _ in layer.named_parameters()] == ["W"]
    np.testing.assert_allclose(layer(X).value, X @ layer.W.value, atol=1e-6)
    assert repr(layer) == "Affine(5 → 3, bias=False)"


def test_one_sample_may_come_without_a_batch():
    layer = nn.Affine(5, 3, dtype=float)
    np.testing.assert_allclose(layer(X[0]).value, layer(X).value[0])


LOSSES = {
    "labels": (nn.SoftmaxWithLoss(), np.array([0, 4, 2, 2, 1, 3]), "CrossEntropyLoss"),
    "soft": (nn.CrossEntropyLoss(), np.full((6, 5), 0.2), "CrossEntropyLoss"),
    "mse": (nn.MSELoss(), CHANCE.standard_normal((6, 5)), "MSELoss"),
    "l1": (nn.L1Loss(), CHANCE.standard_normal((6, 5)), "L1Loss"),
    "bce of scores": (nn.BCELoss(with_logits=True), (X > 0) * 1.0, "BCEWithLogitsLoss"),
}


@pytest.mark.parametrize("name", LOSSES)
def test_losses_equal_pytorch(name):
    torch = pytest.importorskip("torch")
    loss, t, theirs = LOSSES[name]
    ours, other = sg.tensor(X), torch.tensor(X, requires_grad=True)
    out, expected = loss(ours, t), getattr(torch.nn, theirs)()(other, torch.tensor(t))
    np.testing.assert_allclose(out.value, expected.detach(), rtol=1e-12)
    out.backward()
    expected.backward()
    np.testing.assert_allclose(ours.grad, other.grad, atol=1e-13)


def test_bce_of_probabilities():
    x, t = np.array([0.9, 0.2]), np.array([1.0, 0.0])
    expected = -(np.log(0.9) + np.log(0.8)) / 2
    np.testing.assert_allclose(nn.BCELoss()(sg.tensor(x), t).value, expected)


def test_targets_follow_the_outputs_dtype():
    scores = sg.tensor(np.ones((2, 3)), dtype=np.float32)
    assert nn.MSELoss()(scores, np.ones((2, 3))).dtype == np.float32
    assert nn.SoftmaxWithLoss()(scores, np.full((2, 3), 1 / 3)).dtype == np.float32


def test_losses_say_what_does_not_fit():
    loss = nn.SoftmaxWithLoss()
    with pytest.raises(ValueRangeError, match="from 0 to 2"):
        loss(sg.tensor(np.ones((2, 3))), np.array([0, 3]))
    with pytest.raises(DTypeError, match="labels must be integers"):
        loss(sg.tensor(np.ones((2, 3))), np.array([0.0, 1.0]))
    with pytest.raises(ShapeError, match="do not fit"):
        loss(sg.tensor(np.ones((2, 3))), np.ones((2, 4)))
    with pytest.raises(ShapeError, match="same shape"):
        nn.MSELoss()(sg.tensor(np.ones((2, 1))), np.ones(2))


def test_batch_norm_keeps_running_means_as_pytorch_does():
    torch = pytest.importorskip("torch")
    ours, theirs = nn.BatchNorm(5, dtype=float), torch.nn.BatchNorm1d(5).double()
    for _ in range(3):
        x = CHANCE.standard_normal((7, 5)) * 2 + 1
        ours(x)
        theirs(torch.tensor(x))
    np.testing.assert_allclose(ours.running_mean.value, theirs.running_mean, atol=1e-12)
    np.testing.assert_allclose(ours.running_var.value, theirs.running_var, atol=1e-12)
    ours.eval()
    theirs.eval()
    np.testing.assert_allclose(ours(X).value, theirs(torch.tensor(X)).detach(), atol=1e-12)
    one = ours(X[:1])
    np.testing.assert_allclose(one.value, ours(X).value[:1])


def test_batch_norm_refuses_to_train_on_one_row():
    with pytest.raises(ShapeError, match="one row has no variance"):
        nn.BatchNorm(5)(X[:1])


def test_batch_norm_gradient_by_differences():
    layer = nn.BatchNorm(3, dtype=float)

    def of(x, gamma, beta):
        with layer.using({"gamma": gamma, "beta": beta}):
            return (layer(x) ** 3).sum()

    values = CHANCE.standard_normal((4, 3)), np.array([1.0, 2.0, 0.5]), np.array([0.1, -0.2, 0.3])
    assert sg.gradcheck(of, *values)


def test_running_means_are_state_and_are_not_learnt():
    layer = nn.BatchNorm(2)
    assert [name for name, _ in layer.named_parameters()] == ["gamma", "beta"]
    assert set(layer.state_dict()) == {"gamma", "beta", "running_mean", "running_var"}


def test_dropout_leaves_out_a_share_and_keeps_the_mean():
    layer = nn.Dropout(0.25, seed=1)
    out = layer(np.ones((200, 200))).value
    assert set(np.unique(out)) == {0, 1 / 0.75}
    assert abs(out.mean() - 1) < 0.02
    assert not np.array_equal(out, layer(np.ones((200, 200))).value)
    layer.eval()
    assert np.array_equal(np.asarray(layer(X)), X)


def test_dropout_sends_back_through_what_it_kept():
    layer = nn.Dropout(0.5, seed=3)
    x = sg.tensor(np.ones((4, 4)))
    out = layer(x)
    out.sum().backward()
    assert np.array_equal(x.grad, out.value)


def test_dropout_repeats_by_seed_and_goes_on_from_its_state():
    first, again = nn.Dropout(0.5, seed=2), nn.Dropout(0.5, seed=2)
    a = [np.asarray(first(np.ones(50))) for _ in range(3)]
    b = [np.asarray(again(np.ones(50))) for _ in range(3)]
    assert np.array_equal(a, b)
    other = nn.Dropout(0.5, seed=9)
    other.load_state_dict(first.state_dict())
    assert np.array_equal(np.asarray(first(np.ones(50))), np.asarray(other(np.ones(50))))


def test_dropout_of_everything_is_refused():
    for p in (1.0, -0.1, float("nan")):
        with pytest.raises(ValueRangeError):
            nn.Dropout(p)
    assert nn.Dropout(0)(X) is X


def test_flatten():
    assert nn.Flatten()(np.zeros((2, 3, 4))).shape == (2, 12)
    assert nn.Flatten()(np.zeros((0, 3, 4))).shape == (0, 12)
    x = sg.tensor(np.ones((2, 3, 4)))
    nn.Flatten()(x).sum().backward()
    assert x.grad.shape == (2, 3, 4)


def test_a_loss_of_bytes_does_not_wrap_around_and_lists_are_looked_at():
    x, t = np.uint8([200, 0]), np.uint8([0, 200])
    for given in (x, sg.tensor(x)):
        assert float(sg.mean_squared_error(given, t)) == 40_000
        assert float(sg.mean_absolute_error(given, t)) == 200
    assert float(sg.nn.MSELoss()(x, t)) == 40_000
    assert float(sg.mean_squared_error(x > 0, t > 0)) == 1
    compiled = sg.compile(sg.mean_squared_error)
    assert float(compiled(x, t)) == 40_000
    half = np.float32([0.5])
    assert sg.mean_squared_error(half, np.uint8([1])).dtype == np.float32
    with pytest.raises(sg.SeegradError, match="not an array of numbers"):
        sg.nn.SoftmaxWithLoss()(np.ones((2, 2)), [[1, 0], [1]])
