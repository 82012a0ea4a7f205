"""What chapters and guides say in formulas: their texts, captions, plots, and the words on wires.

One direction: text → `formulas_in` → LaTeX (`from_plain`, for what stands in plain signs) → the
MathML of the page → `reading`. What letters stand for: in a caption or on a wire the values and
derivatives of its figure; elsewhere what `meant` says, found by other means than the formula.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.book import SGD, AdaGrad, Momentum
from seegrad.chapter.chapter4 import curve
from seegrad.chapter.figure import Figure
from seegrad.chapter.graphs import LOGITS
from seegrad.chapter.page import CHAPTERS, Chapter, blocks, read
from seegrad.drawing.formula.mathml import to_mathml
from seegrad.drawing.formula.template import read as read_formula
from seegrad.drawing.scene.scene import Wire
from seegrad.graph.graph import walk
from seegrad.i18n import LANGUAGES
from trust.formulas.printed import DRAWS, Reading, reading, sides_of

Array = NDArray[Any]
Names = dict[str, Any]
ROOT = Path(__file__).parents[2]
GUIDES = ("README.md", "README.ko.md", "docs/tutorial.md", "docs/ko/tutorial.md")
WHOLE = "whole"
"""Among the names of a formula without `=`: what all of it must be."""

# --------------------------------------------------------------- formulas in a text

_RAISED = {**dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")), "ᵀ": r"\top"}
_LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789"))
_SCRIPTS = "".join([*_RAISED, *_LOWERED])
_FRACTIONS = {"½": r"\frac{1}{2}", "¼": r"\frac{1}{4}", "¾": r"\frac{3}{4}"}
_FUNCTION = r"(?:exp|log|ln|dY|dX|dW)(?![A-Za-z])"
_ATOM = rf"(?:{_FUNCTION}|∂?[A-Za-zα-ωΣ](?![A-Za-z])|\d[\d,]*(?:\.\d+)?|[½¼¾Σ…])[{_SCRIPTS}]*"
_RUN = re.compile(rf"(?<![A-Za-z*])(?:(?:{_ATOM}|[−+·×/=(),])[{_SCRIPTS}]*\s?)+")
_SHAPE = r"\(\d+,(?: \d+)?\)"
_SHAPES = re.compile(rf"({_SHAPE}) ?= ?({_SHAPE}) ?·? ?({_SHAPE})$")


def formulas_in(text: str) -> Iterator[tuple[str, bool]]:
    """Each $formula$, and each equality in plain signs; and whether it is LaTeX."""
    bare = re.sub(r"```.*?```|`[^`]*`|\*\*", "", text, flags=re.S)
    for latex in re.findall(r"\$([^$]+)\$", bare):
        yield latex, True
    for found in _RUN.finditer(re.sub(r"\$[^$]+\$", "ㅤ", bare)):
        plain = found[0].strip(" ,")
        for part in re.split(r", (?=[^,()]* =)", plain):
            if re.search(r"[^\s=] ?= ?[^\s=]", part) and not part.endswith(("=", "…")):
                yield part, False


def from_plain(text: str) -> str:
    """Mathematics in plain signs as LaTeX.

    >>> from_plain("−(∂L/∂y)y² exp(−x) = ½t₁")
    '−(\\frac{\\partial L}{\\partial y})y^{2} \\exp(−x) = \\frac{1}{2}t_{1}'
    """
    text = re.sub(rf"[{''.join(_RAISED)}]+", lambda m: f"^{{{_spelt(m[0])}}}", text)
    text = re.sub(rf"[{''.join(_LOWERED)}]+", lambda m: f"_{{{_spelt(m[0])}}}", text)
    text = re.sub(r"([a-z])(\d+)", r"\1_{\2}", text)
    text = re.sub(r"∂(\w+)/∂(\w+)", r"\\frac{\\partial \1}{\\partial \2}", text)
    text = re.sub(r"\b(exp|log|ln)\b", r"\\\1", text).replace("Σ", "\\sum ")
    text = re.sub(r"\bd([XYW])\b", r"\\mathrm{d\1}", text)
    for sign, latex in _FRACTIONS.items():
        text = text.replace(sign, latex)
    return text


def _spelt(scripts: str) -> str:
    return "".join((_RAISED | _LOWERED)[each] for each in scripts)


def shapes_fault(text: str) -> str | None:
    """What is wrong with the shapes of a product, (3, 2) = (3, 3)(3, 2); None of another text."""
    left, _, right = text.partition(" = ")
    found = _SHAPES.match(text) or _SHAPES.match(f"{right} = {left}")
    if found is None:
        return None
    out, a, b = (tuple(map(int, re.findall(r"\d+", each))) for each in found.groups())
    came = (np.ones(a) @ np.ones(b)).shape if a[-1] == b[0] else ()
    return "" if came == out else f"shapes that do not fit: {text}"


def fault_of(latex: str, names: Mapping[str, Any], rng: np.random.Generator) -> Reading:
    """A formula read; all of its sides have to be readable, and the same."""
    if WHOLE in names:
        latex = rf"{latex} = \mathrm{{{WHOLE}}}"
    formula = to_mathml(read_formula(latex))
    found = reading(formula, names, rng)
    if not found.fault and found.read < max(2, len(sides_of(formula))):
        return Reading(found.read, f"not every side can be read: {latex}")
    return found


# --------------------------------------------------------------- what letters stand for


def slopes(function: Callable[..., Any], *at: float) -> list[float]:
    """The partial derivatives, by central differences in complex steps: exact to the last digit."""
    points = np.array(at, complex) + 1e-30j * np.eye(len(at))
    return [float(np.imag(function(*point))) * 1e30 for point in points]


def _numbers(rng: np.random.Generator, names: str) -> Names:
    return {name: float(rng.uniform(0.3, 2)) for name in names.split()}


def _slope(of: str, by: str, function: Callable[..., Any], *at: float, i: int = 0) -> Names:
    return {f"∂{of}/∂{by}": slopes(function, *at)[i]}


def _logistic(rng: np.random.Generator) -> Names:
    x = float(rng.normal())
    return {"x": x, "y": 0.5 * (1 + np.tanh(x / 2))}


def _relu(rng: np.random.Generator) -> Names:
    x = float(rng.normal())
    return {"x": x, "y": max(x, 0.0), "∂y/∂x": (max(x + 1e-6, 0.0) - max(x - 1e-6, 0.0)) / 2e-6}


def _softmax(rng: np.random.Generator) -> Names:
    """One element of a softmax and its loss; derivatives by complex steps."""
    a, t = rng.normal(size=4), rng.dirichlet(np.ones(4))
    powers = np.exp(a)

    def loss(*scores: Any) -> Any:
        return np.log(np.sum(np.exp(scores))) - np.sum(t * np.array(scores))

    k = int(rng.integers(4))
    y = powers / powers.sum()
    return {"a_k": a[k], "t_k": t[k], "y_k": y[k], "S": powers.sum(),
            "slope": slopes(loss, *a)[k],
            "by y": slopes(lambda p: -t[k] * np.log(p), y[k])[0]}  # fmt: skip


def _loss(rng: np.random.Generator, squared: bool) -> Names:
    t, y = np.eye(4)[rng.integers(4)], rng.dirichlet(np.ones(4))
    right = int(t.argmax())
    squares = float(np.linalg.norm(y - t)) ** 2 / 2
    found = {"t_k": t, "y_k": y, "L": -np.log(y[right])}
    return {"t_k": t, "y_k": y, "E": squares} if squared else found


def _mean(rng: np.random.Generator) -> Names:
    """The cross-entropy of a batch of five, and its derivative by one score."""
    a, labels = rng.normal(size=(5, 4)), rng.integers(4, size=5)
    y = np.exp(a) / np.exp(a).sum(axis=1, keepdims=True)

    def loss(*scores: Any) -> Any:
        rows = np.array(scores).reshape(5, 4)
        return np.mean(np.log(np.exp(rows).sum(axis=1)) - rows[np.arange(5), labels])

    return {"t": np.eye(4)[labels], "y": y, "N": 5, "L": float(loss(*a.ravel())),
            WHOLE: np.array(slopes(loss, *a.ravel())).reshape(5, 4)}  # fmt: skip


def _affine(rng: np.random.Generator) -> Names:
    """Derivatives of Σ c ⊙ (XW + B), which c arrives at."""
    X, W, c = rng.normal(size=(3, 2)), rng.normal(size=(2, 4)), rng.normal(size=(3, 4))
    by_w = slopes(lambda *w: np.sum(c * (X @ np.reshape(w, (2, 4)))), *W.ravel())
    by_x = slopes(lambda *x: np.sum(c * (np.reshape(x, (3, 2)) @ W)), *X.ravel())
    by_b = slopes(lambda *b: np.sum(c * (X @ W + np.array(b))), *np.zeros(4))
    return {"X": X, "∂L/∂Y": c, "∂L/∂W": np.reshape(by_w, (2, 4)), "∂L/∂B": np.array(by_b),
            "∂L/∂Y_n": c, "∑_n": lambda x: np.sum(x, axis=0), "W": W,
            "dY": c, "dW": np.reshape(by_w, (2, 4)), "dX": np.reshape(by_x, (3, 2))}  # fmt: skip


def _step(rule: Callable[..., Any], of: str, rng: np.random.Generator) -> Names:
    """What the book's optimizer makes of a parameter in its second step."""
    W, g, before = rng.normal(size=3), rng.normal(size=3), rng.normal(size=3)
    params, optimizer = {"W": W.copy()}, rule(0.1)
    optimizer.update(params, {"W": before})
    first = params["W"].copy()
    kept = {name: np.array(getattr(optimizer, name)["W"]) for name in ("v", "h")
            if getattr(optimizer, name, None) is not None}  # fmt: skip
    optimizer.update(params, {"W": g})
    now = {name: np.array(getattr(optimizer, name)["W"]) for name in kept} | {"W": params["W"]}
    # W ← W + v and √h come behind v ← and h ←: they take what has been made; the book's √h has
    # 1e-7 beside it, so that nothing is divided by 0
    made = {name: now[name] for name in kept} if of == "W" else kept
    if of == "W" and "h" in made:
        made["h"] = (np.sqrt(made["h"]) + 1e-7) ** 2
    return {"W": first, "x": first, "g": g, "∂L/∂W": g, "∂f/∂x": g, "η": 0.1, "α": 0.9, **made,
            WHOLE: now[of]}  # fmt: skip


