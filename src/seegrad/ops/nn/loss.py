"""Losses: one number for how wrong the outputs are, the mean over the batch.

Nothing here broadcasts in silence: outputs and targets must fit, or an error says what to do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from seegrad.errors import DTypeError, ShapeError, ValueRangeError
from seegrad.graph.forms import Body
from seegrad.graph.op import Case
from seegrad.graph.spec import Spec, spec_of
from seegrad.i18n import tr
from seegrad.ops.arithmetic import abs, clip, maximum, sign
from seegrad.ops.compare import astype, floating, where
from seegrad.ops.families import CALL, elementwise, operation
from seegrad.ops.float16 import wide
from seegrad.ops.nn.activation import (
    labels_in_range,
    log_softmax,
    one_hot,
    sigmoid,
    softmax,
    softplus,
)
from seegrad.ops.reduce import mean, sum
from seegrad.ops.transcendental import log


def _fitting(spec: Callable[..., Spec]) -> Callable[..., dict[str, Any]]:
    """Ask the spec before anything is computed: NumPy would broadcast what does not fit."""

    def canonical(x: Any, t: Any) -> dict[str, Any]:
        spec(spec_of(x), spec_of(t))
        return {}

    return canonical


def _is_labels(x: Any, t: Any) -> bool:
    """Are the targets class numbers (one fewer axis), and not a weight for every class?"""
    return len(t.shape) == len(x.shape) - 1


def _cross_entropy_spec(x: Spec, t: Spec) -> Spec:
    if not x.ndim or not x.shape[-1]:
        raise ShapeError(
            "the outputs need a last axis with one score a class",
            asked=tr("shape {shape}", shape="(…, C)"), came=tr("shape {shape}", shape=x.shape),
        )  # fmt: skip
    labels = t.ndim == x.ndim - 1
    if labels and t.dtype.kind not in "iu":
        raise DTypeError(
            tr("{name} must be integers", name="labels"),
            asked=tr(
                "integers of shape {labels}, or targets of shape {targets}",
                labels=x.shape[:-1], targets=x.shape,
            ),
            hint="labels.astype(int)",
        )
    if (labels and t.shape != x.shape[:-1]) or (not labels and t.shape != x.shape):
        hint = ""
        if t.ndim == x.ndim and t.shape == (*x.shape[:-1], 1):
            hint = "drop the last axis of the labels: t[:, 0]"
        raise ShapeError(
            "the targets do not fit the outputs",
            asked=tr(
                "labels of shape {labels}, or targets (one-hot or soft) of {targets}",
                labels=x.shape[:-1], targets=x.shape,
            ),
            hint=hint,
        )
    if 0 in x.shape:
        raise ShapeError("the mean loss of an empty batch is not defined")
    return Spec((), x.dtype if x.dtype.kind == "f" else np.dtype(np.float64))


def _rows(x: Any) -> int:
    """How many samples the mean is over."""
    return int(np.prod(x.shape[:-1], dtype=int))


def _targets(x: Any, t: Any) -> Any:
    """A weight for every class: labels become one-hot."""
    if _is_labels(x, t):
        return one_hot(t, classes=x.shape[-1], dtype=x.dtype)
    return astype(t, dtype=x.dtype) if t.dtype != x.dtype else t


@wide
def _cross_entropy_body(x, t):
    """−Σ t·log softmax(x), averaged over the rows."""
    x = floating(x)
    if _is_labels(x, t):
        # chosen, not multiplied: a score of −∞ elsewhere must not count
        chosen = one_hot(t, classes=x.shape[-1], dtype=np.bool_)
        return sum(where(chosen, log_softmax(x, axis=-1), 0.0)) * (-1 / _rows(x))
    return sum(_targets(x, t) * log_softmax(x, axis=-1)) * (-1 / _rows(x))


@wide
def _by_scores(g: Any, x: Any, t: Any) -> Any:
    # d/dx of −Σ t·log softmax(x) is softmax(x)·Σt − t; for targets that sum to 1: y − t
    weights = _targets(x, t)
    mass = 1 if _is_labels(x, t) else sum(weights, axis=-1, keepdims=True)
    return (softmax(x, axis=-1) * mass - weights) * (g / _rows(x))


@wide
def _by_targets(g: Any, x: Any) -> Any:
    return log_softmax(x, axis=-1) * (g * (-1 / _rows(x)))


_LABELS = {"t": 3}


@operation(
    spec=_cross_entropy_spec,
    canonical=_fitting(_cross_entropy_spec),
    lower=Body(),
    body=_cross_entropy_body,
    sign="Softmax-with-Loss",
    latex=r"-\frac{1}{$samples} \sum $t \log \operatorname{softmax}($x)",
    d={
        "x": _by_scores,
        "t": _by_targets,
    },
    cases=(
        Case(((2, 3), (2,)), integers=_LABELS),
        Case(((3,), ()), integers=_LABELS),
        Case(((2, 3), (2, 3))),
        Case(((3,), (3,))),
        Case(((2, 4, 3), (2, 4)), integers=_LABELS),
        Case(((1, 1), (1,)), integers={"t": 1}),
    ),
    family="loss",
)
@wide
def softmax_cross_entropy(x, t):
    """Softmax and cross-entropy in one, steady in log space: the mean over the rows.

    Args:
        x: scores (N, C), or (C,) for one sample, or with more axes before the classes.
        t: labels (N,), or one-hot or soft targets (N, C).

    The derivative by the scores is (softmax(x) − t)/N (chapter 5.6.3).
    """
    x = floating(x)
    if _is_labels(x, t):
        labels_in_range(t, x.shape[-1])
        rows = log_softmax(x, axis=-1)
        picked = np.take_along_axis(rows, np.asarray(t)[..., None], -1)
        return np.sum(picked) * rows.dtype.type(-1 / _rows(x))
    # a class that nobody asks for costs nothing, even if it is impossible (score −∞)
    costs = np.where(t == 0, 0, _targets(x, t) * log_softmax(x, axis=-1))
    return np.sum(costs) * costs.dtype.type(-1 / _rows(x))


def _paired_spec(x: Spec, t: Spec) -> Spec:
    if x.shape != t.shape:
        hint = ""
        if x.ndim == t.ndim + 1 and x.shape == (*t.shape, 1):
            hint = "drop the last axis of the outputs: y[:, 0]"
        elif t.ndim == x.ndim + 1 and t.shape == (*x.shape, 1):
            hint = "drop the last axis of the targets: t[:, 0]"
        raise ShapeError(
            "outputs and targets need the same shape",
            asked=tr("targets of shape {shape}: a loss never broadcasts", shape=x.shape),
            hint=hint,
        )
    if not x.size:
        raise ShapeError("the mean loss of no elements is not defined")
    dtype = np.result_type(x.dtype, t.dtype)
    return Spec((), dtype if dtype.kind == "f" else np.dtype(np.float64))


def check_pair(x: Any, t: Any) -> None:
    """ShapeError unless outputs and targets have one shape."""
    _paired_spec(spec_of(x), spec_of(t))


def check_labels(x: Any, t: Any) -> None:
    """An error unless t are labels (N, …) of the classes that x (N, …, C) has scores for."""
    _cross_entropy_spec(spec_of(x), spec_of(t))
    if not _is_labels(x, t):
        raise ShapeError("labels, one for each row", asked=tr("shape {shape}", shape=x.shape[:-1]),
                         came=tr("shape {shape}", shape=t.shape))  # fmt: skip


_PAIRS = (
    Case(((3,), (3,))),
    Case(((2, 3), (2, 3))),
    Case(((), ())),
    Case(((2, 1, 4), (2, 1, 4))),
)


def _apart(x: Any, t: Any) -> Any:
    """x − t; of whole numbers and truth values as float64, since bytes would wrap around."""
    if spec_of(x).dtype.kind != "f" and spec_of(t).dtype.kind != "f":
        x, t = floating(x), floating(t)
    return x - t


def _size(x: Any) -> int:
    return int(np.prod(x.shape, dtype=int))


def _squared_body(x, t):
    d = _apart(x, t)
    return mean(d * d)


@wide
def _shared(slope: Any, g: Any, part: float) -> Any:
    """What each element gets of g, the derivative by a mean, where `part` is 1/n or so."""
    return slope * (g * part)


@operation(
    spec=_paired_spec,
    canonical=_fitting(_paired_spec),
    lower=Body(),
    body=_squared_body,
    sign="MSE",
    latex=r"\overline{($x - $t)^2}",
    d={
        "x": lambda g, x, t: _shared(x - t, g, 2 / _size(x)),
        "t": lambda g, x, t: _shared(t - x, g, 2 / _size(x)),
    },
    numpy=(),
    cases=_PAIRS,
    family="loss",
)
def mean_squared_error(x, t):
    """The mean of the squared differences of outputs and targets of equal shapes."""
    return np.mean(np.square(_apart(x, t)))


@operation(
    spec=_paired_spec,
    canonical=_fitting(_paired_spec),
    lower=Body(),
    body=lambda x, t: mean(abs(_apart(x, t))),
    sign="MAE",
    latex=r"\overline{\left|$x - $t\right|}",
    kinks="x - t",
    d={
        "x": lambda g, x, t: _shared(sign(x - t), g, 1 / _size(x)),
        "t": lambda g, x, t: _shared(sign(t - x), g, 1 / _size(x)),
    },
    numpy=(),
    cases=_PAIRS,
    family="loss",
)
def mean_absolute_error(x, t):
    """The mean of the absolute differences of outputs and targets of equal shapes.

    Where they are equal the derivative is 0, as in PyTorch (JAX: ±1/n).
    """
    return np.mean(np.abs(_apart(x, t)))


def _huber_canonical(x: Any, t: Any, *, delta: Any) -> dict[str, Any]:
    _paired_spec(spec_of(x), spec_of(t))
    if not delta > 0:
        raise ValueRangeError("a corner lies to the right of 0", asked="delta above 0",
                              came=f"delta={delta!r}")  # fmt: skip
    return {"delta": float(delta)}


def _huber_body(x, t, *, delta):
    d = abs(_apart(x, t))
    return mean(where(d <= delta, d * d * 0.5, d * delta - 0.5 * delta * delta))


@operation(
    spec=lambda x, t, *, delta: _paired_spec(x, t),
    canonical=_huber_canonical,
    lower=Body(),
    body=_huber_body,
    sign="Huber",
    latex=r"\overline{\operatorname{Huber}($x - $t)}",
    d={
        "x": lambda g, x, t, delta: _shared(clip(x - t, -delta, delta), g, 1 / _size(x)),
        "t": lambda g, x, t, delta: _shared(clip(t - x, -delta, delta), g, 1 / _size(x)),
    },
    numpy=(),
    cases=tuple(Case(c.shapes, {"delta": 0.7}) for c in _PAIRS),
    family="loss",
)
def huber(x, t, *, delta=1.0):
    """The mean of d²/2 where |d| ≤ delta and delta·(|d| − delta/2) beyond (Huber, 1964).

    d are the differences of outputs and targets of equal shapes.
    """
    return _huber_body(x, t, delta=delta)


LOWEST_LOG, LEAST = -100.0, 1e-12
"""What a logarithm is at least, and what is divided by at least: PyTorch's numbers."""


