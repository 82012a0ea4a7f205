"""Affine: the matrix product and the bias of a fully connected layer."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from seegrad.errors import ValueRangeError
from seegrad.i18n import tr
from seegrad.nn.initialisers import Initialiser, default_generator, initialiser, zeros
from seegrad.nn.module import Module, as_input, parameter
from seegrad.ops.linear.linalg import matmul


class Affine(Module):
    """Y = X·W + b (chapter 5.6): X (…, inputs), W (inputs, outputs), b (outputs,).

    initial: "he" (default), "xavier", "normal", "zeros", a deviation, or a function.
    dtype: of the parameters; the input is cast to it. generator: where first values are drawn
    from (default: the one of `seegrad.nn.seed`).
    Raises ShapeError naming both shapes when the input is not `inputs` wide.

    >>> Affine(3, 2)(np.ones((5, 3))).shape
    (5, 2)
    """

    kind = "affine"
    torch_names: ClassVar[dict[str, str]] = {"W": "weight.T", "b": "bias"}

    def __init__(
        self,
        inputs: int,
        outputs: int,
        bias: bool = True,
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

    def forward(self, x: Any) -> Any:
        x = as_input(x, self.W, -1, self.name or self.kind)
        product = matmul(x, self.W)
        return product if self.b is None else product + self.b

    def describe(self) -> str:
        inputs, outputs = self.W.shape
        return f"{inputs} → {outputs}" + (", bias=False" if self.b is None else "")


Linear = Affine
"""The same layer under its other name."""
