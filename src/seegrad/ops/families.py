"""Families of operations: what their members share, so that a definition says only what differs.

A family gives its members their spec rule, lowering form, test cases and domains. No op lives here.
"""

from __future__ import annotations

import inspect
import itertools
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, TypedDict, Unpack

import numpy as np

from seegrad.errors import DTypeError, OpDefinitionError, ShapeError
from seegrad.graph import forms
from seegrad.graph.bind import callable_op
from seegrad.graph.laws import Law
from seegrad.graph.node import Node
from seegrad.graph.op import Case, Op
from seegrad.graph.rule_call import Rule
from seegrad.graph.spec import DType, Shape, Spec
from seegrad.i18n import tr
from seegrad.text import ATOM

SUM, MINUS, PRODUCT, POWER, CALL = 10, 15, 20, 30, 25
"""How tightly a formula holds together; see `seegrad.text`."""

Forward = Callable[..., Any]
Domain = Mapping[str, tuple[float, float]] | tuple[float, float]

TABLE: dict[str, Op] = {}
"""Every operation by name, in the order of definition."""


def _ours(op: Op) -> bool:
    return str(op.forward.__module__).startswith("seegrad.")


def register(op: Op) -> Op:
    """Enter an op into the table: the package's own names are taken once.

    An op of the user's takes the place of an earlier one of its name, but never of one of the
    package's: beside that it lives under the user's own name alone.
    """
    known = TABLE.get(op.name)
    assert known is None or not (_ours(known) and _ours(op)), f"{op.name} is defined twice"
    if known is None or not _ours(known):
        TABLE[op.name] = op
    return op


def numpy_names(name: str, given: Sequence[str] | None) -> tuple[str, ...]:
    """The NumPy functions an op answers to: those given, or the one of its own name."""
    if given is not None:
        return tuple(given)
    return (name,) if callable(getattr(np, name, None)) else ()


def domains(inputs: Sequence[str], domain: Domain) -> Mapping[str, tuple[float, float]]:
    """One domain for all inputs, or one for each."""
    if isinstance(domain, tuple):
        return {name.lstrip("*"): domain for name in inputs}
    return domain


# --------------------------------------------------------------- specs


def broadcast_shapes(*shapes: Shape) -> Shape:
    """The common shape by NumPy's rules; ShapeError says which sizes do not fit.

    Args:
        shapes: tuples of sizes.

    >>> broadcast_shapes((2, 1), (3,))
    (2, 3)
    """
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        hint: str = ""
        if len(shapes) == 2 and len(shapes[0]) == 2 and len(shapes[1]) == 1:
            rows, columns = shapes[0]
            if shapes[1][0] == rows:
                shape = (rows, 1)
                hint = tr("the second has one value a row: reshape it to {shape}", shape=shape)
            else:
                hint = tr("give the second {count} values, one a column", count=columns)
        elif len(shapes) == 2 and shapes[0] == shapes[1][::-1] and len(shapes[0]) == 2:
            hint = "transpose one of them: .T"
        raise ShapeError(
            tr("the shapes {shapes} do not fit together", shapes=", ".join(map(str, shapes))),
            asked="equal sizes on every axis, counted from the right, or size 1",
            hint=hint or "sizes must be equal or 1, from the last axis on",
        ) from None


@cache
def _result_dtype(
    forward: Forward, dtypes: tuple[DType, ...], attrs: tuple[Any, ...], kinds: tuple[type, ...]
) -> DType:
    """`kinds` are the types of the attributes: 2 and 2.0 are equal, but not to NumPy."""
    ones = [np.ones((1,), dtype) for dtype in dtypes]
    with np.errstate(all="ignore"):
        result = np.asarray(forward(*ones, **dict(attrs)))
    dtype: DType = result.dtype
    return dtype


