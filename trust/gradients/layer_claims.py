"""U1: layers and losses against what their docstrings say, and the book's face against the core.

Every case has an answer that was not computed by seegrad: a shape, a number, or a refusal.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import seegrad as sg
from seegrad import book, nn
from seegrad.errors import DTypeError, IndexRangeError, ShapeError, ValueRangeError
from seegrad.nn import losses
from trust.harness.row import Found, Run, first, row
from trust.text.invalid_calls import still_english

REFUSED = (ShapeError, DTypeError, ValueRangeError, IndexRangeError)


@dataclass(frozen=True)
class Claim:
    """A call, and what is to come of it: a number, a shape, or (None) a named error.

    `or_refused`: an error is right too, where the core is stricter than the book.
    """

    what: str
    call: Callable[[], Any]
    expected: float | tuple[int, ...] | None
    or_refused: bool = False

    def fault(self) -> str:
        """What is wrong; nothing when the claim holds."""
        try:
            found = self.call()
        except sg.SeegradError as error:
            if self.expected is not None and not self.or_refused:
                return f"{self.what}: refused: {error.problem}"
            english = still_english(error)
            return f"{self.what}: has no Korean for {english!r}" if english else self._vague(error)
        except Exception as error:
            return f"{self.what}: a bare {type(error).__name__}: {str(error)[:100]}"
        if self.expected is None:
            return f"{self.what}: gives {np.asarray(found).tolist()!r:.60} without a word"
        if isinstance(self.expected, tuple):
            right = np.shape(found) == self.expected
            return "" if right else f"{self.what}: shape {np.shape(found)}, not {self.expected}"
        right = np.shape(found) == () and math.isclose(found, self.expected, abs_tol=1e-5)
        return "" if right else f"{self.what}: {found}, not {self.expected}"

    def _vague(self, error: sg.SeegradError) -> str:
        if isinstance(error, REFUSED) and (error.asked or error.came):
            return ""
        return f"{self.what}: {type(error).__name__} says neither what was asked nor what came"


PAIRS = (
    ((3, 1), (3,)), ((3,), (3, 1)), ((1, 3), (3,)), ((3,), (1, 3)), ((3,), ()), ((), (3,)),
    ((1,), (3,)), ((3,), (1,)), ((2, 3), (3,)), ((2, 3), (2, 1)), ((2, 3), (1, 3)), ((3,), (2,)),
)  # fmt: skip
"""Outputs and targets that NumPy would stretch, or that fit in no way."""


def paired_losses() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every loss of outputs and targets with equal shapes, under all its names."""
    for name, op in sg.TABLE.items():
        if op.family == "loss" and "cross_entropy" not in name.removeprefix("binary_"):
            yield f"sg.{name}", op
    for name in ("binary_cross_entropy", "binary_cross_entropy_with_logits"):
        yield f"sg.{name}", getattr(sg, name)
    for name, kind in vars(losses).items():
        rooms = (f"{losses.__name__}.classes", f"{losses.__name__}.numbers")
        own = isinstance(kind, type) and kind.__module__ in rooms
        if own and kind not in (nn.SoftmaxWithLoss, nn.GaussianNLLLoss):  # the latter takes three
            yield f"nn.{name}", kind()
    yield "nn.BCELoss(with_logits)", nn.BCELoss(with_logits=True)
    yield "book.mean_squared_error", book.mean_squared_error


def stretched() -> Iterator[Claim]:
    """No loss broadcasts, of arrays or of tensors."""
    for name, loss in paired_losses():
        for left, right in PAIRS:
            x, t = np.full(left, 0.25), np.full(right, 0.5)
            yield Claim(f"{name} {left} {right}", lambda f=loss, x=x, t=t: f(x, t), None)
            yield Claim(
                f"{name} {left} {right}, tensors",
                lambda f=loss, x=x, t=t: f(sg.tensor(x), sg.tensor(t)), None,
            )  # fmt: skip


