"""Python's operators on tensors: each applies one operation of the table."""

from __future__ import annotations

from typing import Any

from seegrad.graph.bind import bind_one, bind_two
from seegrad.graph.node import Node
from seegrad.ops import arithmetic, bits, compare, transcendental
from seegrad.ops.linear import linalg
from seegrad.tensor.numpy_names import NUMPY_FUNCTIONS, round


class Operators(Node):
    """A node with Python's operators."""

    __slots__ = ()

    def __add__(self, other: Any) -> Any:
        return bind_two(arithmetic.add, self, other)

    def __radd__(self, other: Any) -> Any:
        return bind_two(arithmetic.add, other, self)

    def __sub__(self, other: Any) -> Any:
        return bind_two(arithmetic.subtract, self, other)

    def __rsub__(self, other: Any) -> Any:
        return bind_two(arithmetic.subtract, other, self)

    def __mul__(self, other: Any) -> Any:
        return bind_two(arithmetic.multiply, self, other)

    def __rmul__(self, other: Any) -> Any:
        return bind_two(arithmetic.multiply, other, self)

    def __truediv__(self, other: Any) -> Any:
        return bind_two(arithmetic.divide, self, other)

    def __rtruediv__(self, other: Any) -> Any:
        if type(other) in (int, float) and other == 1:
            return arithmetic.reciprocal(self)
        return bind_two(arithmetic.divide, other, self)

    def __floordiv__(self, other: Any) -> Any:
        return arithmetic.floor_divide(self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return arithmetic.floor_divide(other, self)

    def __mod__(self, other: Any) -> Any:
        return arithmetic.mod(self, other)

    def __rmod__(self, other: Any) -> Any:
        return arithmetic.mod(other, self)

    def __pow__(self, other: Any) -> Any:
        if type(other) in (int, float):
            return arithmetic.power_scalar(self, exponent=other)
        return transcendental.power(self, other)

    def __rpow__(self, other: Any) -> Any:
        return transcendental.power(other, self)

    def __matmul__(self, other: Any) -> Any:
        return bind_two(linalg.matmul, self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return linalg.matmul(other, self)

    def __neg__(self) -> Any:
        return bind_one(arithmetic.negative, self)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return arithmetic.abs(self)

    def __eq__(self, other: Any) -> Any:
        return compare.equal(self, other)

    def __ne__(self, other: Any) -> Any:
        return compare.not_equal(self, other)

    def __lt__(self, other: Any) -> Any:
        return compare.less(self, other)

    def __le__(self, other: Any) -> Any:
        return compare.less_equal(self, other)

    def __gt__(self, other: Any) -> Any:
        return compare.greater(self, other)

    def __ge__(self, other: Any) -> Any:
        return compare.greater_equal(self, other)

    def __invert__(self) -> Any:
        return NUMPY_FUNCTIONS["invert"](self)

    def __and__(self, other: Any) -> Any:
        return NUMPY_FUNCTIONS["bitwise_and"](self, other)

    def __or__(self, other: Any) -> Any:
        return NUMPY_FUNCTIONS["bitwise_or"](self, other)

    def __xor__(self, other: Any) -> Any:
        return NUMPY_FUNCTIONS["bitwise_xor"](self, other)

    def __lshift__(self, other: Any) -> Any:
        return bits.bitwise_left_shift(self, other)

    def __rlshift__(self, other: Any) -> Any:
        return bits.bitwise_left_shift(other, self)

    def __rshift__(self, other: Any) -> Any:
        return bits.bitwise_right_shift(self, other)

    def __rrshift__(self, other: Any) -> Any:
        return bits.bitwise_right_shift(other, self)

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> Any:
        return other // self, other % self

    def __round__(self, digits: int | None = None) -> Any:
        return round(self, digits or 0)

    def __floor__(self) -> Any:
        return arithmetic.floor(self)

    def __ceil__(self) -> Any:
        return arithmetic.ceil(self)

    def __trunc__(self) -> Any:
        return arithmetic.trunc(self)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    __hash__ = Node.__hash__