def _bounded_log(x):
    none = x <= 0
    return where(none, LOWEST_LOG, maximum(log(where(none, 1.0, x)), LOWEST_LOG))


def _at_least(x: Any) -> Any:
    """A probability to divide by."""
    least = max(LEAST, float(np.finfo(x.dtype).tiny))
    return where(x < least, least, x)


@elementwise(
    body=_bounded_log, sign="log", latex=r"\log $x", precedence=CALL, numpy=(), domain=(0.1, 0.9),
    d={"x": lambda g, x: g / _at_least(x)},
)  # fmt: skip
def bounded_log(x):
    """log x of a probability, no less than −100; its derivative is 1/x, no more than 10¹².

    So PyTorch has it: what was held certain and is wrong costs much, and is still corrected.
    """
    return _bounded_log(floating(x))


def bce_costs(x: Any, t: Any) -> Any:
    """−t·log x − (1 − t)·log(1 − x) of each element."""
    x = floating(x)
    return -(t * bounded_log(x) + (1 - t) * bounded_log(1 - x))


def _bce_body(x, t):
    return mean(bce_costs(x, t))


@operation(
    spec=_paired_spec,
    canonical=_fitting(_paired_spec),
    lower=Body(),
    body=_bce_body,
    sign="BCE",
    latex=r"-\overline{$t \log $x + (1 - $t) \log (1 - $x)}",
    domain=(0.1, 0.9),
    d={
        "x": lambda g, x, t: _shared(
            (1 - t) / _at_least(1 - x) - t / _at_least(x), g, 1 / _size(x)
        ),
        "t": lambda g, x: _shared(bounded_log(1 - x) - bounded_log(x), g, 1 / _size(x)),
    },
    numpy=(),
    cases=_PAIRS,
    family="loss",
)
def binary_cross_entropy(x, t):
    """The mean of −t·log x − (1 − t)·log(1 − x) for probabilities x and targets t in [0, 1].

    A logarithm is no less than −100, as in PyTorch: a right certainty costs nothing, a wrong one
    costs 100 and has a derivative. From scores, use `binary_cross_entropy_with_logits`.
    """
    return _bce_body(x, t)


def _logits_body(x, t):
    x = floating(x)
    return mean(softplus(x) - x * t)


@operation(
    spec=_paired_spec,
    canonical=_fitting(_paired_spec),
    lower=Body(),
    body=_logits_body,
    sign="σ-BCE",
    latex=r"\overline{\log(1 + e^{$x}) - $x $t}",
    d={
        "x": lambda g, x, t: _shared(sigmoid(x) - t, g, 1 / _size(x)),
        "t": lambda g, x: _shared(-x, g, 1 / _size(x)),
    },
    numpy=(),
    cases=_PAIRS,
    family="loss",
)
def binary_cross_entropy_with_logits(x, t):
    """Sigmoid and binary cross-entropy in one, steady for any score x: mean of log(1+eˣ) − x·t."""
    return _logits_body(x, t)
