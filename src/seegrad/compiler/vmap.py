"""sg.vmap: a function of one example as a function of many, side by side along a new first axis.

The function is traced once on a single example; its graph is then applied to all of them, each
form in its own way. A form without one is applied example by example.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from seegrad.compiler.passes.pipeline import open_composites
from seegrad.errors import ShapeError, TraceError
from seegrad.graph.bind import bind
from seegrad.graph.forms import Broadcast, Loop, Permute, Product, Reduce, Reshape, Scalar, Slice
from seegrad.graph.graph import Graph
from seegrad.graph.mode import current_mode
from seegrad.graph.node import Node
from seegrad.graph.spec import Spec
from seegrad.i18n import tr
from seegrad.tensor.tensor import Tensor, as_tensor
from seegrad.transforms.loops.batching import batched
from seegrad.transforms.tracing import symbol, trace
from seegrad.tree import flatten, unflatten

Function = Callable[..., Any]


def vmap(function: Function, in_axes: int | Sequence[int | None] | None = 0) -> Function:
    """`function` of one example, for all examples along an axis of its arguments at once.

    Args:
        function: takes and gives arrays, tensors or nested containers of them.
        in_axes: the axis of the examples, for all arguments or one for each; None: the same
            argument for every example.

    The results have the examples along their first axis. Composes with grad and compile.

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
        found = trace(function, symbols, lambda f: f(*placed))
        if found.assigned:
            raise TraceError("a function that assigns cannot be mapped over examples",
                             hint="assign to the mean or sum of the mapped results")  # fmt: skip
        outputs = _spread(found.outputs, dict(zip(symbols, given)), counts.pop())
        lively = current_mode().tracer is not None or any(isinstance(a, Node) for a in args)
        results = [
            x if lively or x.data is None or x.requires_grad else np.array(x.data)
            for x in outputs
        ]
        return unflatten(found.structure, results)

    mapped.__name__ = f"vmap of {getattr(function, '__name__', 'a function')}"
    return mapped


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


def _spread(
    outputs: Sequence[Node], known: dict[Any, tuple[Any, bool]], count: int
) -> list[Any]:
    """The outputs for all examples."""
    graph = open_composites(Graph(outputs, list(known)))
    done: dict[Node, tuple[Any, bool]] = dict(known)
    for node in graph.nodes:
        if node in done:
            continue
        inputs = [done[x] for x in node.inputs]
        if not any(batched for _, batched in inputs):
            values = tuple(x for x, _ in inputs)
            done[node] = (bind(node.op, values, node.attrs) if node.op else node, False)
        else:
            done[node] = (_applied(node, inputs, count), True)
    found = []
    for node in graph.outputs:
        x, batched = done[node]
        whole = x if batched else _repeated(as_tensor(x), count)
        found.append(whole)
    return found


def _repeated(x: Tensor, count: int) -> Any:
    return np.stack([x] * count)


def _ranked(x: Any, batched: bool, rank: int) -> Any:
    """x with axes of length 1 put in so that an example has `rank` axes."""
    missing = rank + 1 - len(x.shape)
    if not batched or missing <= 0:
        return x
    return x.reshape((x.shape[0], *(1,) * missing, *x.shape[1:]))


def _applied(node: Node, inputs: Sequence[tuple[Any, bool]], count: int) -> Any:
    op, attrs = node.op, node.attrs
    assert op is not None
    form, x = op.lower, inputs[0][0]
    if isinstance(form, Scalar):
        rank = len(node.shape)
        return bind(op, tuple(_ranked(y, b, rank) for y, b in inputs), attrs)
    if isinstance(form, Reduce):
        return bind(op, (x,), {**attrs, "axis": tuple(a + 1 for a in attrs["axis"])})
    if isinstance(form, Permute):
        return bind(op, (x,), {**attrs, "axes": (0, *(a + 1 for a in attrs["axes"]))})
    if isinstance(form, Reshape):
        return bind(op, (x,), {**attrs, "shape": (count, *attrs["shape"])})
    if isinstance(form, Broadcast):
        wide = _ranked(x, True, len(node.shape))
        return bind(op, (wide,), {**attrs, "shape": (count, *attrs["shape"])})
    if isinstance(form, Slice):
        return bind(op, (x,), {**attrs, "index": ((0, count, 1), *attrs["index"])})
    if isinstance(form, Product):
        return _product(node, inputs, count)
    if isinstance(form, Loop):
        return batched(node, inputs, count, _spread)
    rows = []
    for i in range(count):
        one = tuple(y[i] if batched else y for y, batched in inputs)
        rows.append(bind(op, one, attrs))
    return np.stack(rows)


def _product(node: Node, inputs: Sequence[tuple[Any, bool]], count: int) -> Any:
    """Vectors become matrices of one row or one column, which are dropped again."""
    (a, a_many), (b, b_many) = inputs
    ranks = [len(x.shape) for x in node.inputs]
    if ranks[0] == 1:
        a = a.reshape((*a.shape[:-1], 1, a.shape[-1]))
    if ranks[1] == 1:
        b = b.reshape((*b.shape, 1))
    rank = max(*ranks, 2)
    y = bind(node.op, (_ranked(a, a_many, rank), _ranked(b, b_many, rank)), node.attrs)  # type: ignore[arg-type]
    return y.reshape((count, *node.shape))
