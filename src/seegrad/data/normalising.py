"""Normalising: mean 0 and deviation 1, learnt on the training part alone, block by block.

What is learnt is a value of its own, applied to batches of any part and kept beside the weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from seegrad.errors import ShapeError
from seegrad.i18n import tr

Array = NDArray[Any]
BLOCK_BYTES = 2**24


def blocks(x: Array, block_bytes: int = BLOCK_BYTES) -> range:
    """Where blocks of rows of about that many bytes begin."""
    row = max(1, x.nbytes // max(1, len(x)))
    return range(0, len(x), max(1, block_bytes // row))


@dataclass(frozen=True)
class Normaliser:
    """x ↦ (x − mean)/deviation for each column (of pictures with channels: for each channel).

    >>> norm = Normaliser.learnt(np.array([[0.0, 1.0], [2.0, 1.0]]))
    >>> norm(np.array([[2.0, 5.0]]))
    array([[1., 4.]])
    >>> import seegrad as sg
    >>> norm = sg.data.Normaliser([1.0], [2.0])
    >>> sorted(norm.state_dict())
    ['deviation', 'mean']
    """

    mean: Array
    deviation: Array

    @classmethod
    def learnt(cls, x: Any, channels: bool = False) -> Self:
        """Means and deviations of `x`, one block of rows in memory at a time (Chan et al., 1979).

        channels: one mean for each channel of pictures (N, C, …), instead of one for each number.
        A constant column has deviation 1, so that it is only moved. Raises ShapeError for no rows.
        """
        if not len(x) or (channels and x.ndim < 3):
            raise ShapeError(
                tr("there is nothing to learn a mean from"),
                asked="(N, C, H, W)" if channels else tr("at least one example"),
                came=f"x {x.shape}",
            )
        axes = (0, *range(2, x.ndim)) if channels else (0,)
        count, mean, spread = 0.0, np.zeros(()), np.zeros(())
        starts = blocks(x)
        for start in starts:
            part = np.asarray(x[start : start + starts.step], np.float64)
            rows = float(np.prod([part.shape[i] for i in axes]))
            own = part.mean(axis=axes, keepdims=True)
            away = own - mean
            whole = count + rows
            spread = spread + ((part - own) ** 2).sum(axis=axes, keepdims=True)
            spread = spread + away**2 * (count * rows / whole)
            mean, count = mean + away * (rows / whole), whole
        deviation = np.sqrt(spread / count)
        deviation[deviation == 0] = 1.0
        return cls(mean[0], deviation[0])

    def __call__(self, x: Any, chance: Any = None) -> Array:
        """`x` normalised, in its own floating dtype (float32 for whole numbers)."""
        x = np.asarray(x)
        fits = x.ndim == self.mean.ndim + 1 and all(
            known in (1, n) for n, known in zip(x.shape[1:], self.mean.shape)
        )
        if not fits:
            raise ShapeError(
                tr("these examples are not like those learnt from"),
                asked=f"(N, {', '.join(map(str, self.mean.shape))})",
                came=f"x {x.shape}",
            )
        dtype = x.dtype if x.dtype.kind == "f" else np.dtype(np.float32)
        even: Array = ((x - self.mean) / self.deviation).astype(dtype)
        return even

    def state_dict(self) -> dict[str, Array]:
        """Mean and deviation, to be kept in a file."""
        return {"mean": self.mean, "deviation": self.deviation}
