"""sg.trace: NumPy code as a graph. NumPy's functions, called with symbols, leave our operations.

The function is run once for arguments of each structure, shape and dtype; its graph is a `Body`,
which runs on arrays, or once more on nodes. What it gives for the examples is compared with what
the function gives for them by NumPy alone.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from seegrad.errors import CallError, GraphError, SeegradError, TraceError
from seegrad.graph.graph import Graph
from seegrad.graph.mode import current_mode
from seegrad.graph.node import Node
from seegrad.i18n import tr
from seegrad.ops.linear import linalg
from seegrad.tensor.tensor import Tensor, as_tensor, tensor
from seegrad.transforms.loops.body import Body, argument, as_node, traced
from seegrad.transforms.loops.control_flow import paths
from seegrad.tree import LEAF, Structure, flatten, unflatten

Function = Callable[..., Any]
NUMBERS = (Node, np.ndarray, np.generic, int, float)
TOLERANCE = {2: 1e-2, 4: 1e-4, 8: 1e-9}
"""Largest difference to NumPy, relative to the largest element, by the bytes of a number."""


class TracedFunction:
    """NumPy code that is a graph: called like the function, on arrays and on tensors.

    For arguments of other shapes, dtypes or structure it is traced again. `graph` is that of the
    examples, its inputs named like the parameters.

    >>> f = trace(lambda x: np.sin(x) ** 2, np.array([1.0, 2.0]))
    >>> f.check()
    >>> f(np.array([0.0])).tolist()
    [0.0]
    >>> f.graph.find("x").shape
    (2,)
    """

    holds: ClassVar = ("function",)
    """What a compiled function that calls this has to watch."""

    def __init__(self, function: Function, examples: Sequence[Any]) -> None:
        self.function, self.examples = function, tuple(examples)
        self.__name__ = getattr(function, "__name__", "trace").replace("<lambda>", "trace")
        self.__doc__ = function.__doc__
        self._known: dict[Any, tuple[Body, list[Node], Structure]] = {}

    def __repr__(self) -> str:
        return f"<trace of {self.__name__}>"

    def __call__(self, *args: Any) -> Any:
        """The value: NumPy values for arrays and numbers, tensors for tensors."""
        if current_mode().tracer is not None:        # a part of the graph that is being traced
            return self.function(*args)
        leaves, structure = flatten(list(args))
        arrays = [x for x in leaves if isinstance(x, NUMBERS)]
        body, captured, shape = self._traced(leaves, structure)
        nodes = any(isinstance(x, Node) for x in arrays)
        if nodes or any(x.requires_grad for x in captured):
            found = body.applied([*captured, *map(as_tensor, arrays)])
        else:
            values = [as_tensor(x).data for x in arrays]
            found = [np.array(x) if np.ndim(x) else x
                     for x in body([*(x.data for x in captured), *values])]  # fmt: skip
        return unflatten(shape, found)

    @property
    def graph(self) -> Graph:
        """The graph for the examples, with their numbers."""
        found = flatten(self(*named_examples(self.function, self.examples)))[0]
        return Graph([x for x in found if isinstance(x, Tensor)])

    def show(self, **options: Any) -> None:
        """Show the graph in the browser, or in the notebook.

        See `seegrad.show`.

        Args:
            options: as for `seegrad.show`.
        """
        (self.graph.outputs[-1]).show(**options)  # type: ignore[attr-defined]

    def _traced(
        self, leaves: Sequence[Any], structure: Structure
    ) -> tuple[Body, list[Node], Structure]:
        """The graph for arguments like these, what it has captured, and the results' structure."""
        specs = [as_tensor(x).spec if isinstance(x, NUMBERS) else x for x in leaves]
        key = structure, tuple(x if isinstance(x, NUMBERS) else repr(x) for x in specs)
        if key in self._known:
            return self._known[key]
        held = [argument(s) if isinstance(x, NUMBERS) else x for s, x in zip(specs, leaves)]
        symbols = [x for x in held if isinstance(x, Tensor)]

        def run(_: Any) -> Any:
            return self.function(*unflatten(structure, held))

        row = Structure(list, (), (LEAF,) * len(symbols))
        try:
            result, captured = traced(run, [(row, symbols)])
        except ValueError as error:              # NumPy's, where it asked a symbol for its numbers
            if not isinstance(error.__cause__, SeegradError):
                raise
            raise TraceError(
                "trace: a value is written into an array of NumPy's, which would lose it",
                asked="code that makes new arrays", came="array[…] = value",
                hint="np.stack([…]) or np.concatenate of the parts, or x.at[…].set(value)",
            ) from error
        outs, shape = flatten(result)
        for x in outs:
            if not isinstance(x, NUMBERS):
                raise TraceError(
                    tr("trace: {name} gives what is no array", name=self.__name__),
                    asked="arrays and numbers, in tuples, lists and dictionaries",
                    came=type(x).__name__,
                )  # fmt: skip
        body = Body([*captured.values(), *symbols], [as_node(x, captured) for x in outs],
                    self.__name__)  # fmt: skip
        self._known[key] = body, list(captured), shape
        return self._known[key]

    def check(self) -> None:
        """GraphError where the graph does not give what NumPy gives for the examples."""
        plain = [unflatten(structure, [x.value if isinstance(x, Tensor) else x for x in leaves])
                 for leaves, structure in map(flatten, self.examples)]  # fmt: skip
        with np.errstate(all="ignore"):
            ours, theirs = flatten(self(*plain)), flatten(self.function(*plain))
        same = ours[1] == theirs[1] and all(map(_near, ours[0], theirs[0]))
        if not same:
            raise GraphError(
                tr("trace: {name} does not give what NumPy gives", name=self.__name__),
                asked="the same numbers for arrays and for tensors",
                hint="look for what depends on type(x), or on numbers of its own such as a random"
                " generator's",
            )


