"""Derivatives of functions: grad, vjp, jvp, jacobian, hessian and their relatives.

They take and give what the function takes and gives: on arrays the rules run on arrays, inside
another transform (or on tensors) on tensors, so that any order can be taken. Where the function
has captured tensors that require a gradient, such as parameters, the results are tensors too, which
depend on them; under `no_grad` they are plain. Arguments may be nested tuples, lists and
dictionaries. Signatures follow JAX.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar, overload
from weakref import WeakValueDictionary

import numpy as np

from seegrad.autodiff.backward_pass import backward, ones_like
from seegrad.autodiff.structural_zeros import before_a_singular_slope
from seegrad.errors import (
    CallError,
    DTypeError,
    GradientError,
    GradientWarning,
    ShapeError,
    warn_user,
)
from seegrad.graph.graph import walk
from seegrad.graph.mode import current_mode, in_mode
from seegrad.graph.node import Node, snapshot
from seegrad.graph.spec import NO_ATTRS
from seegrad.i18n import tr
from seegrad.memory_budget import afford
from seegrad.ops.arithmetic import identity
from seegrad.ops.compare import not_equal
from seegrad.ops.reduce import sum
from seegrad.ops.shape import concatenate, reshape
from seegrad.tensor.tensor import Tensor, as_tensor
from seegrad.transforms.batching import spread
from seegrad.transforms.tracing import symbol, trace
from seegrad.tree import Structure, flatten, unflatten

Function = Callable[..., Any]
P = ParamSpec("P")
X = TypeVar("X")
R = TypeVar("R")
_DERIVATIVES: WeakValueDictionary[int, Node] = WeakValueDictionary()
"""Derivatives handed out as nodes, by id: they belong to their argument even where they are
constants, as the slope of a straight line is."""


@contextmanager
def no_grad() -> Iterator[None]:
    """In this block nothing is recorded: results are constants.

    >>> import seegrad as sg
    >>> x = sg.tensor(2.0)
    >>> with no_grad():
    ...     y = x * x
    >>> y.requires_grad
    False
    """
    with in_mode(recording=False):
        yield


def _lift(x: Any, what: str) -> Tensor:
    """A node of our own for an argument, so that nested transforms cannot mix up theirs."""
    if isinstance(x, Tensor):
        if x.dtype.kind != "f":
            raise _not_floating(what, x.dtype)
        with in_mode(recording=True):
            node: Tensor = identity(x)
        node.requires_grad = True
        return node
    data = snapshot(x, what=what)
    if data.dtype.kind != "f":
        raise _not_floating(what, data.dtype)
    return _own(data)


def _own(data: Any) -> Tensor:
    """A node of our own with these numbers: not a leaf, so that nobody takes it for a parameter."""
    if current_mode().tracer is not None:
        return Tensor(None, (), NO_ATTRS, (), data, True)     # what a trace has computed is none
    source = Tensor(None, (), NO_ATTRS, (), data, False)
    return Tensor(identity, (source,), NO_ATTRS, (data,), data, True)


def _not_floating(what: str, dtype: Any) -> DTypeError:
    return DTypeError(
        tr("{what} cannot be differentiated by: it is not a floating-point number", what=what),
        asked="float32 or float64",
        came=f"dtype {dtype}",
        hint="write 3.0 instead of 3, or convert with .astype(float)",
    )


def differentiating(nodes: Sequence[Any]) -> AbstractContextManager[None]:
    """In this block a function runs that is differentiated by `nodes`: they must not be lost."""
    mode = current_mode()
    return in_mode(
        depth=mode.depth + 1, recording=True, differentiated=mode.differentiated.union(nodes)
    )


class _Recorded:
    """A function that has been run on nodes of our own: what came out, ready to walk back from."""

    def __init__(
        self, function: Function, args: Sequence[Any], argnums: Sequence[int], name: str
    ) -> None:
        mode = current_mode()
        self.name, self.looked = f"{name}()", False
        flat, self.structure, leaves = list(args), [], []
        for i in argnums:
            values, structure = flatten(args[i])
            lifted = [_lift(x, f"argument {i}") for x in values]
            leaves += lifted
            self.structure.append((structure, len(values)))
            flat[i] = unflatten(structure, lifted)
        given = [x for a in args for x in flatten(a)[0]]
        self.inside = (
            mode.depth > 0 or mode.tracer is not None or any(isinstance(x, Node) for x in given)
        )
        with differentiating(leaves):
            result = function(*flat)
        self.leaves = leaves
        self.outputs, self.shape = flatten(result)
        self.outputs = [as_tensor(x) for x in self.outputs]
        for out in self.outputs:
            if out.dtype.kind != "f":
                raise _no_floating_result(self.name, out)

    @cached_property
    def captured(self) -> bool:
        """Do the outputs depend on anything that requires a gradient and is no leaf of ours?"""
        oldest = max((x.order for x in self.leaves), default=0)
        seen, stack = set(self.leaves), list(self.outputs)
        while stack:
            node = stack.pop()
            if node.requires_grad and node not in seen:
                if node.op is None or node.order > oldest:
                    return True
                seen.add(node)
                stack.extend(node.inputs)
        return False

    def gives_tensors(self) -> bool:
        """Are results tensors, or NumPy values? Asked anew for each result: `no_grad` counts."""
        return self.inside or (current_mode().recording and self.captured)

    def pull(self, seeds: Sequence[Any], *, tensors: bool) -> list[Any]:
        """The derivatives by every lifted leaf, for one derivative a output."""
        found = self.walk_back(self.outputs, seeds, self.leaves, tensors)
        if not (self.looked or (any(g is not None for g in found) and len(self.outputs) == 1)):
            self._warn_of_independent()
        as_graph = self.as_graph(tensors)
        return [_zeros(leaf, as_graph) if g is None else g for leaf, g in zip(self.leaves, found)]

    def as_graph(self, tensors: bool) -> bool:
        """Is the walk a graph itself? For tensors, where a graph is recorded."""
        mode = current_mode()
        return tensors and (
            mode.recording or mode.tracer is not None or any(x.data is None for x in self.leaves)
        )

    def walk_back(
        self, outputs: Sequence[Tensor], seeds: Sequence[Any], wrt: Sequence[Tensor], tensors: bool
    ) -> list[Any]:
        """The derivative by each of `wrt`; None where the walk has not come."""
        as_graph = self.as_graph(tensors)
        changes = {"recording": True, "depth": current_mode().depth + 1} if as_graph else {}
        with in_mode(**changes):
            seeds = [_as_data(s, out, as_graph) for s, out in zip(seeds, outputs)]
            found = backward(outputs, seeds, wrt, as_graph=as_graph)
        return [found.get(x) for x in wrt]

    def _warn_of_independent(self) -> None:
        """Warn, once, of every output to which no way leads from what is differentiated by."""
        self.looked = True
        for i, out in enumerate(self.outputs):
            if self.leaves and not _depends(out, self.leaves):
                what = tr("the result") if len(self.outputs) == 1 else tr("result {index}", index=i)
                warn_user(GradientWarning(
                    tr(
                        "{what} of {name} does not depend on what it is differentiated by: the"
                        " derivative is 0",
                        what=what, name=self.name,
                    ),
                    asked="a result computed from the argument with seegrad's functions",
                    came=tr(
                        "a result of shape {shape} that the argument has no part in",
                        shape=out.shape,
                    ),
                    hint="check that the function uses its argument, outside of sg.no_grad();"
                    " sg.stop_gradient(x) says that this is meant",
                ))  # fmt: skip

    def result(self, x: Any, tensors: bool) -> Any:
        """A node, or a NumPy value of the caller's own, as the caller expects it."""
        if tensors:
            x = as_tensor(x)
            return x if current_mode().recording else identity(x)      # a constant
        data = x.data if isinstance(x, Node) else x
        if data is None:
            return x
        # the caller's own: what a node or another derivative may share is copied
        return np.array(data) if isinstance(data, np.ndarray) else data

    def derivative(self, g: Any, tensors: bool) -> Any:
        """`result` of what was sent back."""
        found = self.result(g, tensors)
        if tensors:
            _DERIVATIVES[id(found)] = found
        return found

    def value(self) -> Any:
        """What the function gave."""
        tensors = self.gives_tensors()
        return unflatten(self.shape, [self.result(x, tensors) for x in self.outputs])

    def arguments(self, derivatives: Sequence[Any], tensors: bool) -> list[Any]:
        """Derivatives by leaves, put together in the arguments' own structures."""
        rest, found = list(derivatives), []
        for structure, count in self.structure:
            found.append(unflatten(structure, [self.derivative(g, tensors) for g in rest[:count]]))
            rest = rest[count:]
        return found

    def only_output(self, who: str) -> Tensor:
        """The one number that grad needs."""
        if len(self.outputs) != 1 or self.outputs[0].size != 1:
            shapes = ", ".join(str(x.shape) for x in self.outputs)
            raise GradientError(
                tr("{who} needs a function that gives one number", who=who),
                asked="a result of shape ()",
                came=tr("results of shape {shapes}", shapes=shapes) if shapes else "no result",
                hint="sum or average the result, or use sg.jacobian",
            )
        out: Tensor = self.outputs[0]
        return out


