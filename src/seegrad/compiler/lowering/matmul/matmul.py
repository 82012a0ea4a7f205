"""Products and contractions as kernels: both factors as matrices, and the epilogue."""

from __future__ import annotations

from seegrad.compiler.ir import scalar_types
from seegrad.compiler.ir.buffer import Buffer, View
from seegrad.compiler.ir.expression import (
    Accumulated,
)
from seegrad.compiler.ir.kernel import Matmul, Store
from seegrad.compiler.lowering.builder import KernelBuilder, aligned
from seegrad.compiler.lowering.expressions import expressions
from seegrad.compiler.lowering.groups import Group, behind
from seegrad.compiler.lowering.matmul.collapse_batch import merged
from seegrad.compiler.lowering.matmul.windowed import factors, windowed
from seegrad.graph import forms as forms
from seegrad.graph.node import Node


def matmul(builder: KernelBuilder, group: Group) -> None:
    head = group.head
    assert head is not None
    seen = factors(builder, head)
    if seen is not None:
        plain_a, plain_b = map(_as_if_copied, head.inputs)
        product = windowed(_product(builder, group, plain_a, plain_b), *seen)
        if product is not None:
            builder.add(product)
            return
    a, b, labels = _factors(builder, head)
    builder.add(merged(_product(builder, group, a, b, labels)))


def _as_if_copied(x: Node) -> View:
    """The node's matrix as it would lie if it were copied."""
    return Buffer(x.name, x.shape, x.dtype, "temporary").view()


def _product(
    builder: KernelBuilder, group: Group, a: View, b: View, labels: tuple[str, str] | None = None
) -> Matmul:
    """The kernel of a group, over its two factors."""
    head = group.head
    assert head is not None
    space: list[int | None] = list(_space(builder, group, head, labels))
    sizes = tuple(1 if c is None else group.sizes[c] for c in space)
    batch = sizes[:-2]
    left = a.broadcast((*batch, *a.shape[-2:]))
    right = b.broadcast((*batch, *b.shape[-2:]))
    assert left is not None
    assert right is not None
    values = expressions(builder, group, space, {head: Accumulated(head.dtype)})
    stores = []
    for node in group.members:
        if node in builder.of:
            view = aligned(builder.views[node], group.maps[node], space, group.sizes)
            stores.append(Store(view, values[node]))
    return Matmul(builder.name(head), sizes, stores, tuple(group.members), a=left, b=right)


def _space(builder: KernelBuilder, group: Group, head: Node, labels: tuple[str, str] | None
) -> list[int | None]:
    axes = list(group.maps[head])
    if labels is not None:                       # a contraction: batch, m, n among its axes
        out, order = labels
        return [axes[out.index(c)] if c != "." else None for c in order]
    a, b = head.inputs
    if len(a.shape) == 1 and len(b.shape) == 1:
        return [None, None]
    if len(a.shape) == 1:
        axes.insert(len(axes) - 1, None)
    if len(b.shape) == 1:
        axes.append(None)
    return axes


def _factors(builder: KernelBuilder, head: Node) -> tuple[View, View, tuple[str, str] | None]:
    """Both factors as views (…, m, k) and (…, k, n)."""
    a, b = (_factor(builder, x) for x in head.inputs)
    assert head.op is not None
    if isinstance(head.op.lower, forms.Contract):
        return _contracted(builder, head, a, b)
    if len(a.shape) == 1:
        a = builder.reshaped(a, (1, *a.shape), head.inputs[0])
    if len(b.shape) == 1:
        b = builder.reshaped(b, (*b.shape, 1), head.inputs[1])
    if a.rows is not None and a.rows_axis < len(a.shape) - 2 and len(a.shape) < len(b.shape):
        a = builder.copied(a, head.inputs[0])
    if b.rows is not None and b.rows_axis == len(b.shape) - 1:
        b = builder.copied(b, head.inputs[1])
    return a, b, None


def _factor(builder: KernelBuilder, x: Node) -> View:
    view = builder.view(x)
    builder.reading.add(behind(x))
    dtype = scalar_types.computing(view.dtype)
    if dtype != view.dtype or (view.rows is not None and view.shape[view.rows_axis] == 1):
        view = builder.copied(view, x, dtype)
    return view


def _contracted(builder: KernelBuilder, head: Node, a: View, b: View
) -> tuple[View, View, tuple[str, str]]:
    left, out = head.attrs["subscripts"].split("->")
    first, second = left.split(",")
    batch = [c for c in out if c in first and c in second]
    m = "".join(c for c in first if c not in second)
    n = "".join(c for c in second if c not in first)
    k = "".join(c for c in first if c in second and c not in out)
    if a.rows is not None:
        a = builder.copied(a, head.inputs[0])
    if b.rows is not None:
        b = builder.copied(b, head.inputs[1])
    sizes = dict(zip(first, head.inputs[0].shape)) | dict(zip(second, head.inputs[1].shape))
    a = a.permute([first.index(c) for c in (*batch, *m, *k)])
    b = b.permute([second.index(c) for c in (*batch, *k, *n)])
    shape = tuple(sizes[c] for c in batch)
    rows, columns, inner = (sizes[c] if c else 1 for c in (m, n, k))
    a = builder.reshaped(a, (*shape, rows, inner), head.inputs[0])
    b = builder.reshaped(b, (*shape, inner, columns), head.inputs[1])
    return a, b, (out, "".join(batch) + (m or ".") + (n or "."))
