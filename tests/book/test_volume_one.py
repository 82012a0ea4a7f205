"""Scripts as those of chapters 3 to 8, on small data, beside plain NumPy (`reading.py`).

Both roads begin at the same numbers and draw the same rows; every loss is equal to 1e-6.
"""

from __future__ import annotations

import numpy as np
import pytest

from seegrad import book, data
from tests.book import reading
from tests.book.reading import Reading, deep, descent, fully, simple

X, T = data.digits()
X, T = X[:300].astype(np.float64), np.asarray(T[:300])
IMAGES = X.reshape(-1, 1, 8, 8)
KINDS = {
    "sgd": book.SGD, "momentum": book.Momentum, "nesterov": book.Nesterov,
    "adagrad": book.AdaGrad, "rmsprop": book.RMSprop, "adam": book.Adam,
}  # fmt: skip


def equal(found, expected):
    np.testing.assert_allclose(found, expected, atol=1e-6, rtol=1e-6)


def read(script):
    """What a script's names are after it ran, with the book's star import alone."""
    names: dict = {}
    exec("from seegrad.book import *\n" + script, names)  # noqa: S102
    return names


def both(net, other, x, t, kind, lr, steps=8, batch=50, seed=3, train=None):
    """Train both for some steps, and compare every loss and every gradient on the way."""
    optimizer, memory, modes = KINDS[kind](lr=lr), {}, {} if train is None else {"train_flg": train}
    np.random.seed(seed)
    for _ in range(steps):
        rows = np.random.choice(len(x), batch)
        before = np.random.get_state()
        grads = net.gradient(x[rows], t[rows])
        optimizer.update(net.params, grads)
        found = net.loss(x[rows], t[rows], **modes)
        np.random.set_state(before)
        expected = other.gradient(x[rows], t[rows])
        assert grads.keys() == expected.keys()
        for name, value in expected.items():
            equal(grads[name], value)
        descent(kind, lr, other.params, expected, memory)
        # a network of images with Dropout leaves out in `loss`, too
        equal(found, other.loss(x[rows], t[rows], bool(train)))
    for name, value in other.params.items():
        equal(net.params[name], value)


# --------------------------------------------------------------- chapter 3


def test_chapter_3_functions_and_a_network_of_three_layers():
    names = read("""
def init_network():
    network = {}
    network['W1'] = np.array([[0.1, 0.3, 0.5], [0.2, 0.4, 0.6]])
    network['b1'] = np.array([0.1, 0.2, 0.3])
    network['W2'] = np.array([[0.1, 0.4], [0.2, 0.5], [0.3, 0.6]])
    network['b2'] = np.array([0.1, 0.2])
    network['W3'] = np.array([[0.1, 0.3], [0.2, 0.4]])
    network['b3'] = np.array([0.1, 0.2])
    return network

def forward(network, x):
    z1 = sigmoid(np.dot(x, network['W1']) + network['b1'])
    z2 = sigmoid(np.dot(z1, network['W2']) + network['b2'])
    return identity_function(np.dot(z2, network['W3']) + network['b3'])

y = forward(init_network(), np.array([1.0, 0.5]))
steps = step_function(np.array([-1.0, 1.0, 2.0]))
shares = softmax(np.array([1010, 1000, 990]))
""")
    equal(names["y"], [0.31682708, 0.69627909])
    assert names["steps"].tolist() == [0, 1, 1]
    equal(names["shares"], np.exp([0, -10, -20]) / np.exp([0, -10, -20]).sum())


def test_chapter_3_digits_in_batches():
    np.random.seed(1)
    names = read("""
def predict(network, x):
    z1 = sigmoid(np.dot(x, network['W1']) + network['b1'])
    z2 = sigmoid(np.dot(z1, network['W2']) + network['b2'])
    return softmax(np.dot(z2, network['W3']) + network['b3'])
""")
    sizes = (64, 50, 20, 10)
    net = {f"W{i}": np.random.randn(sizes[i - 1], sizes[i]) for i in (1, 2, 3)}
    net |= {f"b{i}": np.random.randn(sizes[i]) for i in (1, 2, 3)}
    count = 0
    for i in range(0, len(X), 100):
        probabilities = names["predict"](net, X[i : i + 100])
        count += np.sum(np.argmax(probabilities, axis=1) == T[i : i + 100])
    other = fully(net, 2, act=reading.sigmoid)
    assert count == np.sum(other.predict(X).argmax(1) == T)