def _depends(out: Node, leaves: Sequence[Node]) -> bool:
    """Does any way lead from the leaves to `out`? One on which no derivative passes counts too."""
    ends = set(leaves)
    return any(node in ends or _DERIVATIVES.get(id(node)) is node for node in walk([out]))


def _no_floating_result(name: str, out: Node) -> DTypeError:
    return DTypeError(
        tr(
            "the result of {name} cannot be differentiated: it is not a floating-point number",
            name=name,
        ),
        asked="a result of dtype float32 or float64",
        came=tr("a result of shape {shape} and dtype {dtype}", shape=out.shape, dtype=out.dtype),
        hint="differentiate what it was computed from, before it was rounded, compared or counted;"
        " has_aux=True brings out such a result beside",
    )


def _as_data(seed: Any, out: Tensor, as_graph: bool) -> Any:
    if isinstance(seed, Node) and not as_graph:
        seed = seed.data
    if not isinstance(seed, Node):
        data = snapshot(seed, out.dtype, "the derivative of a result")
        if data.shape != out.shape:
            raise ShapeError(
                "the derivative of a result has its shape", asked=f"{out.shape}",
                came=f"{data.shape}",
            )  # fmt: skip
        return Tensor(None, (), NO_ATTRS, (), data, False) if as_graph else data
    return seed


