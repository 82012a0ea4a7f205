"""What a layer computes, as a function of arrays, and one pass through it.

On arrays a formula is NumPy, on tensors it leaves a graph, which is made when a derivative or a
picture asks for it. Arrays of one kind that come again and again run as native code made from the
same function.
Data flows: arrays → Pass (what came in) → outputs; seeds → derivatives by what came in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from seegrad.autodiff.backward_pass import backward
from seegrad.compiler.compile import Compiled
from seegrad.graph.mode import current_mode, in_mode
from seegrad.graph.spec import spec_of
from seegrad.tensor.tensor import Tensor, tensor
from seegrad.text import signature
from seegrad.transforms.derivatives import vjp

OFTEN = 8
"""The so manieth pass with arrays of the same shapes is compiled."""
KEPT = 128
"""So many kinds of call are counted and kept compiled for each formula."""

Values = Sequence[Any]


class Formula:
    """A function of arrays whose arguments' names are those of the picture.

    constants: the arguments, separated by spaces, that no derivative is sent to.
    """

    def __init__(self, function: Callable[..., Any], constants: str = "") -> None:
        self.function = function
        self.outputs = _in_a_tuple(function)
        self.names = tuple(signature(function).parameters)
        fixed = constants.split()
        self.by = tuple(i for i, name in enumerate(self.names) if name not in fixed)
        self._seen: Counter[Any] = Counter()
        self._native: dict[Any, Compiled[..., Any]] = {}

    def leaves(self, values: Values) -> tuple[Any, ...]:
        """The values as leaves of a graph; a tensor as it is."""
        return tuple(
            v if isinstance(v, Tensor)
            else tensor(v, name=name, requires_grad=i in self.by and v.dtype.kind == "f")
            for i, (v, name) in enumerate(zip(values, self.names))
        )

    def native(self, values: Values, seeds: Values = ()) -> Compiled[..., Any] | None:
        """Native code for arrays like these (with seeds: the derivatives), once they come often.

        None while `sg.debug()` looks at each node.
        """
        if current_mode().watch is not None:
            return None
        key = (len(seeds), *((v.shape, v.dtype.char) for v in (*values, *seeds)))
        found = self._native.get(key)
        if found is None:
            self._seen[key] += 1
            if self._seen[key] < OFTEN:
                return None
            if len(self._seen) > KEPT:
                self._seen.clear()
                self._native.clear()
            asked = _pulled(self.outputs, self.by, len(values)) if seeds else self.outputs
            found = Compiled(asked, None)
            self._native[key] = found
        return found


def _in_a_tuple(function: Callable[..., Any]) -> Callable[..., tuple[Any, ...]]:
    """`function`, its results always in a tuple."""

    def outputs(*values: Any) -> tuple[Any, ...]:
        found = function(*values)
        return found if isinstance(found, tuple) else (found,)

    return outputs


def _pulled(
    outputs: Callable[..., tuple[Any, ...]], by: tuple[int, ...], count: int
) -> Callable[..., Any]:
    """The derivatives by the arguments at `by`, from `count` values and then the seeds."""

    def derivatives(*given: Any) -> Any:
        values, seeds = given[:count], given[count:]

        def chosen(*some: Any) -> Any:
            whole = list(values)
            for i, value in zip(by, some):
                whole[i] = value
            return outputs(*whole)[: len(seeds)]

        _, pull = vjp(chosen, *(values[i] for i in by))
        return pull(tuple(seeds))

    return derivatives


class Pass:
    """One pass through a formula: what came in, and its graph as soon as it is there."""

    def __init__(self, formula: Formula, values: Values) -> None:
        self.formula, self.values = formula, tuple(values)
        self.leaves: tuple[Any, ...] = ()
        self.outputs: tuple[Any, ...] = ()
        self.specs: tuple[Any, ...] = ()

    def run(self) -> list[Any]:
        """The outputs as arrays of their own; no graph is made yet."""
        native = self.formula.native(self.values)
        if current_mode().watch is not None:
            found = [np.array(out.value) for out in self.recorded()]
        elif native is None:
            found = [np.asarray(out) for out in self.formula.outputs(*self.values)]
        else:
            found = [np.array(out.value) for out in native(*self.values)]
        self.specs = tuple(spec_of(out) for out in found)
        return [out[()] for out in found]

    def recorded(self) -> tuple[Any, ...]:
        """The outputs as tensors with their graph."""
        if not self.outputs:
            self.leaves = self.formula.leaves(self.values)
            with in_mode(recording=True):
                self.outputs = self.formula.outputs(*self.leaves)
            self.specs = tuple(out.spec for out in self.outputs)
        return self.outputs

    def derivatives(self, seeds: Values) -> list[Any]:
        """The derivative by each value that is not constant, for those that arrive at outputs."""
        plain = not any(isinstance(v, Tensor) for v in self.values)
        native = self.formula.native(self.values, seeds) if plain else None
        if native is not None:
            return [np.array(g.value)[()] for g in native(*self.values, *seeds)]
        outputs = self.recorded()[: len(seeds)]
        wanted = [self.leaves[i] for i in self.formula.by]
        found = backward(outputs, list(seeds), wrt=wanted, keep=True)
        for node, value in found.items():
            node.gradient = value
        return [
            np.array(found[leaf])[()] if leaf in found else np.zeros(leaf.shape, leaf.dtype)
            for leaf in wanted
        ]
