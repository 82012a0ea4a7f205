"""CTCLoss: a sequence of labels beside a longer sequence of probabilities, all alignments summed.

The sum is made position by position, one `scan`, in logarithms: alpha (N, 2S + 1) holds for every
prefix of the labels, blanks between them, how likely it is at this position.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from seegrad.errors import DTypeError, ShapeError, ValueRangeError
from seegrad.i18n import tr
from seegrad.nn.losses.reduction import Loss, array, reduced
from seegrad.ops import reduce
from seegrad.ops.arithmetic import clip, maximum
from seegrad.ops.compare import astype, logical_and, logical_or, not_equal, where
from seegrad.ops.indexing import take_along_axis
from seegrad.ops.shape import broadcast_to, concatenate, cut_by, expand_dims, pad, reshape, stack
from seegrad.tensor.tensor import Tensor
from seegrad.transforms.loops.control_flow import scan

NEVER = -1e30
"""The logarithm of what cannot be: a number, so that sums and slopes stay numbers."""


class CTCLoss(Loss):
    """Minus the log-probability of the labels over all alignments (Graves et al., 2006).

    Called as PyTorch's: log-probabilities (T, N, C), labels (N, S) or all rows' one behind the
    other, then how many positions and how many labels each row has (None: all T, all S).

    Args:
        blank: the class that stands for no label.
        reduction: "mean" over the rows, each over its number of labels; "sum", or "none".
        zero_infinity: rows whose labels do not fit into their positions cost 0, not infinity.

    Raises ShapeError, DTypeError and ValueRangeError for what does not fit together.

    >>> logs = np.log(np.full((4, 1, 3), 1 / 3))
    >>> round(float(CTCLoss(reduction="sum")(logs, np.array([[1, 2]]))), 4)
    1.6864
    """

    def __init__(
        self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False
    ) -> None:
        super().__init__(reduction)
        self.blank, self.zero_infinity = blank, zero_infinity

    def forward(
        self, x: Any, t: Any, input_lengths: Any = None, target_lengths: Any = None
    ) -> Tensor:
        x, t, positions, labels = self._checked(x, t, input_lengths, target_lengths)
        rows = self.costs(x, t, positions, labels)
        if self.reduction == "mean":
            return reduce.mean(rows / maximum(astype(labels, dtype=x.dtype), 1.0))  # type: ignore[no-any-return]
        return reduced(rows, self.reduction)  # type: ignore[no-any-return]

    def costs(self, x: Any, t: Any, positions: Any, labels: Any) -> Any:
        """Minus the log-probability of each row's labels."""
        between = self._between(t)
        wide = between.shape[1]
        where_to = np.arange(wide)
        emitted = maximum(take_along_axis(
            x, broadcast_to(expand_dims(between, axis=0), shape=(x.shape[0], *between.shape)),
            axis=2,
        ), NEVER)  # fmt: skip
        two_back = pad(cut_by(between, [slice(None), slice(0, wide - 2)]),
                       widths=((0, 0), (2, 0)), value=-1)  # fmt: skip
        skips = logical_and(not_equal(between, self.blank), not_equal(between, two_back))
        first = cut_by(emitted, [0, slice(None), slice(None)])
        begun = where(where_to < 2, first, NEVER)

        def turn(alpha: Any, given: Any) -> tuple[Any, None]:
            emitted, position = given
            one, two = (_shifted(alpha, by) for by in (1, 2))
            ways = stack(alpha, one, where(skips, two, NEVER), axis=0)
            moved = reduce.logsumexp(ways, axis=0) + emitted
            return where(reshape(position < positions, shape=(-1, 1)), moved, alpha), None

        later = cut_by(emitted, [slice(1, None), slice(None), slice(None)])
        alpha = begun
        if x.shape[0] > 1:
            alpha, _ = scan(turn, begun, (later, np.arange(1, x.shape[0])))
        last = reshape(labels, shape=(-1, 1)) * 2
        ends = logical_or(where_to == last, where_to == last - 1)
        costs = -reduce.logsumexp(where(ends, alpha, NEVER), axis=-1)
        return where(costs > -NEVER / 10, 0.0 if self.zero_infinity else math.inf, costs)

    def _between(self, t: Any) -> Any:
        """The labels with blanks before, between and behind them: (N, 2S + 1)."""
        n, s = t.shape
        blanks = np.full((n, s), self.blank, t.dtype)
        pairs = reshape(stack(blanks, t, axis=-1), shape=(n, 2 * s))
        return concatenate(pairs, blanks[:, :1], axis=1)

    def _checked(self, x: Any, t: Any, positions: Any, labels: Any) -> tuple[Any, Any, Any, Any]:
        """Inputs that fit together, with labels (N, S) of classes and both lengths (N,)."""
        x, t = array(x), array(t)
        if len(x.shape) != 3 or 0 in x.shape or x.dtype.kind != "f":
            raise ShapeError(
                tr("{layer}: log-probabilities of each class at each position", layer=self.kind),
                asked="(T, N, C)", came=tr("shape {shape}", shape=tuple(x.shape)),
            )  # fmt: skip
        count, n, classes = x.shape
        if not -1 < self.blank < classes:
            raise ValueRangeError(tr("the blank is a class"), asked=f"0 ≤ blank < {classes}",
                                  came=f"blank={self.blank}")  # fmt: skip
        if t.dtype.kind not in "iu":
            raise DTypeError(tr("{name} must be integers", name="labels"), came=f"dtype {t.dtype}")
        if len(t.shape) == 1:
            t = _rows(t, labels, n)
        if len(t.shape) != 2 or t.shape[0] != n:
            raise ShapeError(
                "the targets do not fit the outputs", asked=f"({n}, S)",
                came=tr("shape {shape}", shape=tuple(t.shape)),
            )  # fmt: skip
        known = {"input_lengths": (positions, count), "target_lengths": (labels, t.shape[1])}
        found = [_lengths(name, value, n, most) for name, (value, most) in known.items()]
        if not t.shape[1]:
            t = np.full((n, 1), self.blank)
        _in_range(t, found[1], classes, self.blank)
        return x, clip(t, 0, classes - 1), *found


