"""Tensor: the node that people hold, what a graph adds to it, and how one is made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np

from seegrad.autodiff.backward_pass import backward, ones_like
from seegrad.display_hooks import can_present, present
from seegrad.errors import (
    CallError,
    DTypeError,
    GradientError,
    MutationError,
    ShapeError,
    TraceError,
    ValueRangeError,
)
from seegrad.graph.graph import Graph
from seegrad.graph.leaving import AT, may_be_written, may_leave
from seegrad.graph.mode import current_mode, current_tracer
from seegrad.graph.node import Node, holds_node, read_only, snapshot
from seegrad.graph.spec import NO_ATTRS
from seegrad.i18n import tr
from seegrad.ops import arithmetic, indexing, shape
from seegrad.ops.index_update import At
from seegrad.tensor.array_interface import Array, value_of
from seegrad.tensor.numpy_methods import PRIORITY, NumpyMethods
from seegrad.tensor.operators import Operators
from seegrad.tensor.pytorch.methods import TorchMethods
from seegrad.tensor.pytorch.shapes import TorchShapes
from seegrad.text import tidy


class Tensor(Operators, TorchMethods, NumpyMethods, TorchShapes):
    """A value in a computational graph, with NumPy's operators and methods.

    Made by `seegrad.tensor`, or by operations on other tensors. The value never changes: arrays
    that come in are copied, arrays that go out are read-only.

    Its parts, `op`, `inputs`, `attrs`, `values`, `data`, `requires_grad`, `spec` and `name`, are
    those of a `Node`.

    >>> x = tensor([[1.0, 2.0], [3.0, 4.0]], name="x")
    >>> y = (x * x).sum()
    >>> y.backward()
    >>> x.grad
    array([[2., 4.],
           [6., 8.]])
    >>> x.grad = None
    >>> x.detach().requires_grad, x.copy().op.name, x.clone().op.name
    (False, 'identity', 'identity')
    >>> x.numpy().shape, x.tolist(), x[0, 1].item(), x.dim(), x.numel()
    ((2, 2), [[1.0, 2.0], [3.0, 4.0]], 2.0, 2, 4)
    >>> x.view_as(x).shape, x.expand_as(x).shape, x.t().shape, x.unflatten(1, (2, 1)).shape
    ((2, 2), (2, 2), (2, 2), (2, 2, 1))
    >>> [part.shape for part in (*x.chunk(2), *x.unbind(), x.select(0, 1), x.narrow(1, 0, 1))]
    [(1, 2), (1, 2), (2,), (2,), (2,), (2, 1)]
    >>> x.gather(1, np.array([[0], [1]])).tolist(), float(x.norm().value.round(3)), x.rsqrt().shape
    ([[1.0], [4.0]], 5.477, (2, 2))
    >>> x.to(np.float32).dtype, x.float().dtype, x.half().dtype, x.long().dtype, x.bool().dtype
    (dtype('float32'), dtype('float32'), dtype('float16'), dtype('int64'), dtype('bool'))
    >>> x.double() is x, x.cpu() is x, x.to_device("cpu") is x, x.contiguous() is x
    (True, True, True, True)
    >>> x.is_floating_point()
    True
    >>> x.assign(np.ones((2, 2)))
    >>> x.zero_grad()
    """

    __slots__ = ()
    __array_priority__ = PRIORITY
    makes: ClassVar[type[Node]]

    @classmethod
    def joined(cls, parts: Any) -> Any:
        """Nested lists with tensors among their elements as one tensor: stacks of stacks.

        Args:
            parts: the lists.

        >>> Tensor.joined([tensor(1.0), tensor(2.0)]).shape
        (2,)
        """
        if isinstance(parts, (list, tuple)):
            return shape.stack(*map(cls.joined, parts))
        return parts

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
                tr("there is nothing to differentiate by: {reason}", reason=tr(made)),
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
                    asked=tr(
                        "backward(gradient) with a gradient of shape {shape}",
                        shape=self.shape,
                    ),
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
        if self.data is None or current_mode().tracer is not None:
            return arithmetic.stop_gradient(self)    # in a trace a leaf may be state
        return Tensor(None, (), NO_ATTRS, (), self.data, False, name=self.name)

    def assign(self, value: Any) -> None:
        """Give this leaf another value, of the same shape, in its own dtype.

        Graphs recorded before keep the value that they were computed from. MutationError where a
        derivative would be lost: the value depends on something else that needs one.

        Raises:
            ShapeError: for another shape.
            TraceError: for a traced value outside of its trace.
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
                tr("{name} keeps its shape", name=tidy(self.name) or tr("a tensor")),
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
        """Show the graph in the browser, or in the notebook.

        See `seegrad.show`.

        Args:
            options: as for `seegrad.show`.
        """
        present("show", self, **options)

    def explain(self, **options: Any) -> Any:
        """The derivation of this value's derivative, step by step.

        See `seegrad.explain`.

        Args:
            options: as for `seegrad.explain`.
        """
        return present("explain", self, **options)

    def widget(self, **options: Any) -> Any:
        """The graph as a live notebook widget.

        See `seegrad.widget`.

        Args:
            options: as for `seegrad.widget`.
        """
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
        return indexing.index(self, key)  # type: ignore[no-any-return]

    @property
    def at(self) -> At[Self]:
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
        part = indexing.index(data, key)
        try:
            new = np.broadcast_to(new, part.shape)
        except ValueError:
            raise ShapeError(
                tr(
                    "the new values do not fit {name}",
                    name=self.name or tr("this part of the tensor"),
                ),
                asked=tr("shape {shape}, or one that broadcasts to it", shape=part.shape),
                came=tr("shape {shape}", shape=np.shape(new)),
            ) from None
        data[value_of(key)] = new
        self.assign(data)

    def __iter__(self) -> Iterator[Tensor]:
        if not self.shape:
            raise CallError("a tensor of shape () cannot be iterated over", came=repr(self))
        return (self[i] for i in range(self.shape[0]))

    def __copy__(self) -> Tensor:
        if self.op is None:
            return _rebuild(self._look(), self.requires_grad, self.name)
        return arithmetic.identity(self)

    def __reduce__(self) -> Any:
        if self.op is not None:
            raise DTypeError(
                "a computed tensor cannot be copied or stored: its graph would be lost",
                hint="use .detach() or .value",
            )
        return _rebuild, (np.array(self.value), self.requires_grad, self.name)

    __hash__ = Node.__hash__



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

    Raises:
        DTypeError: where integers shall take part in differentiation.
        TraceError: for a traced value.

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


