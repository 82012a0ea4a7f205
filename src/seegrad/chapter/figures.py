"""Every figure of chapter 5, 5-1 to 5-30 and A-1 to A-5.

A figure is built anew for each language, since the names in it are the reader's. The graphs
stand in `graphs.py`, the captions in the text.
"""

from __future__ import annotations

from collections.abc import Mapping

from seegrad.chapter import graphs
from seegrad.chapter.figure import FORK, Figure
from seegrad.errors import ValueRangeError
from seegrad.i18n import tr

# --------------------------------------------------------------- the list

_CHAIN_NAMED = {("z", "→"): "∂z/∂z", ("t", "z"): "(∂z/∂z)(∂z/∂t)"}
_XY = "(∂z/∂z)(∂z/∂t)(∂t/∂x)", "(∂z/∂z)(∂z/∂t)(∂t/∂y)"
_NAMES_2 = {("x", "z"): "x", ("y", "z"): "y", ("z", "→"): "z"}
_SIGMOID_ABOVE = {
    ("x", "×"): "x", ("×", "exp"): "−x", ("exp", "+"): "exp(−x)", ("+", "y"): "1 + exp(−x)",
    ("y", "→"): "y",
}  # fmt: skip
_SIGMOID_BELOW = {
    ("y", "→"): "∂L/∂y", ("+", "y"): "−(∂L/∂y)y²", ("exp", "+"): "−(∂L/∂y)y²",
    ("×", "exp"): "−(∂L/∂y)y² exp(−x)", ("x", "×"): "(∂L/∂y)y² exp(−x)",
}  # fmt: skip

_LOSS_ABOVE = {
    **{(f"a{i}", "exp"): f"a{i}" for i in (1, 2, 3)},
    **{(f"y{i}", "log"): f"y{i}" for i in (1, 2, 3)},
    **{(f"t{i}", "×"): f"t{i}" for i in (1, 2, 3)}, ("L", "→"): "L",
}  # fmt: skip
_LOSS_BELOW = {
    **{(f"a{i}", "exp"): f"y{i} − t{i}" for i in (1, 2, 3)},
    **{(f"y{i}", "log"): f"−t{i}/y{i}" for i in (1, 2, 3)}, ("L", "→"): "1",
}  # fmt: skip

_SOFTMAX_STEPS = (
    ("log", "Cross Entropy Error"), ("×", "Softmax"), (FORK, "Softmax"), ("/", "Softmax"),
    ("+", "Softmax"), None,
)  # fmt: skip


