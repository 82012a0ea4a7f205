"""Residual: what the layers make is added to what came in."""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.errors import ShapeError
from seegrad.i18n import tr
from seegrad.nn.module import Module
from seegrad.nn.sequential import Sequential
from seegrad.tensor.tensor import Tensor


class Residual(Module):
    """x + layers(x) (He et al., 2016); or shortcut(x) + layers(x) where the shape changes.

    >>> from seegrad import nn
    >>> nn.Residual(nn.Affine(3, 3), nn.ReLU())(np.ones((2, 3))).shape
    (2, 3)
    """

    kind = "residual"

    def __init__(self, *layers: Any, shortcut: Module | None = None) -> None:
        self.layers = Sequential(*layers)
        self.shortcut = shortcut

    def forward(self, x: Any) -> Any:
        x = x if isinstance(x, Tensor) else np.asarray(x)
        made = self.layers(x)
        kept = x if self.shortcut is None else self.shortcut(x)
        if made.shape != kept.shape:
            raise ShapeError(
                tr("{layer}: the two branches do not fit", layer=self.name or self.kind),
                asked=f"{kept.shape}",
                came=f"{made.shape}",
                hint=tr("give a shortcut that changes the shape in the same way"),
            )
        return kept + made
