"""C1–C3: compiled code against eager, stale captures, bad indices."""

from __future__ import annotations

import array
import ctypes
import os
import sys
import types
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from unittest import mock

import numpy as np

import seegrad as sg
from seegrad.compiler.runtime import executable
from seegrad.graph.op import Op
from trust.gradients.escape_cases import optional
from trust.harness.isolation import in_child, over_cores
from trust.harness.random_programs import Program, by_table, random_program
from trust.harness.row import Found, Run, first, row
from trust.harness.sampling import inputs_of

Array = np.ndarray[Any, Any]


def _plain(x: Any) -> Array:
    return np.asarray(x.value if isinstance(x, sg.Tensor) else x)


def _in_turn(program: Program, looped: bool) -> Callable[..., Any]:
    """The program twice, one after the other, by hand or as the body of a scan."""

    def turn(total: Any, xs: Sequence[Any]) -> Any:
        return sg.sin(total) + program.run(xs, by_table)

    def function(*xs: Any) -> Any:
        if not looped:
            return turn(turn(0.0, xs), xs)
        rows = sg.stack(xs[0], xs[0])
        return sg.scan(lambda c, x: (turn(c, (x, *xs[1:])), None), 0.0, rows)[0]

    return function


def compiled_difference(program: Program, looped: bool = False) -> str | None:
    """Where a compiled program and its derivatives differ from eager ones; None: nowhere.

    looped: the program is the body of a loop, and eager is by hand.
    """
    count = range(len(program.leaves))

    def function(*xs: Any) -> Any:
        return program.run(xs, by_table)

    by_hand = _in_turn(program, False) if looped else function
    value, slopes = sg.value_and_grad(by_hand, count)(*program.leaves)
    ours = _in_turn(program, True) if looped else function
    quick = sg.compile(sg.value_and_grad(ours, count))
    for call in range(2):  # the second call finds the memory that the first has left
        other, found = quick(*program.leaves)
        for a, b in zip([value, *slopes], [other, *found]):
            if not np.allclose(_plain(a), _plain(b), rtol=1e-12, atol=1e-12):
                far = np.abs(_plain(a) - _plain(b)).max()
                return f"call {call}: differs by {far:.2e}: {program.text()}"
    if looped:
        for a, b in zip([value, *slopes], _flat(sg.value_and_grad(ours, count)(*program.leaves))):
            if not np.allclose(_plain(a), _plain(b), rtol=1e-12, atol=1e-12):
                return f"an eager loop differs: {program.text()}"
    return None


def _flat(found: tuple[Any, Sequence[Any]]) -> list[Any]:
    return [found[0], *found[1]]


def compiled_fault(program: Program, looped: bool = False) -> str:
    """What is wrong with a compiled program, in words; nothing: nothing."""
    try:
        return compiled_difference(program, looped) or ""
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:200]}: {program.text()}"


@row(
    "C1",
    "random programs of 5–60 ops, each fourth as the body of a loop: eager and compiled, value and"
    " derivative, called twice, memory filled with NaN between",
    "≥ 2,000: equal to 1e-12 in float64",
    count=2000,
    sample=25,
    seconds=1800,
)
def c1(run: Run) -> Found:
    rng = run.rng
    programs = [random_program(rng, 5, int(rng.integers(6, 61))) for _ in range(run.count)]

    def judged(some: Sequence[tuple[Program, bool]]) -> list[str]:
        """A line for each program that there was time for, empty where nothing is wrong."""
        with np.errstate(all="ignore"), mock.patch.object(executable, "POISON", True):
            return [compiled_fault(p, looped) for p, looped in some if not run.out_of_time()]

    found = over_cores(judged, [(p, i % 4 == 0) for i, p in enumerate(programs)])
    faults = [fault for fault in found if fault]
    return Found(f"{len(faults)} of {len(found):,} differ", first(faults, 8),
                 whole=len(found) == run.count)  # fmt: skip


# --------------------------------------------------------------- C2

SCALE = 2.0
TABLE = {"scale": 2.0}
LIST = [2.0, 3.0]


MODE = "plain"


class Holder:
    """Something with attributes, as user code has."""

    def __init__(self, inner: Any = None) -> None:
        self.scale, self.parts, self.inner = 2.0, [1.0, 2.0], inner

    def renew(self) -> None:
        """Another object in the place of the inner one."""
        self.inner = Holder()
        self.inner.scale = 5.0


