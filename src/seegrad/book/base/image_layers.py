"""Layers of images in the book's manner: Convolution and Pooling (chapter 7)."""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.book.base.layer import Layer, as_leaf, plain
from seegrad.book.util import im2col, whole_from
from seegrad.errors import ShapeError, ValueRangeError
from seegrad.i18n import tr
from seegrad.ops.nn.convolution import conv
from seegrad.ops.nn.pooling import max_pool
from seegrad.ops.shape import reshape
from seegrad.tensor.tensor import Tensor


def as_images(layer: str, x: Any) -> Tensor:
    """`x` as a leaf of images (N, C, H, W), or an error that tells how one image gets its axes."""
    leaf = as_leaf(x, "x")
    if len(leaf.shape) != 4:
        raise ShapeError(
            tr("{name} takes images", name=layer),
            asked=tr("four axes: images, channels, height, width"),
            came=f"x {leaf.shape}",
            hint=tr("one image of one channel: x.reshape(1, 1, height, width)"),
        )
    return leaf


def value_of(x: Any) -> Any:
    """The array of what a layer has kept."""
    return x.value if isinstance(x, Tensor) else x


class Convolution(Layer):
    """Filters W (FN, C, FH, FW) that slide over images (N, C, H, W), and a bias b (FN,) (7.4.3).

    stride: from one place to the next; pad: zeros around. After `backward`, `dW` and `db` have the
    shapes of W and b. `col` and `col_W` are the two matrices whose product the book computes.
    Raises ShapeError where images, W and b do not fit, or the filter is larger than the image.

    >>> layer = Convolution(np.ones((1, 1, 2, 2)), np.zeros(1))
    >>> layer.forward(np.arange(9.0).reshape(1, 1, 3, 3))[0, 0]
    array([[ 8., 12.],
           [20., 24.]])
    """

    learned = "W", "b"

    def __init__(
        self, W: Any, b: Any, stride: int = 1, pad: int = 0, names: tuple[str, str] = ("W", "b")
    ) -> None:
        self.W, self.b, self.names = W, b, names
        self.stride, self.pad = whole_from("stride", stride, 1), whole_from("pad", pad, 0)
        self.x: Any = None
        self.dW: Any = None
        self.db: Any = None

    def forward(self, x: Any) -> Any:
        """The images that the filters give: (N, FN, out_h, out_w)."""
        leaf, weights = as_images("Convolution", x), as_leaf(self.W, self.names[0])
        bias = as_leaf(self.b, self.names[1])
        if len(weights.shape) != 4 or bias.shape not in ((), weights.shape[:1]):
            raise ShapeError(
                tr("Convolution: W and b do not fit"),
                asked=tr("W (FN, C, FH, FW), and b with one value for each of the FN filters"),
                came=f"W {weights.shape} · b {bias.shape}",
            )
        if leaf.shape[1] != weights.shape[1]:
            raise ShapeError(
                tr("Convolution: the filters have other channels than the images"),
                asked=tr("images with {count} channels, for W {shape}", count=weights.shape[1],
                         shape=weights.shape),
                came=f"x {leaf.shape}",
            )  # fmt: skip
        self.x, self._leaves = x, (weights, bias)
        out = conv(leaf, weights, steps=self.stride, padding=self.pad)
        out = out + (reshape(bias, shape=(bias.shape[0], 1, 1)) if bias.shape else bias)
        return plain(self._remember((leaf, weights, bias), out), x, self.W, self.b)

    def backward(self, dout: Any) -> Any:
        """The derivative by the images; keeps dW, and db, the sum over images and places."""
        return self._sent_back_with_learned(dout)

    @property
    def col(self) -> Any:
        """The windows of the last images as rows."""
        self._passed("col")
        height, width = self._leaves[0].shape[2:]
        return im2col(value_of(self.x), height, width, self.stride, self.pad)

    @property
    def col_W(self) -> Any:
        """The filters as columns."""
        W = np.asarray(value_of(self.W))
        return W.reshape(len(W), -1).T


class Pooling(Layer):
    """The largest value of every window (7.4.4).

    Windows of pool_h × pool_w, `stride` apart; `pad` puts around what is never the largest. Where
    several values of a window are equally large, they share the derivative.

    >>> Pooling(2, 2, stride=2).forward(np.arange(16.0).reshape(1, 1, 4, 4))[0, 0]
    array([[ 5.,  7.],
           [13., 15.]])
    """

    def __init__(self, pool_h: int, pool_w: int, stride: int = 1, pad: int = 0) -> None:
        self.pool_h, self.pool_w = whole_from("pool_h", pool_h, 1), whole_from("pool_w", pool_w, 1)
        self.stride, self.pad = whole_from("stride", stride, 1), whole_from("pad", pad, 0)
        if self.pad >= min(self.pool_h, self.pool_w):
            raise ValueRangeError(
                tr("a window would see padding alone"),
                asked=tr("pad less than the window"),
                came=f"pool_h={pool_h}, pool_w={pool_w}, pad={pad}",
            )
        self.x: Any = None

    def forward(self, x: Any) -> Any:
        """The images (N, C, out_h, out_w)."""
        leaf, around = as_images("Pooling", x), (self.pad, self.pad)
        self.x = x
        out = max_pool(
            leaf, size=(self.pool_h, self.pool_w), steps=self.stride, padding=(around, around)
        )
        return plain(self._remember((leaf,), out), x)

    def backward(self, dout: Any) -> Any:
        """dout where the largest values were, else 0."""
        (dx,) = self._sent_back(dout, self._inputs)
        return plain(dx, dout)

    @property
    def arg_max(self) -> Any:
        """For each window, one after the other, which of its values is the largest."""
        self._passed("arg_max")
        around = ((0, 0), (0, 0), (self.pad, self.pad), (self.pad, self.pad))
        whole = np.pad(value_of(self.x).astype(float), around, constant_values=-np.inf)
        rows = np.asarray(im2col(whole, self.pool_h, self.pool_w, self.stride))
        return rows.reshape(-1, self.pool_h * self.pool_w).argmax(axis=1)
