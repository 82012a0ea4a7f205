"""MNIST by the book's call: `load_mnist`, from a folder that is there; nothing is downloaded."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.data import mnist
from seegrad.errors import MissingFileError
from seegrad.i18n import tr

Array = NDArray[Any]
Pair = tuple[Array, Array]
PLACES = ("dataset", "mnist", "data/mnist")


def load_mnist(
    normalize: bool = True,
    flatten: bool = True,
    one_hot_label: bool = False,
    path: str | os.PathLike[str] | None = None,
) -> tuple[Pair, Pair]:
    """(x_train, t_train), (x_test, t_test) as the book has them.

    normalize: 0 to 1 as float32, else 0 to 255 as uint8. flatten: (N, 784), else (N, 1, 28, 28).
    one_hot_label: targets (N, 10) float64, else labels (N,) uint8. path: the folder of the IDX
    files; by default what SEEGRAD_MNIST names, or dataset, mnist or data/mnist here. When only the
    10,000 images of the test file are there, 8,000 are for training and 2,000 for testing.
    """
    told = path or os.environ.get("SEEGRAD_MNIST")
    place = told or next((name for name in PLACES if os.path.isdir(name)), None)
    if place is None:
        raise MissingFileError(
            tr("where are MNIST's files?"),
            asked=tr("load_mnist(path=...), or the folder in SEEGRAD_MNIST"),
            came=tr("no folder {names} here", names=", ".join(PLACES)),
            hint=tr("put the four IDX files into a folder; nothing is ever downloaded"),
        )
    pairs = []
    for part in mnist(place).split():
        x, t = part.x, part.t.astype(np.uint8)
        if not normalize:
            x = np.round(x * 255).astype(np.uint8)
        if not flatten:
            x = x.reshape(len(x), 1, *(part.image or (28, 28)))
        pairs.append((x, np.eye(10)[t] if one_hot_label else t))
    return pairs[0], pairs[1]