# --------------------------------------------------------------- chapter 4


def test_chapter_4_gradients_of_plain_functions():
    names = read("""
def function_1(x):
    return 0.01*x**2 + 0.1*x

def function_2(x):
    return np.sum(x**2)

def gradient_descent(f, init_x, lr=0.01, step_num=100):
    x = init_x
    history = []
    for i in range(step_num):
        history.append(x.copy())
        x -= lr * numerical_gradient(f, x)
    return x, np.array(history)

slope = numerical_gradient(function_1, np.array(5.0))
at = [numerical_gradient(function_2, np.array(p)) for p in ([3.0, 4.0], [0.0, 2.0], [3.0, 0.0])]
end, history = gradient_descent(function_2, np.array([-3.0, 4.0]), lr=0.1, step_num=100)
""")
    equal(names["slope"], 0.2)
    equal(names["at"], [[6, 8], [0, 4], [6, 0]])
    equal(names["end"], np.array([-3.0, 4.0]) * 0.8**100)
    equal(names["history"], np.array([-3.0, 4.0]) * 0.8 ** np.arange(100)[:, None])
    rows = book.gradient.numerical_gradient_2d(lambda x: np.sum(x**2), [[1.0, 2], [3, 4]])
    equal(rows, [[2, 4], [6, 8]])


def test_chapter_4_a_simple_net_differentiated_by_what_it_reads_from_elsewhere():
    np.random.seed(0)
    names = read("""
class simpleNet:
    def __init__(self):
        self.W = np.random.randn(2, 3)
    def predict(self, x):
        return np.dot(x, self.W)
    def loss(self, x, t):
        return cross_entropy_error(softmax(self.predict(x)), t)

x, t = np.array([0.6, 0.9]), np.array([0, 0, 1])
net = simpleNet()
before = net.W.copy()
dW = numerical_gradient(lambda w: net.loss(x, t), net.W)
""")
    W, x, t = (names[key] for key in ("before", "x", "t"))
    y = np.exp(x @ W) / np.exp(x @ W).sum()
    # the 1e-7 inside of the book's logarithm is part of what is differentiated
    equal(names["dW"], np.outer(x, (y - t) * y[2] / (y[2] + 1e-7)))
    np.testing.assert_array_equal(names["net"].W, W)


SIGMOID_NET = """
class Net:
    def __init__(self, params):
        self.params = params
    def predict(self, x):
        z1 = sigmoid(np.dot(x, self.params['W1']) + self.params['b1'])
        return softmax(np.dot(z1, self.params['W2']) + self.params['b2'])
    def loss(self, x, t):
        return cross_entropy_error(self.predict(x), t)
    def gradient(self, x, t):
        a1 = np.dot(x, self.params['W1']) + self.params['b1']
        z1 = sigmoid(a1)
        dy = (softmax(np.dot(z1, self.params['W2']) + self.params['b2']) - t) / x.shape[0]
        dz1 = sigmoid_grad(a1) * np.dot(dy, self.params['W2'].T)
        return {'W1': np.dot(x.T, dz1), 'b1': np.sum(dz1, axis=0),
                'W2': np.dot(z1.T, dy), 'b2': np.sum(dy, axis=0)}
"""


def test_chapter_4_two_layers_written_with_the_functions_alone():
    np.random.seed(2)
    first = {"W1": np.random.randn(64, 12) * 0.1, "b1": np.zeros(12),
             "W2": np.random.randn(12, 10) * 0.1, "b2": np.zeros(10)}  # fmt: skip
    other = fully({name: array.copy() for name, array in first.items()}, 1, act=reading.sigmoid)
    net, hot = read(SIGMOID_NET)["Net"](first), np.eye(10)[T]
    for _ in range(10):
        rows = np.random.choice(len(X), 40)
        grads, expected = net.gradient(X[rows], hot[rows]), other.gradient(X[rows], T[rows])
        for key in ("W1", "b1", "W2", "b2"):
            net.params[key] -= 0.1 * grads[key]
            other.params[key] = other.params[key] - 0.1 * expected[key]
        scores = np.exp(other.predict(X[rows]))
        right = (scores / scores.sum(1, keepdims=True))[np.arange(40), T[rows]]
        equal(net.loss(X[rows], hot[rows]), -np.log(right + 1e-7).mean())


