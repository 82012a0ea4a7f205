"""Where a NaN or an infinity inside a compiled call was born: the traced graph, node by node.

The call is computed again by NumPy on the same arguments and state; nothing is assigned.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from seegrad.graph.graph import Graph
from seegrad.graph.node import Node
from seegrad.transforms.debugging import raise_if_non_finite


def locate_non_finite(graph: Graph, values: Mapping[Node, Any]) -> None:
    """Raise NonFiniteError at the first node that makes a NaN or an infinity of finite inputs.

    Args:
        graph: what the function did, as it was traced.
        values: the data of the graph's symbols.
    """
    known: dict[Node, Any] = dict(values)
    with np.errstate(all="ignore"):
        for node in graph.nodes:
            if node in known:
                continue
            if node.op is None:
                known[node] = node.data
                continue
            inputs = tuple(known[x] for x in node.inputs)
            known[node] = node.op.forward(*inputs, **node.attrs)
            raise_if_non_finite(node, known[node], inputs)