class Slotted:
    """An object without a dictionary."""

    __slots__ = ("scale",)

    def __init__(self, scale: float) -> None:
        self.scale = scale


@dataclass(slots=True)
class Weighted:
    """The same as a dataclass."""

    by: float = 2.0


class Kind:
    """A class whose attribute changes."""

    scale = 2.0

    @classmethod
    def turn(cls) -> None:
        cls.scale += 1.0


Change = tuple[str, Callable[[dict[str, Any]], Any], Callable[[dict[str, Any]], None]]


def _twice(x: Any) -> Any:
    return x * 2


_twice.by = 2.0  # type: ignore[attr-defined]


def _turn_by() -> None:
    _twice.by += 1.0  # type: ignore[attr-defined]


def _with_default(x: Any, by: float = 2.0) -> Any:
    return x * by


def helper(x: Any) -> Any:
    """Rebound by `rebind_helper`."""
    return x * 2


def rebind_helper() -> None:
    """Another function under the same global name."""
    global helper
    helper = _thrice if helper is not _thrice else _twice


def rebind_mode() -> None:
    """Another text under the same global name."""
    global MODE
    MODE = "other" if MODE == "plain" else "plain"


def _thrice(x: Any) -> Any:
    return x * 3


def changes() -> Iterator[tuple[str, Callable[..., Any], dict[str, Any], Callable[[], None]]]:
    """(what, function, arguments, change): the function reads what is then changed."""
    x = np.array([[0.5, -1.0, 2.0]])
    holder, table, items, k, switch = Holder(Holder()), {"scale": 2.0}, [2.0, 3.0], [2.0], [True]
    w = sg.tensor(np.array([1.0, 2.0, 3.0]), name="w")
    array = np.array([1.0, 2.0, 3.0])
    net = sg.nn.Sequential(sg.nn.Affine(3, 2, dtype=float), sg.nn.Dropout(0.5))
    args: dict[str, Any] = {"x": x}
    used: list[Callable[[Any], Any]] = [_twice]
    number = 2.0

    def closure(x: Any) -> Any:
        return x * number

    def rebind() -> None:
        nonlocal number
        number = 5.0

    def rebind_global() -> None:
        global SCALE
        SCALE += 1.0

    def put(where: Any, key: Any, value: Any) -> Callable[[], None]:
        return lambda: where.__setitem__(key, value)

    yield "a closed-over number", closure, args, rebind
    yield "a global number", lambda x: x * SCALE, args, rebind_global
    yield "a global dictionary", lambda x: x * TABLE["scale"], args, put(TABLE, "scale", 7.0)
    yield "a global list", lambda x: x * LIST[0], args, put(LIST, 0, 7.0)
    yield "a longer global list", lambda x: x * len(LIST), args, lambda: LIST.append(1.0)
    yield "a closed-over dictionary", lambda x: x * table["scale"], args, put(table, "scale", 9.0)
    yield "a closed-over list", lambda x: x * items[1], args, put(items, 1, 9.0)
    yield "a list summed", lambda x: x * sum(k), args, lambda: k.append(1.0)
    yield "an attribute", lambda x: x * holder.scale, args, lambda: setattr(holder, "scale", 5.0)
    yield "an attribute's list", lambda x: x * holder.parts[0], args, put(holder.parts, 0, 5.0)
    yield "a flag", lambda x: x if switch[0] else -x, args, put(switch, 0, False)
    yield "a function in a list", lambda x: used[0](x), args, put(used, 0, _thrice)
    yield "a parameter's value", lambda x: x * w, args, lambda: w.assign([4.0, 5.0, 6.0])
    yield "a captured array, in place", lambda x: x * array, args, put(array, 0, 9.0)
    yield "a weight", lambda x: net[0](x), args, lambda: net[0].W.assign(np.ones((3, 2)))
    yield "train to eval", _mode_of(net), args, net.eval
    yield "the argument's shape", lambda x: x.sum(axis=0), args, put(args, "x", np.ones((2, 3)))
    yield "the argument's dtype", lambda x: x * 2, args, put(args, "x", np.ones((2, 3), np.float32))
    yield "a number as argument", lambda x: x * x, args, put(args, "x", 3.0)
    yield "another number", lambda x: x + 1, args, put(args, "x", 4.0)
    listed = {"x": [x, x]}
    another = put(listed["x"], 1, x + 1)
    yield "an item of a list of arguments", lambda x: x[0] * x[1], listed, another
    yield "a longer list of arguments", lambda x: sum(x), listed, lambda: listed["x"].append(x)
    deep = {"a": {"b": [2.0]}}
    yield "deep inside", lambda x: x * deep["a"]["b"][0], args, put(deep["a"]["b"], 0, 5.0)
    yield "a class's attribute", lambda x: x * Kind.scale, args, Kind.turn
    yield "a default", _with_default, args, lambda: setattr(_with_default, "__defaults__", (5.0,))
    yield "a global function", lambda x: helper(x), args, rebind_helper
    yield "a global text", lambda x: x if MODE == "plain" else -x, args, rebind_mode
    yield "an object in an attribute", lambda x: x * holder.inner.scale, args, holder.renew
    yield "what a function's attribute says", lambda x: x * _twice.by, args, _turn_by
    found = {1, 2}
    yield "a set", lambda x: x * len(found), args, lambda: found.add(3)
    yield from _in_other_containers(args)
    yield from _in_other_places(args)
    below, shown = np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0])
    look, wide = below.view(), np.broadcast_to(shown, (2, 3))
    look.flags.writeable = False
    yield "what a read-only view shows", lambda x: x * look, args, put(below, 0, 9.0)
    yield "what is spread over rows", lambda x: x * wide, args, put(shown, 0, 9.0)
    boxed = np.array([[2.0], None], dtype=object)
    yield "a list in an array of objects", lambda x: x * boxed[0][0], args, put(boxed[0], 0, 5.0)
    single = np.array(2.0)
    yield "a captured number of NumPy", lambda x: x * single, args, lambda: single.fill(5.0)


