"""Chapter 7, convolution: its figures, derivations and plots: windows, im2col, LeNet's filters."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import cache
from itertools import product
from typing import Any

import numpy as np

from seegrad.book import Adam, Affine, Convolution, Pooling, Relu, SoftmaxWithLoss, im2col, softmax
from seegrad.book.base.network import ImageNetwork, scaled_randn
from seegrad.chapter.chapter6 import drawn_from
from seegrad.chapter.figure import Figure, by_number
from seegrad.chapter.graphs import leaf, named, spoken
from seegrad.chapter.plots import Plot, Slider, heat_map, outline, words
from seegrad.data import digits
from seegrad.graph.mode import frame
from seegrad.i18n import tr
from seegrad.ops.shape import reshape
from seegrad.tensor.tensor import Tensor

IMAGE = ((1.0, 2, 3, 0), (0, 1, 2, 3), (3, 0, 1, 2), (2, 3, 0, 1))
FILTER = ((2.0, 0, 1), (0, 1, 2), (1, 0, 2))
BIAS = 3.0
PLACES = tuple(product(range(2), repeat=2))
FILTERS, UPDATES = 6, 250


class LeNet(ImageNetwork):
    """LeNet for digits of 8×8: filters, pooling, filters, two Affine layers, and the loss."""

    def __init__(self) -> None:
        def first(number: int, *shape: int) -> dict[str, Any]:
            fan, outputs = (
                (int(np.prod(shape[1:])), shape[0]) if len(shape) == 4 else (shape[0], shape[1])
            )
            return {
                "W": scaled_randn("he", fan, *shape), "b": np.zeros(outputs),
                "names": (f"W{number}", f"b{number}"),
            }  # fmt: skip

        self.layers: OrderedDict[str, Any] = OrderedDict(
            Conv1=Convolution(**first(1, FILTERS, 1, 5, 5), pad=2),
            Relu1=Relu(),
            Pool1=Pooling(2, 2, stride=2),
            Conv2=Convolution(**first(2, 16, FILTERS, 3, 3)),
            Relu2=Relu(),
            Affine1=Affine(**first(3, 64, 40)),
            Relu3=Relu(),
            Affine2=Affine(**first(4, 40, 10)),
        )
        self.last_layer = SoftmaxWithLoss()


def images() -> tuple[Any, Any]:
    """The digits of the package as images."""
    x, t = digits()
    return np.asarray(x, float).reshape(-1, 1, 8, 8), np.asarray(t)


@cache
def learnt() -> tuple[Any, LeNet, float]:
    """The first filters as they began, the network that has learnt, its accuracy on the rest."""
    x, t = images()
    with drawn_from(0):
        net, optimizer = LeNet(), Adam(0.005)
        before = np.array(net.params["W1"])
        for _ in range(UPDATES):
            rows = np.random.choice(1500, 100)
            optimizer.update(net.params, net.gradient(x[rows], t[rows]))
    return before, net, net.accuracy(x[1500:], t[1500:])


# --------------------------------------------------------------- figures


def _small() -> tuple[Tensor, Tensor, Tensor]:
    return (
        leaf(np.array(IMAGE)[None, None], "x"),
        leaf(np.array(FILTER)[None, None], "W"),
        leaf([BIAS], "b"),
    )


def convolution(lang: str) -> Tensor:
    """A 4×4 image, a 3×3 filter and the bias 3; 1 arrives at each of the four results."""
    x, W, b = _small()
    y: Tensor = Convolution(W, b).forward(x)
    y.backward(np.ones(y.shape))
    return named(y, "y")


def as_product(lang: str) -> Tensor:
    """The same with im2col: the windows as rows, the filter as a column, one matrix product."""
    x, W, b = _small()
    with frame("im2col"):
        col = named(im2col(x, 3, 3), "col")
    y = reshape(col @ reshape(W, shape=(9, 1)) + b, shape=(1, 1, 2, 2))
    y.backward(np.ones(y.shape))
    return named(y, "y")


def pooling(lang: str) -> Tensor:
    """The largest of each 2×2 window; what comes back goes to the largest alone."""
    y: Tensor = Pooling(2, 2, stride=2).forward(
        leaf(np.array(((1.0, 2, 0, 4), (3, 0, 2, 1), (5, 1, 0, 2), (0, 2, 1, 3)))[None, None], "x")
    )
    y.backward(np.array([[1.0, 2], [3, 4]])[None, None])
    return named(y, "y")


def lenet(lang: str) -> Tensor:
    """A digit's way through LeNet to its loss."""
    x, t = images()
    with drawn_from(0):
        net = LeNet()
    digit = leaf(x[2:3], spoken(lang, "숫자", "digit"), learns=False)
    loss = net._in_one_graph(digit, t[2:3], True)
    loss.backward()
    return named(loss, "L")


FIGURES: Mapping[str, Figure] = by_number(
    Figure("7a", convolution),
    Figure("7b", as_product),
    Figure("7c", pooling),
    Figure("7d", lenet, open="none"),
)
DERIVATIONS: Mapping[str, tuple[Callable[[str], Tensor], str | None]] = {
    "convolution": (convolution, "W"),
}


