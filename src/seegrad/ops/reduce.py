"""Reductions over axes. Ties share the derivative equally.

`axis` is None (all axes), an int or several; `keepdims` keeps size 1 where an axis was.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from seegrad.errors import CallError, DTypeError, ShapeError
from seegrad.graph.forms import ArgReduce
from seegrad.graph.laws import idempotent
from seegrad.graph.node import Node
from seegrad.graph.op import Case, Op
from seegrad.graph.spec import Spec
from seegrad.i18n import tr
from seegrad.ops.arithmetic import add, maximum, minimum, multiply, sqrt
from seegrad.ops.compare import astype, floating, logical_or, where
from seegrad.ops.exact_sum import exact_sum
from seegrad.ops.families import (
    canonical_reduction,
    in_dtype,
    one_axis,
    operation,
    reduced_shape,
    reduction,
)
from seegrad.ops.float16 import accumulated, wide
from seegrad.ops.shape import array_like, broadcast_to, concatenate, reshape, transpose
from seegrad.ops.transcendental import exp, log


def unreduce(g: Any, x_spec: Spec, axis: tuple[int, ...]) -> Any:
    """`g` with size 1 put back on the reduced axes, ready to broadcast against x."""
    shape = reduced_shape(x_spec.shape, axis, keepdims=True)
    return g if g.shape == shape else reshape(g, shape=shape)


def spread(g: Any, x_spec: Spec, axis: tuple[int, ...]) -> Any:
    """`g`, the derivative by a reduced value, handed to every element it came from."""
    if g.shape != ():
        g = unreduce(g, x_spec, axis)
    if isinstance(g, Node):
        return broadcast_to(g, shape=x_spec.shape)
    return broadcast_to.run(g, shape=x_spec.shape)      # as large as x is: nothing is to be asked


def count(x: Any, axis: tuple[int, ...]) -> int:
    """How many elements are reduced to one."""
    return math.prod(x.shape[i] for i in axis)


# --------------------------------------------------------------- NumPy's further keywords


def _as_element(value: Any, x: Any) -> Any:
    """A number in the dtype of x."""
    return value if isinstance(value, Node) else np.asarray(value).astype(x.dtype)[()]


def _elsewhere(neutral: float | None) -> Callable[..., Any]:
    """`where=`: what counts for nothing stands for what is left out; None: that is `initial`."""

    def change(op: Op, args: tuple[Any, ...], kwargs: Any, mask: Any) -> Any:
        x = array_like(args[0])
        if neutral is None and "initial" not in kwargs:
            raise CallError(
                tr("{name} of some elements needs a value for none of them", name=op.name),
                asked="where=…, initial=…", came="where=…",
            )  # fmt: skip
        nothing = kwargs["initial"] if neutral is None else neutral
        return op(where(mask, x, _as_element(nothing, x)), *args[1:], **kwargs)

    return change


def _joined(join: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    """`initial=`: a value that is joined to all others, and stands alone where there are none."""

    def change(op: Op, args: tuple[Any, ...], kwargs: Any, initial: Any) -> Any:
        x = array_like(args[0])
        _, given = op.arguments((x, *args[1:]), kwargs)
        attrs = canonical_reduction(x, **given)
        if not count(x, attrs["axis"]):
            alone = _as_element(initial, op(np.ones(1, x.dtype)))
            return broadcast_to(alone, shape=reduced_shape(x.shape, **attrs))
        found = op(x, *args[1:], **kwargs)
        return join(found, _as_element(initial, found))

    return change


def _of_some(op: Op, args: tuple[Any, ...], kwargs: Any, mask: Any) -> Any:
    """`where=` of mean, variance and deviation: over the elements that count."""
    x = floating(array_like(args[0]))
    _, given = op.arguments((x, *args[1:]), kwargs)
    attrs = dict(given)
    ddof = attrs.pop("ddof", 0)
    counted = sum(broadcast_to(array_like(mask), shape=x.shape), **attrs)

    def over(total: Any, number: Any) -> Any:
        return astype(total / number, dtype=x.dtype)

    if op is mean:
        return over(sum(where(mask, x, 0.0), **attrs), counted)
    middle = mean(x, axis=attrs["axis"], keepdims=True, where=mask)
    apart = where(mask, x - middle, 0.0)
    found = over(sum(apart * apart, **attrs), counted - ddof)
    return found if op is var else sqrt(found)


@reduction(
    kind="sum",
    sign="Σ",
    latex=r"\sum $x",
    onnx="ReduceSum(x, axis, keepdims=keepdims, noop_with_empty_axes=1)",
    aten=("sum", "sum.dim_IntList(x, axis, keepdims)"),
    d={"x": spread},
    also={"dtype": in_dtype, "where": _elsewhere(0), "initial": _joined(add)},
)
def sum(x, *, axis=None, keepdims=False):
    """The sum; its derivative is handed to every element."""
    return exact_sum(x, axis=axis, keepdims=keepdims)


@wide
def _mean_body(x, *, axis, keepdims):
    return sum(floating(x), axis=axis, keepdims=keepdims) / count(x, axis)


@wide
def _mean_rule(g: Any, x_spec: Spec, axis: tuple[int, ...]) -> Any:
    return spread(g / count(x_spec, axis), x_spec, axis)


@reduction(
    sign="mean",
    latex=r"\overline{$x}",
    onnx="ReduceMean(x, axis, keepdims=keepdims, noop_with_empty_axes=1)",
    aten=("mean", "mean.dim(x, axis, keepdims)"),
    zero_size=False,
    d={"x": _mean_rule},
    body=_mean_body,
    also={"dtype": in_dtype, "where": _of_some},
)
def mean(x, *, axis=None, keepdims=False):
    """The arithmetic mean; each of n elements gets 1/n of the derivative."""
    if not count(x, axis):
        raise ShapeError(
            "the mean of no elements is not defined",
            came=tr("shape {shape}", shape=x.shape),
        )
    if x.dtype.kind != "f":
        return np.mean(x, axis=axis, keepdims=keepdims)
    return exact_sum(x, axis=axis, keepdims=keepdims, over=count(x, axis))


def _other_factors(x: Any) -> Any:
    """For each element along the last axis, the product of all the others (zeros included)."""
    n = x.shape[-1]
    if n == 1:
        return x * 0 + 1
    half = (n + 1) // 2
    left, right = x[..., :half], x[..., half:]
    if n % 2:
        one = broadcast_to(np.ones((), x.dtype), shape=(*x.shape[:-1], 1))
        right = concatenate(right, one, axis=-1)
    outer = _other_factors(left * right)
    both = concatenate(outer * right, outer * left, axis=-1)
    return both[..., :n]


@wide
def _prod_rule(g: Any, x: Any, x_spec: Spec, axis: tuple[int, ...]) -> Any:
    if not x_spec.size:
        return x * 0
    kept = tuple(i for i in range(x_spec.ndim) if i not in axis)
    order = kept + axis
    moved = transpose(x, axes=order)
    flat = reshape(moved, shape=(*(x_spec.shape[i] for i in kept), count(x_spec, axis)))
    others = reshape(_other_factors(flat), shape=tuple(x_spec.shape[i] for i in order))
    back = transpose(others, axes=tuple(int(i) for i in np.argsort(order)))
    return unreduce(g, x_spec, axis) * back


@reduction(
    kind="prod",
    sign="Π",
    latex=r"\prod $x",
    onnx="ReduceProd(x, axis, keepdims=keepdims, noop_with_empty_axes=1)",
    aten="prod",
    d={"x": _prod_rule},
    also={"dtype": in_dtype, "where": _elsewhere(1), "initial": _joined(multiply)},
)
def prod(x, *, axis=None, keepdims=False):
    """The product; each element gets the product of all the others, also where some are 0.

    Nothing is divided, so that no zero, one or several, makes a NaN, at any order.
    (autograd, which divides, gives NaN at a 0.)
    """
    return accumulated(np.prod, x, axis=axis, keepdims=keepdims)


@wide
def _extreme_rule(g: Any, x: Any, out: Any, x_spec: Spec, axis: tuple[int, ...]) -> Any:
    ties = x == unreduce(out, x_spec, axis)
    winners = astype(sum(ties, axis=axis, keepdims=True), dtype=g.dtype)
    return where(ties, unreduce(g, x_spec, axis) / winners, 0.0)


def _extreme(forward: Any) -> Op:
    """The largest or the smallest element, as the function is called."""
    kind = forward.__name__
    return reduction(
        kind=kind, sign=kind, latex=rf"\{kind} $x", numpy=(kind, f"a{kind}"),
        onnx=f"Reduce{kind.title()}(x, axis, keepdims=keepdims, noop_with_empty_axes=1)",
        aten=(kind, f"a{kind}(x, axis, keepdims)"), zero_size=False, kinks="ties",
        laws=[idempotent], d={"x": _extreme_rule},
        also={"where": _elsewhere(None), "initial": _joined(maximum if kind == "max" else minimum)},
    )(forward)  # fmt: skip


@_extreme
def max(x, *, axis=None, keepdims=False):
    """The largest element; equal largest ones share the derivative equally, as in JAX.

    (PyTorch's max along an axis and MyGrad give all of it to one of them, PyTorch's amax shares.)
    """
    return np.max(x, axis=axis, keepdims=keepdims)


@_extreme
def min(x, *, axis=None, keepdims=False):
    """The smallest element; equal smallest ones share the derivative equally."""
    return np.min(x, axis=axis, keepdims=keepdims)


@reduction(
    kind="all", sign="∀", latex=r"\forall $x", d={"x": None}, also={"where": _elsewhere(True)}
)
def all(x, *, axis=None, keepdims=False):
    """Are all true (not zero)?"""
    return np.all(x, axis=axis, keepdims=keepdims)


@reduction(
    kind="any", sign="∃", latex=r"\exists $x", d={"x": None}, also={"where": _elsewhere(False)}
)
def any(x, *, axis=None, keepdims=False):
    """Is any true (not zero)?"""
    return np.any(x, axis=axis, keepdims=keepdims)


def _arg_attrs(x: Any, *, axis: Any, keepdims: Any) -> dict[str, Any]:
    return {
        "axis": None if axis is None else one_axis(axis, len(x.shape)),
        "keepdims": bool(keepdims),
    }


def _arg_spec(x: Spec, *, axis: int | None, keepdims: bool) -> Spec:
    axes = tuple(range(x.ndim)) if axis is None else (axis,)
    if not count(x, axes):
        raise ShapeError(
            "there is no extreme among no elements",
            came=tr("shape {shape}", shape=x.shape),
        )
    return Spec(reduced_shape(x.shape, axes, keepdims), np.dtype(np.intp))


_ARG_CASES = (
    Case(((3,),), {"axis": None}),
    Case(((2, 3),), {"axis": 1, "keepdims": True}),
    Case(((2, 3),), {"axis": None}),
    Case(((2, 1, 4),), {"axis": 0}),
)


def _place_of(kind: str) -> Callable[..., Op]:
    return operation(
        aten=f"arg{kind}(x, axis, keepdims)",
        onnx=f"Arg{kind.title()}(x, axis=axis, keepdims=keepdims)",
        spec=_arg_spec, canonical=_arg_attrs, lower=ArgReduce(kind), sign=f"arg{kind}",
        latex=rf"\arg\{kind} $x", d={"x": None}, cases=_ARG_CASES, family="reduction",
    )  # fmt: skip


@_place_of("max")
def argmax(x, *, axis=None, keepdims=False):
    """The index of the first largest element along `axis` (None: of the flattened x)."""
    return np.argmax(x, axis=axis, keepdims=keepdims)


@_place_of("min")
def argmin(x, *, axis=None, keepdims=False):
    """The index of the first smallest element along `axis` (None: of the flattened x)."""
    return np.argmin(x, axis=axis, keepdims=keepdims)


@wide
def _var_body(x, *, axis, keepdims, ddof):
    centred = x - mean(x, axis=axis, keepdims=True)
    return sum(centred * centred, axis=axis, keepdims=keepdims) / (count(x, axis) - ddof)


def _variance_attrs(x: Any, *, axis: Any, keepdims: Any, ddof: Any) -> dict[str, Any]:
    """As of any reduction; ShapeError, traced or not, where too few elements are left over."""
    attrs = canonical_reduction(x, axis=axis, keepdims=keepdims, ddof=ddof)
    if not isinstance(ddof, (int, float, np.number)):
        raise DTypeError("ddof must be a number", came=f"ddof={ddof!r}")
    if count(x, attrs["axis"]) <= ddof:
        raise ShapeError(
            "too few elements for this variance",
            asked=tr("more than ddof={ddof} elements", ddof=ddof),
            came=tr(
                "{count} of shape {shape}",
                count=count(x, attrs["axis"]), shape=tuple(x.shape),
            ),
        )
    return attrs


@wide
def _var_rule(g: Any, x: Any, x_spec: Spec, axis: tuple[int, ...], ddof: float) -> Any:
    centred = x - mean(x, axis=axis, keepdims=True)
    return unreduce(g, x_spec, axis) * (2 / (count(x_spec, axis) - ddof)) * centred


@reduction(
    sign="var",
    latex=r"\operatorname{var} $x",
    zero_size=False,
    more={"ddof": 0.5},
    canonical=_variance_attrs,
    d={"x": _var_rule},
    body=_var_body,
    also={"correction": "ddof", "dtype": in_dtype, "where": _of_some},
)
@wide
def var(x, *, axis=None, keepdims=False, ddof=0):
    """The variance: the sum of squared distances from the mean, over n − ddof."""
    if x.dtype.kind != "f":
        return np.var(x, axis=axis, keepdims=keepdims, ddof=ddof)
    centred = np.asarray(x - exact_sum(x, axis=axis, keepdims=True, over=count(x, axis)))
    np.multiply(centred, centred, out=centred)
    return exact_sum(centred, axis=axis, keepdims=keepdims, over=count(x, axis) - ddof)


@wide
def _std_rule(g: Any, x: Any, out: Any, x_spec: Spec, axis: tuple[int, ...], ddof: float) -> Any:
    centred = x - mean(x, axis=axis, keepdims=True)
    slope = g / where(out == 0, np.inf, out)    # 0 by arithmetic, not by choice
    return unreduce(slope, x_spec, axis) * (1 / (count(x_spec, axis) - ddof)) * centred


@wide
def _std_body(x, *, axis, keepdims, ddof):
    return sqrt(_var_body(x, axis=axis, keepdims=keepdims, ddof=ddof))


@reduction(
    sign="std",
    latex=r"\operatorname{std} $x",
    zero_size=False,
    kinks="constant elements",
    more={"ddof": 0.5},
    canonical=_variance_attrs,
    d={"x": _std_rule},
    body=_std_body,
    also={"correction": "ddof", "dtype": in_dtype, "where": _of_some},
)
@wide
def std(x, *, axis=None, keepdims=False, ddof=0):
    """The standard deviation; for constant elements its derivative is taken as 0.

    So does PyTorch; JAX, autograd and MyGrad give NaN.
    """
    return np.sqrt(var.run(x, axis=axis, keepdims=keepdims, ddof=ddof))


def steady_shift(x: Any, axis: Any) -> Any:
    """The largest element along `axis` to subtract before exp (0 where it is infinite)."""
    top = max(x, axis=axis, keepdims=True)
    return where(infinite(top), 0.0, top)


def infinite(x: Any) -> Any:
    """Where x is +∞ or −∞."""
    return logical_or(x == np.inf, x == -np.inf)


@wide
def _logsumexp_body(x, *, axis, keepdims):
    shift = steady_shift(x, axis)
    total = log(sum(exp(x - shift), axis=axis, keepdims=True)) + shift
    return total if keepdims else reshape(total, shape=reduced_shape(x.shape, axis, False))


@wide
def _logsumexp_rule(g: Any, x: Any, out: Any, x_spec: Spec, axis: tuple[int, ...]) -> Any:
    top = unreduce(out, x_spec, axis)
    below = where(x == np.inf, 0.0, x - where(top == -np.inf, 0.0, top))
    return unreduce(g, x_spec, axis) * exp(below)


@reduction(
    sign="logΣexp",
    latex=r"\log \sum e^{$x}",
    onnx="ReduceLogSumExp(x, axis, keepdims=keepdims, noop_with_empty_axes=1)",
    aten="logsumexp(x, axis, keepdims)",
    numpy=(),
    zero_size=False,
    d={"x": _logsumexp_rule},
    body=_logsumexp_body,
)
def logsumexp(x, *, axis=None, keepdims=False):
    """log Σ exp(x), steady for large and for infinite x; its derivative is the softmax.

    Where all are −∞ the derivative is 0 (PyTorch, JAX: NaN), where some are +∞ it is 1 for each of
    those.
    """
    with np.errstate(divide="ignore"):
        return _logsumexp_body(x, axis=axis, keepdims=keepdims)