def _quotient(rng: np.random.Generator, both: bool) -> Names:
    """The slope of a parabola between two points is that of its tangent in their middle."""
    a, b, x, h = rng.uniform(0.3, 2, 4)
    found = slopes(lambda at: a * at**2 + b * at, x if both else x + h / 2)[0]
    return {"f": lambda at: a * at**2 + b * at, "x": x, "h": h, WHOLE: found}


def _composite(rng: np.random.Generator) -> Names:
    x, y = rng.uniform(0.3, 2, 2)
    t = float(np.sum([x, y]))
    return {"x": x, "y": y, "t": t, "z": np.square(t), **_slope("z", "t", np.square, t),
            **_slope("t", "x", np.add, x, y),
            **_slope("z", "x", lambda p, q: np.square(p + q), x, y)}  # fmt: skip


def _plus(rng: np.random.Generator) -> Names:
    x, y = rng.normal(size=2)
    return {**_slope("z", "x", np.add, x, y), **_slope("z", "y", np.add, x, y, i=1)}


def _convolved(rng: np.random.Generator) -> Names:
    """How many windows there are, counted one by one."""
    FH, P, S = (int(n) for n in rng.integers(1, 4, 3))
    H = FH - 2 * P + S * int(rng.integers(1, 6))
    places = range(-P, H + P - FH + 1, S)
    return {"H": H, "FH": FH, "P": P, "S": S, WHOLE: len(places)}


