"""ONNX's operators that slide a window over x: convolution and pooling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from seegrad.graph.op import Op
from seegrad.ops import reduce, shape
from seegrad.ops.nn import convolution, pooling
from seegrad.training.onnx_values import (
    Attributes,
    Compute,
    Reader,
    Values,
    at,
    pairs,
    plain,
    reads,
)

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


@reads("kernel_shape", "strides", "dilations", "pads", "group", auto_pad=AROUND)
def _conv(values: Values, attributes: Attributes) -> Any:
    _agrees(attributes, values[1].shape[2:])
    settings = _window(attributes, values[1].shape[2:], values[0].shape[2:])
    product = convolution.conv(*values[:2], **settings, groups=attributes.get("group", 1))
    return _with_bias(product, at(values, 2))


@reads(
    "kernel_shape", "strides", "dilations", "pads", "group", "output_padding",
    auto_pad=("NOTSET", "VALID"),
)  # fmt: skip
def _conv_transpose(values: Values, attributes: Attributes) -> Any:
    y, W = values[:2]
    _agrees(attributes, W.shape[2:])
    settings = _window(attributes, W.shape[2:], y.shape[2:])
    more = attributes.get("output_padding", (0,) * (W.ndim - 2))
    lengths = tuple(
        (y.shape[2 + i] - 1) * settings["steps"][i]
        + (W.shape[2 + i] - 1) * settings["dilation"][i]
        + 1 + more[i] - sum(settings["padding"][i])
        for i in range(W.ndim - 2)
    )  # fmt: skip
    product = convolution.conv_transpose(
        y, W, shape=lengths, **settings, groups=attributes.get("group", 1)
    )
    return _with_bias(product, at(values, 2))


def _global(op: Op) -> Reader:
    return plain(
        lambda values: op(values[0], axis=tuple(range(2, len(values[0].shape))), keepdims=True)
    )


def _up_to_the_end(
    settings: Attributes, size: Sequence[int], lengths: Sequence[int]
) -> tuple[tuple[int, int], ...]:
    """Padding such that a last window that begins within the input is whole (`ceil_mode`)."""
    found = []
    for (before, after), n, k, s, d in zip(
        settings["padding"], lengths, size, settings["steps"], settings["dilation"]
    ):
        reach, there = (k - 1) * d + 1, n + before + after
        count = -(-(there - reach) // s) + 1
        if (count - 1) * s >= n + before:
            count -= 1
        found.append((before, after + max(0, (count - 1) * s + reach - there)))
    return tuple(found)


def _pool(op: Op, **more: tuple[str, Any]) -> Compute:
    """A pooling; ours steps by the window's size where ONNX steps by 1."""

    def read(values: Values, attributes: Attributes) -> Any:
        size, lengths = attributes["kernel_shape"], values[0].shape[2:]
        settings = _window(attributes, size, lengths)
        around = attributes.get("auto_pad", "NOTSET")
        if around.startswith("SAME") and set(settings["dilation"]) != {1}:
            # the runtime pads such windows by another rule than the standard's
            raise ValueError(f"auto_pad={around} with dilations")
        if attributes.get("ceil_mode"):
            if attributes.get("count_include_pad"):
                raise ValueError("ceil_mode with count_include_pad")
            settings["padding"] = _up_to_the_end(settings, size, lengths)
        dilation = settings.pop("dilation")
        if "dilation" in op.attributes:
            settings["dilation"] = dilation
        elif set(dilation) != {1}:
            raise ValueError(f"dilations={dilation}")
        for ours, (theirs, default) in more.items():
            settings[ours] = bool(attributes.get(theirs, default))
        return op(values[0], size=tuple(size), **settings)

    return read


WINDOWS: dict[str, Reader] = {
    "AveragePool": reads(
        "kernel_shape", "strides", "dilations", "pads", "ceil_mode", "count_include_pad",
        auto_pad=AROUND,
    )(_pool(pooling.average_pool, count_padding=("count_include_pad", 0))),
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "GlobalAveragePool": _global(reduce.mean),
    "GlobalMaxPool": _global(reduce.max),
    # storage_order speaks of the indices, which are not computed
    "MaxPool": reads(
        "kernel_shape", "strides", "dilations", "pads", "ceil_mode", "storage_order",
        auto_pad=AROUND,
    )(_pool(pooling.max_pool)),
}  # fmt: skip
"""Convolution and pooling."""
