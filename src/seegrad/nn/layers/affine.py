"""Affine, the matrix product and the bias of a fully connected layer; Bilinear; Identity."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from seegrad.errors import ShapeError, ValueRangeError
from seegrad.i18n import tr
from seegrad.nn.initialisers import Initialiser, default_generator, initialiser, zeros
from seegrad.nn.module import Module, as_array, as_input, parameter
from seegrad.nn.sizes import whole
from seegrad.ops.compare import astype
from seegrad.ops.linear.einsum import einsum
from seegrad.ops.linear.linalg import matmul
from seegrad.tensor.tensor import Tensor


class Affine(Module):
    """Y = X·W + b (chapter 5.6): X (…, inputs), W (inputs, outputs), b (outputs,).

    initial: "he" (default), "xavier", "normal", "zeros", a deviation, or a function.
    dtype: of the parameters; the input is cast to it. generator: where first values are drawn
    from (default: the one of `seegrad.nn.seed`).
    Raises ShapeError naming both shapes when the input is not `inputs` wide.

    Args:
        bias: is a number for each output added?

    Raises:
        ValueRangeError: for a width below 1.

    >>> Affine(3, 2)(np.ones((5, 3))).shape
    (5, 2)
    """

    torch_names: ClassVar[dict[str, str]] = {"W": "weight.T", "b": "bias"}

    def __init__(
        self,
        inputs: int,
        outputs: int,
        bias: bool = True,
        *,
        initial: str | float | Initialiser = "he",
        dtype: Any = np.float32,
        generator: np.random.Generator | None = None,
    ) -> None:
        for name, width in (("inputs", inputs), ("outputs", outputs)):
            if not isinstance(width, (int, np.integer)) or isinstance(width, bool) or width < 1:
                raise ValueRangeError(
                    tr("a layer is at least one value wide"),
                    asked=tr("a whole number from 1"),
                    came=f"{name}={width!r}",
                )
        chance = generator or default_generator()
        weights = initialiser(initial)((inputs, outputs), inputs, chance)
        self.W = parameter(weights, "W", dtype)
        self.b = parameter(zeros((outputs,), inputs, chance), "b", dtype) if bias else None

    def forward(self, x: Any) -> Tensor:
        x = as_input(x, self.W, -1, self.name or self.kind)
        product = matmul(x, self.W)
        return product if self.b is None else product + self.b  # type: ignore[no-any-return]

    def describe(self) -> str:
        inputs, outputs = self.W.shape
        return f"{inputs} → {outputs}" + (", bias=False" if self.b is None else "")


Linear = Affine
"""The same layer under its other name."""


class Bilinear(Module):
    """y = xᵀ·W·z + b for each output: called with x (…, left) and z (…, right).

    W (outputs, left, right), b (outputs,); initial, dtype, generator as in `Affine`.

    Args:
        bias: is a number for each output added?

    >>> Bilinear(3, 4, 2)(np.ones((5, 3)), np.ones((5, 4))).shape
    (5, 2)
    """

    def __init__(
        self,
        left: int,
        right: int,
        outputs: int,
        bias: bool = True,
        *,
        initial: str | float | Initialiser = "xavier",
        dtype: Any = np.float32,
        generator: np.random.Generator | None = None,
    ) -> None:
        whole(left=left, right=right, outputs=outputs)
        chance = generator or default_generator()
        weights = initialiser(initial)((outputs, left, right), left * right, chance)
        self.W = parameter(weights, "W", dtype)
        self.b = parameter(zeros((outputs,), left, chance), "b", dtype) if bias else None

    def forward(self, x: Any, z: Any) -> Tensor:
        x, z = (v if isinstance(v, Tensor) else np.asarray(v) for v in (x, z))
        left, right = self.W.shape[1:]
        if not x.ndim or x.shape[:-1] != z.shape[:-1] or (x.shape[-1], z.shape[-1:]) != (
            left, (right,)
        ):  # fmt: skip
            raise ShapeError(
                tr("{layer}: the input does not fit the weights", layer=self.name or self.kind),
                asked=f"(…, {left}), (…, {right})",
                came=f"{tuple(x.shape)}, {tuple(z.shape)}",
            )
        x, z = (v if v.dtype == self.W.dtype else astype(v, dtype=self.W.dtype) for v in (x, z))
        found = einsum("...i,oij,...j->...o", x, self.W, z)
        return found if self.b is None else found + self.b  # type: ignore[no-any-return]

    def describe(self) -> str:
        outputs, left, right = self.W.shape
        return f"{left}, {right} → {outputs}" + (", bias=False" if self.b is None else "")


class Identity(Module):
    """What comes in, as it is: a layer that does nothing where a layer is asked for.

    >>> Identity()(np.array([1.0, 2.0]))
    array([1., 2.])
    """

    def forward(self, x: Any) -> Tensor:
        same: Any = as_array(x)
        return same  # type: ignore[no-any-return]