def _in_other_containers(
    args: dict[str, Any],
) -> Iterator[tuple[str, Callable[..., Any], dict[str, Any], Callable[[], None]]]:
    """What Python has besides lists and dictionaries, and holds numbers too."""
    slotted, weighted, kept = Slotted(2.0), Weighted(), {1.0, 2.0}
    row, typed, few = deque([1.0, 2.0]), array.array("d", [1.0, 2.0]), bytearray([1, 2])
    table = {"scale": 2.0}
    shown, append = types.MappingProxyType(table), [1.0]

    def set_again() -> None:
        kept.remove(2.0)
        kept.add(5.0)

    def change(what: Any, key: Any, value: Any) -> Callable[[], None]:
        return lambda: what.__setitem__(key, value)

    yield "a slot", lambda x: x * slotted.scale, args, lambda: setattr(slotted, "scale", 5.0)
    yield "a slot below", lambda x: x * weighted.by, args, lambda: setattr(weighted, "by", 5.0)
    yield "a set of as many", lambda x: x * sum(kept), args, set_again
    yield "a deque's item", lambda x: x * row[1], args, change(row, 1, 5.0)
    yield "a longer deque", lambda x: x * sum(append), args, lambda: append.append(3.0)
    yield "an array of Python's", lambda x: x * sum(typed), args, change(typed, 0, 5.0)
    yield "bytes", lambda x: x * sum(few), args, change(few, 0, 5)
    yield "a shown dictionary", lambda x: x * shown["scale"], args, change(table, "scale", 5.0)
    if (pandas := optional("pandas")) is None:
        return
    column = pandas.Series([1.0, 2.0], index=["a", "b"])
    yield "a column", lambda x: x * float(column.sum()), args, change(column, "a", 5.0)
    yield "a column's labels", lambda x: x * float(column["b"]), args, lambda: setattr(
        column, "index", ["b", "a"]
    )


