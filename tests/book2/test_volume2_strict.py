"""What does not fit is named in the book's words; what the book's code lets slip is mended."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pytest

import seegrad as sg
from seegrad import book2
from seegrad.book2 import (
    SGD,
    AdaGrad,
    Adam,
    Momentum,
    Nesterov,
    RMSprop,
    preprocess,
    ptb,
    remove_duplicate,
    sequence,
)
from seegrad.errors import SeegradWarning

W, B, X = np.ones((4, 3)), np.zeros(3), np.ones((2, 4))
LSTM = np.ones((4, 12)), np.ones((3, 12)), np.zeros(12)


def lstm():
    return book2.TimeLSTM(*LSTM, stateful=True)


WRONG = {
    "x too wide": (lambda: book2.MatMul(W).forward(np.ones((2, 5))), ValueError, "x (2, 5)"),
    "x of words": (lambda: book2.MatMul(W).forward([["a"] * 4]), TypeError, "x"),
    "ragged x": (lambda: book2.MatMul(W).forward([[1.0], [1.0, 2.0]]), TypeError, "x"),
    "no x": (lambda: book2.MatMul(W).forward(None), TypeError, "x"),
    "W and b": (lambda: book2.Affine(W, np.zeros(4)), ValueError, "b (4,)"),
    "dout": (
        lambda: (m := book2.MatMul(W), m.forward(X), m.backward(np.ones((2, 4)))),
        ValueError, "(2, 3)",
    ),
    "label": (
        lambda: book2.SoftmaxWithLoss().forward(X, np.array([0, 4])), ValueError, "4",
    ),
    "labels for one sample": (
        lambda: book2.SoftmaxWithLoss().forward(X, np.array([0])), ValueError, "t (1,)",
    ),
    "truth": (lambda: book2.SigmoidWithLoss().forward(X[0], [0, 1, 2, 0]), ValueError, "0"),
    "truths": (lambda: book2.SigmoidWithLoss().forward(X[0], [0, 1]), ValueError, "(4,)"),
    "id": (lambda: book2.Embedding(W).forward(np.array([4])), IndexError, "4"),
    "id below 0": (lambda: book2.Embedding(W).forward(np.array([-1])), IndexError, "-1"),
    "id with a point": (lambda: book2.Embedding(W).forward(np.array([1.0])), TypeError, "float64"),
    "ids in a row": (lambda: book2.TimeEmbedding(W).forward(np.array([1])), ValueError, "(N, T)"),
    "LSTM weights": (
        lambda: book2.TimeLSTM(np.ones((4, 9)), np.ones((3, 12)), np.zeros(12)),
        ValueError, "(D, 4·H)",
    ),
    "xs flat": (lambda: lstm().forward(X), ValueError, "(N, T, 4)"),
    "no positions": (lambda: lstm().forward(np.ones((2, 0, 4))), ValueError, "T ≥ 1"),
    "state": (lambda: lstm().set_state(np.ones((2, 4))), ValueError, "h (2, 4)"),
    "another batch": (
        lambda: (m := lstm(), m.forward(np.ones((2, 1, 4))), m.forward(np.ones((1, 1, 4)))),
        ValueError, "reset_state()",
    ),
    "nothing counts": (
        lambda: book2.TimeSoftmaxWithLoss().forward(np.ones((1, 2, 3)), np.array([[-1, -1]])),
        ValueError, "-1",
    ),
    "time label": (
        lambda: book2.TimeSoftmaxWithLoss().forward(np.ones((1, 2, 3)), np.array([[0, 3]])),
        IndexError, "3",
    ),
    "dropout": (lambda: book2.Dropout(1.0), ValueError, "dropout_ratio=1.0"),
    "sizes": (lambda: book2.Rnnlm(10, 0, 5), ValueError, "wordvec_size=0"),
    "tied sizes": (lambda: book2.BetterRnnlm(10, 4, 5), ValueError, "4, 5"),
    "contexts": (
        lambda: book2.CBOW(4, 2, 1, [0, 1, 2, 3] * 3 + [4, 5, 6]).forward([[0]], [1]),
        ValueError, "contexts (1, 1)",
    ),
    "too few words": (lambda: book2.CBOW(4, 2, 1, [0, 1, 2, 3]), ValueError, "sample_size"),
    "one question": (
        lambda: book2.Seq2seq(4, 2, 2).generate(np.zeros((2, 3), int), 0, 2), ValueError, "(1, T)",
    ),
    "short answer": (
        lambda: book2.Seq2seq(4, 2, 2).forward([[0]], [[0]]), ValueError, "T ≥ 2",
    ),
    "dictionaries": (lambda: SGD().update({"W": W}, {"W": W}), TypeError, "seegrad.book"),
    "fewer grads": (lambda: SGD().update([W], []), ValueError, "1 grads"),
    "grad's shape": (lambda: SGD().update([W], [B]), ValueError, "(3,)"),
    "whole numbers": (
        lambda: SGD().update([np.ones(2, int)], [np.ones(2)]), TypeError, "int64",
    ),
    "short data": (
        lambda: book2.Trainer(book2.TwoLayerNet(4, 2, 3), SGD()).fit(X, [0, 1], batch_size=3),
        ValueError, "batch_size",
    ),
    "unequal data": (
        lambda: book2.Trainer(book2.TwoLayerNet(4, 2, 3), SGD()).fit(X, [0]), ValueError, "1",
    ),
    "short corpus": (
        lambda: book2.RnnlmTrainer(book2.Rnnlm(4, 2, 2), SGD()).fit([0, 1], [1, 0]),
        ValueError, "700",
    ),
    "perplexity": (
        lambda: book2.eval_perplexity(book2.Rnnlm(4, 2, 2), [0, 1]), ValueError, "350",
    ),
    "no text": (lambda: preprocess("  "), ValueError, "no words"),
    "not text": (lambda: preprocess(3), TypeError, "int"),
    "window": (lambda: book2.create_contexts_target([0, 1], 1), ValueError, "2"),
    "vocabulary": (lambda: book2.create_co_matrix([0, 5], 3), IndexError, "5"),
    "one-hot": (lambda: book2.convert_one_hot(np.zeros((1, 1, 1), int), 2), ValueError, "(N, C)"),
    "not square": (lambda: book2.ppmi(np.ones((2, 3))), ValueError, "(2, 3)"),
    "two lengths": (lambda: book2.cos_similarity([1.0], [1.0, 2.0]), ValueError, "(2,)"),
    "NaN": (lambda: book2.clip_grads([np.array([np.nan])], 1.0), ValueError, "nan"),
    "part": (lambda: ptb.load_data("trainn"), ValueError, "trainn"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_fit_is_named(name):
    call, kind, said = WRONG[name]
    with pytest.raises(kind) as caught:
        call()
    assert isinstance(caught.value, sg.SeegradError)
    assert said in str(caught.value)
    assert "test_volume2_strict.py" in str(caught.value)


def test_lists_and_one_sample_are_taken():
    assert np.allclose(book2.MatMul([[1, 2], [3, 4]]).forward([1, 1]), [4, 6])
    assert np.isclose(book2.SoftmaxWithLoss().forward([0.0, 0.0], 1), np.log(2))
    layer = book2.SoftmaxWithLoss(delta=1e-7)
    assert np.isclose(layer.forward(np.zeros((1, 2)), [1]), -np.log(0.5 + 1e-7), atol=1e-12)
    assert np.isclose(book2.SigmoidWithLoss(delta=1e-7).forward([0.0], [1]), -np.log(0.5 + 1e-7))


# ------------------------------------------------------------------ files


def test_a_missing_file_says_what_to_put_where(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SEEGRAD_BOOK2", raising=False)
    for call, name in (
        (lambda: ptb.load_data("train"), "ptb.train.txt"),
        (lambda: sequence.load_data("date.txt"), "date.txt"),
        (lambda: sequence.load_data(path=tmp_path / "nowhere"), "addition.txt"),
    ):
        with pytest.raises(FileNotFoundError) as caught:
            call()
        assert name in str(caught.value)
        assert "SEEGRAD_BOOK2" in str(caught.value)


def test_files_that_are_not_what_they_should_be(tmp_path):
    (tmp_path / "a.txt").write_text("1+1_2\n10+1_11\n")
    (tmp_path / "b.txt").write_text("1+1 2\n")
    (tmp_path / "c.txt").write_bytes(b"\xff\xfe")
    for name in ("a.txt", "b.txt", "c.txt"):
        with pytest.raises(ValueError, match=name):
            sequence.load_data(name, path=tmp_path)
    (tmp_path / "ptb.train.txt").write_text(" a b \n")
    (tmp_path / "ptb.test.txt").write_text(" a c \n")
    with pytest.raises(ValueError, match="has a word that") as caught:
        ptb.load_data("test", path=tmp_path)
    assert "came: c" in str(caught.value)


def test_the_last_line_needs_no_end_and_each_file_its_own_letters(tmp_path):
    (tmp_path / "a.txt").write_text("1+1_2\n1+2_3")
    (tmp_path / "b.txt").write_text("xy_z\n")
    (x, t), _ = sequence.load_data("a.txt", path=tmp_path)
    assert (x.shape, t.shape) == ((2, 3), (2, 2))
    sequence.load_data("b.txt", path=tmp_path)
    assert sequence.get_vocab()[0] == {"x": 0, "y": 1, "_": 2, "z": 3}


def test_parameters_go_to_a_file_and_pickles_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    net = book2.Rnnlm(6, 3, 3)
    assert net.save_params().name == "Rnnlm.npz"
    other = book2.Rnnlm(6, 3, 3)
    other.load_params("Rnnlm.pkl")                     # the book's name finds what stands beside
    assert all(np.array_equal(a, b) for a, b in zip(net.params, other.params))
    with open("book.pkl", "wb") as file:
        pickle.dump([p.astype(np.float16) for p in net.params], file)
    with pytest.raises(ValueError, match="a pickle is never opened") as caught:
        other.load_params("book.pkl")
    line = str(caught.value).split("of your own: ")[1].split("\n")[0]
    with warnings.catch_warnings():                    # the line leaves closing to Python
        warnings.simplefilter("ignore", ResourceWarning)
        exec(line, {"np": np, "pickle": pickle})  # noqa: S102 - the way that the message shows
    other.load_params("book.pkl")
    assert np.allclose(other.params[0], net.params[0], atol=1e-3)
    before = [p.copy() for p in other.params]
    book2.Rnnlm(6, 3, 4).save_params("wide.npz")
    with pytest.raises(ValueError, match="another network"):
        other.load_params("wide.npz")
    assert all(np.array_equal(a, b) for a, b in zip(before, other.params))
    np.savez("else.npz", x=np.ones(3))
    with pytest.raises(ValueError, match="does not hold"):
        other.load_params("else.npz")
    with pytest.raises(FileNotFoundError, match="gone"):
        other.load_params("gone.npz")


# ------------------------------------------------------------------ what was mended


def test_nothing_shared_is_found_by_equal_numbers():
    a, b = np.ones((2, 2)), np.ones((2, 2))
    g = np.ones((2, 2))
    params, grads = remove_duplicate([a, b, a.T, a[:]], [g, 2 * g, 3 * g, 4 * g])
    assert len(params) == 2
    assert params[0] is a
    assert params[1] is b
    assert np.array_equal(grads[0], 8 * g)
    assert np.array_equal(g, np.ones((2, 2)))


def test_counts_beyond_int32():
    C = np.array([[0, 60_000], [60_000, 0]], np.int32)
    np.testing.assert_allclose(book2.ppmi(C), [[0, 1], [1, 0]], atol=1e-6)
    assert np.allclose(book2.ppmi(np.array([[0, 0], [0, 4]])), 0, atol=1e-7)


def test_far_scores_do_not_warn():
    far = np.array([[-1000.0, 1000.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isclose(book2.SigmoidWithLoss().forward(far[0], [0, 1]), 0)
        assert np.isclose(book2.SigmoidWithLoss().forward(far[0], [1, 0]), 1000)
        assert book2.Sigmoid().forward(far).tolist() == [[0, 1]]


def test_a_column_of_scores_is_not_broadcast():
    layer = book2.SigmoidWithLoss()
    layer.forward(np.zeros((3, 1)), np.array([0, 1, 1]))
    assert np.allclose(layer.backward(), [[1 / 6], [-1 / 6], [-1 / 6]])


def test_a_layer_used_twice_goes_back_once():
    layer = book2.MatMul(W)
    layer.forward(X)
    layer.forward(2 * X)
    layer.backward(np.ones((2, 3)))
    with pytest.raises(RuntimeError, match="more than once"):
        layer.backward(np.ones((2, 3)))


def test_going_back_twice_gives_the_same():
    layer = book2.TimeSoftmaxWithLoss()
    layer.forward(np.ones((1, 2, 3)), np.array([[0, 1]]))
    assert np.array_equal(layer.backward(), layer.backward())


def test_normalize_leaves_its_argument_alone():
    x = np.array([[3.0, 4.0], [0.0, 0.0]])
    assert np.allclose(book2.normalize(x), [[0.6, 0.8], [0, 0]])
    assert x[0, 0] == 3


def test_white_space_of_any_kind_parts_words():
    assert preprocess("You  say\ngoodbye.\n")[1] == {"you": 0, "say": 1, "goodbye": 2, ".": 3}


def test_words_that_never_come_are_never_drawn():
    sampler = book2.UnigramSampler([0, 2, 2, 5], 0.75, 2)
    assert sampler.vocab_size == 6
    drawn = sampler.get_negative_sample(np.array([2] * 50))
    assert set(drawn.ravel().tolist()) == {0, 5}


def test_debugging_stops_where_an_infinity_is_born():
    layer, x = book2.Affine(np.full((2, 1), 1e308), np.zeros(1)), np.full((1, 2), 10.0)
    with np.errstate(all="ignore"):
        for _ in range(12):
            layer.forward(x)
            layer.backward(np.ones((1, 1)))
    with sg.debug(), pytest.raises(FloatingPointError, match="its value is inf"):
        layer.forward(x)


def test_there_is_no_gpu():
    with pytest.warns(SeegradWarning, match="no GPU"):
        assert book2.to_gpu(W) is W
    assert book2.to_cpu(W) is W


# ------------------------------------------------------------------ optimizers


def stepped(name, lr, p, g, kept):
    """One step by the formulas of the papers."""
    if name == "SGD":
        return p - lr * g
    if name in ("Momentum", "Nesterov"):
        v = kept.get("v", 0)
        kept["v"] = 0.9 * v - lr * g
        return p + (kept["v"] if name == "Momentum" else 0.9 * kept["v"] - lr * g)
    if name in ("AdaGrad", "RMSprop"):
        h = kept.get("h", 0)
        kept["h"] = h + g * g if name == "AdaGrad" else 0.99 * h + 0.01 * g * g
        return p - lr * g / (np.sqrt(kept["h"]) + 1e-7)
    kept["t"] = kept.get("t", 0) + 1
    kept["m"] = 0.9 * kept.get("m", 0) + 0.1 * g
    kept["v"] = 0.999 * kept.get("v", 0) + 0.001 * g * g
    rate = lr * np.sqrt(1 - 0.999 ** kept["t"]) / (1 - 0.9 ** kept["t"])
    return p - rate * kept["m"] / (np.sqrt(kept["v"]) + 1e-7)


@pytest.mark.parametrize("kind", [SGD, Momentum, Nesterov, AdaGrad, RMSprop, Adam])
def test_optimizers_follow_their_formulas(kind):
    chance = np.random.default_rng(0)
    p, kept = chance.standard_normal(5), {}
    mine, optimizer = p.copy(), kind(lr=0.02)
    for _ in range(6):
        g = chance.standard_normal(5)
        p = stepped(kind.__name__, 0.02, p, g, kept)
        optimizer.update([mine], [g])
        np.testing.assert_allclose(mine, p, rtol=1e-12, atol=1e-14)
    if kind is not SGD:
        with pytest.raises(ValueError, match="each parameter"):
            optimizer.update([np.ones(3)], [np.ones(3)])
