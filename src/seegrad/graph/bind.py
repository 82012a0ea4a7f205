"""The one gate through which every operation is applied.

On plain arrays an op is just its NumPy function. As soon as one input is a node, a node is made:
with numbers (eager), or without them (symbols, and everything while a function is traced).
What else happens at the gate, and whether a graph is recorded at all, is the thread's `Mode`.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from seegrad.errors import (
    CallError,
    DTypeError,
    IndexRangeError,
    NonFiniteError,
    SeegradError,
    ShapeError,
    SizeError,
    user_line,
)
from seegrad.graph.lowering import SIZES
from seegrad.graph.node import NO_ATTRS, Attrs, Frame, Node, holds_node, remedy, snapshot
from seegrad.graph.spec import spec_of
from seegrad.memory import LARGE as UNASKED
from seegrad.memory import afford
from seegrad.text import tidy

if TYPE_CHECKING:
    from seegrad.graph.op import Op


class Tracer(Protocol):
    """What turns a running function into a graph: it says which node stands for a leaf now."""

    def read(self, node: Node) -> Node:
        """The node that stands for `node` at this point of the trace."""

    def assign(self, leaf: Node, value: Any) -> None:
        """From here on `value` stands for `leaf`; it is what the leaf holds after the call."""

    def observe(self, node: Node) -> None:
        """Python looked at the numbers of `node`: the trace depends on them."""

    def keep_gradient(self, leaf: Node) -> None:
        """The gradient that `leaf` has gathered is about to change."""

    def as_recorded(self) -> AbstractContextManager[None]:
        """In this block, leaves stand for what they were when the graph was recorded."""


class Mode(NamedTuple):
    """How the gate behaves in this thread; `None` in its place means all of these defaults.

    `differentiated` are the nodes that the transforms now running differentiate by.
    """

    recording: bool = True
    tracer: Tracer | None = None
    frame: Frame | None = None
    locate: bool = False
    depth: int = 0
    differentiated: frozenset[Node] = frozenset()
    watch: Callable[[Node], None] | None = None
    watch_gradient: Callable[[Node, int, Any], None] | None = None


class _Local(threading.local):
    mode: Mode | None = None


_LOCAL = _Local()
_DEFAULT = Mode()


def current_mode() -> Mode:
    """The mode in force in this thread."""
    return _LOCAL.mode or _DEFAULT


@contextmanager
def in_mode(**changes: Any) -> Iterator[None]:
    """Run the block with the mode changed, for example `in_mode(recording=False)`."""
    before = _LOCAL.mode
    _LOCAL.mode = (before or _DEFAULT)._replace(**changes)
    try:
        yield
    finally:
        _LOCAL.mode = before


@contextmanager
def frame(name: str, op: Op | None = None) -> Iterator[None]:
    """Put the nodes made in the block into a box of this name, inside the box now open."""
    before = _LOCAL.mode
    outer = before or _DEFAULT
    _LOCAL.mode = outer._replace(frame=Frame(name, op, outer.frame))
    try:
        yield
    finally:
        _LOCAL.mode = before


def describe(op: Op, inputs: Sequence[Any]) -> str:
    """`x (100, 784) float32 · W (784, 50) float32`: the inputs by the user's names, or the op's."""
    parts = []
    for position, x in enumerate(inputs):
        name = tidy(getattr(x, "name", "")) or op.input_name(position)
        spec = spec_of(x)
        parts.append(f"{name} {spec.shape} {spec.dtype}")
    return " · ".join(parts)


NUMBERS = "fiub"
"""The kinds of dtype that values may have: floating-point, integer, unsigned, boolean."""

SINGLE = frozenset({np.float64, np.float32, np.bool})
PLAIN = SINGLE | {int, float, bool}
"""Types of single numbers that need no look; those of NumPy have a dtype."""

FLOAT32, FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)

LARGE = 2**26
"""Elements (of all inputs, multiplied) below which no result without a size of its own is large."""


HALF = 2**13
"""Two inputs of so many elements cannot make more than LARGE."""


def affordable(op: Op, values: Sequence[Any], attrs: Attrs, inputs: Sequence[Any] = ()) -> None:
    """SizeError, before anything is taken, when a result would not fit into the memory."""
    if not op.sized:
        bound = math.prod([v.size for v in values if hasattr(v, "size")])
        if bound <= LARGE:
            return
    try:
        if "shape" in attrs and "dtype" not in attrs:
            count = math.prod(attrs["shape"]) * values[0].dtype.itemsize
        else:
            count = op.spec(*map(spec_of, values), **attrs).nbytes
    except Exception:
        return  # what does not fit together is told by the op itself
    if count <= UNASKED:
        return
    try:
        sizes = "".join(f" · {k}={v!r}" for k, v in attrs.items() if k in SIZES)
        afford(count, f"a result of {describe(op, inputs or values)}{sizes}")
    except SizeError as error:
        raise explained(op, inputs or values, attrs, error) from None


def explained(op: Op, inputs: Sequence[Any], attrs: Attrs, error: Exception) -> SeegradError:
    """The clearest error we have for an op that failed: its own spec's, with what came."""
    return _clearest(op, inputs, attrs, error).of(op, inputs)


