"""What a PyTorch module does, as data: steps of ATen operations, one after another.

Written by `export`, read by everything else here. It holds no tensor of PyTorch's and no op of
ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.tree import Structure

Array = NDArray[Any]
DType = np.dtype[Any]


@dataclass(frozen=True, slots=True)
class Ref:
    """The result of an earlier step, an input, or a value that the network keeps."""

    name: str


@dataclass(frozen=True)
class Step:
    """One ATen operation. `arguments` has all of its schema's, by name and in its order.

    `given` names those that are not at their defaults; `dtypes` has one for each result (None:
    not an array); `path` is the module that it belongs to, from the outside in; `line` where the
    module's author wrote it.
    """

    name: str
    operator: str
    arguments: Mapping[str, Any]
    given: frozenset[str] = frozenset()
    dtypes: tuple[DType | None, ...] = ()
    several: bool = False
    path: tuple[str, ...] = ()
    line: str = ""


@dataclass(frozen=True)
class Input:
    """One array that the module takes; a size that is free has a name, a fixed value if none."""

    name: str
    shape: tuple[int | str, ...] = ()
    dtype: DType | None = None
    fixed: Any = None


@dataclass(frozen=True)
class Condition:
    """What must hold of free sizes, which are given by name, for the steps to be the module's."""

    text: str
    holds: Callable[[Mapping[str, int]], bool]


@dataclass(frozen=True)
class Program:
    """All steps of one mode, training or use.

    `kept` says which value of the network (by dotted name) a name stands for; `constants` are
    arrays that are always so. `outputs` are the results, in the order of the tree `result`.
    `changed`: which value of the network becomes what. `conditions`: of the sizes of inputs.
    """

    inputs: tuple[Input, ...]
    kept: Mapping[str, str]
    constants: Mapping[str, Any]
    steps: tuple[Step, ...]
    outputs: tuple[Any, ...]
    result: Structure
    changed: Mapping[str, Ref] = field(default_factory=dict)
    conditions: tuple[Condition, ...] = ()

    @property
    def wanted(self) -> list[Input]:
        """The arrays that a call gives."""
        return [one for one in self.inputs if one.fixed is None and one.dtype is not None]

    def serves(self, shapes: Sequence[tuple[int, ...]]) -> bool:
        """Were the steps written for arrays of these shapes, too?"""
        pairs = [pair for one, shape in zip(self.wanted, shapes) for pair in zip(one.shape, shape)]
        sizes = {name: n for name, n in pairs if isinstance(name, str)}
        same = all((sizes[one] if isinstance(one, str) else one) == n for one, n in pairs)
        return same and all(condition.holds(sizes) for condition in self.conditions)


@dataclass(frozen=True)
class Part:
    """One module inside: the name of its class and what it says of itself."""

    kind: str
    text: str = ""


@dataclass(frozen=True)
class Written:
    """A module as data. `state` has its arrays and `parts` its modules under every name; of shared
    ones, `first` says which is the one."""

    state: Mapping[str, Array]
    first: Mapping[str, str]
    trainable: frozenset[str]
    parts: Mapping[str, Part]
    programs: Mapping[str, Program]
    refused: Mapping[str, Exception] = field(default_factory=dict)


def refs(value: Any) -> list[str]:
    """The names that a tree of arguments refers to."""
    if isinstance(value, Ref):
        return [value.name]
    if isinstance(value, (tuple, list)):
        return [name for item in value for name in refs(item)]
    return []


def filled(value: Any, values: Mapping[str, Any]) -> Any:
    """A tree of arguments with values in the place of names."""
    if isinstance(value, Ref):
        return values[value.name]
    if isinstance(value, (tuple, list)):
        return tuple(filled(item, values) for item in value)
    return value
