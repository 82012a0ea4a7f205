"""What does not fit in chapters 4 to 8 is named; what the book's code gets wrong there is right."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import seegrad as sg
from seegrad import book
from seegrad.errors import (
    CallError,
    DTypeError,
    FormatError,
    GradientError,
    MissingFileError,
    ShapeError,
    ValueRangeError,
)

IMAGE, ROWS = np.ones((2, 1, 6, 6)), np.ones((4, 3))
CONV = {"filter_num": 2, "filter_size": 3, "pad": 0, "stride": 1}


def net():
    return book.SimpleConvNet((1, 6, 6), CONV, hidden_size=4, output_size=3)


def norm(size=3):
    return book.BatchNormalization(np.ones(size), np.zeros(size))


WRONG = {
    "no image axes": (lambda: book.im2col(ROWS, 2, 2), ShapeError, "four axes"),
    "one image": (lambda: book.im2col(IMAGE[0], 2, 2), ShapeError, "four axes"),
    "a filter larger than the image": (lambda: book.im2col(IMAGE, 7, 7), ShapeError, "window"),
    "no stride": (lambda: book.im2col(IMAGE, 2, 2, stride=0), ShapeError, "stride"),
    "half a pad": (lambda: book.im2col(IMAGE, 2, 2, pad=0.5), DTypeError, "pad"),
    "col of other images": (lambda: book.col2im(ROWS, IMAGE.shape, 2, 2), ShapeError, "col"),
    "a sample to a filter": (lambda: book.Convolution(np.ones((1, 1, 2, 2)), 0).forward(ROWS),
                             ShapeError, "images"),
    "other channels": (lambda: book.Convolution(np.ones((1, 3, 2, 2)), 0).forward(IMAGE),
                       ShapeError, "channels"),
    "a bias too many": (lambda: book.Convolution(np.ones((1, 1, 2, 2)), [1, 2.0]).forward(IMAGE),
                        ShapeError, "b do not fit"),
    "text": (lambda: book.Convolution(np.ones((1, 1, 2, 2)), 0).forward("x"), DTypeError, None),
    "a padded window": (lambda: book.Pooling(2, 2, pad=2), ValueRangeError, "padding alone"),
    "pooling of rows": (lambda: book.Pooling(2, 2).forward(ROWS), ShapeError, "images"),
    "all left out": (lambda: book.Dropout(1.0), ValueRangeError, "dropout_ratio"),
    "gamma of other features": (lambda: norm(2).forward(ROWS), ShapeError, "gamma"),
    "one sample to a norm": (lambda: norm().forward(ROWS[0]), ShapeError, "reshape"),
    "a momentum beyond": (lambda: book.BatchNormalization(1, 0, momentum=2), ValueRangeError, None),
    "no such activation": (lambda: book.MultiLayerNet(3, [4], 2, activation="tanh"),
                           ValueRangeError, "relu"),
    "no such first weights": (lambda: book.MultiLayerNet(3, [4], 2, weight_init_std="lecun"),
                              ValueRangeError, "xavier"),
    "a layer of width 0": (lambda: book.MultiLayerNet(3, [4, 0], 2), ValueRangeError,
                           r"hidden_size_list\[1\]"),
    "decay the other way": (lambda: book.MultiLayerNet(3, [4], 2, weight_decay_lambda=-1),
                            ValueRangeError, "decay"),
    "a setting too few": (lambda: book.SimpleConvNet((1, 6, 6), {"filter_num": 2}),
                          ValueRangeError, "filter_size"),
    "a list of settings": (lambda: book.DeepConvNet((1, 6, 6), [1, 2]), ValueRangeError, "pad"),
    "a missing gradient": (lambda: book.SGD().update({"W": np.ones(2)}, {}), ValueRangeError,
                           "W has no gradient"),
    "an unknown gradient": (lambda: book.SGD().update({}, {"w": np.ones(2)}), ValueRangeError,
                            "w, which is no parameter"),
    "a gradient that broadcasts": (lambda: book.SGD().update({"W": np.ones((2, 3))},
                                                             {"W": np.ones(3)}),
                                   ShapeError, "does not have its shape"),
    "whole numbers": (lambda: book.SGD().update({"W": np.ones(2, int)}, {"W": np.ones(2)}),
                      DTypeError, "astype"),
    "a tensor": (lambda: book.Adam().update({"W": sg.tensor([1.0])}, {"W": np.ones(1)}),
                 DTypeError, "sg.optim"),
    "lists of two lengths": (lambda: book.SGD().update([1.0], [1.0, 2.0]), DTypeError, "1, 2"),
    "a rate of text": (lambda: book.SGD(lr="fast"), ValueRangeError, "lr='fast'"),
    "a rate without end": (lambda: book.Adam(lr=np.inf), ValueRangeError, "lr"),
    "no memory at all": (lambda: book.Adam(beta1=1.0), ValueRangeError, "beta1"),
    "no such optimizer": (lambda: book.Trainer(net(), IMAGE, [0, 1], IMAGE, [0, 1],
                                               optimizer="Lion"), ValueRangeError, "rmsprop"),
    "no such setting": (lambda: book.Trainer(net(), IMAGE, [0, 1], IMAGE, [0, 1],
                                             optimizer_param={"rate": 1}), CallError, "rate"),
    "a label too few": (lambda: book.Trainer(net(), IMAGE, [0], IMAGE, [0, 1]), ShapeError,
                        "x_train"),
    "no rows": (lambda: book.Trainer(net(), IMAGE, [0, 1], IMAGE, [0, 1], mini_batch_size=0),
                ValueRangeError, "mini-batch"),
    "other labels": (lambda: book.shuffle_dataset(ROWS, [1, 2]), ShapeError, "label"),
    "no curve": (lambda: book.smooth_curve([]), ShapeError, "curve"),
    "a label out of range": (lambda: net().gradient(IMAGE, [0, 3]), ValueRangeError, "range"),
    "a label for two": (lambda: net().loss(IMAGE, [0]), ShapeError, None),
    "a column of labels": (lambda: net().loss(IMAGE, [[0], [1]]), ShapeError, None),
    "a label for two, counted": (lambda: net().accuracy(IMAGE, [0]), ShapeError, "label"),
    "an unknown parameter": (lambda: net().params.update(W9=1), ValueRangeError, "W9"),
    "no file": (lambda: net().load_params("nowhere.npz"), MissingFileError, None),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG)
def test_what_does_not_fit_is_named(case):
    call, kind, words = case
    with pytest.raises(kind, match=words):
        call()


def test_an_optimizer_that_remembers_is_one_networks():
    optimizer = book.Momentum()
    optimizer.update({"W": np.ones(2)}, {"W": np.ones(2)})
    with pytest.raises(ShapeError, match="remembers other parameters"):
        optimizer.update({"W": np.ones(3)}, {"W": np.ones(3)})
    plain = book.SGD()
    plain.update({"W": np.ones(2)}, {"W": np.ones(2)})
    plain.update({"W": np.ones(3)}, {"W": np.ones(3)})


def test_nothing_moves_when_one_gradient_does_not_fit():
    params = {"W": np.ones(2), "b": np.ones(2)}
    with pytest.raises(ShapeError):
        book.SGD().update(params, {"W": np.ones(2), "b": np.ones(3)})
    assert params["W"].tolist() == [1, 1]


def test_parameters_by_place_and_in_place():
    W, b = np.ones((2, 2)), [np.float64(1.0)]
    params = [W, b[0]]
    book.AdaGrad(lr=0.5).update(params, [np.full((2, 2), 2.0), 4.0])
    np.testing.assert_allclose(W, 0.5)
    assert params[0] is W
    assert params[1] == pytest.approx(0.5)


def test_a_pickle_is_refused_with_the_way_to_bring_it_in(tmp_path):
    first, other = net(), net()
    path = tmp_path / "params.pkl"
    path.write_bytes(pickle.dumps(first.params.copy()))
    before = other.params.copy()
    with pytest.raises(FormatError, match=r"numpy\.savez"):
        other.load_params(path)
    assert all((other.params[name] == array).all() for name, array in before.items())
    np.savez(tmp_path / "params.npz", **pickle.loads(path.read_bytes()))  # noqa: S301
    other.load_params(tmp_path / "params.npz")
    np.testing.assert_array_equal(other.predict(IMAGE), first.predict(IMAGE))


def test_parameters_of_another_network_fill_none(tmp_path):
    first, path = net(), tmp_path / "p.npz"
    before = first.params.copy()
    for arrays, words in (
        ({**before, "W1": np.zeros((2, 1, 5, 5))}, "W1"), ({"W1": before["W1"]}, "missing"),
        ({**before, "W7": np.ones(1)}, "W7"), ({**before, "W3": before["W3"] * 1j}, None),
    ):  # fmt: skip
        np.savez(path, **arrays)
        with pytest.raises((ShapeError, ValueRangeError, DTypeError), match=words or None):
            first.load_params(path)
        assert all((first.params[name] == array).all() for name, array in before.items())


def test_what_is_learned_is_seen():
    for layer, x in ((book.Convolution(np.ones((1, 1, 2, 2)), np.zeros(1)), IMAGE),
                     (book.Pooling(2, 2), IMAGE), (book.Dropout(), ROWS), (norm(), ROWS)):
        with pytest.raises(GradientError, match="has not seen anything"):
            layer.backward(1)
        layer.forward(x)
        assert len(layer.graph.operations) >= 1
        layer.backward(1)
        assert layer.show.__doc__
    network = net()
    network.gradient(IMAGE, [0, 1])
    names = {node.name for node in network.graph.inputs}
    assert {"x", "W1", "b1", "W2", "b2", "W3", "b3"} <= names
    assert network.graph.find("W1").grad.shape == (2, 1, 3, 3)


# --------------------------------------------------------------- mended


def test_images_that_leave_a_rest_are_counted_too():
    """The book divides by all images but looks at whole parts only."""
    network = net()
    labels = network.predict(IMAGE).argmax(1)
    assert network.accuracy(IMAGE, labels) == 1
    assert network.accuracy(np.repeat(IMAGE, 3, 0), np.repeat(labels, 3), batch_size=4) == 1


def test_the_accuracy_of_one_hot_targets():
    """In the book's MultiLayerNet a typing error compares labels with one-hot rows."""
    np.random.seed(0)
    network = book.MultiLayerNet(3, [4], 2)
    labels = network.predict(ROWS).argmax(1)
    assert network.accuracy(ROWS, np.eye(2)[labels]) == 1


