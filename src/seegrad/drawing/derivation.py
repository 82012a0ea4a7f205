"""The derivation of a derivative, as the chapter writes it: names, local derivatives, the chain
rule along the paths, simplified, then the numbers.

Every local derivative comes from running the op's own rule on named symbols. A graph of single
numbers with few paths is told path by path; any other from right to left, one line a node.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from seegrad.autodiff.backward_pass import ones_like
from seegrad.autodiff.chain_rule import unbroadcast
from seegrad.display_hooks import presents
from seegrad.drawing.formula import symbol
from seegrad.drawing.mathml import to_text
from seegrad.drawing.sentence import Derivation, Step, sentence
from seegrad.drawing.terms import (
    ONE,
    Applied,
    Name,
    Number,
    Sum,
    Term,
    Times,
    chosen,
    evaluate,
    mentions,
    multiplied,
    rebuilt,
    shape_of,
    size,
    term_of,
    total,
)
from seegrad.drawing.told import Told
from seegrad.drawing.writing import number, piece, shape_line, shape_text, write
from seegrad.errors import GradientError, ShapeError
from seegrad.graph.forms import Reduce
from seegrad.graph.graph import walk
from seegrad.graph.mode import in_mode
from seegrad.graph.node import Node
from seegrad.graph.op import Op
from seegrad.graph.spec import NO_ATTRS, Spec
from seegrad.i18n import language, tr
from seegrad.ops import TABLE
from seegrad.tensor.tensor import Tensor
from seegrad.text import Piece

PATHS, LENGTH = 6, 7
"""With more paths or longer ones, the telling goes from right to left instead."""
LONG, WIDE = 400, 200
"""Letters of LaTeX after which a formula is not shown, of text after which a line is broken."""
ENTRIES = 12
LINES = 40


def array_latex(value: Any) -> str:
    """A number, or an array of few entries, as LaTeX; "" for anything larger."""
    array = np.asarray(value)
    if array.size > ENTRIES or array.ndim > 2 or not array.size:
        return ""
    if array.ndim == 0:
        return number(float(array))
    rows = array.reshape(1, -1) if array.ndim == 1 else array
    inner = r"\\".join(" & ".join(number(float(v)) for v in row) for row in rows)
    return rf"\begin{{pmatrix}}{inner}\end{{pmatrix}}"


def equation(*sides: str) -> str:
    """a = b = c, each side that says something new once."""
    kept = [side for i, side in enumerate(sides) if side and (not i or side != sides[i - 1])]
    return " = ".join(dict.fromkeys(kept))


# --------------------------------------------------------------- the parts of the telling


@dataclass
class Parts:
    """The equations of a derivation, part by part, for all that it is taken by."""

    local: dict[str, None] = field(default_factory=dict)
    chain: list[str] = field(default_factory=list)
    right: list[str] = field(default_factory=list)
    put: list[str] = field(default_factory=list)
    several: int = 1  # the largest number of paths

    def steps(self, lang: str) -> list[Step]:
        """As steps, empty ones left out."""
        along = (
            sentence("The chain rule: multiply the local derivatives along the path.", lang)
            if self.several == 1
            else sentence("The chain rule: multiply along each path, then add the paths up.", lang)
        )
        rows = (
            ("local", sentence(
                "Local derivatives: each node sees only its own inputs and output.", lang
            ), tuple(self.local)),
            ("chain", along, tuple(self.chain)),
            ("chain", sentence(
                "From right to left: what arrives times the local derivative.", lang
            ), tuple(self.right)),
            ("numbers", sentence("Put the numbers in.", lang), tuple(self.put)),
        )  # fmt: skip
        return [Step(part, says, lines) for part, says, lines in rows if lines]


def names_step(told: Told, lang: str, values: bool = True) -> Step | None:
    """t = x + y = 3 + 4 = 7, for every value that was computed."""
    lines: list[str] = []
    numbers = told.numbers() if values else {}
    computed = [x for x in told.nodes if x.op is not None and x not in told.aliases]
    for node in computed[:LINES]:
        lines.append(_made(told, node, numbers, values))
    if len(computed) > LINES:
        lines.append(r"\ldots")
    if not lines:
        return None
    return Step("names", sentence("Give every intermediate value a name.", lang), tuple(lines))


def _made(told: Told, node: Node, numbers: Mapping[Name, Piece], values: bool) -> str:
    """One value: what it is made of, with numbers, or with shapes."""
    made = told.shown[node]
    text = write(made)
    if len(text) > LONG:
        text = rf"\operatorname{{{_word(node.op)}}}(\ldots)"
    sides = [write(told.terms[node]), text]
    entries = ""
    if values and node.data is not None:
        if not node.shape and all(not x.shape for x in node.inputs):
            sides.append(write(made, numbers))
        entries = array_latex(node.data)
        sides.append(entries)
    line = equation(*sides)
    shapes = shape_line(made, told.specs[node].shape)
    if node.shape and not shapes and not entries:
        shapes = shape_text(told.specs[node].shape)
    return line + (rf"\qquad {shapes}" if shapes else "")


def _word(op: Op | None) -> str:
    return "".join(c for c in (op.name if op else "") if c.isalpha())


def local_derivative(told: Told, node: Node, x: Node) -> tuple[Term, list[Term]] | None:
    """∂node/∂x for single numbers, and the parts it is the sum of when x comes in twice."""
    assert node.op is not None
    parts: list[Term] = []
    for i, source in enumerate(node.inputs):
        if source is x and node.op.rule_at(i) is not None:
            term = told.arriving(node, i, ONE)
            if term is None or len(write(term)) > LONG:
                return None
            parts.append(_by_the_output(told, node, term))
    return total([(1.0, part) for part in parts]), parts


def _by_the_output(told: Told, node: Node, term: Term) -> Term:
    """−y/t as −y² where y = 1/t: the derivative of a quotient as the chapter writes it."""
    match told.made[node], told.terms[node]:
        case Times(1.0, ((Name() as below, -1.0),)), Name() as y if mentions(term, {y}):
            return rebuilt(term, {below: Times(1.0, ((y, -1.0),))})
    return term


def partial(told: Told, above: Node, below: Node) -> str:
    """∂a/∂b."""
    upper, lower = write(told.terms[above]), write(told.terms[below])
    return rf"\frac{{\partial {upper}}}{{\partial {lower}}}"


Path = tuple[Node, ...]
"""Nodes from the output back to what is differentiated by."""


def paths_of(told: Told, x: Node, path: Sequence[Node]) -> list[Path] | None:
    """Every way back from the output to x; None if they are too many or too long."""
    on = set(path)
    found: list[Path] = []
    stack: list[Path] = [(told.z,)]
    while stack:
        way = stack.pop()
        node = way[-1]
        if node is x:
            found.append(way)
            if len(found) > PATHS:
                return None
            continue
        if len(way) > LENGTH or node.op is None or len(stack) > 4 * PATHS:
            return None
        sources = [
            s for i, s in enumerate(node.inputs) if s in on and node.op.rule_at(i) is not None
        ]
        stack.extend((*way, s) for s in reversed(dict.fromkeys(sources)))
    return found


def by_paths(told: Told, x: Node, parts: Parts, result: Any) -> bool:
    """Local derivatives, then products along the paths; False where that cannot be told so."""
    between = told.between(x)
    if any(node.shape for node in between):
        return False
    paths = paths_of(told, x, between)
    if not paths:
        return False
    slopes: dict[tuple[Node, Node], Term] = {}
    lines: list[str] = []
    for edge in dict.fromkeys(edge for way in paths for edge in pairwise(way)):
        found = local_derivative(told, *edge)
        if found is None:
            return False
        slopes[edge], pieces = found
        sides = [partial(told, *edge)]
        if len(pieces) > 1:
            sides.append(" + ".join(piece(p, {}).within(_TIGHT_SUM, _BRACKETS) for p in pieces))
        lines.append(equation(*sides, write(slopes[edge])))
    parts.local |= dict.fromkeys(lines)
    parts.several = max(parts.several, len(paths))
    values = told.values()
    if values:  # where a choice was made, the way goes on with what was chosen
        slopes = {edge: chosen(slope, values) for edge, slope in slopes.items()}
    whole = partial(told, told.z, x)
    product = total([(1.0, multiplied(*(slopes[e] for e in pairwise(w)))) for w in paths])
    spelled = told.spelled(product, keep=told.z)
    folded = folded_rule(told, x, paths, spelled)
    if len(paths) > 1 or len(paths[0]) > 2:
        names = " + ".join(
            r" \cdot ".join(partial(told, *edge) for edge in pairwise(way)) for way in paths
        )
        factors = " + ".join(
            r" \cdot ".join(_as_factor(slopes[edge]) for edge in pairwise(way)) for way in paths
        )
        tail = [write(spelled), write(folded) if folded is not None else ""]
        line = equation(whole, names, factors, *tail)
        rows = [line]
        if len(to_text(line)) > WIDE:
            rows = [equation(whole, names), equation(whole, factors, *tail)]
        parts.chain += rows
    if result is not None:
        best = folded if folded is not None else spelled
        put = write(best, told.numbers())
        parts.put.append(equation(whole, put, number(float(np.asarray(result)))))
    return True


_TIGHT_SUM, _BRACKETS = 11, (r"\left(", r"\right)")


def _as_factor(term: Term) -> str:
    """A local derivative among others: in brackets when it is a sum or negative."""
    tight = 21 if isinstance(term, (Sum, Number)) or _minus(term) else 20
    return piece(term, {}).within(tight, _BRACKETS)


def _minus(term: Term) -> bool:
    return isinstance(term, Times) and term.coefficient < 0


def folded_rule(told: Told, x: Node, paths: Sequence[Path], chained: Term) -> Term | None:
    """Where the whole way lies in one composite: its own rule, if it says the same in other words.

    That both are equal is checked on numbers here, not believed.
    """
    frame = told.z.frame
    inner = {node for way in paths for node in way[:-1]}
    while frame is not None and (frame.op is None or not frame.op.d):
        frame = frame.parent
    if frame is not None and frame.op is not None:
        whole = all(node.frame is frame for node in inner)
        return _own_rule(told, frame.op, x, chained) if whole else None
    for op in recognised(told, x):
        rule = _own_rule(told, op, x, chained)
        if rule is not None and size(rule) <= size(chained) and not _composite_in(rule):
            return rule
    return None


def _composite_in(term: Term) -> bool:
    match term:
        case Sum(parts):
            return any(_composite_in(part) for _, part in parts)
        case Times(_, factors):
            return any(_composite_in(base) for base, _ in factors)
        case Applied(op=op, arguments=arguments):
            return op.body is not None or any(map(_composite_in, arguments))
    return False


_POINTS = (-1.25, -0.5, 0.0, 0.75, 2.0)


def recognised(told: Told, x: Node) -> list[Op]:
    """The composites of the table that a graph of small steps computes, told by their values."""
    name, made = told.terms[x], told.made.get(told.z)
    for node in reversed(told.nodes):
        inner = told.terms[node]
        if made is None or size(made) > 4 * LENGTH:
            return []
        if node.op is not None and isinstance(inner, Name):
            made = rebuilt(made, {inner: told.made[node]})
    found: list[Op] = []
    for op in TABLE.values():
        if op.body is None or op.family != "elementwise" or len(op.inputs) != 1 or not op.d:
            continue
        with np.errstate(all="ignore"):
            try:
                same = all(
                    np.isclose(
                        evaluate(made, {name: np.float64(at)}),  # type: ignore[arg-type,dict-item]
                        op.forward(np.float64(at), **(op.defaults or {})),
                        rtol=1e-12,
                    )
                    for at in _POINTS
                )
            except (KeyError, TypeError, ValueError):
                continue
        if same:
            found.append(op)
    return found


def _own_rule(told: Told, op: Op, x: Node, chained: Term) -> Term | None:
    name_x, name_z = told.terms[x], told.terms[told.z]
    if not isinstance(name_x, Name) or not isinstance(name_z, Name):
        return None
    if len(op.inputs) != 1 or op.variadic or op.defaults is None or op.rules[0] is None:
        return None
    g, source, out = symbol(x.spec), symbol(x.spec), symbol(told.z.spec)
    with in_mode(recording=True, frame=None, tracer=None):
        sent = op.rules[0](g, out, [source], op.defaults or {}, 0)
    term = term_of(sent, {g: ONE, source: name_x, out: name_z})
    for point in _POINTS:
        at: dict[Name, Any] = {name_x: np.float64(point)}
        with np.errstate(all="ignore"):
            at[name_z] = np.asarray(op.forward(at[name_x], **(op.defaults or {})))
            try:
                a, b = evaluate(term, at), evaluate(chained, at)
            except KeyError:
                return None
        if not np.allclose(a, b, rtol=1e-9, atol=1e-12):
            return None
    return term


# --------------------------------------------------------------- from right to left


def from_the_right(told: Told, targets: Sequence[Node], parts: Parts, seed: Any) -> list[Any]:
    """One line a node, from the output back; gives the derivative's value for each target."""
    ways = [told.between(x) for x in targets]
    on = set().union(*map(set, ways))
    arrives: dict[Node, Term] = {told.z: told.arrow(told.z) if told.z.shape else ONE}
    value: dict[Node, Any] = {told.z: seed}
    users: dict[Node, list[tuple[Node, int]]] = {node: [] for node in on}
    flows = {edge for way, x in zip(ways, targets) for edge in _edges(way, x)}
    for node in told.nodes:
        for i, source in enumerate(node.inputs if node in on else ()):
            if (node, i) in flows:
                users[source].append((node, i))
    lines: list[str] = []
    remarks = Remarks(told)
    for node in reversed(told.nodes):
        if node not in on:
            continue
        if node is told.z:
            if not told.z.shape:
                lines.append(equation(partial(told, node, node), "1"))
            elif seed is not None and (entries := array_latex(seed)):
                lines.append(equation(told.arrow(node).latex, entries))
            continue
        sent: list[tuple[Term | None, Term | None, Node]] = []
        gradient: Any = None
        for user, i in users[node]:
            full = told.arriving(user, i, told.arrow(user))
            short = told.arriving(user, i, arrives[user])
            sent.append((full, short, user))
            if value.get(user) is not None:
                more = _numeric(user, i, value[user])
                gradient = more if gradient is None else gradient + more
        value[node] = gradient
        line = _line(told, node, sent, arrives, gradient, remarks)
        if " = " in line and node not in told.aliases:
            lines.append(line)
    if len(lines) > 2 * LINES:
        lines = [*lines[:LINES], r"\ldots", *lines[-LINES:]]
    parts.right += [*remarks.lines(), *lines]
    return [value.get(x) for x in targets]