_FIGURES: tuple[Figure, ...] = (
    Figure("0", graphs.apples),
    Figure("5-1", graphs.apples_with_numbers, constants_inside=True),
    Figure("5-2", lambda lang: graphs.apples(lang, backward=False)),
    Figure("5-3", lambda lang: graphs.apples_and_oranges(lang, backward=False)),
    Figure("5-4", graphs.local_computation),
    Figure("5-5", lambda lang: graphs.apples(lang, only_apple=True)),
    Figure("5-6", graphs.any_function, {("x", "y"): "x", ("y", "→"): "y"},
           {("x", "y"): "E · ∂y/∂x", ("y", "→"): "E"}, sign="f"),
    Figure("5-7", graphs.square_of_sum, None,
           {**_CHAIN_NAMED, ("x", "t"): _XY[0], ("y", "t"): _XY[1]}),
    Figure("5-8", graphs.square_of_sum, None,
           {("z", "→"): "1", ("t", "z"): "1 · 2t = 2(x + y)", ("x", "t"): "2(x + y) · 1",
            ("y", "t"): "2(x + y) · 1"}),
    Figure("5-8 (x·x + x)", graphs.fork),
    Figure("5-9", graphs.plus, _NAMES_2, {("z", "→"): "∂L/∂z", ("x", "z"): "∂L/∂z · 1",
                                   ("y", "z"): "∂L/∂z · 1"}),
    Figure("5-10", graphs.plus_in_a_graph, {("x", "z"): "x", ("y", "z"): "y", ("z", "L"): "z",
                                     ("L", "→"): "L"},
           {("z", "L"): "∂L/∂z", ("x", "z"): "∂L/∂z · 1", ("y", "z"): "∂L/∂z · 1",
            ("L", "→"): "∂L/∂L = 1"}),
    Figure("5-11", graphs.plus),
    Figure("5-12", graphs.product, _NAMES_2, {("z", "→"): "∂L/∂z", ("x", "z"): "∂L/∂z · y",
                                       ("y", "z"): "∂L/∂z · x"}),
    Figure("5-13", graphs.product),
    Figure("5-14", graphs.apples),
    Figure("5-15", graphs.apples_and_oranges, quiz=True),
    Figure("5-16", graphs.apples),
    Figure("5-17", graphs.apples_and_oranges),
    Figure("5-18 (x > 0)", graphs.rectified, None, {("y", "→"): "∂L/∂y", ("x", "y"): "∂L/∂y"}),
    Figure("5-18 (x ≤ 0)", lambda lang: graphs.rectified(lang, -2.0), None,
           {("y", "→"): "∂L/∂y", ("x", "y"): "0"}),
    Figure("5-19", lambda lang: graphs.sigmoid_open(lang, backward=False), open="all"),
    Figure("5-19 (1)", graphs.sigmoid_open, _SIGMOID_ABOVE, _SIGMOID_BELOW, open="all",
           after=("/", "sigmoid")),
    Figure("5-19 (2)", graphs.sigmoid_open, _SIGMOID_ABOVE, _SIGMOID_BELOW, open="all",
           after=("+", "sigmoid")),
    Figure("5-19 (3)", graphs.sigmoid_open, _SIGMOID_ABOVE, _SIGMOID_BELOW, open="all",
           after=("exp", "sigmoid")),
    Figure("5-20", graphs.sigmoid_open, open="all"),
    Figure("5-21", graphs.sigmoid_closed, _SIGMOID_ABOVE, _SIGMOID_BELOW, open="none",
           rule="y² exp(−x)"),
    Figure("5-22", graphs.sigmoid_closed, _SIGMOID_ABOVE,
           {**_SIGMOID_BELOW, ("x", "×"): "(∂L/∂y)y(1 − y)"}, open="none"),
    Figure("5-23", graphs.matrix_product),
    Figure("5-24", lambda lang: graphs.affine(lang, backward=False)),
    Figure("5-25", graphs.affine),
    Figure("5-26", graphs.matrix_product, {("X", "O"): "X (2,)", ("W", "O"): "W (2, 3)",
                                    ("O", "→"): "O (3,)"},
           {("O", "→"): "∂L/∂O (3,)", ("X", "O"): "∂L/∂O · Wᵀ: (2,) = (3,)(3, 2)",
            ("W", "O"): "Xᵀ · ∂L/∂O: (2, 3) = (2, 1)(1, 3)"}),
    Figure("5-27", lambda lang: graphs.affine(lang, batch=True)),
    Figure("5-28", graphs.network, open="none"),
    Figure("5-29", graphs.softmax_with_loss, open="all"),
    Figure("5-30", lambda lang: graphs.softmax_with_loss(lang, beside=False), _LOSS_ABOVE,
           _LOSS_BELOW, open="none"),
    Figure("A-1", lambda lang: graphs.softmax_with_loss(lang, beside=False), open="none"),
    Figure("A-2", graphs.softmax_forward),
    Figure("A-3", lambda lang: graphs.cross_entropy(lang, backward=False)),
    Figure("A-4", graphs.cross_entropy),
    *(Figure(f"A-4 ({i})", graphs.softmax_with_loss, open="all", after=after)
      for i, after in enumerate(_SOFTMAX_STEPS, 1)),
    Figure("A-5", graphs.softmax_with_loss, open="all"),
)  # fmt: skip

FIGURES: Mapping[str, Figure] = {figure.number: figure for figure in _FIGURES}
"""Every figure by its number."""


def figure(number: str) -> Figure:
    """A figure by its number, for example "5-5"; ValueRangeError lists what there is."""
    if number not in FIGURES:
        raise ValueRangeError(
            tr("the chapter has no such figure"), asked=", ".join(FIGURES), came=number
        )
    return FIGURES[number]

