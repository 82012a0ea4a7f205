"""What the book's layers share: they run on the op table, remember their last pass, and show it.

Numbers and arrays go in and come out as the book has them; tensors come out as tensors, so that the
layers' graphs join into one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from seegrad.autodiff.backward_pass import backward, ones_like
from seegrad.book.arrays import as_floats, exact
from seegrad.book.base.last_pass import LastPass, arriving
from seegrad.graph.graph import Graph
from seegrad.i18n import tr
from seegrad.tensor.tensor import Tensor, tensor


def as_leaf(value: Any, name: str) -> Tensor:
    """`value` as a floating-point leaf of a graph; a tensor as it is."""
    array = as_floats(value, name)
    return array if isinstance(array, Tensor) else tensor(array, name=name)


def as_given(result: Any, *like: Any) -> Any:
    """`result` in the kind of what it was made from: whole numbers, Python's own, or arrays.

    The book's layers multiply and add what they are given, so 100·2 is 200 and not 200.0.
    """
    if any(isinstance(x, Tensor) for x in like):
        return result
    value = result.value if isinstance(result, Tensor) else np.asarray(result)
    single = all(isinstance(x, (int, float)) for x in like)
    dtype = np.result_type(*(x if isinstance(x, (int, float)) else np.asarray(x) for x in like))
    if dtype.kind in "iu":
        exact(value, tr("the result"))
        value = value.astype(dtype)
    if single and not value.ndim:
        return value.item()
    return np.array(value) if value.ndim else value[()]


def plain(result: Any, *like: Any) -> Any:
    """A tensor for tensors, an array of its own for anything else."""
    if any(isinstance(x, Tensor) for x in like):
        return result
    return np.array(result.value if isinstance(result, Tensor) else result)[()]


class Layer(LastPass[Tensor]):
    """A layer in the book's manner: `forward`, then `backward` with the derivative that arrives.

    `graph` is the computational graph of the last forward pass, with every value, and after
    `backward` every derivative, on its edges.
    """

    learned: tuple[str, ...] = ()
    """The attributes that hold what is learned, W and b for example; their derivatives: dW, db."""
    names: tuple[str, ...] = ()
    """What they are called in the picture."""
    by_mode = False
    """Does `forward` take `train_flg`?"""

    _leaves: tuple[Tensor, ...] = ()
    _inputs: tuple[Tensor, ...] = ()

    def _remember(self, inputs: Sequence[Tensor], out: Tensor) -> Tensor:
        self._inputs = tuple(inputs)
        return self._keep(out)

    @property
    def graph(self) -> Graph:
        """The graph of the last forward pass of this layer alone."""
        return Graph([self._passed("graph")], self._inputs)

    def show(self, **options: Any) -> None:
        """Show the graph of the last forward pass, in the browser or in the notebook."""
        self.graph.show(**options)

    def _sent_back(self, dout: Any, wanted: Sequence[Tensor]) -> list[Any]:
        """The derivatives by `wanted`, from the derivative that arrives at the output."""
        out = self._taken_back()
        given = arriving(dout, out.shape)
        seed = np.asarray(ones_like(out) * given, out.dtype)
        found = backward([out], [seed[()] if seed.ndim == 0 else seed], wrt=wanted, keep=True)
        for node, value in found.items():
            node.gradient = value
        return [found[node] if node in found else np.zeros(node.shape) for node in wanted]

    def _sent_back_with_learned(self, dout: Any) -> Any:
        """The derivative by the first input, after those by what is learned have been kept."""
        self._passed("backward")
        first, *found = self._sent_back(dout, (self._inputs[0], *self._leaves))
        for name, value in zip(self.learned, found):
            setattr(self, f"d{name}", np.array(value))
        return plain(first, dout)

    def keep_gradients(self) -> None:
        """Keep the derivatives by what is learned, after a backward pass through a whole graph."""
        for name, leaf in zip(self.learned, self._leaves):
            setattr(self, f"d{name}", np.array(leaf.grad))

    def _to_each_side(self, dout: Any) -> list[Any]:
        """The derivatives along each wire into the node, also when both come from one value."""
        self._sent_back(dout, self._inputs)
        return list(self._passed("backward").branches or [])
