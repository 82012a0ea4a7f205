"""The graphs of the chapter's figures, with its numbers; the names in them are the reader's.

What a figure is called and how it is shown stands in `figures.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from seegrad.data import digits
from seegrad.graph.mode import frame
from seegrad.ops.arithmetic import add_n, identity, reciprocal
from seegrad.ops.nn.activation import relu, sigmoid, softmax
from seegrad.ops.nn.loss import softmax_cross_entropy
from seegrad.ops.transcendental import exp, log
from seegrad.tensor.tensor import Tensor, tensor
from seegrad.transforms.folding import expand


def spoken(lang: str, korean: str, english: str) -> str:
    return korean if lang == "ko" else english


def leaf(value: Any, name: str, learns: bool = True) -> Tensor:
    return tensor(value, name=name, requires_grad=learns)


def named(z: Tensor, name: str) -> Tensor:
    z.name = name
    return z


# --------------------------------------------------------------- 5.1 shopping


def apples_with_numbers(lang: str) -> Tensor:
    """Apples times two, times 1.1: the numbers are part of the operations."""
    apple = leaf(100.0, spoken(lang, "사과", "apple"))
    price: Tensor = apple * 2 * 1.1
    return price


def apples(lang: str, backward: bool = True, only_apple: bool = False) -> Tensor:
    """Two apples at 100 with 10 % tax: 220."""
    apple = leaf(100.0, spoken(lang, "사과", "apple"))
    count = leaf(2.0, spoken(lang, "사과의 개수", "count"), not only_apple)
    tax = leaf(1.1, spoken(lang, "소비세", "tax"), not only_apple)
    price: Tensor = apple * count * tax
    if backward:
        price.backward()
    return price


def apples_and_oranges(lang: str, backward: bool = True) -> Tensor:
    """Two apples at 100 and three oranges at 150 with 10 % tax: 715."""
    count = leaf(2.0, spoken(lang, "사과의 개수", "apples"))
    apple = leaf(100.0, spoken(lang, "사과", "apple"))
    orange = leaf(150.0, spoken(lang, "귤", "orange"))
    oranges = leaf(3.0, spoken(lang, "귤의 개수", "oranges"))
    tax = leaf(1.1, spoken(lang, "소비세", "tax"))
    price: Tensor = (count * apple + orange * oranges) * tax
    if backward:
        price.backward()
    return price


def local_computation(lang: str) -> Tensor:
    """Whatever the other shopping was: 4,000 is all that the + node sees of it."""
    count = leaf(2.0, spoken(lang, "사과의 개수", "apples"))
    apple = leaf(100.0, spoken(lang, "사과", "apple"))
    others = leaf(4000.0, spoken(lang, "복잡한 계산", "anything"))
    tax = leaf(1.1, spoken(lang, "소비세", "tax"))
    price: Tensor = (count * apple + others) * tax
    price.backward()
    return price


# --------------------------------------------------------------- 5.2, 5.3 the chain rule, + and ×


def any_function(lang: str) -> Tensor:
    """y = f(x), whatever f is."""
    y = named(identity(leaf(1.0, "x")), "y")
    y.backward()
    return y


def square_of_sum(lang: str) -> Tensor:
    """z = (x + y)² at x = 3, y = 4."""
    t = named(leaf(3.0, "x") + leaf(4.0, "y"), "t")
    z = named(t**2, "z")
    z.backward()
    return z


def plus(lang: str) -> Tensor:
    """10 + 5 = 15; 1.3 arrives and passes to both sides."""
    z = named(leaf(10.0, "x") + leaf(5.0, "y"), "z")
    z.backward(1.3)
    return z


def plus_in_a_graph(lang: str) -> Tensor:
    """A + node somewhere inside a large graph whose last value is L."""
    z = named(leaf(10.0, "x") + leaf(5.0, "y"), "z")
    loss = named(z * 1.3, "L")
    loss.backward()
    return loss


def product(lang: str) -> Tensor:
    """10 × 5 = 50; 1.3 arrives, and the inputs come back swapped: 6.5 and 13."""
    z = named(leaf(10.0, "x") * leaf(5.0, "y"), "z")
    z.backward(1.3)
    return z


def fork(lang: str) -> Tensor:
    """y = x·x + x at 3: three branches leave x, and 3 + 3 + 1 = 7 comes back."""
    x = leaf(3.0, "x")
    y = named(x * x + x, "y")
    y.backward()
    return y


# --------------------------------------------------------------- 5.5 activations


def rectified(lang: str, x: float = 2.0) -> Tensor:
    """ReLU at one number: open or shut."""
    y = named(relu(leaf(x, "x")), "y")
    y.backward(5.0)
    return y


def sigmoid_closed(lang: str) -> Tensor:
    """y = σ(ln 3) = ¾; 16 arrives, 3 goes on."""
    y = named(sigmoid(leaf(np.log(3.0), "x")), "y")
    y.backward(16.0)
    return y


def sigmoid_open(lang: str, backward: bool = True) -> Tensor:
    """The same by ×(−1), exp, +1 and /: below, from the right, 16, −9, −9, −3, 3."""
    y = expand(named(sigmoid(leaf(np.log(3.0), "x")), "y"))
    if backward:
        y.backward(16.0)
    return y


# --------------------------------------------------------------- 5.6 Affine, Softmax-with-Loss


def matrix_product(lang: str) -> Tensor:
    """(2,)·(2, 3) = (3,)."""
    x = leaf([1.0, 2.0], "X")
    y = named(x @ leaf([[1.0, 2, 3], [4, 5, 6]], "W"), "O")
    y.backward(np.array([1.0, 2, 3]))
    return y


def affine(lang: str, batch: bool = False, backward: bool = True) -> Tensor:
    """Y = X·W + B for one sample or for N = 3 of them."""
    x = leaf([[1.0, 0], [0, 1], [1, 1]] if batch else [1.0, 2.0], "X")
    y = x @ leaf([[1.0, 2, 3], [4, 5, 6]], "W") + leaf([7.0, 8, 9], "B")
    if backward:
        y.backward(np.array([[2.0, 1, -1], [1, 0, 0], [0, 0, 1]] if batch else [1.0, 2, 3]))
    return named(y, "Y")


SCORES = (5.3, 0.3, 10.1, 1.2, 2.0, 0.7, 1.5, 0.9, 1.1, 0.01)
DIGIT = 2


def network(lang: str) -> Tensor:
    """A digit, Affine, ReLU, Affine, ReLU, Affine, Softmax: from its scores to probabilities."""
    draw = np.random.default_rng(5)
    x, labels = digits()
    image = x[int(np.flatnonzero(labels == DIGIT)[0])].reshape(8, 8)
    out: Any = leaf(image, spoken(lang, "숫자", "digit"), learns=False)
    for layer, (rows, columns) in enumerate(pairwise((64, 20, 15, 10)), 1):
        with frame(f"Affine{layer}"):
            rest = out.reshape(-1) if layer == 1 else out
            w = leaf(draw.normal(size=(rows, columns)).round(1), f"Affine{layer}.W")
            z = rest @ w
            # the last bias brings the scores to the figure's
            b = np.array(SCORES) - z.value if layer == 3 else draw.normal(size=columns).round(1)
            out = z + leaf(b, f"Affine{layer}.b")
        if layer < 3:
            with frame(f"ReLU{layer}"):
                out = relu(out)
    named(out, spoken(lang, "점수", "scores"))
    return named(softmax(out), spoken(lang, "확률", "probabilities"))


LOGITS, TARGETS = (3.0, 2.0, 5.0), (0.0, 1.0, 0.0)


def _softmax() -> list[Tensor]:
    """The three y."""
    powers = [exp(leaf(np.log(v), f"a{i}")) for i, v in enumerate(LOGITS, 1)]
    share = reciprocal(add_n(*powers))
    return [named(power * share, f"y{i}") for i, power in enumerate(powers, 1)]


def _cross_entropy(ys: Sequence[Tensor], beside: bool = True) -> Tensor:
    """L = −Σ t·log y; the targets `beside` their × nodes, or outside, below the y."""
    targets = [leaf(t, f"t{i}", learns=False) for i, t in enumerate(TARGETS, 1)]
    terms = []
    for t, each in zip(targets, [log(y) for y in ys]):
        terms.append(t * each if beside else each * t)
        t.frame = terms[-1].frame if beside else None
    return named(add_n(*terms) * -1.0, "L")


def softmax_forward(lang: str) -> Tensor:
    """S = Σ exp(a), y = exp(a)·(1/S): the three y, joined at the right end for one graph."""
    total: Tensor = add_n(*_softmax())
    return total


def cross_entropy(lang: str, backward: bool = True) -> Tensor:
    """L = −Σ t·log y."""
    loss = _cross_entropy([leaf(v / 10, f"y{i}") for i, v in enumerate(LOGITS, 1)])
    if backward:
        loss.backward()
    return loss


def softmax_with_loss(lang: str, beside: bool = True) -> Tensor:
    """All sixteen nodes of it: a = ln(3, 2, 5), t = (0, 1, 0)."""
    with frame("Softmax"):
        ys = _softmax()
    with frame("Cross Entropy Error"):
        loss = _cross_entropy(ys, beside)
    loss.backward()
    return loss


def softmax_with_loss_closed(lang: str) -> Tensor:
    """One node: the derivative that arrives at a is y − t."""
    loss = softmax_cross_entropy(leaf(np.log(LOGITS), "a"), leaf(TARGETS, "t", learns=False))
    loss.backward()
    return named(loss, "L")
