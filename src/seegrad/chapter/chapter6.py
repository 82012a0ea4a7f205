"""Chapter 6, learning well: optimizers on one surface, first weights and activations by layer,
batch normalization, weight decay, Dropout: its figures, derivations and plots.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np

from seegrad.book import (
    SGD,
    AdaGrad,
    Adam,
    BatchNormalization,
    Momentum,
    MultiLayerNetExtend,
    Nesterov,
    RMSprop,
    relu,
    sigmoid,
    smooth_curve,
)  # fmt: skip
from seegrad.chapter.figure import Figure, by_number
from seegrad.chapter.graphs import leaf, named, spoken
from seegrad.chapter.plots import Axes, Plot, Slider, histogram, number, words
from seegrad.data import digits
from seegrad.drawing.values.summary import shown
from seegrad.graph.mode import frame
from seegrad.i18n import tr
from seegrad.ops.arithmetic import sqrt
from seegrad.ops.reduce import sum as total
from seegrad.ops.transcendental import tanh
from seegrad.tensor.tensor import Tensor
from seegrad.transforms.derivatives import grad

START, STEPS = (-7.0, 2.0), 30
OPTIMIZERS: Mapping[str, Callable[[], Any]] = {
    "SGD, η = 0.95": lambda: SGD(0.95),
    "Momentum, η = 0.1": lambda: Momentum(0.1),
    "Nesterov, η = 0.1": lambda: Nesterov(0.1),
    "AdaGrad, η = 1.5": lambda: AdaGrad(1.5),
    "RMSprop, η = 0.1": lambda: RMSprop(0.1),
    "Adam, η = 0.3": lambda: Adam(0.3),
}
ACTIVATIONS: Mapping[str, tuple[Callable[[Any], Any], tuple[float, float]]] = {
    "sigmoid": (sigmoid, (0, 1)), "tanh": (tanh, (-1, 1)), "ReLU": (relu, (0, 1)),
}  # fmt: skip
WIDTH, LAYERS = 100, 5
DEVIATIONS: Mapping[str, float] = {
    "1": 1.0, "0.01": 0.01, "Xavier 1/√n": WIDTH**-0.5, "He √(2/n)": (2 / WIDTH) ** 0.5,
}  # fmt: skip
SCALES = (1.0, 0.3, 0.1, 0.03, 0.01)
UPDATES = 60


# --------------------------------------------------------------- figures


def surface(x: Any, y: Any) -> Any:
    """f = x²/20 + y²: a long valley."""
    return x**2 / 20.0 + y**2


def _given(value: float, name: str) -> Tensor:
    return leaf(value, name, learns=False)


def valley(lang: str) -> Tensor:
    """The surface at (−7, 2): −0.7 and 4 come back, so steep is y and so flat is x."""
    f = named(surface(leaf(START[0], "x"), leaf(START[1], "y")), "f")
    f.backward()
    return f


def momentum(lang: str) -> Tensor:
    """One step of Momentum: v = 0.9·(−0.4) − 0.1·3.2 = −0.68, y = 0.92."""
    y, v, g = (_given(n, name) for n, name in ((1.6, "y"), (-0.4, "v"), (3.2, "∂f/∂y")))
    faster = named(0.9 * v - 0.1 * g, spoken(lang, "새 v", "new v"))
    return named(y + faster, spoken(lang, "새 y", "new y"))


def adagrad(lang: str) -> Tensor:
    """The first step of AdaGrad: h = 16, y = 2 − 1.5·4/√16 = 0.5."""
    y, h, g = (_given(n, name) for n, name in ((2.0, "y"), (0.0, "h"), (4.0, "∂f/∂y")))
    grown = named(h + g**2, spoken(lang, "새 h", "new h"))
    return named(y - 1.5 * g / sqrt(grown), spoken(lang, "새 y", "new y"))


def normalised(lang: str) -> Tensor:
    """Four rows with mean 1 and deviation 1, by the book's layer; 2 and 1 arrive at two of them."""
    layer = BatchNormalization(leaf([2.0], "γ"), leaf([0.5], "β"), names=("γ", "β"))
    with frame("BatchNorm"):
        y: Tensor = layer.forward(leaf([[0.0], [0], [2], [2]], "x"))
    named(y, "y").backward(np.array([[2.0], [0], [0], [1]]))
    return y


