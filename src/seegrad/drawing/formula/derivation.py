"""The derivation of a derivative, as the chapter writes it: names, local derivatives, the chain
rule along the paths, simplified, then the numbers.

Every local derivative comes from running the op's own rule on named symbols. A graph of single
numbers with few paths is told path by path; any other from right to left, one line a node.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from seegrad.autodiff.backward_pass import ones_like
from seegrad.display_hooks import presents
from seegrad.drawing.formula.by_node import calls_in, from_the_right, numeric
from seegrad.drawing.formula.by_path import by_paths, own_rule, whole_slope
from seegrad.drawing.formula.document import LINES, Derivation, Parts, Step, sentence
from seegrad.drawing.formula.symbolic_graph import SymbolicGraph
from seegrad.drawing.formula.template import read
from seegrad.drawing.formula.terms import (
    Applied,
    Elided,
    Name,
    Number,
    shape_of,
    with_numbers,
)
from seegrad.drawing.formula.tree import (
    DOTS,
    Digits,
    Fence,
    Letter,
    Script,
    Sign,
    Tree,
    between,
    row,
    symbols_in,
)
from seegrad.drawing.formula.typeset import (
    COMMA,
    LONG,
    Equation,
    equation,
    length,
    shown,
    typeset,
)
from seegrad.errors import GradientError, ShapeError
from seegrad.graph.forms import Overlap, Product, Window
from seegrad.graph.graph import walk
from seegrad.graph.node import Node
from seegrad.graph.op import Op
from seegrad.i18n import language, tr
from seegrad.text import settled


def names_step(graph: SymbolicGraph, lang: str, values: bool = True) -> Step | None:
    """t = x + y = 3 + 4 = 7, for every value that was computed."""
    apart = graph.aliases | graph.spoken
    computed = [x for x in graph.nodes if x.op is not None and x not in apart]
    lines: list[Equation | None] = [_made(graph, node, values) for node in computed[:LINES]]
    if len(computed) > LINES:
        lines.append(None)
    if not lines:
        return None
    return Step("names", sentence("Give every intermediate value a name.", lang), tuple(lines))


def _made(graph: SymbolicGraph, node: Node, values: bool) -> Equation:
    """One value: what it is made of, with numbers, or with shapes."""
    made, note = graph.shown[node], graph.shapes[node]
    assert node.op is not None
    if length(typeset(made)) > LONG:
        made = Elided(made, row(Letter(node.op.name, upright=True), Fence(DOTS)))
    put = entries = None
    if values and node.data is not None:
        if not node.shape and all(not x.shape for x in node.inputs):
            put = with_numbers(made, graph.numbers())
        entries = shown(node.data)
    if node.shape and note is None and entries is None:
        note = graph.shape(node)
    return equation(graph.terms[node], made, put, entries, note=note)


def inside_steps(graph: SymbolicGraph, nodes: Sequence[Node], lang: str) -> list[Step]:
    """For each composite on the way that works element by element: its body's own derivation,
    under the names that its input and its outcome have in the graph."""
    steps: list[Step] = []
    seen: set[Op] = set()
    for node in nodes:
        op = node.op
        if op is None or op in seen or op.body is None or not op.d or op.family != "elementwise":
            continue
        if len(op.inputs) != 1 or op.defaults is None or len(seen) >= 3:
            continue
        seen.add(op)
        if (step := _inside(graph, node, op, lang)) is not None:
            steps.append(step)
    return steps


def _multiplies(node: Node) -> bool:
    return node.op is not None and isinstance(node.op.lower, Product)


def window_steps(graph: SymbolicGraph, nodes: Sequence[Node], lang: str) -> list[Step]:
    """For the first composite of each kind whose body is a product over windows: the matrices that
    are multiplied, and what comes back through them to inputs that nothing else uses."""
    steps: list[Step] = []
    seen: set[Op] = set()
    for node in nodes:
        op, arrives = node.op, graph.known.get(graph.arrow(node))
        if op is None or op in seen or op.family != "window" or op.body is None or arrives is None:
            continue
        found = SymbolicGraph.of_body(graph, node)
        if found is None or not any(map(_multiplies, found[0].nodes)):
            continue
        seen.add(op)
        inner, leaves = found
        alone = [leaf for leaf, x in zip(leaves, node.inputs)
                 if leaf.requires_grad and len(graph.users(graph.origin(x))) == 1]  # fmt: skip
        parts, names = Parts(), names_step(inner, lang)
        if names is None or not alone:
            continue
        from_the_right(inner, alone, parts, arrives, lang)
        graph.known |= inner.known
        says = sentence("Inside {op}, step by step:", lang, op=typeset(graph.shown[node]))
        steps.append(Step("fold", says, (*names.lines, *parts.right)))
    return steps


def _windowed(call: Applied) -> Equation:
    """What a window reads, or where it is added, with an index for each axis."""
    attrs = dict(call.attrs)
    count = len(attrs["steps"])
    marks = [""] if count == 1 else [str(i) for i in range(1, count + 1)]
    k, p, i = (_indices(letter, marks) for letter in "kpi")
    read = [
        row(*_so_many(step, at), Sign("+"), *_so_many(apart, inner))
        for step, apart, at, inner in zip(attrs["steps"], attrs["dilation"], p, k)
    ]
    (argument,) = call.arguments
    plain = typeset(argument) if isinstance(argument, Name) else Letter("G")
    named = typeset(replace(call, arguments=(Name(plain, shape_of(argument)),)))
    own = plain if isinstance(plain, Letter) else Fence(plain)
    if isinstance(call.op.lower, Window):
        left = Script(Fence(named), between(COMMA, [*k, *p]))
        return Equation((Elided(call, left), Elided(call, Script(own, between(COMMA, read)))))
    left = Script(Fence(named), between(COMMA, i))
    where = between(COMMA, [row(at, Sign("="), each) for at, each in zip(read, i)])
    added = row(Script(Sign("∑", big=True), where), Script(own, between(COMMA, [*k, *p])))
    return Equation((Elided(call, left), Elided(call, added)))


def _indices(letter: str, marks: Sequence[str]) -> list[Tree]:
    """p, or p₁ and p₂."""
    return [Script(Letter(letter), Digits(mark)) if mark else Letter(letter) for mark in marks]


def _so_many(number: int, letter: Tree) -> tuple[Tree, ...]:
    """2p, and p where it is 1."""
    return (letter,) if number == 1 else (Digits(str(number)), letter)


def lines_of(steps: Sequence[Step]) -> Iterator[Equation]:
    """The equations of all steps."""
    return (line for step in steps for line in step.lines if line is not None)


def own_symbols(line: Equation) -> Iterator[str]:
    """The letters and signs of a line that mean something of themselves: e, Σ, log, no names."""
    yield "∂"
    for call in (call for side in line.sides for call in calls_in(side)):
        yield from symbols_in(read(settled(call.op.latex, dict(call.attrs))))
        if isinstance(call.op.lower, (Window, Overlap)):
            yield from "kpiG"


def index_steps(steps: Sequence[Step], lang: str) -> list[Step]:
    """For windows that slide in these lines: which element is which, once for each way."""
    found: dict[Any, Equation] = {}
    for line in lines_of(steps):
        for call in (call for side in line.sides for call in calls_in(side)):
            if isinstance(call.op.lower, (Window, Overlap)):
                attrs = dict(call.attrs)
                key = call.op, attrs["steps"], attrs["dilation"]
                if key not in found:
                    found[key] = _windowed(call)
    says = sentence("Windows, element by element: p is the place, k what is inside.", lang)
    return [Step("fold", says, tuple(found.values()))] if found else []


def _inside(graph: SymbolicGraph, node: Node, op: Op, lang: str) -> Step | None:
    inner = SymbolicGraph.inside(graph, node)
    x = None if inner is None else next(n for n in inner.nodes if n.op is None and n.name)
    if inner is None or x is None:
        return None
    parts = Parts()
    names = names_step(inner, lang, values=False)
    if names is None or not by_paths(inner, x, parts, None):
        return None
    if node.data is not None:
        inner.known[inner.arrow(x)] = numeric(node, 0, np.ones(node.shape))
    chained = parts.chain or parts.local
    slope = whole_slope(inner, x)
    own = own_rule(inner, op, x, slope) if slope is not None else None
    last = equation(*chained[-1].sides, own)
    graph.known |= inner.known
    call = Applied(op, tuple(node.attrs.items()), (inner.terms[x],), ())
    told = ("Inside {op}, step by step, for each element:" if node.shape
            else "Inside {op}, step by step:")
    says = sentence(told, lang, op=typeset(call))
    return Step("fold", says, (*names.lines, *chained[:-1], last))


# --------------------------------------------------------------- the door


@presents("explain")
def explain(
    z: Any,
    wrt: Any = None,
    *,
    lang: str | None = None,
    gradient: Any = None,
) -> Derivation:
    """How the derivative of `z` comes about, step by step, with the numbers put in.

    Args:
        z: a tensor that was computed.
        wrt: what to differentiate by: a tensor of its graph, a name, or several of them;
            None: every input that takes part.
        lang: "en" or "ko"; the language in force otherwise.
        gradient: for a `z` of several numbers, the derivative that arrives at it.

    Raises GradientError where no derivative can be taken.

    >>> import seegrad as sg
    >>> x, y = sg.tensor(3.0, name="x"), sg.tensor(4.0, name="y")
    >>> print(explain((x + y) ** 2, wrt=x, lang="en"))
    The derivative of z with respect to x
    1. Give every intermediate value a name.
       t = x + y = 3 + 4 = 7
       z = t² = 7² = 49
    2. Local derivatives: each node sees only its own inputs and output.
       ∂z/∂t = 2t
       ∂t/∂x = 1
    3. The chain rule: multiply the local derivatives along the path.
       ∂z/∂x = ∂z/∂t · ∂t/∂x = 2t · 1 = 2(x + y)
    4. Put the numbers in.
       ∂z/∂x = 2(3 + 4) = 14
    """
    lang = lang or language()
    if not isinstance(z, Node):
        raise GradientError(
            tr("only a value of a graph can be explained"),
            asked=tr("a tensor that was computed from tensors"),
            came=type(z).__name__,
        )
    targets, seed = _targets(z, wrt), _seed(z, gradient)
    avoided: set[str] = set()
    while True:
        told, names = _derivation(z, targets, seed, lang, avoided)
        twice = names & {each for line in lines_of(told.steps) for each in own_symbols(line)}
        if not twice:
            return told
        avoided |= twice


def _derivation(
    z: Node, targets: Sequence[Node], seed: Any, lang: str, avoided: Collection[str]
) -> tuple[Derivation, set[str]]:
    """The derivation, and the names in it as they are written; none of them is `avoided`."""
    graph = SymbolicGraph.of(z, targets, avoided)
    steps: list[Step] = []
    if names := names_step(graph, lang):
        steps.append(names)
    more, results = _steps(graph, targets, lang, seed)
    steps += more
    on = {node for x in targets for node in graph.between(x)}
    way = [node for node in graph.nodes if node in on]
    steps += [*inside_steps(graph, way, lang), *window_steps(graph, way, lang)]
    steps += index_steps(steps, lang)
    title = sentence(
        "The derivative of {z} with respect to {x}",
        lang,
        z=graph.top,
        x=between(COMMA, [typeset(graph.terms[x]) for x in targets]),
    )
    outcome = results[0] if len(results) == 1 else tuple(results)
    told = Derivation(title, tuple(steps), lang, outcome, graph.known)
    return told, graph.taken - {*avoided, "N"}


def _steps(
    graph: SymbolicGraph, targets: Sequence[Node], lang: str, seed: Any
) -> tuple[list[Step], list[Any]]:
    """The steps for all that is differentiated by, and the derivatives' values."""
    steps: list[Step] = []
    results: dict[Node, Any] = {}
    reached: list[Node] = []
    for x in targets:
        if x is graph.z or graph.z not in set(graph.between(x)):
            results[x] = 1.0 if x is graph.z else 0.0
            says = sentence(
                "A value changes as fast as itself."
                if x is graph.z
                else "{z} does not depend on {x}.",
                lang,
                z=typeset(graph.terms[graph.z]),
                x=typeset(graph.terms[x]),
            )
            graph.known[graph.arrow(x)] = results[x]
            steps.append(Step("numbers", says, (equation(graph.arrow(x), Number(results[x])),)))
        else:
            reached.append(x)
    whole = Parts()
    values = from_the_right(graph, reached, whole, seed, lang) if reached else []
    results |= dict(zip(reached, values))
    alone = Parts()
    if reached and all(by_paths(graph, x, alone, results[x]) for x in reached):
        whole = alone
    return [*steps, *whole.steps(lang)], [results[x] for x in targets]


