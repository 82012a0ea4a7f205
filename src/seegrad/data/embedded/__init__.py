"""The digits that come with the package, and how they are read; ATTRIBUTION.md says whose they are.

The two files beside this one are plain IDX, so that the reader of MNIST's files reads them too.
"""

from __future__ import annotations

from importlib import resources

import numpy as np

from seegrad.data.dataset import Dataset
from seegrad.data.idx import read_idx

BRIGHTEST = 16


def digits() -> Dataset:
    """The optical recognition of handwritten digits set (UCI): 1,797 pictures of 8×8 points.

    x is (1797, 64) float32 from 0 (paper) to 1 (ink), t (1797,) int64 from 0 to 9. `split()` draws
    one fifth of them by a seed for testing: 1,438 to train, 359 to test.
    Source: E. Alpaydin and C. Kaynak, 1998, CC BY 4.0.

    >>> digits()
    <digits: x (1797, 64) float32, t (1797,), 10 classes>
    """
    arrays = []
    for name in ("digits-images-idx3-ubyte.gz", "digits-labels-idx1-ubyte.gz"):
        with resources.as_file(resources.files(__package__) / name) as path:
            arrays.append(read_idx(path))
    images, labels = arrays
    x = images.reshape(len(images), -1).astype(np.float32) / np.float32(BRIGHTEST)
    classes = tuple(str(digit) for digit in range(10))
    return Dataset(x, labels.astype(np.int64), "digits", classes, image=(8, 8))
