"""Patterns: an identity written as a pair of ordinary expressions, found in a graph.

The left side is built once on free symbols; matching binds them. Which identities there are is
said in `identities.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from seegrad.errors import DTypeError
from seegrad.graph.graph import walk
from seegrad.graph.mode import in_mode
from seegrad.graph.node import Node
from seegrad.graph.spec import Spec
from seegrad.tensor.tensor import as_tensor
from seegrad.text import signature
from seegrad.transforms.tracing import symbol


@dataclass(frozen=True, eq=False)
class Identity:
    """left = right, for all values of the free symbols."""

    name: str
    free: tuple[Node, ...]
    left: Node
    build: Callable[..., Any]

    def apply(self, node: Node) -> Node | None:
        """What `node` is equal to by this identity, or None if it is not of the left's form."""
        found: dict[Node, Node] = {}
        if not matches(self.left, node, found):
            return None
        try:
            with in_mode(frame=node.frame, recording=True):
                _, right = self.build(*(found[x] for x in self.free))
                right = as_tensor(right)
        except DTypeError:
            return None                 # −x of a boolean, which x·(−1) makes a number
        return right if right.spec == node.spec else None


def identity(build: Callable[..., Any]) -> Identity:
    """An identity from a function of free symbols that gives (left, right)."""
    names = list(signature(build).parameters)
    free = tuple(symbol(Spec((), np.dtype(np.float64)), name) for name in names)
    left, _ = build(*free)
    return Identity(build.__name__, free, left, build)


def matches(pattern: Node, node: Node, found: dict[Node, Node]) -> bool:
    """Whether `node` has the pattern's form; `found` gets what the free symbols stand for."""
    stack = [(pattern, node)]
    while stack:
        p, n = stack.pop()
        if p.op is None and p.data is None:
            if found.setdefault(p, n) is not n:
                return False
        elif p.op is None:
            if n.op is not None or n.data is None or n.spec.size != 1 or n.data != p.data:
                return False
        elif p.op is not n.op or dict(p.attrs) != dict(n.attrs):
            return False
        else:
            stack.extend(zip(p.inputs, n.inputs))
    return True


def heads(identity: Identity) -> str:
    """The name of the operation that the left side ends with."""
    return [n.op.name for n in walk([identity.left]) if n.op is not None][-1]
