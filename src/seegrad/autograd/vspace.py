"""The space that a value lies in: nested arrays of one structure, added and scaled leaf by leaf."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from seegrad.autograd.numpy.complex_pairs import holds_pair, paired
from seegrad.errors import DTypeError
from seegrad.graph.node import Node
from seegrad.i18n import tr
from seegrad.ops.reduce import sum as total
from seegrad.tree import flatten, tree_map, unflatten

Array = np.ndarray[Any, Any]


class VSpace:
    """The vector space of a value: its structure, with the shape and dtype of each leaf.

    Made by `vspace(value)`. Its vectors are trees of that structure.
    """

    def __init__(self, value: Any) -> None:
        leaves, self.structure = flatten(value)
        self.leaves = [_shape_and_dtype(leaf) for leaf in leaves]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape, of an array's space."""
        return self.leaves[0][0]

    @property
    def dtype(self) -> Any:
        """The dtype, of an array's space."""
        return self.leaves[0][1]

    @property
    def iscomplex(self) -> bool:
        """Are any of its numbers complex?"""
        return any(dtype.kind == "c" for _, dtype in self.leaves)

    @property
    def size(self) -> int:
        """How many real numbers make one vector."""
        return sum(
            math.prod(shape) * (2 if dtype.kind == "c" else 1) for shape, dtype in self.leaves
        )

    def _of(self, make: Any) -> Any:
        return unflatten(self.structure, [make(*leaf)[()] for leaf in self.leaves])

    def zeros(self) -> Any:
        """The vector of zeros."""
        return self._of(np.zeros)

    def ones(self) -> Any:
        """The sum of the standard basis."""
        return self._of(
            lambda shape, dtype: np.full(shape, 1 + 1j if dtype.kind == "c" else 1, dtype)
        )

    def randn(self) -> Any:
        """A vector of normally distributed numbers, from NumPy's global generator."""

        def drawn(shape: tuple[int, ...], dtype: Any) -> Array:
            real = np.asarray(np.random.randn(*shape))
            if dtype.kind == "c":
                real = real + 1j * np.asarray(np.random.randn(*shape))
            return real.astype(dtype)

        return self._of(drawn)

    def standard_basis(self) -> Iterator[Any]:
        """The vectors of one 1 among zeros, one after the other."""
        for i, (shape, dtype) in enumerate(self.leaves):
            for index in np.ndindex(shape):
                for unit in (1, 1j) if dtype.kind == "c" else (1,):
                    found = [np.zeros(*leaf) for leaf in self.leaves]
                    found[i][index] = unit
                    yield unflatten(self.structure, [x[()] for x in found])

    def add(self, x: Any, y: Any) -> Any:
        """x + y."""
        return tree_map(lambda a, b: a + b, *_alike(x, y))

    def scalar_mul(self, x: Any, a: Any) -> Any:
        """x times the number a."""
        return tree_map(lambda leaf: leaf * a, x)

    def inner_prod(self, x: Any, y: Any) -> Any:
        """The sum of the products of all numbers."""
        x, y = _alike(x, y)
        products = [_inner(a, b) for a, b in zip(flatten(x)[0], flatten(y)[0])]
        return sum(products[1:], products[0]) if products else 0.0

    def covector(self, x: Any) -> Any:
        """x as a derivative, which holds the conjugate of a complex number."""
        return tree_map(lambda a: np.conj(a) if np.iscomplexobj(a) else a, x)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, VSpace):
            return NotImplemented
        return self.structure == other.structure and self.leaves == other.leaves

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"VSpace({', '.join(f'{shape} {dtype}' for shape, dtype in self.leaves)})"


def _shape_and_dtype(leaf: Any) -> tuple[tuple[int, ...], Any]:
    array = leaf if isinstance(leaf, Node) else np.asarray(leaf)
    if array.dtype.kind not in "fciub":
        raise DTypeError(
            "no vector space: this is not a number, an array or a container of those",
            came=tr("{value} of type {kind}", value=repr(leaf)[:60], kind=type(leaf).__name__),
        )
    return tuple(array.shape), array.dtype if array.dtype.kind in "fc" else np.dtype(np.float64)


def _alike(x: Any, y: Any) -> tuple[Any, Any]:
    """Both trees with pairs in place of complex arrays, if either has one."""
    return (paired(x), paired(y)) if holds_pair(x) or holds_pair(y) else (x, y)


def _inner(a: Any, b: Any) -> Any:
    if np.iscomplexobj(a) or np.iscomplexobj(b):
        return np.real(np.sum(np.conj(a) * b))
    return total(a * b) if hasattr(a, "dtype") or hasattr(b, "dtype") else a * b


def vspace(value: Any) -> VSpace:
    """The space that a value lies in."""
    return VSpace(value)
