"""Whether two values are close: a comparison made of arithmetic, without a derivative."""

from __future__ import annotations

import numpy as np

from seegrad.errors import DTypeError
from seegrad.graph.op import Case
from seegrad.i18n import tr
from seegrad.ops.arithmetic import abs
from seegrad.ops.compare import floating, isfinite, isnan
from seegrad.ops.families import ELEMENTWISE_CASES, composite


@composite(
    sign="≈",
    latex=r"$a \approx $b",
    cases=(
        *ELEMENTWISE_CASES[2],
        Case(((3,), (3,)), {"equal_nan": True}),
        Case(((3,), (3,)), {"rtol": 0.5, "atol": 0.5}),
    ),
)
def isclose(a, b, *, rtol=1e-5, atol=1e-8, equal_nan=False):
    """Where a and b differ by no more than atol + rtol·|b|, as `numpy.isclose`.

    equal_nan: is NaN close to NaN?
    """
    for name, bound in (("rtol", rtol), ("atol", atol)):
        if not isinstance(bound, (int, float, np.number)):
            raise DTypeError(tr("{name} must be a number", name=name), came=f"{name}={bound!r}")
    b = floating(b)
    with np.errstate(invalid="ignore", over="ignore"):
        near = ((abs(a - b) <= atol + rtol * abs(b)) & isfinite(b)) | (a == b)
    return near | (isnan(a) & isnan(b)) if equal_nan else near