def _clearest(op: Op, inputs: Sequence[Any], attrs: Attrs, error: Exception) -> SeegradError:
    inputs = [x if hasattr(x, "dtype") else np.asarray(x) for x in inputs]
    if isinstance(error, MemoryError) and not isinstance(error, SizeError):
        return SizeError(
            f"{op.name}: the memory for its result is not there",
            asked="a result that fits into the memory that is left",
            came=describe(op, inputs),
            hint="check the sizes; work in smaller parts, or in float32",
        )
    if isinstance(error, SeegradError):
        return _retold(op, inputs, error)
    try:
        op.spec(*[spec_of(x) for x in inputs], **attrs)
    except SeegradError as clearer:
        return _retold(op, inputs, clearer)
    except Exception:
        pass
    kind: type[SeegradError] = DTypeError if isinstance(error, TypeError) else ShapeError
    if isinstance(error, FloatingPointError | RuntimeWarning):    # np.errstate(all="raise")
        kind = NonFiniteError
    return kind(f"{op.name}: {error}", came=describe(op, inputs))


def _retold(op: Op, inputs: Sequence[Any], error: SeegradError) -> SeegradError:
    """The same error with the op's name before it, and what came."""
    problem = error.problem
    if not problem.startswith(f"{op.name}: "):
        problem = f"{op.name}: {problem}"
    came = error.came or describe(op, inputs)
    return type(error)(problem, asked=error.asked, came=came, hint=error.hint, line=error.line)


def constant(op: Op, position: int, value: Any, like: Sequence[Any], cls: type[Node]) -> Node:
    """A leaf for a number or array that joins the graph as the input at `position` of `op`.

    A Python number takes the dtype that NumPy would give it beside `like` (its partners).
    """
    integer = position in op.integer_positions
    kind = type(value)
    if (kind is float or kind is int) and len(like) == 1 and like[0].dtype.kind == "f":
        data = like[0].dtype.type(value)
    elif isinstance(value, (list, tuple)) and holds_node(value):
        return numbers(op, position, value)  # type: ignore[no-any-return]
    elif integer:
        data = snapshot(numbers(op, position, value))
        if data.dtype.kind not in "iu":
            raise DTypeError(
                f"{op.name}: {op.input_name(position)} must be integers", came=f"dtype {data.dtype}"
            )
    elif kind in (int, float, bool):
        try:
            data = np.result_type(*[x.dtype for x in like], value).type(value)
        except OverflowError as error:
            raise DTypeError(
                f"{op.name}: {error}", asked="a number that fits the dtype beside it",
                came=f"{value!r}",
            ) from None  # fmt: skip
    else:
        data = snapshot(numbers(op, position, value))
    return cls(None, (), NO_ATTRS, (), data, False)


def numbers(op: Op, position: int, value: Any) -> Any:
    """`value` as an array of numbers; DTypeError for text, objects, complex numbers, dates.

    A (nested) list with nodes in it is joined into a node, so that no derivative is lost.
    """
    if type(value) is np.ndarray and value.dtype.kind in NUMBERS:
        return value
    if isinstance(value, (list, tuple)) and holds_node(value):
        return Node.makes.joined(value)
    name = op.input_name(position)
    try:
        array = value if hasattr(value, "dtype") else np.asarray(value)
    except (TypeError, ValueError):
        raise DTypeError(
            f"{op.name}: {name} is not an array of numbers",
            asked="numbers, or nested lists of numbers with equal lengths",
            came=f"a {type(value).__name__} with parts of different lengths",
        ) from None
    if array.dtype.kind not in NUMBERS or isinstance(array, np.ma.MaskedArray):
        raise strange(op, name, value, array.dtype)
    return array


