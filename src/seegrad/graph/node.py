"""The only node: an operation applied to inputs, or a leaf that holds a value.

Values in a graph never change: what comes in from outside is copied unless nobody can write to
it, what was computed is reached by nobody else, and whatever goes out is read-only. A node also
keeps the values it was computed from, so that giving a leaf a new value later cannot alter what
a recorded graph remembers.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Any, ClassVar

import numpy as np

from seegrad.errors import DTypeError, Line, SeegradError, SizeError
from seegrad.graph.op import Op
from seegrad.graph.spec import Attrs, DType, Shape, Spec, native_dtype
from seegrad.i18n import tr
from seegrad.memory_budget import LARGE, afford

_next_order = count(0, -1).__next__


@dataclass(frozen=True, eq=False, slots=True)
class Frame:
    """One use of a composite or a layer: the box that its nodes fold into. Identity matters."""

    name: str
    op: Op | None = None
    parent: Frame | None = None

    @property
    def path(self) -> tuple[str, ...]:
        """The names from the outermost frame to this one."""
        names, frame = [self.name], self.parent
        while frame is not None:
            names.append(frame.name)
            frame = frame.parent
        return tuple(reversed(names))

    def __str__(self) -> str:
        return "/".join(self.path)


class Node:
    """One node of a computational graph.

    `data` is what rules compute with: an array, a NumPy scalar for shape (), or None for
    a symbol, of which only `spec` is known. `values` are the inputs' data when it was computed.
    `gradient` and `branches` are what the last backward pass brought to it, and sent on to each
    of its inputs (before sums). `order` falls from node to node as they are made, so that a
    node's is always below its inputs': a heap of orders gives users before what they use.

    Args:
        op: what computed it; None: it is a leaf.
        attrs: the attributes of its op.
        requires_grad: does it take part in differentiation?
        name: what pictures and errors call it.

    >>> import seegrad as sg
    >>> x = sg.tensor(2.0, name="x")
    >>> y = x * x
    >>> isinstance(y, Node), y.op.name, [n.name for n in y.inputs]
    (True, 'multiply', ['x', 'x'])
    """

    __slots__ = (
        "__weakref__",
        "_spec",
        "attrs",
        "branches",
        "data",
        "frame",
        "gradient",
        "inputs",
        "name",
        "op",
        "order",
        "requires_grad",
        "values",
        "where",
    )

    makes: ClassVar[type[Node]]
    """The class of the nodes that operations on this one give."""

    def __init__(
        self,
        op: Op | None,
        inputs: tuple[Node, ...],
        attrs: Attrs,
        values: tuple[Any, ...],
        data: Any,
        requires_grad: bool,
        spec: Spec | None = None,
        name: str = "",
    ) -> None:
        self.op = op
        self.inputs = inputs
        self.attrs = attrs
        self.values = values
        self.data = data
        self.requires_grad = requires_grad
        self._spec = spec
        self.name = name
        self.gradient: Any = None
        self.branches: list[Any] | None = None
        self.frame: Frame | None = None
        self.where: Line | None = None
        self.order = _next_order()

    @property
    def spec(self) -> Spec:
        """Shape and dtype."""
        data = self.data
        if data is None:
            assert self._spec is not None
            return self._spec
        return Spec(data.shape, data.dtype)

    @property
    def shape(self) -> Shape:
        data = self.data
        return self._spec.shape if data is None else data.shape  # type: ignore[union-attr]

    @property
    def dtype(self) -> DType:
        data = self.data
        return self._spec.dtype if data is None else data.dtype  # type: ignore[union-attr]

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def is_leaf(self) -> bool:
        """True for inputs and constants: nodes that no operation made."""
        return self.op is None

    def __repr__(self) -> str:
        made = self.op.name if self.op else "leaf"
        return f"<{made} {self.name!r} {self.spec}>" if self.name else f"<{made} {self.spec}>"

    @classmethod
    def joined(cls, parts: Any) -> Any:
        """One node of (nested) lists among whose elements are nodes; see `Tensor.joined`.

        See `seegrad.Tensor.joined`.

        Args:
            parts: the lists.
        """
        raise NotImplementedError


Node.makes = Node


def holds_node(value: Any, most: int = 32) -> bool:
    """Is value a node, or a (nested) list or tuple with one in it?"""
    if isinstance(value, (list, tuple)):
        return most > 0 and any(holds_node(x, most - 1) for x in value)
    return isinstance(value, Node)


def read_only(data: Any) -> np.ndarray[Any, Any]:
    """A node's data as an array for people, who may look at it but not write to it.

    It is a view, since the owner of memory may always declare itself writable again, and a view
    only where what it looks at is.
    """
    array: Any = data if type(data) is np.ndarray else np.asarray(data)
    array.setflags(write=False)
    if array.base is None:
        view: np.ndarray[Any, Any] = array.view()
        return view
    return np.asarray(memoryview(array).toreadonly())    # its base stays as it is


def settled(array: np.ndarray[Any, Any]) -> bool:
    """Can nobody write to this array's memory?"""
    if array.flags.writeable:
        return False
    base = array.base
    return base is None or (type(base) is np.ndarray and settled(base))


