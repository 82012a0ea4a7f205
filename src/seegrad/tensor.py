"""Tensor: the node that people hold. NumPy's operators and methods, and what a graph adds.

Nothing is computed here; every method applies an operation of the table.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

import numpy as np

from seegrad.autodiff.backward_pass import backward, ones_like
from seegrad.errors import (
    CallError,
    DTypeError,
    GradientError,
    MutationError,
    SeegradError,
    ShapeError,
    TraceError,
)
from seegrad.graph.bind import bind, bind_one, bind_two
from seegrad.graph.graph import Graph
from seegrad.graph.leaving import AT, may_be_written, may_leave
from seegrad.graph.mode import current_mode, current_tracer
from seegrad.graph.node import Node, holds_node, read_only, snapshot
from seegrad.graph.spec import NO_ATTRS
from seegrad.numpy_names import (
    DECIDING,
    KEYWORDS,
    NUMPY_FUNCTIONS,
    ON_SHAPES,
    ON_VALUES,
    REDUCTIONS,
    boolean,
    cumprod,
    cumsum,
    take,
    undefined,
)
from seegrad.ops import arithmetic, compare, linalg, reduce, select, shape, transcendental
from seegrad.ops.updating import At
from seegrad.present import can_present, present
from seegrad.text import tidy

Array = np.ndarray[Any, Any]


class Tensor(Node):
    """A value in a computational graph, with NumPy's operators and methods.

    Made by `seegrad.tensor`, or by operations on other tensors. The value never changes: arrays
    that come in are copied, arrays that go out are read-only.
    """

    __slots__ = ()
    __array_priority__ = 1000
    makes: ClassVar[type[Node]]

    # ---------------------------------------------------------- value

    @classmethod
    def joined(cls, parts: Any) -> Any:
        """Nested lists with tensors among their elements as one tensor: stacks of stacks."""
        if isinstance(parts, (list, tuple)):
            return shape.stack(*map(cls.joined, parts))
        return parts

    @property
    def value(self) -> Array:
        """The numbers, as a read-only NumPy array. A traced tensor has none: TraceError.

        Inside a transform, of what depends on its input: GradientError, for the derivative would
        be lost. `sg.stop_gradient(x).value` says that it is meant.
        """
        may_leave(self, "value")
        return self._look()

    def _look(self) -> Array:
        """The numbers for showing and deciding, which no derivative needs to follow."""
        return read_only(self._numbers("its value was asked for"))

    def _numbers(self, why: str) -> Any:
        if self.data is None:
            raise TraceError(
                f"this value has no numbers while the function is traced, but {why}",
                came=f"a traced tensor {tidy(self.name)} {self.spec}",
                hint="use sg.where for a choice by value, make the argument static, or return it",
            )
        tracer = current_mode().tracer
        if tracer is not None:
            tracer.observe(self)
        return self.data

    def numpy(self) -> Array:
        """The numbers, as a read-only NumPy array."""
        return self.value

    @property
    def size(self) -> int:
        """The number of elements."""
        return self.spec.size

    def item(self) -> Any:
        """The only element, as a Python number. ShapeError if there are more, or none.

        Inside a transform as for `value`: GradientError where a derivative would be lost.
        """
        may_leave(self, "item()")
        return self._only("item()", ShapeError)

    def _only(self, what: str, error: type[SeegradError]) -> Any:
        data = self._numbers("Python asked for a number")
        if data.size != 1:
            raise error(
                f"{what} needs a tensor with one element",
                asked="one element",
                came=f"{tidy(self.name) or 'a tensor'} of shape {self.shape}",
                hint="reduce it first, for example with .sum(), .any() or .all()",
            )
        return data.item()

    def tolist(self) -> Any:
        """The elements as (nested lists of) Python numbers."""
        return self.value.tolist()

    @property
    def T(self) -> Tensor:
        """The axes in reverse order."""
        return shape.transpose(self)

    @property
    def mT(self) -> Tensor:
        """The last two axes exchanged."""
        return shape.matrix_transpose(self)  # type: ignore[no-any-return]

    # ---------------------------------------------------------- graph

    @property
    def grad(self) -> Any:
        """The derivative that backward passes have brought here (read-only), or None.

        A leaf's adds up over passes until it is set to None; other nodes show the last pass.
        """
        if (tracer := current_mode().tracer) is not None:
            tracer.keep_gradient(self)
        g = self.gradient
        if g is None or isinstance(g, Node):
            return g
        return read_only(g)

    @grad.setter
    def grad(self, g: Any) -> None:
        if g is not None and not isinstance(g, Node):
            g = snapshot(g, self.dtype, "a gradient")
            if g.shape != self.shape:
                raise ShapeError(
                    "a gradient has the shape of its tensor",
                    asked=f"{self.shape}",
                    came=f"{g.shape}",
                )
        if (tracer := current_mode().tracer) is not None:
            tracer.keep_gradient(self)
        self.gradient = g

    @property
    def graph(self) -> Graph:
        """The computational graph of everything this value was computed from."""
        return Graph([self])

    def backward(self, gradient: Any = None, *, as_graph: bool = False) -> None:
        """Send a derivative from here to every leaf, keeping what passes each node and edge.

        Args:
            gradient: the derivative arriving from the right; 1 for a single number.
            as_graph: keep the derivatives as tensors with a graph of their own.

        Leaves' `.grad` add up, as in PyTorch. Raises GradientError if no derivative is needed
        here, or if an array's backward pass is given no `gradient`.
        """
        if not self.requires_grad:
            made = "it is a constant" if self.op is None else "nothing it was made from needs one"
            raise GradientError(
                f"there is nothing to differentiate by: {made}",
                asked="a result of floating-point tensors that take part in differentiation",
                came=repr(self),
                hint="make the inputs with sg.tensor(...), outside of sg.no_grad()",
            )
        traced = self.data is None
        seed = self._seed(gradient)
        if traced or as_graph:
            as_graph = True
            seed = seed if isinstance(seed, Node) else Tensor(None, (), NO_ATTRS, (), seed, False)
        elif isinstance(seed, Node):
            seed = seed.data
        found = backward([self], [seed], as_graph=as_graph, keep=not traced)
        tracer = current_tracer()
        for leaf, g in found.items():
            if tracer is not None:
                tracer.keep_gradient(leaf)
            leaf.gradient = g if leaf.gradient is None else leaf.gradient + g

    def _seed(self, gradient: Any) -> Any:
        if gradient is None:
            if (self.spec if self.data is None else self.data).size != 1:
                raise GradientError(
                    "the derivative of an array needs the derivative that arrives at it",
                    asked=f"backward(gradient) with a gradient of shape {self.shape}",
                    came="backward() without one",
                    hint="reduce to one number first: .sum().backward() or .mean().backward()",
                )
            return ones_like(self)
        if not isinstance(gradient, Node):
            gradient = snapshot(gradient, self.dtype, "the gradient")
        if gradient.shape != self.shape:
            raise ShapeError(
                "the gradient does not have the shape of what it arrives at",
                asked=f"{self.shape}",
                came=f"{tuple(gradient.shape)}",
            )
        return gradient

    def zero_grad(self) -> None:
        """Forget the derivative."""
        if (tracer := current_mode().tracer) is not None:
            tracer.keep_gradient(self)
        self.gradient = None

    def detach(self) -> Tensor:
        """The same value, without its past: no derivative goes further back."""
        if self.data is None:
            return arithmetic.stop_gradient(self)
        return Tensor(None, (), NO_ATTRS, (), self.data, False, name=self.name)

    def assign(self, value: Any) -> None:
        """Give this leaf another value, of the same shape, in its own dtype.

        Graphs recorded before keep the value that they were computed from. MutationError where a
        derivative would be lost: the value depends on something else that needs one.
        """
        if self.op is not None:
            raise MutationError(
                "only a leaf can be given another value: this one was computed",
                came=repr(self),
                hint="make a new tensor instead",
            )
        mode = current_mode()
        value = as_tensor(value) if holds_node(value) else value
        may_be_written(self, value)
        shape = tuple(value.shape) if isinstance(value, Node) else np.shape(value)
        if shape != self.shape:
            raise ShapeError(
                f"{tidy(self.name) or 'a tensor'} keeps its shape",
                asked=f"{self.shape}",
                came=f"{shape}",
            )
        if mode.tracer is not None:
            mode.tracer.assign(self, value)
        elif isinstance(value, Node):
            if value.data is None:
                raise TraceError("a traced value cannot be kept outside of its trace")
            data = value.data
            self.data = data if data.dtype == self.dtype else data.astype(self.dtype)
        else:
            self.data = snapshot(value, self.dtype)

    # ---------------------------------------------------------- seeing

    def show(self, **options: Any) -> None:
        """Show the graph in the browser, or in the notebook."""
        present("show", self, **options)

    def explain(self, **options: Any) -> Any:
        """The derivation of this value's derivative, step by step."""
        return present("explain", self, **options)

    def widget(self, **options: Any) -> Any:
        """The graph as a live notebook widget."""
        return present("widget", self, **options)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        if self.data is None or not can_present("mimebundle"):
            return {"text/plain": repr(self)}
        return present("mimebundle", self, **options)

    def __repr__(self) -> str:
        words = []
        if self.name:
            words.append(f"name={self.name!r}")
        if self.op is not None:
            words.append(f"op={self.op.name}")
        if self.data is None:
            return f"tensor({', '.join([str(self.spec), 'traced', *words])})"
        text = np.array2string(self._look(), separator=", ", prefix="tensor(", threshold=100)
        words.insert(0, f"dtype={self.dtype}")
        return f"tensor({text}, {', '.join(words)})"

    # ---------------------------------------------------------- as a container

    def __getitem__(self, key: Any) -> Tensor:
        return select.index(self, key)  # type: ignore[no-any-return]

    @property
    def at(self) -> At:
        """`x.at[key].set(v)`, `.add .multiply .max .min`: a new tensor, with v at x[key]."""
        return At(self)

    def __setitem__(self, key: Any, value: Any) -> None:
        may_be_written(self, 0)                  # a transform's own argument, before all else
        if self.op is not None or self.data is None or current_mode().tracer is not None:
            raise MutationError(
                "a computed value does not change: a graph still needs it",
                came=f"{self!r}",
                hint=AT,
            )
        value = as_tensor(value) if holds_node(value) else value
        may_be_written(self, value)
        data = np.array(self.data)
        new = value.data if isinstance(value, Tensor) else snapshot(value, self.dtype)
        part = select.index(data, key)
        try:
            new = np.broadcast_to(new, part.shape)
        except ValueError:
            raise ShapeError(
                f"the new values do not fit {self.name or 'this part of the tensor'}",
                asked=f"shape {part.shape}, or one that broadcasts to it",
                came=f"shape {np.shape(new)}",
            ) from None
        data[value_of(key)] = new
        self.assign(data)

    def __len__(self) -> int:
        if not self.shape:
            raise CallError("a tensor of shape () has no length", came=repr(self))
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if not self.shape:
            raise CallError("a tensor of shape () cannot be iterated over", came=repr(self))
        return (self[i] for i in range(self.shape[0]))

    def __contains__(self, item: Any) -> bool:
        return item in self._look()

    def __bool__(self) -> bool:
        return bool(self._only("a truth value", ShapeError))

    def __float__(self) -> float:
        may_leave(self, "float()")
        return float(self._only("float()", CallError))

    def __int__(self) -> int:
        return int(self._only("int()", CallError))

    def __index__(self) -> int:
        if self.dtype.kind not in "iu":
            raise DTypeError("an index must be an integer", came=repr(self))
        return operator.index(self._only("an index", CallError))

    def __complex__(self) -> complex:
        return complex(float(self))

    def __format__(self, spec: str) -> str:
        if not spec or self.size != 1:
            return format(repr(self), spec)
        may_leave(self, "a format of a number")
        return format(self.item(), spec)

    def __reduce__(self) -> Any:
        if self.op is not None:
            raise DTypeError(
                "a computed tensor cannot be copied or stored: its graph would be lost",
                hint="use .detach() or .value",
            )
        return _rebuild, (np.array(self.value), self.requires_grad, self.name)

    __hash__ = Node.__hash__

    # ---------------------------------------------------------- as an array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        may_leave(self, "a NumPy array of a tensor")
        value = read_only(self._numbers("NumPy asked for them"))
        return np.array(value, dtype=dtype, copy=copy)

    def __dlpack__(self, **options: Any) -> Any:
        return np.array(self.value).__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.value.__dlpack_device__()

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        name = ufunc.__name__ if method == "__call__" else REDUCTIONS.get((ufunc, method))
        function = NUMPY_FUNCTIONS.get(name) if name else None
        if function is None or options.get("out") is not None:
            called = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
            raise undefined(f"numpy.{called}" + ("" if function is None else " with out="))
        if method == "reduce":
            options.setdefault("axis", 0)
        return function(*inputs, **{k: v for k, v in options.items() if k != "out"})

    def __array_function__(
        self, function: Any, types: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Any:
        name = function.__name__
        if ours := NUMPY_FUNCTIONS.get(name):
            return ours(*args, **{KEYWORDS.get((name, k), k): v for k, v in kwargs.items()})
        if name in ON_SHAPES and len(args) == 1 and isinstance(args[0], Tensor) and not kwargs:
            return getattr(args[0], name)
        if name in DECIDING:
            return function(*_values(args, _look_at), **_values(dict(kwargs), _look_at))
        if name in ON_VALUES:
            return function(*_values(args), **_values(dict(kwargs)))
        raise undefined(f"{function.__module__}.{name}")

    # ---------------------------------------------------------- operators

    def __add__(self, other: Any) -> Any:
        return bind_two(arithmetic.add, self, other)

    def __radd__(self, other: Any) -> Any:
        return bind_two(arithmetic.add, other, self)

    def __sub__(self, other: Any) -> Any:
        return bind_two(arithmetic.subtract, self, other)

    def __rsub__(self, other: Any) -> Any:
        return bind_two(arithmetic.subtract, other, self)

    def __mul__(self, other: Any) -> Any:
        return bind_two(arithmetic.multiply, self, other)

    def __rmul__(self, other: Any) -> Any:
        return bind_two(arithmetic.multiply, other, self)

    def __truediv__(self, other: Any) -> Any:
        return bind_two(arithmetic.divide, self, other)

    def __rtruediv__(self, other: Any) -> Any:
        if type(other) in (int, float) and other == 1:
            return arithmetic.reciprocal(self)
        return bind_two(arithmetic.divide, other, self)

    def __floordiv__(self, other: Any) -> Any:
        return arithmetic.floor_divide(self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return arithmetic.floor_divide(other, self)

    def __mod__(self, other: Any) -> Any:
        return arithmetic.mod(self, other)

    def __rmod__(self, other: Any) -> Any:
        return arithmetic.mod(other, self)

    def __pow__(self, other: Any) -> Any:
        if type(other) in (int, float):
            return arithmetic.raise_to(self, exponent=other)
        return transcendental.power(self, other)

    def __rpow__(self, other: Any) -> Any:
        return transcendental.power(other, self)

    def __matmul__(self, other: Any) -> Any:
        return bind_two(linalg.matmul, self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return linalg.matmul(other, self)

    def __neg__(self) -> Any:
        return bind_one(arithmetic.negative, self)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return arithmetic.abs(self)

    def __eq__(self, other: Any) -> Any:
        return compare.equal(self, other)

    def __ne__(self, other: Any) -> Any:
        return compare.not_equal(self, other)

    def __lt__(self, other: Any) -> Any:
        return compare.less(self, other)

    def __le__(self, other: Any) -> Any:
        return compare.less_equal(self, other)

    def __gt__(self, other: Any) -> Any:
        return compare.greater(self, other)

    def __ge__(self, other: Any) -> Any:
        return compare.greater_equal(self, other)

    def __invert__(self) -> Any:
        return compare.logical_not(boolean(self, "~"))

    def __and__(self, other: Any) -> Any:
        return compare.logical_and(boolean(self, "&"), boolean(other, "&"))

    def __or__(self, other: Any) -> Any:
        return compare.logical_or(boolean(self, "|"), boolean(other, "|"))

    def __xor__(self, other: Any) -> Any:
        return compare.logical_xor(boolean(self, "^"), boolean(other, "^"))

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    # ---------------------------------------------------------- NumPy's methods

    def sum(self, axis: Any = None, keepdims: bool = False) -> Any:
        """See `seegrad.sum`."""
        return bind(reduce.sum, (self,), {"axis": axis, "keepdims": keepdims})

    def mean(self, axis: Any = None, keepdims: bool = False) -> Any:
        """See `seegrad.mean`."""
        return bind(reduce.mean, (self,), {"axis": axis, "keepdims": keepdims})

    def prod(self, axis: Any = None, keepdims: bool = False) -> Any:
        """See `seegrad.prod`."""
        return bind(reduce.prod, (self,), {"axis": axis, "keepdims": keepdims})

    def max(self, axis: Any = None, keepdims: bool = False) -> Any:
        """See `seegrad.max`."""
        return bind(reduce.max, (self,), {"axis": axis, "keepdims": keepdims})

    def min(self, axis: Any = None, keepdims: bool = False) -> Any:
        """See `seegrad.min`."""
        return bind(reduce.min, (self,), {"axis": axis, "keepdims": keepdims})

    def all(self, axis: Any = None, keepdims: bool = False) -> Any:
        """See `seegrad.all`."""
        return reduce.all(self, axis=axis, keepdims=keepdims)

    def any(self, axis: Any = None, keepdims: bool = False) -> Any:
        """See `seegrad.any`."""
        return reduce.any(self, axis=axis, keepdims=keepdims)

    def var(self, axis: Any = None, keepdims: bool = False, ddof: float = 0) -> Any:
        """See `seegrad.var`."""
        return reduce.var(self, axis=axis, keepdims=keepdims, ddof=ddof)

    def std(self, axis: Any = None, keepdims: bool = False, ddof: float = 0) -> Any:
        """See `seegrad.std`."""
        return reduce.std(self, axis=axis, keepdims=keepdims, ddof=ddof)

    def argmax(self, axis: Any = None, keepdims: bool = False) -> Any:
        """See `seegrad.argmax`."""
        return reduce.argmax(self, axis=axis, keepdims=keepdims)

    def argmin(self, axis: Any = None, keepdims: bool = False) -> Any:
        """See `seegrad.argmin`."""
        return reduce.argmin(self, axis=axis, keepdims=keepdims)

    def cumsum(self, axis: Any = None) -> Any:
        """See `seegrad.cumsum`."""
        return cumsum(self, axis)

    def cumprod(self, axis: Any = None) -> Any:
        """See `seegrad.cumprod`."""
        return cumprod(self, axis)

    def reshape(self, *sizes: Any) -> Any:
        """See `seegrad.reshape`; sizes one by one, or as a tuple."""
        return shape.reshape(self, shape=sizes[0] if len(sizes) == 1 else sizes)

    def ravel(self) -> Any:
        """See `seegrad.ravel`."""
        return shape.ravel(self)

    flatten = ravel

    def transpose(self, *axes: Any) -> Any:
        """See `seegrad.transpose`; axes one by one, or as a tuple."""
        order = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes
        return shape.transpose(self, axes=order or None)

    def swapaxes(self, axis1: int, axis2: int) -> Any:
        """See `seegrad.swapaxes`."""
        return shape.swapaxes(self, axis1, axis2)

    def squeeze(self, axis: Any = None) -> Any:
        """See `seegrad.squeeze`."""
        return shape.squeeze(self, axis=axis)

    def repeat(self, repeats: int, axis: Any = None) -> Any:
        """See `seegrad.repeat`."""
        return shape.repeat(self, repeats, axis)

    def take(self, indices: Any, axis: Any = None) -> Any:
        """See `seegrad.take`."""
        return take(self, indices, axis)

    def dot(self, other: Any) -> Any:
        """See `seegrad.dot`."""
        return linalg.dot(self, other)

    def clip(self, low: Any = None, high: Any = None) -> Any:
        """See `seegrad.clip`."""
        return arithmetic.clip(self, low, high)

    def round(self) -> Any:
        """See `seegrad.round`."""
        return arithmetic.round(self)

    def astype(self, dtype: Any) -> Any:
        """See `seegrad.astype`."""
        return compare.astype(self, dtype)

    def copy(self) -> Tensor:
        """A node of its own with the same value."""
        return arithmetic.identity(self)


Tensor.makes = Node.makes = Tensor


def _rebuild(value: Array, requires_grad: bool, name: str) -> Tensor:
    return tensor(value, requires_grad=requires_grad, name=name)


# --------------------------------------------------------------- making tensors


def tensor(
    data: Any, dtype: Any = None, *, requires_grad: bool | None = None, name: str = ""
) -> Tensor:
    """A leaf of the graph, with a copy of `data`.

    Args:
        data: a number, nested lists, an array, anything with DLPack, or another tensor.
        dtype: the dtype to convert to; as NumPy finds it when not given.
        requires_grad: does it take part in differentiation? Floating-point numbers do unless
            told otherwise; integers and booleans never do.
        name: what pictures, derivations and errors call it.

    >>> apple = tensor(100.0, name="apple")
    >>> price = apple * 2 * 1.1
    >>> price.backward()
    >>> round(apple.grad.item(), 12)
    2.2
    """
    if isinstance(data, Node):
        may_leave(data, "sg.tensor()")
        if data.data is None:
            raise TraceError("a traced value cannot become a leaf", hint="use it as it is")
        data = data.data
    elif not hasattr(data, "__array__") and hasattr(data, "__dlpack__"):
        data = np.from_dlpack(data)
    value = snapshot(data, dtype, name or "data")
    floating = value.dtype.kind == "f"
    if requires_grad and not floating:
        raise DTypeError(
            "only floating-point tensors can be differentiated",
            came=f"dtype {value.dtype}",
            hint="write 3.0 instead of 3, or pass dtype=float",
        )
    return Tensor(
        None, (), NO_ATTRS, (), value, floating if requires_grad is None else requires_grad,
        name=name,
    )  # fmt: skip


def from_dlpack(x: Any) -> Tensor:
    """A tensor with a copy of the numbers of any object with DLPack (PyTorch, JAX, CuPy …)."""
    if not hasattr(x, "__dlpack__"):
        raise DTypeError("this is nothing with DLPack", came=type(x).__name__,
                         hint="for lists and numbers: sg.tensor(...)")  # fmt: skip
    return tensor(np.from_dlpack(x))


def as_tensor(x: Any) -> Tensor:
    """x itself if it is a tensor, otherwise a constant with a copy of its numbers.

    Lists of tensors are stacked: their derivatives are kept.
    """
    if isinstance(x, Tensor):
        return x
    if isinstance(x, (list, tuple)) and holds_node(x):
        return Tensor.joined(x)  # type: ignore[no-any-return]
    return tensor(x, requires_grad=False)


def value_of(x: Any) -> Any:
    """The NumPy value of a tensor; anything else as it is."""
    return x.value if isinstance(x, Tensor) else x


def _look_at(x: Any) -> Any:
    return x._look() if isinstance(x, Tensor) else x


def _values(tree: Any, read: Callable[[Any], Any] = value_of) -> Any:
    if isinstance(tree, (tuple, list)):
        return type(tree)(_values(x, read) for x in tree)
    if isinstance(tree, dict):
        return {k: _values(v, read) for k, v in tree.items()}
    return read(tree)