def bytes_and_truths() -> Iterator[Claim]:
    """Whole numbers do not wrap around in a difference."""
    x, t = np.uint8([200, 0]), np.uint8([0, 200])
    yield Claim("mse of bytes", lambda: sg.mean_squared_error(x, t), 40_000.0)
    yield Claim("mae of bytes", lambda: sg.mean_absolute_error(x, t), 200.0)
    yield Claim("MSELoss of bytes", lambda: nn.MSELoss()(x, t), 40_000.0)
    yield Claim("L1Loss of bytes", lambda: nn.L1Loss()(x, t), 200.0)
    yield Claim("mse of bytes, tensor", lambda: sg.mean_squared_error(sg.tensor(x), t), 40_000.0)
    yield Claim("mse of truths", lambda: sg.mean_squared_error(x > 0, t > 0), 1.0)
    yield Claim("book's mse of bytes", lambda: book.mean_squared_error(x, t), 40_000.0)


TARGETS: tuple[Any, ...] = (
    0, 1, -1, 3, 1.0, True, None, "1", 1j, [1], [3], [1.0], [True], [[1]], [], [0, 1, 2], [2, 0],
    [0, 1], [0, 1, 3], [-1, 0, 1], [0.0, 1.0, 2.0], [True, False, True], [[0], [1], [2]],
    [[0, 1, 2]], [0, 1, 0], [0.2, 0.5, 0.3], np.eye(3), np.eye(3, dtype=bool), np.eye(3, dtype=int),
    np.eye(3)[:2], np.eye(3)[None], np.ones((3, 4)), np.eye(3) * 1j, [[1, 0, 0], [0, 1]],
    np.array([0, 1, 2], np.uint8), np.array([2**40, 0, 1]), [None, 0, 1],
)  # fmt: skip


def by_hand(y: Any, t: Any, delta: float = 0.0) -> float | None:
    """The cross-entropy of probabilities, number by number; None where there is none."""
    try:
        t = np.asarray(t)
    except ValueError:
        return None
    if t.dtype.kind not in "iufb" or not y.size:
        return None
    rows = y.reshape(-1, y.shape[-1]) + delta
    if t.shape == y.shape:
        targets = t.reshape(rows.shape).astype(float)
        terms = zip(rows.ravel(), targets.ravel())
        return -sum(weight * math.log(p) for p, weight in terms if weight) / len(rows)
    if t.dtype.kind not in "iu" or not (t.shape == y.shape[:-1] or is_single(y, t)):
        return None
    labels = t.ravel()
    if any(not 0 <= label < rows.shape[1] for label in labels):
        return None
    return -sum(math.log(row[label]) for row, label in zip(rows, labels)) / len(rows)


def is_single(y: Any, t: Any) -> bool:
    """One sample, and its label in a list: the book takes it, the core may refuse it.

    So it is with a batch of one sample and the label in a column.
    """
    if y.ndim == 2:
        column = t.tolist() if isinstance(t, np.ndarray) else t
        return len(y) == 1 and isinstance(column, list) and column == [[1]]
    if isinstance(t, list):
        return y.ndim == 1 and len(t) == 1 and not isinstance(t[0], list)
    return y.ndim == 1 and np.shape(t) == (1,)


def cross_entropies() -> Iterator[Claim]:
    """Labels of every kind and shape, under every name that the loss has."""
    chance = np.random.default_rng(0)
    outputs = [chance.dirichlet(np.ones(3), shape) for shape in ((), (3,), (2,), (1,), (2, 3))]
    core: tuple[tuple[str, Callable[..., Any]], ...] = (
        ("sg.softmax_cross_entropy", sg.softmax_cross_entropy),
        ("nn.SoftmaxWithLoss", nn.SoftmaxWithLoss()),
        ("book.SoftmaxWithLoss", book.SoftmaxWithLoss().forward),
    )
    for y in (*outputs, np.zeros((0, 3))):
        scores = np.log(y)
        for t in TARGETS:
            told, known = f"{y.shape} {t!r:.40}", by_hand(y, t)
            for name, loss in core:
                lenient = name[:4] != "book" and is_single(y, t)
                call = lambda f=loss, s=scores, t=t: f(s, t)  # noqa: E731
                yield Claim(f"{name} {told}", call, known, lenient)
            known = by_hand(y, t, book.functions.DELTA)
            call = lambda y=y, t=t: book.cross_entropy_error(y, t)  # noqa: E731
            yield Claim(f"book.cross_entropy_error {told}", call, known)
            call = lambda s=scores, t=t: book.softmax_loss(s, t)  # noqa: E731
            yield Claim(f"book.softmax_loss {told}", call, known)


