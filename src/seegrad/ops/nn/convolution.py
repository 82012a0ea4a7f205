"""Convolution of (N, C, …): three products of windows that are each other's derivatives.

`conv` takes pictures and weights to results, `conv_transpose` results and weights to pictures,
`conv_weights` pictures and results to weights. Settings of windows are read in `window.py`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from seegrad.errors import ShapeError
from seegrad.graph.forms import Body
from seegrad.graph.op import Case
from seegrad.graph.spec import Shape, Spec
from seegrad.i18n import tr
from seegrad.ops.families import PRODUCT, operation
from seegrad.ops.linear.linalg import matmul
from seegrad.ops.nn import window as windows
from seegrad.ops.shape import flip, matrix_transpose, reshape, swapaxes, transpose


def _sliding(attrs: dict[str, Any], size: Shape) -> dict[str, Any]:
    """steps, padding, dilation and groups in their one form."""
    count = len(size)
    dilation = windows.each_axis("dilation", attrs["dilation"], count, 1)
    (groups,) = windows.each_axis("groups", attrs["groups"], 1, 1)
    return {
        "steps": windows.each_axis("steps", attrs["steps"], count, 1),
        "padding": windows.around_each(attrs["padding"], size, dilation),
        "dilation": dilation,
        "groups": groups,
    }


def _ranks_fit(x: Any, w: Any) -> int:
    """How many axes the window slides along; ShapeError unless both have two more."""
    count = len(x.shape) - 2
    if count < 1 or len(w.shape) != count + 2:
        raise ShapeError(
            "the input and the weights need the same number of axes",
            asked="x (N, C, …) and W (outputs, C/groups, …), with one or more axes to slide along",
            hint="a picture without channels: reshape it to (N, 1, height, width)",
        )
    return count


def _channels_fit(channels: int, width: int, outputs: int, groups: int) -> None:
    if channels != width * groups or outputs % groups:
        raise ShapeError(
            tr(
                "{channels} channels do not fit weights for {count}",
                channels=channels, count=width * groups,
            ),
            asked=tr(
                "{width} channels in each of {groups} groups, outputs in equal groups",
                width=width, groups=groups,
            ),
            hint="W has the shape (outputs, channels/groups, …)",
        )


def _conv_attrs(x: Any, W: Any, **attrs: Any) -> dict[str, Any]:
    _ranks_fit(x, W)
    settled = _sliding(attrs, tuple(W.shape[2:]))
    _channels_fit(x.shape[1], W.shape[1], W.shape[0], settled["groups"])
    return settled


def _conv_spec(
    x: Spec, W: Spec, *, steps: Shape, padding: windows.Pairs, dilation: Shape, groups: int
) -> Spec:
    lengths = windows.padded_lengths(x.shape[2:], padding)
    places = windows.positions(lengths, W.shape[2:], steps, dilation)
    return Spec((x.shape[0], W.shape[0], *places), np.result_type(x.dtype, W.dtype))


def _columns(
    x: Any, size: Shape, steps: Shape, padding: windows.Pairs, dilation: Shape, groups: int
) -> Any:
    """Every window of every picture as a column: (groups, C/groups·size, N·places)."""
    turned = swapaxes(windows.padded(x, padding), axis1=0, axis2=1)
    seen = windows.unfold(turned, size=size, steps=steps, dilation=dilation)
    count = len(size)
    inner = tuple(range(2, 2 + count))
    last = tuple(range(2 + count, 2 + 2 * count))
    seen = transpose(seen, axes=(0, *inner, 1, *last))
    rows = x.shape[1] // groups * math.prod(size)
    return _grouped(seen, groups, rows)


def _grouped(x: Any, groups: int, rows: int) -> Any:
    """x as matrices with that many rows, one for each group (a single one: no axis for it)."""
    total = math.prod(x.shape)
    columns = total // (groups * rows) if total else math.prod(x.shape[1:])
    if not total:  # the places and pictures are what is left of an empty array
        columns = 0
    return reshape(x, shape=(rows, columns) if groups == 1 else (groups, rows, columns))


def _by_output(y: Any, groups: int) -> Any:
    """y (N, O, *places) as (groups, O/groups, N·places)."""
    return _grouped(swapaxes(y, axis1=0, axis2=1), groups, y.shape[1] // groups)


def _weight_rows(W: Any, groups: int) -> Any:
    """W (O, C/groups, *size) as (groups, O/groups, C/groups·size)."""
    rows, inner = W.shape[0] // groups, math.prod(W.shape[1:])
    return reshape(W, shape=(rows, inner) if groups == 1 else (groups, rows, inner))


def _conv_body(x, W, *, steps, padding, dilation, groups):
    size = tuple(W.shape[2:])
    lengths = windows.padded_lengths(x.shape[2:], padding)
    places = windows.positions(lengths, size, steps, dilation)
    columns = _columns(x, size, steps, padding, dilation, groups)
    flat = matmul(_weight_rows(W, groups), columns)
    return swapaxes(reshape(flat, shape=(W.shape[0], x.shape[0], *places)), axis1=0, axis2=1)


_CONV_CASES: tuple[tuple[Shape, Shape, dict[str, Any]], ...] = (
    ((2, 1, 5), (3, 1, 3), {}),
    ((2, 3, 4, 5), (2, 3, 2, 3), {}),
    ((1, 2, 5, 5), (4, 1, 3, 3), {"steps": 2, "padding": 1, "groups": 2}),
    ((2, 2, 7), (2, 2, 3), {"steps": 2, "padding": ((2, 1),), "dilation": 2}),
    ((1, 1, 4, 4), (1, 1, 3, 3), {"padding": "same"}),
    ((0, 2, 4), (3, 2, 2), {}),
)
_PLAIN = {"steps": 1, "padding": 0, "dilation": 1, "groups": 1}


@operation(
    spec=_conv_spec,
    canonical=_conv_attrs,
    lower=Body(),
    body=_conv_body,
    sign="∗",
    latex=r"$x * $W",
    precedence=PRODUCT,
    onnx="Conv(x, W, strides=steps, pads=padding, dilations=dilation, group=groups)",
    numpy=(),
    d={
        "x": lambda g, x_spec, W, steps, padding, dilation, groups: conv_transpose(
            g, W, shape=x_spec.shape[2:], steps=steps, padding=padding, dilation=dilation,
            groups=groups,
        ),
        "W": lambda g, x, W_spec, steps, padding, dilation, groups: conv_weights(
            x, g, size=W_spec.shape[2:], steps=steps, padding=padding, dilation=dilation,
            groups=groups,
        ),
    },
    cases=tuple(Case((x, w), {**_PLAIN, **attrs}) for x, w, attrs in _CONV_CASES),
    family="window",
)  # fmt: skip
def conv(x, W, *, steps=1, padding=0, dilation=1, groups=1):
    """Cross-correlation of x (N, C, …) with the windows W (outputs, C/groups, …).

    steps, dilation: between places, and between the elements of a window; padding: zeros around x,
    a number, one an axis, pairs (before, after), or "same"; groups: parts of the channels that do
    not see each other. The result is (N, outputs, *places).
    """
    return _conv_body(x, W, steps=steps, padding=padding, dilation=dilation, groups=groups)


def _transpose_attrs(y: Any, W: Any, *, shape: Any, **attrs: Any) -> dict[str, Any]:
    count = _ranks_fit(y, W)
    settled = _sliding(attrs, tuple(W.shape[2:]))
    groups = settled["groups"]
    if y.shape[1] != W.shape[0] or W.shape[0] % groups:
        raise ShapeError(
            tr(
                "{channels} channels do not fit weights for {count}",
                channels=y.shape[1], count=W.shape[0],
            ),
            asked=tr(
                "W (channels, outputs/groups, …), the channels in {groups} equal groups",
                groups=groups,
            ),
        )
    smallest = tuple(
        (p - 1) * s + r - b - a
        for p, s, r, (b, a) in zip(
            y.shape[2:],
            settled["steps"],
            windows.reach(W.shape[2:], settled["dilation"]),
            settled["padding"],
        )
    )
    if shape is None:
        lengths = smallest
    else:
        lengths = windows.each_axis("shape", shape, count, 0)
    fitting = all(m <= n < m + s for n, m, s in zip(lengths, smallest, settled["steps"]))
    if not fitting or min(lengths) < 0:
        largest = tuple(m + s - 1 for m, s in zip(smallest, settled["steps"]))
        raise ShapeError(
            tr(
                "a result of {lengths} has not {places} places for the window",
                lengths=lengths, places=tuple(y.shape[2:]),
            ),
            asked=tr("from {low} to {high}", low=smallest, high=largest),
            hint="leave shape away for the smallest",
        )
    return {"shape": lengths, **settled}


def _transpose_spec(y: Spec, W: Spec, *, shape: Shape, groups: int, **rest: Any) -> Spec:
    return Spec((y.shape[0], W.shape[1] * groups, *shape), np.result_type(y.dtype, W.dtype))


def _turned_body(y: Any, W: Any, padding: windows.Pairs, dilation: Shape) -> Any:
    """Where windows lie one step apart: the convolution of y with W turned round, so that no
    matrix of all that is to be added up need be made."""
    count = len(dilation)
    around = tuple(
        (r - 1 - b, r - 1 - a) for r, (b, a) in zip(windows.reach(W.shape[2:], dilation), padding)
    )
    cut = tuple((max(0, -b), max(0, -a)) for b, a in around)
    wide = tuple((max(0, b), max(0, a)) for b, a in around)
    turned = flip(swapaxes(W, axis1=0, axis2=1), axis=tuple(range(2, 2 + count)))
    return _conv_body(
        windows.bare(y, cut), turned, steps=(1,) * count, padding=wide, dilation=dilation, groups=1
    )


def _transpose_body(y, W, *, shape, steps, padding, dilation, groups):
    if groups == 1 and all(s == 1 for s in steps):
        return _turned_body(y, W, padding, dilation)
    size, places, channels = tuple(W.shape[2:]), tuple(y.shape[2:]), W.shape[1] * groups
    rows = matrix_transpose(_weight_rows(W, groups))
    flat = matmul(rows, _by_output(y, groups))
    count = len(size)
    seen = reshape(flat, shape=(channels, *size, y.shape[0], *places))
    inner = tuple(range(1, 1 + count))
    last = tuple(range(2 + count, 2 + 2 * count))
    seen = transpose(seen, axes=(0, 1 + count, *inner, *last))
    lengths = windows.padded_lengths(shape, padding)
    whole = windows.overlap_add(seen, shape=lengths, steps=steps, dilation=dilation)
    return swapaxes(windows.bare(whole, padding), axis1=0, axis2=1)


@operation(
    spec=_transpose_spec,
    canonical=_transpose_attrs,
    lower=Body(),
    body=_transpose_body,
    sign="∗ᵀ",
    latex=r"$y *^{\top} $W",
    precedence=PRODUCT,
    onnx="ConvTranspose(y, W, strides=steps, pads=padding, dilations=dilation, group=groups,"
    " output_padding=shape)",
    numpy=(),
    d={
        "y": lambda g, W, steps, padding, dilation, groups: conv(
            g, W, steps=steps, padding=padding, dilation=dilation, groups=groups
        ),
        "W": lambda g, y, W_spec, steps, padding, dilation, groups: conv_weights(
            g, y, size=W_spec.shape[2:], steps=steps, padding=padding, dilation=dilation,
            groups=groups,
        ),
    },
    cases=(
        Case(((2, 3, 3), (3, 1, 3)), {**_PLAIN, "shape": None}),
        Case(((2, 2, 2, 3), (2, 3, 2, 3)), {**_PLAIN, "shape": None}),
        Case(
            ((1, 4, 3, 3), (4, 1, 3, 3)),
            {"shape": (6, 5), "steps": 2, "padding": 1, "dilation": 1, "groups": 2},
        ),
    ),
    family="window",
)  # fmt: skip
def conv_transpose(y, W, *, shape=None, steps=1, padding=0, dilation=1, groups=1):
    """The derivative of `conv` by its input, as an operation of its own.

    y (N, C, *places), W (C, outputs/groups, …); the result is (N, outputs, *shape), where `shape`
    (None: the smallest) is one from which `conv` would come to these places.
    """
    return _transpose_body(
        y, W, shape=shape, steps=steps, padding=padding, dilation=dilation, groups=groups
    )


def _conv_weights_attrs(x: Any, y: Any, *, size: Any, **attrs: Any) -> dict[str, Any]:
    count = _ranks_fit(x, y)
    window = windows.each_axis("size", size, count, 1)
    settled = _sliding(attrs, window)
    lengths = windows.padded_lengths(x.shape[2:], settled["padding"])
    places = windows.positions(lengths, window, settled["steps"], settled["dilation"])
    if (x.shape[0], *places) != (y.shape[0], *y.shape[2:]):
        raise ShapeError(
            "x and y do not belong to one convolution",
            asked=f"y ({x.shape[0]}, outputs, {', '.join(map(str, places))})",
        )
    if x.shape[1] % settled["groups"] or y.shape[1] % settled["groups"]:
        raise ShapeError(
            tr(
                "{channels} channels and {outputs} outputs do not make equal groups",
                channels=x.shape[1], outputs=y.shape[1],
            ),
            asked=tr("both divisible by groups={groups}", groups=settled["groups"]),
        )
    return {"size": window, **settled}


def _conv_weights_body(x, y, *, size, steps, padding, dilation, groups):
    columns = _columns(x, size, steps, padding, dilation, groups)
    flat = matmul(_by_output(y, groups), matrix_transpose(columns))
    return reshape(flat, shape=(y.shape[1], x.shape[1] // groups, *size))


@operation(
    spec=lambda x, y, *, size, groups, **rest: Spec(
        (y.shape[1], x.shape[1] // groups, *size), np.result_type(x.dtype, y.dtype)
    ),
    canonical=_conv_weights_attrs,
    lower=Body(),
    body=_conv_weights_body,
    sign="∗ᵂ",
    latex=r"$x *_{W} $y",
    precedence=PRODUCT,
    numpy=(),
    d={
        "x": lambda g, y, x_spec, steps, padding, dilation, groups: conv_transpose(
            y, g, shape=x_spec.shape[2:], steps=steps, padding=padding, dilation=dilation,
            groups=groups,
        ),
        "y": lambda g, x, steps, padding, dilation, groups: conv(
            x, g, steps=steps, padding=padding, dilation=dilation, groups=groups
        ),
    },
    cases=(
        Case(((2, 1, 5), (2, 3, 3)), {**_PLAIN, "size": (3,)}),
        Case(((2, 3, 4, 5), (2, 2, 3, 3)), {**_PLAIN, "size": (2, 3)}),
        Case(
            ((1, 2, 5, 5), (1, 4, 3, 3)),
            {"size": (3, 3), "steps": 2, "padding": 1, "dilation": 1, "groups": 2},
        ),
    ),
    family="window",
)  # fmt: skip
def conv_weights(x, y, *, size, steps=1, padding=0, dilation=1, groups=1):
    """The derivative of `conv` by its weights: the sum over N and places of y times window.

    x (N, C, …) is conv's input and y (N, outputs, *places) stands where its result does.
    """
    return _conv_weights_body(
        x, y, size=size, steps=steps, padding=padding, dilation=dilation, groups=groups
    )
