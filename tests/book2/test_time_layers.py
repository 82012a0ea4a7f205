"""Every layer against the reading in NumPy, against differences, eager and compiled; and carried
states, shared arrays, arrays that are changed in place."""

from __future__ import annotations

import numpy as np
import pytest
import volume_two as reading

from seegrad import book2
from seegrad.book2.formula import OFTEN

N, T, D, H, V = 3, 4, 5, 2, 6
chance = np.random.default_rng(0)


def drawn(*shape):
    return chance.standard_normal(shape)


def weights(gates):
    return drawn(D, gates * H), drawn(H, gates * H), drawn(gates * H)


def layers():
    """(layer, its inputs, which of them have a derivative)."""
    ids = chance.integers(0, V, (N, T))
    onehot = np.eye(V, dtype=int)[ids]
    hs, h = drawn(N, T, H), drawn(N, H)
    return {
        "MatMul": (book2.MatMul(drawn(D, H)), (drawn(N, D),), 1),
        "Affine": (book2.Affine(drawn(D, H), drawn(H)), (drawn(N, D),), 1),
        "Sigmoid": (book2.Sigmoid(), (drawn(N, D),), 1),
        "Softmax": (book2.Softmax(), (drawn(N, D),), 1),
        "SoftmaxWithLoss": (book2.SoftmaxWithLoss(), (drawn(N, V), ids[:, 0]), 1),
        "SoftmaxWithLoss one-hot": (book2.SoftmaxWithLoss(), (drawn(N, V), onehot[:, 0]), 1),
        "SigmoidWithLoss": (book2.SigmoidWithLoss(), (drawn(N), np.array([1, 0, 1])), 1),
        "SigmoidWithLoss column": (book2.SigmoidWithLoss(), (drawn(N, 1), [1, 0, 1]), 1),
        "Embedding": (book2.Embedding(drawn(V, D)), (ids[:, 0],), 0),
        "EmbeddingDot": (book2.EmbeddingDot(drawn(V, H)), (h, ids[:, 0]), 1),
        "RNN": (book2.RNN(*weights(1)), (drawn(N, D), h), 2),
        "LSTM": (book2.LSTM(*weights(4)), (drawn(N, D), h, drawn(N, H)), 3),
        "GRU": (book2.GRU(*weights(3)), (drawn(N, D), h), 2),
        "TimeRNN": (book2.TimeRNN(*weights(1)), (drawn(N, T, D),), 1),
        "TimeLSTM": (book2.TimeLSTM(*weights(4)), (drawn(N, T, D),), 1),
        "TimeLSTM, long": (book2.TimeLSTM(*weights(4)), (drawn(N, 11, D),), 1),
        "TimeGRU": (book2.TimeGRU(*weights(3)), (drawn(N, T, D),), 1),
        "TimeBiLSTM": (book2.TimeBiLSTM(*weights(4), *weights(4)), (drawn(N, T, D),), 1),
        "TimeEmbedding": (book2.TimeEmbedding(drawn(V, D)), (ids,), 0),
        "TimeAffine": (book2.TimeAffine(drawn(D, H), drawn(H)), (drawn(N, T, D),), 1),
        "TimeSoftmaxWithLoss": (book2.TimeSoftmaxWithLoss(), (drawn(N, T, V), ids), 1),
        "TimeSoftmaxWithLoss one-hot": (book2.TimeSoftmaxWithLoss(), (drawn(N, T, V), onehot), 1),
        "TimeSoftmaxWithLoss ignoring": (
            book2.TimeSoftmaxWithLoss(ignore_label=2), (drawn(N, T, V), ids), 1
        ),
        "TimeSigmoidWithLoss": (book2.TimeSigmoidWithLoss(), (drawn(N, T), ids % 2), 1),
        "WeightSum": (book2.WeightSum(), (hs, drawn(N, T)), 2),
        "AttentionWeight": (book2.AttentionWeight(), (hs, h), 2),
        "Attention": (book2.Attention(), (hs, h), 2),
        "TimeAttention": (book2.TimeAttention(), (hs, drawn(N, 3, H)), 2),
    }


LAYERS = layers()


def as_tuple(x):
    return () if x is None else x if isinstance(x, tuple) else (x,)