SHAPES: tuple[tuple[str, Callable[[], Any], tuple[int, ...], tuple[int, ...] | None], ...] = (
    ("Affine", lambda: nn.Affine(3, 2), (5, 3), (5, 2)),
    ("Affine", lambda: nn.Affine(3, 2), (4, 5, 3), (4, 5, 2)),
    ("Affine", lambda: nn.Affine(3, 2), (3,), (2,)),
    ("Affine", lambda: nn.Affine(3, 2), (5, 4), None),
    ("Affine", lambda: nn.Affine(3, 2), (), None),
    ("Conv1d", lambda: nn.Conv1d(2, 4, 3), (5, 2, 10), (5, 4, 8)),
    ("Conv1d", lambda: nn.Conv1d(2, 4, 3), (5, 3, 10), None),
    ("Conv1d", lambda: nn.Conv1d(2, 4, 3), (5, 2, 2), None),
    ("Conv2d", lambda: nn.Conv2d(1, 6, 5, padding=2), (3, 1, 28, 28), (3, 6, 28, 28)),
    ("Conv2d", lambda: nn.Conv2d(1, 6, 5), (3, 2, 28, 28), None),
    ("Conv2d", lambda: nn.Conv2d(1, 6, 5), (3, 28, 28), None),
    ("ConvTranspose2d", lambda: nn.ConvTranspose2d(4, 2, 2, stride=2), (3, 4, 7, 7),
     (3, 2, 14, 14)),
    ("ConvTranspose2d", lambda: nn.ConvTranspose2d(4, 2, 2), (3, 5, 7, 7), None),
    ("MaxPool1d", lambda: nn.MaxPool1d(2), (1, 3, 8), (1, 3, 4)),
    ("MaxPool2d", lambda: nn.MaxPool2d(2), (1, 3, 8, 6), (1, 3, 4, 3)),
    ("MaxPool2d", lambda: nn.MaxPool2d(9), (1, 3, 8, 6), None),
    ("AvgPool2d", lambda: nn.AvgPool2d(2), (1, 3, 8, 6), (1, 3, 4, 3)),
    ("GlobalAvgPool", nn.GlobalAvgPool, (2, 3, 5, 5), (2, 3)),
    ("GlobalMaxPool", nn.GlobalMaxPool, (2, 3, 5), (2, 3)),
    ("LayerNorm", lambda: nn.LayerNorm(4), (2, 3, 4), (2, 3, 4)),
    ("LayerNorm", lambda: nn.LayerNorm(4), (2, 3), None),
    ("GroupNorm", lambda: nn.GroupNorm(2, 4), (3, 4, 5), (3, 4, 5)),
    ("GroupNorm", lambda: nn.GroupNorm(2, 4), (3, 6, 5), None),
    ("GroupNorm", lambda: nn.GroupNorm(3, 4), (3, 4, 5), None),
    ("BatchNorm", lambda: nn.BatchNorm(4), (3, 4), (3, 4)),
    ("BatchNorm", lambda: nn.BatchNorm(4), (1, 4), None),
    ("BatchNorm", lambda: nn.BatchNorm(4), (3, 1), None),
    ("BatchNorm", lambda: nn.BatchNorm(4), (4,), None),
    ("BatchNorm2d", lambda: nn.BatchNorm2d(3), (2, 3, 4, 4), (2, 3, 4, 4)),
    ("BatchNorm2d", lambda: nn.BatchNorm2d(3), (2, 1, 4, 4), None),
    ("Positions", lambda: nn.Positions(6, 4), (2, 5, 4), (2, 5, 4)),
    ("Positions", lambda: nn.Positions(6, 4), (2, 7, 4), None),
    ("Positions", lambda: nn.Positions(6, 4), (2, 5, 1), None),
    ("MultiHeadAttention", lambda: nn.MultiHeadAttention(8, 2), (3, 5, 8), (3, 5, 8)),
    ("MultiHeadAttention", lambda: nn.MultiHeadAttention(8, 2), (3, 5, 6), None),
    ("MultiHeadAttention", lambda: nn.MultiHeadAttention(8, 3), (3, 5, 8), None),
    ("TransformerBlock", lambda: nn.TransformerBlock(8, 2), (3, 5, 8), (3, 5, 8)),
    ("RNN", lambda: nn.RNN(3, 4), (2, 5, 3), (2, 5, 4)),
    ("RNN", lambda: nn.RNN(3, 4, last=True), (2, 5, 3), (2, 4)),
    ("RNN", lambda: nn.RNN(3, 4), (2, 5, 1), None),
    ("LSTM", lambda: nn.LSTM(3, 4), (2, 5, 3), (2, 5, 4)),
    ("GRU", lambda: nn.GRU(3, 4), (2, 5, 3), (2, 5, 4)),
    ("GRU", lambda: nn.GRU(3, 4), (2, 5, 2), None),
    ("Flatten", nn.Flatten, (2, 3, 4), (2, 12)),
    ("Flatten", nn.Flatten, (0, 3, 4), (0, 12)),
    ("Residual", lambda: nn.Residual(nn.Affine(3, 3), nn.ReLU()), (2, 3), (2, 3)),
    ("Residual", lambda: nn.Residual(nn.Affine(3, 1)), (2, 3), None),
    ("Dropout", nn.Dropout, (2, 3), (2, 3)),
    ("Dropout", lambda: nn.Dropout(1.5), (2, 3), None),
)  # fmt: skip


