"""sg.from_jax: a JAX function as ours. This is the one file that imports JAX.

JAX traces the function for shapes and dtypes and gives a jaxpr; `jaxpr` runs it with our
operations. Derivatives that JAX's functions state themselves (custom_jvp, custom_vjp) are traced
by JAX, too, and become `custom_vjp`. The first result is compared with JAX's own.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import numpy as np

from seegrad.errors import (
    CallError,
    DTypeError,
    GradientWarning,
    GraphError,
    MissingExtraError,
    SeegradError,
    TraceError,
)
from seegrad.graph.graph import Graph
from seegrad.graph.node import Node
from seegrad.i18n import tr
from seegrad.interop.jaxpr import evaluate as jaxprs
from seegrad.interop.jaxpr.site import as_dtype
from seegrad.transforms.derivatives import no_grad, vjp
from seegrad.transforms.numpy_tracing import named_examples

Derivative = tuple[Callable[..., Any], Callable[..., Any]]
TOLERANCE = {2: 2e-2, 4: 2e-4, 8: 1e-8}
"""Largest difference, relative to the largest element, by the bytes of a number."""


@cache
def _jax() -> Any:
    """JAX itself, imported when it is first needed."""
    try:
        import jax
        import jax.extend.core
        import jax.extend.source_info_util
    except ImportError:
        raise MissingExtraError(
            "from_jax needs JAX", asked="the package jax", hint='pip install "jax>=0.5,<0.11"'
        ) from None
    return jax


def _as_jax_counts(jax: Any) -> None:
    if not jax.config.jax_threefry_partitionable:
        raise DTypeError(
            "from_jax knows random numbers as JAX has counted them since version 0.5",
            asked="jax_threefry_partitionable=True", came="False",
        )  # fmt: skip


def _is_key(x: Any) -> bool:
    return hasattr(x, "dtype") and _jax().dtypes.issubdtype(x.dtype, _jax().dtypes.prng_key)


def _example(x: Any) -> Any:
    """What JAX traces for this argument: a Python number as it is, else shape and dtype."""
    if isinstance(x, (bool, int, float)) and not isinstance(x, np.generic):
        return x
    if _is_key(x):
        return _jax().ShapeDtypeStruct(x.shape, x.dtype)
    if not isinstance(x, (Node, np.ndarray, np.generic, _jax().Array)):
        raise CallError(
            tr("from_jax: an argument is no array, but {kind}", kind=type(x).__name__),
            asked="arrays, tensors and numbers, in trees that JAX knows",
            hint="bind other arguments first: functools.partial(f, mode=…)",
        )
    dtype = np.dtype(_jax().dtypes.canonicalize_dtype(x.dtype))
    return _jax().ShapeDtypeStruct(tuple(x.shape), dtype)


def _argument(x: Any, aval: Any) -> Any:
    """The argument as a rule takes it."""
    if jaxprs.is_key(aval):
        return x if isinstance(x, Node) else np.asarray(_jax().random.key_data(x))
    return as_dtype(x if isinstance(x, Node) else np.asarray(x), aval.dtype)


@dataclass(frozen=True)
class Verified:
    """How far a function is from JAX's own on its examples: relative to the largest element.

    `gradient` is None where JAX itself has no derivative (of a while loop, say).
    """

    value: float
    gradient: float | None


class JaxFunction:
    """A JAX function, computed here: like the function, on arrays and on tensors.

    For other shapes or dtypes than before it is traced by JAX again. `verified` holds what the
    comparison with JAX on the examples has found; `jaxpr` is the program for the examples.
    """

    holds: ClassVar = ()
    """What a compiled function that calls this has to watch: JAX's constants stay as they are."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.__name__ = getattr(function, "__name__", "from_jax").replace("<lambda>", "from_jax")
        self.__doc__ = function.__doc__
        self.verified: Verified | None = None
        self.examples: tuple[Any, ...] = ()
        self.keywords: dict[str, Any] = {}
        self._traced: dict[Any, tuple[Any, Any]] = {}

    def __repr__(self) -> str:
        return f"<from_jax {self.__name__}>"

    @property
    def graph(self) -> Graph:
        """The graph for the examples, with their numbers, its inputs named like the parameters."""
        plain = [_jax().tree.map(lambda x: x if _is_key(x) else np.asarray(x), each)
                 for each in self.examples]  # fmt: skip
        named = named_examples(self.function, plain)
        found = _jax().tree.leaves(self(*named, **self.keywords))
        return Graph([x for x in found if isinstance(x, Node)])

    @property
    def jaxpr(self) -> str:
        """JAX's program for the first examples, as text."""
        return str(next(iter(self._traced.values()))[0])

    def traced(self, leaves: Sequence[Any], tree: Any) -> tuple[Any, Any]:
        """The closed jaxpr for arguments like these, and the structure of its results.

        Args:
            leaves: the arrays of the arguments.
            tree: how they are put together.

        Raises:
            TraceError: where JAX cannot trace the function.
        """
        examples = [_example(x) for x in leaves]
        key = tree, tuple(
            (type(x),) if isinstance(x, (bool, int, float)) else (x.shape, x.dtype)
            for x in examples
        )
        if key not in self._traced:
            structure: list[Any] = []

            def flat(*given: Any) -> Any:
                args, kwargs = tree.unflatten(given)
                outs, shape = _jax().tree.flatten(self.function(*args, **kwargs))
                structure[:] = [shape]
                return outs

            try:
                closed = _jax().make_jaxpr(flat)(*examples)
            except (_jax().errors.ConcretizationTypeError, _jax().errors.TracerArrayConversionError,
                    _jax().errors.UnexpectedTracerError) as error:
                raise TraceError(
                    tr("from_jax: {name} cannot be traced by JAX", name=self.__name__),
                    asked="a function that jax.jit takes", came=str(error).splitlines()[0],
                    hint="bind what decides in Python first: functools.partial(f, mode=…)",
                ) from error
            _known_primitives(self.__name__, closed)
            self._traced[key] = closed, structure[0]
        return self._traced[key]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The value: NumPy arrays for arrays, tensors for tensors, in the function's own trees."""
        leaves, tree = _jax().tree.flatten((args, kwargs))
        closed, structure = self.traced(leaves, tree)
        avals = [v.aval for v in closed.jaxpr.invars]
        given = [_argument(x, aval) for x, aval in zip(leaves, avals)]
        with np.errstate(all="ignore"):
            found = jaxprs.evaluate(closed.jaxpr, closed.consts, given, derivative_of)
        return structure.unflatten(found)