def _decay(rng: np.random.Generator) -> Names:
    W, rate = rng.normal(size=5), float(rng.uniform(0.1, 2))
    return {"W": W, "λ": rate, WHOLE: rate * float(np.dot(W, W)) / 2}


def _kept_apart(gain: float, rng: np.random.Generator) -> Names:
    """The deviation of weights under which so many inputs keep the square's mean."""
    n = int(rng.integers(1, 300))
    return {"n": n, WHOLE: float(np.exp(-0.5 * np.log(n / gain)))}


def _reciprocal(rng: np.random.Generator) -> Names:
    x = float(rng.uniform(0.3, 2))
    return {"x": x, "y": 1 / x, WHOLE: slopes(lambda at: 1 / at, x)[0]}


def _of_softmax(part: str, rng: np.random.Generator) -> Names:
    found = _softmax(rng)
    return {**found, WHOLE: {"a": found["slope"], "y": found["by y"],
                             "1/S": found["by y"] * found["y_k"] * found["S"],
                             "S": 1 / found["S"]}[part]}  # fmt: skip


def _without_whole(names: Callable[[np.random.Generator], Names]) -> Any:
    return lambda rng: {k: v for k, v in names(rng).items() if k != WHOLE}


def _pair(rng: np.random.Generator) -> Names:
    x = rng.normal(size=2)
    return {"x_0": x[0], "x_1": x[1], WHOLE: float(np.vdot(x, x))}


