"""Where the results of a loop lie: those of one dtype one behind the other in one vector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seegrad.graph.bind import bind
from seegrad.graph.spec import DType, Shape, Spec
from seegrad.ops.shape import reshape, slice_scatter, strided_slice


@dataclass(frozen=True)
class Place:
    """A result: the number of its vector, where it begins there, and its shape."""

    part: int
    start: int
    spec: Spec

    @property
    def shape(self) -> Shape:
        return self.spec.shape


class Layout:
    """The vectors of some results, one for each dtype, and the place of each result."""

    def __init__(self, specs: Sequence[Spec]) -> None:
        self.dtypes: list[DType] = list(dict.fromkeys(s.dtype for s in specs))
        self.sizes = [0] * len(self.dtypes)
        self.places: list[Place] = []
        for spec in specs:
            part = self.dtypes.index(spec.dtype)
            self.places.append(Place(part, self.sizes[part], spec))
            self.sizes[part] += spec.size

    def spec(self, part: int) -> Spec:
        """What a vector is."""
        return Spec((self.sizes[part],), self.dtypes[part])

    def empty(self) -> tuple[list[Any], list[Any]]:
        """Memory for the vectors, and a view of it for each result."""
        vectors = [np.empty(n, d) for n, d in zip(self.sizes, self.dtypes)]
        return vectors, self.views(vectors)

    def views(self, vectors: Sequence[Any]) -> list[Any]:
        """The results as arrays over the vectors' own memory."""
        return [
            vectors[p.part][p.start : p.start + p.spec.size].reshape(p.shape) for p in self.places
        ]

    def taken(self, vectors: Sequence[Any]) -> list[Any]:
        """The results, read out of vectors that may be nodes."""
        return [self.read(p, vectors[p.part]) for p in self.places]

    def read(self, place: Place, vector: Any) -> Any:
        """One result, read out of its vector."""
        if (place.start, place.spec.size) != (0, vector.shape[0]):
            index = ((place.start, place.spec.size, 1),)
            vector = bind(strided_slice, (vector,), {"index": index})
        return bind(reshape, (vector,), {"shape": place.shape})

    def written(self, parts: Sequence[Any], part: int) -> Any:
        """Vector `part` of results that may be nodes; what is None is zeros."""
        total: Any = None
        for place, value in zip(self.places, parts):
            if place.part != part or value is None or not place.spec.size:
                continue
            flat = bind(reshape, (value,), {"shape": (place.spec.size,)})
            if place.spec.size != self.sizes[part]:
                index = ((place.start, place.spec.size, 1),)
                attrs = {"shape": (self.sizes[part],), "index": index}
                flat = bind(slice_scatter, (flat,), attrs)
            total = flat if total is None else total + flat
        return np.zeros(self.sizes[part], self.dtypes[part]) if total is None else total
