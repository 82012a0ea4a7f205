"""A batch of products with one second factor, as one product of more rows.

(…, B, M, K) · (K, N) is (…, B·M, K) · (K, N) where the rows of the batch lie behind each other in
everything that is read and written: the second factor is then packed once, and tiles are cut from
all the rows.
"""

from __future__ import annotations

from dataclasses import replace

from seegrad.compiler.ir import expression as ir
from seegrad.compiler.ir.buffer import View
from seegrad.compiler.ir.kernel import Matmul, Store

KNOWN = (ir.Accumulated, ir.Apply, ir.Literal, ir.Load)


def merged(product: Matmul) -> Matmul:
    """The product with as many of its batch axes counted among its rows as can be."""
    while len(product.space) > 2:
        found = _once(product)
        if found is None:
            break
        product = found
    return product


def _once(product: Matmul) -> Matmul | None:
    batch, rows = product.space[-3:-1]
    values = [s.value for s in product.stores]
    expressions = list(ir.every(values))
    loads = [e.view for e in expressions if isinstance(e, ir.Load)]
    along = [product.a, *loads, *(s.view for s in product.stores)]
    if product.b.strides[-3] or not all(isinstance(e, KNOWN) for e in expressions):
        return None
    if any(v.rows is not None for v in (product.b, *along)):
        return None
    if not all(_in_line(v, batch, rows) for v in along):
        return None

    def change(e: ir.Expression) -> ir.Expression | None:
        return ir.Load(_merged(e.view, batch, rows)) if isinstance(e, ir.Load) else None

    stores = [
        Store(_merged(s.view, batch, rows), x)
        for s, x in zip(product.stores, ir.rebuild(values, change))
    ]
    b = product.b
    return replace(
        product,
        space=(*product.space[:-3], batch * rows, product.space[-1]),
        stores=stores,
        a=_merged(product.a, batch, rows),
        b=replace(b, shape=(*b.shape[:-3], *b.shape[-2:]),
                  strides=(*b.strides[:-3], *b.strides[-2:])),
    )


def _in_line(view: View, batch: int, rows: int) -> bool:
    """Whether the rows of one member of the batch lie behind those of the one before."""
    step, row = view.strides[-3:-1]
    return batch == 1 or rows == 1 or step == rows * row


def _merged(view: View, batch: int, rows: int) -> View:
    step = view.strides[-2] if rows > 1 else view.strides[-3]
    return replace(
        view,
        shape=(*view.shape[:-3], batch * rows, view.shape[-1]),
        strides=(*view.strides[:-3], step, view.strides[-1]),
    )