def conversion_hint(value: Any) -> str:
    """What to try with a value that is not made of real numbers."""
    if isinstance(value, np.ma.MaskedArray):
        return "fill the gaps first: .filled(0.0)"
    if isinstance(value, complex | np.complexfloating) or (
        isinstance(value, np.ndarray) and value.dtype.kind == "c"
    ):
        return "take the real part: .real"
    if hasattr(value, "astype"):
        return "convert it first, for example with .astype(float)"
    return "pass a number, a list of numbers or an array of them"


def native(array: Any) -> Any:
    """The array in this machine's order of bytes, in which alone is computed; files often have the
    other.

    >>> native(np.ones(2, ">f8")).dtype
    dtype('float64')
    """
    return array if array.dtype.isnative else array.astype(array.dtype.type)


def check_numbers(value: Any, array: Any, what: str = "value") -> None:
    """DTypeError unless `array`, which is `value` as NumPy has it, is made of real numbers."""
    if array.dtype.kind not in "fiub" or isinstance(value, np.ma.MaskedArray):
        raise DTypeError(
            tr("{what} has a dtype that seegrad does not compute with", what=tr(what)),
            asked="floating-point, integer or boolean numbers",
            came=tr("{kind} of dtype {dtype}", kind=type(value).__name__, dtype=array.dtype),
            hint=conversion_hint(value),
        )


def without_gaps(value: Any, what: str = "value") -> Any:
    """`value` as NumPy's array; DTypeError for a masked one, whose mask that would leave out."""
    array = np.asarray(value)
    if isinstance(value, np.ma.MaskedArray):
        check_numbers(value, array, what)
    return array


def snapshot(value: Any, dtype: Any = None, what: str = "value") -> Any:
    """`value` (array, number, nested list) as a node may hold it; copied where anyone could write.

    Raises DTypeError for anything but booleans, integers and real floating-point numbers.
    """
    try:
        dtype = None if dtype is None else native_dtype(dtype)
    except TypeError:
        raise DTypeError(
            "this is no dtype that seegrad computes with",
            asked="a floating-point, integer or boolean dtype, such as float32",
            came=f"dtype={dtype!r}",
        ) from None
    try:
        array = np.asarray(value, dtype=dtype)
    except SeegradError:
        raise                                    # a tensor in a list has said why not
    except MemoryError:
        raise SizeError(
            tr("{what} does not fit into memory", what=tr(what)),
            asked="a result that fits into the memory that is left",
            came=type(value).__name__,
            hint="check the sizes",
        ) from None
    except (TypeError, ValueError, OverflowError):
        made = "" if dtype is None else f" (to become {dtype})"
        raise DTypeError(
            tr("{name} is not an array of numbers", name=tr(what)),
            asked="numbers, or nested lists of numbers with equal lengths",
            came=f"{type(value).__name__} {repr(value)[:60]}{made}",
        ) from None
    check_numbers(value, array, what)
    array = native(array)
    if type(array) is not np.ndarray:
        array = np.array(array, subok=False)
    shared = array is value or np.may_share_memory(
        array, value if hasattr(value, "shape") else array
    )
    if shared and not settled(array):
        if array.nbytes > LARGE:                 # what is asked for is put into words only then
            afford(array.nbytes, tr("a copy of {what} {shape}", what=tr(what), shape=array.shape))
        array = array.copy(order="K")
    array.setflags(write=False)
    return array[()] if array.ndim == 0 else array