def _in_other_places(
    args: dict[str, Any],
) -> Iterator[tuple[str, Callable[..., Any], dict[str, Any], Callable[[], None]]]:
    """Classes that are no globals, and what is asked for by a text, or from outside of Python."""

    class Base:
        rate = 2.0

        @classmethod
        def scaled(cls, x: Any) -> Any:
            return x * cls.rate

    class Child(Base):
        pass

    def turn_global() -> None:
        global SCALE
        SCALE += 1.0

    def set_current() -> None:
        current.set(5.0)

    child, current, typed = Child(), ContextVar("current", default=2.0), (ctypes.c_double * 2)(1, 2)
    name = "SEEGRAD_TRUST_SCALE"
    os.environ[name] = "2"
    yield "a class of a closure", lambda x: x * Base.rate, args, lambda: setattr(Base, "rate", 5.0)
    yield "a class's own function", Base.scaled, args, lambda: setattr(Base, "rate", 7.0)
    yield "an attribute over another", lambda x: x * child.rate, args, lambda: setattr(
        Child, "rate", 9.0
    )
    yield "a context variable", lambda x: x * current.get(), args, set_current
    yield "an array of C's", lambda x: x * typed[1], args, lambda: typed.__setitem__(1, 5.0)
    yield "the process's environment", lambda x: x * float(os.environ[name]), args, lambda: (
        os.environ.update({name: "5"}))
    yield "a global by its text", lambda x: x * globals()["SCALE"], args, turn_global
    here = sys.modules[__name__]
    yield "a module's by its text", lambda x: x * vars(here)["SCALE"], args, turn_global
    if (torch := optional("torch")) is not None:
        tensor = torch.tensor([1.0, 2.0], requires_grad=True)
        yield "a tensor of PyTorch", lambda x: x * float(tensor.detach()[1]), args, lambda: (
            tensor.data.__setitem__(1, 5.0))


def _mode_of(net: Any) -> Callable[..., Any]:
    return lambda x: net[0](x) * (2.0 if net.training else 3.0)


PROGRAMS: tuple[Callable[[Any], Any], ...] = (
    lambda y: y, lambda y: y + 1, lambda y: sg.tanh(y), lambda y: sg.sum(y), lambda y: y * y,
    lambda y: sg.exp(y * 0.1), lambda y: sg.reshape(y, (-1,)), lambda y: sg.maximum(y, 0.0),
    lambda y: sg.softmax(sg.reshape(y, (-1,))), lambda y: y - sg.mean(y),
)  # fmt: skip


@row(
    "C2",
    "things that change between two calls of a compiled function, in 10 programs",
    "≥ 20 × 10: traced anew or refused; stale 0",
    count=10,
    sample=2,
)
def c2(run: Run) -> Found:
    faults, done = [], 0
    for program in PROGRAMS[: run.count]:
        for what, function, args, change in changes():
            def whole(x: Any, f: Any = function, p: Any = program) -> Any:
                return p(sg.as_tensor(f(x)))

            done += 1
            try:
                step = sg.compile(whole)
                before = (_plain(step(args["x"])), _plain(whole(args["x"])))
                change()
                after = (_plain(step(args["x"])), _plain(whole(args["x"])))
            except sg.SeegradError as error:
                faults.append(f"{what}: refused before the change: {str(error).splitlines()[0]}")
                continue
            for name, (fast, slow) in (("before", before), ("after", after)):
                if fast.shape != slow.shape or not np.allclose(fast, slow, rtol=1e-6):
                    faults.append(f"{what}: {name} the change {fast}, not {slow}")
    return Found(f"{len(faults)} stale or wrong of {done}", first(faults))


# --------------------------------------------------------------- C3


def bad_calls(rng: np.random.Generator) -> Iterator[tuple[Callable[..., Any], tuple[Any, ...]]]:
    """(function, arguments) whose shapes or indices do not fit."""
    x = rng.normal(size=(4, 3))
    far = int(rng.integers(4, 10**6))
    yield lambda a, i: sg.take(a, i, axis=0), (x, np.array([0, far]))
    yield lambda a, i: sg.take(a, i, axis=1), (x, np.array([-far]))
    yield lambda a, i: sg.take(a, i, axis=0), (x, np.array([1, far], ">i8"))
    yield lambda a, i: a[i], (x, np.array([[far, 1]]))
    yield lambda a, i: a[i, i], (x, np.array([0, -far - 5]))
    yield lambda a, i: sg.take_along_axis(a, i, axis=1), (x, np.full((4, 1), far))
    yield lambda a, i: sg.softmax_cross_entropy(a, i), (x, np.array([0, 1, 2, far]))
    yield lambda a, i: sg.softmax_cross_entropy(a, i), (x, np.array([0, 1, 2, -far]))
    yield lambda a, i: sg.one_hot(i, classes=3) * a, (x, np.array([0, 1, 2, far]))
    yield lambda a, b: a @ b, (x, rng.normal(size=(4, 2)))
    yield lambda a, b: a + b, (x, rng.normal(size=(2, 3)))
    yield lambda a, b: sg.concatenate([a, b], axis=0), (x, rng.normal(size=(2, 2)))
    yield lambda a, i: sg.grad(lambda w: sg.take(w, i, axis=0).sum())(a), (x, np.array([far]))


