"""multilayer: the plain network of fully connected layers, from its widths. No class lives here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from seegrad.errors import ValueRangeError
from seegrad.i18n import tr
from seegrad.nn.layers.activations import ELU, GELU, LeakyReLU, ReLU, Sigmoid, SiLU, Tanh
from seegrad.nn.layers.affine import Affine
from seegrad.nn.layers.containers import Sequential
from seegrad.nn.module import Module

ACTIVATIONS: dict[str, Callable[[], Module]] = {
    "sigmoid": Sigmoid,
    "relu": ReLU,
    "leaky_relu": LeakyReLU,
    "tanh": Tanh,
    "elu": ELU,
    "gelu": GELU,
    "silu": SiLU,
}
"""What may stand between the layers, by name."""

_RECTIFYING = ("relu", "leaky_relu", "elu", "gelu", "silu")


def multilayer(
    inputs: int,
    outputs: int,
    hidden: int | Sequence[int] = (50,),
    activation: str = "relu",
    dtype: Any = np.float32,
    generator: np.random.Generator | None = None,
) -> Sequential:
    """Affine, activation, …, Affine: `inputs` values a row in, `outputs` out.

    hidden: the widths between. activation: one of ACTIVATIONS; it also decides the first values
    (He's for those that rectify, Xavier's for the others). Raises ValueRangeError for another.

    Args:
        dtype: of what is learnt.
        generator: where they are drawn from; sg's own when not given.

    >>> multilayer(64, 10, hidden=(50, 30), activation="sigmoid")
    Sequential(
      affine1: Affine(64 → 50)
      sigmoid1: Sigmoid()
      affine2: Affine(50 → 30)
      sigmoid2: Sigmoid()
      affine3: Affine(30 → 10)
    )
    """
    if activation not in ACTIVATIONS:
        raise ValueRangeError(
            tr("there is no such activation"),
            asked=", ".join(ACTIVATIONS),
            came=f"activation={activation!r}",
        )
    initial = "he" if activation in _RECTIFYING else "xavier"
    layers: list[Module] = []
    width = inputs
    for wide in (hidden,) if isinstance(hidden, int) else hidden:
        layers.append(Affine(width, wide, initial=initial, dtype=dtype, generator=generator))
        layers.append(ACTIVATIONS[activation]())
        width = wide
    last = Affine(width, outputs, initial="xavier", dtype=dtype, generator=generator)
    return Sequential(*layers, last)