MEANT: Mapping[str, Callable[[np.random.Generator], Names] | None] = {
    r"E = \frac{1}{2} \sum (y_{k} - t_{k})^{2}": partial(_loss, squared=True),
    r"L = -\sum t_{k} \log y_{k}": partial(_loss, squared=False),
    r"L = -\log y": lambda rng: {"y": (p := rng.uniform(0.1, 1)), "L": np.log(1 / p)},
    r"\frac{f(x + h) - f(x)}{h}": partial(_quotient, both=False),
    r"\frac{f(x + h) - f(x - h)}{2 h}": partial(_quotient, both=True),
    r"x_{0}^{2} + x_{1}^{2}": _pair,
    r"x \leftarrow x - \eta \frac{\partial f}{\partial x}": partial(_step, SGD, "W"),
    r"W \leftarrow W - \eta \frac{\partial L}{\partial W}": partial(_step, SGD, "W"),
    r"v \leftarrow \alpha v - \eta \frac{\partial L}{\partial W}": partial(_step, Momentum, "v"),
    r"W \leftarrow W + v": partial(_step, Momentum, "W"),
    r"h \leftarrow h + g^{2}": partial(_step, AdaGrad, "h"),
    r"W \leftarrow W - \frac{\eta g}{\sqrt{h}}": partial(_step, AdaGrad, "W"),
    r"\frac{1}{\sqrt{n}}": partial(_kept_apart, 1.0),
    r"\sqrt{\frac{2}{n}}": partial(_kept_apart, 2.0),
    r"\frac{1}{2} \lambda \sum W^{2}": _decay,
    r"\frac{H + 2 P - \mathrm{FH}}{S} + 1": _convolved,
    r"z = t^{2}": _composite, r"t = x + y": _composite,
    r"\frac{\partial z}{\partial t} = 2t": _composite,
    r"x \cdot x + x": lambda rng: {"x": (x := rng.normal()), WHOLE: x * (x + 1)},
    r"\frac{\partial z}{\partial x} = 1": _plus, r"\frac{\partial z}{\partial y} = 1": _plus,
    r"y = \begin{cases}x & (x > 0)\\0 & (x \le 0)\end{cases}": _relu,
    r"\frac{\partial y}{\partial x} = \begin{cases}1 & (x > 0)\\0 & (x \le 0)\end{cases}": _relu,
    r"y = \frac{1}{1 + e^{-x}}": _logistic,
    r"y = \frac{1}{x}": _without_whole(_reciprocal),
    r"-\frac{1}{x^{2}} = -y^{2}": _reciprocal,
    r"y^{2} e^{-x} = \frac{1}{1 + e^{-x}} \cdot \frac{e^{-x}}{1 + e^{-x}} = y(1 - y)": _logistic,
    r"\frac{e^{-x}}{1 + e^{-x}} = 1 - y": _logistic,
    r"y_{k} - t_{k}": partial(_of_softmax, "a"),
    r"\left(\frac{1}{S} - \frac{t_{k}}{e^{a_{k}}}\right) e^{a_{k}} = y_{k} - t_{k}":
        partial(_of_softmax, "a"),
    r"-\frac{t_{k}}{y_{k}}": partial(_of_softmax, "y"),
    r"-t_{k} S": partial(_of_softmax, "1/S"),
    r"\frac{1}{S}": partial(_of_softmax, "S"),
    r"\frac{y - t}{N}": _mean,
    r"L = -\frac{1}{N} \sum t \log y": _without_whole(_mean),
    r"\frac{\partial L}{\partial W} = X^{\top} \cdot \frac{\partial L}{\partial Y}": _affine,
    r"\frac{\partial L}{\partial B} = \sum_{n} \frac{\partial L}{\partial Y_{n}}": _affine,
    r"X = (x_{0}, x_{1}, \ldots, x_{n})": None,      # a way to write
    "y = f(x)": None, "x = 5": None, "x = 0": None,  # what is being spoken of
    "f(x) = 0.01x² + 0.1x": lambda rng: {"x": rng.normal(), "f": curve},
    "dX = dY·Wᵀ": _affine, "dW = Xᵀ·dY": _affine,
    "z = (x + y)²": _composite, "z = t²": _composite,
    "∂z/∂t = 2t": _composite, "∂t/∂x = 1": _composite,
    "∂z/∂x = ∂z/∂t · ∂t/∂x = 2t · 1 = 2(x + y)": _composite,
    "∂z/∂x = ∂z/∂t · ∂t/∂x = 2t · 1 = 2(x + y) = 14": lambda rng: {
        "x": 3.0, "y": 4.0, "t": 7.0, "∂z/∂t": slopes(np.square, 7.0)[0], "∂t/∂x": 1.0,
        "∂z/∂x": slopes(lambda x: np.square(x + 4.0), 3.0)[0]},
    "∂z/∂x = 2(3 + 4) = 14": lambda rng: {"∂z/∂x": slopes(lambda x: np.square(x + 4.0), 3.0)[0]},
}  # fmt: skip
"""Every formula of the texts → what its letters stand for; None for one that claims nothing."""

