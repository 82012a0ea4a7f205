"""M1: what is changed between forward and backward must not change the derivative in silence.

Arrays come in by many ways, are used by a random program (views among its steps), and are then
written to, as are the tensors and whatever the graph has handed out. The derivative must be that of
the values the graph was computed from, or a named error must say that something has changed.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import seegrad as sg
from trust.harness.random_programs import Program, by_table, random_program
from trust.harness.row import Found, Run, first, row

Array = np.ndarray[Any, Any]


class Shared:
    """An array that its owner may write to, and a tensor made from it by one of many ways."""

    WAYS = ("array", "view", "turned", "reversed", "read-only view", "memoryview", "dlpack",
            "list of rows", "subclass", "tensor of a tensor", "assigned",
            "set in part")  # fmt: skip

    def __init__(self, x: Array, way: str) -> None:
        self.owned = x.copy()
        make = getattr(self, "_" + way.replace(" ", "_").replace("-", "_"))
        self.tensor: sg.Tensor = make(self.owned)

    def _array(self, a: Array) -> Any:
        return sg.tensor(a)

    def _view(self, a: Array) -> Any:
        self.owned = np.stack([a, a])
        return sg.tensor(self.owned[1])

    def _turned(self, a: Array) -> Any:
        self.owned = np.array(a.T, order="C")
        return sg.tensor(self.owned.T)

    def _reversed(self, a: Array) -> Any:
        if not a.ndim:
            return sg.tensor(a)
        self.owned = np.ascontiguousarray(a[::-1])
        return sg.tensor(self.owned[::-1])

    def _read_only_view(self, a: Array) -> Any:
        view = a[...]
        view.setflags(write=False)
        return sg.tensor(view)

    def _memoryview(self, a: Array) -> Any:
        return sg.tensor(memoryview(a)) if a.ndim else sg.tensor(a)

    def _dlpack(self, a: Array) -> Any:
        return sg.from_dlpack(a)

    def _list_of_rows(self, a: Array) -> Any:
        return sg.tensor(list(a)) if a.ndim else sg.tensor(a)

    def _subclass(self, a: Array) -> Any:
        return sg.tensor(a.view(_Own))

    def _tensor_of_a_tensor(self, a: Array) -> Any:
        return sg.tensor(sg.tensor(a))

    def _assigned(self, a: Array) -> Any:
        leaf = sg.tensor(np.zeros(a.shape))
        leaf.assign(a)
        return leaf

    def _set_in_part(self, a: Array) -> Any:
        leaf = sg.tensor(np.zeros(a.shape))
        leaf[...] = a
        return leaf


class _Own(np.ndarray):  # type: ignore[type-arg]
    """A subclass of NumPy's array, as libraries have them."""


def _scribble(a: Array, rng: np.random.Generator) -> None:
    """Write to an array in one of the ways that people do."""
    match int(rng.integers(6)):
        case 0:
            a[...] = 7.0
        case 1:
            np.add(a, 1.0, out=a, casting="unsafe")
        case 2:
            np.multiply(a, -3.0, out=a, casting="unsafe")
        case 3:
            a.flat[:] = np.nan if a.dtype.kind == "f" else 1
        case 4:
            np.copyto(a, 0.25, casting="unsafe")
        case _:
            a.ravel(order="K").view(np.uint8)[...] = 0
            a[...] = 0


def _write_out(value: Any, rng: np.random.Generator) -> str | None:
    """Try to write to what the graph has handed out; it must refuse, or be the caller's own."""
    array = np.asarray(value)
    if not array.flags.writeable:
        try:
            array[...] = 0.0
        except ValueError:
            return None
        return "a read-only array was written to"
    _scribble(array, rng)
    return None


