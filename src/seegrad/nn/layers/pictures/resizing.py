"""Pictures in another size: Upsample, PixelShuffle and its undoing."""

from __future__ import annotations

from typing import Any

from seegrad.errors import ShapeError
from seegrad.i18n import tr
from seegrad.nn.module import Module, as_array
from seegrad.nn.sizes import whole
from seegrad.ops.nn.resize import depth_to_space, interpolate, space_to_depth
from seegrad.tensor.tensor import Tensor


class Upsample(Module):
    """(N, C, …) in another size: to the lengths `size`, or times `scale`; see `interpolate`.

    mode: "nearest", "nearest-exact", "linear", "bilinear", "trilinear". align_corners: of the
    linear ones.

    >>> Upsample(scale=2)(np.ones((1, 3, 4, 5))).shape
    (1, 3, 8, 10)
    """

    def __init__(
        self,
        size: Any = None,
        scale: Any = None,
        mode: str = "nearest",
        align_corners: bool = False,
    ) -> None:
        self.size, self.scale, self.mode = size, scale, mode
        self.align_corners = align_corners

    def forward(self, x: Any) -> Tensor:
        return interpolate(x, self.size, self.scale, self.mode, self.align_corners)  # type: ignore[no-any-return]

    def describe(self) -> str:
        words = f"size={self.size}" if self.scale is None else f"scale={self.scale}"
        words += f", mode={self.mode!r}" if self.mode != "nearest" else ""
        return words + (", align_corners=True" if self.align_corners else "")


class PixelShuffle(Module):
    """(N, C·r², H, W) becomes (N, C, H·r, W·r): channels as places (Shi et al., 2016).

    Args:
        factor: how much longer height and width become.

    >>> PixelShuffle(2)(np.ones((1, 8, 3, 4))).shape
    (1, 2, 6, 8)
    """

    def __init__(self, factor: int) -> None:
        whole(factor=factor)
        self.factor = factor

    def forward(self, x: Any) -> Tensor:
        r = self.factor
        x = _fitting(x, self.name or self.kind, f"(N, C·{r * r}, H, W)", lambda s: not s[1] % r**2)
        return depth_to_space(x, r)  # type: ignore[no-any-return]

    def describe(self) -> str:
        return f"{self.factor}"


class PixelUnshuffle(Module):
    """(N, C, H·r, W·r) becomes (N, C·r², H, W): the undoing of `PixelShuffle`.

    Args:
        factor: how much shorter height and width become.

    >>> PixelUnshuffle(2)(np.ones((1, 2, 6, 8))).shape
    (1, 8, 3, 4)
    """

    def __init__(self, factor: int) -> None:
        whole(factor=factor)
        self.factor = factor

    def forward(self, x: Any) -> Tensor:
        r = self.factor
        x = _fitting(
            x, self.name or self.kind, f"(N, C, H·{r}, W·{r})",
            lambda s: not (s[2] % r or s[3] % r),
        )  # fmt: skip
        return space_to_depth(x, r)  # type: ignore[no-any-return]

    def describe(self) -> str:
        return f"{self.factor}"


def _fitting(x: Any, layer: str, asked: str, fits: Any) -> Any:
    """x as an array of pictures whose shape fits; ShapeError otherwise."""
    x = as_array(x)
    if len(x.shape) != 4 or not fits(x.shape):
        raise ShapeError(
            tr("{layer}: this is no batch of pictures", layer=layer), asked=asked,
            came=tr("an input of shape {shape}", shape=x.shape),
        )  # fmt: skip
    return x