# --------------------------------------------------------------- chapter 5


def test_chapter_5_training_and_gradient_check():
    np.random.seed(0)
    net = book.TwoLayerNet(input_size=64, hidden_size=8, output_size=10)
    both(net, fully(net.params.copy(), 1), X, T, "sgd", 0.1)
    few, labels = X[:3, :6], T[:3]
    net = book.TwoLayerNet(input_size=6, hidden_size=5, output_size=10)
    by_numbers, by_backprop = net.numerical_gradient(few, labels), net.gradient(few, labels)
    for key in by_numbers:
        assert np.average(np.abs(by_backprop[key] - by_numbers[key])) < 1e-8


# --------------------------------------------------------------- chapter 6


@pytest.mark.parametrize(("kind", "lr"), [
    ("sgd", 0.95), ("momentum", 0.1), ("nesterov", 0.1), ("adagrad", 1.5), ("rmsprop", 0.1),
    ("adam", 0.3),
])  # fmt: skip
def test_chapter_6_optimizers_on_the_same_surface(kind, lr):
    optimizer, memory = KINDS[kind](lr=lr), {}
    params, other = {"x": -7.0, "y": 2.0}, {"x": -7.0, "y": 2.0}
    for _ in range(30):
        optimizer.update(params, {"x": params["x"] / 10.0, "y": 2.0 * params["y"]})
        descent(kind, lr, other, {"x": other["x"] / 10.0, "y": 2.0 * other["y"]}, memory)
        equal([params["x"], params["y"]], [other["x"], other["y"]])
    assert params["x"] ** 2 / 20 + params["y"] ** 2 < 3


@pytest.mark.parametrize("kind", list(KINDS))
def test_chapter_6_optimizers_on_digits(kind):
    np.random.seed(0)
    net = book.MultiLayerNet(input_size=64, hidden_size_list=[20, 15, 10], output_size=10)
    both(net, fully(net.params.copy(), 3), X, T, kind, 0.01)


@pytest.mark.parametrize(("std", "act"), [(0.01, "relu"), ("sigmoid", "sigmoid"), ("relu", "relu")])
def test_chapter_6_first_weights(std, act):
    np.random.seed(4)
    net = book.MultiLayerNet(64, [30, 30], 10, activation=act, weight_init_std=std)
    np.random.seed(4)
    scale = {"relu": np.sqrt(2 / 64), "sigmoid": np.sqrt(1 / 64)}.get(std, std)
    equal(net.params["W1"], scale * np.random.randn(64, 30))
    both(net, fully(net.params.copy(), 2, act=getattr(reading, act)), X, T, "sgd", 0.01)


def test_chapter_6_weight_decay():
    np.random.seed(0)
    net = book.MultiLayerNet(64, [20, 15], 10, weight_decay_lambda=0.1)
    both(net, fully(net.params.copy(), 2, decay=0.1), X, T, "sgd", 0.01)


def test_chapter_6_batch_normalization():
    np.random.seed(0)
    net = book.MultiLayerNetExtend(64, [20, 15], 10, weight_init_std=0.3, use_batchnorm=True)
    other = fully(net.params.copy(), 2, norm=True)
    both(net, other, X, T, "sgd", 0.05, train=True)
    equal(net.predict(X), other.predict(X))
    assert net.accuracy(X, T) == other.accuracy(X, T)


def test_chapter_6_gradient_check_with_batch_normalization_of_one_row():
    np.random.seed(0)
    net = book.MultiLayerNetExtend(6, [5, 4], 10, use_batchnorm=True)
    net.params.update(beta1=np.full(5, 0.3), beta2=np.full(4, 0.2))  # at 0 stands ReLU's kink
    x, t = X[:1, :6], np.eye(10)[T[:1]]
    by_backprop = net.gradient(x, t)
    kept = [net.layers[f"BatchNorm{n}"].running_mean for n in (1, 2)]
    for key, value in net.numerical_gradient(x, t).items():
        assert np.average(np.abs(by_backprop[key] - value)) < 1e-7
    assert all(net.layers[f"BatchNorm{n}"].running_mean is kept[n - 1] for n in (1, 2))