# --------------------------------------------------------------- figures


STANDS: Mapping[str, Names] = {"5-6": {"E": 1.0}, "A-4 (4)": {"S": sum(LOGITS)}}
"""Letters that no value of the figure is called by."""


def passing(figure: Figure) -> Names:
    """The values of a figure's names, and ∂a/∂b between any two, by a pass back from each."""
    found: Names = {}
    nodes = [n for n in walk([figure.graph()]) if n.name]
    for end in nodes:
        found[_label(end.name)] = end.value
        if not end.shape and end.requires_grad:
            for node in walk([nodes[-1], end]):
                node.gradient = None
            end.backward()
            found |= {f"∂{_label(end.name)}/∂{_label(node.name)}": node.grad
                      for node in walk([end]) if node.name and node.grad is not None}  # fmt: skip
    for node in [n for n in walk([figure.graph()]) if n.name]:     # and from what was sent in
        if node.grad is not None:
            found.setdefault(f"∂L/∂{_label(node.name)}", node.grad)
    placed = sorted(n for n in found if re.fullmatch(r"[a-z]_\d", n) and not np.ndim(found[n]))
    for row in {name[0] for name in placed} - {*found}:
        found[row] = np.array([found[name] for name in placed if name[0] == row])
    return found | STANDS.get(figure.number, {})


def _label(name: str) -> str:
    return re.sub(r"^([a-z])(\d)$", r"\1_\2", name)


def _number_on(wire: Wire, part: str) -> Any:
    held = wire.value if part == "above" else wire.grad
    if held is None or held.numbers is None:
        return None
    return np.array(held.numbers, float).reshape(held.shape)


