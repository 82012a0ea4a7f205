"""float16 inside sums: what is added up or counted is float32, only the result is float16 again.

float16 ends at 65504 and steps by 2 from 2048 on, so that neither a running total nor a number of
elements may be one. PyTorch and JAX accumulate in float32 as well; NumPy does in a mean, and in
some orders of a sum.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from seegrad.ops.compare import astype
from seegrad.text import signature

FLOAT32 = np.dtype(np.float32)


def _is_half(x: Any) -> bool:
    return bool(x.dtype.char == "e")


def wide(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` (a forward, a body or a rule), computed in float32 where it is given float16.

    Its first input decides; where another is of a wider floating-point dtype the result is too,
    and nothing is to be done. Inputs of which only the spec is asked for stay as they are.
    """
    # a rule may get an array where it asks for a spec, which then need not be converted
    numbers = [not name.endswith("_spec") for name in signature(function).parameters]

    @wraps(function)
    def computed(*args: Any, **attrs: Any) -> Any:
        if not _is_half(args[0]):
            return function(*args, **attrs)
        held = [n and hasattr(x, "dtype") and x.dtype.kind == "f" for n, x in zip(numbers, args)]
        if not all(_is_half(x) for h, x in zip(held, args) if h):
            return function(*args, **attrs)
        inner = [astype(x, dtype=FLOAT32) if h else x for h, x in zip(held, args)]
        return astype(function(*inner, **attrs), dtype=args[0].dtype)

    return computed


def accumulated(reduce: Callable[..., Any], x: Any, **how: Any) -> Any:
    """NumPy's `reduce` of an array or number x, its running total in float32 where x is float16."""
    if not _is_half(x):
        return reduce(x, **how)
    return np.asarray(reduce(x, dtype=FLOAT32, **how)).astype(x.dtype)
