"""`sg.random`: random numbers from keys, as JAX has them.

The same key always gives the same numbers, eager and compiled; `split` makes new keys of one. What
is drawn depends on a distribution's parameters as on any input: their derivatives go through.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.errors import ValueRangeError
from seegrad.i18n import tr
from seegrad.ops import arithmetic, compare, indexing, reduce, scan_sort, shape, transcendental
from seegrad.ops import random as draws
from seegrad.ops.random import key as key

__all__ = [
    "bernoulli", "categorical", "key", "normal", "permutation", "randint", "split", "uniform",
]  # fmt: skip


def split(key: Any, num: int = 2) -> Any:
    """`num` keys out of one, as rows of an array (num, 2).

    Args:
        key: from `key` or `split`.

    >>> first, second = split(key(0))
    >>> bool((first == split(key(0))[0]).all())
    True
    """
    return draws.split_key(shape.array_like(key), num=num)


def uniform(
    key: Any, size: Any = (), dtype: Any = np.float32, low: Any = 0.0, high: Any = 1.0
) -> Any:
    """Numbers of shape `size`, all equally likely from low up to below high.

    Args:
        key: from `key` or `split`.
        dtype: of which kind the numbers are.

    >>> uniform(key(0), (2,), low=1.0, high=3.0).shape
    (2,)
    """
    drawn = draws.uniform(shape.array_like(key), shape=size, dtype=dtype)
    if isinstance(low, float) and isinstance(high, float) and (low, high) == (0.0, 1.0):
        return drawn
    return drawn * (high - low) + low


def normal(key: Any, size: Any = (), dtype: Any = np.float32) -> Any:
    """Numbers of shape `size` with mean 0 and variance 1, normally distributed.

    Args:
        key: from `key` or `split`.
        dtype: of which kind the numbers are.

    >>> normal(key(0), (2, 3)).shape
    (2, 3)
    """
    return draws.normal(shape.array_like(key), shape=size, dtype=dtype)


def bernoulli(key: Any, p: Any = 0.5, size: Any = None) -> Any:
    """True with probability p; of the shape of p, if no size is given.

    Args:
        key: from `key` or `split`.

    >>> bernoulli(key(0), 0.5, (3,)).shape
    (3,)
    """
    p = shape.array_like(p)
    drawn = draws.uniform(
        shape.array_like(key), shape=p.shape if size is None else size, dtype=np.float64
    )
    return compare.less(drawn, p)


def randint(key: Any, size: Any, low: int, high: int, dtype: Any = np.int64) -> Any:
    """Whole numbers of shape `size`, all equally likely from low up to below high.

    Args:
        key: from `key` or `split`.
        dtype: of which kind the numbers are.

    Raises:
        ValueRangeError: where `high` is not above `low`.

    >>> int(randint(key(0), (), 5, 6))
    5
    """
    if high <= low:
        raise ValueRangeError(
            "there is nothing to draw from", asked=tr("high above {low}", low=low), came=f"{high}"
        )
    drawn = draws.uniform(shape.array_like(key), shape=size, dtype=np.float64)
    return compare.astype(arithmetic.floor(drawn * (high - low)) + low, dtype=dtype)


def permutation(key: Any, x: Any, axis: int = 0) -> Any:
    """The numbers below x in random order, or x with its parts along `axis` in random order.

    Args:
        key: from `key` or `split`.

    >>> sorted(permutation(key(0), 4).tolist())
    [0, 1, 2, 3]
    """
    count = x if isinstance(x, int) else shape.array_like(x).shape[axis]
    drawn = draws.uniform(shape.array_like(key), shape=(count,), dtype=np.float64)
    order = scan_sort.argsort(drawn, axis=0)
    return order if isinstance(x, int) else indexing.take(shape.array_like(x), order, axis=axis)


def categorical(key: Any, logits: Any, axis: int = -1, size: Any = None) -> Any:
    """Class numbers drawn with probabilities softmax(logits) along `axis` (Gumbel's way).

    size: the shape of what is drawn, which ends like the shape of the logits without `axis`.

    Args:
        key: from `key` or `split`.

    >>> categorical(key(0), [0.0, 50.0])
    np.int64(1)
    """
    logits = shape.moveaxis(shape.array_like(logits), source=axis, destination=-1)
    wanted = logits.shape[:-1] if size is None else shape.as_sizes(size)
    drawn = draws.uniform(
        shape.array_like(key), shape=(*wanted, logits.shape[-1]), dtype=np.float64
    )
    tiny = float(np.finfo(np.float64).tiny)
    gumbel = -transcendental.log(-transcendental.log(arithmetic.maximum(drawn, tiny)))
    return reduce.argmax(logits + gumbel, axis=-1)