def _place(equation: Any) -> str:
    """The line of the user's that an equation comes from, as JAX knows it."""
    summarize = _jax().extend.source_info_util.summarize
    return str(summarize(equation.source_info))


def _known_primitives(name: str, closed: Any) -> None:
    """DTypeError that names everything that has no counterpart, all at once."""
    found: dict[str, str] = {}
    for what, equation in jaxprs.unknown(closed.jaxpr):
        found.setdefault(what, _place(equation))
    if found:
        told = "; ".join(f"{what} ({place})" if place else what for what, place in found.items())
        raise DTypeError(
            tr("from_jax: {name} uses what has no counterpart here", name=name),
            asked="primitives that the guide lists", came=told,
            hint="write this part with sg's functions",
        )


# --------------------------------------------------------------- derivatives that JAX states


def _alone(equation: Any) -> Any:
    """One equation as a function of its inputs, for JAX."""
    inner = [v for v in equation.invars if not hasattr(v, "val")]
    own = list(dict.fromkeys(inner))
    debug = _jax().extend.core.DebugInfo("from_jax", equation.primitive.name, None, None)
    jaxpr = _jax().extend.core.Jaxpr((), own, equation.outvars, [equation], debug_info=debug)
    run = _jax().extend.core.jaxpr_as_fun(_jax().extend.core.ClosedJaxpr(jaxpr, ()))

    def function(*given: Any) -> Any:
        known = {v: x for v, x in zip(equation.invars, given) if not hasattr(v, "val")}
        return run(*(known[v] for v in own))

    return function


def _struct(aval: Any) -> Any:
    return _jax().ShapeDtypeStruct(aval.shape, aval.dtype)


def _runs(closed: Any) -> Callable[[Sequence[Any]], list[Any]]:
    return lambda xs: jaxprs.evaluate(closed.jaxpr, closed.consts, xs, derivative_of)