@pytest.mark.parametrize("name", LAYERS)
def test_derivatives_against_differences(name):
    layer, inputs, moving = LAYERS[name]
    inputs = [np.array(x) for x in inputs]
    seeds = [drawn(*np.shape(y)) for y in as_tuple(layer.forward(*inputs))]

    def total():
        return sum(np.sum(s * y) for s, y in zip(seeds, as_tuple(layer.forward(*inputs))))

    layer.forward(*inputs)
    found = list(as_tuple(layer.backward(*seeds)))
    assert len(found) == moving
    for array, slope in [*zip(inputs, found), *zip(layer.params, layer.grads)]:
        assert slope.shape == array.shape
        for index in list(np.ndindex(array.shape))[:: max(1, array.size // 9)]:
            before = array[index]
            array[index] = before + 1e-5
            above = total()
            array[index] = before - 1e-5
            below = total()
            array[index] = before
            assert abs((above - below) / 2e-5 - slope[index]) < 1e-7


@pytest.mark.parametrize("name", LAYERS)
def test_compiled_is_eager(name):
    """The first pass is eager, the last one native: values, derivatives and gradients agree."""
    layer, inputs, _ = layers()[name]
    seeds, passes = None, []
    for _ in range(OFTEN + 1):
        out = as_tuple(layer.forward(*inputs))
        seeds = seeds or [np.array(drawn(*np.shape(y))) for y in out]
        back = as_tuple(layer.backward(*seeds))
        passes.append([*out, *back, *(g.copy() for g in layer.grads)])
    for first, last in zip(passes[0], passes[-1]):
        np.testing.assert_allclose(first, last, rtol=1e-12, atol=1e-12)
    graph = layer.graph
    value = graph.outputs[0].value
    np.testing.assert_allclose(value, passes[0][0], rtol=1e-12, atol=1e-12)


def test_sequences_are_those_of_the_reading():
    xs, h0, c0 = drawn(N, T, D), drawn(N, H), drawn(N, H)
    for kind, gates, read in (
        (book2.TimeRNN, 1, lambda *w: reading.rnn(xs, h0, *w)),
        (book2.TimeLSTM, 4, lambda *w: reading.lstm(xs, h0, c0, *w)[0]),
        (book2.TimeGRU, 3, lambda *w: reading.gru(xs, h0, *w)),
    ):
        w = weights(gates)
        layer = kind(*w, stateful=True)
        layer.set_state(*((h0, c0) if gates == 4 else (h0,)))
        np.testing.assert_allclose(layer.forward(xs), read(*w), atol=1e-12)
        layer.backward(np.ones((N, T, H)))
        assert layer.dh.shape == (N, H)


def test_gates_of_lstm_lie_as_in_the_book():
    """f forgets, g is what is new, i lets it in, o lets it out."""
    shut, open_ = -50.0, 50.0
    for which, expected in (
        ((open_, 0.0, shut, open_), (0.7, np.tanh(0.7))),         # keeps the memory
        ((shut, 0.5, open_, open_), (np.tanh(0.5), np.tanh(np.tanh(0.5)))),
        ((open_, 0.5, open_, shut), (0.7 + np.tanh(0.5), 0.0)),
    ):
        layer = book2.LSTM(np.zeros((1, 4)), np.zeros((1, 4)), np.array(which))
        h, c = layer.forward(np.zeros((1, 1)), np.zeros((1, 1)), np.full((1, 1), 0.7))
        np.testing.assert_allclose((c[0, 0], h[0, 0]), expected, atol=1e-12)


def test_states_are_carried_only_where_asked():
    xs = drawn(N, T, D)
    for kind, gates in ((book2.TimeRNN, 1), (book2.TimeLSTM, 4), (book2.TimeGRU, 3)):
        w = weights(gates)
        whole = kind(*w).forward(xs)
        parts = kind(*w, stateful=True)
        both = np.concatenate([parts.forward(xs[:, :2]), parts.forward(xs[:, 2:])], axis=1)
        np.testing.assert_allclose(both, whole, atol=1e-12)
        parts.reset_state()
        np.testing.assert_allclose(parts.forward(xs[:, :2]), whole[:, :2], atol=1e-12)
        alone = kind(*w)
        alone.forward(xs)
        np.testing.assert_allclose(alone.forward(xs), whole, atol=1e-12)


def test_gru_without_bias_and_the_old_order_of_arguments():
    Wx, Wh, _ = weights(3)
    xs = drawn(N, T, D)
    with_zeros = book2.TimeGRU(Wx, Wh, np.zeros(3 * H)).forward(xs)
    np.testing.assert_array_equal(book2.TimeGRU(Wx, Wh).forward(xs), with_zeros)
    assert book2.TimeGRU(Wx, Wh, True).stateful
    assert book2.TimeGRU(Wx, Wh, stateful=True).stateful
    layer = book2.TimeGRU(Wx, Wh)
    layer.backward(np.ones_like(layer.forward(xs)))
    assert [g.shape for g in layer.grads] == [(D, 6), (H, 6), (6,)]
    assert layer.Wx is Wx
    assert layer.dWh is layer.grads[1]


def test_arrays_changed_in_place_reach_the_layers():
    W, b = drawn(D, H), drawn(H)
    layer = book2.Affine(W, b)
    x = drawn(N, D)
    assert layer.params[0] is W
    for _ in range(2 * OFTEN):
        W -= 0.1 * np.ones_like(W)
        layer.params[1][...] = b + 1
        np.testing.assert_allclose(layer.forward(x), x @ W + b, atol=1e-12)
        kept = layer.grads[0]
        layer.backward(np.ones((N, H)))
        assert layer.grads[0] is kept
        np.testing.assert_allclose(kept, x.T @ np.ones((N, H)), atol=1e-12)


def test_what_comes_out_may_be_changed():
    layer = book2.MatMul(drawn(D, H))
    x = drawn(N, D)
    first = layer.forward(x).copy()
    for _ in range(2 * OFTEN):
        y = layer.forward(x)
        np.testing.assert_allclose(y, first)
        y *= 0
        dx = layer.backward(np.ones((N, H)))
        dx *= 0


def test_dropout_draws_as_the_book_does_and_goes_back_the_way_it_came():
    x = np.ones((4, 5))
    np.random.seed(0)
    mask = np.random.rand(4, 5) > 0.3
    np.random.seed(0)
    layer = book2.Dropout(0.3)
    np.testing.assert_array_equal(layer.forward(x), x * mask)
    np.testing.assert_array_equal(layer.backward(np.ones((4, 5))), mask)
    np.testing.assert_allclose(layer.forward(x, train_flg=False), 0.7 * x)
    np.testing.assert_allclose(layer.backward(np.ones((4, 5))), 0.7 * x)
    np.random.seed(0)
    over_time = book2.TimeDropout(0.3)
    np.testing.assert_allclose(over_time.forward(x), mask / 0.7)
    over_time.train_flg = False
    np.testing.assert_array_equal(over_time.forward(x), x)
    np.testing.assert_array_equal(over_time.backward(x), x)


def test_time_softmax_ignores_labels_of_the_reading():
    xs, ts = drawn(N, T, V), chance.integers(0, V, (N, T))
    ts[0, 1], ts[2] = -1, -1
    layer = book2.TimeSoftmaxWithLoss()
    flat = ts.reshape(-1)
    loss, d = reading.cross_entropy(xs.reshape(-1, V), np.maximum(flat, 0), flat != -1)
    np.testing.assert_allclose(layer.forward(xs, ts), loss, atol=1e-12)
    np.testing.assert_allclose(layer.backward().reshape(-1, V), d, atol=1e-12)
    np.testing.assert_allclose(layer.backward(2).reshape(-1, V), 2 * d, atol=1e-12)
    xs[2] = -np.inf                                    # impossible, and nobody asks
    xs[2, :, 0] = 0
    np.testing.assert_allclose(layer.forward(xs, ts), loss, atol=1e-12)


def test_float32_stays_float32():
    layer = book2.TimeLSTM(*(w.astype("f") for w in weights(4)))
    hs = layer.forward(drawn(N, T, D))
    assert hs.dtype == layer.backward(np.ones((N, T, H))).dtype == np.float32
    assert layer.h.dtype == np.float32
