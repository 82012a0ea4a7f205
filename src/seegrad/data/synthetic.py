"""Small two-dimensional sets made by a formula and a seed: spiral, moons, rings, XOR.

No file is read.
"""

from __future__ import annotations

import numpy as np

from seegrad.data.dataset import Dataset
from seegrad.errors import ValueRangeError
from seegrad.i18n import tr
from seegrad.memory_budget import afford

ARM_TURN = 4.0
ARM_JITTER = 0.2


def spiral(points: int = 100, classes: int = 3, seed: int = 0) -> Dataset:
    """`classes` arms of `points` points each, wound around the origin.

    x is (classes·points, 2) float64, t (classes·points,) int64, arm by arm. A point at the share
    s of its arm (0 at the first, 1 at the last) lies at radius s and at the angle
    4·class + 4·s + 0.2·noise, taken from the vertical; the noise is the standard normal
    stream of `numpy.random.RandomState(seed)`.

    >>> spiral().x.shape
    (300, 2)
    """
    _at_least(points, 1, "points")
    _at_least(classes, 1, "classes")
    _afford(points * classes)
    share = np.tile(np.linspace(0.0, 1.0, points), classes)
    arm = np.repeat(np.arange(classes), points)
    noise = np.random.RandomState(seed).randn(points * classes)
    angle = arm * ARM_TURN + ARM_TURN * share + noise * ARM_JITTER
    x = np.stack([share * np.sin(angle), share * np.cos(angle)], axis=1)
    return Dataset(x, arm.astype(np.int64), "spiral", _numbered(classes), ("x1", "x2"))


def moons(points: int = 100, noise: float = 0.1, seed: int = 0) -> Dataset:
    """Two half circles of `points` points each that reach into one another.

    x is (2·points, 2) float64, t (2·points,) int64; `noise` is the standard deviation of what is
    added to every coordinate.

    Args:
        seed: of the random numbers.

    >>> moons(50).t.sum()
    np.int64(50)
    """
    _at_least(points, 1, "points")
    _spread(noise)
    _afford(2 * points)
    angle = np.linspace(0.0, np.pi, points)
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    lower = np.stack([1.0 - np.cos(angle), 0.5 - np.sin(angle)], axis=1)
    chance = np.random.default_rng(seed)
    x = np.concatenate([upper, lower]) + noise * chance.standard_normal((2 * points, 2))
    t = np.repeat(np.arange(2, dtype=np.int64), points)
    return Dataset(x, t, "moons", _numbered(2), ("x1", "x2"))


def rings(points: int = 100, noise: float = 0.1, seed: int = 0) -> Dataset:
    """Two circles of `points` points each, one of radius 1 around one of radius 0.4.

    x is (2·points, 2) float64, t (2·points,) int64, the outer circle first; `noise` is the
    standard deviation of what is added to every coordinate.

    Args:
        seed: of the random numbers.

    >>> rings(50).t.sum()
    np.int64(50)
    """
    _at_least(points, 1, "points")
    _spread(noise)
    _afford(2 * points)
    angle = np.linspace(0.0, 2 * np.pi, points, endpoint=False)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    chance = np.random.default_rng(seed)
    x = np.concatenate([circle, 0.4 * circle]) + noise * chance.standard_normal((2 * points, 2))
    t = np.repeat(np.arange(2, dtype=np.int64), points)
    return Dataset(x, t, "rings", _numbered(2), ("x1", "x2"))


def xor(copies: int = 1, noise: float = 0.0, seed: int = 0) -> Dataset:
    """The four corners of the unit square; the target is 1 where exactly one coordinate is 1.

    x is (4·copies, 2) float64, t (4·copies,) int64. With one copy the set has no test part.

    Args:
        noise: how far the points lie from the corners.
        seed: of the random numbers.

    >>> xor().t.tolist()
    [0, 1, 1, 0]
    """
    _at_least(copies, 1, "copies")
    _afford(4 * copies)
    corners = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    x = np.tile(corners, (copies, 1))
    if noise:
        x = x + noise * np.random.default_rng(seed).standard_normal(x.shape)
    t = np.tile(np.array([0, 1, 1, 0], np.int64), copies)
    held_out = 0 if copies == 1 else None
    return Dataset(x, t, "xor", _numbered(2), ("x1", "x2"), held_out=held_out)


def _spread(noise: float) -> None:
    if not noise >= 0:
        raise ValueRangeError(
            tr("a standard deviation is not negative"), asked="noise ≥ 0", came=f"noise={noise}"
        )


def _afford(rows: int) -> None:
    afford(rows * 6 * 8, tr("a set of {count} points", count=rows))


def _numbered(count: int) -> tuple[str, ...]:
    return tuple(str(label) for label in range(count))


def _at_least(count: int, least: int, name: str) -> None:
    if count < least:
        raise ValueRangeError(
            tr("{name} counts something, so it starts at {least}", name=name, least=least),
            asked=f"{name} ≥ {least}",
            came=f"{name}={count}",
        )
