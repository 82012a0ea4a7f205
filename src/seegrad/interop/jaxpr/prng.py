"""Random numbers: JAX's counter-based generator Threefry-2x32, from whole-number operations.

A key is an array of uint32 with a last axis of two, whatever JAX shows of it. Algorithm: Salmon et
al., "Parallel random numbers: as easy as 1, 2, 3" (2011); counts as JAX lays them out (its setting
`jax_threefry_partitionable`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from seegrad.interop.jaxpr.site import Rule, Site, as_dtype, sizes
from seegrad.ops.arithmetic import add
from seegrad.ops.bits import bitwise_left_shift, bitwise_or, bitwise_right_shift, bitwise_xor
from seegrad.ops.shape import reshape, stack

UINT32 = np.dtype(np.uint32)
ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
PARITY = np.uint32(0x1BD11BDA)


def _rotated(x: Any, by: int) -> Any:
    left, right = (np.asarray(n, UINT32) for n in (by, 32 - by))
    return bitwise_or(bitwise_left_shift(x, left), bitwise_right_shift(x, right))


def threefry(k0: Any, k1: Any, x0: Any, x1: Any) -> tuple[Any, Any]:
    """Two words mixed with a key of two words, in 20 rounds."""
    keys = (k0, k1, bitwise_xor(bitwise_xor(k0, k1), np.asarray(PARITY)))
    x0, x1 = add(x0, k0), add(x1, k1)
    for turn in range(5):
        for by in ROTATIONS[turn % 2]:
            x0 = add(x0, x1)
            x1 = bitwise_xor(x0, _rotated(x1, by))
        x0 = add(x0, keys[(turn + 1) % 3])
        x1 = add(add(x1, keys[(turn + 2) % 3]), np.asarray(turn + 1, UINT32))
    return x0, x1


def _counted(keys: Any, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """The generator's two words for `shape` places of each key."""
    lead = tuple(keys.shape[:-1])
    place = np.arange(math.prod(shape), dtype=np.uint64).reshape(shape)
    high, low = (place >> np.uint64(32)).astype(UINT32), place.astype(UINT32)
    wide = (*lead, *(1,) * len(shape))
    k0, k1 = (reshape(keys[..., i], shape=wide) for i in (0, 1))
    return threefry(k0, k1, high, low)


def _bits(site: Site, xs: list[Any]) -> Any:
    width = int(site["bit_width"])
    high, low = _counted(xs[0], sizes(site["shape"]))
    if width == 64:
        wide = [as_dtype(x, np.dtype(np.uint64)) for x in (high, low)]
        return bitwise_or(bitwise_left_shift(wide[0], np.asarray(32, np.uint64)), wide[1])
    return as_dtype(bitwise_xor(high, low), site.out.dtype)


def _split(site: Site, xs: list[Any]) -> Any:
    return stack(*_counted(xs[0], sizes(site["shape"])), axis=-1)


def _words(seed: Any) -> tuple[Any, Any]:
    """A whole number as two words."""
    if seed.dtype.itemsize < 8:
        low = as_dtype(as_dtype(seed, np.dtype(np.int64)), UINT32)
        return low * np.asarray(0, UINT32), low
    wide = as_dtype(seed, np.dtype(np.uint64))
    return as_dtype(bitwise_right_shift(wide, np.asarray(32, np.uint64)), UINT32), (
        as_dtype(wide, UINT32)
    )


def _seed(site: Site, xs: list[Any]) -> Any:
    return stack(*_words(xs[0]), axis=-1)


def _fold_in(site: Site, xs: list[Any]) -> Any:
    key, data = xs
    return stack(*threefry(key[..., 0], key[..., 1], *_words(data)), axis=-1)


def _raw(site: Site, xs: list[Any]) -> Any:
    return list(threefry(*xs))


def _alone(site: Site, xs: list[Any]) -> Any:
    return xs[0]


RULES: dict[str, Rule] = {
    "random_bits": _bits, "random_split": _split, "random_seed": _seed,
    "random_fold_in": _fold_in, "random_wrap": _alone, "random_unwrap": _alone,
    "threefry2x32": _raw,
}  # fmt: skip

_LONGER: dict[str, Callable[[dict[str, Any], int], dict[str, Any]]] = {
    "slice": lambda p, n: {
        "start_indices": (*p["start_indices"], 0), "limit_indices": (*p["limit_indices"], 2),
        "strides": None if p["strides"] is None else (*p["strides"], 1),
    },
    "squeeze": lambda p, n: p,
    "expand_dims": lambda p, n: p,
    "reshape": lambda p, n: {**p, "new_sizes": (*p["new_sizes"], 2)},
    "transpose": lambda p, n: {"permutation": (*p["permutation"], n)},
    "concatenate": lambda p, n: p,
    "split": lambda p, n: p,
    "copy": lambda p, n: p,
    "broadcast_in_dim": lambda p, n: {
        "shape": (*p["shape"], 2),
        "broadcast_dimensions": (*p["broadcast_dimensions"], len(p["shape"])),
    },
}  # fmt: skip
"""Primitives that move keys: their settings for the key's own last axis too."""


def settings_of_keys(name: str, params: dict[str, Any], rank: int) -> dict[str, Any] | None:
    """The settings for arrays of keys of this rank; None where there is no way."""
    change = _LONGER.get(name)
    return None if change is None else change(params, rank)