def _edges(way: Sequence[Node], x: Node) -> list[tuple[Node, int]]:
    """The edges (target, position) along which a derivative flows back to x."""
    on = set(way)
    return [
        (node, i)
        for node in way
        if node.op is not None and node is not x
        for i, source in enumerate(node.inputs)
        if source in on and node.op.rule_at(i) is not None
    ]


def _numeric(node: Node, position: int, g: Any) -> Any:
    op = node.op
    assert op is not None
    rule = op.rule_at(position)
    assert rule is not None
    with np.errstate(all="ignore"):
        sent = rule(g, node.data, node.values, node.attrs, position)
        return unbroadcast(sent, node.values[position])


def _line(
    told: Told,
    node: Node,
    parts: Sequence[tuple[Term | None, Term | None, Node]],
    arrives: dict[Node, Term],
    gradient: Any,
    remarks: Remarks,
) -> str:
    """∂L/∂X = ∂L/∂Y · Wᵀ = …, and the shapes beside it."""
    arrow = told.arrow(node)
    sides = [arrow.latex]
    arrives[node] = arrow
    shapes: list[str] = []
    full = [remarks.seen(term) for term, _, _ in parts if term is not None]
    short = [remarks.seen(term) for _, term, _ in parts if term is not None]
    if len(full) == len(parts):
        written = " + ".join(
            g_first(term, told.arrow(user)) for term, (_, _, user) in zip(full, parts)
        )
        simple = total([(1.0, term) for term in short])
        sides.append(written if len(written) <= LONG else r"\ldots")
        brief = write(simple)
        if len(brief) <= LONG:
            sides.append(brief)
        if size(simple) <= 1:
            arrives[node] = simple
        shapes = [line for term in full if (line := shape_line(term, told.specs[node].shape))]
        if not node.shape and not any(user.shape for *_, user in parts):
            sides.append(_with_numbers(told, simple))
    if gradient is not None:
        sides.append(array_latex(gradient))
    return equation(*sides) + "".join(rf"\qquad {line}" for line in dict.fromkeys(shapes))


