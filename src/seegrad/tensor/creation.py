"""Leaves made from a shape: NumPy's zeros, ones, full, eye, arange and linspace, as tensors.

They are what `tensor` makes of NumPy's arrays: floating ones take part in differentiation unless
`requires_grad=False`. A dtype that is not given is NumPy's. `np.zeros_like` and its kin are entered
among NumPy's functions here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from seegrad.errors import DTypeError, ShapeError, ValueRangeError
from seegrad.graph.node import holds_node
from seegrad.i18n import tr
from seegrad.memory_budget import afford
from seegrad.ops.arithmetic import stop_gradient
from seegrad.ops.shape import array_like, as_shape, broadcast_to
from seegrad.tensor.numpy_names import NUMPY_FUNCTIONS
from seegrad.tensor.tensor import Tensor, as_tensor, tensor


def _leaf(
    make: Callable[[], Any], count: int, requires_grad: bool | None, name: str
) -> Tensor:
    """A leaf of what `make` gives, when there is room for `count` numbers."""
    afford(count * 8, "a new tensor")
    try:
        return tensor(make(), requires_grad=requires_grad, name=name)
    except (TypeError, ValueError, OverflowError) as error:
        raise DTypeError(str(error), asked="arguments as NumPy takes them") from None


def on_the_cpu(device: Any) -> None:
    """ValueRangeError for another device than the one there is."""
    if device not in (None, "cpu"):
        raise ValueRangeError("there is one device", asked='"cpu"', came=f"device={device!r}")


def _sizes(shape: Any) -> tuple[int, ...]:
    sizes = as_shape(shape)
    if min(sizes, default=0) < 0:
        raise ShapeError(
            "sizes are not negative",
            asked="0 or more",
            came=tr("shape {shape}", shape=sizes),
        )
    return sizes


def zeros(
    shape: Any, dtype: Any = None, *, device: str | None = None,
    requires_grad: bool | None = None, name: str = "",
) -> Tensor:
    """A leaf of zeros.

    Args:
        dtype: the dtype; that of NumPy's function of this name when not given.
        device: "cpu", the only one.
        requires_grad: does the leaf take part in differentiation? Floating-point leaves do unless
            told otherwise.
        name: what pictures and errors call it.
        shape: the sizes of its axes.

    >>> zeros((2, 3)).shape
    (2, 3)
    """
    made = dtype or np.float64
    return full(shape, 0, made, device=device, requires_grad=requires_grad, name=name)


def ones(
    shape: Any, dtype: Any = None, *, device: str | None = None,
    requires_grad: bool | None = None, name: str = "",
) -> Tensor:
    """A leaf of ones.

    Args:
        dtype: the dtype; that of NumPy's function of this name when not given.
        device: "cpu", the only one.
        requires_grad: does the leaf take part in differentiation? Floating-point leaves do unless
            told otherwise.
        name: what pictures and errors call it.
        shape: the sizes of its axes.

    >>> ones((2,))
    tensor([1., 1.], dtype=float64)
    """
    made = dtype or np.float64
    return full(shape, 1, made, device=device, requires_grad=requires_grad, name=name)


def full(
    shape: Any,
    fill_value: Any,
    dtype: Any = None,
    *,
    device: str | None = None,
    requires_grad: bool | None = None,
    name: str = "",
) -> Tensor:
    """A leaf that holds `fill_value` everywhere; of a tensor, not a leaf: it is broadcast.

    Args:
        dtype: the dtype; that of NumPy's function of this name when not given.
        device: "cpu", the only one.
        requires_grad: does the leaf take part in differentiation? Floating-point leaves do unless
            told otherwise.
        name: what pictures and errors call it.
        shape: the sizes of its axes.

    >>> full((2,), 3.0)
    tensor([3., 3.], dtype=float64)
    """
    sizes = _sizes(shape)
    on_the_cpu(device)
    if holds_node(fill_value):
        return _filled(as_tensor(fill_value), sizes, dtype, requires_grad, name)
    return _leaf(lambda: np.full(sizes, fill_value, dtype), math.prod(sizes), requires_grad, name)


def _filled(
    x: Tensor, sizes: tuple[int, ...], dtype: Any, requires_grad: bool | None, name: str
) -> Tensor:
    """x broadcast to a shape: its derivative is kept unless `requires_grad` is False."""
    if requires_grad is False:
        x = stop_gradient(x)
    made: Tensor = broadcast_to(x if dtype is None else x.astype(dtype), shape=sizes)
    made.name = name
    return made


def eye(
    n: int,
    m: int | None = None,
    k: int = 0,
    dtype: Any = None,
    *,
    device: str | None = None,
    requires_grad: bool | None = None,
    name: str = "",
) -> Tensor:
    """A leaf (n, m) with ones on the k-th diagonal; square when m is not given.

    Args:
        dtype: the dtype; that of NumPy's function of this name when not given.
        device: "cpu", the only one.
        requires_grad: does the leaf take part in differentiation? Floating-point leaves do unless
            told otherwise.
        name: what pictures and errors call it.

    >>> eye(2).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    on_the_cpu(device)
    rows, columns = _sizes((n, n if m is None else m))
    made = dtype or np.float64
    return _leaf(lambda: np.eye(rows, columns, k, made), rows * columns, requires_grad, name)


def empty(
    shape: Any, dtype: Any = None, *, device: str | None = None,
    requires_grad: bool | None = None, name: str = "",
) -> Tensor:
    """A leaf of zeros: memory whose numbers nobody has said is not given out.

    Args:
        dtype: the dtype; that of NumPy's function of this name when not given.
        device: "cpu", the only one.
        requires_grad: does the leaf take part in differentiation? Floating-point leaves do unless
            told otherwise.
        name: what pictures and errors call it.
        shape: the sizes of its axes.

    >>> empty((2,))
    tensor([0., 0.], dtype=float64)
    """
    return zeros(shape, dtype, device=device, requires_grad=requires_grad, name=name)


