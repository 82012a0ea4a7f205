"""Products of matrices, convolutions, pooling windows, and linear algebra."""

from __future__ import annotations

import string
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from seegrad.interop.jaxpr.shapes import interior, widened
from seegrad.interop.jaxpr.site import Rule, Site, as_dtype, sizes
from seegrad.ops import reduce
from seegrad.ops.arithmetic import negative
from seegrad.ops.linear import factorisations, triangular
from seegrad.ops.linear.einsum import einsum
from seegrad.ops.linear.linalg import matmul
from seegrad.ops.linear.solve_systems import solve
from seegrad.ops.nn.convolution import conv
from seegrad.ops.nn.pooling import max_pool
from seegrad.ops.nn.window import unfold
from seegrad.ops.shape import matrix_transpose, reshape, transpose
from seegrad.transforms.derivatives import vjp


def _dot_general(site: Site, xs: list[Any]) -> Any:
    (left, right), (left_batch, right_batch) = site["dimension_numbers"]
    wanted = site.params.get("preferred_element_type")
    a, b = (as_dtype(x, site.out.dtype) if wanted is not None else x for x in xs)
    ranks, lead = (len(a.shape), len(b.shape)), len(left_batch)
    straight = tuple(left_batch) == tuple(right_batch) == tuple(range(lead))
    if (straight and len(left) == 1 and left[0] == ranks[0] - 1 and right[0] == lead
            and ranks[0] - lead <= 2 and ranks[1] - lead <= 2
            and (not lead or ranks == (lead + 2, lead + 2))):  # fmt: skip
        return matmul(a, b)
    letters = iter(string.ascii_letters)
    names = [[""] * rank for rank in ranks]
    for pairs in (zip(left_batch, right_batch), zip(left, right)):
        for i, j in pairs:
            names[0][i] = names[1][j] = next(letters)
    for row in names:
        row[:] = [name or next(letters) for name in row]
    out = [names[0][i] for i in left_batch]
    out += [n for i, n in enumerate(names[0]) if i not in {*left, *left_batch}]
    out += [n for i, n in enumerate(names[1]) if i not in {*right, *right_batch}]
    return einsum(f"{''.join(names[0])},{''.join(names[1])}->{''.join(out)}", a, b)


def _conv(site: Site, xs: list[Any]) -> Any:
    numbers = site["dimension_numbers"]
    if int(site["batch_group_count"]) != 1:
        raise site.refuse("batch_group_count")
    x = transpose(xs[0], axes=sizes(numbers.lhs_spec))
    w = transpose(xs[1], axes=sizes(numbers.rhs_spec))
    lead = (0, 0)
    x = interior(x, (*lead, *(n - 1 for n in sizes(site["lhs_dilation"]))), None)
    around = [tuple(map(int, pair)) for pair in site["padding"]]
    x = widened(x, [lead, lead, *((min(a, 0), min(b, 0)) for a, b in around)], 0)
    found = conv(
        x, w, steps=sizes(site["window_strides"]),
        padding=tuple((max(a, 0), max(b, 0)) for a, b in around),
        dilation=sizes(site["rhs_dilation"]), groups=int(site["feature_group_count"]),
    )
    return transpose(found, axes=tuple(int(i) for i in np.argsort(numbers.out_spec)))


def _window(kind: str) -> Rule:
    """Windows over any axes: the largest by max_pool, sums over an unfolded view."""

    def rule(site: Site, xs: list[Any]) -> Any:
        x, size = xs[0], sizes(site["window_dimensions"])
        steps, dilation = sizes(site["window_strides"]), sizes(site["window_dilation"])
        around = [tuple(map(int, pair)) for pair in site["padding"]]
        outside = {"sum": 0.0, "max": -np.inf, "min": np.inf}[kind]
        if x.dtype.kind != "f":
            bounds = np.iinfo(x.dtype) if x.dtype.kind in "iu" else None
            if bounds is None:
                raise site.refuse(f"dtype {x.dtype}")
            outside = {"sum": 0, "max": int(bounds.min), "min": int(bounds.max)}[kind]
        gaps = tuple(n - 1 for n in sizes(site["base_dilation"]))
        x = interior(x, gaps, None if kind == "sum" else np.asarray(outside, x.dtype))
        moving = [i for i, (n, s, p) in enumerate(zip(size, steps, around))
                  if (n, s, p) != (1, 1, (0, 0))]  # fmt: skip
        still = [i for i in range(len(size)) if i not in moving]
        order = (*still, *moving)
        x = transpose(widened(x, around, outside), axes=order)
        settings = {name: tuple(row[i] for i in moving)
                    for name, row in (("size", size), ("steps", steps), ("dilation", dilation))}
        found = _pooled(kind, x, len(still), settings)
        return transpose(found, axes=tuple(int(i) for i in np.argsort(order)))

    return rule


def _pooled(kind: str, x: Any, still: int, settings: dict[str, Any]) -> Any:
    count = len(x.shape) - still
    if not count:
        return x
    if kind == "sum" or x.dtype.kind != "f":
        seen = unfold(x, **settings)
        axes = tuple(range(still, still + count))
        return {"sum": reduce.sum, "max": reduce.max, "min": reduce.min}[kind](seen, axis=axes)
    lead = x.shape[:still]
    x = reshape(x, shape=(int(np.prod(lead)), 1, *x.shape[still:]))
    found = max_pool(x, **settings) if kind == "max" else negative(
        max_pool(negative(x), **settings)
    )
    return reshape(found, shape=(*lead, *found.shape[2:]))


