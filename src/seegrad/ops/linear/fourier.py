"""The discrete Fourier transform of numbers that are pairs: real and imaginary part, side by side.

The graph computes with real numbers: a complex array is one real array more, with a last axis of
two. One operation does the transform; what people call stands in `tensor/fft.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.errors import ShapeError
from seegrad.graph.forms import Call, LeadingAxes
from seegrad.graph.op import Case
from seegrad.graph.spec import Spec, spec_of
from seegrad.i18n import tr
from seegrad.ops.families import operation


def _spec(x: Spec, *, inverse: bool = False) -> Spec:
    if len(x.shape) < 2 or x.shape[-1] != 2:
        raise ShapeError(
            "stacked_dft: " + tr("real and imaginary parts are one axis of two, the last"),
            asked="shape (..., n, 2)", came=tr("shape {shape}", shape=x.shape),
        )  # fmt: skip
    return Spec(x.shape, x.dtype if x.dtype.kind == "f" else np.dtype(np.float64))


@operation(
    spec=_spec,
    lower=Call(LeadingAxes()),
    sign="DFT",
    latex=r"\mathcal{F}\when{inverse}{^\top}{}($x)",
    numpy=(),
    d={"x": lambda g, inverse: stacked_dft(g, inverse=not inverse)},
    cases=(
        Case(((4, 2),)),
        Case(((2, 3, 2),), {"inverse": True}),
        Case(((1, 2),)),
        Case(((2, 2, 5, 2),)),
        Case(((0, 3, 2),), {"inverse": True}),
    ),
)
def stacked_dft(x: Any, *, inverse: bool = False) -> Any:
    """Σ over m of x(m)·exp(∓2πi·km/n) for each k, along the last axis but one; (…, n, 2).

    `inverse` turns the sign of the exponent; neither divides by n. The matrix is symmetric, and
    each direction is the other's adjoint: the derivative is the transform the other way.
    """
    spec = _spec(spec_of(x), inverse=inverse)
    x = np.asarray(x, dtype=spec.dtype)
    if not x.size:
        return np.zeros(x.shape, spec.dtype)
    wide = np.float32 if x.dtype == np.float16 else x.dtype
    z = np.ascontiguousarray(x, dtype=wide).view(np.result_type(wide, np.complex64))[..., 0]
    found = np.fft.ifft(z, norm="forward") if inverse else np.fft.fft(z)
    return np.stack([found.real, found.imag], axis=-1).astype(spec.dtype)