def shapes() -> Iterator[Claim]:
    """Every shape that a docstring promises, and inputs that it rules out."""
    for name, make, given, expected in SHAPES:
        x = np.linspace(0.1, 1.0, math.prod(given)).reshape(given)
        yield Claim(f"nn.{name} of {given}", lambda m=make, x=x: m()(x), expected)
    for words, expected in (([[1, 2], [2, 9]], (2, 2, 3)), ([10], None), ([1.0], None)):
        yield Claim(f"nn.Embedding of {words}", lambda w=words: nn.Embedding(10, 3)(w), expected)
    yield Claim("book.Affine of images",
                lambda: book.Affine(np.ones((4, 3)), np.zeros(3)).forward(np.ones((2, 1, 2, 2))),
                (2, 3))  # fmt: skip
    for W, b in (((2, 3), (1,)), ((2, 3), ()), ((2, 3), (4, 3)), ((2, 3), (2,)), ((2,), (2,))):
        yield Claim(f"book.Affine {W} {b}", lambda W=W, b=b: book.Affine(
            np.ones(W), np.ones(b)).forward(np.ones((4, 2))), None)  # fmt: skip


BAD: tuple[Any, ...] = (None, 1j, "a", [[1], [1, 2]], {"a": 1}, 10**400, np.array(["1"]))


def bad_values() -> Iterator[Claim]:
    """What is no array of numbers, at every door of the book."""
    doors: dict[str, Callable[[Any], Any]] = {
        name: getattr(book, name)
        for name in ("sigmoid", "sigmoid_grad", "relu", "relu_grad", "softmax", "step_function")
    }
    doors["Relu"] = lambda v: book.Relu().forward(v)
    doors["Sigmoid"] = lambda v: book.Sigmoid().forward(v)
    doors["mean_squared_error"] = lambda v: book.mean_squared_error(v, v)
    for kind in (book.MulLayer, book.AddLayer):
        doors[f"{kind.__name__}, left"] = lambda v, k=kind: k().forward(v, 1)
        doors[f"{kind.__name__}, right"] = lambda v, k=kind: k().forward(1, v)
    for name, door in doors.items():
        for value in BAD:
            yield Claim(f"book.{name} {value!r:.20}", lambda d=door, v=value: d(v), None)
    for x, y in ((10**10, 10**10), (2**60 + 1, 1)):
        yield Claim(f"book.MulLayer {x} {y}", lambda x=x, y=y: book.MulLayer().forward(x, y), None)
    yield Claim("book.MulLayer of a list", lambda: book.MulLayer().forward([1, 2], 3), (2,))


@row(
    "U1",
    "layers and losses against their docstrings: shapes, numbers and refusals; `seegrad.book` too",
    "≥ 150 cases, all right or refused by a named error, none broadcast, in English and Korean",
    count=1,
    sample=1,
)
def u1(run: Run) -> Found:
    faults, total = [], 0
    with np.errstate(all="ignore"):
        for source in (stretched, bytes_and_truths, cross_entropies, shapes, bad_values):
            for claim in source():
                total += 1
                if fault := claim.fault():
                    faults.append(fault)
    return Found(f"{total - len(faults):,} of {total:,}", first(faults, 60))
