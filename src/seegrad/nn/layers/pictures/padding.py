"""Something put around the last axes: zeros, a constant, or the picture's own elements."""

from __future__ import annotations

from typing import Any, ClassVar

from seegrad.errors import ShapeError, ValueRangeError
from seegrad.i18n import tr
from seegrad.nn.module import Module, as_array
from seegrad.nn.sizes import whole
from seegrad.ops.nn.padding import pad
from seegrad.tensor.tensor import Tensor
from seegrad.text import signature

_SIDES = """
    Args:
        padding: how much on every side, or a number for each side.

    Raises:
        ValueRangeError: where there is not one number for each side.
"""


class _Pad(Module):
    """What the layers share that put something around the last axes of (N, C, …).

    padding: so much on all sides; or PyTorch's numbers, from the last axis on: (left, right),
    (left, right, top, bottom), …
    """

    axes: ClassVar[int] = 2
    mode: ClassVar[str] = "constant"
    value: float = 0.0

    def __init_subclass__(cls, **more: Any) -> None:
        """Each says what all share: its sides, its error, and an example where it has none."""
        super().__init_subclass__(**more)
        valued = "value" in signature(cls.__init__).parameters
        before, after = (", ".join([size] * cls.axes) for size in "46")
        told = f"{(cls.__doc__ or '').rstrip()}\n{_SIDES}"
        if valued:
            told = told.replace("side.\n", "side.\n        value: what is put there.\n", 1)
        if ">>>" not in told:
            call = f"{cls.__name__}({'1, 5.0' if valued else '1'})"
            told += f"\n    >>> {call}(np.ones((1, 1, {before}))).shape\n    (1, 1, {after})\n"
        cls.__doc__ = f"{told}    "

    def __init__(self, padding: int | tuple[int, ...]) -> None:
        given = tuple(padding) if isinstance(padding, (tuple, list)) else (padding,) * 2 * self.axes
        if len(given) != 2 * self.axes:
            raise ValueRangeError(
                tr("padding needs a number for each side"),
                asked=tr("one number, or {count}", count=2 * self.axes),
                came=f"padding={padding!r}",
            )
        for one in given:
            whole(0, padding=one)
        self.padding = given

    def forward(self, x: Any) -> Tensor:
        x = as_array(x)
        if x.ndim < self.axes + 1:
            raise ShapeError(
                tr("{layer}: there are too few axes", layer=self.name or self.kind_name()),
                asked=tr("{axes} axes after the channels", axes=self.axes),
                came=tr("an input of shape {shape}", shape=x.shape),
            )
        pairs = zip(self.padding[-2::-2], self.padding[:: -2])
        widths = ((0, 0),) * (x.ndim - self.axes) + tuple(pairs)
        return pad(x, widths, self.value, self.mode)  # type: ignore[no-any-return]

    def describe(self) -> str:
        return f"{self.padding[0] if len(set(self.padding)) == 1 else self.padding}"


class ZeroPad2d(_Pad):
    """Zeros around (N, C, H, W): so many on all sides, or (left, right, top, bottom).

    >>> ZeroPad2d((1, 0, 0, 0))(np.ones((1, 1, 1, 2)))
    array([[[[0., 1., 1.]]]])
    """

    kind = "zero_pad"


class ZeroPad1d(ZeroPad2d):
    """Zeros around (N, C, length): so many on both sides, or (left, right)."""

    axes = 1


class ZeroPad3d(ZeroPad2d):
    """Zeros around (N, C, depth, height, width), the numbers from the last axis on."""

    axes = 3


class ConstantPad2d(_Pad):
    """A number around (N, C, H, W); sides as in `ZeroPad2d`."""

    kind = "constant_pad"

    def __init__(self, padding: int | tuple[int, ...], value: float) -> None:
        super().__init__(padding)
        self.value = value

    def describe(self) -> str:
        return f"{super().describe()}, value={self.value}"


class ConstantPad1d(ConstantPad2d):
    """A number around (N, C, length)."""

    axes = 1


class ConstantPad3d(ConstantPad2d):
    """A number around (N, C, depth, height, width)."""

    axes = 3


class ReflectionPad2d(_Pad):
    """(N, C, H, W) mirrored at its outermost elements; sides as in `ZeroPad2d`.

    >>> ReflectionPad2d((2, 1, 0, 0))(np.array([[[[1.0, 2.0, 3.0]]]]))
    array([[[[3., 2., 1., 2., 3., 2.]]]])
    """

    kind = "reflection_pad"
    mode = "reflect"


class ReflectionPad1d(ReflectionPad2d):
    """(N, C, length) mirrored at its outermost elements."""

    axes = 1


class ReflectionPad3d(ReflectionPad2d):
    """(N, C, depth, height, width) mirrored at its outermost elements."""

    axes = 3


class ReplicationPad2d(_Pad):
    """(N, C, H, W) with its outermost elements repeated; sides as in `ZeroPad2d`."""

    kind = "replication_pad"
    mode = "edge"


class ReplicationPad1d(ReplicationPad2d):
    """(N, C, length) with its outermost elements repeated."""

    axes = 1


class ReplicationPad3d(ReplicationPad2d):
    """(N, C, depth, height, width) with its outermost elements repeated."""

    axes = 3


class CircularPad2d(_Pad):
    """(N, C, H, W) with what stands at the other end; sides as in `ZeroPad2d`."""

    kind = "circular_pad"
    mode = "wrap"


class CircularPad1d(CircularPad2d):
    """(N, C, length) with what stands at the other end."""

    axes = 1


class CircularPad3d(CircularPad2d):
    """(N, C, depth, height, width) with what stands at the other end."""

    axes = 3