def derivative_of(equation: Any) -> Derivative:
    """JAX's own derivative of an equation: `forward(*xs) -> (outs, saved)` and `backward(saved,
    gs)`, which gives one derivative by each input (None where there is none)."""
    function, avals = _alone(equation), [v.aval for v in equation.invars]
    fixed = int(equation.params.get("num_consts", 0))    # closed over: no derivative goes there
    live = [i for i, a in enumerate(avals)
            if i >= fixed and not jaxprs.is_key(a) and a.dtype.kind == "f"]  # fmt: skip
    floats = [i for i, v in enumerate(equation.outvars)
              if not jaxprs.is_key(v.aval) and v.aval.dtype.kind == "f"]  # fmt: skip

    def pulled(*xs: Any) -> Any:
        def of_live(*some: Any) -> Any:
            whole = list(xs)
            for i, x in zip(live, some):
                whole[i] = x
            outs = function(*whole)
            return [outs[i] for i in floats], outs

        _, pull, outs = _jax().vjp(of_live, *(xs[i] for i in live), has_aux=True)
        return outs, pull

    examples = [_struct(a) for a in avals]
    there, shape = _jax().make_jaxpr(pulled, return_shape=True)(*examples)
    outs, residuals = shape
    saved, tree = _jax().tree.flatten(residuals)
    arriving = [_struct(equation.outvars[i].aval) for i in floats]
    back = _jax().make_jaxpr(lambda kept, gs: tree.unflatten(kept)(gs))(saved, arriving)
    ahead, behind, count = _runs(there), _runs(back), len(outs)

    def forward(*xs: Any) -> Any:
        found = ahead(xs)
        return found[:count], found[count:]

    def backward(kept: Any, gs: Sequence[Any]) -> Any:
        found = dict(zip(live, behind([*kept, *(gs[i] for i in floats)])))
        return tuple(found.get(i) for i in range(len(avals)))

    return forward, backward


# --------------------------------------------------------------- comparing with JAX


def _numbers(x: Any) -> Any:
    return np.asarray(_jax().random.key_data(x) if _is_key(x) else x)


def _gap(ours: Sequence[Any], theirs: Sequence[Any]) -> float:
    """The largest difference, relative to the largest element and to what a number can hold."""
    worst = 0.0
    for a, b in zip(ours, theirs, strict=True):
        x, y = np.asarray(a), _numbers(b)
        if x.shape != y.shape or not np.array_equal(np.isfinite(x), np.isfinite(y)):
            return float("inf")
        if not x.size:
            continue
        if y.dtype.kind != "f":
            worst = max(worst, float(not np.array_equal(x, y)))
            continue
        fine = np.isfinite(y)
        scale = max(float(np.abs(np.where(fine, y, 0)).max()), 1e-3)
        gap = np.abs(np.where(fine, x, 0).astype(float) - np.where(fine, y, 0)).max() / scale
        worst = max(worst, float(gap) * TOLERANCE[4] / TOLERANCE[y.dtype.itemsize])
    return worst


def _values(x: Any) -> Any:
    return np.asarray(x.data) if isinstance(x, Node) else x


def verify(function: JaxFunction, args: Sequence[Any], kwargs: dict[str, Any]) -> Verified:
    """Value and gradient beside JAX's own; GraphError names the first equation that differs."""
    leaves, tree = _jax().tree.flatten((tuple(args), kwargs))
    leaves = [_values(x) for x in leaves]
    args, kwargs = tree.unflatten(leaves)
    with no_grad():
        ours = _jax().tree.leaves(function(*args, **kwargs))

    def whole(*given: Any) -> Any:
        some, named = tree.unflatten(given)
        return _jax().tree.leaves(function.function(*some, **named))

    theirs = _jax().jit(whole)(*leaves)          # quicker than to compile operation by operation
    value = _gap(ours, theirs)
    if not value <= TOLERANCE[4]:
        raise _different(function, leaves, tree, value)
    gradient = _gradient_gap(function, leaves, tree)
    if gradient is not None and not gradient <= 10 * TOLERANCE[4]:
        raise GraphError(
            tr("from_jax: the derivative of {name} is not JAX's", name=function.__name__),
            asked=tr("a difference of at most {tolerance}", tolerance=f"{10 * TOLERANCE[4]:g}"),
            came=f"{gradient:.2g}",
        )
    return Verified(value, gradient)


