"""The methods that readers of PyTorch type for shapes, kinds of numbers, comparisons and products.

Each applies the operation that it names; those of mathematics are in `methods`. What changes
a tensor in place has none: values never change under a graph.
"""

from __future__ import annotations

import builtins
from typing import Any, Self

import numpy as np

from seegrad.errors import DTypeError, ShapeError
from seegrad.graph.node import Node
from seegrad.graph.spec import Axis, Operand
from seegrad.i18n import tr
from seegrad.ops import arithmetic, compare, indexing, reduce, shape
from seegrad.ops.families import one_axis
from seegrad.ops.linear import linalg


def _sizes(sizes: tuple[Any, ...]) -> tuple[int, ...]:
    """Sizes that came one by one, or as one tuple."""
    return tuple(sizes[0]) if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)) else sizes


class TorchShapes(Node):
    """A node with PyTorch's methods that NumPy's arrays lack: shapes, kinds, products."""

    __slots__ = ()

    # ---------------------------------------------------------- shapes

    def dim(self) -> int:
        """How many axes there are."""
        return len(self.shape)

    def numel(self) -> int:
        """How many elements there are."""
        return int(np.prod(self.shape, dtype=int))

    def view(self, *sizes: Any) -> Self:
        """The same elements in another shape; one of the sizes may be −1. See `seegrad.reshape`."""
        return shape.reshape(self, shape=_sizes(sizes))

    def view_as(self, other: Any) -> Self:
        """The same elements in another one's shape."""
        return shape.reshape(self, shape=tuple(other.shape))

    reshape_as = view_as

    def permute(self, *axes: Any) -> Self:
        """The axes in another order. See `seegrad.transpose`."""
        return shape.transpose(self, axes=_sizes(axes))

    def t(self) -> Self:
        """A matrix with rows and columns exchanged; a vector as it is.

        Raises:
            ShapeError: for more than two axes.
        """
        if len(self.shape) > 2:
            raise ShapeError(
                tr("t() is of a matrix"), asked="(rows, columns)",
                came=tr("shape {shape}", shape=self.shape), hint="x.permute(…)",
            )  # fmt: skip
        return self if len(self.shape) < 2 else shape.transpose(self, axes=(1, 0))

    def unsqueeze(self, axis: int) -> Self:
        """A new axis of length 1. See `seegrad.expand_dims`."""
        return shape.expand_dims(self, axis=axis)

    def unflatten(self, axis: int, sizes: tuple[int, ...]) -> Self:
        """One axis made several, of these sizes; one may be −1."""
        at = one_axis(axis, len(self.shape))
        if -1 in sizes:
            rest = self.shape[at] // max(1, -int(np.prod(sizes)))
            sizes = tuple(rest if n == -1 else n for n in sizes)
        return shape.reshape(self, shape=(*self.shape[:at], *sizes, *self.shape[at + 1 :]))

    def expand(self, *sizes: Any) -> Self:
        """Axes of length 1 repeated, −1 for those that stay. See `seegrad.broadcast_to`.

        Args:
            sizes: one by one, or as a tuple.
        """
        wanted = _sizes(sizes)
        own = (1,) * (len(wanted) - len(self.shape)) + tuple(self.shape)
        found = tuple(n if m == -1 else m for n, m in zip(own, wanted))
        return shape.broadcast_to(self, shape=found)

    def expand_as(self, other: Any) -> Self:
        """Repeated to another one's shape."""
        return shape.broadcast_to(self, shape=tuple(other.shape))

    def movedim(self, source: Any, destination: Any) -> Self:
        """Axes moved. See `seegrad.moveaxis`."""
        return shape.moveaxis(self, source=source, destination=destination)

    def flip(self, *axes: Any, axis: Any = None) -> Self:
        """Read backwards along these axes. See `seegrad.flip`."""
        return shape.flip(self, axis=_sizes(axes) or axis)

    def roll(self, shifts: Any, dims: Any = None, *, axis: Any = None) -> Self:
        """Shifted along axes, what falls off coming back. See `seegrad.roll`.

        Args:
            dims: along which axes; None: of the flattened tensor. Also called `axis`.
        """
        return shape.roll(self, shift=shifts, axis=axis if dims is None else dims)

    def chunk(self, chunks: int, axis: int = 0) -> list[Self]:
        """Up to so many parts along an axis, all but the last of one length.

        Args:
            chunks: how many parts at most.
        """
        size = self.shape[one_axis(axis, len(self.shape))]
        each = -(-size // chunks) or 1
        return shape.split(self, list(range(each, size, each)), axis)

    def unbind(self, axis: int = 0) -> list[Self]:
        """The slices along an axis."""
        at = one_axis(axis, len(self.shape))
        return [self.select(at, i) for i in range(self.shape[at])]

    def select(self, axis: int, index: int) -> Self:
        """The slice with this number along an axis.

        Args:
            index: which slice.
        """
        at = one_axis(axis, len(self.shape))
        items: list[Any] = [slice(None)] * len(self.shape)
        items[at] = index
        return shape.cut_by(self, items)  # type: ignore[no-any-return]

    def narrow(self, axis: int, start: int, length: int) -> Self:
        """`length` elements along an axis, from `start` on."""
        return shape.part(self, one_axis(axis, len(self.shape)), start, length)  # type: ignore[no-any-return]

    def contiguous(self) -> Self:
        """This tensor: how it lies in memory is not the reader's affair here."""
        return self

    def clone(self) -> Self:
        """The same value as a node of its own, through which derivatives go."""
        return arithmetic.identity(self)

    # ---------------------------------------------------------- picking

    def index_select(self, axis: int, index: Any) -> Self:
        """Read at these places along an axis. See `seegrad.take`.

        Args:
            index: the places.
        """
        return indexing.take(self, index, axis=axis)

    def gather(self, axis: int, index: Any) -> Self:
        """For each place, the element that `index` names along an axis."""
        return indexing.take_along_axis(self, index, axis=axis)

    def masked_fill(self, mask: Any, value: Any) -> Self:
        """`value` where the mask is true. See `seegrad.where`."""
        return compare.where(mask, value, self)  # type: ignore[no-any-return]

    def repeat_interleave(self, repeats: int, axis: int | None = None) -> Self:
        """Each element several times in a row. See `seegrad.repeat`."""
        return shape.repeat(self, repeats=repeats, axis=axis)

    def triu(self, k: int = 0) -> Self:
        """The part on and above a diagonal. See `seegrad.triu`."""
        return linalg.triu(self, k=k)

    def tril(self, k: int = 0) -> Self:
        """The part on and below a diagonal. See `seegrad.tril`."""
        return linalg.tril(self, k=k)

    # ---------------------------------------------------------- kinds of numbers

    def to(self, kind: Any) -> Self:
        """In another dtype, or in that of another tensor; "cpu" changes nothing.

        Args:
            kind: a dtype, a tensor that has one, or "cpu".

        Raises:
            DTypeError: for what is no dtype, such as another device.
        """
        if isinstance(kind, str) and kind.partition(":")[0] == "cpu":
            return self
        wanted = kind if isinstance(kind, type) else getattr(kind, "dtype", kind)
        try:
            wanted = np.dtype(wanted)
        except TypeError:
            raise DTypeError(
                tr("there is one place to compute in: leave out .to(device)"),
                asked="np.float32, np.float64, …", came=repr(kind)[:60],
            ) from None  # fmt: skip
        return self if wanted == self.dtype else compare.astype(self, dtype=wanted)

    type_as = to

    def float(self) -> Self:
        """In float32."""
        return self.to(np.float32)

    def double(self) -> Self:
        """In float64."""
        return self.to(np.float64)

    def half(self) -> Self:
        """In float16."""
        return self.to(np.float16)

    def long(self) -> Self:
        """In int64."""
        return self.to(np.int64)

    def bool(self) -> Self:
        """As truth values: what is not 0."""
        return self.to(np.bool_)

    def cpu(self) -> Self:
        """This tensor: there is no other place."""
        return self

    def is_floating_point(self) -> builtins.bool:
        """Whether its numbers are floating-point."""
        return self.dtype.kind == "f"

    # ---------------------------------------------------------- comparisons, largest, products

    def eq(self, other: Operand) -> Self:
        """See `seegrad.equal`."""
        return compare.equal(self, other)  # type: ignore[no-any-return]

    def ne(self, other: Operand) -> Self:
        """See `seegrad.not_equal`."""
        return compare.not_equal(self, other)  # type: ignore[no-any-return]

    def lt(self, other: Operand) -> Self:
        """See `seegrad.less`."""
        return compare.less(self, other)  # type: ignore[no-any-return]

    def le(self, other: Operand) -> Self:
        """See `seegrad.less_equal`."""
        return compare.less_equal(self, other)  # type: ignore[no-any-return]

    def gt(self, other: Operand) -> Self:
        """See `seegrad.greater`."""
        return compare.greater(self, other)  # type: ignore[no-any-return]

    def ge(self, other: Operand) -> Self:
        """See `seegrad.greater_equal`."""
        return compare.greater_equal(self, other)  # type: ignore[no-any-return]

    def amax(self, axis: Axis = None, keepdims: builtins.bool = False) -> Self:
        """The largest elements. See `seegrad.max`."""
        return reduce.max(self, axis=axis, keepdims=keepdims)

    def amin(self, axis: Axis = None, keepdims: builtins.bool = False) -> Self:
        """The smallest elements. See `seegrad.min`."""
        return reduce.min(self, axis=axis, keepdims=keepdims)

    def matmul(self, other: Operand) -> Self:
        """See `seegrad.matmul`."""
        return linalg.matmul(self, other)

    mm = bmm = mv = matmul

    def norm(self, axis: Axis = None, keepdims: builtins.bool = False) -> Self:
        """The root of the sum of squares, of all elements or along axes.

        Args:
            axis: along which axes; None: all.
            keepdims: do they stay, with size 1?
        """
        squares = arithmetic.square(self)
        return arithmetic.sqrt(reduce.sum(squares, axis=axis, keepdims=keepdims))
