"""sg.scan, sg.while_loop, sg.fori_loop and sg.cond: what people call, and what they are told.

Trees of arrays become inputs of a node, a function becomes a body, and results become trees
again. Names and meaning follow JAX (jax.lax).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar, TypeVarTuple, overload

import numpy as np

from seegrad.errors import CallError, DTypeError, ShapeError, ValueRangeError
from seegrad.graph.mode import current_mode, frame
from seegrad.graph.node import Node
from seegrad.graph.spec import DType, Spec
from seegrad.i18n import tr
from seegrad.tensor.tensor import Tensor, as_tensor
from seegrad.transforms.loops.body import Body, argument, as_node, traced
from seegrad.transforms.loops.derivatives import Plan, choice_pulled, while_pulled
from seegrad.transforms.loops.operations import OPERATIONS
from seegrad.transforms.loops.programs import Cond, Counts, Program, Scan, While
from seegrad.tree import Structure, flatten, unflatten

Function = Callable[..., Any]
C = TypeVar("C")
R = TypeVar("R")
Operands = TypeVarTuple("Operands")
NUMBERS = (bool, int, float)


def paths(structure: Structure, root: str) -> Iterator[str]:
    """How each leaf of a tree is reached, as Python writes it: `carry["h"][1]`."""
    if structure.kind is None:
        yield root
        return
    keys: Sequence[Any] = structure.keys or range(len(structure.children))
    for key, child in zip(keys, structure.children):
        yield from paths(child, f"{root}[{key!r}]")


class _Tree:
    """An argument that is a tree of arrays: its leaves as values, and how they are reached.

    Python's floats take the dtype of the arrays `beside` them, as they do everywhere. Integers and
    booleans stay what they are, unless a turn gives something else (`_settled`).
    """

    def __init__(self, tree: Any, name: str, beside: Sequence[DType] = ()) -> None:
        leaves, self.structure = flatten(tree)
        self.paths = list(paths(self.structure, name))
        self.free = [type(x) in NUMBERS for x in leaves]
        dtypes = [*beside, *(x.dtype for x in leaves if hasattr(x, "dtype"))]
        dtypes = [d for d in dtypes if d.kind == "f"]
        self.floating = np.result_type(*dtypes) if dtypes else None
        self.values = [
            as_tensor(np.asarray(x, self.floating if type(x) is float else None))
            if free else as_tensor(x)
            for x, free in zip(leaves, self.free)
        ]
        self.nodes = any(isinstance(x, Node) for x in leaves)

    @property
    def specs(self) -> list[Spec]:
        return [x.spec for x in self.values]


def _called(who: str, function: Any, name: str) -> str:
    """The name of a function that was passed; CallError if it is none."""
    if not callable(function):
        raise CallError(
            tr("{who}: {name} is no function", who=who, name=name),
            asked="a function", came=type(function).__name__,
        )  # fmt: skip
    return str(getattr(function, "__name__", name)).replace("<lambda>", name)


def _same_structure(who: str, name: str, asked: Structure, came: Structure) -> None:
    if asked != came:
        raise CallError(
            tr("{who}: {name} comes back with another structure", who=who, name=name),
            asked=_drawn(asked), came=_drawn(came),
            hint="return what came in, in the same tuples, lists and dictionaries",
        )  # fmt: skip


def _drawn(structure: Structure) -> str:
    """A tree without its leaves: `(*, [*, *])`."""
    kind = structure.kind
    if kind is None:
        return "*"
    if kind is type(None):
        return "None"
    inner = [_drawn(child) for child in structure.children]
    if issubclass(kind, dict):
        return "{" + ", ".join(f"{k!r}: {x}" for k, x in zip(structure.keys, inner)) + "}"
    if issubclass(kind, list):
        return f"[{', '.join(inner)}]"
    return f"({', '.join(inner)}{',' * (len(inner) == 1)})"


def _same_specs(who: str, tree: _Tree, came: Sequence[Node]) -> None:
    """ShapeError or DTypeError where a turn would give the carry another shape or dtype."""
    for path, x, y in zip(tree.paths, tree.values, came):
        if x.shape != y.shape:
            raise ShapeError(
                tr("{who}: {path} changes its shape", who=who, path=path),
                asked=tr("shape {shape}, as it came in", shape=x.shape),
                came=tr("shape {shape}", shape=y.shape),
                hint="give the first value the shape that every turn gives",
            )  # fmt: skip
        if x.dtype != y.dtype:
            raise DTypeError(
                tr("{who}: {path} changes its dtype", who=who, path=path),
                asked=f"{x.dtype}", came=f"{y.dtype}",
                hint=tr(
                    "begin with a value of dtype {dtype}, or end the turn with .astype({asked})",
                    dtype=y.dtype, asked=repr(str(x.dtype)),
                ),
            )  # fmt: skip


def _settled(tree: _Tree, came: Sequence[Node]) -> bool:
    """Let Python's numbers in the carry take the dtype that a turn gives; False if one had to."""
    settled = True
    for i, (free, y) in enumerate(zip(tree.free, came)):
        x = tree.values[i]
        wide = np.result_type(x.dtype, y.dtype)
        if free and not y.shape and wide != x.dtype:
            if x.dtype.kind != "f" and wide.kind == "f":
                wide = tree.floating or wide
            tree.values[i], settled = as_tensor(x.data.astype(wide)), False
    return settled


