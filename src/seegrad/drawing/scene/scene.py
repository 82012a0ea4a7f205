"""The picture as data: boxes, wires, groups, summaries. One direction of flow:

graph → scene (`build.py`) → places, routes (`measure.py`) → plan (`nested.py`) → SVG, page, text
Nothing here computes, measures or draws. The JSON form is what the page reads.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from math import isfinite
from typing import Any

import numpy as np

from seegrad.display_hooks import can_present, present
from seegrad.drawing.formula.mathml import markup
from seegrad.drawing.formula.tree import Tree, named, symbols_in
from seegrad.drawing.values.names import indexed, told_apart, written
from seegrad.drawing.values.summary import ArraySummary
from seegrad.errors import ValueRangeError
from seegrad.i18n import LANGUAGES, language, tr

VERSION = 1

LETTERS = "hLyη"
"""In formulas: a value on the way, what is differentiated, what comes out, the learning rate."""
WIRE_KINDS = ("edge", "trunk", "output")
"""An edge is one argument of one operation; a trunk leads to a fork; an output leads out."""


@dataclass(frozen=True)
class Box:
    """One thing that is drawn: an operation's circle, a name, a constant, a fork.

    `kind`: operation, culprit (an operation that failed), input, parameter, constant, output, or
    fork: the point behind a value that is used more than once. Before it stands the sum of the
    derivatives, after it each branch's own.
    """

    id: str
    kind: str
    sign: str = ""  # what stands in the circle
    name: str = ""  # the user's word for it; also for the value that leaves it
    group: str = ""  # the innermost group around it; "" is the picture itself
    value: ArraySummary | None = None
    grad: ArraySummary | None = None
    title: str = ""  # in words: what it is and where it was made
    forward: Tree | None = None  # what it computes, with holes for its arguments
    rules: tuple[Tree | None, ...] = ()  # the derivative by each argument, with holes


@dataclass(frozen=True)
class Group:
    """A layer, a composite operation, or a stretch of a long graph; it opens and closes."""

    id: str
    name: str
    parent: str = ""
    sign: str = ""  # closed: σ; "" shows the name alone
    rule: str = ""  # closed: y(1−y)
    rules: tuple[tuple[str, str, Tree | None], ...] = ()  # source, argument, derivative with holes
    where: Tree | None = None  # what other letters in them stand for: y = softmax(a)
    kind: str = "module"  # "module", "composite", "stretch"
    note: str = ""  # the fold's check, for example


@dataclass(frozen=True)
class Wire:
    """A value on its way right, and its derivative on its way left."""

    id: str
    source: str
    target: str
    position: int = 0
    kind: str = "edge"
    value: ArraySummary | None = None
    grad: ArraySummary | None = None
    backward: bool = False  # does a derivative flow here? never to constants
    argument: str = ""  # the op's own word for this input
    above: str = ""  # a formula in the place of the value
    below: str = ""  # a formula in the place of the derivative
    origin: str = ""  # in a view: the box that it comes from, where a closed group stands for it
    inner: ArraySummary | None = None  # what the steps in a composite give, if its own rule is not
    # undefined where they are: 0·∞


@dataclass(frozen=True)
class Overlay:
    """A colour over the boxes: how strong (0 … 1) and in which words, box by box."""

    name: str
    unit: str = ""
    marks: Mapping[str, tuple[float, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Scene:
    """A whole picture. `open` are the groups that start open."""

    boxes: tuple[Box, ...] = ()
    wires: tuple[Wire, ...] = ()
    groups: tuple[Group, ...] = ()
    open: frozenset[str] = frozenset()
    overlays: tuple[Overlay, ...] = ()
    painted: str = ""  # the overlay that is seen at first
    blanks: frozenset[str] = frozenset()  # wires whose derivative is asked for in the quiz
    title: str = ""
    language: str = "en"
    program: Mapping[str, Any] = field(default_factory=dict)  # for the live page
    moments: tuple[Mapping[str, Any], ...] = ()  # recorded training steps
    rate: float = 0.0  # the learning rate, when the walk ends with an update
    note: tuple[str, ...] = ()  # lines that stand below the picture
    auto: bool = False  # whoever shows it may choose the level of folding (layout/levels.py)
    maps: bool = False  # heat-maps stand for all arrays, where there is no room for their numbers

    def opened(self, groups: Iterable[str]) -> Scene:
        """The same picture with exactly these groups open."""
        return replace(self, open=frozenset(groups), auto=False)

    def __repr__(self) -> str:
        return f"Scene({self.title!r}, {len(self.boxes)} boxes)"

    def _repr_mimebundle_(self, **options: Any) -> Any:
        if not can_present("mimebundle"):
            return {"text/plain": repr(self)}
        return present("mimebundle", self, **options)


def picture_language(lang: str | None) -> str:
    """The language a picture speaks: the one that is asked for, or the one in force.

    Raises ValueRangeError for a language that is not there.
    """
    chosen = lang or language()
    if chosen not in LANGUAGES:
        raise ValueRangeError(
            tr("the picture speaks English and Korean"),
            asked=" | ".join(LANGUAGES),
            came=str(lang),
        )
    return chosen


@dataclass(frozen=True)
class View:
    """What can be seen of a scene when some groups are closed: these stand among the boxes."""

    boxes: tuple[Box | Group, ...]
    wires: tuple[Wire, ...]
    groups: tuple[Group, ...]
    stands: Mapping[str, str]  # every box of the scene → what stands for it here


def fold(scene: Scene) -> View:
    """The visible part: closed groups become boxes, and swallow what is inside them."""
    parent = {group.id: group.parent for group in scene.groups}
    seen_as: dict[str, str] = {"": ""}  # group → itself if open and visible, else the closed one
    visible: list[Group] = []
    closed: list[Group] = []
    for group in scene.groups:  # parents stand before their children
        outer = seen_as[parent[group.id]]
        if outer != parent[group.id]:
            seen_as[group.id] = outer
        elif group.id in scene.open:
            seen_as[group.id] = group.id
            visible.append(group)
        else:
            seen_as[group.id] = f"{group.id}\0"
            closed.append(group)
    boxes: list[Box | Group] = list(closed)
    stands: dict[str, str] = {}
    for box in scene.boxes:
        inside = seen_as[box.group]
        if inside == box.group:
            stands[box.id] = box.id
            boxes.append(box)
        else:
            stands[box.id] = inside.removesuffix("\0")
    wires = tuple(
        replace(
            wire, source=stands[wire.source], target=stands[wire.target], origin=wire.source
        )
        for wire in scene.wires
        if stands[wire.source] != stands[wire.target]
    )
    return View(tuple(boxes), wires, tuple(visible), stands)


def to_json(scene: Scene) -> str:
    """The scene as text: compact, defaults left out, safe inside a <script> element."""
    return to_text(to_data(scene))


def to_data(
    scene: Scene, reading: Callable[[ArraySummary], Any] | None = None
) -> dict[str, Any]:
    """The scene as plain data, defaults left out. `reading`: how a summary is written.

    Summaries stand once in a list of their own, and so do formulas (MathML); boxes and wires name
    them by number.
    """
    places: dict[int, int] = {}
    summaries: dict[ArraySummary, int] = {}
    things: tuple[Box | Wire, ...] = (*scene.boxes, *scene.wires)
    pairs = [(thing.value, thing.grad) for thing in things]
    pairs += [(None, wire.inner) for wire in scene.wires]
    for moment in scene.moments:
        pairs += moment.get("readings", {}).values()
    for pair in pairs:
        for summary in pair:
            if summary is not None and id(summary) not in places:
                places[id(summary)] = summaries.setdefault(summary, len(summaries))
    rest = replace(scene, boxes=(), wires=())
    formulas = _Formulas()
    called, letters = _names(scene)
    data = {"version": VERSION, **_plain(rest, places)}
    data |= {"letters": letters} if letters != LETTERS else {}
    for plain, group in zip(data.get("groups", ()), scene.groups):
        plain |= {} if group.where is None else {"where": formulas.place(group.where)}
        placed = [[*names, formulas.place(rule)] for *names, rule in group.rules]
        plain |= {"rules": placed} if any(rule for *_, rule in group.rules) else {}
    data["boxes"] = [_thing(box, places) | _formulas(box, formulas, called) for box in scene.boxes]
    data["wires"] = [_thing(wire, places) for wire in scene.wires]
    data["formulas"] = list(formulas.texts)
    data["readings"] = [*map(reading or summary_data, summaries)]
    return data


def to_text(data: Mapping[str, Any]) -> str:
    """Plain data as JSON that no HTML around it can misread."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


