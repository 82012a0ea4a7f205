"""Each script of the second volume's chapters, written anew with the book's calls, on small data.

The losses are those of `reading.py`, which knows nothing of seegrad, to 1e-6.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import volume_two as reading

from seegrad import book2
from seegrad.book2 import (
    CBOW,
    SGD,
    Adam,
    AttentionBiSeq2seq,
    AttentionSeq2seq,
    BetterRnnlm,
    BetterRnnlmGen,
    MatMul,
    PeekySeq2seq,
    Rnnlm,
    RnnlmGen,
    RnnlmTrainer,
    Seq2seq,
    SimpleCBOW,
    SimpleRnnlm,
    SimpleSkipGram,
    SkipGram,
    Trainer,
    TwoLayerNet,
    analogy,
    clip_grads,
    convert_one_hot,
    cos_similarity,
    create_co_matrix,
    create_contexts_target,
    eval_perplexity,
    eval_seq2seq,
    most_similar,
    ppmi,
    preprocess,
    ptb,
    sequence,
    spiral,
)

TEXT = "You say goodbye and I say hello."
F64 = np.float64
WORDS = [
    "you", "year", "car", "toyota", "king", "man", "queen", "the", "meaning", "of", "life", "is",
    "n", "<unk>", "$", "rain", "sun",
]  # fmt: skip


def same(came, expected):
    np.testing.assert_allclose(came, expected, rtol=0, atol=1e-6)




@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The files that chapters 2 and 4 to 8 read, small."""
    chance = np.random.default_rng(5)
    for part, count in (("train", 420), ("valid", 230), ("test", 230)):
        text = [WORDS[i] for i in chance.integers(0, len(WORDS), count)]
        if part == "train":
            text[: len(WORDS)] = WORDS
        rows = [" " + " ".join(text[i : i + 12]) + " \n" for i in range(0, count, 12)]
        (tmp_path / f"ptb.{part}.txt").write_text("".join(rows))
    sums = [(a, b) for a, b in chance.integers(0, 100, (60, 2))]
    (tmp_path / "addition.txt").write_text(
        "".join(f"{a}+{b}".ljust(5) + f"_{a + b}".ljust(4) + "\n" for a, b in sums)
    )
    (tmp_path / "date.txt").write_text(
        "".join(f"{m:02d}/{d:02d}/{y}_{1900 + y}-{m:02d}-{d:02d}\n"
                for m, d, y in chance.integers(10, 13, (40, 3)))
    )  # fmt: skip
    monkeypatch.setenv("SEEGRAD_BOOK2", str(tmp_path))
    return tmp_path


# ------------------------------------------------------------------ chapter 1


def test_spirals_are_the_books():
    x, t = spiral.load_data()
    np.random.seed(1984)
    for j in range(3):
        for i in range(100):
            at = j * 4.0 + 4.0 * (i / 100) + np.random.randn() * 0.2
            same(x[100 * j + i], [i / 100 * np.sin(at), i / 100 * np.cos(at)])
            assert t[100 * j + i].tolist() == np.eye(3)[j].tolist()


def test_chapter1_trainer(capsys):
    x, t = spiral.load_data()
    model = TwoLayerNet(input_size=2, hidden_size=10, output_size=3)
    plain = reading.TwoLayer(model.params)
    chance = np.random.get_state()
    trainer = Trainer(model, SGD(lr=1.0))
    trainer.fit(x, t, 4, 30, eval_interval=1)
    np.random.set_state(chance)
    same(trainer.loss_list, reading.trained(plain, reading.sgd(1.0), x, t, 4, 30))
    for mine, theirs in zip(model.params, plain.P):
        same(mine, theirs)
    assert len(capsys.readouterr().out.splitlines()) == 40


