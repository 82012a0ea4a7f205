"""The two nodes that the chapter starts with: × and +."""

from __future__ import annotations

from typing import Any

from seegrad.book.base.layer import Layer, as_given, as_leaf


class MulLayer(Layer):
    """A × node: sends back the arriving derivative times the other input (chapter 5.4.1).

    >>> apples = MulLayer()
    >>> apples.forward(100, 2)
    200
    >>> apples.backward(1.5)
    (3.0, 150.0)
    """

    x: Any = None
    y: Any = None

    def forward(self, x: Any, y: Any) -> Any:
        """x times y; both are kept."""
        self.x, self.y = x, y
        left, right = as_leaf(x, "x"), as_leaf(y, "y")
        return as_given(self._remember((left, right), left * right), x, y)

    def backward(self, dout: Any) -> tuple[Any, Any]:
        """The derivatives by x and by y."""
        by_x, by_y = self._to_each_side(dout)
        return as_given(by_x, dout, self.y), as_given(by_y, dout, self.x)


class AddLayer(Layer):
    """A + node: sends the arriving derivative on to both sides (chapter 5.4.2); keeps no input.

    >>> both = AddLayer()
    >>> both.forward(200, 450), both.backward(1.1)
    (650, (1.1, 1.1))
    """

    def forward(self, x: Any, y: Any) -> Any:
        """x plus y."""
        left, right = as_leaf(x, "x"), as_leaf(y, "y")
        return as_given(self._remember((left, right), left + right), x, y)

    def backward(self, dout: Any) -> tuple[Any, Any]:
        """The derivatives by x and by y."""
        by_x, by_y = self._to_each_side(dout)
        return as_given(by_x, dout), as_given(by_y, dout)