def _zeros(leaf: Tensor, as_graph: bool) -> Any:
    zeros = np.zeros(leaf.shape, leaf.dtype)
    return as_tensor(zeros) if as_graph else zeros[()]


def _argnums(argnums: int | Sequence[int]) -> tuple[int, ...]:
    return (argnums,) if isinstance(argnums, int) else tuple(argnums)


def _check_args(function: Function, args: Sequence[Any], argnums: Sequence[int]) -> None:
    if not callable(function):
        raise CallError(
            "only a function can be differentiated", asked="a function", came=repr(function)
        )
    for i in argnums:
        if not 0 <= i < len(args):
            raise GradientError(
                tr("there is no positional argument {number} to differentiate by", number=i),
                asked=tr("argnums below {count}", count=len(args)),
                came=f"argnums={tuple(argnums)}",
            )


def _name_of(function: Function) -> str:
    return getattr(function, "__name__", "a function")


def named(function: Function, what: str) -> str:
    return f"{what} of {_name_of(function)}"


@overload
def value_and_grad(  # type: ignore[overload-overlap]
    function: Callable[Concatenate[X, P], R], argnums: Literal[0] = 0, *,
    has_aux: Literal[False] = False,
) -> Callable[Concatenate[X, P], tuple[R, X]]: ...
@overload
def value_and_grad(
    function: Callable[P, Any], argnums: int | Sequence[int], *, has_aux: bool = False
) -> Callable[P, tuple[Any, Any]]: ...
@overload
def value_and_grad(
    function: Callable[P, Any], argnums: int | Sequence[int] = 0, *, has_aux: bool
) -> Callable[P, tuple[Any, Any]]: ...
def value_and_grad(
    function: Function, argnums: int | Sequence[int] = 0, *, has_aux: bool = False
) -> Function:
    """A function that gives `(value, derivative)`; see `grad`.

    With `has_aux` the function gives `(number, more)`, and the result is
    `((number, more), derivative)`.

    Args:
        argnums: by which arguments: a number, or several for a tuple of derivatives.

    >>> value, slope = value_and_grad(lambda x: x * x)(3.0)
    >>> float(value), float(slope)
    (9.0, 6.0)
    """
    which = _argnums(argnums)

    def differentiated(*args: Any, **kwargs: Any) -> Any:
        _check_args(function, args, which)
        aux: list[Any] = []

        def only(*xs: Any) -> Any:
            result = function(*xs, **kwargs)
            if has_aux:
                result, more = result
                aux.append(more)
            return result

        run = _Recorded(only, args, which, _name_of(function))
        out, tensors = run.only_output("grad"), run.gives_tensors()
        derivatives = run.arguments(run.pull([ones_like(out)], tensors=tensors), tensors)
        value = run.result(out, tensors)
        first = (value, aux[0]) if has_aux else value
        return first, derivatives[0] if isinstance(argnums, int) else tuple(derivatives)

    differentiated.__name__ = named(function, "value and derivative")
    return differentiated


