"""A rule for each form: where the elements of now lie in its result at the full length.

A rule is given both nodes and what has become of their inputs. It puts a number beside what counts
where that would have a part in the result (0 in a sum, −∞ in a maximum), or an index from outside
where an axis is read otherwise at another length; what it does not know, it refuses.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from seegrad.graph import forms
from seegrad.graph.bind import bind
from seegrad.graph.node import Node
from seegrad.graph.op import Op
from seegrad.graph.spec import DType
from seegrad.ops.indexing import scatter_add, take
from seegrad.ops.shape import broadcast_to, slice_scatter, strided_slice
from seegrad.tensor.tensor import as_tensor
from seegrad.transforms.free_axes.axes import Axis, axis, first_places, regrouped
from seegrad.transforms.free_axes.fitting import Fitting, Padded, Rule
from seegrad.transforms.free_axes.loops import loop

Ins = Sequence[Padded]


def _op(node: Node) -> Op:
    assert node.op is not None
    return node.op


def _least(dtype: DType) -> Any:
    if dtype.kind == "f":
        return -np.inf
    return False if dtype.kind == "b" else np.iinfo(dtype).min


def _most(dtype: DType) -> Any:
    if dtype.kind == "f":
        return np.inf
    return True if dtype.kind == "b" else np.iinfo(dtype).max


NEUTRAL: Mapping[str, Callable[[DType], Any]] = {
    "sum": lambda dtype: 0, "prod": lambda dtype: 1, "max": _least, "min": _most,
    "all": lambda dtype: True, "any": lambda dtype: False,
}  # fmt: skip
"""What has no part in a reduction, by its kind."""


# --------------------------------------------------------------- element by element


def _aligned(fit: Fitting, b: Node, ins: Ins) -> tuple[Axis, ...]:
    """The axes of what broadcasts together."""
    rank = max((len(x.axes) for x in ins), default=0)
    wide = [(Axis(),) * (rank - len(x.axes)) + x.axes for x in ins]
    return tuple(fit.unify(b, column) for column in zip(*wide))


def _elementwise(fit: Fitting, a: Node, b: Node, ins: Ins) -> Padded:
    fit.check(b, fit.alike(a, b))
    return Padded(fit.made(b, ins), _aligned(fit, b, ins))


def _named_axes(fit: Fitting, a: Node, b: Node, ins: Ins) -> Padded:
    """What works along some axes works for each of the others alone."""
    form = _op(b).lower
    assert isinstance(form, forms.Call)
    assert isinstance(form.batching, forms.NamedAxes)
    axes = _aligned(fit, b, ins)
    fit.check(b, fit.alike(a, b), len(axes) == b.ndim, "shape" not in b.attrs,
              len({len(x.axes) for x in ins}) == 1)  # fmt: skip
    worked = {b.attrs[name] for name in form.batching.names}
    fit.check(b, not any(x.axes[i].free for x in ins for i in worked))
    axes = tuple(axis(n, n) if i in worked else x
                 for i, (x, n) in enumerate(zip(axes, b.shape)))  # fmt: skip
    return Padded(fit.made(b, ins), axes)


# --------------------------------------------------------------- reductions


def _reduce(fit: Fitting, a: Node, b: Node, ins: Ins) -> Padded:
    kind, (x,) = getattr(_op(b).lower, "kind"), ins  # noqa: B009
    fit.check(b, fit.alike(a, b), kind in NEUTRAL)
    over = b.attrs["axis"]
    given = fit.masked(x, over, NEUTRAL[kind](x.node.dtype), b)
    axes = [Axis() if i in over else one for i, one in enumerate(x.axes)]
    if not b.attrs["keepdims"]:
        axes = [one for i, one in enumerate(x.axes) if i not in over]
    return Padded(fit.made(b, [given]), tuple(axes), kind == "sum" and x.clean)


def _arg_reduce(fit: Fitting, a: Node, b: Node, ins: Ins) -> Padded:
    """Of equal elements the first is named, which counts."""
    kind, (x,) = getattr(_op(b).lower, "kind"), ins  # noqa: B009
    over = b.attrs["axis"]
    fit.check(b, fit.alike(a, b), over is not None and x.axes[over].first)
    value = (_least if kind == "max" else _most)(x.node.dtype)
    given = fit.masked(x, [over], value, b)
    axes = [one for i, one in enumerate(x.axes) if i != over]
    if b.attrs["keepdims"]:
        axes.insert(over, Axis())
    return Padded(fit.made(b, [given]), tuple(axes))


def _scan(fit: Fitting, a: Node, b: Node, ins: Ins) -> Padded:
    """What comes behind has no part in a running sum."""
    (x,) = ins
    fit.check(b, fit.alike(a, b), x.axes[b.attrs["axis"]].first)
    axes = [Axis(one.factors, one.same and i != b.attrs["axis"]) for i, one in enumerate(x.axes)]
    return Padded(fit.made(b, ins), tuple(axes))


# --------------------------------------------------------------- products


def _along(x: Padded, axes: Mapping[int, Axis]) -> Padded:
    """x with these axes, as they were found beside others: where one value stands all along, it
    is any."""
    return Padded(x.node, tuple(axes.get(i, one) for i, one in enumerate(x.axes)), x.clean)


def _product(fit: Fitting, a: Node, b: Node, ins: Ins) -> Padded:
    x, y = ins
    inner = len(y.axes) - (1 if len(y.axes) == 1 else 2)
    both = fit.unify(b, [x.axes[-1], y.axes[inner]])
    x, y = _along(x, {len(x.axes) - 1: both}), _along(y, {inner: both})
    x = fit.masked(x, [len(x.axes) - 1], 0, (b, 0))
    y = fit.masked(y, [inner], 0, (b, 1))
    rank = max(len(x.axes), len(y.axes)) - 2
    lead = []
    for one in (x, y):
        own = one.axes[:-2]
        lead.append((Axis(),) * (rank - len(own)) + own)
    axes = [fit.unify(b, pair) for pair in zip(*lead)]
    axes += [*x.axes[-2:-1], *(y.axes[-1:] if len(y.axes) > 1 else ())]
    return Padded(fit.made(b, [x, y]), tuple(axes))


def _contract(fit: Fitting, a: Node, b: Node, ins: Ins) -> Padded:
    fit.check(b, fit.alike(a, b))
    left, out = b.attrs["subscripts"].split("->")
    terms = left.split(",")
    axes = {label: fit.unify(b, [x.axes[t.index(label)] for x, t in zip(ins, terms) if label in t])
            for label in set("".join(terms))}  # fmt: skip
    given = [
        fit.masked(_along(x, {i: axes[c] for i, c in enumerate(t)}),
                   [i for i, c in enumerate(t) if c not in out], 0, (b, n))
        for n, (x, t) in enumerate(zip(ins, terms))
    ]  # fmt: skip
    return Padded(fit.made(b, given), tuple(axes[c] for c in out))


# --------------------------------------------------------------- shapes


def _permute(fit: Fitting, a: Node, b: Node, ins: Ins) -> Padded:
    (x,) = ins
    fit.check(b, fit.alike(a, b))
    return Padded(fit.made(b, ins), tuple(x.axes[i] for i in b.attrs["axes"]), x.clean)


def _reshape(fit: Fitting, a: Node, b: Node, ins: Ins) -> Padded:
    (x,) = ins
    axes = regrouped(x.axes, a.shape, b.shape)
    if axes is None:
        raise fit.refusal(b)
    return Padded(fit.made(b, ins), axes, x.clean)


def _broadcast(fit: Fitting, a: Node, b: Node, ins: Ins) -> Padded:
    (x,) = ins
    new = [axis(n, m, same=True) for n, m in zip(a.shape, b.shape)]
    before = len(new) - len(x.axes)
    axes = [one if i < before or not x.axes[i - before].factors else x.axes[i - before]
            for i, one in enumerate(new)]  # fmt: skip
    return Padded(fit.made(b, ins), tuple(axes))


def _whole(now: Any, full: Any, one: Axis) -> bool:
    return bool(now == (0, one.now, 1) and full == (0, one.full, 1))


def _from_start(now: Any, full: Any, one: Axis) -> bool:
    """Does the cut name the same places at both lengths, as far as it goes?"""
    if one.same or not one.free:
        one_way = now[2] > 0 or now[1] == full[1]
        return bool(one.same or (now[0] == full[0] and now[2] == full[2] and one_way))
    return one.first and bool(now[0] == full[0] and now[2] == full[2] > 0)


def _slice(fit: Fitting, a: Node, b: Node, ins: Ins) -> Padded:
    (x,) = ins
    if x.parts:
        if (part := _part(a, b, x)) is not None:
            return part
        x = fit.whole(x, b.inputs[0])
    node, axes, index, clean = x.node, list(x.axes), [], x.clean
    for i, (now, full) in enumerate(zip(a.attrs["index"], b.attrs["index"])):
        one = axes[i]
        if _whole(now, full, one):
            index.append(full)
            continue
        fit.check(b, now[1] <= full[1])
        clean = clean and not one.free and now[1] == full[1]
        axes[i] = axis(now[1], full[1], one.same)
        if _from_start(now, full, one):
            index.append(full)
            continue
        place = np.zeros(full[1], np.int64)
        place[: now[1]] = one.places()[_cut(now)]
        rows = fit.slot((b, "index", i), place, _cut(full))
        node = fit.bound(b, take, node, rows, axis=i, negative=False)
        index.append((0, full[1], 1))
    if node is x.node:
        return Padded(fit.made(b, [x]), tuple(axes), clean)
    node = fit.bound(b, strided_slice, node, index=tuple(index))
    return Padded(node, tuple(axes), False)


def _cut(index: Any) -> Any:
    """The places that a cut names."""
    start, length, step = index
    return start + step * np.arange(length)


def _part(a: Node, b: Node, x: Padded) -> Padded | None:
    """What stands alone at this place of a vector that was put together."""
    start = full = 0
    now_cut, full_cut = a.attrs["index"][0], b.attrs["index"][0]
    for part in x.parts:
        (one,) = part.axes
        if now_cut == (start, one.now, 1) and full_cut == (full, one.full, 1):
            return part
        inside = (
            start <= now_cut[0] and now_cut[0] + now_cut[1] <= start + one.now
            and full <= full_cut[0] and full_cut[0] + full_cut[1] <= full + one.full
        )  # fmt: skip
        value = part.node
        if inside and value.op is broadcast_to and not value.inputs[0].ndim:
            return _filled(value.inputs[0], now_cut[1], full_cut[1])
        start, full = start + one.now, full + one.full
    return None


def _filled(value: Any, now: int, full: int) -> Padded:
    """A vector of one number."""
    return Padded(bind(broadcast_to, (value,), {"shape": (full,)}), (axis(now, full, same=True),))


def _among_zeros(fit: Fitting, a: Node, b: Node, x: Padded) -> Padded | None:
    """A vector of zeros with x in one piece somewhere, put together from three."""
    now, full = a.attrs["index"][0], b.attrs["index"][0]
    if now[2] != 1 or full[2] != 1:
        return None
    zero = as_tensor(np.zeros((), b.dtype))
    behind = a.shape[0] - now[0] - now[1], b.shape[0] - full[0] - full[1]
    parts = [_filled(zero, now[0], full[0]), x, _filled(zero, *behind)]
    return fit.vector(b, [p for p in parts if p.axes[0].full])


def _place(fit: Fitting, a: Node, b: Node, ins: Ins) -> Padded:
    (x,) = ins
    cuts = list(zip(a.attrs["index"], b.attrs["index"]))
    out = list(first_places(a.shape, b.shape))
    cut = [i for i, (now, full) in enumerate(cuts)
           if x.axes[i].free != out[i].free or not _whole(now, full, x.axes[i])]  # fmt: skip
    if b.ndim == 1 and x.axes[0].free and cut and (many := _among_zeros(fit, a, b, x)) is not None:
        return many
    fit.check(b, all(x.axes[i].first for i in cut))
    x = fit.masked(x, cut, 0, b)
    shape, index, moved = list(b.shape), [], []
    for i, (now, full) in enumerate(cuts):
        one = x.axes[i]
        if i not in cut:
            out[i] = one
        elif not _from_start(now, full, Axis() if one.same else one):
            moved.append(i)
            shape[i], full = full[1], (0, full[1], 1)
        index.append(full)
    if not moved:
        return Padded(fit.made(b, [x]), tuple(out), x.clean)
    fit.check(b, b.dtype.kind == "f")
    node = fit.bound(b, slice_scatter, x.node, index=tuple(index), shape=tuple(shape))
    for i in moved:
        now, full = cuts[i]
        place = np.zeros(full[1], np.int64)
        place[: now[1]] = _cut(now)
        shape[i] = b.shape[i]
        rows = fit.slot((b, "index", i), place, _cut(full))
        node = fit.bound(b, scatter_add, node, rows, axis=i, shape=tuple(shape))
    return Padded(node, tuple(out), x.clean)


def _pad(fit: Fitting, a: Node, b: Node, ins: Ins) -> Padded:
    (x,) = ins
    fit.check(b, fit.alike(a, b))
    wide = [i for i, (before, after) in enumerate(b.attrs["widths"]) if before or after]
    free = [i for i in wide if x.axes[i].free]
    fit.check(b, all(len(x.axes[i].factors) == 1 for i in free))
    given = fit.masked(x, free, b.attrs["value"], b)
    axes = tuple(axis(n, m) if i in wide else one
                 for i, (one, n, m) in enumerate(zip(x.axes, a.shape, b.shape)))  # fmt: skip
    return Padded(fit.made(b, [given]), axes, given.clean and b.attrs["value"] == 0)


def _join(fit: Fitting, a: Node, b: Node, ins: Ins) -> Padded:
    fit.check(b, fit.alike(a, b))
    return fit.vector(b, ins) if b.ndim == 1 else fit.joined(b, ins, b.attrs["axis"])


# --------------------------------------------------------------- reading and adding by index


VIEWS = forms.Permute, forms.Reshape, forms.Broadcast, forms.Slice, forms.Window


def _indices(fit: Fitting, b: Node, x: Padded, key: Any) -> Padded:
    """Indices with 0 beside what counts, which is always there; what only looks at an argument
    shows zeros there or, at the most, others of its numbers, which are checked with it."""
    leaf = x.node
    while leaf.op is not None and isinstance(leaf.op.lower, VIEWS):
        leaf = leaf.inputs[0]
    if x.clean or leaf in fit.clean:
        return x
    return fit.masked(x, range(len(x.axes)), 0, (b, key))


def _gather(fit: Fitting, a: Node, b: Node, ins: Ins) -> Padded:
    x, rows = ins
    at = b.attrs["axis"]
    fit.check(b, fit.alike(a, b), not x.axes[at].free, rows.fixed or x.axes[at].full > 0)
    rows = _indices(fit, b, rows, "indices")
    axes = (*x.axes[:at], *rows.axes, *x.axes[at + 1 :])
    return Padded(fit.made(b, [x, rows]), axes)


def _scatter(fit: Fitting, a: Node, b: Node, ins: Ins) -> Padded:
    x, rows = ins
    at, rank = b.attrs["axis"], len(rows.axes)
    size = b.shape[at]
    fit.check(b, fit.alike(a, b, "shape"), a.shape[at] == size, rows.fixed or size > 0)
    read = range(at, at + rank)
    both = {i: fit.unify(b, [x.axes[i], rows.axes[i - at]]) for i in read}
    x, rows = _along(x, both), _along(rows, {i - at: one for i, one in both.items()})
    x = fit.masked(x, read, 0, (b, "x"))
    rows = _indices(fit, b, rows, "indices")
    axes = (*x.axes[:at], axis(size, size), *x.axes[at + rank :])
    return Padded(fit.made(b, [x, rows]), axes)


def _one_hot(fit: Fitting, a: Node, b: Node, ins: Ins) -> Padded:
    fit.check(b, fit.alike(a, b), b.shape[-1] > 0)
    labels = _indices(fit, b, ins[0], "labels")
    return Padded(fit.made(b, [labels]), (*labels.axes, axis(b.shape[-1], b.shape[-1])))


# --------------------------------------------------------------- windows


def _window(fit: Fitting, a: Node, b: Node, ins: Ins) -> Padded:
    (x,) = ins
    count = len(b.attrs["size"])
    lead = len(x.axes) - count
    fit.check(b, fit.alike(a, b), all(one.first for one in x.axes[lead:]))
    behind = first_places(a.shape[lead:], b.shape[lead:])
    return Padded(fit.made(b, ins), (*x.axes[:lead], *behind))


def _overlap(fit: Fitting, a: Node, b: Node, ins: Ins) -> Padded:
    (x,) = ins
    count = len(b.attrs["shape"])
    places, lead = len(x.axes) - count, len(x.axes) - 2 * count
    fit.check(b, fit.alike(a, b, "shape"), all(one.first for one in x.axes[places:]),
              not any(one.free for one in x.axes[lead:places]))  # fmt: skip
    given = fit.masked(x, range(places, len(x.axes)), 0, b)
    behind = first_places(a.shape[lead:], b.shape[lead:])
    return Padded(fit.made(b, [given]), (*x.axes[:lead], *behind))


# --------------------------------------------------------------- random numbers


def _random(fit: Fitting, a: Node, b: Node, ins: Ins) -> Padded:
    """Numbers come one after the other, in C order: each is read from where it is drawn."""
    fit.check(b, fit.alike(a, b, "shape"))
    axes = first_places(a.shape, b.shape)
    if not any(one.free for one in axes[1:]):
        return Padded(fit.made(b, ins), axes)
    total = math.prod(b.shape)
    place = np.zeros(b.shape, np.int64)
    place[tuple(map(slice, a.shape))] = np.arange(math.prod(a.shape)).reshape(a.shape)
    drawn = fit.bound(b, _op(b), ins[0].node, **{**b.attrs, "shape": (total,)})
    rows = fit.slot((b, "index"), place, np.arange(total).reshape(b.shape))
    return Padded(fit.bound(b, take, drawn, rows, axis=0, negative=False), axes)


RULES: Mapping[type, Rule] = {
    forms.Scalar: _elementwise, forms.Elementwise: _elementwise, forms.NamedAxes: _named_axes,
    forms.Reduce: _reduce, forms.ArgReduce: _arg_reduce, forms.Scan: _scan,
    forms.Product: _product, forms.Contract: _contract,
    forms.Permute: _permute, forms.Reshape: _reshape, forms.Broadcast: _broadcast,
    forms.Slice: _slice, forms.Place: _place, forms.Pad: _pad, forms.Join: _join,
    forms.Gather: _gather, forms.Scatter: _scatter, forms.OneHot: _one_hot,
    forms.Window: _window, forms.Overlap: _overlap, forms.Random: _random,
    forms.Loop: loop,
}  # fmt: skip
