"""Python's operators on tensors: each applies one operation of the table."""

from __future__ import annotations

from typing import Self

from seegrad.graph.bind import bind_one, bind_two
from seegrad.graph.node import Node
from seegrad.graph.spec import Operand
from seegrad.ops import arithmetic, bits, compare, transcendental
from seegrad.ops.linear import linalg
from seegrad.tensor.numpy_names import NUMPY_FUNCTIONS, round


class Operators(Node):
    """A node with Python's operators."""

    __slots__ = ()

    def __add__(self, other: Operand) -> Self:
        return bind_two(arithmetic.add, self, other)

    def __radd__(self, other: Operand) -> Self:
        return bind_two(arithmetic.add, other, self)

    def __sub__(self, other: Operand) -> Self:
        return bind_two(arithmetic.subtract, self, other)

    def __rsub__(self, other: Operand) -> Self:
        return bind_two(arithmetic.subtract, other, self)

    def __mul__(self, other: Operand) -> Self:
        return bind_two(arithmetic.multiply, self, other)

    def __rmul__(self, other: Operand) -> Self:
        return bind_two(arithmetic.multiply, other, self)

    def __truediv__(self, other: Operand) -> Self:
        return bind_two(arithmetic.divide, self, other)

    def __rtruediv__(self, other: Operand) -> Self:
        if type(other) in (int, float) and other == 1:
            return arithmetic.reciprocal(self)
        return bind_two(arithmetic.divide, other, self)

    def __floordiv__(self, other: Operand) -> Self:
        return arithmetic.floor_divide(self, other)

    def __rfloordiv__(self, other: Operand) -> Self:
        return arithmetic.floor_divide(other, self)

    def __mod__(self, other: Operand) -> Self:
        return arithmetic.mod(self, other)

    def __rmod__(self, other: Operand) -> Self:
        return arithmetic.mod(other, self)

    def __pow__(self, other: Operand) -> Self:
        if type(other) in (int, float):
            return arithmetic.power_scalar(self, exponent=other)
        return transcendental.power(self, other)

    def __rpow__(self, other: Operand) -> Self:
        return transcendental.power(other, self)

    def __matmul__(self, other: Operand) -> Self:
        return bind_two(linalg.matmul, self, other)

    def __rmatmul__(self, other: Operand) -> Self:
        return linalg.matmul(other, self)

    def __neg__(self) -> Self:
        return bind_one(arithmetic.negative, self)

    def __pos__(self) -> Self:
        return self

    def __abs__(self) -> Self:
        return arithmetic.abs(self)

    def __eq__(self, other: object) -> Self:  # type: ignore[override]
        return compare.equal(self, other)  # type: ignore[no-any-return]

    def __ne__(self, other: object) -> Self:  # type: ignore[override]
        return compare.not_equal(self, other)  # type: ignore[no-any-return]

    def __lt__(self, other: Operand) -> Self:
        return compare.less(self, other)  # type: ignore[no-any-return]

    def __le__(self, other: Operand) -> Self:
        return compare.less_equal(self, other)  # type: ignore[no-any-return]

    def __gt__(self, other: Operand) -> Self:
        return compare.greater(self, other)  # type: ignore[no-any-return]

    def __ge__(self, other: Operand) -> Self:
        return compare.greater_equal(self, other)  # type: ignore[no-any-return]

    def __invert__(self) -> Self:
        return NUMPY_FUNCTIONS["invert"](self)  # type: ignore[no-any-return]

    def __and__(self, other: Operand) -> Self:
        return NUMPY_FUNCTIONS["bitwise_and"](self, other)  # type: ignore[no-any-return]

    def __or__(self, other: Operand) -> Self:
        return NUMPY_FUNCTIONS["bitwise_or"](self, other)  # type: ignore[no-any-return]

    def __xor__(self, other: Operand) -> Self:
        return NUMPY_FUNCTIONS["bitwise_xor"](self, other)  # type: ignore[no-any-return]

    def __lshift__(self, other: Operand) -> Self:
        return bits.bitwise_left_shift(self, other)

    def __rlshift__(self, other: Operand) -> Self:
        return bits.bitwise_left_shift(other, self)

    def __rshift__(self, other: Operand) -> Self:
        return bits.bitwise_right_shift(self, other)

    def __rrshift__(self, other: Operand) -> Self:
        return bits.bitwise_right_shift(other, self)

    def __divmod__(self, other: Operand) -> tuple[Self, Self]:
        return arithmetic.floor_divide(self, other), arithmetic.mod(self, other)

    def __rdivmod__(self, other: Operand) -> tuple[Self, Self]:
        return arithmetic.floor_divide(other, self), arithmetic.mod(other, self)

    def __round__(self, digits: int | None = None) -> Self:
        return round(self, digits or 0)  # type: ignore[no-any-return]

    def __floor__(self) -> Self:
        return arithmetic.floor(self)

    def __ceil__(self) -> Self:
        return arithmetic.ceil(self)

    def __trunc__(self) -> Self:
        return arithmetic.trunc(self)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    __hash__ = Node.__hash__
