"""ONNX's operators that slide a window over x: convolution and pooling."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from seegrad.graph.op import Op
from seegrad.onnx.readers.values import (
    ASKED,
    Attributes,
    Reader,
    Readers,
    Values,
    at,
    pairs,
    plain,
    whole,
)
from seegrad.ops import arithmetic, convolution, pooling, reduce, shape, window
from seegrad.ops.index_update import At

WINDOWS = Readers()
"""Convolution and pooling."""

AROUND = ("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER")


def _with_bias(product: Any, bias: Any) -> Any:
    if bias is None:
        return product
    return product + shape.reshape(bias, shape=(-1, *(1,) * (len(product.shape) - 2)))


def _agrees(attributes: Attributes, size: Sequence[int]) -> None:
    given = attributes.get("kernel_shape", size)
    if tuple(given) != tuple(size):
        raise ValueError(f"kernel_shape={given}, W {tuple(size)}")


def _window(attributes: Attributes, size: Sequence[int], lengths: Sequence[int]) -> dict[str, Any]:
    """Settings of a window of `size` over axes of `lengths`."""
    steps = attributes.get("strides", (1,) * len(size))
    dilation = attributes.get("dilations", (1,) * len(size))
    padding = pairs(attributes.get("pads", (0,) * 2 * len(size)))
    around = attributes.get("auto_pad", "NOTSET")
    if around.startswith("SAME"):
        padding = ()
        for n, k, s, d in zip(lengths, size, steps, dilation):
            total = max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
            half = total // 2
            ends = (half, total - half) if around == "SAME_UPPER" else (total - half, half)
            padding = (*padding, ends)
    return {"steps": steps, "padding": padding, "dilation": dilation}


def convolved(x: Any, W: Any, attributes: Attributes) -> Any:
    """The convolution that the attributes ask for, without its bias."""
    _agrees(attributes, W.shape[2:])
    settings = _window(attributes, W.shape[2:], x.shape[2:])
    return convolution.conv(x, W, **settings, groups=attributes.get("group", 1))


@WINDOWS.reads("Conv", "kernel_shape", "strides", "dilations", "pads", "group", auto_pad=AROUND)
def _conv(values: Values, attributes: Attributes) -> Any:
    return _with_bias(convolved(values[0], values[1], attributes), at(values, 2))


@WINDOWS.reads(
    "ConvTranspose",
    "kernel_shape", "strides", "dilations", "pads", "group", "output_padding", "output_shape",
    auto_pad=AROUND,
)  # fmt: skip
def _conv_transpose(values: Values, attributes: Attributes) -> Any:
    """The transposed convolution; a size that is asked for says how much is cut off at the ends."""
    y, W = values[:2]
    count = len(W.shape) - 2
    _agrees(attributes, W.shape[2:])
    around = attributes.get("auto_pad", "NOTSET")
    settings = _window({**attributes, "auto_pad": "NOTSET"}, W.shape[2:], y.shape[2:])
    more = attributes.get("output_padding") or (0,) * count
    whole = tuple(
        (y.shape[2 + i] - 1) * settings["steps"][i] + more[i]
        + (W.shape[2 + i] - 1) * settings["dilation"][i] + 1
        for i in range(count)
    )  # fmt: skip
    asked = tuple(attributes.get("output_shape") or ())[-count:]
    if not asked and around.startswith("SAME"):
        asked = tuple(n * s for n, s in zip(y.shape[2:], settings["steps"]))
    if asked:
        cuts = [n - wanted for n, wanted in zip(whole, asked)]
        if min(cuts) < 0:  # where more is to stand is not said
            raise ValueError(f"output_shape={asked}, of {whole}")
        upper = around == "SAME_UPPER"
        settings["padding"] = tuple(
            (cut // 2, cut - cut // 2) if upper else (cut - cut // 2, cut // 2) for cut in cuts
        )
    lengths = asked or tuple(n - sum(p) for n, p in zip(whole, settings["padding"]))
    product = convolution.conv_transpose(
        y, W, shape=lengths, **settings, groups=attributes.get("group", 1)
    )
    return _with_bias(product, at(values, 2))


def _global(op: Op) -> Reader:
    return plain(
        lambda values: op(values[0], axis=tuple(range(2, len(values[0].shape))), keepdims=True)
    )


def _pooled(values: Values, attributes: Attributes) -> tuple[dict[str, Any], Any]:
    """Settings of a pooling window, and its padding with what `ceil_mode` adds at the end."""
    size, lengths = attributes["kernel_shape"], values[0].shape[2:]
    settings = _window(attributes, size, lengths)
    around = attributes.get("auto_pad", "NOTSET")
    if around.startswith("SAME") and set(settings["dilation"]) != {1}:
        # the runtime pads such windows by another rule than the standard's
        raise ValueError(f"auto_pad={around} with dilations")
    if not attributes.get("ceil_mode"):
        return settings, settings["padding"]
    steps, dilation = settings["steps"], settings["dilation"]
    return settings, window.up_to_the_end(lengths, size, steps, settings["padding"], dilation)


POOLS = ("ceil_mode", "dilations", "kernel_shape", "pads", "strides")


@WINDOWS.reads("AveragePool", *POOLS, "count_include_pad", auto_pad=AROUND)
def _average_pool(values: Values, attributes: Attributes) -> Any:
    x, size = values[0], tuple(attributes["kernel_shape"])
    settings, whole = _pooled(values, attributes)
    return pooling.mean_to_the_end(
        x, size, settings["steps"], settings["padding"], whole,
        bool(attributes.get("count_include_pad")), settings["dilation"],
    )  # fmt: skip


def _beyond(size: Sequence[int], padding: Any) -> bool:
    """May a window lie in the padding alone, which our pooling does not take?"""
    return any(2 * max(pair) > k for k, pair in zip(size, padding))


def _sums(x: Any, size: tuple[int, ...], settings: Attributes, padding: Any) -> Any:
    """The sum of each window of x, which is 0 around."""
    seen = window.unfold(window.padded(x, padding), size=size, **settings)
    return reduce.sum(seen, axis=tuple(range(2, 2 + len(size))))


@WINDOWS.reads("MaxPool", *POOLS, "storage_order", auto_pad=AROUND)
def _max_pool(values: Values, attributes: Attributes) -> Any:
    """The largest of each window and, where it is asked for, where in x that stands."""
    x, size = values[0], tuple(attributes["kernel_shape"])
    settings, padding = _pooled(values, attributes)
    low = -np.inf if x.dtype.kind == "f" else int(np.iinfo(x.dtype).min)
    around = x
    if _beyond(size, padding):
        around, padding = window.padded(x, padding, low), ((0, 0),) * len(size)
    settings["padding"] = padding
    found = pooling.max_pool(around, size=size, **settings)
    if attributes[ASKED] < 2:
        return found
    settings["padding"] = _pooled(values, attributes)[1]
    lengths, numbers = tuple(x.shape[2:]), None
    if attributes.get("storage_order"):
        numbers = np.arange(math.prod(lengths)).reshape(lengths[::-1]).T
    where = pooling.largest_places(x, size, **settings, numbers=numbers)
    first = np.arange(math.prod(x.shape[:2])).reshape(*x.shape[:2], *(1,) * len(size))
    return found, where + first * math.prod(lengths)


@WINDOWS.reads("LpPool", *POOLS, "p", auto_pad=AROUND)
def _lp_pool(values: Values, attributes: Attributes) -> Any:
    settings, whole = _pooled(values, attributes)
    del settings["padding"]
    size, p = tuple(attributes["kernel_shape"]), attributes.get("p", 2)
    return _rooted(_sums(_powers(values[0], p), size, settings, whole), p)


@WINDOWS.reads("GlobalLpPool", "p")
def _global_lp_pool(values: Values, attributes: Attributes) -> Any:
    x, p = values[0], attributes.get("p", 2)
    axes = tuple(range(2, len(x.shape)))
    return _rooted(reduce.sum(_powers(x, p), axis=axes, keepdims=True), p)


def _powers(x: Any, p: int) -> Any:
    if p < 1:
        raise ValueError(f"p={p}")
    return x * x if p == 2 else arithmetic.power_scalar(arithmetic.abs(x), exponent=float(p))


def _rooted(x: Any, p: int) -> Any:
    if p == 1:
        return x
    return arithmetic.sqrt(x) if p == 2 else arithmetic.power_scalar(x, exponent=1 / p)


@WINDOWS.reads("MaxUnpool", "kernel_shape", "pads", "strides")
def _max_unpool(values: Values, attributes: Attributes) -> Any:
    """Elements back where MaxPool took them from, 0 elsewhere."""
    x, places = values[:2]
    size = tuple(attributes["kernel_shape"])
    settings = _window(attributes, size, x.shape[2:])
    lengths = tuple(
        (n - 1) * s - sum(p) + k
        for n, s, p, k in zip(x.shape[2:], settings["steps"], settings["padding"], size)
    )
    asked = whole(values[2], "output_shape") if at(values, 2) is not None else None
    out = (*x.shape[:2], *lengths)
    if math.prod(asked or out) > 2**28:
        raise ValueError(f"output_shape={asked}")
    flat = np.zeros(math.prod(out), x.dtype)
    made = At(flat)[shape.reshape(places, shape=(-1,))].set(shape.reshape(x, shape=(-1,)))
    made = shape.reshape(made, shape=out)
    if asked is None or tuple(asked) == out:
        return made
    return shape.pad(made, widths=tuple((0, b - a) for a, b in zip(out, asked)))


WINDOWS.update({
    "GlobalAveragePool": _global(reduce.mean),
    "GlobalMaxPool": _global(reduce.max),
})
