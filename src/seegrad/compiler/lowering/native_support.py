"""Which nodes have native code, and why the others do not."""

from __future__ import annotations

from seegrad.compiler.ir import scalar_types
from seegrad.compiler.lowering.builder import Request
from seegrad.compiler.lowering.groups import is_view, within
from seegrad.compiler.lowering.type_promotion import typed
from seegrad.graph import forms
from seegrad.graph.node import Node

COPIED = (
    forms.Gather, forms.Scatter, forms.Place, forms.Pad, forms.Join, forms.Overlap,
)  # fmt: skip
"""Forms whose elements are copied from place to place."""


def why_foreign(node: Node, request: Request) -> str:
    """Why the node of the request goes through NumPy; empty where it has native code."""
    assert node.op is not None
    form = node.op.lower
    if isinstance(form, forms.Loop):
        return ""
    if isinstance(form, (forms.Gather, forms.Scatter, forms.OneHot)):
        word, place = ("labels", 0) if isinstance(form, forms.OneHot) else ("indices", 1)
        labels = node.inputs[place]
        if not request.known_before(labels) and not within(labels, _bound(node)):
            if request.checkable is not None:
                return "its indices are only known within the loop"
            return f"its {word} are computed, so that they can only be checked as they come"
    if isinstance(form, forms.Scalar):
        return typed(node).why
    if isinstance(form, forms.OneHot):
        return "" if scalar_types.native(node.dtype) else f"dtype {node.dtype}"
    if isinstance(form, (forms.Overlap, forms.Scan)):
        return "" if scalar_types.totals_in_memory(node.dtype) else f"dtype {node.dtype}"
    if isinstance(form, forms.Reduce):
        return _why_reduction(node)
    if isinstance(form, (forms.Product, forms.Contract)):
        return _why_product(node)
    if isinstance(form, forms.Scatter) and not scalar_types.totals_in_memory(node.dtype):
        return f"dtype {node.dtype}"
    if isinstance(form, forms.ArgReduce):
        dtype = node.inputs[0].dtype
        return "" if scalar_types.native(dtype) and dtype.kind != "b" else f"dtype {dtype}"
    if isinstance(form, forms.Random):
        return _why_random(form, node)
    if not isinstance(form, COPIED) and not is_view(node):
        return f"the form {type(form).__name__} has no native code"
    return ""


def _bound(node: Node) -> int:
    """What the integers that pick rows, or classes, have to lie below."""
    assert node.op is not None
    if isinstance(node.op.lower, forms.OneHot):
        return int(node.attrs["classes"])
    whole = node.inputs[0] if isinstance(node.op.lower, forms.Gather) else node
    return whole.shape[node.attrs["axis"]]


def _why_reduction(node: Node) -> str:
    x = node.inputs[0]
    assert node.op is not None
    kind = node.op.lower.kind  # type: ignore[union-attr]
    for dtype in (x.dtype, node.dtype):
        if not scalar_types.native(dtype):
            return f"dtype {dtype}"
    empty = any(x.shape[i] == 0 for i in node.attrs["axis"])
    if empty and kind in ("max", "min"):
        return "a reduction of no elements"
    return ""


def _why_random(form: forms.Random, node: Node) -> str:
    if form.kind != "uniform":
        return f"{form.kind} numbers come one after the other"
    key = node.inputs[0].dtype
    return "" if node.dtype.name in ("float32", "float64") and key.itemsize == 8 and \
        node.spec.size else f"numbers of dtype {node.dtype}, shape {node.shape}, key {key}"


def _why_product(node: Node) -> str:
    if any(x.dtype != node.dtype for x in node.inputs) or (
        node.dtype.kind != "f" or not scalar_types.native(node.dtype)
    ):
        return f"a product of {' and '.join(str(x.dtype) for x in node.inputs)}"
    assert node.op is not None
    if isinstance(node.op.lower, forms.Contract):
        if len(node.inputs) != 2:
            return f"a contraction of {len(node.inputs)} inputs"
        left, out = node.attrs["subscripts"].split("->")
        a, b = left.split(",")
        for label in set(a) ^ set(b):
            if label not in out:
                return "a label is summed within one input"
        for labels in (set(a) - set(b), set(b) - set(a), set(a) & set(b) - set(out)):
            if len(labels) > 1:
                return "a contraction over several axes at once"
    return ""