def decayed(lang: str) -> Tensor:
    """L = ½(x·W − t)² + ½λΣW²: to the error's gradient comes λW."""
    W, x = leaf([1.0, -2.0], "W"), leaf([1.0, 1.0], "x", learns=False)
    error = named(0.5 * (total(x * W) - 1.0) ** 2, "E")
    penalty = 0.5 * leaf(0.1, "λ", learns=False) * total(W**2)
    loss = named(error + penalty, "L")
    loss.backward()
    return loss


def dropped(lang: str) -> Tensor:
    """Half of the values are left out; nothing comes back to them either."""
    mask = leaf([1.0, 0, 1, 0], "mask", learns=False)
    y = named(leaf([1.0, 2, 3, 4], "x") * mask, "y")
    y.backward(np.array([1.0, 2, 3, 4]))
    return y


FIGURES: Mapping[str, Figure] = by_number(
    Figure("6a", valley),
    Figure("6b", momentum),
    Figure("6c", adagrad),
    Figure("6d", normalised),
    Figure("6e", decayed),
    Figure("6f", dropped),
)
DERIVATIONS: Mapping[str, tuple[Callable[[str], Tensor], str | None]] = {
    "valley": (valley, None), "decay": (decayed, "W"),
}  # fmt: skip


# --------------------------------------------------------------- plots


@contextmanager
def drawn_from(seed: int) -> Iterator[None]:
    """`np.random` begins at `seed` in the block, and goes on behind it as if nothing had been."""
    before = np.random.get_state()
    np.random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(before)


def way_of(optimizer: Any) -> np.ndarray[Any, Any]:
    """Where an optimizer comes by on the surface, from START."""
    params, slope = dict(zip("xy", START, strict=True)), grad(surface, argnums=(0, 1))
    points = [START]
    for _ in range(STEPS):
        found = slope(params["x"], params["y"])
        optimizer.update(params, dict(zip("xy", map(float, found), strict=True)))
        points.append((float(params["x"]), float(params["y"])))
    return np.array(points)


def ways(lang: str) -> Plot:
    """Six optimizers on the contours of x²/20 + y²."""
    sliders = (
        Slider("optimizer", tr("optimizer", language=lang), [*OPTIMIZERS]),
        Slider("step", tr("step", language=lang), [str(i) for i in range(STEPS + 1)], STEPS),
    )
    plot = Plot(640, 430, tr("the ways of six optimizers down a valley", language=lang), sliders)
    axes = Axes((40, 10, 580, 380), (-10, -4), (10, 4))
    rings = "".join(axes.ellipse(((20 * c) ** 0.5, c**0.5)) for c in (0.3, 1, 2, 4, 7, 11, 16))
    plot.add(axes.frame("x, y") + axes.clip(f"valley-{lang}", rings))
    for i, make in enumerate(OPTIMIZERS.values()):
        points = way_of(make())
        for step, (x, y) in enumerate(points):
            way = axes.path(points[step - 1 : step + 1]) if step else ""
            plot.add(way + axes.dot(x, y), f"optimizer:{i} step:{step}+")
            told = f"x: {shown(x)} · y: {shown(y)} · f: {shown(float(surface(x, y)))}"
            plot.add(words(56, 32, told, "start", "strong"), f"optimizer:{i} step:{step}")
    return plot


@cache
def activations(kind: str, deviation: float) -> tuple[np.ndarray[Any, Any], ...]:
    """What comes out of each of five layers of 100 for 1,000 random rows."""
    function, _ = ACTIVATIONS[kind]
    draw = np.random.default_rng(0)
    x, found = draw.normal(size=(1000, WIDTH)), []
    for _ in range(LAYERS):
        x = np.asarray(function(x @ (draw.normal(size=(WIDTH, WIDTH)) * deviation)))
        found.append(x)
    return tuple(found)