def _shifted(alpha: Any, by: int) -> Any:
    kept = cut_by(alpha, [slice(None), slice(0, alpha.shape[1] - by)])
    return pad(kept, widths=((0, 0), (by, 0)), value=NEVER)


def _known(x: Any) -> Any:
    """The numbers of x, or None while it is traced."""
    return x.data if isinstance(x, Tensor) else x


def _rows(t: Any, labels: Any, n: int) -> Any:
    """Labels that come one behind the other, as (N, S)."""
    counts = None if labels is None else _known(array(labels))
    flat = _known(t)
    if counts is None or flat is None or np.shape(counts) != (n,) or np.sum(counts) != flat.size:
        raise ShapeError(
            tr("labels one behind the other need to be told how many each row has"),
            asked=tr("target_lengths of shape {shape} that add up to {count}", shape=(n,),
                     count=t.shape[0]),
            came=f"{counts}", hint=tr("labels of shape (N, S)"),
        )  # fmt: skip
    rows = np.zeros((n, int(np.max(counts, initial=0))), flat.dtype)
    rows[np.arange(rows.shape[1]) < np.reshape(counts, (-1, 1))] = flat
    return rows


def _lengths(name: str, value: Any, n: int, most: int) -> Any:
    if value is None:
        return np.full(n, most)
    value = array(value)
    numbers = _known(value)
    if tuple(value.shape) != (n,) or value.dtype.kind not in "iu" or (
        numbers is not None and not ((numbers >= 0) & (numbers <= most)).all()
    ):
        raise ValueRangeError(
            tr("{name} are whole numbers, one for each row", name=name),
            asked=tr("{count} numbers from 0 to {most}", count=n, most=most),
            came=f"{name}={numbers if numbers is not None else tuple(value.shape)}",
        )
    return value


def _in_range(t: Any, labels: Any, classes: int, blank: int) -> None:
    """ValueRangeError for a label, where its number is known, that is no class, or the blank."""
    numbers, counts = _known(t), _known(labels)
    if numbers is None or counts is None:
        return
    meant = numbers[np.arange(numbers.shape[1]) < np.reshape(counts, (-1, 1))]
    wrong = meant[(meant < 0) | (meant >= classes) | (meant == blank)]
    if wrong.size:
        raise ValueRangeError(
            tr("a label is a class other than the blank"),
            asked=tr("integers from 0 to {last}", last=classes - 1) + f", ≠ {blank}",
            came=f"{wrong[0]}",
        )
