"""Augmentation: pictures changed a little at random, so that a network sees more of them.

Each change takes a batch (N, …, height, width) and a generator, and returns a new batch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.errors import ShapeError, ValueRangeError
from seegrad.i18n import tr

Array = NDArray[Any]
Change = Callable[[Array, np.random.Generator], Array]


def _pictures(x: Any) -> Array:
    pictures: Array = np.asarray(x)
    if pictures.ndim < 3:
        raise ShapeError(
            tr("these are no pictures"),
            asked="(N, H, W), (N, C, H, W)",
            came=f"x {pictures.shape}",
            hint=tr("give rows their shape first: x.reshape(-1, 1, 28, 28)"),
        )
    return pictures


@dataclass(frozen=True)
class Shift:
    """Each picture moved by up to `pixels` in both directions, `fill` coming in at the edge.

    >>> x = np.arange(4.0).reshape(1, 2, 2)
    >>> Shift(0)(x, np.random.default_rng(0)).tolist()
    [[[0.0, 1.0], [2.0, 3.0]]]
    """

    pixels: int
    fill: float = 0.0

    def __post_init__(self) -> None:
        if self.pixels < 0:
            raise ValueRangeError(
                tr("{name} is not a negative number", name="pixels"),
                asked="pixels ≥ 0",
                came=f"pixels={self.pixels}",
            )

    def __call__(self, x: Array, chance: np.random.Generator) -> Array:
        x, p = _pictures(x), self.pixels
        height, width = x.shape[-2:]
        around = [(0, 0)] * (x.ndim - 2) + [(p, p), (p, p)]
        wide = np.pad(x, around, constant_values=self.fill)
        corners = chance.integers(0, 2 * p + 1, (len(x), 2))
        rows = corners[:, :1] + np.arange(height)
        columns = corners[:, 1:] + np.arange(width)
        index = np.arange(len(x)).reshape(-1, 1, 1)
        if x.ndim == 3:
            flat: Array = wide[index, rows[:, :, None], columns[:, None, :]]
            return flat
        lead = wide.reshape(len(x), -1, *wide.shape[-2:])
        channel = np.arange(lead.shape[1]).reshape(1, -1, 1, 1)
        down, across = rows[:, None, :, None], columns[:, None, None, :]
        moved: Array = lead[index[..., None], channel, down, across]
        return moved.reshape(x.shape)


@dataclass(frozen=True)
class Flip:
    """Each picture mirrored left to right with probability `p` (not for digits or letters).

    >>> flip = Flip(1.0)
    >>> flip(np.array([[[[1.0, 2.0]]]]), np.random.default_rng(0))
    array([[[[2., 1.]]]])
    """

    p: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.p <= 1:
            raise ValueRangeError(
                tr("p is the share of pictures that are mirrored"),
                asked="0 ≤ p ≤ 1",
                came=f"p={self.p}",
            )

    def __call__(self, x: Array, chance: np.random.Generator) -> Array:
        x = _pictures(x)
        turned = chance.random(len(x)) < self.p
        return np.where(turned.reshape(-1, *(1,) * (x.ndim - 1)), x[..., ::-1], x)


@dataclass(frozen=True)
class Chain:
    """Several changes, one after another."""

    changes: tuple[Change, ...]

    def __call__(self, x: Array, chance: np.random.Generator) -> Array:
        for change in self.changes:
            x = change(x, chance)
        return x


def chain(*changes: Change) -> Chain:
    """Changes applied from left to right: `chain(norm, Shift(2))`.

    Args:
        changes: each takes mini-batches and a generator.

    >>> import seegrad as sg
    >>> chain(Flip(0.0), Flip(0.0))(np.ones((1, 1, 2, 2)), np.random.default_rng(0)).shape
    (1, 1, 2, 2)
    """
    return Chain(changes)