def bent(value: Any, rng: np.random.Generator) -> Any:
    """An attribute with one of its whole numbers changed."""
    if isinstance(value, tuple) and value:
        i = int(rng.integers(len(value)))
        return (*value[:i], bent(value[i], rng), *value[i + 1 :])
    if isinstance(value, int) and not isinstance(value, bool):
        return value + int(rng.choice([-7, -2, -1, 1, 2, 5, 40]))
    return value


def drawn_calls(rng: np.random.Generator) -> Iterator[tuple[Op, list[Any], dict[str, Any]]]:
    """Calls of the op table with a size or an attribute changed; most, but not all, are wrong."""
    for op in sg.TABLE.values():
        for case in op.cases:
            xs, attrs = inputs_of(op, case, rng), dict(case.attrs)
            if attrs:
                name = str(rng.choice(sorted(attrs)))
                yield op, xs, {**attrs, name: bent(attrs[name], rng)}
            if xs:
                i = int(rng.integers(len(xs)))
                axis = int(rng.integers(xs[i].ndim + 1))
                x = xs[i]
                other = np.repeat(x, 2, axis) if axis < x.ndim else x[..., None]  # still in order
                yield op, [*xs[:i], other, *xs[i + 1 :]], attrs


def drawn_fault(op: Op, xs: list[Any], attrs: dict[str, Any]) -> str | None:
    """Whether a changed call is judged differently by arrays, by tensors or by compiled code."""
    words = f"{op.name} {[x.shape for x in xs]} {attrs}"
    found: dict[str, Any] = {}
    for road, call in (
        ("arrays", lambda: op(*xs, **attrs)),
        ("tensors", lambda: op(*map(sg.tensor, xs), **attrs)),
        ("compiled", lambda: sg.compile(lambda *ys: op(*ys, **attrs))(*xs)),
    ):
        try:
            found[road] = _plain(call())
        except sg.SeegradError as error:
            found[road] = str(error).splitlines()[0]
        except Exception as error:
            return f"{words}: {road}: a bare {type(error).__name__}: {error}"
    refused = {road: isinstance(it, str) for road, it in found.items()}
    if len(set(refused.values())) > 1:
        return f"{words}: refused by some only: {found}"
    if refused["arrays"]:
        return None
    for road in ("tensors", "compiled"):
        a, b = found["arrays"], found[road]
        if a.shape != b.shape or not np.allclose(a, b, rtol=1e-12, atol=1e-12, equal_nan=True):
            return f"{words}: {road} gives {b!r:.60}, not {a!r:.60}"
    return None


def drawn_faults(calls: list[Any], chosen: Any) -> list[str]:
    with np.errstate(all="ignore"):
        return [fault for k in chosen if (fault := drawn_fault(*calls[k]))]


@row(
    "C3",
    "bad indices and shapes into compiled code, also after a good call; the table's calls with a"
    " size or an attribute changed",
    "≥ 200: eager's error; never a read outside",
    count=200,
    sample=24,
    seconds=300,
)
def c3(run: Run) -> Found:
    rng, faults, done = run.rng, [], 0
    changed, rounds, whole = 0, max(run.count // 50, 1), True
    for k in range(rounds):
        if k and run.out_of_time():
            whole = False
            break
        calls = list(drawn_calls(rng))
        chosen = rng.permutation(len(calls))[: run.count * 10]
        changed += len(chosen)
        faults += [fault for block in np.array_split(chosen, max(len(chosen) // 200, 1))
                   for fault in in_child(lambda b=block, c=calls: drawn_faults(c, b))]  # fmt: skip
    while done < run.count:
        for function, args in bad_calls(rng):
            done += 1
            quick = sg.compile(function)
            if args[1].dtype.kind == "i" and done % 2:
                quick(args[0], np.zeros_like(args[1]))  # compiled for good indices already
            try:
                function(*map(sg.tensor, args))
            except sg.SeegradError as error:
                right: Any = type(error)
            else:
                right = None
            try:
                found = quick(*args)
                faults.append(f"{done % 12}: no error, but {str(found)[:60]}")
            except sg.SeegradError as error:
                if not (right is None or issubclass(type(error), right.__mro__[2])):
                    faults.append(f"{type(error).__name__}, not {right.__name__}: {error}")
            except Exception as error:
                faults.append(f"a bare {type(error).__name__}: {error}")
    figure = f"{len(faults)} of {done} bad and {changed:,} changed calls judged otherwise"
    return Found(figure, first(faults), whole=whole)