def labels(figure: Figure) -> Iterator[tuple[str, Names]]:
    """The words on a figure's wires and what they must be worth there."""
    if not (figure.above or figure.below or figure.rule):
        return
    scene, names = figure.scene("en"), passing(figure)
    ends = {wire.source: wire for wire in scene.wires if wire.grad is not None}
    for wire in scene.wires:
        for part in ("above", "below"):
            if said := getattr(wire, part):
                yield said, {**names, WHOLE: _number_on(wire, part)}
    for group in (group for group in scene.groups if figure.rule):
        inward = next(wire for wire in scene.wires if scene.groups and wire.target in
                      {box.id for box in scene.boxes if box.group == group.id}
                      and wire.grad is not None)  # fmt: skip
        arrived = next(_number_on(w, "below") for w in ends.values() if w.kind == "output")
        yield figure.rule, {**names, WHOLE: _number_on(inward, "below") / arrived}


def label_fault(said: str, names: Names, rng: np.random.Generator) -> Reading:
    """∂L/∂O · Wᵀ: (2,) = (3,)(3, 2) — the formula, and the shapes behind it."""
    formula, _, shape = said.partition(": ")
    alone = re.fullmatch(rf"(.*) ({_SHAPE})", formula)
    if alone:                                           # X (2,)
        formula, came = alone[1], tuple(map(int, re.findall(r"\d+", alone[2])))
        if came != np.shape(names[WHOLE]):
            return Reading(0, f"{said}: the shape is {np.shape(names[WHOLE])}")
    elif shape and (fault := shapes_fault(shape)) != "":
        return Reading(0, fault or f"not every side can be read: {said}")
    return fault_of(from_plain(formula), names, rng)


# --------------------------------------------------------------- the whole


def texts(chapter: Chapter, plots: bool) -> Iterator[tuple[str, Figure | None]]:
    """Each piece of a chapter in both languages, with the figure it is a caption of."""
    for lang in LANGUAGES:
        for kind, content in blocks(read(f"{chapter.text}.{lang}.txt")):
            number, _, words = content.partition(" | ")
            if kind == "figure":
                yield words, chapter.figures[number]
            elif kind not in ("pre", "derivation"):
                yield words or content, None
        for make in chapter.plots.values() if plots else ():
            for said in re.findall(r"<text[^>]*>([^<]*)</text>", make(lang).svg()):
                yield said, None


def said_of(
    latex: str, written: bool, figure: Figure | None, rng: np.random.Generator
) -> Reading:
    """One formula of a text read, as often as its letters may stand for something else."""
    if (fault := shapes_fault(latex)) is not None:
        return Reading(2, fault)
    spelt = latex if written else from_plain(latex)
    if not re.search(r"[A-Za-zα-ω∂]", re.sub(r"\\\w+", "", spelt)):
        return fault_of(spelt, {}, rng)
    if figure is not None:
        return fault_of(spelt, passing(figure), rng)
    if latex not in MEANT:
        return Reading(0, f"nobody says what its letters stand for: {latex}")
    found, meaning = Reading(0), MEANT[latex]
    for _ in range(DRAWS if meaning else 0):
        found = found if found.fault or meaning is None else fault_of(spelt, meaning(rng), rng)
    return found


def text_lines(rng: np.random.Generator, plots: bool) -> tuple[int, list[str]]:
    """How many sides of the texts' formulas could be read, and what is false; `plots`: those of
    the plots too, which take a minute to learn."""
    found: list[tuple[str, Reading]] = []
    for number, chapter in CHAPTERS.items():
        for text, figure in texts(chapter, plots):
            found += [(f"chapter {number}", said_of(each, written, figure, rng))
                      for each, written in formulas_in(text)]  # fmt: skip
        for figure in chapter.figures.values():
            found += [(f"figure {figure.number}", label_fault(said, names, rng))
                      for said, names in labels(figure)]  # fmt: skip
    for name in GUIDES:
        guide = (ROOT / name).read_text("utf-8")
        lines = [guide, *(line for line in guide.split("\n") if "∂" in line)]   # of code, too
        said = {each: written for line in lines for each, written in formulas_in(line)}
        found += [(name, said_of(each, written, None, rng)) for each, written in said.items()]
    return sum(each.read for _, each in found), [
        f"{where}: {each.fault}" for where, each in found if each.fault
    ]