def test_layers_in_use_send_back_what_they_did():
    dropout, normal = book.Dropout(0.25), norm()
    dropout.forward(ROWS, train_flg=True)
    np.testing.assert_allclose(dropout.forward(ROWS, train_flg=False), 0.75)
    np.testing.assert_allclose(dropout.backward(np.ones((4, 3))), 0.75)
    x = np.random.default_rng(0).normal(size=(4, 3))
    normal.forward(x)
    normal.forward(x, train_flg=False)
    expected = 1 / np.sqrt(normal.running_var + 1e-6)
    np.testing.assert_allclose(normal.backward(np.ones((4, 3))), np.ones((4, 1)) * expected)
    np.testing.assert_allclose(norm().forward(x, train_flg=False), x, rtol=1e-5)


def test_batch_normalization_of_images_by_pixel_or_by_channel():
    x = np.random.default_rng(0).normal(size=(5, 2, 3, 3))
    flat = norm(18).forward(x.reshape(5, -1)).reshape(x.shape)
    np.testing.assert_allclose(norm(18).forward(x), flat)
    by_channel = norm(2).forward(x)
    np.testing.assert_allclose(by_channel.mean((0, 2, 3)), 0, atol=1e-12)
    np.testing.assert_allclose(by_channel.std((0, 2, 3)), 1, rtol=1e-5)


