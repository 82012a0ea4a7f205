"""Mean squares of numbers that were scaled to be learnt, told in the units they had before.

The network sees targets with mean 0 and deviation 1, and so does the derivative; what is reported
(losses, R², mean absolute error) is of the targets as they stand in the data.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.data import Preparation
from seegrad.nn.losses import MSELoss

Array = NDArray[Any]


class ScaledSquares(MSELoss):
    """The mean of squares over scaled targets; its figures are in the targets' own units.

    preparation: knows mean and deviation of each target.

    >>> loss = ScaledSquares(Preparation(mean=(100.0,), deviation=(10.0,)))
    >>> float(loss(np.array([[1.0]]), np.array([[0.0]])).item()), loss.reported(1.0)
    (1.0, 100.0)
    >>> loss.figures(np.array([[1.0], [0.0]]), np.array([[0.0], [0.0]]))["mae"]
    5.0
    """

    def __init__(self, preparation: Preparation) -> None:
        super().__init__()
        self.preparation = preparation

    def reported(self, value: float) -> float:
        """A step's loss as it is told. With several targets, whose units differ, as it is."""
        deviation = self.preparation.deviation
        return value * deviation[0] ** 2 if len(deviation) == 1 else value

    def unscaled(self, values: Array) -> Array:
        """Outputs or targets in the targets' own units."""
        return np.asarray(self.preparation.unscaled(np.asarray(values, np.float64)))

    def figures(self, outputs: Array, t: Array) -> dict[str, float]:
        """Mean squares, R² (the mean over several targets) and mean absolute error."""
        y, true = self.unscaled(outputs), self.unscaled(t)
        true = true.reshape(y.shape)
        left, spread = ((y - true) ** 2).sum(axis=0), ((true - true.mean(axis=0)) ** 2).sum(axis=0)
        square = float(((y - true) ** 2).mean())
        found = {"loss": square, "rmse": square**0.5, "mae": float(np.abs(y - true).mean())}
        if (spread > 0).all():
            found["r2"] = float((1 - left / spread).mean())
        return found