def result_dtype(forward: Forward, specs: Sequence[Spec], attrs: Mapping[str, Any]) -> DType:
    """The dtype that `forward` gives for these inputs, found by asking it once."""
    given = tuple(sorted(attrs.items()))
    kinds = tuple(type(value) for _, value in given)
    try:
        return _result_dtype(forward, tuple(s.dtype for s in specs), given, kinds)
    except TypeError as error:
        raise DTypeError(str(error)) from None


def elementwise_spec(forward: Forward) -> Callable[..., Spec]:
    """Broadcast shapes; the dtype that `forward` gives."""

    def spec(*specs: Spec, **attrs: Any) -> Spec:
        shape = broadcast_shapes(*[s.shape for s in specs])
        return Spec(shape, result_dtype(forward, specs, attrs))

    return spec


def one_axis(axis: Any, ndim: int) -> int:
    """`axis` as an int in [0, ndim); ShapeError names both otherwise."""
    try:
        i = operator.index(axis)
    except TypeError:
        raise DTypeError(
            "an axis must be an integer", asked="an integer", came=f"{axis!r}"
        ) from None
    if not -ndim <= i < ndim:
        raise ShapeError(
            tr("there is no axis {axis}", axis=i),
            asked=tr(
                "an axis from {low} to {high}",
                low=-ndim, high=ndim - 1,
            ) if ndim else tr("no axis: the shape is {shape}", shape=()),
            came=f"axis={i}",
        )
    return i % ndim


def some_axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """`axis` (None, an int or several) as a tuple of ints in [0, ndim)."""
    if axis is None:
        return tuple(range(ndim))
    axes = [one_axis(i, ndim) for i in axis] if isinstance(axis, (tuple, list)) else None
    if axes is None:
        return (one_axis(axis, ndim),)
    if len(set(axes)) != len(axes):
        raise ShapeError("an axis is named twice", came=f"axis={axis!r}")
    return tuple(axes)


def reduced_shape(shape: Shape, axis: Sequence[int], keepdims: bool) -> Shape:
    """`shape` without the axes, or with size 1 there."""
    if keepdims:
        return tuple(1 if i in axis else n for i, n in enumerate(shape))
    return tuple(n for i, n in enumerate(shape) if i not in axis)


def canonical_reduction(x: Any, *, axis: Any, keepdims: Any, **rest: Any) -> dict[str, Any]:
    """axis as a sorted tuple, keepdims as a bool; NumPy's dtype and PyTorch's are no keepdims."""
    if keepdims is not None and not isinstance(keepdims, (bool, int, np.bool_)):
        raise DTypeError("keepdims says yes or no", asked="True, False",
                         came=f"keepdims={keepdims!r}", hint="dtype=…")  # fmt: skip
    if axis is None:
        return {"axis": tuple(range(x.ndim)), "keepdims": bool(keepdims), **rest}
    return {"axis": tuple(sorted(some_axes(axis, x.ndim))), "keepdims": bool(keepdims), **rest}


# --------------------------------------------------------------- families

ELEMENTWISE_CASES: Mapping[int, tuple[Case, ...]] = {
    1: tuple(Case((s,)) for s in ((), (0,), (1,), (3,), (2, 3), (0, 3), (3, 0, 2), (2, 1, 4))),
    2: (
        Case(((), ())),
        Case(((3,), (3,))),
        Case(((2, 3), (3,))),
        Case(((2, 1), (1, 3))),
        Case(((), (2, 3))),
        Case(((0, 3), (3,))),
        Case(((2, 1, 4), (3, 1))),
        Case(((1,), (0,))),
    ),
    3: (
        Case(((), (), ())),
        Case(((2, 3), (3,), (2, 1))),
        Case(((3,), (3,), (3,))),
        Case(((0, 3), (3,), ())),
    ),
}


BITS = {np.dtype("f4"): np.dtype("i4"), np.dtype("f8"): np.dtype("i8")}
BRANCHES = 1 << 14
"""Elements from which on a processor no longer foresees which of them will be chosen."""