def from_dlpack(x: Any, *, device: str | None = None, copy: bool | None = None) -> Tensor:
    """A tensor with a copy of the numbers of any object with DLPack (PyTorch, JAX, CuPy …).

    `device` is "cpu", the only one; a copy is made whatever `copy` says, for values never change.

    Raises:
        DTypeError: for what has no DLPack.
        ValueRangeError: for another device than "cpu".

    >>> from_dlpack(np.array([1.0, 2.0]))
    tensor([1., 2.], dtype=float64)
    """
    if device not in (None, "cpu"):
        raise ValueRangeError("there is one device", asked='"cpu"', came=f"device={device!r}")
    if not hasattr(x, "__dlpack__"):
        raise DTypeError("this is nothing with DLPack", came=type(x).__name__,
                         hint="for lists and numbers: sg.tensor(...)")  # fmt: skip
    return tensor(np.from_dlpack(x))


def as_tensor(x: Any) -> Tensor:
    """x itself if it is a tensor, otherwise a constant with a copy of its numbers.

    Lists of tensors are stacked: their derivatives are kept.

    >>> as_tensor([1.0, 2.0])
    tensor([1., 2.], dtype=float64)
    >>> as_tensor(tensor([1.0])).requires_grad
    True
    """
    if isinstance(x, Tensor):
        return x
    if isinstance(x, (list, tuple)) and holds_node(x):
        return Tensor.joined(x)  # type: ignore[no-any-return]
    return tensor(x, requires_grad=False)