def _results(program: Program, inputs: Sequence[Any], nodes: bool) -> list[Any]:
    """The results as the caller expects them: nodes, or NumPy values where no node came in."""
    lively = nodes or current_mode().tracer is not None or any(x.requires_grad for x in inputs)
    if not lively and all(x.data is not None for x in inputs):
        found = program.apply([x.data for x in inputs])
        return [np.array(x) if x.ndim else x[()] for x in found]
    with frame(OPERATIONS[type(program)].name):
        return program.apply(inputs)


def _length(who: str, xs: _Tree, length: Any) -> int:
    counts = {}
    for path, x in zip(xs.paths, xs.values):
        if not x.shape:
            raise ShapeError(
                tr("{who}: {path} has no axis to go along", who=who, path=path),
                asked=tr("an array with one row for each turn"), came=f"{x.spec}",
            )  # fmt: skip
        counts[path] = x.shape[0]
    if length is not None:
        try:
            given = operator.index(length)
        except TypeError:
            raise CallError(
                tr("{who}: length must be an integer", who=who),
                asked="a number of turns that is known now", came=repr(length),
                hint="use sg.while_loop where the number is computed",
            ) from None  # fmt: skip
        if given < 0:
            raise ValueRangeError(
                tr("{who}: length must be an integer from 0", who=who), came=repr(length)
            )
        counts = {"length": given, **counts}
    if not counts:
        raise CallError(
            tr("{who}: how many turns?", who=who), asked="xs, or length=",
            came="neither", hint="pass length=10, say",
        )  # fmt: skip
    if len(set(counts.values())) > 1:
        raise ShapeError(
            tr("{who}: the lengths do not fit together", who=who),
            asked="the same number of turns everywhere",
            came=", ".join(f"{path}: {n}" for path, n in counts.items()),
        )
    return next(iter(counts.values()))


@overload
def scan(
    body: Callable[[C, Any], tuple[C, R]], carry: C, xs: Any = None, length: int | None = None,
    reverse: bool = False,
) -> tuple[C, R]: ...
@overload
def scan(
    body: Function, carry: Any, xs: Any = None, length: int | None = None, reverse: bool = False
) -> tuple[Any, Any]: ...
def scan(
    body: Function, carry: Any, xs: Any = None, length: int | None = None, reverse: bool = False
) -> tuple[Any, Any]:
    """`body(carry, x)` for each x in turn: the last carry, and all that the turns gave beside.

    Args:
        body: takes the carry and the rows of this turn, and gives `(carry, y)`; it is traced once.
        carry: what the first turn begins with: any tree of arrays. Shapes, dtypes and structure
            stay as they are.
        xs: any tree of arrays (T, …), a row of each for each turn; None: `length` turns.
        reverse: from the last row to the first; the y's still lie as the x's do.

    Returns `(carry, ys)`, the ys stacked (T, …). Differentiable to any order, by what the body
    captures too; backward keeps the carries and costly values of all turns, and computes the
    rest again. Raises CallError, ShapeError or DTypeError, naming the place in the tree, where the
    carry changes or lengths do not fit. As jax.lax.scan.

    >>> total, running = scan(lambda c, x: (c + x, c + x), 0.0, np.array([1.0, 2.0, 3.0]))
    >>> float(total), running
    (6.0, array([1., 3., 6.]))
    """
    name = _called("scan", body, "body")
    rows = _Tree(xs, "xs")
    turns = _length("scan", rows, length)
    first = _Tree(carry, "carry", [x.dtype for x in rows.values])
    while True:
        held = [argument(s) for s in first.specs]
        given = [argument(Spec(s.shape[1:], s.dtype)) for s in rows.specs]
        result, captured = traced(body, [(first.structure, held), (rows.structure, given)])
        if not (isinstance(result, (tuple, list)) and len(result) == 2):
            raise CallError(
                tr("scan: {name} must give (carry, y)", name=name), asked="a pair",
                came=type(result).__name__, hint="return carry, None where there is no y",
            )  # fmt: skip
        ends, structure = flatten(result[0])
        _same_structure("scan", "carry", first.structure, structure)
        ends = [as_node(x, captured) for x in ends]
        if _settled(first, ends):
            break
    _same_specs("scan", first, ends)
    ys, shape = flatten(result[1])
    inputs = [*captured, *first.values, *rows.values]
    counts = Counts(len(captured), len(held), len(given))
    traced_body = Body([*captured.values(), *held, *given],
                       [*ends, *(as_node(y, captured) for y in ys)], name)  # fmt: skip
    program = Scan(traced_body, counts, turns, bool(reverse), Plan)
    found = _results(program, inputs, first.nodes or rows.nodes)
    n = len(held)
    return unflatten(first.structure, found[:n]), unflatten(shape, found[n:])