def chosen(condition: Any, a: Any, b: Any) -> Any:
    """`np.where`, of large arrays by arithmetic on their bits: a branch for each element, which is
    wrong every other time, would take many times as long."""
    large = type(condition) is np.ndarray and condition.size >= BRANCHES
    bits = BITS.get(np.result_type(a, b)) if large and condition.dtype == bool else None
    if bits is None or not (np.ndim(a) or np.ndim(b)):
        return np.where(condition, a, b)
    kind = np.result_type(a, b)
    yes, no = (np.asarray(x, kind).view(bits) for x in (a, b))
    if not yes.ndim and not yes:
        condition, yes, no = ~condition, no, yes
    if not no.ndim and not no:
        return np.multiply(yes, condition).view(kind)
    found = np.multiply(yes - no, condition)
    found += no
    return found.view(kind)


_PLAIN_CALLS: Mapping[str, Forward] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "negative": operator.neg,
    "where": chosen,
}
"""What the scalar functions are in Python and NumPy, where it is not NumPy's of the same name."""


def plain_call(scalar: str | None, inputs: Sequence[str]) -> Forward | None:
    """NumPy's own function (or Python's operator), if that on all inputs is the whole meaning."""
    tree = forms.parse_scalar(scalar) if scalar is not None else None
    if isinstance(tree, forms.Apply) and tree.arguments == tuple(map(forms.Input, inputs)):
        return _PLAIN_CALLS.get(tree.function) or getattr(np, tree.function, None)
    return None


class Said(TypedDict, total=False):
    """What a definition of any family may say; see `operation` for what is meant otherwise."""

    sign: str
    latex: str
    precedence: int
    laws: Sequence[Law]
    onnx: str
    aten: str | Sequence[str]
    onnx_body: Forward
    numpy: Sequence[str] | None
    canonical: Callable[..., dict[str, Any]] | None
    domain: Domain
    kinks: str
    body: Forward | None
    integer_inputs: Sequence[str]
    also: Mapping[str, str | Callable[..., Any]]


def in_dtype(op: Op, args: tuple[Any, ...], kwargs: Any, dtype: Any) -> Any:
    """`dtype=`: what an op of one array gives when it computes in this dtype."""
    if dtype is None:
        return op(*args, **kwargs)
    cast = TABLE["astype"]
    return cast(op(cast(args[0], dtype=dtype), *args[1:], **kwargs), dtype=dtype)


def no_matter(op: Op, args: tuple[Any, ...], kwargs: Any, value: Any) -> Any:
    """A keyword that changes nothing here: a copy of what never changes, the one device."""
    return op(*args, **kwargs)


def found_spec(forward: Forward) -> Callable[..., Spec]:
    """The spec of what `forward` gives, found by running it once on ones of each kind."""

    @cache
    def run(specs: tuple[Spec, ...], attrs: tuple[Any, ...], kinds: tuple[type, ...]) -> Spec:
        with np.errstate(all="ignore"):
            found = np.asarray(forward(*(np.ones(s.shape, s.dtype) for s in specs), **dict(attrs)))
        return Spec(found.shape, found.dtype)

    def spec(*specs: Spec, **attrs: Any) -> Spec:
        return run(specs, tuple(sorted(attrs.items())), tuple(map(type, attrs.values())))

    return spec


def _named(name: str, inputs: Sequence[str]) -> str:
    """The formula of an op that has none of its own: its name, and what it is applied to."""
    holes = ", ".join(f"${each.lstrip('*')}" for each in inputs)
    escaped = name.replace("_", r"\_")
    return rf"\operatorname{{{escaped}}}({holes})"


