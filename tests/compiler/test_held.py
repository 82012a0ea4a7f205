"""What a compiled function holds and does not read: it changes at every call, and nothing is
compiled for it; whatever is read, by whatever way, counts."""

from __future__ import annotations

import collections
import dataclasses
import functools
import inspect
import operator
import types

import numpy as np
import pytest

import seegrad as sg
from seegrad import nn, optim

X = np.arange(3.0)
SHARED, BACKWARD = [1.0], "tnuoc"
LOOKED_UP = operator.attrgetter("count")


class Agent:
    """As scripts have it: a network, an optimizer, and what is written down beside."""

    def __init__(self):
        self.net = nn.Sequential(nn.Affine(4, 8), nn.ReLU(), nn.Affine(8, 2))
        self.rule = optim.SGD(self.net.parameters(), lr=0.1)
        self.losses, self.best = [], {}
        self.buffer = collections.deque(maxlen=5)
        self.count, self.chance = 0, 1.0
        self.step = sg.compile(self.update)

    def update(self, x, t):
        self.rule.zero_grad()
        loss = sg.softmax_cross_entropy(self.net(x), t)
        loss.backward()
        self.rule.step()
        return loss

    def train(self, x, t):
        loss = self.step(x, t)
        self.losses.append(float(loss.item()))
        self.best[self.count] = loss
        self.buffer.append((x, t))
        self.count += 1
        self.chance *= 0.9


def test_what_is_written_down_beside_compiles_nothing_anew():
    agent = Agent()
    x, t = np.ones((5, 4), np.float32), np.array([0, 1, 0, 1, 1])
    for _ in range(12):
        agent.train(x, t)
    assert len(agent.step.variants) == 1
    assert agent.losses == sorted(agent.losses, reverse=True)
    agent.rule = optim.SGD(agent.net.parameters(), lr=10.0)     # and what is read still counts
    before = agent.net[0].W.value
    agent.train(x, t)
    assert np.abs(agent.net[0].W.value - before).max() > 0.01


LOOPS = {
    "scan": lambda w, x: sg.scan(lambda c, r: (sg.tanh(c + r * w), c), x[0], x)[0].sum(),
    "cond": lambda w, x: sg.cond(x.sum() > 0, lambda c: c * w, lambda c: c, x[0]).sum(),
    "while": lambda w, x: sg.while_loop(lambda c: c.sum() < 9, lambda c: c * 2 + w, x[0]).sum(),
    "a number carried": lambda w, x: sg.scan(lambda c, r: (c + r.sum() * w[0], c), 0.5, x)[0],
    "checkpoint": lambda w, x: sg.checkpoint(lambda c: (c * w).sum())(x),
    "vmap": lambda w, x: sg.vmap(lambda c: (c * w).sum())(x).sum(),
}


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("derivative", [False, True])
def test_loops_compile_nothing_anew_either(loop, derivative):
    if derivative and loop == "while":
        pytest.skip("the derivative of a loop without a bound is refused")

    class Counting:
        def __init__(self):
            self.count, self.w = 0, sg.tensor(np.full(3, 0.5))
            self.step = sg.compile(self.update)

        def update(self, x):
            f = LOOPS[loop]
            return sg.grad(f)(self.w, x) if derivative else f(self.w, x)

        def train(self, x):
            self.count += 1
            return self.step(x)

    counting = Counting()
    for _ in range(4):
        counting.train(np.ones((4, 3)))
    assert len(counting.step.variants) == 1


@dataclasses.dataclass
class Plain:
    """A record, its fields named by whoever reads them."""

    count: float = 0.0
    other: float = 0.0


@dataclasses.dataclass(slots=True)
class Slotted:
    """The same in slots."""

    count: float = 0.0


class Base:
    """What another class is made from."""

    __match_args__ = ("count", "other")

    def __init__(self, count=0.0):
        self.count, self.other = count, 0.0


class Counter(Base):
    """Ways to come by `count` that do not name it, or name it elsewhere."""

    limit = 1.0

    def read(self):
        return self.count

    @property
    def shown(self):
        return self.read()

    @functools.cached_property
    def kept(self):
        return Plain()

    @classmethod
    def at_most(cls):
        return cls.limit

    @functools.wraps(read)
    def wrapped(self):
        return self.read()

    @sg.compile
    def compiled(self, x):
        return x * self.count


class Bare:
    """No places for `match`."""

    def __init__(self):
        self.count, self.other = 0.0, 0.0


class Sized(Base):
    """Its length."""

    def __len__(self):
        return int(self.count)


class Called(Base):
    """Its call."""

    def __call__(self, x):
        return x * self.count


class Shown(Base):
    """A property alone."""

    @property
    def shown(self):
        return self.count


class Dynamic:
    """Everything by `__getattr__`."""

    def __init__(self):
        self.table = {"count": 0.0}

    def __getattr__(self, name):
        return self.table[name]


class Mapped(collections.UserDict):
    """A class of the library's below."""




def _match(o, x):
    match o:
        case Bare(count=c):
            return x * c
    return x


def _position(o, x):
    match o:
        case Base(c, _):
            return x * c
    return x


def _made(o, x):
    return x * Counter(o.other).read()