def test_a_pooling_with_padding():
    """The book forgets the padding in the size of the result."""
    x = -np.arange(1.0, 17).reshape(1, 1, 4, 4)
    out = book.Pooling(2, 2, stride=2, pad=1).forward(x)
    np.testing.assert_array_equal(out[0, 0], [[-1, -2, -4], [-5, -6, -8], [-13, -14, -16]])


def test_epochs_of_no_whole_number_of_steps():
    """The book looks at the accuracy only where an epoch ends on a whole step."""
    x, t = np.random.default_rng(0).normal(size=(9, 3)), np.zeros(9, int)
    trainer = book.Trainer(book.TwoLayerNet(3, 4, 2), x, t, x, t, epochs=4, mini_batch_size=2,
                           verbose=False)  # fmt: skip
    trainer.train()
    assert len(trainer.train_loss_list) == 18
    assert len(trainer.train_acc_list) == len(trainer.test_acc_list) == 4


def test_the_trainer_says_what_the_books_says(capsys):
    x, t = np.random.default_rng(0).normal(size=(4, 3)), np.zeros(4, int)
    book.Trainer(book.TwoLayerNet(3, 4, 2), x, t, x, t, epochs=1, mini_batch_size=2).train()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines if "=" not in line] == [
        "train loss", "train loss", "test acc"
    ]  # fmt: skip
    assert lines[1].startswith("=== epoch:1, train acc:")


def test_the_star_import_brings_what_the_books_brings():
    names: dict = {}
    exec("from seegrad.book import *", names)  # noqa: S102
    assert {"np", "OrderedDict", "os", "sys", *book.__all__} <= names.keys()
    for module, wanted in {
        "functions": "np sigmoid softmax cross_entropy_error", "gradient": "np numerical_gradient",
        "layers": "np Affine Convolution Dropout im2col softmax sigmoid cross_entropy_error",
        "optimizer": "np SGD Adam", "util": "np im2col smooth_curve", "trainer": "Trainer Adam",
        "multi_layer_net": "MultiLayerNet OrderedDict", "simple_convnet": "SimpleConvNet",
        "multi_layer_net_extend": "MultiLayerNetExtend", "deep_convnet": "DeepConvNet",
        "two_layer_net": "TwoLayerNet", "layer_naive": "MulLayer AddLayer", "mnist": "load_mnist",
    }.items():  # fmt: skip
        found: dict = {}
        exec(f"from seegrad.book.{module} import *", found)  # noqa: S102
        assert set(wanted.split()) <= found.keys(), module


def test_im2col_and_col2im_are_each_others_derivative():
    x = np.random.default_rng(0).normal(size=(2, 3, 5, 6))
    col = book.im2col(x, 3, 2, stride=2, pad=1)
    weights = np.random.default_rng(1).normal(size=col.shape)
    by_x = sg.grad(lambda x: (book.im2col(x, 3, 2, stride=2, pad=1) * weights).sum())(x)
    np.testing.assert_allclose(by_x, book.col2im(weights, x.shape, 3, 2, stride=2, pad=1))
    assert sg.gradcheck(lambda col: book.col2im(col, x.shape, 3, 2, stride=2, pad=1), col)