def _seed(z: Node, gradient: Any) -> Any:
    if z.data is None:
        return None
    if gradient is None:
        if not z.shape:
            return ones_like(z)
        kept = z.gradient
        return None if kept is None or isinstance(kept, Node) else kept
    array = np.asarray(gradient, z.dtype)
    if array.shape != z.shape:
        raise ShapeError(
            tr("the gradient does not have the shape of what it arrives at"),
            asked=f"{z.shape}",
            came=f"{array.shape}",
        )
    return array[()] if not array.ndim else array


def _targets(z: Node, wrt: Any) -> list[Node]:
    nodes = list(walk([z]))
    if wrt is None:
        found = [x for x in nodes if x.op is None and x.requires_grad]
        if not found:
            raise GradientError(
                tr("there is nothing to differentiate by"),
                asked=tr("a value computed from tensors that take part in differentiation"),
            )
        return found
    wanted = list(wrt) if isinstance(wrt, (list, tuple)) else [wrt]
    targets: list[Node] = []
    for each in wanted:
        if isinstance(each, str):
            by_name = [node for node in nodes if node.name == each]
            if not by_name:
                names = ", ".join(dict.fromkeys(node.name for node in nodes if node.name))
                raise GradientError(tr("there is no value of this name"), asked=names, came=each)
            each = by_name[0]
        if not isinstance(each, Node):
            raise GradientError(
                tr("only by a value of the graph can be differentiated"),
                asked=tr("a tensor, or its name"),
                came=type(each).__name__,
            )
        if not any(each is node for node in nodes):
            name = each.name or repr(each)
            raise GradientError(
                tr("this value does not stand in the graph"), came=name,
                hint=tr("explain it by one of the tensors that it was computed from"),
            )  # fmt: skip
        targets.append(each)
    return targets