_APART = ("rules", "where")
_FACTS = ("low", "high", "mean", "norm")
_ALWAYS = ("id", "kind")


def _thing(thing: Box | Wire, places: Mapping[int, int]) -> dict[str, Any]:
    """A box or a wire, its summaries by number; what is empty is left out."""
    plain: dict[str, Any] = {
        key: item for key, item in vars(thing).items() if item and key not in ("forward", "rules")
    }
    for key in ("value", "grad", "inner"):
        if key in plain:
            plain[key] = places[id(plain[key])]
    return plain


class _Formulas:
    """The formulas of a scene, each once; a box's tree is most often one that another has, too."""

    def __init__(self) -> None:
        self.texts: dict[str, int] = {}
        self.trees: dict[int, int] = {}  # by id: the scene holds them

    def place(self, tree: Tree | None) -> int | None:
        """The place of a tree that the scene holds; None of none."""
        if tree is None:
            return None
        if id(tree) not in self.trees:
            self.trees[id(tree)] = self.text(_markup_once(tree))
        return self.trees[id(tree)]

    def text(self, text: str) -> int:
        return self.texts.setdefault(text, len(self.texts))


def _formulas(box: Box, formulas: _Formulas, names: Mapping[str, str]) -> dict[str, Any]:
    """A box's name and rules as formulas, by number."""
    found: dict[str, Any] = {}
    if box.name:
        found["letter"] = formulas.text(_markup_once(named(names[box.name])))
    if box.forward is not None:
        found["forward"] = formulas.place(box.forward)
    if any(box.rules):
        found["rules"] = [formulas.place(rule) for rule in box.rules]
    return found