def operation(
    *,
    spec: Callable[..., Spec] | None = None,
    d: Mapping[str, Rule | None],
    lower: forms.Form | None = None,
    cases: Sequence[Case] = (),
    family: str = "structure",
    compute: Forward | None = None,
    **said: Unpack[Said],
) -> Callable[[Forward], Op]:
    """Make an op of a function of NumPy arrays: everything is said at its definition.

    The function's positional parameters are the inputs (`*xs`: any number), its keyword-only ones
    the attributes.

    Args:
        d: for each input a rule, or None where no derivative goes. A rule's parameters say what it
            needs: `g` (the derivative arriving from the right), `out`, an input, `<input>_spec`
            (its shape and dtype), an attribute. It is written with sg's functions, so that it can
            be differentiated again.
        spec: the result's `Spec` from those of the inputs and the attributes; found by running the
            function on ones where it is not said.
        lower: a form of `seegrad.graph.forms` that the compiler knows; otherwise compiled code
            calls the function (`Call()`), or uses `body`.
        body: the same in terms of other operations: what the compiler, `vmap` and the page use.
        sign, latex, precedence: what stands in the circle of the picture, the formula (`$x` is the
            input x), and how tightly it holds together; the name otherwise.
        canonical: brings the attributes into one form; `laws`, `domain`, `kinks`, `cases`,
            `integer_inputs`, `onnx`, `onnx_body`, `numpy`: what passes, tests and ONNX know of it.
        family: under which heading it stands in the documents.
        compute: NumPy's own function, where the op does nothing but call it.

    Defined again under the same name, as in a notebook's cell, the new one counts. Raises
    OpDefinitionError for rules and texts that do not fit the function.

    >>> import numpy as np
    >>> import seegrad as sg
    >>> @sg.operation(d={"x": lambda g, x_spec: g * sg.ones_like(np.empty(x_spec.shape))})
    ... def total(x):
    ...     return np.sum(x)
    >>> sg.grad(lambda x: total(x) ** 2)(np.ones(3))
    array([6., 6., 6.])
    """

    return lambda forward: _defined(
        forward, spec or found_spec(forward), d, lower, tuple(cases), family, compute, said
    )


def _defined(
    forward: Forward, spec: Callable[..., Spec], d: Mapping[str, Rule | None],
    lower: forms.Form | None, cases: tuple[Case, ...], family: str, compute: Forward | None,
    said: Said,
) -> Op:  # fmt: skip
    """The op, with what is usual where nothing is said."""
    name, inputs, body = forward.__name__, _positional(forward), said.get("body")
    op = Op(
        name=name,
        forward=forward,
        spec=spec,
        d=d,
        lower=lower or (forms.Body() if body is not None else forms.Call()),
        sign=said.get("sign", name),
        latex=said.get("latex") or _named(name, inputs),
        precedence=said.get("precedence", ATOM),
        laws=tuple(said.get("laws", ())),
        onnx=said.get("onnx", ""),
        aten=_calls(said.get("aten", ())),
        onnx_body=said.get("onnx_body"),
        numpy=numpy_names(name, said.get("numpy")),
        canonical=said.get("canonical"),
        body=body,
        cases=cases,
        domain=domains(inputs, said.get("domain", (-2.0, 2.0))),
        kinks=said.get("kinks", ""),
        integer_inputs=frozenset(said.get("integer_inputs", ())),
        also=said.get("also", {}),
        family=family,
        compute=compute,
    )
    return register(callable_op(op))


def _value(tree: forms.Expression, known: Mapping[str, Any]) -> Any:
    """The value of a scalar expression, by the ops that its functions are called after."""
    match tree:
        case forms.Input(name):
            return known[name]
        case forms.Apply(function, arguments):
            return TABLE[function](*[_value(a, known) for a in arguments])
    return tree.value