def test_chapter1_loop_of_ones_own():
    x, t = spiral.load_data()
    model, optimizer = TwoLayerNet(2, 10, 3), SGD(lr=1.0)
    plain, update = reading.TwoLayer(model.params), reading.sgd(1.0)
    for _ in range(12):
        rows = np.random.permutation(len(x))[:30]
        loss = model.forward(x[rows], t[rows])
        model.backward()
        optimizer.update(model.params, model.grads)
        same(loss, reading.stepped(plain, update, x[rows], t[rows]))
    scores = model.predict(np.c_[np.linspace(-1, 1, 50), np.linspace(1, -1, 50)])
    assert np.argmax(scores, axis=1).shape == (50,)


# ------------------------------------------------------------------ chapter 2


def test_chapter2_counts_and_similarity(capsys):
    corpus, word_to_id, id_to_word = preprocess(TEXT)
    assert corpus.tolist() == [0, 1, 2, 3, 4, 1, 5, 6]
    assert [id_to_word[i] for i in range(7)] == ["you", "say", "goodbye", "and", "i", "hello", "."]
    C = create_co_matrix(corpus, len(word_to_id), window_size=1)
    by_hand = np.zeros((7, 7), int)
    for a, b in itertools.pairwise(corpus):
        by_hand[a, b] += 1
        by_hand[b, a] += 1
    assert C.dtype == np.int32
    assert C.tolist() == by_hand.tolist()
    same(cos_similarity(C[word_to_id["you"]], C[word_to_id["i"]]), 0.7071067691154799)
    found = most_similar("you", word_to_id, id_to_word, C, top=5)
    same([score for _, score in found[:3]], [0.7071067691154799] * 3)
    assert {word for word, _ in found[:3]} == {"goodbye", "i", "hello"}
    assert capsys.readouterr().out.splitlines()[1] == "[query] you"
    assert most_similar("cat", word_to_id, id_to_word, C) is None


def test_chapter2_ppmi_and_svd():
    corpus, word_to_id, _ = preprocess(TEXT)
    C = create_co_matrix(corpus, len(word_to_id))
    W = ppmi(C)
    for i in range(7):
        for j in range(7):
            said = np.log2(C[i, j] * C.sum() / (C.sum(0)[i] * C.sum(0)[j]) + 1e-8)
            same(W[i, j], max(0, said))
    assert W.dtype == np.float32
    U, S, V = np.linalg.svd(W)
    np.testing.assert_allclose(U * S @ V, W, atol=1e-5)


def test_chapter2_big_counts(folder, capsys):
    corpus, word_to_id, id_to_word = ptb.load_data("train")
    words = (folder / "ptb.train.txt").read_text().replace("\n", "<eos>").split()
    assert [id_to_word[i] for i in corpus] == words
    C = create_co_matrix(corpus, len(word_to_id), 2)
    by_hand = np.zeros_like(C)
    for i, a in enumerate(corpus):
        for j in (i - 2, i - 1, i + 1, i + 2):
            if 0 <= j < len(corpus):
                by_hand[a, corpus[j]] += 1
    assert C.tolist() == by_hand.tolist()
    W = ppmi(C, verbose=True)
    U, _, _ = np.linalg.svd(W)
    assert len(most_similar("car", word_to_id, id_to_word, U[:, :5], top=3)) == 3
    assert "100.0% done" in capsys.readouterr().out


# ------------------------------------------------------------------ chapter 3


def test_chapter3_forward():
    c0, c1 = np.array([[1, 0, 0, 0, 0, 0, 0]]), np.array([[0, 0, 1, 0, 0, 0, 0]])
    W_in, W_out = np.random.randn(7, 3), np.random.randn(3, 7)
    first, second, out = MatMul(W_in), MatMul(W_in), MatMul(W_out)
    s = out.forward(0.5 * (first.forward(c0) + second.forward(c1)))
    same(s, ((W_in[0] + W_in[2]) / 2 @ W_out)[None])


