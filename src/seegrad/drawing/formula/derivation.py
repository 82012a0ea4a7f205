"""The derivation of a derivative, as the chapter writes it: names, local derivatives, the chain
rule along the paths, simplified, then the numbers.

Every local derivative comes from running the op's own rule on named symbols. A graph of single
numbers with few paths is told path by path; any other from right to left, one line a node.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from seegrad.autodiff.backward_pass import ones_like
from seegrad.display_hooks import presents
from seegrad.drawing.formula.by_node import from_the_right
from seegrad.drawing.formula.by_path import by_paths, own_rule, whole_slope
from seegrad.drawing.formula.document import Derivation, Parts, Step, sentence
from seegrad.drawing.formula.naming import names_step
from seegrad.drawing.formula.printer import equation, number, write
from seegrad.drawing.formula.symbolic_graph import SymbolicGraph
from seegrad.drawing.formula.terms import Applied, Name
from seegrad.errors import GradientError, ShapeError
from seegrad.graph.graph import walk
from seegrad.graph.mode import in_mode
from seegrad.graph.node import Node
from seegrad.graph.op import Op
from seegrad.graph.spec import NO_ATTRS, Spec
from seegrad.i18n import language, tr
from seegrad.tensor.tensor import Tensor


def inside_steps(graph: SymbolicGraph, between: Sequence[Node], lang: str) -> list[Step]:
    """For each composite on the way that works element by element: its body's own derivation."""
    steps: list[Step] = []
    seen: set[Op] = set()
    for node in between:
        op = node.op
        if op is None or op in seen or op.body is None or not op.d or op.family != "elementwise":
            continue
        if len(op.inputs) != 1 or op.defaults is None or len(seen) >= 3:
            continue
        seen.add(op)
        spec = Spec((), np.dtype(np.float64))
        x = Tensor(None, (), NO_ATTRS, (), None, True, spec)
        x.name = "x"
        with in_mode(recording=True, frame=None, tracer=None):
            body = op.body(x, **op.defaults)
        if not isinstance(body, Node) or body.op is None:
            continue
        inner = SymbolicGraph.of(body)
        parts = Parts()
        names = names_step(inner, lang, values=False)
        if names is None or not by_paths(inner, x, parts, None):
            continue
        chained = parts.chain or list(parts.local)
        slope = whole_slope(inner, x)
        own = own_rule(inner, op, x, slope) if slope is not None else None
        last = chained[-1]
        if own is not None and not last.endswith(write(own)):
            last = equation(last, write(own))
        says = sentence("Inside {op}, step by step:", lang, op=_symbol(op))
        steps.append(Step("fold", says, (*names.equations, *chained[:-1], last)))
    return steps


def _symbol(op: Op) -> str:
    return write(Applied(op, (), (Name("x"),), ()))


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
    targets = _targets(z, wrt)
    graph = SymbolicGraph.of(z)
    seed = _seed(z, gradient)
    steps: list[Step] = []
    if names := names_step(graph, lang):
        steps.append(names)
    more, results = _steps(graph, targets, lang, seed)
    steps += more
    between = {node for x in targets for node in graph.between(x)}
    steps += inside_steps(graph, [node for node in graph.nodes if node in between], lang)
    title = sentence(
        "The derivative of {z} with respect to {x}",
        lang,
        z=write(graph.terms[z]) if not z.shape else graph.top,
        x=", ".join(write(graph.terms[x]) for x in targets),
    )
    outcome = results[0] if len(results) == 1 else tuple(results)
    return Derivation(title, tuple(steps), lang, outcome)


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
                z=write(graph.terms[graph.z]),
                x=write(graph.terms[x]),
            )
            line = equation(graph.partial(graph.z, x), number(results[x]))
            steps.append(Step("numbers", says, (line,)))
        else:
            reached.append(x)
    whole = Parts()
    values = from_the_right(graph, reached, whole, seed) if reached else []
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
        if each not in nodes:
            name = each.name or repr(each)
            raise GradientError(
                tr("this value does not stand in the graph"), came=name,
                hint=tr("explain it by one of the tensors that it was computed from"),
            )  # fmt: skip
        targets.append(each)
    return targets
