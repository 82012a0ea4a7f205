"""sg.vmap: a function of one example as a function of many, side by side along a new first axis.

The function is traced once on a single example; its graph is then applied to all of them, by the
rules of `batching.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar

import numpy as np

from seegrad.errors import ShapeError, TraceError
from seegrad.graph.mode import current_mode
from seegrad.graph.node import Node
from seegrad.graph.spec import Spec
from seegrad.i18n import tr
from seegrad.tensor.tensor import as_tensor
from seegrad.transforms.batching import spread
from seegrad.transforms.draws import told
from seegrad.transforms.tracing import symbol, trace
from seegrad.tree import flatten, unflatten

P = ParamSpec("P")
R = TypeVar("R")


def vmap(
    function: Callable[P, R], in_axes: int | Sequence[int | None] | None = 0
) -> Callable[P, R]:
    """`function` of one example, for all examples along an axis of its arguments at once.

    Args:
        function: takes and gives arrays, tensors or nested containers of them.
        in_axes: the axis of the examples, for all arguments or one for each; None: the same
            argument for every example.

    The results have the examples along their first axis. Composes with grad and compile.

    Raises:
        ShapeError: where axes and arguments are not equally many, or the examples are not.
        TraceError: where the function assigns.

    >>> import seegrad as sg
    >>> import numpy as np
    >>> squares = sg.vmap(sg.grad(lambda w, x: (w * x) ** 2), in_axes=(None, 0))
    >>> [float(g) for g in squares(3.0, np.array([1.0, 2.0]))]
    [6.0, 24.0]
    """

    def mapped(*args: Any) -> Any:
        axes = in_axes if isinstance(in_axes, (tuple, list)) else [in_axes] * len(args)
        if len(axes) != len(args):
            raise ShapeError("vmap needs one axis for each argument", asked=f"{len(args)} axes",
                             came=f"in_axes={in_axes!r}")  # fmt: skip
        given, symbols, placed = [], [], []
        for x, axis in zip(args, axes):
            leaves, structure = flatten(x)
            stands = []
            for leaf in leaves:
                value = leaf if isinstance(leaf, Node) else as_tensor(leaf)
                one, value = _example(value, axis)
                stands.append(symbol(one, getattr(leaf, "name", ""), value.requires_grad))
                given.append((value, axis is not None))
            symbols += stands
            placed.append(unflatten(structure, stands))
        counts = {x.shape[0] for x, batched in given if batched}
        if len(counts) != 1:
            shapes = ", ".join(str(x.shape) for x, _ in given) or "no array"
            raise ShapeError("vmap needs equally many examples in its arguments", came=shapes)
        with told(function, current_mode().tracer is None):
            found = trace(function, symbols, lambda f: f(*placed), captures=True)
        if found.assigned:
            raise TraceError("a function that assigns cannot be mapped over examples",
                             hint="assign to the mean or sum of the mapped results")  # fmt: skip
        outputs = spread(found.outputs, dict(zip(symbols, given)), counts.pop())
        lively = current_mode().tracer is not None or any(isinstance(a, Node) for a in args)
        results = [
            x if lively or x.data is None or x.requires_grad else np.array(x.data)
            for x in outputs
        ]
        return unflatten(found.structure, results)

    mapped.__name__ = f"vmap of {getattr(function, '__name__', 'a function')}"
    return mapped  # type: ignore[return-value]


def _example(x: Any, axis: int | None) -> tuple[Spec, Any]:
    """The spec of one example, and x with the examples first."""
    if axis is None:
        return Spec(tuple(x.shape), x.dtype), x
    ndim = len(x.shape)
    if not -ndim <= axis < ndim:
        raise ShapeError(
            "there is no such axis of examples",
            came=tr("axis {axis} of {shape}", axis=axis, shape=x.shape),
        )
    axis %= ndim
    if axis:
        x = x.transpose((axis, *(i for i in range(ndim) if i != axis)))
    return Spec(tuple(x.shape[1:]), x.dtype), x