def strange(op: Op, name: str, value: Any, dtype: Any) -> DTypeError:
    """The error for an input that is not made of real numbers."""
    return DTypeError(
        f"{op.name}: {name} is not made of numbers that seegrad computes with",
        asked="floating-point, integer or boolean numbers",
        came=f"{type(value).__name__} of dtype {dtype}",
        hint=remedy(value),
    )


def current_tracer() -> Tracer | None:
    """What is tracing in this thread, if anything."""
    mode = _LOCAL.mode
    return None if mode is None else mode.tracer


def gradient_watch() -> Callable[[Node, int, Any], None] | None:
    """What wants to see every derivative that is sent back in this thread, if anything."""
    mode = _LOCAL.mode
    return None if mode is None else mode.watch_gradient


def _plain(op: Op, args: tuple[Any, ...], attrs: Attrs) -> Any:
    """The op on plain arrays, numbers and lists of numbers: NumPy in, NumPy out."""
    for a in args:
        if isinstance(a, (list, tuple)) and holds_node(a):
            return bind(op, tuple([numbers(op, i, x) for i, x in enumerate(args)]), attrs)
    known = SINGLE if op.inlined or op.canonical is not None else PLAIN
    args = tuple([a if type(a) in known else numbers(op, i, a) for i, a in enumerate(args)])
    if op.inlined:
        return _body(op, args, attrs)
    try:
        if op.canonical is not None:
            attrs = op.canonical(*args, **attrs)
        if op.sized or len(args) > 1:
            affordable(op, args, attrs)
        return op.run(*args, **attrs)
    except Exception as error:
        raise explained(op, args, attrs, error) from error


def _body(op: Op, args: tuple[Any, ...], attrs: Attrs) -> Any:
    """The body of a composite; its name stands before what an op inside it says."""
    assert op.body is not None
    try:
        return op.body(*args, **attrs)
    except SeegradError as error:
        if not isinstance(error, (CallError, DTypeError, ShapeError, IndexRangeError, SizeError)):
            raise
        raise explained(op, args, attrs, error) from error
    except Exception as error:
        raise explained(op, args, attrs, error) from error


def _canonical(op: Op, inputs: Sequence[Any], attrs: Attrs) -> Attrs:
    """The attributes in the one form that rules and lowerings rely on."""
    assert op.canonical is not None
    try:
        return op.canonical(*inputs, **attrs)
    except Exception as error:
        raise explained(op, inputs, attrs, error) from error


def bind(op: Op, args: tuple[Any, ...], attrs: Attrs) -> Any:
    """Apply `op`: a node if any input is a node, otherwise a NumPy result."""
    if op.direct:
        if len(args) == 2:
            return bind_two(op, args[0], args[1])
        if len(args) == 1:
            return bind_one(op, args[0])
    elif len(args) == 1 and isinstance(args[0], Node) and not op.inlined:
        (x,) = args                              # a reduction, as a rule, and nothing else to do
        if x.data is not None and _LOCAL.mode is None:
            return _recorded(op, args, attrs, (x.data,), x.requires_grad)
    for a in args:
        if isinstance(a, Node):
            return _bind_with_care(op, args, attrs, a.makes)
    return _plain(op, args, attrs)


def _usual(x: Any) -> bool:
    """Is x an array of numbers, and not so large that its size must be looked at?"""
    return type(x) is np.ndarray and x.dtype.kind in NUMBERS and x.size <= HALF


def bind_one(op: Op, x: Any) -> Any:
    """`bind` for a direct op of one input: the plainest cases are written out for speed."""
    if type(x) is np.ndarray and (x.dtype is FLOAT32 or x.dtype is FLOAT64):
        try:
            return op.run(x)
        except Exception as error:
            raise explained(op, (x,), NO_ATTRS, error) from error
    if not isinstance(x, Node):
        return _plain(op, (x,), NO_ATTRS)
    value = x.data
    if value is None or _LOCAL.mode is not None:
        return _bind_with_care(op, (x,), NO_ATTRS, x.makes)
    try:
        data = op.run(value)
    except Exception as error:
        raise explained(op, (x,), NO_ATTRS, error) from error
    return x.makes(op, (x,), NO_ATTRS, (value,), data, x.requires_grad and op.differentiable)


