"""What a rule is told about one equation of a jaxpr, and how a rule refuses a setting."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seegrad.errors import DTypeError
from seegrad.graph.node import Node
from seegrad.graph.spec import DType, Shape, Spec
from seegrad.i18n import tr
from seegrad.ops.compare import astype

Run = Callable[[Any, Sequence[Any]], list[Any]]
"""Runs a jaxpr (open or closed) on values."""


@dataclass(frozen=True)
class Site:
    """One equation: its primitive, settings, what goes in and comes out, and who runs bodies."""

    name: str
    params: Mapping[str, Any]
    inputs: tuple[Spec, ...]
    outputs: tuple[Spec, ...]
    run: Run
    derivative: Callable[[], tuple[Callable[..., Any], Callable[..., Any]]]
    """JAX's own derivative of this equation: `forward(*xs) -> (outs, saved)`, `backward`."""

    def __getitem__(self, setting: str) -> Any:
        if setting not in self.params:  # written otherwise by a JAX newer than those we know
            raise self.refuse(setting)
        return self.params[setting]

    @property
    def out(self) -> Spec:
        return self.outputs[0]

    def refuse(self, setting: str) -> DTypeError:
        """The error for a setting that has no counterpart here."""
        return refusal(f"{self.name}: {setting}")


Rule = Callable[[Site, list[Any]], Any]
"""A rule gives one value, or a list of as many as the equation has results."""


def refusal(what: str) -> DTypeError:
    return DTypeError(
        tr("from_jax: {what} has no counterpart here", what=what),
        asked="primitives and settings that the guide lists",
        hint="write this part with sg's functions",
    )


def known(x: Any) -> Any:
    """The numbers of x where they are known whatever the function is given; else None."""
    return None if isinstance(x, Node) else np.asarray(x)


def as_dtype(x: Any, dtype: DType) -> Any:
    """x in this dtype."""
    if x.dtype == dtype:
        return x
    return astype(x, dtype=dtype) if isinstance(x, Node) else np.asarray(x).astype(dtype)


def sizes(shape: Sequence[Any]) -> Shape:
    return tuple(int(n) for n in shape)
