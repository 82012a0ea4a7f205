"""What a closed composite says of its derivatives: its own rules, with holes for what goes in.

One direction: a node → rules on named symbols (`rules.py`, or `symbolic_graph.py` where samples are
averaged) → terms → trees with holes. How a page fills them is the page's affair.
"""

from __future__ import annotations

from seegrad.drawing.formula.by_node import Remarks
from seegrad.drawing.formula.rules import g_first, readable, rule_formula
from seegrad.drawing.formula.samples import at_other_rows
from seegrad.drawing.formula.symbolic_graph import SymbolicGraph
from seegrad.drawing.formula.terms import SAMPLES, Name, Number
from seegrad.drawing.formula.tree import Hole, Sign, Tree, between
from seegrad.drawing.formula.typeset import equation, typeset
from seegrad.drawing.values.names import written
from seegrad.graph.node import Node
from seegrad.graph.spec import NO_ATTRS
from seegrad.tensor.tensor import Tensor

ClosedRule = tuple[str, Tree | None]
"""An argument's name, and the derivative by it; None where there is none to be told."""


def closed_rules(node: Node) -> tuple[tuple[ClosedRule, ...], Tree | None]:
    """The derivative by each argument of a composite, with the holes `g`, `out` and its arguments'
    names, and what the letters in it stand for: (y − t)/N, where y = softmax(a)."""
    op = node.op
    assert op is not None
    names = [op.input_name(i) for i in range(len(node.inputs))]
    if node.shape == () and any(x.shape for x in node.inputs):
        return _averaged(node, names)
    rules = [rule_formula(node, i) if x.requires_grad else None for i, x in enumerate(node.inputs)]
    return tuple(zip(names, rules)), None


def _averaged(node: Node, names: list[str]) -> tuple[tuple[ClosedRule, ...], Tree | None]:
    """Of one number over many samples: N is a symbol, and what is computed on the way is named."""
    leaves = tuple(
        Tensor(None, (), NO_ATTRS, (), value, x.requires_grad, None)
        for x, value in zip(node.inputs, node.values)
    )
    z = Tensor(node.op, leaves, node.attrs, node.values, node.data, True)
    nodes: tuple[Node, ...] = (*leaves, z)
    words = dict(zip(nodes, (*names, "out")))
    labels: dict[Node, Tree] = {each: Hole(word) for each, word in words.items()}
    graph = SymbolicGraph(z, nodes, at_other_rows(nodes), words=words, labels=labels).told()
    graph.taken |= {written(x.name) for x in (*node.inputs, node)}
    remarks = Remarks(graph)
    g = Name(Hole("g"), z.shape)
    graph.owner[g.label] = z
    found: list[ClosedRule] = []
    for i, name in enumerate(names):
        sent = graph.arriving(z, i, g) if leaves[i].requires_grad else None
        told = None if sent is None else typeset(g_first(remarks.seen(sent.term), g))
        found.append((name, None if told is None else readable(told)))
    said = [line.tree for line in remarks.lines()]
    if SAMPLES in graph.known:
        said.append(equation(SAMPLES, Number(graph.known[SAMPLES])).tree)
    return tuple(found), between(Sign(","), said) if said else None
