"""Exchange: gradients summed over all processes while the backward pass still runs.

Parameters lie in buckets, the last used first; as soon as the gradients of a bucket are complete
its sum is begun, in the same order everywhere. What is summed is decided here, how in `world.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.graph.graph import walk
from seegrad.graph.mode import in_mode
from seegrad.graph.node import Node
from seegrad.parallel.world import World
from seegrad.tensor.tensor import Tensor

Array = NDArray[Any]
BUCKET_BYTES = 2**20


@dataclass(eq=False)
class Bucket:
    """Some parameters, their gradients one after another, and a mark for each that has one."""

    parameters: list[Tensor]
    flat: Array
    parts: list[Array]
    missing: int = 0
    request: Any = field(default=None, repr=False)

    @property
    def marks(self) -> Array:
        """Above 0 for each parameter that some process has a gradient for."""
        return self.flat[-len(self.parameters) :]


def bucketed(parameters: Sequence[Tensor], most: int = BUCKET_BYTES) -> list[Bucket]:
    """Buckets of at most `most` bytes (or of one parameter), the last parameters first."""
    groups: list[list[Tensor]] = []
    size = 0
    for p in reversed(parameters):
        nbytes = p.spec.nbytes
        if not groups or size + nbytes > most or groups[-1][0].dtype != p.dtype:
            groups.append([])
            size = 0
        groups[-1].append(p)
        size += nbytes
    return [_bucket(group) for group in groups]


def _bucket(parameters: list[Tensor]) -> Bucket:
    sizes = [p.size for p in parameters]
    flat = np.zeros(sum(sizes) + len(parameters), parameters[0].dtype)
    ends = np.cumsum(sizes)
    parts = [
        flat[end - size : end].reshape(p.shape) for p, size, end in zip(parameters, sizes, ends)
    ]
    return Bucket(parameters, flat, parts)


class Exchange:
    """Sums the gradients of `parameters` over a world."""

    def __init__(
        self, parameters: Sequence[Tensor], world: World, bucket_bytes: int = BUCKET_BYTES
    ) -> None:
        self.world = world
        self.buckets = bucketed(parameters, bucket_bytes)
        self._place: dict[Node, tuple[Bucket, int]] = {
            p: (bucket, i) for bucket in self.buckets for i, p in enumerate(bucket.parameters)
        }
        self._left: dict[Node, int] = {}
        self._next = 0

    @contextmanager
    def over(self, loss: Tensor | None) -> Iterator[None]:
        """Run `loss.backward()` in this block; after it, the parameters' gradients are the sums.

        None: this process has no examples in this step, and adds nothing.
        """
        self._begin(loss)
        with in_mode(watch_gradient=self._arrived):
            yield
        self._start_to(len(self.buckets))
        self.world.wait([bucket.request for bucket in self.buckets])
        for bucket in self.buckets:
            for p, part, mark in zip(bucket.parameters, bucket.parts, bucket.marks):
                p.gradient = part.copy() if mark else None

    def sum(self) -> None:
        """Sum what lies in the buckets over the world, each in place."""
        self.world.wait([self.world.start_sum(bucket.flat) for bucket in self.buckets])

    def _begin(self, loss: Tensor | None) -> None:
        """Count the edges that will bring something to each parameter."""
        self._left, self._next = {}, 0
        for node in walk([loss]) if loss is not None else ():
            if node.requires_grad:
                for x in node.inputs:
                    if x in self._place:
                        self._left[x] = self._left.get(x, 0) + 1
        for bucket in self.buckets:
            bucket.flat[:] = 0
            bucket.request = None
            bucket.missing = sum(p in self._left for p in bucket.parameters)
        for p in self._left:
            bucket, i = self._place[p]
            bucket.marks[i] = 1

    def _arrived(self, node: Node, position: int, g: Any) -> None:
        """A part of a derivative has come along an edge."""
        x = node.inputs[position]
        if x in self._left:
            bucket, i = self._place[x]
            bucket.parts[i][...] += g
            self._left[x] -= 1
            if not self._left[x]:
                bucket.missing -= 1
                self._start_complete()
        elif self._next:
            request = self.buckets[self._next - 1].request
            self.world.push(request)

    def _start_complete(self) -> None:
        ready = self._next
        while ready < len(self.buckets) and not self.buckets[ready].missing:
            ready += 1
        self._start_to(ready)

    def _start_to(self, end: int) -> None:
        for bucket in self.buckets[self._next : end]:
            bucket.request = self.world.start_sum(bucket.flat)
        self._next = max(self._next, end)