def _with_numbers(told: Told, term: Term) -> str:
    names = told.numbers()
    return write(term, names) if _only(term, names) else ""


def g_first(term: Term, g: Name) -> str:
    """A derivative with what arrives in front: ∂L/∂y · y(1 − y)."""
    if isinstance(term, Times):
        upstream = [(b, e) for b, e in term.factors if b == g and e == 1]
        rest = tuple((b, e) for b, e in term.factors if b != g)
        if upstream and (term.coefficient != 1 or rest):
            local = Times(term.coefficient, rest) if rest else Number(term.coefficient)
            alone = len(rest) == 1 and term.coefficient == 1 and rest[0][1] == 1
            local_piece = piece(rest[0][0] if alone else local, {})
            arrays = shape_of(g) != () and any(shape_of(b) != () for b, _ in rest)
            sign = r" \odot " if arrays else r" \cdot "
            tight = 21 if isinstance(rest[0][0] if alone else local, Sum) else 20
            return f"{g.latex}{sign}{local_piece.within(tight, _BRACKETS)}"
    return write(term)


class Remarks:
    """Short names for functions that turn up in a derivative, and sums that are known to be 1."""

    def __init__(self, told: Told) -> None:
        self.told = told
        self.names: dict[Term, Name] = {}
        self.ones: dict[Term, str] = {}
        self.known = {term for term in told.terms.values() if isinstance(term, Name)}
        self.taken = {term.latex for term in told.terms.values() if isinstance(term, Name)}

    def lines(self) -> list[str]:
        """y = softmax(a), ∑ t = 1: what the equations rely on."""
        named_ = [equation(name.latex, write(term)) for term, name in self.names.items()]
        return [*named_, *(f"{text} = 1" for text in self.ones.values())]

    def seen(self, term: Term) -> Term:
        """The term with such functions named and such sums put in."""
        match term:
            case Sum(parts):
                return total([(c, self.seen(part)) for c, part in parts])
            case Times(coefficient, factors):
                found: Term = Number(coefficient)
                for base, exponent in factors:
                    inner = self.seen(base)
                    found = multiplied(found, _raised(inner, exponent))
                return found
            case Applied():
                return self.function(term)
        return term

    def function(self, term: Applied) -> Term:
        data_only = all(_only(argument, self.known) for argument in term.arguments)
        if data_only and isinstance(term.op.lower, Reduce) and self.is_one(term):
            self.ones[term] = write(term)
            return ONE
        if data_only and term.op.body is not None and term.shape:
            if term not in self.names:
                letter = next(x for x in ("y", "s", "u", "v", "w", "p", "q") if self.fresh(x))
                self.taken.add(letter)
                self.names[term] = Name(letter, term.shape)
            return self.names[term]
        inside = tuple(self.seen(argument) for argument in term.arguments)
        return Applied(term.op, term.attrs, inside, term.shape)

    def fresh(self, letter: str) -> bool:
        return letter not in self.taken

    def is_one(self, term: Applied) -> bool:
        try:
            value = evaluate(term, self.told.values())
        except Exception:
            return False
        return bool(np.size(value)) and bool(np.allclose(value, 1.0, rtol=1e-12))