@pytest.mark.parametrize(("kind", "plain"), [
    (SimpleCBOW, reading.OneHotCBOW), (SimpleSkipGram, reading.OneHotSkipGram),
])  # fmt: skip
def test_chapter3_training(kind, plain):
    corpus, word_to_id, _ = preprocess(TEXT)
    contexts, target = create_contexts_target(corpus, 1)
    assert contexts.tolist() == [[0, 2], [1, 3], [2, 4], [3, 1], [4, 5], [1, 6]]
    assert target.tolist() == [1, 2, 3, 4, 1, 5]
    target, contexts = convert_one_hot(target, 7), convert_one_hot(contexts, 7)
    np.random.seed(0)
    model = kind(len(word_to_id), 5, F64)
    read = plain([model.word_vecs, model.out_layer.params[0]])
    chance = np.random.get_state()
    trainer = Trainer(model, Adam())
    trainer.fit(contexts, target, 10, 3, eval_interval=1)
    np.random.set_state(chance)
    same(trainer.loss_list, reading.trained(read, reading.adam(), contexts, target, 10, 3))
    same(model.word_vecs, read.P[0])


# ------------------------------------------------------------------ chapter 4


@pytest.mark.parametrize(("kind", "plain"), [
    (CBOW, reading.CBOW), (SkipGram, reading.SkipGram),
])  # fmt: skip
def test_chapter4_training_and_what_is_near(kind, plain, folder, capsys):
    corpus, word_to_id, id_to_word = ptb.load_data("train")
    contexts, target = create_contexts_target(corpus[:90], window_size=2)
    np.random.seed(1)
    model = kind(len(word_to_id), 6, 2, corpus, F64)
    read = plain([model.word_vecs, model.params[-1]], corpus)
    chance = np.random.get_state()
    trainer = Trainer(model, Adam())
    trainer.fit(contexts, target, 2, 20, eval_interval=1)
    np.random.set_state(chance)
    same(trainer.loss_list, reading.trained(read, reading.adam(), contexts, target, 2, 20))
    same(model.word_vecs, read.P[0])
    vectors = model.word_vecs.astype("f")
    found = analogy("king", "man", "queen", word_to_id, id_to_word, vectors, answer="sun")
    asked = vectors[word_to_id["man"]] - vectors[word_to_id["king"]] + vectors[word_to_id["queen"]]
    scores = vectors @ (asked / np.linalg.norm(asked))
    same([score for _, score in found], [scores[word_to_id[word]] for word, _ in found])
    assert len(found) == 5
    assert not {"king", "man", "queen"} & {word for word, _ in found}
    assert "==>sun:" in capsys.readouterr().out


# ------------------------------------------------------------------ chapters 5 and 6


def test_chapter5_trainer(folder):
    corpus, word_to_id, _ = ptb.load_data("train")
    xs, ts = corpus[:-1], corpus[1:]
    np.random.seed(2)
    model = SimpleRnnlm(len(word_to_id), 6, 7, F64)
    read = reading.SimpleRnnlm(model.params)
    trainer = RnnlmTrainer(model, SGD(0.1))
    trainer.fit(xs, ts, 2, 10, 5, eval_interval=1)
    losses = reading.read_along(read, reading.sgd(0.1), xs, ts, 2, 10, 5)
    same(np.log(trainer.ppl_list), losses)
    same(model.params[2], read.P[2])