def _names(function: Function, examples: Sequence[Any]) -> list[str]:
    """What the arguments are called in the function."""
    try:
        bound = inspect.signature(function).bind(*examples)
    except (TypeError, ValueError):
        return [f"x{i}" for i in range(len(examples))]
    names: list[str] = []
    for name, value in bound.arguments.items():
        kind = bound.signature.parameters[name].kind
        several = kind is inspect.Parameter.VAR_POSITIONAL
        names += [f"{name}[{i}]" for i in range(len(value))] if several else [name]
    return names


def named_examples(function: Function, examples: Sequence[Any]) -> list[Any]:
    """The arguments with their arrays as leaves, called like the parameters of the function."""
    return [
        unflatten(structure, [
            tensor(x, name=f"{name}{path.removeprefix('_')}") if isinstance(x, NUMBERS) else x
            for x, path in zip(leaves, paths(structure, "_"))
        ])
        for name, (leaves, structure) in zip(_names(function, examples), map(flatten, examples))
    ]  # fmt: skip


def _near(x: Any, y: Any) -> bool:
    a, b = (np.asarray(v.data if isinstance(v, Node) else v) for v in (x, y))
    if a.shape != b.shape:
        return False
    if b.dtype.kind != "f" or not b.size:
        return bool(np.array_equal(a, b))
    fine = np.isfinite(b)
    scale = max(float(np.abs(b[fine]).max()), 1e-6) if fine.any() else 1.0
    tolerance = TOLERANCE.get(min(a.dtype.itemsize, b.dtype.itemsize), 1e-9) * scale
    return bool(np.allclose(a, b, rtol=0, atol=tolerance, equal_nan=True))


def trace(x: Any, *examples: Any, **settings: Any) -> Any:
    """NumPy code as a graph: `trace(f, *examples)`; of an array, the sum of its diagonal.

    Args:
        x: a function of arrays, written with NumPy's functions and operators, or sg's.
        examples: arguments as it is called with: arrays, numbers, or trees of them; what else it
            takes (a string, say) is part of the program.
        settings: `offset`, `axis1`, `axis2`, `dtype`, of an array.

    Gives a `TracedFunction`: called like the function, differentiated, compiled and drawn
    (`.graph`, `.show()`), and compared with NumPy on the examples. Raises DTypeError that names a
    function of NumPy's that is not known here, TraceError where Python decides by a value,
    MutationError where a value is written to, GraphError where the numbers differ.

    Raises:
        CallError: where examples are missing.

    >>> f = trace(lambda x: np.sum(np.tanh(x) ** 2), np.ones(3))
    >>> [node.op.name for node in f.graph.operations]
    ['tanh', 'power_scalar', 'sum']
    >>> float(trace(np.eye(3)))
    3.0
    """
    if not callable(x):
        return linalg.trace(x, *examples, **settings)
    if not examples or settings:
        raise CallError(
            "trace needs examples of the arguments", asked="trace(f, x, …)",
            came="trace(f)" if not settings else f"{', '.join(settings)}=",
            hint="pass arrays of the shapes and dtypes that f takes",
        )  # fmt: skip
    made = TracedFunction(x, examples)
    made.check()
    return made