READS = {
    "by name": lambda o, x: x * o.count,
    "by a method": lambda o, x: x * o.read(),
    "by a property": lambda o, x: x * o.shown,
    "by len": lambda o, x: x * len(o),
    "by a call": lambda o, x: o(x),
    "by getattr": lambda o, x: x * getattr(o, BACKWARD[::-1]),
    "by vars": lambda o, x: x * vars(o)[BACKWARD[::-1]],
    "by a library": lambda o, x: x * inspect.getattr_static(o, "count"),
    "by attrgetter": lambda o, x: x * LOOKED_UP(o),
    "by a wrapped method": lambda o, x: x * o.wrapped(),
    "by a method of another name": lambda o, x: x * functools.partial(Counter.read, o)(),
    "by the class's method": lambda o, x: x * (o.at_most() + o.count),
    "by match": _match,
    "by a place in match": _position,
    "by a global name": lambda o, x: x * NUMBERS[0] if NUMBERS[0] else x * o.count,
    "inside of another": lambda o, x: x * [o][0].count,
}


LEVEL, NUMBERS = 0.0, [0.0]


def test_a_global_number_counts_though_its_first_changes_make_no_difference():
    global LEVEL
    compiled = sg.compile(lambda x: x * 2.0 if LEVEL > 4 else x)
    for LEVEL in range(8):
        np.testing.assert_array_equal(compiled(X).value, X * 2 if LEVEL > 4 else X)


def test_a_list_with_a_global_name_counts():
    compiled = sg.compile(lambda x: x * 2.0 if sum(NUMBERS) > 4 else x)
    for _ in range(4):
        for change in (NUMBERS.append, lambda n: NUMBERS.__setitem__(0, n)):
            change(NUMBERS[0] + 0.5)
            want = X * 2 if sum(NUMBERS) > 4 else X
            np.testing.assert_array_equal(compiled(X).value, want)
    NUMBERS[:] = [0.0]


def test_a_global_that_is_only_spelt_compiles_nothing_anew():
    global LOSS
    compiled = sg.compile(lambda x: {"LOSS": x.sum()})
    for _ in range(6):
        LOSS = compiled(X)["LOSS"]
    assert len(compiled.variants) == 1


@pytest.mark.parametrize("how", READS)
@pytest.mark.parametrize("late", [False, True])
def test_what_is_read_counts_however_it_is_read(how, late):
    """late: the first changes make no difference, so that only names tell that it is read."""
    kinds = {"by len": Sized, "by a call": Called, "by a property": Shown, "by match": Bare}
    read = READS[how]
    held = kinds.get(how, Counter if "method" in how else Base)()

    def function(x):
        return read(held, x) if not late else x * 2.0 if read(held, 1.0) > 4 else x

    compiled = sg.compile(function)
    for _ in range(8):
        held.count += 1
        np.testing.assert_array_equal(compiled(X).value, np.asarray(function(X)))
        held.other += 1


@pytest.mark.parametrize(
    ("make", "change", "read"),
    [
        (Plain, lambda o: setattr(o, "count", o.count + 1),
         lambda o, x: x * dataclasses.asdict(o)["count"]),
        (Slotted, lambda o: setattr(o, "count", o.count + 1), lambda o, x: x * o.count),
        (Dynamic, lambda o: o.table.update(count=o.table["count"] + 1), lambda o, x: x * o.count),
        (Mapped, lambda o: o.update(a=1 + o.get("a", 0)), lambda o, x: x * sum(o.values())),
        (Counter, lambda o: setattr(o, "other", o.other + 1), _made),
        (Counter, lambda o: setattr(o.kept, "count", o.kept.count + 1),
         lambda o, x: x * o.kept.count),
        (Counter, lambda o: setattr(type(o), "limit", type(o).limit + 1),
         lambda o, x: x * o.at_most()),
        (Counter, lambda o: SHARED.append(1.0), lambda o, x: x * len(SHARED)),
        (lambda: types.SimpleNamespace(count=0.0), lambda o: setattr(o, "count", o.count + 1),
         lambda o, x: x * o.count),
        (lambda: [Plain()], lambda o: setattr(o[0], "count", o[0].count + 1),
         lambda o, x: x * o[0].count),
    ],
)  # fmt: skip
def test_what_is_read_of_other_kinds_of_things_counts(make, change, read):
    held = make()
    held_too = Counter()
    held_too.seen = SHARED                       # the same list under a name that nobody reads

    def late(x):
        return (x * 2.0 if read(held, 1.0) > 4 else x) + held_too.read()

    for function in (lambda x: read(held, x) + held_too.read(), late):
        compiled = sg.compile(function)
        for _ in range(8):
            change(held)
            np.testing.assert_array_equal(compiled(X).value, np.asarray(function(X)))
            held_too.other += 1


def test_a_method_that_is_replaced_counts():
    held = Counter()
    compiled = sg.compile(lambda x: x + held.read())
    assert compiled(X).value[0] == 0
    before = Counter.read
    try:
        Counter.read = lambda self: 5.0
        assert compiled(X).value[0] == 5
    finally:
        Counter.read = before
    assert compiled(X).value[0] == 0