def _says_the_same(op: Op, scalar: str, attrs: Mapping[str, Any]) -> None:
    """OpDefinitionError where an op's scalar expression is not what its function computes."""
    attrs = {**op.optional, **attrs}
    if set(attrs) != set(op.attributes):
        return
    ways = np.random.default_rng(0)
    xs = [ways.uniform(*op.domain.get(name, (-2.0, 2.0)), 64) for name in op.inputs]
    with np.errstate(all="ignore"):
        ours = np.broadcast_to(op.forward(*xs, **attrs), 64)
        known = {**dict(zip(op.inputs, xs)), **attrs}
        theirs = np.broadcast_to(_value(forms.parse_scalar(scalar), known), 64)
    wrong = ~np.isclose(ours.astype(float), theirs.astype(float), rtol=1e-6, equal_nan=True)
    if wrong.any():
        i = int(np.argmax(wrong))
        at = ", ".join(f"{name}={x[i]:.4g}" for name, x in zip(op.inputs, xs))
        raise OpDefinitionError(
            f"{op.name}: its scalar expression is not what its function computes",
            asked=f"{ours[i]:.6g} at {at}", came=f"{theirs[i]:.6g} from {scalar!r}",
        )


def _form_of(name: str, scalar: str | None, body: Forward | None) -> forms.Form:
    """The form of an elementwise op: its expression, its body, or a call of its function."""
    if scalar is None:
        return forms.Call(forms.Elementwise()) if body is None else forms.Body()
    try:
        forms.parse_scalar(scalar)
    except (SyntaxError, ValueError) as error:
        raise OpDefinitionError(f"{name}: {error}") from None
    return forms.Scalar(scalar)


def _calls(said: str | Sequence[str]) -> tuple[str, ...]:
    return (said,) if isinstance(said, str) else tuple(said)


def elementwise(
    *,
    scalar: str | None = None,
    d: Mapping[str, Rule | None],
    cases: Sequence[Case] | None = None,
    lower: forms.Form | None = None,
    attrs: Mapping[str, Any] | Sequence[Mapping[str, Any]] = (),
    **said: Unpack[Said],
) -> Callable[[Forward], Op]:
    """Make an op of a function of NumPy arrays that works element by element, with broadcasting.

    Args:
        scalar: the same as one expression of the scalar language, such as `where(x > 0, x, 0)`,
            for the compiler, the page and ONNX; its names are the inputs and attributes. Without
            one compiled code calls the function itself, or uses `body` (its meaning in other ops).
        d: a rule for each input, or None; see `operation`, which says what else can be said.
        kinks: an expression that is zero where the derivative jumps.
        attrs: the attributes that its standard test cases use, in turn if there are several.
        lower: a form of `seegrad.graph.forms`, where no expression says it.

    Eager, compiled, drawn, derived, batched and differentiated again like the operations of the
    table, which are defined by this. Raises OpDefinitionError where rules, texts or the scalar
    expression do not fit the function.

    >>> import numpy as np
    >>> import seegrad as sg
    >>> @sg.elementwise(
    ...     scalar="x * sin(x)", sign="wave",
    ...     d={"x": lambda g, x: g * (sg.sin(x) + x * sg.cos(x))},
    ... )
    ... def wave(x):
    ...     return x * np.sin(x)
    >>> bool(sg.gradcheck(wave, np.array([0.5, -2.0]), order=2))
    True
    """

    def define(forward: Forward) -> Op:
        inputs = _positional(forward)
        standard = ELEMENTWISE_CASES.get(len(inputs), ())
        several = [attrs] if isinstance(attrs, Mapping) else list(attrs)
        if several:
            standard = tuple(Case(c.shapes, a) for c, a in zip(standard, itertools.cycle(several)))
        form = lower or _form_of(forward.__name__, scalar, said.get("body"))
        op = operation(
            spec=elementwise_spec(forward),
            d=d,
            lower=form,
            cases=standard if cases is None else cases,
            family="elementwise",
            compute=plain_call(scalar, inputs),
            **said,
        )(forward)
        if scalar is not None and not _ours(op):
            _says_the_same(op, scalar, several[0] if several else {})
        return op

    return define