# --------------------------------------------------------------- plots

CELL = 34


def _sum(place: tuple[int, int]) -> tuple[str, float]:
    """The products under the filter at a place, written out, and their sum with the bias."""
    (i, j), W = place, np.array(FILTER)
    seen = np.array(IMAGE)[i : i + 3, j : j + 3]
    terms = " + ".join(f"{a:g}·{b:g}" for a, b in zip(seen.flat, W.flat, strict=True))
    value = float((seen * W).sum() + BIAS)
    return f"{terms} + {BIAS:g} = {value:g}", value


def result() -> Any:
    """The four results, by the layer."""
    W, b = np.array(FILTER)[None, None], np.array([BIAS])
    return Convolution(W, b).forward(np.array(IMAGE)[None, None])[0, 0]


def _where(lang: str) -> Slider:
    return Slider("place", tr("place of the window", language=lang), ["1", "2", "3", "4"])


def _named_map(x: float, y: float, name: str, values: Any) -> str:
    return words(x, y - 8, name, "start") + heat_map(x, y, CELL, values, numbers=True)


def window(lang: str) -> Plot:
    """The filter slides over the image; each place gives one number."""
    plot = Plot(640, 225, tr("a filter that slides over an image", language=lang), [_where(lang)])
    plot.add(_named_map(20, 30, "x", IMAGE) + _named_map(230, 47, "W", FILTER))
    plot.add(words(195, 103, "∗") + words(375, 103, f"+ {BIAS:g} ="))
    plot.add(_named_map(430, 64, "y", result()))
    for at, (i, j) in enumerate(PLACES):
        seen = outline(20 + j * CELL, 30 + i * CELL, 3 * CELL, 3 * CELL)
        there = outline(430 + j * CELL, 64 + i * CELL, CELL, CELL)
        told = words(20, 205, _sum((i, j))[0], "start", "strong")
        plot.add(seen + there + told, f"place:{at}")
    return plot


def columns(lang: str) -> Plot:
    """im2col: each window becomes a row, the filter a column, and all are one matrix product."""
    says = tr("windows as rows of a matrix", language=lang)
    plot = Plot(640, 345, says, [_where(lang)])
    col = np.asarray(im2col(np.array(IMAGE)[None, None], 3, 3))
    out = np.asarray(result()).reshape(4, 1)
    plot.add(_named_map(20, 85, "x", IMAGE) + _named_map(180, 85, "col", col))
    plot.add(words(496, 158, "·") + _named_map(506, 25, "W", np.array(FILTER).reshape(9, 1)))
    plot.add(words(565, 158, f"+ {BIAS:g} =") + _named_map(590, 85, "y", out))
    for at, (i, j) in enumerate(PLACES):
        plot.add(
            outline(20 + j * CELL, 85 + i * CELL, 3 * CELL, 3 * CELL)
            + outline(180, 85 + at * CELL, 9 * CELL, CELL)
            + outline(590, 85 + at * CELL, CELL, CELL),
            f"place:{at}",
        )
    return plot


def filters(lang: str) -> Plot:
    """LeNet's six first filters as they began and as they have learnt."""
    said = (tr("before learning", language=lang), tr("after learning", language=lang))
    slider = Slider("when", tr("filters", language=lang), said, 1)
    plot = Plot(640, 130, tr("the six filters of LeNet's first layer", language=lang), [slider])
    before, net, _ = learnt()
    for when, W in enumerate((before, net.params["W1"])):
        maps = "".join(heat_map(10 + 106 * i, 10, 19, W[i, 0]) for i in range(FILTERS))
        plot.add(maps, f"when:{when}")
    for i in range(FILTERS):
        plot.add(words(57 + 106 * i, 124, f"{i + 1}", kind="soft"))
    return plot


def maps(lang: str) -> Plot:
    """What the six learnt filters see in a digit, and what the network says."""
    slider = Slider("digit", tr("digit", language=lang), [str(n) for n in range(10)], 3)
    plot = Plot(640, 290, tr("what six filters see in a digit", language=lang), [slider])
    x, t = images()
    _, net, _ = learnt()
    for digit in range(10):
        image = x[1500 + int(np.flatnonzero(t[1500:] == digit)[0])][None]
        seen = net.layers["Relu1"].forward(net.layers["Conv1"].forward(image))[0]
        shares = np.asarray(softmax(net.predict(image)))[0]
        drawn = heat_map(10, 60, 19, image[0, 0])
        for i in range(FILTERS):
            drawn += heat_map(210 + 145 * (i % 3), 10 + 128 * (i // 3), 14, seen[i])
            drawn += words(266 + 145 * (i % 3), 136 + 128 * (i // 3), f"{i + 1}", kind="soft")
        told = f"{int(shares.argmax())} ({shares.max():.3f})"
        plot.add(drawn + words(86, 240, told, kind="strong"), f"digit:{digit}")
    return plot


PLOTS: Mapping[str, Callable[[str], Plot]] = {
    "window": window, "columns": columns, "filters": filters, "maps": maps,
}  # fmt: skip