def _raised(term: Term, exponent: float) -> Term:
    return term if exponent == 1 else multiplied(Times(1.0, ((term, exponent),)))


def _only(term: Term, known: Container[Name]) -> bool:
    """Does the term lean on values only, and on no derivative?"""
    match term:
        case Name():
            return term in known
        case Sum(parts):
            return all(_only(part, known) for _, part in parts)
        case Times(_, factors):
            return all(_only(base, known) for base, _ in factors)
        case Applied(arguments=arguments):
            return all(_only(each, known) for each in arguments)
    return True


# --------------------------------------------------------------- inside a composite


def inside_steps(told: Told, between: Sequence[Node], lang: str) -> list[Step]:
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
        inner = Told.of(body)
        parts = Parts()
        names = names_step(inner, lang, values=False)
        if names is None or not by_paths(inner, x, parts, None):
            continue
        chained = parts.chain or list(parts.local)
        slope = told_slope(inner, x)
        own = _own_rule(inner, op, x, slope) if slope is not None else None
        last = chained[-1]
        if own is not None and not last.endswith(write(own)):
            last = equation(last, write(own))
        says = sentence("Inside {op}, step by step:", lang, op=_symbol(op))
        steps.append(Step("fold", says, (*names.equations, *chained[:-1], last)))
    return steps


