"""Scalar expressions: what a kernel computes at one point of its space."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from seegrad.compiler.ir.buffer import View
from seegrad.graph.spec import DType

# --------------------------------------------------------------- expressions


class Expression:
    """A value at each point of a kernel's space. Identity matters: shared parts are objects."""

    __slots__ = ("dtype",)
    dtype: DType


class Load(Expression):
    """An element of a view whose axes are the kernel's (stride 0 where it does not vary)."""

    __slots__ = ("view",)

    def __init__(self, view: View) -> None:
        self.view, self.dtype = view, view.dtype


class MaskedLoad(Load):
    """An element of a view that reaches beyond its memory, and 0 there: read only where, for each
    (axis, inner, step, size) of `bounds`, position[axis] - step · position[inner] is in 0 … size.
    """

    __slots__ = ("bounds",)

    def __init__(self, view: View, bounds: Sequence[tuple[int, int, int, int]]) -> None:
        super().__init__(view)
        self.bounds = tuple(bounds)

    @property
    def counted(self) -> set[int]:
        """The axes whose positions it asks for."""
        return {axis for outer, inner, _, _ in self.bounds for axis in (outer, inner)}


class Literal(Expression):
    """A number."""

    __slots__ = ("value",)

    def __init__(self, value: Any, dtype: DType) -> None:
        self.value, self.dtype = value, dtype

    @property
    def real(self) -> bool:
        """Whether it is one of the real numbers that native code computes with."""
        return self.dtype.name in ("float32", "float64")


class Argument(Expression):
    """A number that a kernel is given at every call, the one with this place among them."""

    __slots__ = ("place",)

    def __init__(self, place: int, dtype: DType) -> None:
        self.place, self.dtype = place, dtype


class Apply(Expression):
    """A function of the scalar language, on arguments all cast to `compute` first."""

    __slots__ = ("arguments", "compute", "function")

    def __init__(
        self, function: str, arguments: Sequence[Expression], dtype: DType, compute: DType
    ) -> None:
        self.function, self.arguments = function, tuple(arguments)
        self.dtype, self.compute = dtype, compute


class Reduced(Expression):
    """A reduction (sum, prod, max, min, all, any) of a value over the kernel's reduced axes."""

    __slots__ = ("argument", "kind")

    def __init__(self, kind: str, argument: Expression, dtype: DType) -> None:
        self.kind, self.argument, self.dtype = kind, argument, dtype


class Accumulated(Expression):
    """What a product has summed at this point."""

    __slots__ = ()

    def __init__(self, dtype: DType) -> None:
        self.dtype = dtype


class Counter(Expression):
    """The position along an axis of the kernel's space."""

    __slots__ = ("axis",)

    def __init__(self, axis: int, dtype: DType) -> None:
        self.axis, self.dtype = axis, dtype


def parts(e: Expression) -> tuple[Expression, ...]:
    """The expressions that `e` is made from directly."""
    if isinstance(e, Apply):
        return e.arguments
    if isinstance(e, Reduced):
        return (e.argument,)
    return ()


def every(roots: Sequence[Expression]) -> Iterator[Expression]:
    """Each expression below the roots, once, parts before wholes; no recursion."""
    seen: set[int] = set()
    stack = [(e, False) for e in reversed(roots)]
    while stack:
        e, ready = stack.pop()
        if ready:
            yield e
        elif id(e) not in seen:
            seen.add(id(e))
            stack.append((e, True))
            stack.extend((x, False) for x in parts(e) if id(x) not in seen)


def rebuild(
    roots: Sequence[Expression], change: Callable[[Expression], Expression | None]
) -> list[Expression]:
    """The roots again, with what `change` replaces replaced (parts first)."""
    done: dict[int, Expression] = {}
    for e in every(roots):
        new = change(e)
        if new is None:
            inner = tuple(done[id(x)] for x in parts(e))
            same = all(a is b for a, b in zip(inner, parts(e)))
            if same:
                new = e
            elif isinstance(e, Apply):
                new = Apply(e.function, inner, e.dtype, e.compute)
            else:
                assert isinstance(e, Reduced)
                new = Reduced(e.kind, inner[0], e.dtype)
        done[id(e)] = new
    return [done[id(e)] for e in roots]
