"""Is a graph well made? Every node's spec is what its op says of its inputs; nothing is changed."""

from __future__ import annotations

from seegrad.errors import GraphError, SeegradError
from seegrad.graph.graph import Graph
from seegrad.graph.node import Node
from seegrad.i18n import tr


def verify(graph: Graph) -> None:
    """Raise GraphError, showing the lines around the fault, unless every node is well typed."""
    seen: set[Node] = set()
    for node in graph.nodes:
        missing = [x for x in node.inputs if x not in seen]
        if missing:
            raise _fault(graph, node, tr("it is used before it is made"))
        seen.add(node)
        if node.op is None:
            continue
        try:
            spec = node.op.spec(*[x.spec for x in node.inputs], **node.attrs)
        except SeegradError as error:
            raise _fault(graph, node, error.problem) from error
        if spec != node.spec:
            raise _fault(graph, node, tr(
                "it says {spec}, but its inputs give {other}", spec=node.spec, other=spec
            ))


def _fault(graph: Graph, node: Node, why: str) -> GraphError:
    lines = graph.text().splitlines()
    label = graph.labels[node]
    at = next((i for i, x in enumerate(lines) if x.strip().startswith(f"{label} =")), 0)
    shown = "\n".join(
        f"{'→' if i == at else ' '} {lines[i]}"
        for i in range(max(0, at - 3), min(len(lines), at + 4))
    )
    return GraphError(tr(
        "the graph does not hold together at {label}: {why}\n{graph}",
        label=label, why=why, graph=shown,
    ))