def told_slope(told: Told, x: Node) -> Term | None:
    """The whole derivative by x as one term, spelled out; None if there are too many paths."""
    paths = paths_of(told, x, told.between(x))
    summands: list[tuple[float, Term]] = []
    for way in paths or ():
        slopes = [local_derivative(told, *edge) for edge in pairwise(way)]
        summands.append((1.0, multiplied(*(slope[0] for slope in slopes if slope is not None))))
    return told.spelled(total(summands), keep=told.z) if summands else None


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
    told = Told.of(z)
    seed = _seed(z, gradient)
    steps: list[Step] = []
    if names := names_step(told, lang):
        steps.append(names)
    more, results = _told(told, targets, lang, seed)
    steps += more
    between = {node for x in targets for node in told.between(x)}
    steps += inside_steps(told, [node for node in told.nodes if node in between], lang)
    title = sentence(
        "The derivative of {z} with respect to {x}",
        lang,
        z=write(told.terms[z]) if not z.shape else told.top,
        x=", ".join(write(told.terms[x]) for x in targets),
    )
    outcome = results[0] if len(results) == 1 else tuple(results)
    return Derivation(title, tuple(steps), lang, outcome)


def _told(
    told: Told, targets: Sequence[Node], lang: str, seed: Any
) -> tuple[list[Step], list[Any]]:
    """The steps for all that is differentiated by, and the derivatives' values."""
    steps: list[Step] = []
    results: dict[Node, Any] = {}
    reached: list[Node] = []
    for x in targets:
        if x is told.z or told.z not in set(told.between(x)):
            results[x] = 1.0 if x is told.z else 0.0
            says = sentence(
                "A value changes as fast as itself."
                if x is told.z
                else "{z} does not depend on {x}.",
                lang,
                z=write(told.terms[told.z]),
                x=write(told.terms[x]),
            )
            line = equation(partial(told, told.z, x), number(results[x]))
            steps.append(Step("numbers", says, (line,)))
        else:
            reached.append(x)
    whole = Parts()
    values = from_the_right(told, reached, whole, seed) if reached else []
    results |= dict(zip(reached, values))
    alone = Parts()
    if reached and all(by_paths(told, x, alone, results[x]) for x in reached):
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
