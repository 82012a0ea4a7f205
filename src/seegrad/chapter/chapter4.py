"""Chapter 4, learning: its figures, derivations and plots: slopes, contours, gradient descent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from seegrad.book.gradient import numerical_gradient
from seegrad.chapter.figure import Figure, by_number
from seegrad.chapter.graphs import leaf, named, spoken
from seegrad.chapter.plots import Axes, Plot, Slider, words
from seegrad.drawing.values.summary import shown
from seegrad.i18n import tr
from seegrad.ops.arithmetic import negative
from seegrad.ops.nn.loss import softmax_cross_entropy
from seegrad.ops.reduce import sum as total
from seegrad.ops.transcendental import log
from seegrad.tensor.tensor import Tensor, tensor
from seegrad.transforms.derivatives import grad

START, STEPS = (-3.0, 4.0), 20
RATES = (1e-10, 0.01, 0.1, 0.4, 0.9, 1.05)
REACHES = (8.0, 4.0, 2.0, 1.0, 0.5, 0.1, 1e-4)


# --------------------------------------------------------------- figures


def squared_error(lang: str) -> Tensor:
    """E = ½Σ(y − t)²: what comes back to y is y − t."""
    y, t = leaf([0.1, 0.2, 0.7], "y"), leaf([0.0, 0.0, 1.0], "t", learns=False)
    loss = named(total((y - t) ** 2) * 0.5, "E")
    loss.backward()
    return loss


def entropy(lang: str) -> Tensor:
    """L = −log y of the right answer's probability."""
    loss = named(negative(log(leaf(0.6, "y"))), "L")
    loss.backward()
    return loss


def central_difference(lang: str) -> Tensor:
    """(f(x + h) − f(x − h))/2h of f(x) = x² at 3: a graph like any other."""
    x, h = leaf(3.0, "x", learns=False), leaf(0.5, "h", learns=False)
    return named(((x + h) ** 2 - (x - h) ** 2) / (2 * h), spoken(lang, "기울기", "slope"))


def plane(x: Any) -> Any:
    """f(x₀, x₁) = x₀² + x₁² of an array of two."""
    return total(x**2)


def bowl(lang: str) -> Tensor:
    """The same with names, at (3, 4): 25; 6 and 8 come back."""
    f = named(leaf(3.0, "x0") ** 2 + leaf(4.0, "x1") ** 2, "f")
    f.backward()
    return f


def update(lang: str) -> Tensor:
    """One step of gradient descent: 3 − 0.1·6 = 2.4."""
    x, rate = leaf(3.0, "x0", learns=False), leaf(0.1, "η", learns=False)
    slope = named(2.0 * x, spoken(lang, "기울기", "gradient"))
    return named(x - rate * slope, spoken(lang, "새 x0", "new x0"))


def simple_net(lang: str) -> Tensor:
    """Two inputs, three classes: the loss, and its gradient in the shape of W."""
    W = leaf([[0.5, 1.0, 0.8], [0.9, 0.0, 0.7]], "W")
    scores = named(tensor([[0.6, 0.9]], name="x", requires_grad=False) @ W, "a")
    loss = softmax_cross_entropy(scores, tensor([[0.0, 0, 1]], name="t", requires_grad=False))
    loss.backward()
    return named(loss, "L")


FIGURES: Mapping[str, Figure] = by_number(
    Figure("4a", bowl),
    Figure("4b", squared_error),
    Figure("4c", entropy),
    Figure("4d", central_difference),
    Figure("4e", update),
    Figure("4f", simple_net),
)
DERIVATIONS: Mapping[str, tuple[Callable[[str], Tensor], str | None]] = {
    "squared": (squared_error, "y"), "bowl": (bowl, None), "net": (simple_net, "W"),
}  # fmt: skip


# --------------------------------------------------------------- plots


def slopes(h: float) -> tuple[float, float]:
    """The slope of 0.01x² + 0.1x at 5 by a forward and by a central difference."""
    return (
        float((curve(5.0 + h) - curve(5.0)) / h),
        float(numerical_gradient(curve, np.array(5.0), h)),
    )


def curve(x: Any) -> Any:
    """The book's f(x) = 0.01x² + 0.1x, with the slope 0.2 at 5."""
    return 0.01 * x**2 + 0.1 * x