@overload
def grad(  # type: ignore[overload-overlap]
    function: Callable[Concatenate[X, P], Any], argnums: Literal[0] = 0, *,
    has_aux: Literal[False] = False,
) -> Callable[Concatenate[X, P], X]: ...
@overload
def grad(
    function: Callable[P, Any], argnums: int | Sequence[int], *, has_aux: bool = False
) -> Callable[P, Any]: ...
@overload
def grad(
    function: Callable[P, Any], argnums: int | Sequence[int] = 0, *, has_aux: bool
) -> Callable[P, Any]: ...
def grad(
    function: Function, argnums: int | Sequence[int] = 0, *, has_aux: bool = False
) -> Function:
    """The derivative of a function that gives one number, by its arguments `argnums`.

    It comes as its argument did: an array for an array, a tensor for a tensor. Where the function
    has captured tensors that require a gradient, such as a network's parameters, it is a tensor for
    an array too, so that a loss made of it reaches them; for the numbers alone, call it under
    `sg.no_grad()`, or make data with `sg.tensor(..., requires_grad=False)`. This holds for the
    value and the derivatives of `value_and_grad`, `vjp`, `jvp`, `jacobian`, `hessian`, `hvp` alike.

    Warns (GradientWarning) when the result does not depend on the argument at all. Raises
    GradientError if it is not one number, DTypeError if it is a whole number or a truth value.

    Args:
        has_aux: does the function give `(number, more)`? The result is then `(derivative, more)`.

    >>> slope = grad(lambda x, y: (x + y) ** 2)
    >>> float(slope(3.0, 4.0))
    14.0
    >>> float(grad(slope)(3.0, 4.0))
    2.0
    """
    both = value_and_grad(function, argnums, has_aux=has_aux)

    def differentiated(*args: Any, **kwargs: Any) -> Any:
        value, derivative = both(*args, **kwargs)
        return (derivative, value[1]) if has_aux else derivative

    differentiated.__name__ = named(function, "derivative")
    return differentiated


def vjp(
    function: Callable[..., R], *args: Any
) -> tuple[R, Callable[[Any], tuple[Any, ...]]]:
    """`(value, pull)`: pull(g) gives the derivative by each argument, for g arriving at the value.

    Raises:
        GradientError: where the derivative has another structure than the value.

    >>> value, pull = vjp(lambda x: x * x, np.array([1.0, 2.0, 3.0]))
    >>> pull(np.array([1.0, 10.0, 100.0]))[0]
    array([  2.,  40., 600.])
    """
    run = _Recorded(function, args, range(len(args)), _name_of(function))

    def pull(gradient: Any) -> tuple[Any, ...]:
        seeds, structure = flatten(gradient)
        if structure != run.shape:
            raise GradientError(
                "the derivative has another structure than the value",
                asked=_shape_of(run.shape), came=_shape_of(structure),
            )  # fmt: skip
        tensors = run.gives_tensors() or any(isinstance(s, Node) for s in seeds)
        return tuple(run.arguments(run.pull(seeds, tensors=tensors), tensors))

    return run.value(), pull


def _shape_of(structure: Structure) -> str:
    if structure.kind is None:
        return "an array"
    return f"{structure.kind.__name__} of {len(structure.children)}"


def _same_shape(x: Any, t: Any) -> None:
    asked, came = (tuple(v.shape) if hasattr(v, "shape") else np.shape(v) for v in (x, t))
    if asked != came:
        raise ShapeError(
            "a tangent has the shape of its argument", asked=f"{asked}", came=f"{came}"
        )


