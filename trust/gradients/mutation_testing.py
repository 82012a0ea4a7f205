"""G4: mistakes planted in the op table, one at a time; each must be noticed.

Two kinds. What people do wrong with a rule as a whole (a turned sign, swapped operands, a wrong
axis …) is planted around every rule; slips of the pen are planted inside, by changing one place of
the rule's source (× for ÷, > for ≥, a dropped factor, a changed number). The backward walk's own
duties, undoing broadcasts and adding up, are broken too.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

import seegrad as sg
from seegrad.autodiff import chain_rule
from seegrad.graph.op import Op
from seegrad.graph.rule_call import MUCH
from seegrad.graph.spec import spec_of
from seegrad.transforms.loops.operations import OPERATIONS
from trust.gradients.loop_claims import loop_fault
from trust.gradients.oracle import is_wrong
from trust.harness.row import Found, Run, first, row
from trust.harness.sampling import inputs_of

Rule = Callable[..., Any]


@dataclass(frozen=True)
class Mistake:
    """A mistake: what it is, and the op, input and rule that is put in the place of the right one.

    `rule` takes (g, out, ins, attrs, position); `source`, if given, is the changed source.
    """

    what: str
    op: Op
    position: int
    rule: Rule | None = None
    source: Rule | None = None

    def __str__(self) -> str:
        return f"{self.op.name}, by {self.op.inputs[self.position]}: {self.what}"


@contextmanager
def planted(m: Mistake) -> Iterator[None]:
    """The table with this mistake in it."""
    names = ("rules", "fast_rules", "d")
    before = {name: getattr(m.op, name) for name in names}
    if m.source is not None:
        name = m.op.inputs[m.position].lstrip("*")
        other = dataclasses.replace(m.op, d={**m.op.d, name: m.source})
        changed = {name: getattr(other, name) for name in names}
    else:
        rules, fast_rules = list(m.op.rules), list(m.op.fast_rules)
        rules[m.position], fast_rules[m.position] = m.rule, (m.rule, MUCH)
        changed = {"rules": tuple(rules), "fast_rules": tuple(fast_rules), "d": m.op.d}
    try:
        for name, value in changed.items():
            object.__setattr__(m.op, name, value)
        yield
    finally:
        for name, value in before.items():
            object.__setattr__(m.op, name, value)


# --------------------------------------------------------------- around a rule


def _first_only(g: Any, x: Any) -> Any:
    """Broadcasting "undone" by taking the first instead of the sum."""
    lead = len(g.shape) - len(x.shape)
    for _ in range(max(lead, 0)):
        g = g[0]
    for i, n in enumerate(x.shape):
        if n == 1 and g.shape[i] != 1:
            g = g[(slice(None),) * i + (slice(0, 1),)]
    return g


def _other_axis(attrs: Any, ndim: int) -> dict[str, Any]:
    axis = attrs["axis"]
    if isinstance(axis, tuple):
        return {**attrs, "axis": tuple(sorted((i + 1) % ndim for i in axis))}
    return {**attrs, "axis": (axis + 1) % ndim}


def _around(op: Op, i: int, right: Rule) -> Iterator[tuple[str, Rule]]:
    yield "the sign is turned", lambda g, o, ins, at, p: -right(g, o, ins, at, p)
    yield "the derivative is lost", lambda g, o, ins, at, p: right(g, o, ins, at, p) * 0
    yield "it is counted twice", lambda g, o, ins, at, p: 2 * right(g, o, ins, at, p)
    yield (
        "one part in a hundred is missing",
        lambda g, o, ins, at, p: 0.99 * right(g, o, ins, at, p),
    )
    yield "what arrives is ignored", lambda g, o, ins, at, p: right(g * 0 + 1, o, ins, at, p)
    yield "what arrives is squared", lambda g, o, ins, at, p: right(g * g, o, ins, at, p)
    yield (
        "float32 is widened",
        lambda g, o, ins, at, p: sg.astype(right(g, o, ins, at, p), dtype=np.float64),
    )
    yield (
        "the second derivative is lost",
        lambda g, o, ins, at, p: sg.stop_gradient(right(g, o, ins, at, p)),
    )
    yield (
        "elements come in the wrong order",
        lambda g, o, ins, at, p: _reversed(right(g, o, ins, at, p)),
    )
    yield (
        "the last element is left out",
        lambda g, o, ins, at, p: _without_last(right(g, o, ins, at, p)),
    )
    if op.arity == 2 and set(op.inputs) & set(op.rule_parameters[op.inputs[i]]):
        yield "the operands are swapped", lambda g, o, ins, at, p: right(g, o, ins[::-1], at, p)
    if op.family == "elementwise" and op.arity == 2:
        yield (
            "a broadcast is undone by taking the first",
            lambda g, o, ins, at, p: _first_only(right(g, o, ins, at, p), ins[i]),
        )
    if "axis" in op.attributes and "axis" in op.rule_parameters[op.inputs[i].lstrip("*")]:
        yield (
            "the axis is the next one",
            lambda g, o, ins, at, p: right(
                g, o, ins, _other_axis(at, len(spec_of(ins[i]).shape)), p
            ),
        )


def _reversed(x: Any) -> Any:
    return x if not x.shape else x[(slice(None, None, -1),) * len(x.shape)]


def _without_last(x: Any) -> Any:
    keep = np.ones(x.shape, x.dtype)
    if keep.size and keep.ndim:
        keep.flat[-1] = 0
    return x * keep


def _is_zero(op: Op, i: int) -> bool:
    """Is the derivative 0 everywhere? Then its sign, say, is no mistake."""
    rng = np.random.default_rng(0)
    for case in op.cases:
        xs = inputs_of(op, case, rng)
        out = np.asarray(op(*xs, **case.attrs))
        if i < len(xs) and xs[i].dtype.kind == "f":
            attrs = op.canonical_attrs(*xs, **case.attrs)
            if np.any(np.asarray(op.rules[i](np.ones(out.shape), out, xs, attrs, i))):
                return False
    return True


def around() -> Iterator[Mistake]:
    """The mistakes that are planted around a rule."""
    for op in sg.TABLE.values():
        if op.inlined:
            continue
        for i, right in enumerate(op.rules):
            if right is None or _is_zero(op, i):
                continue
            for what, rule in _around(op, i, right):
                yield Mistake(what, op, i, rule)
    for op in OPERATIONS.values():
        assert op.rules[0] is not None
        for what, rule in _around(op, 0, op.rules[0]):
            yield Mistake(what, op, 0, rule)


def fault_of(op: Op) -> str | None:
    """What is wrong with an op, or None: one of the table by its cases, a loop by its turns."""
    return loop_fault(op) if op.family == "loop" else is_wrong(op)


# --------------------------------------------------------------- inside a rule

SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.Gt: ast.Lt, ast.Lt: ast.Gt, ast.GtE: ast.LtE, ast.LtE: ast.GtE,
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.BitAnd: ast.BitOr,
}  # fmt: skip
SIMILAR = {"sin": "cos", "cos": "sin", "sinh": "cosh", "cosh": "sinh", "exp": "expm1",
           "take": "strided_slice", "log": "log1p"}  # fmt: skip


def _variants(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """What a slip of the pen could make of one node of the source."""
    match node:
        case ast.BinOp(left=a, op=sign, right=b):
            if type(sign) in SWAPS:
                other = SWAPS[type(sign)]()
                yield f"{_name(sign)} became {_name(other)}", ast.BinOp(a, other, b)
            yield "a right operand was dropped", a
            yield "a left operand was dropped", b
            if isinstance(sign, (ast.Sub, ast.Div, ast.Pow)):
                yield "operands were exchanged", ast.BinOp(b, sign, a)
        case ast.UnaryOp(op=ast.USub(), operand=x):
            yield "a minus was lost", x
        case ast.Compare(left=a, ops=[sign], comparators=[b]) if type(sign) in SWAPS:
            other = SWAPS[type(sign)]()
            yield f"{_name(sign)} became {_name(other)}", ast.Compare(a, [other], [b])
        case ast.Call(func=ast.Name(id=name), args=[c, a, b], keywords=[]) if name == "where":
            yield "the branches of where were exchanged", ast.Call(node.func, [c, b, a], [])
        case ast.Call(func=ast.Name(id=name), args=[x], keywords=[]) if name in sg.TABLE:
            yield f"{name} was left out", x
            if name in SIMILAR:
                yield (
                    f"{name} became {SIMILAR[name]}",
                    ast.Call(ast.Name(SIMILAR[name], ast.Load()), [x], []),
                )
        case ast.Constant(value=bool()):
            yield f"{node.value} became {not node.value}", ast.Constant(not node.value)
        case ast.Constant(value=int() | float()):
            yield f"{node.value} became {node.value + 1}", ast.Constant(node.value + 1)


def _name(sign: ast.AST) -> str:
    return type(sign).__name__


class _Replace(ast.NodeTransformer):
    """A tree with one node put in the place of another."""

    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self.new if node is self.old else self.generic_visit(node)


@cache
def _rules_in(module_name: str) -> dict[tuple[str, str], ast.AST]:
    """(op, input) → the source of the rule: a lambda or a function."""
    tree = ast.parse(inspect.getsource(sys.modules[module_name]))
    functions = {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef)}
    found: dict[tuple[str, str], ast.AST] = {}
    for function in functions.values():
        for decorator in function.decorator_list:
            if not isinstance(decorator, ast.Call):
                continue
            for keyword in decorator.keywords:
                if keyword.arg == "d" and isinstance(keyword.value, ast.Dict):
                    for key, value in zip(keyword.value.keys, keyword.value.values):
                        if isinstance(value, ast.Name):
                            value = functions.get(value.id, value)
                        if isinstance(value, (ast.Lambda, ast.FunctionDef)):
                            found[function.name, key.value] = value  # type: ignore[union-attr]
    return found


def _made(tree: ast.AST, module_name: str) -> Rule:
    """The function that a changed source means, in its module."""
    names = {**vars(sg), **dict(sg.TABLE), **vars(sys.modules[module_name])}
    if isinstance(tree, ast.Lambda):
        code = compile(ast.fix_missing_locations(ast.Expression(tree)), module_name, "eval")
        rule: Rule = eval(code, names)  # noqa: S307  our own source, changed in one place
        return rule
    assert isinstance(tree, ast.FunctionDef)
    code = compile(ast.fix_missing_locations(ast.Module([tree], [])), module_name, "exec")
    exec(code, names)  # noqa: S102  our own source, changed in one place
    made: Rule = names[tree.name]
    return made


def _copy(tree: ast.AST) -> ast.AST:
    """A tree of its own, without annotations."""
    text = ast.unparse(tree)
    again = ast.parse(text).body[0]
    return again.value if isinstance(again, ast.Expr) else again


def inside() -> Iterator[Mistake]:
    """The mistakes that are planted inside a rule."""
    for op in sg.TABLE.values():
        if op.inlined:
            continue
        module = op.forward.__module__
        for i, name in enumerate(op.inputs):
            source = _rules_in(module).get((op.name, name.lstrip("*")))
            for what, changed in _slips(source) if source is not None else ():
                yield Mistake(what, op, i, source=_made(changed, module))


def _slips(source: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """The source with one place changed, for every place and every change."""
    for place in range(sum(1 for _ in ast.walk(_copy(source)))):
        which = 0
        while True:
            fresh = _copy(source)
            node = list(ast.walk(fresh))[place]
            variants = list(_variants(node))
            if which >= len(variants):
                break
            what, new = variants[which]
            changed = ast.fix_missing_locations(_Replace(node, new).visit(fresh))
            shown = " ".join(ast.unparse(changed).split())
            yield f"{what} [{shown[:120]}]", _copy(changed)
            which += 1


# --------------------------------------------------------------- in the walk


@contextmanager
def _walk_without(name: str, other: Any) -> Iterator[None]:
    before = getattr(chain_rule, name)
    setattr(chain_rule, name, other)
    try:
        yield
    finally:
        setattr(chain_rule, name, before)


def walk_faults() -> Iterator[str]:
    """Mistakes of the walk itself that nothing notices: broadcasts not undone, sums not made."""
    op = sg.TABLE["multiply"]
    right = chain_rule.unbroadcast

    def averaged(g: Any, x: Any) -> Any:
        return right(g, x) / 2

    for what, other in (
        ("a broadcast is undone by taking the first", _first_only),
        ("a broadcast is not undone", lambda g, x: g),
        ("a broadcast is averaged", averaged),
    ):
        with _walk_without("unbroadcast", other):
            if is_wrong(op) is None:
                yield f"the walk: {what}"


_CHOSEN = "a number put where the other branch is chosen"
_EMPTY = "it changes the rule for no elements"
_ROWS = "a product for each member of the batch, added up, instead of one of all rows"
HARMLESS: dict[tuple[str, str], str] = {
    ("hypot", "1.0 became 2.0"): "at (0, 0) the numerator is 0 whatever it is divided by",
    ("hypot", "0 became 1"): "at (0, 0) the numerator is 0 whatever it is divided by",
    ("norm", "1.0 became 2.0"): "at 0 the quotient is multiplied by 0",
    ("norm", "0 became 1"): "at 0 the quotient is multiplied by 0",
    ("std", "0.0 became 1.0"): "for constant elements the distance from the mean is 0",
    ("std", "1.0 became 2.0"): "for constant elements the distance from the mean is 0",
    ("std", "0 became 1"): "for constant elements the distance from the mean is 0",
    ("power", "1.0 became 2.0"): _CHOSEN,
    ("elu", "0.0 became 1.0"): _CHOSEN,
    ("elu", "0 became 1"): _CHOSEN,
    ("logsumexp", "0.0 became 1.0"): "subtracted from −∞",
    ("matmul", "Gt became Lt"): _ROWS,
    ("matmul", "2 became 3"): _ROWS,
    ("prod", "x_spec.size: return x / 0"): _EMPTY,
    ("prod", "x_spec.size: return x kept"): _EMPTY,
    ("prod", "x_spec.size: return x * 1"): _EMPTY,
}
"""(op, what) of slips that change no derivative, and why: no mistakes, should they survive."""


def harmless(m: Mistake) -> bool:
    """Is this one of the slips that change nothing?"""
    return any(m.op.name == op and words in m.what for op, words in HARMLESS)


@row(
    "G4",
    "mistakes planted in the op table and the rules of loops one at a time, around every rule and"
    " inside it",
    "≥ 120 planted, of each 120 at least 118 caught; survivors listed",
    count=100_000,
    sample=60,
    seconds=400,
)
def g4(run: Run) -> Found:
    every = [*sg.TABLE.values(), *OPERATIONS.values()]
    if wrong := [f"{op.name}: {fault}" for op in every if (fault := fault_of(op))]:
        return Found("the table itself is not right", first(wrong))
    mistakes = [*around(), *inside()]
    order = run.rng.permutation(len(mistakes))[: run.count]
    survived, done, tried = [*walk_faults()], 3, 0
    for k in order:
        if run.out_of_time():
            break
        tried += 1
        with planted(mistakes[k]):
            unseen = fault_of(mistakes[k].op) is None
        if unseen and harmless(mistakes[k]):
            continue
        done += 1
        if unseen:
            survived.append(str(mistakes[k]))
    caught = done - len(survived)
    holds = caught * 120 >= done * 118
    figure = f"{caught} of {done} caught ({len(mistakes)} there are)"
    return Found(
        figure, (), tuple(f"survived: {s}" for s in survived), holds, tried == len(order)
    )
