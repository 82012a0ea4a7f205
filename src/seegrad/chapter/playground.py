"""The playground: a user's network on a user's data, or data and networks to choose in the page.

How a network trains in its page is `drawing/scene/playground.py`'s affair; here stand the choices.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np

from seegrad.data import Dataset, moons, rings, spiral, xor
from seegrad.drawing.scene.playground import carried, training_scene, with_choices
from seegrad.drawing.scene.scene import Scene, picture_language
from seegrad.errors import ValueRangeError
from seegrad.i18n import tr
from seegrad.nn import Affine, Module, ReLU, Sequential, Sigmoid, Tanh

SETS: Mapping[str, Callable[[], Dataset]] = {
    "moons": lambda: moons(100, noise=0.15),
    "rings": lambda: rings(100),
    "xor": lambda: xor(50, noise=0.15),
    "spiral": lambda: spiral(100, classes=2),
}
ACTIVATIONS: Mapping[str, tuple[type[Module], str]] = {
    "tanh": (Tanh, "xavier"), "sigmoid": (Sigmoid, "xavier"), "relu": (ReLU, "he"),
}  # fmt: skip
WIDTHS, DEPTHS = (2, 3, 4, 6, 8), (1, 2, 3)
FIRST = {"data": "moons", "width": 6, "depth": 1, "activation": "tanh"}


def playground(
    net: Callable[[Any], Any] | None = None,
    x: Any = None,
    t: Any = None,
    *,
    batch: int = 32,
    rate: float = 0.5,
    title: str = "",
    lang: str | None = None,
    open: str = "auto",
) -> Scene:
    """A network that trains in its own page; save it with `sg.draw`, or show it in a notebook.

    Without a network, data (four sets), width, depth and activation are chosen in the page. The
    page shows the neurons with their weights, the decision boundary, the loss, and the graph with
    every value and derivative; its address keeps what was chosen.

    Args:
        net: what turns a batch (batch, features) into scores (batch, classes).
        x, t: its data (rows, features) and labels (rows,); with two features the page draws the
            decision boundary. At most 1,000 rows travel with the page.
        batch, rate: rows a step, and the learning rate to begin with.
        title, lang, open: as for `sg.draw`'s pictures.

    Raises ShapeError for data that do not fit, ValueRangeError when the network is too large for
    a page or cannot be run there, or when there is a network without data.

    >>> playground(lang="en").program["train"]["choices"]["widths"]
    [2, 3, 4, 6, 8]
    """
    if net is not None and x is not None and t is not None:
        return training_scene(
            net, x, t, batch=batch, rate=rate, title=title, lang=lang, open=open
        )
    if not net is x is t is None:
        raise ValueRangeError(
            tr("a playground takes a network with its data, or nothing to choose all in the page"),
            asked="sg.playground(net, x, t) | sg.playground()",
            came=", ".join(
                name for name, it in (("net", net), ("x", x), ("t", t)) if it is not None
            ),
        )
    return _to_choose_from(batch, rate, title, picture_language(lang))


@cache
def _to_choose_from(batch: int, rate: float, title: str, lang: str) -> Scene:
    """The playground in which everything is chosen."""
    data = {name: carried(*_even(make())) for name, make in SETS.items()}
    x, t = (np.array(data[str(FIRST["data"])][key]) for key in "xt")
    nets = {
        f"{width} {depth} {activation}": training_scene(
            network(width, depth, activation), x, t, batch=batch, rate=rate, title=title,
            lang=lang, open="layers",
        )
        for depth in DEPTHS for activation in ACTIVATIONS for width in WIDTHS
    }  # fmt: skip
    chosen = {"widths": [*WIDTHS], "depths": [*DEPTHS], "activations": [*ACTIVATIONS]}
    first = nets[f"{FIRST['width']} {FIRST['depth']} {FIRST['activation']}"]
    return with_choices(first, nets, {**chosen, "data": data, "first": FIRST})


def network(width: int, depth: int, activation: str) -> Sequential:
    """`depth` hidden layers of `width` neurons; its first weights have three decimals."""
    chance = np.random.default_rng(0)
    kind, initial = ACTIVATIONS[activation]
    sizes = [2, *[width] * depth, 2]
    layers: list[Module] = []
    for inputs, outputs in pairwise(sizes):
        layer = Affine(inputs, outputs, initial=initial, generator=chance)
        layer.W.assign(np.round(layer.W.value, 3))
        layers += [layer, kind()]
    return Sequential(*layers[:-1])


def _even(found: Dataset) -> tuple[Any, Any]:
    """A set's points around zero with deviation one, with three decimals."""
    x = np.asarray(found.x)
    return np.round((x - x.mean(axis=0)) / x.std(axis=0), 3), found.t
