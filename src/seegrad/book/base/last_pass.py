"""A layer's last forward pass in the books' manner, and when a derivative may go back through it.

What a pass is differs between the volumes; what is computed stands in their layers.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from seegrad.book.arrays import as_array
from seegrad.errors import GradientError, ShapeError
from seegrad.i18n import tr
from seegrad.tensor.tensor import Tensor

Pass = TypeVar("Pass")


class LastPass(Generic[Pass]):
    """A layer that remembers its last forward pass, for one backward."""

    _last: Pass | None = None
    _forwards = 0
    _ambiguous = False

    def _keep(self, last: Pass) -> Pass:
        self._last = last
        self._forwards += 1
        self._ambiguous = False
        return last

    def _passed(self, asked: str) -> Pass:
        if self._last is None:
            raise GradientError(
                tr("this layer has not seen anything yet"),
                asked=f"forward(...), {asked}",
                came=asked,
                hint=tr("call forward first: backward needs the values it keeps"),
            )
        return self._last

    def _taken_back(self) -> Pass:
        """The pass that a backward goes through; a second one for several forwards is refused."""
        last = self._passed("backward")
        if self._ambiguous:
            raise GradientError(
                tr("this layer was used more than once, and remembers only the last time"),
                asked=tr("one backward for the last forward"),
                came=tr("a second backward"),
                hint=tr("make a layer object for each use"),
            )
        self._ambiguous, self._forwards = self._forwards > 1, 0
        return last


def arriving(dout: Any, shape: tuple[int, ...]) -> Any:
    """The derivative that arrives at an output of this shape; a number stands for all of it."""
    given = as_array(dout, "dout")
    given = given.value if isinstance(given, Tensor) else given
    if given.shape != shape and given.ndim:
        raise ShapeError(
            tr("the derivative that arrives does not have the shape of the output"),
            asked=f"{shape}",
            came=f"{given.shape}",
        )
    return given