def jvp(function: Function, primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """`(value, change)`: how the value changes as the arguments move along `tangents`.

    Computed by two walks back: the derivative of g ↦ vjp(g), which is linear in g, gives the
    forward derivative (Townsend, "A new trick for calculating Jacobian vector products", 2017).

    Args:
        primals: the arguments.
        tangents: how they move, one for each.

    Raises:
        GradientError: where tangents and arguments are not equally many.

    >>> value, change = jvp(lambda x: x ** 3, (2.0,), (1.0,))
    >>> float(value), float(change)
    (8.0, 12.0)
    """
    if len(primals) != len(tangents):
        raise GradientError(
            "as many tangents as arguments are needed",
            asked=str(len(primals)), came=str(len(tangents)),
        )  # fmt: skip
    run = _Recorded(function, primals, range(len(primals)), _name_of(function))
    tensors = run.gives_tensors() or any(isinstance(t, Node) for t in flatten(list(tangents))[0])
    mode = current_mode()
    with in_mode(depth=mode.depth + 1, recording=True):
        seeds = [_own(ones_like(x) * 0) for x in run.outputs]
        pulled = [as_tensor(g) for g in run.pull(seeds, tensors=True)]
        along = [as_tensor(t) for t in flatten(list(tangents))[0]]
    for x, t in zip(run.leaves, along):
        _same_shape(x, t)
    starts = [(g, t) for g, t in zip(pulled, along) if g.requires_grad]
    found = run.walk_back([g for g, _ in starts], [t for _, t in starts], seeds, tensors)
    changes = [run.derivative(_zeros(s, False) if c is None else c, tensors)
               for s, c in zip(seeds, found)]  # fmt: skip
    return run.value(), unflatten(run.shape, changes)


AT_ONCE = 2**28
"""Bytes that the largest value of a batched walk back may take."""


def _pulled_rows(run: _Recorded) -> Any:
    """The derivatives of every element of the one output, side by side along a new first axis."""
    out = run.outputs[0]
    steep, seed = bool(before_a_singular_slope([out])), symbol(out.spec)

    def pull(g: Any) -> Any:
        # elsewhere 0, whatever it meets on its way
        return run.pull([g * not_equal(g, 0) if steep else g], tensors=True)[0]

    traced = trace(pull, [seed], lambda f: f(seed)).outputs
    largest = max(node.spec.nbytes for node in walk([out]))
    rows, parts = max(1, min(out.size, AT_ONCE // max(largest, 1))), []
    for start in range(0, out.size, rows):
        count = min(rows, out.size - start)
        units = as_tensor(np.eye(count, out.size, start, out.dtype).reshape(count, *out.shape))
        known: dict[Node, int] = {} if steep else {seed: start}
        parts += spread(traced, {seed: (units, True)}, count, known)
    return parts[0] if len(parts) == 1 else concatenate(*parts, axis=0)


def jacobian(
    function: Callable[Concatenate[X, P], Any], argnums: int = 0
) -> Callable[Concatenate[X, P], Any]:
    """Every derivative of every element of the value: shape (*value.shape, *argument.shape).

    One walk back, batched over the rows by the rules of `vmap`.

    Args:
        argnums: by which argument.

    Raises:
        GradientError: for more than one array in or out.

    >>> jacobian(lambda x: x * x)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """

    def differentiated(*args: Any, **kwargs: Any) -> Any:
        _check_args(function, args, (argnums,))
        run = _Recorded(
            lambda *xs: function(*xs, **kwargs), args, (argnums,), _name_of(function)
        )
        if len(run.outputs) != 1 or len(run.leaves) != 1:
            raise GradientError(
                "jacobian takes one array to one array",
                came=tr(
                    "{inputs} arrays in, {outputs} out",
                    inputs=len(run.leaves), outputs=len(run.outputs),
                ),
            )
        out, x = run.outputs[0], run.leaves[0]
        afford(
            out.size * x.size * out.dtype.itemsize,
            tr("a Jacobian of shape {shape}", shape=(*out.shape, *x.shape)),
        )
        tensors = run.gives_tensors()
        if not out.size:
            return run.derivative(np.zeros((*out.shape, *x.shape), x.dtype), tensors)
        with in_mode(recording=run.as_graph(tensors)):
            every = _pulled_rows(run)
            whole = reshape(every, shape=(*out.shape, *x.shape))
        return run.derivative(whole, tensors)

    differentiated.__name__ = named(function, "Jacobian")
    return differentiated


def hessian(
    function: Callable[Concatenate[X, P], Any], argnums: int = 0
) -> Callable[Concatenate[X, P], Any]:
    """Second derivatives of a function that gives one number: shape (*x.shape, *x.shape).

    Args:
        argnums: by which argument.

    >>> hessian(lambda x: (x ** 3).sum())(np.array([1.0, 2.0]))
    array([[ 6.,  0.],
           [ 0., 12.]])
    """
    return jacobian(grad(function, argnums), argnums)


def hvp(function: Function, x: X, v: Any) -> X:
    """The Hessian of `function` at x times v, without the Hessian (Pearlmutter, 1994).

    >>> hvp(lambda x: (x ** 3).sum(), np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    array([ 6., 12.])
    """
    slope = grad(function)
    for at, t in zip(flatten(x)[0], flatten(v)[0]):
        _same_shape(at, t)

    def directional(y: Any) -> Any:
        products = [sum(g * t) for g, t in zip(flatten(slope(y))[0], flatten(v)[0])]
        total = products[0]
        for p in products[1:]:
            total = total + p
        return total

    return grad(directional)(x)  # type: ignore[no-any-return]
