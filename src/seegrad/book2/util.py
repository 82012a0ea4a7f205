"""The second volume's `common/util.py`: text to ids, counting, similarity, and measuring models."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from seegrad.book.arrays import as_array, as_floats
from seegrad.book2.arrays import Array, as_ids
from seegrad.errors import DTypeError, SeegradWarning, ShapeError, ValueRangeError, warn_user
from seegrad.i18n import tr
from seegrad.nn.sizes import whole
from seegrad.ops.nn.activation import one_hot
from seegrad.tensor.tensor import Tensor
from seegrad.text import signature

__all__ = [
    "analogy",
    "clip_grads",
    "convert_one_hot",
    "cos_similarity",
    "create_co_matrix",
    "create_contexts_target",
    "eval_perplexity",
    "eval_seq2seq",
    "most_similar",
    "normalize",
    "np",
    "ppmi",
    "preprocess",
    "to_cpu",
    "to_gpu",
]

Words = Mapping[str, int]
Ids = Mapping[int, str]


# ------------------------------------------------------------------ text and counts


def preprocess(text: str) -> tuple[Array, dict[str, int], dict[int, str]]:
    """(corpus, word_to_id, id_to_word): ids in the order in which words first come (chapter 2.3.1).

    Any white space parts words. Raises DTypeError for anything but text, ValueRangeError for none.

    >>> preprocess("You say goodbye and I say hello.")[0]
    array([0, 1, 2, 3, 4, 1, 5, 6])
    """
    if not isinstance(text, str):
        raise DTypeError(tr("preprocess: a text is needed"), asked="str", came=type(text).__name__)
    words = text.lower().replace(".", " .").split()
    if not words:
        raise ValueRangeError(tr("preprocess: the text has no words"), came=f"{text[:20]!r}")
    word_to_id: dict[str, int] = {}
    corpus = np.array([word_to_id.setdefault(word, len(word_to_id)) for word in words])
    return corpus, word_to_id, {i: word for word, i in word_to_id.items()}


def _corpus(corpus: Any, name: str, words: int | None = None) -> Array:
    """Word ids in one row."""
    given = as_array(corpus, name)
    ids = as_ids(given, words, name)
    if ids.ndim != 1 or not ids.size:
        raise ShapeError(
            tr("{name}: a corpus is one row of word ids", name=name),
            asked="(count,)", came=f"{ids.shape}",
        )  # fmt: skip
    return ids


def create_co_matrix(corpus: Any, vocab_size: int, window_size: int = 1) -> Array:
    """How often each word stands beside each other one, (V, V) int32 (chapter 2.3.4)."""
    whole(vocab_size=vocab_size, window_size=window_size)
    ids = _corpus(corpus, "corpus", vocab_size)
    counts = np.zeros((vocab_size, vocab_size), np.int32)
    for away in range(1, window_size + 1):
        left, right = ids[:-away], ids[away:]
        np.add.at(counts, (left, right), 1)
        np.add.at(counts, (right, left), 1)
    return counts


def ppmi(C: Any, verbose: bool = False, eps: float = 1e-8) -> Array:
    """Positive pointwise mutual information of a count matrix, (V, V) float32 (chapter 2.4.1).

    A word that never comes has a row of 0. verbose prints how far it is.
    """
    counts = np.asarray(as_array(C, "C"))
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ShapeError(tr("{name}: a square matrix of counts", name="ppmi"), asked="(V, V)",
                         came=f"{counts.shape}")  # fmt: skip
    alone = counts.sum(axis=0, dtype=np.float64)
    found = np.zeros(counts.shape, np.float32)
    for i, row in enumerate(counts):
        expected = alone * (alone[i] / (alone.sum() or 1))
        ratio = np.divide(row, expected, out=np.zeros(len(row)), where=expected > 0)
        found[i] = np.maximum(0, np.log2(ratio + eps))
        if verbose and (i + 1) % (len(counts) // 100 + 1) == 0:
            print(tr("{percent}% done", percent=f"{100 * (i + 1) / len(counts):.1f}"))
    return found


def create_contexts_target(corpus: Any, window_size: int = 1) -> tuple[Array, Array]:
    """Contexts (count, 2·window) and their targets (count,) (chapter 3.3.1).

    >>> create_contexts_target([0, 1, 2, 3])
    (array([[0, 2],
           [1, 3]]), array([1, 2]))
    """
    whole(window_size=window_size)
    ids = _corpus(corpus, "corpus")
    if ids.size <= 2 * window_size:
        raise ValueRangeError(
            tr("the corpus is too short for this window"),
            asked=tr("more than {count} words", count=2 * window_size), came=f"{ids.size}",
        )  # fmt: skip
    around = np.lib.stride_tricks.sliding_window_view(ids, 2 * window_size + 1)
    return np.delete(around, window_size, axis=1), ids[window_size:-window_size].copy()


def convert_one_hot(corpus: Any, vocab_size: int) -> Array:
    """Ids (N,) or (N, C) as one-hot rows, (N, V) or (N, C, V) int32 (chapter 3.3.2)."""
    whole(vocab_size=vocab_size)
    ids = as_ids(corpus, vocab_size, "corpus")
    if ids.ndim not in (1, 2):
        raise ShapeError(tr("convert_one_hot: ids in a row, or rows of ids"), asked="(N,), (N, C)",
                         came=f"{ids.shape}")  # fmt: skip
    return np.asarray(one_hot(ids, classes=vocab_size, dtype=np.int32))


# ------------------------------------------------------------------ similarity


def cos_similarity(x: Any, y: Any, eps: float = 1e-8) -> Any:
    """The cosine of the angle between two vectors (chapter 2.3.5); eps keeps 0 from 0/0."""
    x, y = as_floats(x, "x"), as_floats(y, "y")
    if x.ndim != 1 or x.shape != y.shape:
        raise ShapeError(tr("cos_similarity: two vectors of one length"), asked="(D,), (D,)",
                         came=f"x {x.shape} · y {y.shape}")  # fmt: skip
    return np.dot(x / (np.sqrt(np.sum(x**2)) + eps), y / (np.sqrt(np.sum(y**2)) + eps))


def normalize(x: Any) -> Any:
    """x, or each row of x, at length 1; what has no length stays 0. x itself does not change."""
    x = as_floats(x, "x")
    length = np.sqrt(np.sum(x * x, axis=-1, keepdims=True))
    return x / np.where(length > 0, length, 1)


def _known(words: Sequence[str], word_to_id: Words) -> bool:
    for word in words:
        if word not in word_to_id:
            print(tr("{word} is not found", word=word))
            return False
    return True


def _matrix(word_matrix: Any, words: int) -> Array:
    matrix = as_floats(word_matrix, "word_matrix")
    if matrix.ndim != 2 or matrix.shape[0] < words:
        raise ShapeError(
            tr("word_matrix has a row for each word"), asked=f"({words}, D)",
            came=f"{matrix.shape}",
        )  # fmt: skip
    return np.asarray(matrix)[:words]


def _told(scores: Array, id_to_word: Ids, without: Sequence[str], top: int) -> list[Any]:
    """Print the `top` words of the best scores, and give them."""
    order = (-1 * scores).argsort()
    found = [(id_to_word[int(i)], scores[i]) for i in order if not np.isnan(scores[i])]
    best = [(word, score) for word, score in found if word not in without][:top]
    for word, score in best:
        print(f" {word}: {score}")
    return best


def most_similar(
    query: str, word_to_id: Words, id_to_word: Ids, word_matrix: Any, top: int = 5
) -> list[tuple[str, Any]] | None:
    """Print the `top` words whose vectors point most nearly where that of `query` does.

    Gives them, too, as (word, similarity). Of a word that is not there it says so, and gives None.
    """
    if not _known([query], word_to_id):
        return None
    whole(top=top)
    matrix = _matrix(word_matrix, len(id_to_word))
    print("\n[query] " + query)
    lengths = np.sqrt(np.sum(matrix**2, axis=1, keepdims=True)) + 1e-8
    rows = matrix / lengths
    return _told(rows @ rows[word_to_id[query]], id_to_word, [query], top)


def analogy(
    a: str, b: str, c: str, word_to_id: Words, id_to_word: Ids, word_matrix: Any, top: int = 5,
    answer: str | None = None,
) -> list[tuple[str, Any]] | None:  # fmt: skip
    """Print what is to `c` as `b` is to `a`: the words nearest to b − a + c (chapter 4.4.2).

    Gives them, too. Of a word that is not there it says so, and gives None.
    """
    if not _known([a, b, c, *([answer] if answer is not None else [])], word_to_id):
        return None
    whole(top=top)
    matrix = _matrix(word_matrix, len(id_to_word))
    print(f"\n[analogy] {a}:{b} = {c}:?")
    at_a, at_b, at_c = (matrix[word_to_id[word]] for word in (a, b, c))
    scores = matrix @ normalize(at_b - at_a + at_c)
    if answer is not None:
        print(f"==>{answer}:{scores[word_to_id[answer]]}")
    return _told(scores, id_to_word, [a, b, c], top)


# ------------------------------------------------------------------ training and measuring


def clip_grads(grads: Sequence[Array], max_norm: float) -> float:
    """Shorten the gradients, in place and all alike, to a common length of `max_norm` at most.

    Gives the length before (chapter 6.1.4). Raises ValueRangeError where that is not finite: all
    would become NaN, or stay as they are.
    """
    norm = float(np.sqrt(sum(np.sum(np.square(g, dtype=np.float64)) for g in grads)))
    if not np.isfinite(norm):
        raise ValueRangeError(
            tr("a gradient is not finite"), asked=tr("finite gradients"), came=f"{norm}",
            hint=tr("lower the learning rate; sg.debug() says where it was born"),
        )  # fmt: skip
    rate = max_norm / (norm + 1e-6)
    if rate < 1:
        for grad in grads:
            grad *= rate
    return norm


def eval_perplexity(model: Any, corpus: Any, batch_size: int = 10, time_size: int = 35) -> float:
    """exp of the mean loss over a corpus, read in `batch_size` rows at once (chapter 6.4)."""
    whole(batch_size=batch_size, time_size=time_size)
    ids = _corpus(corpus, "corpus")
    jump, steps = (ids.size - 1) // batch_size, (ids.size - 1) // (batch_size * time_size)
    if not steps:
        raise ValueRangeError(
            tr("the corpus is too short for one batch"),
            asked=tr("more than {count} words", count=batch_size * time_size), came=f"{ids.size}",
        )  # fmt: skip
    words = {}
    if "train_flg" in signature(model.forward).parameters:
        words["train_flg"] = False
    total = 0.0
    places = np.arange(batch_size)[:, None] * jump + np.arange(time_size)
    for step in range(steps):
        now = places + step * time_size
        total += float(model.forward(ids[now], ids[now + 1], **words))
    return float(np.exp(total / steps))


def eval_seq2seq(
    model: Any, question: Any, correct: Any, id_to_char: Ids, verbos: bool = False,
    is_reverse: bool = False,
) -> int:  # fmt: skip
    """1 if the model answers a question (1, T) as `correct` (1, T') does after its first sign."""
    answer = np.asarray(as_array(correct, "correct")).flatten()
    asked = np.asarray(as_array(question, "question"))
    guess = model.generate(asked, int(answer[0]), len(answer) - 1)
    texts = [
        "".join(id_to_char[int(i)] for i in np.ravel(ids)) for ids in (asked, answer[1:], guess)
    ]
    if verbos:
        right, plain = texts[1] == texts[2], os.name == "nt"
        colour, sign = ("\033[92m", "☑") if right else ("\033[91m", "☒")
        mark = "OX"[not right] if plain else f"{colour}{sign}\033[0m"
        print("Q", texts[0][::-1] if is_reverse else texts[0])
        print("T", texts[1])
        print(f"{mark} {texts[2]}\n---")
    return int(texts[1] == texts[2])


def to_cpu(x: Any) -> Array:
    """x as a NumPy array: there is no other memory here."""
    return np.asarray(x.value if isinstance(x, Tensor) else x)


def to_gpu(x: Any) -> Array:
    """x as it is, with a warning: what is here runs on this processor, without CuPy."""
    warn_user(SeegradWarning(
        tr("there is no GPU to go to: the array stays where it is"),
        asked="config.GPU = False", came="to_gpu(...)",
    ))  # fmt: skip
    return to_cpu(x)