REDUCTION_CASES: tuple[Case, ...] = (
    Case(((),), {"axis": None, "keepdims": False}),
    Case(((3,),), {"axis": None, "keepdims": False}),
    Case(((2, 3),), {"axis": 0, "keepdims": False}),
    Case(((2, 3),), {"axis": -1, "keepdims": True}),
    Case(((2, 1, 4),), {"axis": (0, 2), "keepdims": False}),
    Case(((2, 3),), {"axis": None, "keepdims": True}),
    Case(((2, 0, 3),), {"axis": 2, "keepdims": False}),
    Case(((1,),), {"axis": 0, "keepdims": False}),
)
ZERO_SIZE_REDUCTIONS: tuple[Case, ...] = (
    Case(((0,),), {"axis": None, "keepdims": False}),
    Case(((0, 3),), {"axis": 0, "keepdims": False}),
)


def reduction_spec(forward: Forward, zero_size: bool = True) -> Callable[..., Spec]:
    """The shape without the axes; the dtype that `forward` gives."""

    def spec(x: Spec, *, axis: tuple[int, ...], keepdims: bool, **attrs: Any) -> Spec:
        if not zero_size and not math.prod(x.shape[i] for i in axis):
            raise ShapeError(
                "it has no value for no elements", asked="at least one element along the axes",
                came=tr("shape {shape}, axis={axis}", shape=x.shape, axis=axis),
            )  # fmt: skip
        # the numbers of further attributes (ddof) do not decide the dtype
        sample = {"axis": (0,), "keepdims": False, **dict.fromkeys(attrs, 0)}
        dtype = result_dtype(forward, [x], sample)
        return Spec(reduced_shape(x.shape, axis, keepdims), dtype)

    return spec


def reduction(
    *,
    kind: str | None = None,
    d: Mapping[str, Rule | None],
    zero_size: bool = True,
    more: Mapping[str, Any] | None = None,
    **said: Unpack[Said],
) -> Callable[[Forward], Op]:
    """An op that reduces over `axis` with `keepdims`.

    `zero_size`: does it have a value for no elements? `more`: further attributes for its cases.
    """
    said.setdefault("precedence", PRODUCT)
    said.setdefault("canonical", canonical_reduction)

    def define(forward: Forward) -> Op:
        cases = (*REDUCTION_CASES, *(ZERO_SIZE_REDUCTIONS if zero_size else ()))
        return operation(
            spec=reduction_spec(forward, zero_size),
            d=d,
            lower=forms.Reduce(kind) if kind else forms.Body(),
            cases=tuple(Case(c.shapes, {**c.attrs, **(more or {})}) for c in cases),
            family="reduction",
            **said,
        )(forward)

    return define


def body_spec(body: Forward) -> Callable[..., Spec]:
    """The spec of what `body` makes of symbols."""

    def spec(*specs: Spec, **attrs: Any) -> Spec:
        made: Node = body(*map(symbol, specs), **attrs)
        return made.spec

    return spec


def symbol(spec: Spec, name: str = "") -> Node:
    """A node of which only the spec is known; it takes part in what bodies are written in."""
    return Node.makes(None, (), {}, (), None, spec.dtype.kind == "f", spec, name)


def composite(*, cases: Sequence[Case], **said: Unpack[Said]) -> Callable[[Forward], Op]:
    """An op whose body is its meaning: its nodes are the body's, in a frame of its name.

    It needs no derivative rule and no form of its own.
    """

    def define(body: Forward) -> Op:
        said["body"] = body
        return operation(
            spec=body_spec(body), d={}, lower=forms.Body(), cases=cases, family="composite", **said
        )(body)

    return define


def _positional(forward: Forward) -> list[str]:
    code = inspect.unwrap(forward).__code__
    names = list(code.co_varnames[: code.co_argcount])
    if code.co_flags & 0x04:
        names.append(f"*{code.co_varnames[code.co_argcount + code.co_kwonlyargcount]}")
    return names
