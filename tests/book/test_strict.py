"""The book's face is as strict as the core: what does not fit is named, never broadcast."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import seegrad as sg
from seegrad import book
from seegrad.errors import DTypeError, ShapeError, ValueRangeError

QUARTERS, THIRDS = np.full(4, 0.25), np.full((3, 3), 1 / 3)

RIGHT = [
    (QUARTERS, 1, np.log(4)),
    (QUARTERS, [1], np.log(4)),
    (QUARTERS, np.array([1]), np.log(4)),
    (QUARTERS, [0, 1, 0, 0], np.log(4)),
    (QUARTERS, [0.5, 0.5, 0.0, 0.0], np.log(4)),
    (THIRDS, [0, 1, 2], np.log(3)),
    (THIRDS, np.eye(3), np.log(3)),
    (THIRDS, np.eye(3, dtype=bool), np.log(3)),
    (np.array([[0.5, 0.5], [0.25, 0.75]]), [0, 1], -np.log(0.5 * 0.75) / 2),
    (np.array([1.0]), [1.0], 0.0),
]

WRONG = [
    (THIRDS, [[0], [1], [2]], ShapeError),
    (THIRDS, [[0, 1, 2]], ShapeError),
    (THIRDS, [1], ShapeError),
    (THIRDS, 1, ShapeError),
    (THIRDS, [0, 1], ShapeError),
    (THIRDS, np.ones((3, 4)), ShapeError),
    (THIRDS, np.eye(3)[None], ShapeError),
    (QUARTERS, [[1]], ShapeError),
    (QUARTERS, [1, 2], ShapeError),
    (THIRDS, [0.0, 1.0, 2.0], DTypeError),
    (THIRDS, [True, False, True], DTypeError),
    (QUARTERS, 1.0, DTypeError),
    (QUARTERS, True, DTypeError),
    (THIRDS, [0, 1, 3], ValueRangeError),
    (THIRDS, [-1, 0, 1], ValueRangeError),
    (QUARTERS, [4], ValueRangeError),
    (THIRDS, None, DTypeError),
    (THIRDS, "012", DTypeError),
    (THIRDS, np.eye(3) * 1j, DTypeError),
    (THIRDS, [], DTypeError),
    (np.zeros((0, 3)), np.zeros(0, int), ShapeError),
    (0.5, 0, ShapeError),
]


@pytest.mark.parametrize(("y", "t", "expected"), RIGHT)
def test_the_cross_entropy_of_targets_that_fit(y, t, expected):
    assert book.cross_entropy_error(y, t) == pytest.approx(expected, abs=1e-6)
    assert book.SoftmaxWithLoss().forward(np.log(y), t) == pytest.approx(expected, abs=1e-12)
    assert book.softmax_loss(np.log(y), t) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("y", "t", "kind"), WRONG)
def test_targets_that_do_not_fit_are_named(y, t, kind):
    for loss in (book.cross_entropy_error, book.SoftmaxWithLoss().forward):
        with pytest.raises(kind):
            loss(y, t)


def test_the_cross_entropy_has_the_same_derivative_by_targets_and_outputs_as_the_core():
    y, t = np.array([[0.2, 0.8], [0.6, 0.4]]), np.array([[0.5, 0.5], [1.0, 0.0]])
    found = sg.grad(lambda t: book.cross_entropy_error(y, t))(t)
    np.testing.assert_allclose(found, -np.log(y + 1e-7) / 2)
    found = sg.grad(lambda y: book.cross_entropy_error(y, t))(y)
    np.testing.assert_allclose(found, -t / (y + 1e-7) / 2)
    scores = np.log(y)
    found = sg.grad(lambda t: book.SoftmaxWithLoss().forward(scores, t))(t)
    np.testing.assert_allclose(found, -np.log(y) / 2)


def test_a_derivative_by_weights_passes_through_a_layer():
    x, b = np.array([[1.0, 2.0]]), np.zeros(3)
    found = sg.grad(lambda W: book.Affine(W, b).forward(x).sum())(np.ones((2, 3)))
    np.testing.assert_allclose(found, [[1] * 3, [2] * 3])


@pytest.mark.parametrize(("y", "t"), [
    (np.ones((3, 1)), np.zeros(3)), (np.ones(3), np.zeros((3, 1))), (np.ones(3), np.zeros(2)),
    (np.ones(3), 0.0), (np.ones((2, 3)), np.zeros(3)),
])  # fmt: skip
def test_the_squared_error_never_broadcasts(y, t):
    with pytest.raises(ShapeError, match="same shape"):
        book.mean_squared_error(y, t)


def test_the_squared_error_of_bytes_does_not_wrap_around():
    assert book.mean_squared_error(np.uint8([0, 200]), np.uint8([200, 0])) == 40_000
    assert book.mean_squared_error([True], [False]) == 0.5
    assert book.mean_squared_error([], []) == 0


BAD = [None, 1j, "a", [[1], [1, 2]], np.array(["1"]), {"a": 1}, np.ones(2, complex), 10**400]


@pytest.mark.parametrize("value", BAD, ids=repr)
def test_what_is_no_array_of_numbers_is_named(value):
    def arrives(dout):
        layer = book.MulLayer()
        layer.forward(2.0, 3.0)
        return layer.backward(dout)

    for call in (
        book.sigmoid, book.sigmoid_grad, book.relu, book.relu_grad, book.softmax,
        book.step_function, book.Relu().forward, book.Sigmoid().forward, arrives,
        book.Affine(np.ones((2, 2)), np.ones(2)).forward,
        lambda v: book.MulLayer().forward(v, 1), lambda v: book.MulLayer().forward(1, v),
        lambda v: book.AddLayer().forward(v, 1), lambda v: book.AddLayer().forward(1, v),
        lambda v: book.mean_squared_error(v, v), lambda v: book.cross_entropy_error(v, [0]),
        lambda v: book.numerical_gradient(np.sum, v),
        lambda v: book.Affine(v, np.ones(2)).forward(np.ones(2)),
    ):  # fmt: skip
        with pytest.raises(DTypeError):
            call(value)


def test_lists_are_arrays():
    layer = book.MulLayer()
    assert layer.forward([1, 2], 3).tolist() == [3, 6]
    by_x, by_y = layer.backward(1)
    assert (by_x.tolist(), by_y) == ([3, 3], 3)
    assert book.AddLayer().forward((1, 2), [0.5, 0.5]).tolist() == [1.5, 2.5]


def test_whole_numbers_are_exact_or_refused():
    assert book.MulLayer().forward(3 * 10**7, 10**8) == 3 * 10**15
    for x, y in ((10**10, 10**10), (2**60 + 1, 1), (np.array([2**62]), 1)):
        with pytest.raises(ValueRangeError, match="too large to be exact"):
            book.MulLayer().forward(x, y)
    assert book.MulLayer().forward(1e10, 10**10) == 1e20


@pytest.mark.parametrize(("W", "b"), [
    (np.ones((2, 3)), np.ones(1)), (np.ones((2, 3)), 1.0), (np.ones((2, 3)), np.ones((4, 3))),
    (np.ones((2, 3)), np.ones(2)), (np.ones(2), np.ones(2)), (1.0, 1.0),
])  # fmt: skip
def test_a_bias_is_not_stretched_over_outputs_or_samples(W, b):
    with pytest.raises(ShapeError, match="W and b do not fit"):
        book.Affine(W, b).forward(np.ones((4, 2)))


def test_the_numerical_gradient_asks_for_one_number_and_a_step():
    with pytest.raises(ShapeError, match="one number"):
        book.numerical_gradient(lambda x: x * 2, np.ones(2))
    with pytest.raises(ValueRangeError, match="step"):
        book.numerical_gradient(np.sum, np.ones(2), h=0)
    fixed = np.ones(2)
    fixed.setflags(write=False)
    np.testing.assert_allclose(book.numerical_gradient(np.sum, fixed), [1, 1])
    np.testing.assert_allclose(book.numerical_gradient(np.sum, sg.tensor([1.0, 2.0])), [1, 1])


X, T = np.array([[1.0, -2.0], [0.5, 1.0]]), np.array([0, 1])


def small():
    np.random.seed(0)
    return book.TwoLayerNet(2, 3, 2, weight_init_std=1.0)


def loss_by_hand(net, W1):
    hidden = np.maximum(X @ W1 + net.params["b1"], 0)
    return sg.softmax_cross_entropy(hidden @ net.params["W2"] + net.params["b2"], T)


NEW = np.array([[0.3, -0.2, 0.9], [0.1, 0.8, -0.4]])


def assign_all(net):
    net.params = {**net.params, "W1": NEW}


def in_place(net):
    net.params["W1"] -= net.params["W1"] - NEW


def merge(net):
    net.params |= {"W1": NEW}


def merge_a_held_one(net):
    held = net.params
    held |= {"W1": NEW}


def rebind_in_the_layer(net):
    net.layers["Affine1"].W = NEW.copy()


REACH = {
    "item": lambda net: net.params.__setitem__("W1", NEW),
    "a list": lambda net: net.params.__setitem__("W1", NEW.tolist()),
    "in place": in_place,
    "update by name": lambda net: net.params.update(W1=NEW),
    "update by a dict": lambda net: net.params.update({"W1": NEW}),
    "update by pairs": lambda net: net.params.update([("W1", NEW)]),
    "|=": merge,
    "|= of a held one": merge_a_held_one,
    "all of them": assign_all,
    "the layer's own": rebind_in_the_layer,
    "another layer": lambda net: net.layers.__setitem__(
        "Affine1", book.Affine(NEW.copy(), np.zeros(3))
    ),
}


@pytest.mark.parametrize("way", REACH)
def test_every_way_to_set_a_parameter_reaches_the_layer(way):
    net = small()
    before = net.loss(X, T)
    held = net.params
    REACH[way](net)
    np.testing.assert_allclose(net.params["W1"], NEW, rtol=1e-14)
    assert held["W1"] is net.params["W1"]
    assert net.params["W1"] is net.layers["Affine1"].W
    assert net.loss(X, T) == pytest.approx(float(loss_by_hand(net, NEW)), rel=1e-12)
    assert net.loss(X, T) != pytest.approx(before)
    numerical = net.numerical_gradient(X, T)["W1"]
    np.testing.assert_allclose(net.gradient(X, T)["W1"], numerical, atol=1e-6)


def delete(net):
    del net.params["W1"]


def add(net):
    net.params["w1"] = NEW


def assign_some(net):
    net.params = {"W1": NEW}


REFUSED = {
    "del": delete, "pop": lambda net: net.params.pop("W1"), "a new name": add,
    "pop with a default": lambda net: net.params.pop("nix", None),
    "popitem": lambda net: net.params.popitem(), "clear": lambda net: net.params.clear(),
    "setdefault": lambda net: net.params.setdefault("W3", NEW),
    "some of them": assign_some,
    "one good, one of another shape": lambda net: net.params.update(W1=NEW, b1=np.ones(2)),
    "one good, one unknown": lambda net: net.params.update(W1=NEW, b3=np.ones(2)),
    "complex": lambda net: net.params.update(W1=NEW * 1j),
    "None": lambda net: net.params.update(W1=None),
}  # fmt: skip


@pytest.mark.parametrize("way", REFUSED)
def test_what_would_part_parameters_and_layers_is_refused(way):
    net = small()
    before = net.params.copy()
    with pytest.raises(sg.SeegradError):
        REFUSED[way](net)
    assert list(net.params) == ["W1", "b1", "W2", "b2"]
    for name, array in before.items():
        np.testing.assert_array_equal(net.params[name], array)


def test_parameters_are_read_like_a_dict():
    net = small()
    assert (len(net.params), "W1" in net.params, "w1" in net.params) == (4, True, False)
    assert net.params.setdefault("W1", 0) is net.params["W1"]
    assert {name: array.shape for name, array in net.params.items()} == {
        "W1": (2, 3), "b1": (3,), "W2": (3, 2), "b2": (2,),
    }
    with pytest.raises(KeyError):
        net.params["w1"]
    other = copy.deepcopy(net)
    other.params["b2"] += 1
    assert net.params["b2"].tolist() == [0, 0]
    net.params.update(b2=[1, 2], b1=np.arange(3))
    assert repr(net.params).startswith("{'W1': array(")
    swapped = net.params["W2"]
    net.params["W2"] = swapped[::-1]
    np.testing.assert_array_equal(net.params["W2"], other.params["W2"][::-1])


@pytest.mark.parametrize(("t", "kind"), [
    ([[0], [1]], ShapeError), ([0], ShapeError), (1, ShapeError), ([0, 1, 1], ShapeError),
    ([0.0, 1.0], DTypeError), ([0, 2], ValueRangeError), (None, DTypeError),
])  # fmt: skip
def test_an_accuracy_needs_a_label_for_each_row(t, kind):
    net = small()
    for call in (net.accuracy, net.loss, net.gradient):
        with pytest.raises(kind):
            call(X, t)


def test_the_accuracy_of_labels_of_targets_and_of_one_sample():
    net = small()
    best = net.predict(X).argmax(axis=1)
    assert net.accuracy(X, best) == net.accuracy(X, np.eye(2)[best]) == 1
    assert net.accuracy(X, [best[0], 1 - best[1]]) == 0.5
    assert net.accuracy(X[0], int(best[0])) == net.accuracy(X[0], [best[0]]) == 1


@pytest.mark.parametrize("widths", [(0, 1, 1), (1, 0, 1), (1, 1, -1), (1.5, 1, 1), (True, 1, 1)])
def test_a_network_has_widths(widths):
    with pytest.raises(ValueRangeError, match="at least one value wide"):
        book.TwoLayerNet(*widths)
