"""What the second volume's layers share: `params` and `grads` in lists, one pass, its graph.

Arrays go in and come out as in the book; tensors come out as tensors. While a network is seen
through (`network.py`), every layer gives tensors, so that the whole becomes one graph.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from seegrad.book.base.last_pass import LastPass, arriving
from seegrad.book2.arrays import Array, as_parameter
from seegrad.book2.formula import Formula, Pass
from seegrad.display_hooks import present
from seegrad.graph.graph import Graph
from seegrad.graph.mode import current_tracer, frame
from seegrad.ops.shape import transpose
from seegrad.tensor.tensor import Tensor, tensor


class Joined:
    """One whole graph being made: a leaf for each parameter array, however often it is used."""

    def __init__(self, labels: dict[int, str]) -> None:
        self.labels = labels
        self._leaves: dict[int, tuple[Any, Tensor]] = {}

    def leaf(self, array: Any, name: str, parameter: bool, trained: bool) -> Any:
        """The leaf that stands for `array`; for the transpose of a parameter, its transpose."""
        if isinstance(array, Tensor) or not parameter:
            return array if isinstance(array, Tensor) else tensor(
                array, name=name, requires_grad=trained
            )
        base = array.base
        if isinstance(base, np.ndarray) and is_transpose(array, base) and id(base) in self._leaves:
            return transpose(self._leaves[id(base)][1], axes=(1, 0))
        if id(array) not in self._leaves:
            self._leaves[id(array)] = array, tensor(array, name=name)
        return self._leaves[id(array)][1]


def is_transpose(a: Any, b: Any) -> bool:
    """Is `a` the transpose of `b`, in the same memory?"""
    return bool(
        a.ndim == b.ndim == 2
        and a.shape == b.shape[::-1]
        and a.strides == b.strides[::-1]
        and a.__array_interface__["data"][0] == b.__array_interface__["data"][0]
    )


class _Local(threading.local):
    joined: Joined | None = None


LOCAL = _Local()


class Layer(LastPass[Pass]):
    """A layer of the second volume: `forward`, then `backward`, which fills `grads`.

    `params` are the caller's own arrays: what is done to them in place (`param -= lr * grad`,
    `params[0][...] = W`) holds at the next forward. `graph` is the graph of the last pass.
    """

    formula: ClassVar[Formula]
    carried: ClassVar[tuple[str, ...]] = ()
    """Attributes that one forward pass leaves for the next."""

    def __init__(self, *params: Any) -> None:
        names = self.formula.names[len(self.formula.names) - len(params) :]
        self.params: list[Array] = [as_parameter(p, n) for p, n in zip(params, names)]
        self.grads: list[Array] = [np.zeros_like(p) for p in self.params]

    def _run(self, *inputs: Any) -> Any:
        """The formula of the inputs and the parameters; what it needs to go back is kept."""
        values = (*inputs, *self.params)
        joined = LOCAL.joined
        if joined is not None:
            return _one(self._joined(joined, values))
        last = self._keep(Pass(self.formula, values))
        if current_tracer() is None and not any(isinstance(v, Tensor) for v in inputs):
            return _one(last.run())
        with frame(type(self).__name__):
            return _one(last.recorded())

    def _joined(self, joined: Joined, values: Sequence[Any]) -> tuple[Any, ...]:
        formula, label = self.formula, joined.labels.get(id(self), type(self).__name__)
        first = len(values) - len(self.params)
        leaves = [
            joined.leaf(v, f"{label}.{name}" if i >= first else name, i >= first,
                        i in formula.by and v.dtype.kind == "f")
            for i, (v, name) in enumerate(zip(values, formula.names))
        ]  # fmt: skip
        with frame(label):
            return formula.outputs(*leaves)

    def _back(self, *douts: Any) -> Any:
        """Fill `grads`; give the derivatives by the inputs that have one."""
        last = self._taken_back()
        found = last.derivatives([_seed(d, spec) for d, spec in zip(douts, last.specs)])
        first = len(found) - len(self.params)
        for grad, g in zip(self.grads, found[first:]):
            grad[...] = g
        return _one(found[:first])

    def __getstate__(self) -> dict[str, Any]:
        """What a copy takes along: all but the last pass."""
        return {k: v for k, v in vars(self).items() if k not in ("_last", "_forwards")}

    @property
    def graph(self) -> Graph:
        """The graph of the last forward pass of this layer alone."""
        last = self._passed("graph")
        return Graph(last.recorded(), last.leaves)

    def show(self, **options: Any) -> None:
        """Show the graph in the browser, or in the notebook."""
        present("show", self.graph, **options)


def _one(found: Sequence[Any]) -> Any:
    """The only value, or all of them, or None."""
    return tuple(found) if len(found) > 1 else found[0] if found else None


def _seed(dout: Any, spec: Any) -> Any:
    """The derivative that arrives, in the shape of the output; a number stands for all of it."""
    seed = np.array(np.broadcast_to(arriving(dout, spec.shape), spec.shape), spec.dtype)
    return seed if seed.ndim else seed[()]