def test_chapter5_loop_of_ones_own(folder):
    corpus, word_to_id, _ = ptb.load_data("train")
    xs, ts = corpus[:-1], corpus[1:]
    model, optimizer = SimpleRnnlm(len(word_to_id), 6, 7, F64), SGD(0.1)
    read = reading.SimpleRnnlm(model.params)
    offsets = [i * ((len(corpus) - 1) // 10) for i in range(10)]
    at, losses = 0, []
    for _ in range(6):
        batch_x, batch_t = np.empty((10, 5), "i"), np.empty((10, 5), "i")
        for t in range(5):
            for i, offset in enumerate(offsets):
                batch_x[i, t] = xs[(offset + at) % len(xs)]
                batch_t[i, t] = ts[(offset + at) % len(xs)]
            at += 1
        losses.append(model.forward(batch_x, batch_t))
        model.backward()
        optimizer.update(model.params, model.grads)
    same(losses, reading.read_along(read, reading.sgd(0.1), xs, ts, 1, 10, 5)[:6])


def test_chapter6_clipping():
    first, second = np.random.rand(3, 3) * 10, np.random.rand(3, 3) * 10
    expected = reading.shortened([first.copy(), second.copy()], 5.0)
    before = clip_grads([first, second], 5.0)
    same([first, second], expected)
    assert before > 5
    assert np.isclose(np.sqrt((first**2).sum() + (second**2).sum()), 5)


def test_chapter6_rnnlm(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    corpus, word_to_id, _ = ptb.load_data("train")
    corpus_test, _, _ = ptb.load_data("test")
    xs, ts = corpus[:-1], corpus[1:]
    np.random.seed(3)
    model = Rnnlm(len(word_to_id), 6, 7, F64)
    read = reading.Rnnlm(model.params)
    trainer = RnnlmTrainer(model, SGD(20.0))
    trainer.fit(xs, ts, 1, 4, 11, 0.25, eval_interval=1)
    losses = reading.read_along(read, reading.sgd(20.0), xs, ts, 1, 4, 11, 0.25)
    same(np.log(trainer.ppl_list), losses)
    model.reset_state()
    measured = eval_perplexity(model, corpus_test, 4, 11)
    same(np.log(measured), np.log(read.perplexity(corpus_test, 4, 11)))
    model.save_params()
    again = Rnnlm(len(word_to_id), 6, 7, F64)
    again.load_params()
    again.reset_state()
    assert eval_perplexity(again, corpus_test, 4, 11) == measured


def test_chapter6_better_rnnlm(folder):
    corpus, word_to_id, _ = ptb.load_data("train")
    xs, ts = corpus[:-1], corpus[1:]
    np.random.seed(4)
    model = BetterRnnlm(len(word_to_id), 6, 6, 0.5, F64)
    assert model.params[-2].base is model.params[0]
    read = reading.BetterRnnlm([*model.params[:7], model.params[-1]])
    chance = np.random.get_state()
    trainer = RnnlmTrainer(model, SGD(2.0))
    trainer.fit(xs, ts, max_epoch=1, batch_size=4, time_size=10, max_grad=0.25, eval_interval=1)
    np.random.set_state(chance)
    losses = reading.read_along(read, reading.sgd(2.0), xs, ts, 1, 4, 10, 0.25)
    same(np.log(trainer.ppl_list), losses)
    same(model.params[0], read.P[0])
    same(model.params[-2], read.P[0].T)
    model.reset_state()
    read.states, read.ratio = None, 0
    loss = read.step(corpus[:40].reshape(4, 10), corpus[1:41].reshape(4, 10))[0]
    same(model.forward(corpus[:40].reshape(4, 10), corpus[1:41].reshape(4, 10), False), loss)


# ------------------------------------------------------------------ chapters 7 and 8


@pytest.mark.parametrize("kind", [RnnlmGen, BetterRnnlmGen])
def test_chapter7_writing(kind, folder):
    _, word_to_id, id_to_word = ptb.load_data("train")
    np.random.seed(5)
    model = kind(len(word_to_id), 6, 6)
    skip_ids = [word_to_id[w] for w in ("n", "<unk>", "$")]
    before = np.random.get_state()
    word_ids = model.generate(word_to_id["you"], skip_ids, 30)
    assert len(word_ids) == 30
    assert word_ids[0] == word_to_id["you"]
    assert not set(skip_ids) & set(word_ids)
    assert all(type(i) is int and i in id_to_word for i in word_ids)
    np.random.set_state(before)
    model.reset_state()
    assert model.generate(word_to_id["you"], skip_ids, 30) == word_ids
    kept, word = model.get_state(), np.array([[word_ids[-1]]])
    scores = model.predict(word)
    model.set_state(kept)
    same(model.predict(word), scores)


def test_chapter7_writing_follows_the_reading(folder):
    _, word_to_id, _ = ptb.load_data("train")
    model = RnnlmGen(len(word_to_id), 6, 6, F64)
    E, Wx, Wh, b, W, c = reading.Rnnlm(model.params).P
    np.random.seed(6)
    mine = model.generate(3, None, 12)
    np.random.seed(6)
    theirs, h, cell = [3], np.zeros((1, 6)), np.zeros((1, 6))
    while len(theirs) < 12:
        _, h, cell, _ = reading.lstm(E[[theirs[-1:]]], h, cell, Wx, Wh, b)
        p = reading.softmax(h @ W + c)[0]
        theirs.append(int(np.random.choice(len(p), size=1, p=p)[0]))
    assert mine == theirs


def test_chapter7_the_data(folder):
    (x_train, t_train), (x_test, t_test) = sequence.load_data("addition.txt", seed=1984)
    char_to_id, id_to_char = sequence.get_vocab()
    assert (x_train.shape, t_train.shape, x_test.shape, t_test.shape) == (
        (54, 5), (54, 4), (6, 5), (6, 4),
    )
    for x, t in zip(np.r_[x_train, x_test], np.r_[t_train, t_test]):
        question = "".join(id_to_char[c] for c in x).strip()
        answer = "".join(id_to_char[c] for c in t).strip()
        assert f"_{sum(map(int, question.split('+')))}" == answer
    lines = (folder / "addition.txt").read_text().splitlines()
    np.random.seed(1984)
    order = np.arange(60)
    np.random.shuffle(order)
    assert "".join(id_to_char[c] for c in x_train[0]) == lines[order[0]][:5]
    assert char_to_id == {char: i for i, char in id_to_char.items()}


def _peeky(params):
    read = reading.Seq2seq(params)
    read.peeky = True
    return read


@pytest.mark.parametrize(("kind", "plain"), [
    (Seq2seq, reading.Seq2seq), (PeekySeq2seq, _peeky),
    (AttentionSeq2seq, reading.AttentionSeq2seq), (AttentionBiSeq2seq, reading.AttentionBiSeq2seq),
])  # fmt: skip
@pytest.mark.parametrize("file", ["addition.txt", "date.txt"])
def test_chapters_7_and_8_training(kind, plain, file, folder, capsys):
    (x_train, t_train), (x_test, t_test) = sequence.load_data(file)
    char_to_id, id_to_char = sequence.get_vocab()
    x_train, x_test = x_train[:, ::-1], x_test[:, ::-1]
    model = kind(len(char_to_id), 4, 6, F64)
    read = plain(model.params)
    chance = np.random.get_state()
    trainer = Trainer(model, Adam())
    trainer.fit(x_train, t_train, max_epoch=2, batch_size=12, max_grad=5.0, eval_interval=1)
    np.random.set_state(chance)
    losses = reading.trained(read, reading.adam(), x_train, t_train, 2, 12, 5.0)
    same(trainer.loss_list, losses)
    for mine, theirs in zip(model.params, read.P):
        same(mine, theirs)
    right = [
        eval_seq2seq(model, x_test[[i]], t_test[[i]], id_to_char, True, True)
        for i in range(len(x_test))
    ]
    assert set(right) <= {0, 1}
    said = capsys.readouterr().out
    assert said.count("Q ") == len(x_test)


def test_chapter8_what_is_attended_to(folder):
    (x_train, t_train), _ = sequence.load_data("date.txt")
    char_to_id, _ = sequence.get_vocab()
    model = AttentionSeq2seq(len(char_to_id), 4, 6, F64)
    read = reading.AttentionSeq2seq(model.params)
    x, t = x_train[[3]], t_train[[3]]
    same(model.forward(x, t), read.step(x, t)[0])
    d = np.array(model.decoder.attention.attention_weights)
    assert d.shape == (t.shape[1] - 1, 1, x.shape[1])
    same(d[:, 0], read.weights[0])
    same(d.sum(axis=2), 1)
    answer = model.generate(x, int(t[0, 0]), 5)
    assert len(answer) == 5
    assert np.array(model.decoder.attention.attention_weights).shape == (5, 1, x.shape[1])


def test_all_names_are_there():
    assert book2.np is np
    assert sorted(book2.__all__) == sorted(set(book2.__all__))
    assert all(hasattr(book2, name) for name in book2.__all__)