def arange(
    start: Any,
    stop: Any = None,
    step: Any = 1,
    dtype: Any = None,
    *,
    device: str | None = None,
    requires_grad: bool | None = None,
    name: str = "",
) -> Tensor:
    """A leaf of numbers from start (0 when only `stop` is given) up to below stop.

    Args:
        dtype: the dtype; that of NumPy's function of this name when not given.
        device: "cpu", the only one.
        requires_grad: does the leaf take part in differentiation? Floating-point leaves do unless
            told otherwise.
        name: what pictures and errors call it.
        step: from one number to the next.

    Raises:
        DTypeError: for what is no number.
        ValueRangeError: for a step of 0.

    >>> arange(3.0).tolist()
    [0.0, 1.0, 2.0]
    """
    on_the_cpu(device)
    low, high = (0, start) if stop is None else (start, stop)
    try:
        count = max(math.ceil((high - low) / step), 0)
    except (TypeError, ValueError, OverflowError):
        raise DTypeError("a range goes from number to number", asked="finite numbers",
                         came=f"start={start!r}, stop={stop!r}, step={step!r}") from None
    except ZeroDivisionError:
        raise ValueRangeError("a range needs a step", came="step=0") from None
    return _leaf(lambda: np.arange(low, high, step, dtype=dtype), count, requires_grad, name)


def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    dtype: Any = None,
    *,
    endpoint: bool = True,
    device: str | None = None,
    requires_grad: bool | None = None,
    name: str = "",
) -> Tensor:
    """A leaf of `num` numbers from start to stop at equal distances, both included unless not
    `endpoint`.

    Args:
        dtype: the dtype; that of NumPy's function of this name when not given.
        device: "cpu", the only one.
        requires_grad: does the leaf take part in differentiation? Floating-point leaves do unless
            told otherwise.
        name: what pictures and errors call it.

    >>> linspace(0.0, 1.0, 3)
    tensor([0. , 0.5, 1. ], dtype=float64)
    """
    on_the_cpu(device)
    (count,) = _sizes(num)
    return _leaf(
        lambda: np.linspace(start, stop, count, endpoint, dtype=dtype), count, requires_grad, name
    )


def full_like(
    x: Any, fill_value: Any, dtype: Any = None, *, device: str | None = None, name: str = ""
) -> Tensor:
    """A constant that holds `fill_value`, in the shape and dtype of x: no derivative goes to x.

    Args:
        device: "cpu", the only one.
        name: what pictures and errors call it.

    >>> full_like([1.0, 2.0], 3.0)
    tensor([3., 3.], dtype=float64)
    """
    like = array_like(x)
    on_the_cpu(device)
    if holds_node(fill_value):
        return full(like.shape, fill_value, dtype or like.dtype, name=name)
    return full(like.shape, fill_value, dtype or like.dtype, requires_grad=False, name=name)


def zeros_like(
    x: Any, dtype: Any = None, *, device: str | None = None, name: str = ""
) -> Tensor:
    """A constant of zeros in the shape and dtype of x.

    Args:
        device: "cpu", the only one.
        name: what pictures and errors call it.

    >>> zeros_like([1.0, 2.0])
    tensor([0., 0.], dtype=float64)
    """
    return full_like(x, 0, dtype, device=device, name=name)


def ones_like(
    x: Any, dtype: Any = None, *, device: str | None = None, name: str = ""
) -> Tensor:
    """A constant of ones in the shape and dtype of x.

    Args:
        device: "cpu", the only one.
        name: what pictures and errors call it.

    >>> ones_like([1.0, 2.0])
    tensor([1., 1.], dtype=float64)
    """
    return full_like(x, 1, dtype, device=device, name=name)


def empty_like(
    x: Any, dtype: Any = None, *, device: str | None = None, name: str = ""
) -> Tensor:
    """A constant of zeros in the shape and dtype of x.

    Args:
        device: "cpu", the only one.
        name: what pictures and errors call it.

    >>> empty_like([1.0, 2.0])
    tensor([0., 0.], dtype=float64)
    """
    return zeros_like(x, dtype, device=device, name=name)


def asarray(
    x: Any, dtype: Any = None, *, device: str | None = None, copy: bool | None = None
) -> Tensor:
    """x itself if it is a tensor (in this dtype), otherwise a constant with its numbers.

    Lists of tensors are stacked: their derivatives are kept. Values never change, so that nothing
    need be copied; of an array there is a copy in any case, which `copy=False` forbids.

    Args:
        device: "cpu", the only one.

    Raises:
        ValueRangeError: for another device, and where copy=False asks for what is not done.

    >>> asarray([1.0, 2.0], dtype=np.float32)
    tensor([1., 2.], dtype=float32)
    """
    on_the_cpu(device)
    if copy is False and not isinstance(x, Tensor):
        raise ValueRangeError("numbers that come from outside are copied", came="copy=False",
                              asked="copy=None or True")  # fmt: skip
    if isinstance(x, Tensor) or holds_node(x):
        found = as_tensor(x)
        made: Tensor = found if dtype in (None, found.dtype) else found.astype(dtype)
        return made.copy() if copy else made
    return tensor(x, dtype, requires_grad=False)


NUMPY_FUNCTIONS.update(full_like=full_like, zeros_like=zeros_like, ones_like=ones_like)