def test_chapter_6_dropout_and_the_trainer():
    np.random.seed(0)
    net = book.MultiLayerNetExtend(64, [20, 15], 10, use_dropout=True, dropout_ration=0.2)
    other, memory = fully(net.params.copy(), 2, drop=0.2), {}
    np.random.seed(5)
    trainer = book.Trainer(net, X[:200], T[:200], X[200:], T[200:], epochs=3,
                           mini_batch_size=50, optimizer="sgd", optimizer_param={"lr": 0.01},
                           verbose=False)  # fmt: skip
    trainer.train()
    np.random.seed(5)
    losses, accuracies = [], []
    for i in range(12):
        rows = np.random.choice(200, 50)
        descent("sgd", 0.01, other.params, other.gradient(X[rows], T[rows]), memory)
        losses.append(other.loss(X[rows], T[rows]))
        if i % 4 == 0:
            accuracies.append((other.accuracy(X[:200], T[:200]), other.accuracy(X[200:], T[200:])))
    equal(trainer.train_loss_list, losses)
    found = list(zip(trainer.train_acc_list, trainer.test_acc_list, strict=True))
    assert found == [tuple(map(float, pair)) for pair in accuracies]


def test_chapter_6_numerical_and_backpropagated_gradient_leave_out_the_same():
    np.random.seed(0)
    net = book.MultiLayerNetExtend(6, [8], 10, use_dropout=True, dropout_ration=0.5)
    np.random.seed(9)
    by_backprop = net.gradient(X[:4, :6], T[:4])
    np.random.seed(9)
    for key, value in net.numerical_gradient(X[:4, :6], T[:4]).items():
        np.testing.assert_allclose(by_backprop[key], value, atol=1e-7)


def test_chapter_6_a_search_for_settings():
    names = read("""
def search(x_train, t_train, trials=3):
    x_train, t_train = shuffle_dataset(x_train, t_train)
    number = int(x_train.shape[0] * 0.20)
    x_val, t_val = x_train[:number], t_train[:number]
    x_train, t_train = x_train[number:], t_train[number:]
    results = {}
    for _ in range(trials):
        decay, lr = 10 ** np.random.uniform(-8, -4), 10 ** np.random.uniform(-6, -2)
        network = MultiLayerNet(input_size=64, hidden_size_list=[20, 20], output_size=10,
                                weight_decay_lambda=decay)
        trainer = Trainer(network, x_train, t_train, x_val, t_val, epochs=2, mini_batch_size=60,
                          optimizer='sgd', optimizer_param={'lr': lr}, verbose=False)
        trainer.train()
        results[(lr, decay)] = trainer.test_acc_list
    return results
""")
    np.random.seed(0)
    results = names["search"](X, T)
    assert len(results) == 3
    assert all(len(accuracies) == 2 for accuracies in results.values())
    x, t = book.shuffle_dataset(IMAGES, T)
    order = [int(np.flatnonzero((image == IMAGES).all((1, 2, 3)))[0]) for image in x[:20]]
    np.testing.assert_array_equal(T[order], t[:20])


def test_chapter_6_a_smoothed_curve():
    x = np.random.default_rng(0).normal(size=40)
    mirrored = np.concatenate([x[10:0:-1], x, x[::-1][:10]])
    window = np.kaiser(11, 2) / np.kaiser(11, 2).sum()
    expected = [window @ mirrored[i + 5 : i + 16] for i in range(40)]
    equal(book.smooth_curve(x), expected)
    equal(book.smooth_curve(list(x)), expected)
    for count in range(1, 15):
        assert len(book.smooth_curve(x[:count])) == count


# --------------------------------------------------------------- chapter 7

CONV = {"filter_num": 4, "filter_size": 3, "pad": 0, "stride": 1}


def test_chapter_7_gradient_check_of_one_image():
    np.random.seed(0)
    net = book.SimpleConvNet((1, 8, 8), CONV, hidden_size=5, output_size=10, weight_init_std=0.1)
    x, t = np.random.rand(64).reshape(1, 1, 8, 8), np.array([1]).reshape(1, 1)
    by_numbers, by_backprop = net.numerical_gradient(x, t), net.gradient(x, t)
    for key in by_numbers:
        assert np.abs(by_numbers[key] - by_backprop[key]).mean() < 1e-8


