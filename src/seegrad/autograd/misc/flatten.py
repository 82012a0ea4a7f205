"""Nested arrays as one vector, and back; the derivative goes both ways."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from seegrad.ops.shape import concatenate, ravel, reshape
from seegrad.tree import flatten as leaves_of
from seegrad.tree import unflatten as build


def _sorted(value: Any) -> Any:
    """The same tree, its dictionaries in the order of their keys."""
    if isinstance(value, dict):
        return {k: _sorted(value[k]) for k in sorted(value)}
    if isinstance(value, (tuple, list)):
        children = [_sorted(x) for x in value]
        return type(value)(*children) if hasattr(value, "_fields") else type(value)(children)
    return value


def flatten(value: Any) -> tuple[Any, Callable[[Any], Any]]:
    """`(vector, unflatten)` of nested tuples, lists and dictionaries of arrays and numbers.

    >>> vector, unflatten = flatten({"w": [[1.0, 2.0]], "b": 3.0})
    >>> vector
    array([3., 1., 2.])
    >>> unflatten(vector * 2)["b"]
    np.float64(6.0)
    """
    leaves, structure = leaves_of(_sorted(value))
    shapes = [tuple(x.shape) if hasattr(x, "shape") else () for x in leaves]
    sizes = [int(np.prod(shape)) for shape in shapes]
    joined: Any = concatenate
    if any(np.iscomplexobj(x) for x in leaves):                # numbers that no graph holds
        joined = lambda *xs: np.concatenate(xs)  # noqa: E731
    vectors = [np.ravel(x) if np.iscomplexobj(x) else ravel(x) for x in leaves]

    def unflatten(vector: Any) -> Any:
        found, start = [], 0
        for shape, size in zip(shapes, sizes):
            part = vector[start : start + size]
            part = part.reshape(shape) if np.iscomplexobj(part) else reshape(part, shape=shape)
            found.append(part[()] if isinstance(part, np.ndarray) else part)
            start += size
        return build(structure, found)

    return joined(*vectors) if vectors else np.zeros(0), unflatten


def flatten_func(
    function: Callable[..., Any], example: Any
) -> tuple[Callable[..., Any], Callable[[Any], Any], Any]:
    """`function` as one from vector to vector, the way back, and the example as a vector."""
    vector, unflatten = flatten(example)

    def flat(x: Any, *args: Any) -> Any:
        return flatten(function(unflatten(x), *args))[0]

    return flat, unflatten, vector