def layers(lang: str) -> Plot:
    """Histograms of activations, layer by layer, for three functions and four first deviations."""
    sliders = (
        Slider("function", tr("activation", language=lang), [*ACTIVATIONS]),
        Slider("deviation", tr("deviation of the first weights", language=lang), [*DEVIATIONS]),
    )
    plot = Plot(700, 235, tr("activations of five layers as histograms", language=lang), sliders)
    for i, (kind, (_, (low, high))) in enumerate(ACTIVATIONS.items()):
        for j, deviation in enumerate(DEVIATIONS.values()):
            bars = ""
            for k, values in enumerate(activations(kind, deviation)):
                counts, _ = np.histogram(values, 30, (low, high))
                room = (10 + 138 * k, 28, 128, 155)
                told = tr("deviation {value}", value=shown(float(values.std())), language=lang)
                bars += histogram(room, list(counts / values.size / 0.12))
                bars += words(room[0], 200, number(low), "start")
                bars += words(room[0] + 128, 200, number(high), "end")
                bars += words(room[0] + 64, 222, told, kind="soft")
            plot.add(bars, f"function:{i} deviation:{j}")
    for k in range(LAYERS):
        plot.add(words(74 + 138 * k, 18, tr("layer {value}", value=k + 1, language=lang)))
    return plot


def _batches(count: int) -> Iterator[tuple[Any, Any]]:
    x, t = digits()
    x, t = np.asarray(x[:1000], float), np.asarray(t[:1000])
    for _ in range(count):
        rows = np.random.choice(len(x), 100)
        yield x[rows], t[rows]


@cache
def losses(first: Any) -> tuple[float, ...]:
    """The losses of a network with four hidden layers on the digits, from such first weights."""
    with drawn_from(0):
        net = MultiLayerNetExtend(64, [50] * 4, 10, weight_init_std=first)
        optimizer, found = SGD(0.05), []
        for x, t in _batches(150):
            optimizer.update(net.params, net.gradient(x, t))
            found.append(float(net.last_layer.loss.item()))
    return tuple(found)


FIRST = {"0.01": 0.01, "Xavier": "sigmoid", "He": "relu"}


def starts(lang: str) -> Plot:
    """The loss from three kinds of first weights."""
    plot = Plot(640, 330, tr("losses from three kinds of first weights", language=lang))
    axes = Axes((50, 10, 570, 280), (0, 0), (150, 2.5))
    plot.add(axes.frame(tr("updates", language=lang)))
    for kind, (name, first) in zip(("curve", "other", "way"), FIRST.items(), strict=True):
        smooth = smooth_curve(losses(first))
        plot.add(axes.path(np.stack([np.arange(len(smooth)), smooth], 1), kind))
        _, y = axes.at(0, smooth[110])
        plot.add(words(axes.at(110, 0)[0], float(y) - 6, name, "start", "strong"))
    return plot


@cache
def accuracies(scale: float, norm: bool) -> tuple[float, ...]:
    """The training accuracy, every ten updates, with or without batch normalization."""
    with drawn_from(1):
        net = MultiLayerNetExtend(
            64, [50] * 4, 10, weight_init_std=scale, use_batchnorm=norm
        )
        optimizer, found = SGD(0.05), []
        x, t = (np.asarray(part[:1000]) for part in digits())
        for update, (rows, labels) in enumerate(_batches(UPDATES + 1)):
            if update % 10 == 0:
                found.append(net.accuracy(x.astype(float), t))
            optimizer.update(net.params, net.gradient(rows, labels))
    return tuple(found)


def norm(lang: str) -> Plot:
    """Training with batch normalization and without it, from five scales of first weights."""
    label = tr("deviation of the first weights", language=lang)
    plot = Plot(
        640, 330, tr("accuracy with batch normalization and without it", language=lang),
        [Slider("scale", label, [shown(s) for s in SCALES], 2)],
    )  # fmt: skip
    axes = Axes((50, 10, 570, 280), (0, 0), (UPDATES, 1))
    plot.add(axes.frame(tr("updates", language=lang)))
    named_lines = (
        (True, "way", tr("with batch normalization", language=lang)),
        (False, "other", tr("without", language=lang)),
    )
    for i, scale in enumerate(SCALES):
        for row, (used, kind, name) in enumerate(named_lines):
            found = accuracies(scale, used)
            points = np.stack([np.arange(len(found)) * 10, found], 1)
            told = f"{name}: {found[-1]:.3f}"
            high = 0.94 - row * 0.08
            x, y = axes.at(7, high)
            key = axes.path([(2, high), (6, high)], kind) + words(x, y + 4, told, "start")
            plot.add(axes.path(points, kind) + key, f"scale:{i}")
    return plot


PLOTS: Mapping[str, Callable[[str], Plot]] = {
    "ways": ways, "layers": layers, "starts": starts, "norm": norm,
}  # fmt: skip