def _names(scene: Scene) -> tuple[dict[str, str], str]:
    """Each name as formulas have it, and the letters that nobody uses, in the place of LETTERS."""
    trees = {id(tree): tree for box in scene.boxes for tree in (box.forward, *box.rules) if tree}
    symbols = {each for tree in trees.values() for each in _symbols_once(tree)}
    own = [*dict.fromkeys(box.name for box in scene.boxes if box.name)]
    names = dict(zip(own, told_apart(own, symbols)))
    used = {*map(written, names.values())}
    rows = {found[0] for name in used if (found := indexed(name))}
    free = [
        next((letter for letter in letters if letter not in taken), letters[0])
        for letters, taken in zip(("haqsrv", "LℓJE", "yzuvw", "ηαλ"), (used | rows, *[used] * 3))
    ]
    return names, "".join(free)


@lru_cache(maxsize=4096)
def _symbols_once(tree: Tree) -> frozenset[str]:
    return frozenset(symbols_in(tree))


@lru_cache(maxsize=4096)
def _markup_once(tree: Tree) -> str:
    return markup(tree)


def summary_data(summary: ArraySummary) -> dict[str, Any]:
    """A summary with its numbers; of a single number the page knows the rest itself."""
    if summary.shape == () and summary.numbers:
        one = {"shape": [], "dtype": summary.dtype, "numbers": [_number(summary.numbers[0])]}
        return {**one, "bad": 1} if summary.bad else one
    plain = summary_facts(summary)
    if numbers := _own_digits(summary):
        plain["numbers"] = [*map(_number, numbers)]
    if summary.grid:
        plain["grid"] = [[*map(_number, row)] for row in summary.grid]
    return plain


def summary_facts(summary: ArraySummary) -> dict[str, Any]:
    """A summary without its numbers."""
    plain: dict[str, Any] = {"shape": list(summary.shape), "dtype": summary.dtype}
    facts = {key: float(f"{getattr(summary, key):.9g}") for key in _FACTS if getattr(summary, key)}
    return plain | facts | ({"bad": summary.bad} if summary.bad else {})


def _own_digits(summary: ArraySummary) -> tuple[float, ...]:
    """The numbers; those of a narrow float in their own few digits, 0.1 for 0.10000000149."""
    if summary.dtype not in ("float32", "float16"):
        return summary.numbers
    return tuple(float(str(x)) for x in np.asarray(summary.numbers, summary.dtype))


def _number(value: float) -> float | str:
    """A number, or its word where JSON has no number for it."""
    return value if isfinite(value) else {"nan": "nan", "inf": "inf"}.get(str(value), "-inf")


def _plain(value: Any, places: Mapping[int, int]) -> Any:
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, (str, int, type(None))):
        return value
    if isinstance(value, frozenset):
        return sorted(value)
    if id(value) in places:
        return places[id(value)]
    if isinstance(value, Mapping):
        return {str(key): _plain(item, places) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [item if type(item) in (int, str) else _plain(item, places) for item in value]
    plain = {}
    for key in type(value).__dataclass_fields__:
        if key in _APART:
            continue
        item = getattr(value, key)
        if key in _ALWAYS or item not in ("", 0, None, (), {}, False, frozenset()):
            plain[key] = _plain(item, places)
    return plain
