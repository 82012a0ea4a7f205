"""`Value`: a single number of the graph, as micrograd has it.

A value holds a node of the one graph; arithmetic makes nodes, and `backward` is the walk that all
of seegrad uses. What is kept beside is only what a reader of micrograd looks at: `_prev`, `_op`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.autodiff.backward_pass import backward
from seegrad.errors import DTypeError, MutationError
from seegrad.graph.graph import Graph
from seegrad.graph.node import Node
from seegrad.i18n import tr
from seegrad.ops.nn.activation import relu, sigmoid
from seegrad.ops.transcendental import exp, log, tanh
from seegrad.tensor.tensor import tensor


class Value:
    """A number that remembers what it was computed from.

    Args:
        data: the number; a whole number becomes a floating-point one.
        label: what pictures call it.

    Attributes: `data`, `grad` (0 before `backward()`), `_prev` (the values that it was computed
    from), `_op`, `label`. `node` is the tensor of seegrad's graph, `graph` the whole graph;
    `show()` and `explain()` are those of tensors.

    Mended: a second `backward()` of the same value does not count what waits at inner values
    twice; a leaf's derivatives add up until `zero_grad`, as in micrograd.

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> c = a * b + b ** 2
    >>> c.backward()
    >>> c.data, a.grad, b.grad
    (3.0, -3.0, -4.0)
    """

    __slots__ = ("__weakref__", "_op", "_prev", "node")

    def __init__(
        self, data: Any, _children: tuple[Value, ...] = (), _op: str = "", label: str = ""
    ) -> None:
        self._prev, self._op = set(_children), _op
        if isinstance(data, Node):
            self.node: Any = data
            if label:
                self.label = label
            return
        self.node = tensor(_number(data), name=label)

    # ---------------------------------------------------------- numbers

    @property
    def data(self) -> float:
        """The number. A leaf's can be set; what was computed before keeps what it saw."""
        return float(self.node.data)

    @data.setter
    def data(self, number: Any) -> None:
        if self.node.op is not None:
            raise MutationError(
                "a computed value does not change: a graph still needs it",
                came=repr(self),
                hint="set what it was computed from, and compute it again",
            )
        self.node.assign(_number(number))

    @property
    def grad(self) -> float:
        """The derivative that has arrived here; it can be set."""
        g = self.node.gradient
        return 0.0 if g is None else float(g.data if isinstance(g, Node) else g)

    @grad.setter
    def grad(self, number: Any) -> None:
        self.node.gradient = np.float64(_number(number))

    @property
    def label(self) -> str:
        """What pictures call it."""
        return self.node.name  # type: ignore[no-any-return]

    @label.setter
    def label(self, name: str) -> None:
        self.node.name = name

    def backward(self) -> None:
        """Send the derivative 1 from here to everything that this value was computed from."""
        self.node.backward()
        if self.node.op is None:
            self.grad = 1.0

    def _backward(self) -> None:
        """One step of the chain rule by hand: `grad` is sent on to what `_prev` holds."""
        if self.node.op is None:
            return
        inputs = list(dict.fromkeys(x for x in self.node.inputs if x.requires_grad))
        found = backward([self.node], [np.float64(self.grad)], inputs)
        for x, g in found.items():
            x.gradient = g if x.gradient is None else x.gradient + g

    def zero_grad(self) -> None:
        """Forget the derivative."""
        self.node.gradient = None

    # ---------------------------------------------------------- arithmetic

    def __add__(self, other: Any) -> Value:
        other = _value(other)
        return Value(self.node + other.node, (self, other), "+")

    def __mul__(self, other: Any) -> Value:
        other = _value(other)
        return Value(self.node * other.node, (self, other), "*")

    def __pow__(self, other: Any) -> Value:
        if isinstance(other, Value):
            return Value(self.node**other.node, (self, other), "**")
        return Value(self.node ** _number(other), (self,), f"**{other}")

    def __rpow__(self, other: Any) -> Value:
        return _value(other) ** self

    def relu(self) -> Value:
        """max(0, x)."""
        return Value(relu(self.node), (self,), "ReLU")

    def tanh(self) -> Value:
        """The hyperbolic tangent."""
        return Value(tanh(self.node), (self,), "tanh")

    def exp(self) -> Value:
        """e to the power of it."""
        return Value(exp(self.node), (self,), "exp")

    def log(self) -> Value:
        """The natural logarithm."""
        return Value(log(self.node), (self,), "log")

    def sigmoid(self) -> Value:
        """1 / (1 + exp(−x))."""
        return Value(sigmoid(self.node), (self,), "sigmoid")

    def __neg__(self) -> Value:
        return self * -1

    def __sub__(self, other: Any) -> Value:
        return self + (-_value(other))

    def __rsub__(self, other: Any) -> Value:
        return _value(other) + (-self)

    def __truediv__(self, other: Any) -> Value:
        return self * _value(other) ** -1

    def __rtruediv__(self, other: Any) -> Value:
        return _value(other) * self**-1

    __radd__, __rmul__ = __add__, __mul__

    def __float__(self) -> float:
        return self.data

    # ---------------------------------------------------------- seeing

    @property
    def graph(self) -> Graph:
        """The graph of everything that this value was computed from."""
        return Graph([self.node])

    def show(self, **options: Any) -> None:
        """Show the graph in the browser, or in the notebook."""
        self.node.show(**options)

    def explain(self, **options: Any) -> Any:
        """The derivation of this value's derivative, step by step."""
        return self.node.explain(**options)

    def __repr__(self) -> str:
        return f"Value(data={self.data}, grad={self.grad})"


def _value(x: Any) -> Value:
    return x if isinstance(x, Value) else Value(x)


def _number(x: Any) -> float:
    """x as a Python number; DTypeError for what is none."""
    if isinstance(x, Value):
        return x.data
    try:
        return float(x)
    except (TypeError, ValueError):
        raise DTypeError(
            "a Value holds one number", asked="a number",
            came=tr("{value} of type {kind}", value=repr(x)[:60], kind=type(x).__name__),
            hint="for arrays: sg.tensor(...)",
        ) from None  # fmt: skip
