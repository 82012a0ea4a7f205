"""First values of weights: He, Xavier, normal, zeros. Plain arrays; no layer is known here."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.errors import ValueRangeError
from seegrad.i18n import tr
from seegrad.memory_budget import afford

Array = NDArray[Any]
Initialiser = Callable[[tuple[int, ...], int, np.random.Generator], Array]
"""(shape, fan-in, generator) → float64 values."""


class _Source:
    """The generator that layers draw from when they are not given one."""

    generator = np.random.default_rng()


def seed(number: int | None) -> None:
    """Let all layers made from now on draw the same first values again for the same number.

    None takes a fresh seed from the system.

    >>> import seegrad as sg
    >>> seed(1)
    >>> first = sg.nn.Linear(2, 2).W.value
    >>> seed(1)
    >>> bool((first == sg.nn.Linear(2, 2).W.value).all())
    True
    >>> seed(None)
    """
    _Source.generator = np.random.default_rng(number)


def random_state() -> dict[str, Any]:
    """Where the default generator stands, as numbers and words."""
    return dict(_Source.generator.bit_generator.state)


def restore_random(state: Mapping[str, Any]) -> None:
    """Put the default generator where `random_state` found it; ValueRangeError if it cannot be."""
    generator = np.random.default_rng()
    try:
        generator.bit_generator.state = dict(state)
    except (ValueError, TypeError, KeyError, OverflowError) as fault:
        raise ValueRangeError(
            tr("this is no state of a random generator"),
            asked=str(generator.bit_generator.state["bit_generator"]),
            came=str(fault)[:100] or type(fault).__name__,
        ) from None
    _Source.generator = generator


def default_generator() -> np.random.Generator:
    """The generator that `seed` last set."""
    return _Source.generator


def he(shape: tuple[int, ...], fan_in: int, chance: np.random.Generator) -> Array:
    """Normal with deviation √(2/fan-in), which keeps the spread through ReLU (He et al., 2015).

    Args:
        shape: the shape of the weights.
        fan_in: how many numbers meet in one output.
        chance: where numbers are drawn from.

    >>> he((2, 3), 2, np.random.default_rng(0)).shape
    (2, 3)
    """
    return math.sqrt(2.0 / max(fan_in, 1)) * chance.standard_normal(shape)


def xavier(shape: tuple[int, ...], fan_in: int, chance: np.random.Generator) -> Array:
    """Normal with deviation √(1/fan-in), for sigmoid and tanh (Glorot and Bengio, 2010).

    Args:
        shape: the shape of the weights.
        fan_in: how many numbers meet in one output.
        chance: where numbers are drawn from.

    >>> xavier((2, 3), 2, np.random.default_rng(0)).shape
    (2, 3)
    """
    return math.sqrt(1.0 / max(fan_in, 1)) * chance.standard_normal(shape)


def zeros(shape: tuple[int, ...], fan_in: int, chance: np.random.Generator) -> Array:
    """Nothing but 0: for biases; weights that start equal stay equal.

    Args:
        shape: the shape of the weights.
        fan_in: how many numbers meet in one output.
        chance: where numbers are drawn from.

    >>> zeros((3,), 2, np.random.default_rng(0))
    array([0., 0., 0.])
    """
    return np.zeros(shape)


def normal(std: float = 0.01) -> Initialiser:
    """Normal with a deviation of `std`, whatever the shape; the chapter uses 0.01.

    >>> normal(0.1)((2, 3), 2, np.random.default_rng(0)).shape
    (2, 3)
    """

    def draw(shape: tuple[int, ...], fan_in: int, chance: np.random.Generator) -> Array:
        return std * chance.standard_normal(shape)

    return draw


INITIALISERS: dict[str, Initialiser] = {
    "he": he,
    "xavier": xavier,
    "normal": normal(),
    "zeros": zeros,
}


def initialiser(chosen: str | float | Initialiser) -> Initialiser:
    """The initialiser of this name; a number is the deviation of a normal one.

    Raises ValueRangeError for a name that is not known.
    """
    if isinstance(chosen, str):
        if chosen in INITIALISERS:
            return _within_memory(INITIALISERS[chosen])
        raise ValueRangeError(
            tr("there is no such initialiser"),
            asked=", ".join(INITIALISERS),
            came=repr(chosen),
            hint=tr("choose one of these, give a deviation, or pass a function"),
        )
    return _within_memory(chosen if callable(chosen) else normal(float(chosen)))


def _within_memory(draw: Initialiser) -> Initialiser:
    """The same values, but a layer larger than the memory is refused before any is drawn."""

    def drawn(shape: tuple[int, ...], fan_in: int, chance: np.random.Generator) -> Array:
        afford(8 * math.prod(shape), tr("weights of shape {shape}", shape=shape))
        return draw(shape, fan_in, chance)

    return drawn