def _meddle(shared: list[Shared], made: list[Any], rng: np.random.Generator) -> Iterator[str]:
    """Change all that can be changed between forward and backward."""
    for s in shared:
        _scribble(s.owned, rng)
        match int(rng.integers(4)):
            case 0:
                s.tensor.assign(rng.uniform(-1, 1, s.tensor.shape))
            case 1:
                s.tensor[...] = 0.5
            case 2:
                _meddled(s.tensor.grad)
            case _:
                pass
    for value in [*[s.tensor for s in shared], *made]:
        if isinstance(value, sg.Tensor) and rng.random() < 0.5:
            way: Callable[[], Any] = [
                lambda v=value: v.value, lambda v=value: np.asarray(v), lambda v=value: v.numpy(),
                lambda v=value: np.from_dlpack(v), lambda v=value: copy.copy(v.value),
                lambda v=value: v.value.reshape(-1), lambda v=value: v.detach().value,
                lambda v=value: v.value.T,
            ][rng.integers(8)]  # fmt: skip
            if fault := _write_out(way(), rng):
                yield fault


def _meddled(x: Any) -> None:
    if x is not None and np.asarray(x).flags.writeable:
        np.asarray(x)[...] = 9.0


def expected(program: Program) -> list[Array]:
    """The derivatives, computed where nobody meddles."""
    leaves = [sg.tensor(x) for x in program.leaves]
    program.run(leaves, by_table).backward()
    return [np.zeros(x.shape) if x.grad is None else np.array(x.grad) for x in leaves]


def program_fault(rng: np.random.Generator) -> str | None:
    """One program with meddling: what went wrong, or None."""
    program = random_program(rng, 3, 14)
    right = expected(program)
    ways = [str(rng.choice(Shared.WAYS)) for _ in program.leaves]
    shared = [Shared(x, way) for x, way in zip(program.leaves, ways)]
    made: list[Any] = []

    def kept(name: str, args: Any, attrs: Any) -> Any:
        value = by_table(name, args, attrs)
        made.append(value)
        return value

    out = program.run([s.tensor for s in shared], kept)
    words = f"ways {ways}; {program.text()}"
    for fault in _meddle(shared, made, rng):
        return f"{fault}; {words}"
    try:
        out.backward()
    except sg.SeegradError:
        return None
    for s, g in zip(shared, right):
        found = np.zeros(g.shape) if s.tensor.grad is None else np.asarray(s.tensor.grad)
        if not np.allclose(found, g, rtol=1e-10, atol=1e-12):
            return f"the derivative is another: {words}"
    return None


# --------------------------------------------------------------- other ways in

Way = tuple[str, Callable[[Array], tuple[Callable[[], Any], Any]]]


def _constant(a: Array) -> tuple[Callable[[], Any], Any]:
    x = sg.tensor([1.0, 2.0, 3.0])
    y = (x * a).sum()

    def later() -> Any:
        y.backward()
        return x.grad

    return later, [1.0, 2.0, 3.0]


def _constant_matrix(a: Array) -> tuple[Callable[[], Any], Any]:
    x = sg.tensor([1.0, 2.0, 3.0])
    y = x @ a

    def later() -> Any:
        y.backward()
        return x.grad

    return later, [1.0, 2.0, 3.0]


def _argument_of_vjp(a: Array) -> tuple[Callable[[], Any], Any]:
    _, pull = sg.vjp(lambda x: (x * x).sum(), a)
    return lambda: pull(1.0)[0], [2.0, 4.0, 6.0]


def _value_of_vjp(a: Array) -> tuple[Callable[[], Any], Any]:
    value, pull = sg.vjp(sg.exp, a)
    a[...] = [1.0, 2.0, 3.0]
    value[...] = 0.0  # the caller's own
    return lambda: pull(np.ones(3))[0], np.exp([1.0, 2.0, 3.0])


def _seed(a: Array) -> tuple[Callable[[], Any], Any]:
    x = sg.tensor([1.0, 1.0, 1.0])
    (x * 1.0).backward(a)
    return lambda: x.grad, [1.0, 2.0, 3.0]


def _index(a: Array) -> tuple[Callable[[], Any], Any]:
    x = sg.tensor([1.0, 2.0, 3.0])
    where = np.array([2, 2, 0])
    y = (x[where] * x[where]).sum()
    where[...] = 1

    def later() -> Any:
        y.backward()
        return x.grad

    return later, [2.0, 0.0, 12.0]