def secant(lang: str) -> Plot:
    """f(x) = 0.01x² + 0.1x and its two secants at 5, for h from 8 to 10⁻⁴."""
    slider = Slider("h", "h", [shown(h) for h in REACHES])
    plot = Plot(640, 330, tr("a curve and its secants", language=lang), [slider])
    axes = Axes((50, 10, 570, 290), (-5, -1), (20, 6))
    x = np.linspace(-5, 20, 60)
    plot.add(axes.frame("x") + axes.path(np.stack([x, curve(x)], 1), "curve"))
    for i, h in enumerate(REACHES):
        forward, central = slopes(h)
        lines = ""
        for slope, kind in ((forward, "other"), (central, "way")):
            line = curve(5.0) + slope * (x - 5)
            lines += axes.path(np.stack([x, line], 1), kind)
        lines += "".join(axes.dot(at, curve(at)) for at in (5 - h, 5, 5 + h) if -5 <= at <= 20)
        said = (
            (tr("forward difference", language=lang), forward, 34),
            (tr("central difference", language=lang), central, 54),
        )
        lines += "".join(words(70, y, f"{name}: {shown(s)}", "start") for name, s, y in said)
        plot.add(axes.clip(f"secant-{lang}-{i}", lines), f"h:{i}")
    return plot


def arrow(axes: Axes, x: float, y: float, by: tuple[float, float]) -> str:
    """An arrow from (x, y) by so much."""
    (a, b), (c, d) = axes.at(x, y), axes.at(x + by[0], y + by[1])
    long = float(np.hypot(c - a, d - b))
    if long < 2:
        return f'<circle class="dot" cx="{a:.1f}" cy="{b:.1f}" r="2"/>'
    u, v = (c - a) / long * 5, (d - b) / long * 5
    sides = (c - u - v / 2, d - v + u / 2), (c - u + v / 2, d - v - u / 2)
    head = "M{:.1f} {:.1f}L{:.1f} {:.1f}L{:.1f} {:.1f}".format(*sides[0], c, d, *sides[1])
    return f'<path class="arrow" d="M{a:.1f} {b:.1f}L{c:.1f} {d:.1f}{head}"/>'


def field(lang: str) -> Plot:
    """The opposite of the gradient of x₀² + x₁² on a grid, found in both ways."""
    ways = (tr("backpropagation", language=lang), tr("central difference", language=lang))
    slider = Slider("way", tr("gradient by", language=lang), ways)
    plot = Plot(420, 420, tr("arrows that point down the bowl", language=lang), [slider])
    axes = Axes((40, 10, 370, 370), (-2, -2), (2, 2))
    rings = "".join(axes.ellipse((r, r)) for r in (0.5, 1, 1.5, 2))
    plot.add(axes.frame("x₀, x₁") + rings)
    slopes_by: tuple[Callable[[Any], Any], ...] = (grad(plane), partial(numerical_gradient, plane))
    for i, slope in enumerate(slopes_by):
        arrows = ""
        for x in np.arange(-1.75, 2, 0.5):
            for y in np.arange(-1.75, 2, 0.5):
                down = -0.1 * np.asarray(slope(np.array([x, y])))
                arrows += arrow(axes, x, y, (float(down[0]), float(down[1])))
        plot.add(arrows, f"way:{i}")
    return plot


def path_down(rate: float) -> np.ndarray[Any, Any]:
    """Where gradient descent comes by on x₀² + x₁², step by step, from START."""
    x, slope = np.array(START), grad(plane)
    points = [x]
    for _ in range(STEPS):
        x = x - rate * np.asarray(slope(x))
        points.append(x)
    return np.array(points)


def descent(lang: str) -> Plot:
    """Gradient descent on contours, for six learning rates."""
    sliders = (
        Slider("rate", tr("learning rate", language=lang), [f"η = {shown(r)}" for r in RATES], 2),
        Slider("step", tr("step", language=lang), [str(i) for i in range(STEPS + 1)], STEPS),
    )
    plot = Plot(560, 470, tr("the way of gradient descent on contours", language=lang), sliders)
    axes = Axes((40, 10, 500, 420), (-6, -5), (6, 5))
    rings = axes.clip(f"bowl-{lang}", "".join(axes.ellipse((r, r)) for r in range(1, 8)))
    plot.add(axes.frame("x₀, x₁") + rings)
    for i, rate in enumerate(RATES):
        points = path_down(rate)
        for step, (x, y) in enumerate(points):
            if abs(x) < 6 and abs(y) < 5:
                way = axes.path(points[step - 1 : step + 1]) if step else ""
                plot.add(way + axes.dot(x, y), f"rate:{i} step:{step}+")
            told = f"x₀: {shown(float(x))} · x₁: {shown(float(y))} · f: {shown(x * x + y * y)}"
            plot.add(words(56, 32, told, "start", "strong"), f"rate:{i} step:{step}")
    return plot


PLOTS: Mapping[str, Callable[[str], Plot]] = {"secant": secant, "field": field, "descent": descent}
