"""The numbers behind `erf`: two polynomials, evaluated on blocks that stay in the cache.

Chebyshev fits made with 60-digit arithmetic; within 2 units in the last place. No op lives here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

BLOCK = 4096

# erf(√z) / √z for z ≤ 1, highest power first
NEAR = (
    -7.795898827002142e-10, 1.3720064546777686e-08, -1.6208483801871705e-07,
    1.6447424703317362e-06, -1.492473690741966e-05, 0.00012055294904839707,
    -0.0008548325975389692, 0.0052239776071164225, -0.02686617064323777, 0.11283791670945006,
    -0.37612638903183543, 1.1283791670955126,
)  # fmt: skip
# exp(x²)·(1 − erf x) over (x − 3) / (x + 3) for 1 ≤ x ≤ 6
FAR = (
    1.2801900862962662e-06, 2.023603179641757e-06, -8.008021319412685e-06,
    -1.284889451252353e-05, 6.406182073530546e-05, 4.525472635483354e-05,
    -0.0005970623517093284, 0.0007077464443901538, 0.004269136347508256, -0.024392499318273194,
    0.07166583719774874, -0.15011593650078744, 0.24560380171233195, -0.32623356004303716,
    0.17900115118138996,
)  # fmt: skip


def _polynomial(x: Array, coefficients: Sequence[float]) -> Array:
    total = np.full_like(x, coefficients[0])
    for c in coefficients[1:]:
        total *= x
        total += c
    return total


def _block(x: Array) -> Array:
    size = np.abs(x)
    near = x * _polynomial(np.minimum(x * x, 1.0), NEAR)
    if not (size > 1).any():
        return near
    far = np.clip(size, 1.0, 6.0)
    rest = np.exp(-far * far) * _polynomial((far - 3.0) / (far + 3.0), FAR)
    return np.where(size > 1, np.copysign(1.0 - rest, x), near)


def error_function(x: Array) -> Array:
    """2/√π ∫₀ˣ exp(−t²) dt of every element, in float64."""
    if x.size == 1:
        return np.full(x.shape, math.erf(x.item()))
    flat = np.ascontiguousarray(x, np.float64).reshape(-1)
    out = np.empty(flat.size)
    for start in range(0, flat.size, BLOCK):
        out[start : start + BLOCK] = _block(flat[start : start + BLOCK])
    return out.reshape(x.shape)