def _mask(a: Array) -> tuple[Callable[[], Any], Any]:
    x = sg.tensor([1.0, 2.0, 3.0])
    mask = np.array([True, False, True])
    y = (x[mask] ** 2).sum() + sg.where(mask, x, 0.0).sum()
    mask[...] = False

    def later() -> Any:
        y.backward()
        return x.grad

    return later, [3.0, 0.0, 7.0]


def _set_grad(a: Array) -> tuple[Callable[[], Any], Any]:
    x = sg.tensor([1.0, 2.0, 3.0])
    x.grad = a
    return lambda: x.grad, [1.0, 2.0, 3.0]


def _labels(a: Array) -> tuple[Callable[[], Any], Any]:
    scores, t = sg.tensor(np.zeros((2, 2))), np.array([0, 1])
    loss = sg.softmax_cross_entropy(scores, t)
    t[...] = 0

    def later() -> Any:
        loss.backward()
        return scores.grad

    return later, [[-0.25, 0.25], [0.25, -0.25]]


def _step_between(a: Array) -> tuple[Callable[[], Any], Any]:
    x = sg.tensor([1.0, 2.0, 3.0])
    optimizer = sg.optim.SGD([x], lr=0.5)
    (x * x).sum().backward()
    y = (x * x * x).sum()
    optimizer.step()
    x.grad = None

    def later() -> Any:
        y.backward()
        return x.grad

    return later, [3.0, 12.0, 27.0]


def _checkpoint(a: Array) -> tuple[Callable[[], Any], Any]:
    x, w = sg.tensor([1.0, 2.0, 3.0]), sg.tensor([1.0, 1.0, 1.0])
    y = sg.checkpoint(lambda v: (v * v * w).sum())(x)
    w.assign([5.0, 5.0, 5.0])

    def later() -> Any:
        y.backward()
        return x.grad

    return later, [2.0, 4.0, 6.0]


def _higher(a: Array) -> tuple[Callable[[], Any], Any]:
    x = sg.tensor([1.0, 2.0, 3.0])
    y = (x * x * x).sum()
    x.assign([0.0, 0.0, 0.0])

    def later() -> Any:
        y.backward(as_graph=True)
        return np.asarray(x.grad)

    return later, [3.0, 12.0, 27.0]


def _loaded(a: Array) -> tuple[Callable[[], Any], Any]:
    net = sg.nn.Affine(3, 1, bias=False, dtype=float)
    x = sg.tensor([[1.0, 1.0, 1.0]])
    W = np.array(net.W.value)
    y = net(x).sum()
    net.load_state_dict({"W": np.zeros((3, 1))})

    def later() -> Any:
        y.backward()
        return x.grad

    return later, W.T


WAYS = (_constant, _constant_matrix, _argument_of_vjp, _value_of_vjp, _seed, _index, _mask,
        _set_grad, _labels, _step_between, _checkpoint, _higher, _loaded)  # fmt: skip


def way_faults() -> Iterator[str]:
    """Each way by hand: the caller's array is overwritten before the derivative is asked for."""
    for way in WAYS:
        name = way.__name__.strip("_").replace("_", " ")
        a = np.array([1.0, 2.0, 3.0])
        later, right = way(a)
        a[...] = -99.0
        try:
            found = later()
        except sg.SeegradError:
            continue
        if not np.allclose(found, right, rtol=1e-6):
            yield f"{name}: {np.asarray(found).tolist()}, not {np.asarray(right).tolist()}"


@row(
    "M1",
    "random programs with views, whose arrays and tensors are changed before backward; and"
    f" {len(WAYS)} ways in by hand",
    "≥ 2,000: the right derivative or a named error; silently wrong 0",
    count=2000,
    sample=40,
)
def m1(run: Run) -> Found:
    rng, faults, done = run.rng, [*way_faults()], 0
    with np.errstate(all="ignore"):
        while done < run.count and not run.out_of_time():
            done += 1
            if fault := program_fault(rng):
                faults.append(fault)
    return Found(
        f"{len(faults)} wrong of {done + len(WAYS):,}", first(faults), whole=done == run.count
    )