@pytest.mark.parametrize(("pad", "stride"), [(0, 1), (1, 1), (2, 2)])
def test_chapter_7_training_a_convolutional_net(pad, stride):
    np.random.seed(0)
    net = book.SimpleConvNet((1, 8, 8), {**CONV, "pad": pad, "stride": stride}, hidden_size=12,
                             weight_init_std=0.1)  # fmt: skip
    both(net, simple(net.params.copy(), pad=pad, stride=stride), IMAGES, T, "adam", 0.01)


def test_chapter_7_the_layers_by_themselves():
    """As a network that is written out with the layers does: forward, then backward in turn."""
    np.random.seed(1)
    params = {"W1": np.random.randn(4, 1, 3, 3), "b1": np.random.randn(4),
              "W2": np.random.randn(36, 10), "b2": np.random.randn(10)}  # fmt: skip
    layers = [book.Convolution(params["W1"], params["b1"]), book.Relu(),
              book.Pooling(pool_h=2, pool_w=2, stride=2),
              book.Affine(params["W2"], params["b2"])]  # fmt: skip
    other = Reading(params, [reading.convolution(params, 1), reading.relu(), reading.pooling(),
                             reading.affine(params, 2)])  # fmt: skip
    out, last = IMAGES[:7], book.SoftmaxWithLoss()
    for layer in layers:
        out = layer.forward(out)
    equal(last.forward(out, T[:7]), other.loss(IMAGES[:7], T[:7]))
    dout = last.backward(1)
    for layer in reversed(layers):
        dout = layer.backward(dout)
    expected = other.gradient(IMAGES[:7], T[:7])
    equal(layers[0].dW, expected["W1"])
    equal(layers[0].db, expected["b1"])
    equal(layers[3].dW, expected["W2"])
    assert dout.shape == (7, 1, 8, 8)
    assert layers[0].col.shape == (7 * 36, 9)
    product = (layers[0].col @ layers[0].col_W + params["b1"]).reshape(7, 6, 6, 4)
    equal(product.transpose(0, 3, 1, 2), layers[0].forward(IMAGES[:7]))
    assert layers[2].arg_max.shape == (7 * 9 * 4,)


def test_chapter_7_a_filter_on_a_picture():
    picture = np.random.default_rng(0).random((12, 10)).astype(np.float32)
    w = np.random.default_rng(1).random((1, 3, 3))
    out = book.Convolution(w.reshape(1, *w.shape), 0).forward(picture.reshape(1, 1, 12, 10))
    expected = [[(picture[i : i + 3, j : j + 3] * w[0]).sum() for j in range(8)] for i in range(10)]
    equal(out.reshape(out.shape[2], out.shape[3]), expected)


# --------------------------------------------------------------- chapter 8


def test_chapter_8_training_a_deep_net():
    np.random.seed(0)
    net = book.DeepConvNet(input_dim=(1, 8, 8))
    both(net, deep(net.params.copy()), IMAGES, T, "adam", 0.001, steps=2, batch=6, train=True)


def test_chapter_8_what_is_misclassified_and_half_precision(tmp_path):
    np.random.seed(0)
    net = book.DeepConvNet(input_dim=(1, 8, 8), hidden_size=9)
    net.save_params(tmp_path / "deep.pkl")
    other = book.DeepConvNet(input_dim=(1, 8, 8), hidden_size=9)
    other.load_params(tmp_path / "deep.pkl")
    x, t, found = IMAGES[:30], T[:30], []
    for i in range(0, 30, 10):
        found.append(np.argmax(other.predict(x[i : i + 10], train_flg=False), axis=1))
    right = np.concatenate(found) == deep(net.params.copy()).predict(x).argmax(1)
    assert right.all()
    for param in other.params.values():
        param[...] = param.astype(np.float16)
    assert 0 <= other.accuracy(x.astype(np.float16), t) <= 1
    equal(other.params["W1"], net.params["W1"].astype(np.float16))


def test_first_weights_of_the_deep_net_are_the_books():
    np.random.seed(7)
    net = book.DeepConvNet()
    np.random.seed(7)
    fans = (9, 144, 144, 288, 288, 576, 1024, 50)
    for n, fan in enumerate(fans, 1):
        W = net.params[f"W{n}"]
        equal(W, np.sqrt(2 / fan) * np.random.randn(*W.shape))
    assert net.params["W7"].shape == (64 * 4 * 4, 50)
