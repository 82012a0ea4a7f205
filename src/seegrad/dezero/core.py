"""`Variable` and `Function` of the book's third volume, over nodes of the one graph.

A variable holds a node: arithmetic makes nodes, `backward` is the graph's. A function of one's own
becomes an operation by `autograd`'s primitives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np

from seegrad.autograd.extend import defvjp_argnum, primitive
from seegrad.errors import CallError, ValueRangeError
from seegrad.graph.mode import in_mode
from seegrad.graph.node import Node
from seegrad.i18n import tr
from seegrad.tensor.tensor import Tensor, tensor


class Variable:
    """An array that remembers what it was computed from. `node` is its tensor in the graph.

    `data` is its array, a copy that can be written and set; `grad` a Variable or None. Inner
    variables keep their `grad`, with `retain_grad` or without.
    """

    __array_priority__ = 2000
    __slots__ = ("__weakref__", "node")

    def __init__(self, data: Any, name: str = "") -> None:
        if isinstance(data, (list, str)):
            raise CallError("a Variable holds an array", asked="np.array(...)", came=repr(data))
        self.node: Any = data if isinstance(data, Node) else tensor(data, name=name)

    data = property(
        lambda self: np.array(self.node.data), lambda self, array: self.node.assign(array)
    )
    name = property(
        lambda self: self.node.name, lambda self, name: setattr(self.node, "name", name)
    )
    creator = property(lambda self: self.node.op)
    graph = property(lambda self: self.node.graph)
    shape = property(lambda self: self.node.shape)
    ndim = property(lambda self: self.node.ndim)
    size = property(lambda self: self.node.size)
    dtype = property(lambda self: self.node.dtype)
    T = property(lambda self: Variable(self.node.T))

    @property
    def grad(self) -> Variable | None:
        """The derivative that has arrived here."""
        g = self.node.gradient
        return None if g is None else Variable(g)

    @grad.setter
    def grad(self, g: Any) -> None:
        self.node.grad = plain(g)

    def backward(self, retain_grad: bool = False, create_graph: bool = False) -> None:
        """Send 1 back from every element, to all that this was computed from."""
        ones = np.ones(self.node.shape, self.node.dtype)
        self.node.backward(ones, as_graph=create_graph)

    def cleargrad(self) -> None:
        """Forget the derivative."""
        self.node.gradient = None

    def __len__(self) -> int:
        return len(self.node)

    def __repr__(self) -> str:
        return f"variable({str(self.node.data).replace(chr(10), chr(10) + ' ' * 9)})"


class Parameter(Variable):
    """A variable that training changes."""


def plain(x: Any) -> Any:
    """x with nodes in place of variables, at any depth."""
    if isinstance(x, (tuple, list)):
        return type(x)(map(plain, x))
    return x.node if isinstance(x, Variable) else x


def on_variables(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of tensors as one of variables."""

    def called(*args: Any, **kwargs: Any) -> Any:
        found = function(*plain(args), **{k: plain(v) for k, v in kwargs.items()})
        return list(map(Variable, found)) if isinstance(found, list) else Variable(found)

    called.__name__, called.__doc__ = getattr(function, "__name__", "function"), function.__doc__
    return called


_TWO = ("add", "sub", "mul", "truediv", "pow", "matmul")
for _name in (
    *(f"__{side}{name}__" for name in _TWO for side in ("", "r")),
    "__neg__", "__getitem__", "reshape", "transpose", "sum",
):  # fmt: skip
    setattr(Variable, _name, on_variables(getattr(Tensor, _name)))


class Function:
    """An operation of one's own: `forward` on arrays, `backward` on variables, `self.inputs`."""

    forward: Callable[..., Any]
    backward: Callable[..., Any]

    def __call__(self, *inputs: Any) -> Variable:
        self.inputs = [x if isinstance(x, Variable) else Variable(as_array(x)) for x in inputs]

        def forward(*xs: Any) -> Any:
            return self.forward(*map(np.asarray, xs))

        def back(argnum: int, ans: Any, args: Any, kwargs: Any) -> Callable[[Any], Any]:
            def pull(g: Any) -> Any:
                self.inputs = list(map(Variable, args))
                found = self.backward(Variable(g))
                found = plain(found if isinstance(found, tuple) else (found,))[argnum]
                # without a graph, numbers are sent back
                return found.data if isinstance(found, Node) and not isinstance(g, Node) else found

            return pull

        forward.__name__ = type(self).__name__
        operation = primitive(forward)
        defvjp_argnum(operation, back)
        return Variable(operation(*[x.node for x in self.inputs]))


def as_array(x: Any) -> Any:
    """A number as an array."""
    return np.asarray(x)


def as_variable(x: Any) -> Variable:
    """x as a Variable."""
    return x if isinstance(x, Variable) else Variable(x)


class Config:
    """Do layers train (`train`)? Whether a graph is recorded is the graph's own setting."""

    train = True


@contextmanager
def using_config(name: str, value: bool) -> Iterator[None]:
    """In this block "enable_backprop" or "train" is on or off."""
    if name not in ("enable_backprop", "train"):
        raise ValueRangeError(
            tr("there is no setting {name}", name=name), asked="enable_backprop, train"
        )
    before, Config.train = Config.train, value if name == "train" else Config.train
    try:
        with in_mode(recording=name == "train" or value):
            yield
    finally:
        Config.train = before


def no_grad() -> AbstractContextManager[None]:
    """In this block nothing is recorded."""
    return using_config("enable_backprop", False)


def test_mode() -> AbstractContextManager[None]:
    """In this block layers do not train: dropout passes everything."""
    return using_config("train", False)
