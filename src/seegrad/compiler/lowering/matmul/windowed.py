"""Products of windows where they lie: matrices whose rows, columns or steps are several axes.

A convolution is a product of weights with a matrix that has a column for each window. That matrix
is a view of the picture with six axes; in memory it would be as many times larger as a window has
elements. Here the product goes over the axes instead. When that is not quicker, or cannot be said,
there is none, and the matrices are copied as any other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from seegrad.compiler.ir.buffer import View
from seegrad.compiler.ir.expression import Accumulated, Apply, Literal, Load, every, rebuild
from seegrad.compiler.ir.kernel import Matmul, Store
from seegrad.compiler.lowering.builder import KernelBuilder
from seegrad.compiler.lowering.groups import behind, is_view
from seegrad.compiler.target import host
from seegrad.graph import forms
from seegrad.graph.node import Node

KNOWN = (Accumulated, Apply, Literal, Load)
Axes = list[tuple[int, int]]
"""(length, stride) of each, outermost first."""
COPIED = 3.0
"""Cycles for each element of a matrix of windows that is written and read again."""


@dataclass(frozen=True)
class Factor:
    """A matrix as a view with several axes: those of its rows, those of its columns."""

    view: View
    rows: Axes
    columns: Axes

    @property
    def plain(self) -> bool:
        return len(self.rows) < 2 and len(self.columns) < 2


def factors(builder: KernelBuilder, head: Node) -> tuple[Factor, Factor] | None:
    """Both factors of a product of two matrices, if one of them is no plain matrix in memory."""
    if not isinstance(head.op and head.op.lower, forms.Product):
        return None
    if any(len(x.shape) != 2 or not x.spec.size or x.dtype != head.dtype for x in head.inputs):
        return None
    if head.dtype.itemsize < 4 or not any(map(_windows, head.inputs)):
        return None
    a, b = (_factor(builder, x) for x in head.inputs)
    if a is None or b is None or (a.plain and b.plain):
        return None
    return a, b


def _windows(x: Node) -> bool:
    """Whether the node is a matrix made of a view with more axes."""
    while is_view(x):
        if x.op is not None and isinstance(x.op.lower, forms.Reshape) and (
            len(x.inputs[0].shape) > 2
        ):
            return True
        x = x.inputs[0]
    return False


def _factor(builder: KernelBuilder, x: Node) -> Factor | None:
    turned = False
    if x.op is not None and isinstance(x.op.lower, forms.Permute):
        turned, x = tuple(x.attrs["axes"]) == (1, 0), x.inputs[0]
    if x.op is not None and isinstance(x.op.lower, forms.Reshape) and x not in builder.views:
        view = builder.view(x.inputs[0])
    else:
        view = builder.view(x)
    builder.reading.add(behind(x))
    cut = _cut(view.shape, x.shape[0])
    if view.rows is not None or cut is None:
        return None
    axes = list(zip(view.shape, view.strides))
    rows, columns = _merged(axes[:cut]), _merged(axes[cut:])
    return Factor(view, columns, rows) if turned else Factor(view, rows, columns)


def _cut(shape: Sequence[int], rows: int) -> int | None:
    """How many of the axes make up so many rows."""
    for i in range(len(shape) + 1):
        if math.prod(shape[:i]) == rows:
            return i
    return None


def _merged(axes: Axes) -> Axes:
    """The axes without those of length one; what lies as one axis is one."""
    found: Axes = []
    for n, s in axes:
        if n == 1:
            continue
        if found and found[-1][1] == s * n:
            found[-1] = (found[-1][0] * n, s)
        else:
            found.append((n, s))
    return found or [(1, 0)]


def _together(a: Axes, b: Axes) -> list[tuple[int, int, int]] | None:
    """Two lists of axes of the same places as one: (length, stride of a, stride of b)."""
    left, right, found = list(a), list(b), []
    while left and right:
        (n, s), (m, t) = left.pop(), right.pop()
        both = min(n, m)
        if n % both or m % both:
            return None
        found.append((both, s, t))
        if n > both:
            left.append((n // both, s * both))
        if m > both:
            right.append((m // both, t * both))
    if math.prod(n for n, _ in left + right) > 1:
        return None
    return found[::-1]


def windowed(product: Matmul, a: Factor, b: Factor) -> Matmul | None:
    """The product of matrices that were to be copied, over the axes as they lie; None where that
    would not be quicker."""
    deep = _together(a.columns, b.rows)
    values = [s.value for s in product.stores]
    if deep is None or not all(isinstance(e, KNOWN) for e in every(values)):
        return None
    *outer_m, (m, stride_m) = a.rows
    *outer_n, (n, stride_n) = b.columns
    *outer_k, (k, left, right) = deep
    batch = [*outer_m, *outer_n]
    sizes = tuple(length for length, _ in batch)
    rows = (*(s for _, s in outer_m), *(0 for _ in outer_n))
    columns = (*(0 for _ in outer_m), *(s for _, s in outer_n))
    first = View(a.view.buffer, (*sizes, m, k), (*rows, stride_m, left), a.view.offset)
    second = View(b.view.buffer, (*sizes, k, n), (*columns, right, stride_n), b.view.offset)

    def spread(view: View) -> View:
        step_m, step_n = view.strides
        steps = [*_steps(outer_m, m, step_m), *_steps(outer_n, n, step_n), step_m, step_n]
        return replace(view, shape=(*sizes, m, n), strides=tuple(steps))

    loads = [e.view for e in every(values) if isinstance(e, Load)]
    if any(v.rows is not None for v in loads):
        return None
    stores = [
        Store(spread(s.view), x) for s, x in zip(
            product.stores,
            rebuild(values, lambda e: Load(spread(e.view)) if isinstance(e, Load) else None),
        )
    ]  # fmt: skip
    found = Matmul(product.name, (*sizes, m, n), stores, product.nodes, a=first, b=second,
                   deep=tuple(outer_k))  # fmt: skip
    return found if _quicker(found, (a, b)) else None


def _steps(outer: Axes, inner: int, step: int) -> list[int]:
    """The strides of axes that follow each other, before an inner one."""
    found, below = [], inner * step
    for n, _ in reversed(outer):
        found.append(below)
        below *= n
    return found[::-1]


def _quicker(found: Matmul, given: Sequence[Factor]) -> bool:
    """Whether lanes that are not full cost less than copies that fill them: cycles of either."""
    lanes, (m, n) = host().lanes(found.a.dtype.itemsize * 8), found.space[-2:]
    lengths = [1.0]
    if found.b.strides[-1] == 1:
        lengths.append(n)
    if found.a.strides[-2] == 1:
        lengths.append(m)
    if found.a.strides[-1] == found.b.strides[-2] == 1:
        lengths.append(found.k)
    full = max(x / math.ceil(x / lanes) for x in lengths)
    steps = math.prod(found.space) * found.depth / 2
    copied = sum(COPIED * math.prod(x for x, _ in f.rows + f.columns)
                 for f in given if not f.plain)  # fmt: skip
    return steps / full < steps / lanes + copied
