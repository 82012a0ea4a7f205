"""What a loop or a choice computes on arrays, and where its results lie; no derivative here.

A `Program` belongs to one call of `sg.scan`, `sg.while_loop` or `sg.cond`. Its nodes (one for each
vector of results) share it, and with it the one run that has made them all.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from seegrad.graph.bind import bind
from seegrad.graph.graph import same_graph
from seegrad.graph.node import Node
from seegrad.graph.op import Op
from seegrad.graph.spec import Spec
from seegrad.text import as_operator
from seegrad.transforms.loops.body import Body
from seegrad.transforms.loops.packing import Layout

Needs = tuple[bool, ...]
"""For each input of a node, whether a derivative goes there."""


class Part(NamedTuple):
    """"main" for results, "saved" for what a backward turn reads; and the number of the vector."""

    kind: str
    number: int

    @property
    def latex(self) -> str:
        """What a formula adds to the name of the body."""
        kind = "" if self.kind == "main" else rf", \mathrm{{{self.kind}}}"
        return f"{kind}, {self.number + 1}" if self.number else kind


@dataclass(frozen=True)
class Counts:
    """How many of a body's inputs are the same in every turn, carried on, and one's own."""

    consts: int
    carry: int
    xs: int = 0

    def split(self, items: Sequence[Any]) -> tuple[list[Any], list[Any], list[Any]]:
        """The inputs of a body, or of a loop, by what they are."""
        a, b = self.consts, self.consts + self.carry
        return list(items[:a]), list(items[a:b]), list(items[b:])


class Program(ABC):
    """The bodies of one loop or choice, and how they are run."""

    op: ClassVar[Op]

    def __init__(
        self, name: str, bodies: dict[str, Body], layout: Layout, settings: tuple[Any, ...] = ()
    ) -> None:
        """`settings` are all that it does besides running its bodies."""
        self.name, self.bodies, self.layout, self.settings = name, bodies, layout, settings
        self._last: tuple[Sequence[Any], Needs, dict[str, list[Any]]] | None = None
        self.sent: tuple[Any, Sequence[Any], Part, dict[int, Any]] | None = None
        """The derivatives by all inputs that the rule found last, and for what."""
        self.spread: tuple[Sequence[Any], list[Any]] | None = None
        """The results for many examples that were found last, and for what inputs."""

    @abstractmethod
    def run(self, values: Sequence[Any], needs: Needs) -> dict[str, list[Any]]:
        """The vectors of results for arrays, and with `needs` what a backward turn reads."""

    @abstractmethod
    def pull(self, g: Any, xs: Sequence[Any], part: Part, needs: Needs) -> dict[int, Any]:
        """The derivatives by the inputs that need one, for g arriving at the vector `part`."""

    @abstractmethod
    def turns(self, values: Sequence[Any]) -> int:
        """How many turns it takes for these inputs."""

    @abstractmethod
    def turn(self, values: Sequence[Any], number: int) -> tuple[Body, list[Any]]:
        """The body that runs in a turn (counted as they come), and what it is given."""

    def layouts(self, needs: Needs) -> dict[str, Layout]:
        """The places of all that it gives, by kind."""
        return {"main": self.layout}

    def vector(self, values: Sequence[Any], part: Part, needs: Needs) -> Any:
        """One of its vectors; all come out of the same run."""
        kind, number = part
        last = self._last
        fits = last is not None and (
            len(last[0]) == len(values) and all(a is b for a, b in zip(last[0], values))
            and kind in last[2] and (kind == "main" or last[1] == needs)
        )
        if not fits:
            last = self._last = values, needs, self.run(values, needs)
        assert last is not None
        return last[2][kind][number]

    def apply(self, inputs: Sequence[Any], kind: str = "main", needs: Needs | None = None
              ) -> list[Any]:
        """The results for arrays or nodes."""
        if not any(isinstance(x, Node) for x in inputs):
            layout = self.layouts(needs or ())[kind]
            return layout.views([self.vector(inputs, Part(kind, i), needs or ())
                                 for i in range(len(layout.dtypes))])
        made: list[Any] = []
        layout = self.layout if kind == "main" else self.layouts(needs or ())[kind]
        for i in range(len(layout.dtypes)):
            attrs = {"loop": self, "part": Part(kind, i), "needs": needs}
            made.append(bind(self.op, tuple(inputs), attrs))
        return layout.taken(made)

    def same_as(self, other: Any) -> bool:
        """Whether another, traced anew perhaps, does the same."""
        return type(other) is type(self) and (
            (self.name, self.settings) == (other.name, other.settings)
        ) and all(
            same_graph(a.graph, b.graph)
            for a, b in zip(self.bodies.values(), other.bodies.values(), strict=True)
        )

    @property
    def latex(self) -> str:
        """Which function is run, as a formula names it: ∂ before it for what sends derivatives."""
        names = [body.name for key, body in self.bodies.items() if key != "test"]
        slopes = [r"\partial " * name.count("∂ ") for name in names]
        return ", ".join(s + as_operator(n.rpartition("∂ ")[2]) for s, n in zip(slopes, names))

    def __repr__(self) -> str:
        return self.name


def stored(layout: Layout, results: Sequence[Any]) -> list[Any]:
    """Vectors with these results in them."""
    vectors, views = layout.empty()
    for view, value in zip(views, results):
        view[...] = value
    return vectors


class Scan(Program):
    """The body once for each position along the first axis of xs, its carry carried on."""

    def __init__(self, body: Body, counts: Counts, length: int, reverse: bool,
                 planned: Callable[[Scan, Needs], Any]) -> None:
        """`planned` says what is kept for a backward turn, and how that goes (`derivatives`)."""
        n, specs = counts.carry, body.specs
        stacked = [Spec((length, *s.shape), s.dtype) for s in specs[n:]]
        name = f"{body.name} × {length}"
        settings = (counts, length, reverse, planned)
        super().__init__(name, {"body": body}, Layout([*specs[:n], *stacked]), settings)
        self.body, self.counts, self.length, self.reverse = body, counts, length, reverse
        self.planned, self.plans = planned, {}  # type: ignore[var-annotated]

    def plan(self, needs: Needs) -> Any:
        """What is kept, and the backward scan, where derivatives go to these inputs."""
        if needs not in self.plans:
            self.plans[needs] = self.planned(self, needs)
        return self.plans[needs]

    def layouts(self, needs: Needs) -> dict[str, Layout]:
        if not any(needs):
            return {"main": self.layout}
        return {"main": self.layout, "saved": self.plan(needs).layout}

    def order(self) -> range:
        """The positions in the order of the turns."""
        return range(self.length - 1, -1, -1) if self.reverse else range(self.length)

    def run(self, values: Sequence[Any], needs: Needs) -> dict[str, list[Any]]:
        n = self.counts.carry
        layouts = self.layouts(needs)
        body = self.body if len(layouts) == 1 else self.plan(needs).saving
        consts, carry, xs = self.counts.split(values)
        made = {kind: layout.empty() for kind, layout in layouts.items()}
        ends = made["main"][1][:n]
        rows = [*made["main"][1][n:], *(v for kind in made if kind != "main"
                                        for v in made[kind][1])]
        for t in self.order():
            out = body([*consts, *carry, *(x[t] for x in xs)])
            carry = out[:n]
            for row, y in zip(rows, out[n:]):
                row[t] = y
        for end, value in zip(ends, carry):
            end[...] = value
        return {kind: vectors for kind, (vectors, _) in made.items()}

    def pull(self, g: Any, xs: Sequence[Any], part: Part, needs: Needs) -> dict[int, Any]:
        found: dict[int, Any] = self.plan(needs).pull(g, xs, part)
        return found

    def turns(self, values: Sequence[Any]) -> int:
        return self.length

    def turn(self, values: Sequence[Any], number: int) -> tuple[Body, list[Any]]:
        consts, carry, xs = self.counts.split(values)
        for t in self.order()[:number]:
            carry = self.body([*consts, *carry, *(x[t] for x in xs)])[: self.counts.carry]
        t = self.order()[number]
        return self.body, [*consts, *carry, *(x[t] for x in xs)]


class While(Program):
    """The body again and again, while the test of the carry is true."""

    def __init__(self, test: Body, body: Body, counts: Counts, most: int | None,
                 pulled: Callable[..., Any]) -> None:
        """`pulled` says what a derivative is (`derivatives`); `most` bounds the turns."""
        name = f"while {test.name}: {body.name}"
        settings = (counts, most, pulled)
        super().__init__(name, {"test": test, "body": body}, Layout(body.specs), settings)
        self.test, self.body, self.counts, self.most = test, body, counts, most
        self.pulled_by = pulled

    def _going(self, values: Sequence[Any], done: int) -> bool:
        return (self.most is None or done < self.most) and bool(self.test(values)[0])

    def _ran(self, values: Sequence[Any], most: int | None) -> tuple[list[Any], int]:
        """The inputs of the turn after the last, or after `most`, and how many there were."""
        consts, carry, _ = self.counts.split(values)
        inputs, done = [*consts, *carry], 0
        while done != most and self._going(inputs, done):
            inputs, done = [*consts, *self.body(inputs)], done + 1
        return inputs, done

    def run(self, values: Sequence[Any], needs: Needs) -> dict[str, list[Any]]:
        inputs, _ = self._ran(values, None)
        return {"main": stored(self.layout, inputs[self.counts.consts :])}

    def pull(self, g: Any, xs: Sequence[Any], part: Part, needs: Needs) -> dict[int, Any]:
        found: dict[int, Any] = self.pulled_by(self, g, xs, part, needs)
        return found

    def turns(self, values: Sequence[Any]) -> int:
        return self._ran(values, None)[1]

    def turn(self, values: Sequence[Any], number: int) -> tuple[Body, list[Any]]:
        return self.body, self._ran(values, number)[0]


class Cond(Program):
    """One body or another, as its first input is true or not."""

    def __init__(self, then: Body, other: Body, pulled: Callable[..., Any]) -> None:
        """`pulled` gives the derivatives by all inputs (`derivatives`)."""
        name = f"{then.name} if true else {other.name}"
        super().__init__(name, {"then": then, "other": other}, Layout(then.specs), (pulled,))
        self.then, self.other, self.pulled_by = then, other, pulled

    def run(self, values: Sequence[Any], needs: Needs) -> dict[str, list[Any]]:
        body, inputs = self.turn(values, 0)
        return {"main": stored(self.layout, body(inputs))}

    def pull(self, g: Any, xs: Sequence[Any], part: Part, needs: Needs) -> dict[int, Any]:
        found: dict[int, Any] = self.pulled_by(self, g, xs, part, needs)
        return found

    def turns(self, values: Sequence[Any]) -> int:
        return 1

    def turn(self, values: Sequence[Any], number: int) -> tuple[Body, list[Any]]:
        return (self.then if values[0] else self.other), list(values[1:])