def bind_two(op: Op, a: Any, b: Any) -> Any:
    """`bind` for a direct op of two inputs: the plainest case is written out for speed."""
    if isinstance(a, Node):
        if not isinstance(b, Node):
            if _LOCAL.mode is not None or a.data is None:
                return _bind_with_care(op, (a, b), NO_ATTRS, a.makes)
            b = constant(op, 1, b, (a,), a.makes)
    elif isinstance(b, Node):
        if _LOCAL.mode is not None or b.data is None:
            return _bind_with_care(op, (a, b), NO_ATTRS, b.makes)
        a = constant(op, 0, a, (b,), b.makes)
    elif _usual(a) and _usual(b):
        try:
            return op.run(a, b)
        except Exception as error:
            raise explained(op, (a, b), NO_ATTRS, error) from error
    else:
        return _plain(op, (a, b), NO_ATTRS)
    left, right = a.data, b.data
    if left is None or right is None or _LOCAL.mode is not None:
        return _bind_with_care(op, (a, b), NO_ATTRS, a.makes)
    if left.size * right.size > LARGE:
        affordable(op, (left, right), NO_ATTRS, (a, b))
    try:
        data = op.run(left, right)
    except Exception as error:
        raise explained(op, (a, b), NO_ATTRS, error) from error
    needs = (a.requires_grad or b.requires_grad) and op.differentiable
    return a.makes(op, (a, b), NO_ATTRS, (left, right), data, needs)


def _forward(op: Op, inputs: Sequence[Any], attrs: Attrs, values: tuple[Any, ...]) -> Any:
    """The op's own function on values; what it raises is explained in terms of the inputs."""
    try:
        return op.run(*values, **attrs)
    except Exception as error:
        raise explained(op, inputs, attrs, error) from error


def _recorded(
    op: Op, inputs: tuple[Node, ...], attrs: Attrs, values: tuple[Any, ...], needs: bool
) -> Node:
    """The node of an op on nodes with numbers."""
    if op.canonical is not None:
        attrs = _canonical(op, inputs, attrs)
    if op.sized or len(values) > 1:
        affordable(op, values, attrs, inputs)
    data = _forward(op, inputs, attrs, values)
    if type(data) is not np.ndarray and not isinstance(data, np.generic):
        data = np.asarray(data)
    if needs and not (op.differentiable and data.dtype.kind == "f"):
        needs = False
    return inputs[0].makes(op, inputs, attrs, values, data, needs)


def _bind_with_care(op: Op, args: tuple[Any, ...], attrs: Attrs, cls: type[Node]) -> Any:
    """`bind` where something is to be done first: constants, composites, symbols, modes."""
    if op.inlined:
        args = tuple(a if isinstance(a, Node) else numbers(op, i, a) for i, a in enumerate(args))
        with frame(op.name, op):
            return _body(op, args, attrs)
    mode = _LOCAL.mode
    tracer = mode.tracer if mode is not None else None
    needs, symbolic, found, data = False, tracer is not None, [], []
    for i, x in enumerate(args):
        if not isinstance(x, Node):
            x = constant(op, i, x, [a for a in args if hasattr(a, "dtype")], cls)
        elif tracer is not None:
            x = tracer.read(x)
        needs = needs or x.requires_grad
        symbolic = symbolic or x.data is None
        found.append(x)
        data.append(x.data)
    inputs, values = tuple(found), tuple(data)
    if symbolic:
        return _symbolic(op, inputs, attrs, needs, cls, mode)
    node = _recorded(op, inputs, attrs, values, needs)
    if mode is None:
        return node
    if not mode.recording:
        return cls(None, (), NO_ATTRS, (), node.data, False)
    node.frame = mode.frame
    if mode.locate:
        node.where = user_line()
    if mode.watch is not None:
        mode.watch(node)
    return node


def _symbolic(
    op: Op, inputs: tuple[Node, ...], attrs: Attrs, needs: bool, cls: type[Node], mode: Mode | None
) -> Node:
    """A node of which only the spec is known."""
    if op.canonical is not None:
        attrs = _canonical(op, inputs, attrs)
    try:
        spec = op.spec(*[x.spec for x in inputs], **attrs)
    except Exception as error:
        raise explained(op, inputs, attrs, error) from error
    needs = needs and op.differentiable and spec.dtype.kind == "f"
    if mode is not None and not mode.recording:
        needs = False
    node = cls(op, inputs, attrs, (), None, needs, spec)
    if mode is not None:
        node.frame = mode.frame
        node.where = user_line() if mode.locate or mode.tracer is not None else None
    return node