@overload
def while_loop(
    cond: Callable[[C], Any], body: Callable[[C], C], carry: C, *, max_turns: int | None = None
) -> C: ...
@overload
def while_loop(
    cond: Function, body: Function, carry: Any, *, max_turns: int | None = None
) -> Any: ...
def while_loop(cond: Function, body: Function, carry: Any, *, max_turns: int | None = None) -> Any:
    """`carry = body(carry)` as long as `cond(carry)` is true; gives the last carry.

    Args:
        cond: gives one truth value. It is traced once, as `body` is.
        carry: any tree of arrays; shapes, dtypes and structure stay as they are.
        max_turns: stop after so many turns. A derivative from right to left needs it; it is then
            taken of a scan of `max_turns` turns, of which those after the last do nothing.

    Differentiable from left to right (sg.jvp) without a bound. Raises GradientError for a backward
    pass without `max_turns`. As jax.lax.while_loop.

    >>> float(while_loop(lambda x: x < 100.0, lambda x: x * 2.0, 3.0))
    192.0
    """
    names = _called("while_loop", cond, "cond"), _called("while_loop", body, "body")
    if max_turns is not None:
        max_turns = _length("while_loop", _Tree(None, ""), max_turns)
    first = _Tree(carry, "carry")
    while True:
        held = [argument(s) for s in first.specs]
        result, captured = traced(body, [(first.structure, held)])
        ends, structure = flatten(result)
        _same_structure("while_loop", "carry", first.structure, structure)
        ends = [as_node(x, captured) for x in ends]
        if _settled(first, ends):
            break
    _same_specs("while_loop", first, ends)
    asked = [argument(s) for s in first.specs]
    answer, known = traced(cond, [(first.structure, asked)])
    going = as_node(_truth("while_loop: cond", answer), known)
    every = dict.fromkeys([*captured, *known])
    inputs = [*every, *first.values]
    if max_turns is not None and current_mode().recording and any(
        x.requires_grad for x in inputs
    ):
        return _bounded(cond, body, first, max_turns)
    test = Body([*_filled(every, known), *asked], [going], names[0])
    turn = Body([*_filled(every, captured), *held], ends, names[1])
    program = While(test, turn, Counts(len(every), len(held)), max_turns, while_pulled)
    return unflatten(first.structure, _results(program, inputs, first.nodes))


def _bounded(test: Function, body: Function, first: _Tree, turns: int) -> Any:
    """A while loop as a scan, whose turns do nothing when the test has failed."""

    def turn(carry: Any, _: Any) -> tuple[Any, None]:
        return cond(test(carry), body, lambda same: same, carry), None

    return scan(turn, unflatten(first.structure, first.values), None, turns)[0]


def _filled(every: dict[Node, Any], known: dict[Node, Tensor]) -> list[Tensor]:
    """A symbol for each of what two bodies have captured; one that a body does not use."""
    return [known[x] if x in known else argument(x.spec) for x in every]


