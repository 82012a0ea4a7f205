"""Three spirals of a hundred points each (chapter 1.4.1), the book's own numbers for its seed."""

from __future__ import annotations

import numpy as np

from seegrad.book2.arrays import Array

POINTS, CLASSES = 100, 3


def load_data(seed: int = 1984) -> tuple[Array, Array]:
    """x (300, 2) and one-hot t (300, 3), class by class; seeds `np.random` as the book's code does.

    >>> x, t = load_data()
    >>> x.shape, t.sum(axis=0)
    ((300, 2), array([100, 100, 100]))
    """
    np.random.seed(seed)
    classes = np.repeat(np.arange(CLASSES), POINTS)
    radius = np.tile(np.arange(POINTS) / POINTS, CLASSES)
    theta = classes * 4.0 + 4.0 * radius + np.random.randn(POINTS * CLASSES) * 0.2
    x = np.stack([radius * np.sin(theta), radius * np.cos(theta)], axis=1)
    return x, np.eye(CLASSES, dtype=int)[classes]