def _pooled_back(site: Site, xs: list[Any]) -> Any:
    """The derivative of the largest of each window: what JAX's gradient of a pool is made of."""
    if getattr(site["select_prim"], "name", "") not in ("ge", "le"):
        raise site.refuse("select_prim")
    arriving, x = xs
    ones = (1,) * len(x.shape)
    params = {**site.params, "window_dilation": ones, "base_dilation": ones}
    forward = replace(site, params=params, inputs=site.inputs[1:], outputs=site.inputs[:1])
    kind = "max" if site["select_prim"].name == "ge" else "min"
    return vjp(lambda y: _window(kind)(forward, [y]), x)[1](arriving)[0]


# --------------------------------------------------------------- linear algebra


def _triangular(site: Site, xs: list[Any]) -> Any:
    a, b = xs
    settings = {"lower": bool(site["lower"]), "unit_diagonal": bool(site["unit_diagonal"])}
    trans = bool(site["transpose_a"])
    if site["left_side"]:
        return triangular.solve_triangular(a, b, trans=int(trans), **settings)
    found = triangular.solve_triangular(a, matrix_transpose(b), trans=int(not trans), **settings)
    return matrix_transpose(found)


def _eigh(site: Site, xs: list[Any]) -> Any:
    if site.params.get("subset_by_index") is not None:
        raise site.refuse("subset_by_index")
    values, vectors = factorisations.eigh(xs[0])
    return [vectors, values]


def _svd(site: Site, xs: list[Any]) -> Any:
    if site.params.get("subset_by_index") is not None:
        raise site.refuse("subset_by_index")
    if not site["compute_uv"]:
        return [factorisations.svdvals(xs[0])]
    u, s, vh = factorisations.svd(xs[0], full_matrices=bool(site["full_matrices"]))
    return [s, u, vh]


def _qr(site: Site, xs: list[Any]) -> Any:
    if site.params.get("pivoting"):
        raise site.refuse("pivoting")
    q, r = factorisations.qr(xs[0], mode="complete" if site["full_matrices"] else "reduced")
    return [q, r]


def _product_of(body: Any, count: int) -> tuple[int, bool, int, int] | None:
    """Which constant a product `b ↦ a b` (or `b ↦ b a`) multiplies by, is it transposed, how many
    axes go along, and the axis of b that it sums over; None if it is no such product."""
    product, *rest = body.eqns or [None]
    still = [e for e in rest if e.primitive.name == "transpose"]
    if product is None or product.primitive.name != "dot_general" or len(still) > 1 or any(
        e.primitive.name != "transpose" and dict(e.params).get("axes") != () for e in rest
    ):
        return None
    sums, batches = product.params["dimension_numbers"]
    known = list(body.invars[:count])
    side = next((i for i, v in enumerate(product.invars) if any(v is k for k in known)), None)
    if side is None or len(sums[side]) != 1:
        return None
    matrix, lead = product.invars[side], len(batches[side])
    rank, summed, axis = len(matrix.aval.shape), sums[side][0], sums[1 - side][0]
    if any(tuple(each) != tuple(range(lead)) for each in batches) or rank != lead + 2:
        return None
    whole = len(product.outvars[0].aval.shape)
    came = lead if side == 0 else whole - 1                # where the rows of the product come out
    order = tuple(still[0].params["permutation"]) if still else tuple(range(whole))
    if order.index(came) != axis:                          # rows come out where they went in
        return None
    which = next(i for i, k in enumerate(known) if k is matrix)
    return which, summed != rank - 1, lead, axis


def linear_solve(site: Site, xs: list[Any]) -> Any:
    """The matrix is read out of the product that is to be undone; JAX's own way of solving it
    (and its LU factors, say) is not needed."""
    lengths, count = site["const_lengths"], int(site["const_lengths"].matvec)
    names = ("matvec", "vecmat", "solve", "transpose_solve")
    right = xs[sum(int(getattr(lengths, name)) for name in names) :]
    found = _product_of(site["jaxprs"].matvec.jaxpr, count) if len(right) == 1 else None
    if found is None:
        raise site.refuse("a product that is not one matrix")
    which, transposed, lead, axis = found
    a, b = xs[which], right[0]
    a = matrix_transpose(a) if transposed else a
    if len(b.shape) == lead + 1:
        return [reshape(solve(a, reshape(b, shape=(*b.shape, 1))), shape=tuple(b.shape))]
    if axis == lead:
        return [solve(a, b)]
    return [matrix_transpose(solve(a, matrix_transpose(b)))]


def _listed(function: Callable[..., Any]) -> Rule:
    return lambda site, xs: function(xs[0])


RULES: dict[str, Rule] = {
    "dot_general": _dot_general, "conv_general_dilated": _conv,
    "reduce_window_sum": _window("sum"), "reduce_window_max": _window("max"),
    "reduce_window_min": _window("min"), "select_and_scatter_add": _pooled_back,
    "triangular_solve": _triangular, "cholesky": _listed(triangular.cholesky_lower),
    "eigh": _eigh, "svd": _svd, "qr": _qr, "custom_linear_solve": linear_solve,
}  # fmt: skip
