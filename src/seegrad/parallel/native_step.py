"""A step on several processes in two native programs: a share's gradients, and the update.

Between them the gradients leave: each bucket's is one flat array, with a mark for each parameter
that has one, as `buckets.py` lays them out. Sums and stops are not made here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.compiler.compile import Compiled
from seegrad.optim.optimizer import Optimizer
from seegrad.parallel.buckets import Bucket
from seegrad.tensor.tensor import Tensor
from seegrad.training.stepping import Parts

Array = NDArray[Any]


def share_gradients(parts: Parts, laid: Sequence[Sequence[Tensor]]) -> Callable[..., Any]:
    """A function of a share and its weight: its part of the loss, and of each bucket's sum.

    laid: each bucket's parameters. A bucket itself would be captured with the numbers that are in
    it, which are others at every step: the program would be made for them.
    """
    network, optimizer, loss = parts

    def gradients(x: Any, t: Any, weight: Any) -> Any:
        optimizer.zero_grad()
        value = loss(network(x), t)
        value = value * weight.astype(value.dtype)
        value.backward()
        flats = [_flat(parameters) for parameters in laid]
        optimizer.zero_grad()                            # they leave, and are not kept
        return value, flats

    return gradients


def _flat(parameters: Sequence[Tensor]) -> Any:
    found = [p.grad for p in parameters]
    marks = np.array([g is not None for g in found], parameters[0].dtype)
    laid = [
        np.zeros(p.size, p.dtype) if g is None else g.reshape(-1)
        for p, g in zip(parameters, found)
    ]
    return np.concatenate([*laid, marks])


def update_from(
    optimizer: Optimizer, laid: Sequence[Sequence[Tensor]], marks: Sequence[Sequence[bool]]
) -> Callable[..., Any]:
    """A function of the buckets' sums: the optimizer's step, of the parameters that are marked."""

    def update(*flats: Any) -> Any:
        optimizer.zero_grad()
        for parameters, marked, flat in zip(laid, marks, flats):
            start = 0
            for p, has in zip(parameters, marked):
                if has:
                    p.grad = flat[start : start + p.size].reshape(p.shape)
                start += p.size
        optimizer.step()
        optimizer.zero_grad()
        return optimizer.lr

    return update


class NativeStep:
    """The two programs, made anew where network, optimizer or loss is another object."""

    def __init__(self, buckets: Sequence[Bucket]) -> None:
        self.buckets, self.laid = buckets, [bucket.parameters for bucket in buckets]
        self._parts: Parts | None = None
        self._gradients: Compiled[..., Any] | None = None
        self._updates: dict[tuple[tuple[bool, ...], ...], Compiled[..., Any]] = {}

    def gradients(self, parts: Parts, x: Array, t: Array, weight: float) -> float:
        """This process's part of the loss; its gradients are laid into the buckets."""
        if self._parts is None or any(a is not b for a, b in zip(self._parts, parts)):
            self._parts, self._updates = parts, {}
            self._gradients = Compiled(share_gradients(parts, self.laid), None)
        for bucket in self.buckets:
            bucket.flat[...] = 0                         # a process without examples adds nothing
        if not len(x):
            return 0.0
        assert self._gradients is not None
        value, flats = self._gradients(x, t, np.asarray(weight))
        for bucket, flat in zip(self.buckets, flats):
            np.copyto(bucket.flat, np.asarray(flat))
        return float(value.item())

    def update(self) -> None:
        """The optimizer's step with what is in the buckets now."""
        assert self._parts is not None
        marks = tuple(tuple((bucket.marks > 0).tolist()) for bucket in self.buckets)
        if marks not in self._updates:
            self._updates[marks] = Compiled(
                update_from(self._parts[1], self.laid, marks), None
            )
        self._updates[marks](*[bucket.flat for bucket in self.buckets])
