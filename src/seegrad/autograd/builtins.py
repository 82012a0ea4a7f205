"""Python's containers and questions, by which autograd's scripts keep derivatives in containers.

Containers of tensors are Python's own here, so that nothing is to be said; only questions about a
tensor are answered for the array that it holds.
"""

from __future__ import annotations

import builtins
from typing import Any

from seegrad.graph.node import Node

tuple, list, dict = builtins.tuple, builtins.list, builtins.dict


def isinstance(x: Any, kind: Any) -> bool:
    """Python's isinstance, which a tensor answers as its array would."""
    return builtins.isinstance(x.data if builtins.isinstance(x, Node) else x, kind)


def type(x: Any) -> Any:
    """Python's type, which a tensor answers as its array would."""
    return builtins.type(x.data if builtins.isinstance(x, Node) else x)
