"""C5: a compiled function called in one mode, then in another, then in the first: as eager."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import numpy as np

import seegrad as sg
from seegrad.graph.mode import frame
from seegrad.i18n import language, set_language
from seegrad.tree import flatten
from trust.harness.isolation import over_cores
from trust.harness.row import Found, Run, first, row

X = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]])


class World:
    """Parameters, a network and an optimizer of their own, the same ones each time."""

    def __init__(self) -> None:
        sg.nn.seed(0)
        self.w = sg.tensor([1.0, -2.0, 3.0], name="w")
        self.b = sg.tensor(0.5)
        self.c = sg.tensor([2.0, 3.0, 4.0], requires_grad=False)
        self.net = sg.nn.Sequential(sg.nn.Affine(3, 4, dtype=float), sg.nn.Dropout(0.5))
        self.opt = sg.optim.SGD([self.w], lr=0.1)
        self.leaves = [self.w, self.b, *self.net.parameters()]

    # ------------------------------------------------------------- what is compiled

    def captured(self, x: Any) -> Any:
        return (self.w * sg.tanh(x)).sum() + self.b

    def several(self, x: Any) -> Any:
        return {"a": self.w * x, "b": [x.sum(), self.c * 2.0], "c": sg.argmax(x)}

    def inside(self, x: Any) -> Any:
        loss = (self.w * x**2).sum() + self.b
        loss.backward()
        return loss

    def slope(self, x: Any) -> Any:
        return sg.grad(lambda y: (self.w * y**3).sum() * self.b)(x)

    def step(self, x: Any) -> Any:
        loss = ((self.w * x).sum(axis=1) ** 2).mean()
        self.opt.zero_grad()
        loss.backward()
        self.opt.step()
        self.opt.zero_grad()  # what a compiled step has used up is not there afterwards
        return loss.detach()

    def drawn(self, x: Any) -> Any:
        return self.net(x)

    def partly(self, x: Any) -> Any:
        with sg.no_grad():
            scale = self.w.sum() * x
        return scale * self.b + x

    def steep(self, x: Any) -> Any:
        return sg.log(x * 0.0 + self.b * self.b * 0.0).sum().detach()

    def picked(self, x: Any) -> Any:
        return self.w[(x.sum() * 0 + 3).astype(int)]


FUNCTIONS = ("captured", "several", "inside", "slope", "step", "drawn", "partly", "steep", "picked")


def _called(f: Callable[..., Any], x: Any) -> Any:
    return f(x)


@dataclass(frozen=True)
class Way:
    """A way to call: the block around it, what is done before and after, and the argument."""

    around: Callable[[Callable[..., Any]], AbstractContextManager[Any]] = (
        lambda f: nullcontext()
    )
    before: Callable[[World], None] = lambda world: None
    argument: Callable[[], Any] = X.copy
    call: Callable[[Callable[..., Any], Any], Any] = _called


def _freeze(world: World) -> None:
    world.w.requires_grad = False
    world.net.parameters()[0].requires_grad = False


def _gather(world: World) -> None:
    for leaf in world.leaves:
        leaf.grad = np.ones(leaf.shape)


@contextmanager
def _korean(f: Any) -> Iterator[None]:
    before = language()
    set_language("ko")
    try:
        yield
    finally:
        set_language(before)


@contextmanager
def _watched(f: Any) -> Iterator[None]:
    watch = getattr(f, "watch", None)
    if watch and f.__name__ not in ("steep", "drawn"):
        watch("w")
    try:
        yield
    finally:
        if watch:
            watch()


@contextmanager
def _two_threads(f: Any) -> Iterator[None]:
    before = getattr(f, "threads", None)
    if before is not None:
        f.threads = 2
    try:
        with mock.patch.dict(os.environ, SEEGRAD_NUM_THREADS="2"):
            yield
    finally:
        if before is not None:
            f.threads = before


@contextmanager
def _not_recording(f: Any) -> Iterator[None]:
    with sg.no_grad(), _korean(f):
        yield


WAYS = {
    "plain": Way(),
    "no_grad": Way(around=lambda f: sg.no_grad()),
    "debug": Way(around=lambda f: sg.debug()),
    "a frame": Way(around=lambda f: frame("outer")),
    "watching": Way(around=_watched),
    "Korean": Way(around=_korean),
    "two threads": Way(around=_two_threads),
    "no_grad in Korean": Way(around=_not_recording),
    "frozen": Way(before=_freeze),
    "frozen under debug": Way(around=lambda f: sg.debug(), before=_freeze),
    "gradients there": Way(before=_gather),
    "a tensor": Way(argument=lambda: sg.tensor(X)),
    "a constant tensor": Way(argument=lambda: sg.tensor(X, requires_grad=False)),
    "inside a transform": Way(call=lambda f, x: sg.vjp(f, x)[0]),
}


@dataclass
class Outcome:
    """What one call gave, needed and left behind."""

    said: str = ""
    values: list[Any] = field(default_factory=list)
    needs: list[bool] = field(default_factory=list)
    gradients: list[Any] = field(default_factory=list)

    def differs(self, other: Outcome) -> str:
        """In what they differ, in words; nothing: nothing."""
        if self.said != other.said:
            return f"{self.said or 'no error'}, not {other.said or 'no error'}"
        if self.needs != other.needs:
            return f"requires_grad {self.needs}, not {other.needs}"
        for what in ("values", "gradients"):
            for a, b in zip(getattr(self, what), getattr(other, what), strict=True):
                if (a is None) != (b is None):
                    return f"{what}: {a}, not {b}"
                if a is not None and not np.allclose(a, b, rtol=1e-12, atol=1e-12, equal_nan=True):
                    return f"{what}: {a}, not {b}"
        return ""


def outcome(world: World, function: Callable[..., Any], way: Way) -> Outcome:
    """Call the function in this way, and send derivatives back through what it gives."""
    for leaf in world.leaves:
        leaf.requires_grad, leaf.grad = True, None
    way.before(world)
    found, x = Outcome(), way.argument()
    try:
        with np.errstate(all="ignore"), way.around(function):
            given, _ = flatten(way.call(function, x))
        live = [y for y in given if isinstance(y, sg.Tensor) and y.requires_grad]
        found.values = [np.array(y) for y in given]
        found.needs = [isinstance(y, sg.Tensor) and y.requires_grad for y in given]
        if live:
            with np.errstate(all="ignore"):
                sum((y * y).sum() for y in live).backward()
    except sg.SeegradError as error:
        korean = any("가" <= c <= "힣" for c in str(error))
        found.said = f"{type(error).__name__}{' in Korean' * korean}"
    found.gradients = [leaf.grad if leaf.grad is None else np.array(leaf.grad)
                       for leaf in [*world.leaves, *([x] if isinstance(x, sg.Tensor) else [])]]
    found.values += [np.array(leaf) for leaf in world.leaves]
    return found


def fault(name: str, ways: Sequence[str]) -> str:
    """Where a compiled function, called in these ways one after the other, is not as eager."""
    eager, compiled = World(), World()
    quick = sg.compile(getattr(compiled, name), threads=1)
    for turn, way in enumerate(ways):
        right = outcome(eager, getattr(eager, name), WAYS[way])
        if word := outcome(compiled, quick, WAYS[way]).differs(right):
            return f"{name}: {' → '.join(ways[: turn + 1])}: {word}"
    if len(quick.variants) > 2:
        return f"{name}: {' → '.join(ways)}: {len(quick.variants)} forms of two ways to call"
    return ""


@row(
    "C5",
    "recording, debug, frames, watching, language, threads, freezing, gathered gradients, arguments"
    " changed between the calls of a compiled function and back, each order: value, derivative,"
    " error",
    "≥ 1,500 sequences: as eager; the first way's code is still there when it comes back",
    count=9 * 14 * 13,
    sample=60,
    seconds=900,
)
def c5(run: Run) -> Found:
    orders = [(name, (a, b, a)) for name in FUNCTIONS for a, b in itertools.permutations(WAYS, 2)]
    chosen = [orders[i] for i in run.rng.permutation(len(orders))[: run.count]]

    def judged(some: Sequence[Any]) -> list[str]:
        return [fault(name, ways) for name, ways in some if not run.out_of_time()]

    found = over_cores(judged, chosen)
    faults = [word for word in found if word]
    return Found(f"{len(faults)} of {len(found):,} sequences differ", first(faults),
                 whole=len(found) == len(chosen))  # fmt: skip