def _gradient_gap(function: JaxFunction, leaves: Sequence[Any], tree: Any) -> float | None:
    """How far the derivatives by all floating arguments are from JAX's; None where it has none."""
    at = [i for i, x in enumerate(leaves)
          if not _is_key(x) and np.asarray(x).dtype.kind == "f"]  # fmt: skip
    if not at:
        return None

    theirs = function.function

    def of_floats(run: Callable[..., Any]) -> Callable[..., Any]:
        def called(*some: Any) -> Any:
            whole = [x if run is not theirs or not isinstance(x, np.ndarray) else
                     _jax().numpy.asarray(x) for x in leaves]
            for i, x in zip(at, some):
                whole[i] = x
            args, kwargs = tree.unflatten(whole)
            return [x for x in _jax().tree.leaves(run(*args, **kwargs))
                    if not _is_key(x) and np.dtype(x.dtype).kind == "f"]  # fmt: skip

        return called

    some = [_jax().numpy.asarray(leaves[i]) for i in at]
    random = np.random.default_rng(0)
    try:
        outs = _jax().eval_shape(of_floats(theirs), *some)
        gs = [np.asarray(random.uniform(0.5, 1.5, x.shape), x.dtype) for x in outs]
        found = _jax().jit(lambda xs, gs: _jax().vjp(of_floats(theirs), *xs)[1](gs))(some, gs)
    except Exception:                            # a while loop, a callback: JAX says no, too
        return None
    if not outs:
        return None
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", GradientWarning)  # JAX has said the same: 0
        _, ours = vjp(of_floats(function), *(np.asarray(x) for x in some))
        return _gap([np.asarray(_values(x)) for x in ours(gs)], found)


def _different(function: JaxFunction, leaves: Sequence[Any], tree: Any, gap: float) -> GraphError:
    """Where the two part: each equation is run here and there on JAX's own values."""
    closed, _ = function.traced(leaves, tree)
    where = ""
    memory = dict(zip(closed.jaxpr.constvars, closed.consts))
    memory |= {v: _jax().numpy.asarray(x, v.aval.dtype) if not jaxprs.is_key(v.aval) else x
               for v, x in zip(closed.jaxpr.invars, leaves)}  # fmt: skip
    for equation in closed.jaxpr.eqns:
        xs = [v.val if hasattr(v, "val") else memory[v] for v in equation.invars]
        theirs = _alone(equation)(*xs)
        memory.update(zip(equation.outvars, theirs))
        given = [_argument(x, v.aval) for x, v in zip(xs, equation.invars)]
        try:
            ours = jaxprs.equation_results(equation, given, derivative_of)
        except (SeegradError, KeyError):
            continue
        if not _gap(ours, theirs) <= TOLERANCE[4]:
            where = f"{equation.primitive.name} ({_place(equation)})"
            break
    return GraphError(
        tr("from_jax: {name} does not give what JAX gives", name=function.__name__),
        asked=tr("a difference of at most {tolerance}", tolerance=f"{TOLERANCE[4]:g}"),
        came=f"{gap:.2g}" + (f", {where}" if where else ""),
    )


def from_jax(function: Callable[..., Any], *examples: Any, **keywords: Any) -> JaxFunction:
    """A JAX function as ours: the same trees in and out, drawn, compiled, differentiated here.

    Args:
        function: what jax.jit would take. What it closes over becomes constants.
        examples, keywords: arguments as it is called with, arrays or trees of them: value and
            gradient are compared with JAX's there, see `.verified`.

    scan, while and cond become our loops, functions inside become frames, and a derivative that a
    function states itself (custom_jvp, custom_vjp) stays. Random numbers of jax.random are the
    same. dtypes follow JAX: float32 unless jax_enable_x64 is set.

    Raises DTypeError that names every primitive without a counterpart, TraceError where JAX cannot
    trace, GraphError where the results differ, MissingExtraError without JAX.

    Raises:
        CallError: for what is no function, and where examples are missing.
    """
    _as_jax_counts(_jax())
    if not callable(function):
        raise CallError("from_jax takes a function", asked="a function of arrays",
                        came=type(function).__name__)  # fmt: skip
    if not examples and not keywords:
        raise CallError(
            "from_jax needs examples of the arguments", asked="from_jax(f, x, …)",
            came="from_jax(f)", hint="pass arrays of the shapes and dtypes that f takes",
        )  # fmt: skip
    made = JaxFunction(function)
    made.examples, made.keywords = examples, keywords
    made.verified = verify(made, examples, keywords)
    return made