def _truth(who: str, value: Any) -> Any:
    """One truth value, or ShapeError or DTypeError."""
    leaves, _ = flatten(value)
    x = as_tensor(leaves[0]) if len(leaves) == 1 else None
    if x is None or x.shape:
        raise ShapeError(
            tr("{who} must give one truth value", who=who), asked="a boolean of shape ()",
            came=tr("{count} values", count=len(leaves)) if x is None else f"{x.spec}",
            hint="use .all() or .any() of several",
        )  # fmt: skip
    if x.dtype.kind != "b":
        raise DTypeError(
            tr("{who} must give one truth value", who=who), asked="a boolean of shape ()",
            came=f"{x.spec}", hint="compare: x != 0",
        )  # fmt: skip
    return x


@overload
def cond(
    pred: Any, then: Callable[[*Operands], R], other: Callable[[*Operands], R],
    *operands: *Operands,
) -> R: ...
@overload
def cond(pred: Any, then: Function, other: Function, *operands: Any) -> Any: ...
def cond(  # type: ignore[misc]  # any operands: Any
    pred: Any, then: Function, other: Function, *operands: Any
) -> Any:
    """`then(*operands)` if `pred` is true, else `other(*operands)`; only one of them is computed.

    Both are traced, and give results of the same structure, shapes and dtypes. Differentiable to
    any order: the derivative is the choice between the derivatives, so that what the other side
    would have made of it (a NaN, say) has no part in it. Raises CallError, ShapeError or
    DTypeError where the sides differ. As jax.lax.cond.

    >>> float(cond(True, lambda x: x * 2.0, lambda x: -x, 3.0))
    6.0
    """
    names = _called("cond", then, "then"), _called("cond", other, "other")
    chosen = _truth("cond: pred", pred)
    tree = _Tree(operands, "operands")
    sides = []
    for function in (then, other):
        given = [argument(s) for s in tree.specs]
        result, captured = traced(
            lambda operands, f=function: f(*operands), [(tree.structure, given)], turns=False
        )
        leaves, structure = flatten(result)
        sides.append((given, captured, [as_node(x, captured) for x in leaves], structure))
    (given, captured, ends, structure), (_, _, others, another) = sides
    if structure != another:
        raise CallError(
            "cond: the sides give results of different structure",
            asked=_drawn(structure), came=_drawn(another),
            hint="give the same tuples, lists and dictionaries on both sides",
        )  # fmt: skip
    for path, x, y in zip(paths(structure, "result"), ends, others):
        if x.spec != y.spec:
            kind = DTypeError if x.shape == y.shape else ShapeError
            raise kind(
                tr("cond: the sides differ in {path}", path=path),
                asked=tr("{name} gives {spec}", name=names[0], spec=x.spec),
                came=tr("{name} gives {spec}", name=names[1], spec=y.spec),
            )
    every = dict.fromkeys([*captured, *sides[1][1]])
    one, two = [Body([*_filled(every, known), *own], found, name)
                for (own, known, found, _), name in zip(sides, names)]  # fmt: skip
    program = Cond(one, two, choice_pulled)
    inputs = [chosen, *every, *tree.values]
    nodes = tree.nodes or isinstance(pred, Node)
    return unflatten(structure, _results(program, inputs, nodes))


@overload
def fori_loop(low: Any, high: Any, body: Callable[[Any, C], C], carry: C) -> C: ...
@overload
def fori_loop(low: Any, high: Any, body: Function, carry: Any) -> Any: ...
def fori_loop(low: Any, high: Any, body: Function, carry: Any) -> Any:
    """`carry = body(i, carry)` for i from `low` to `high` - 1; gives the last carry.

    With bounds that are Python integers it is a scan, which can be differentiated from right to
    left; with bounds that are computed, a while loop. As jax.lax.fori_loop.

    Raises:
        DTypeError: for bounds that are no integers.

    >>> fori_loop(0, 5, lambda i, total: total + i, 0)
    np.int64(10)
    """
    name = _called("fori_loop", body, "body")
    if isinstance(low, int) and isinstance(high, int):
        def turn(carry: Any, i: Any) -> tuple[Any, None]:
            return body(i, carry), None

        turn.__name__ = name
        return scan(turn, carry, np.arange(low, max(low, high)))[0]
    start, stop = as_tensor(low), as_tensor(high)
    for x in (start, stop):
        if x.shape or x.dtype.kind not in "iu":
            raise DTypeError("fori_loop: the bounds are integers", came=f"{x.spec}")
    kind = np.result_type(start.dtype, stop.dtype)
    first = (start.astype(kind), carry)
    _, last = while_loop(lambda c: c[0] < stop, lambda c: (c[0] + 1, body(*c)), first)
    return last
