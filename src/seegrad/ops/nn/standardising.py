"""Numbers moved to mean 0 and deviation 1 along axes: what every layer that normalises begins with.

The layers themselves, with what they learn and remember, are in `nn/layers/normalisation.py`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from seegrad.errors import ShapeError
from seegrad.graph.forms import Body
from seegrad.graph.op import Case
from seegrad.graph.spec import Shape, Spec
from seegrad.i18n import tr
from seegrad.ops.arithmetic import sqrt
from seegrad.ops.families import operation, some_axes
from seegrad.ops.reduce import mean


def _attrs(x: Any, *, axis: Any, eps: Any) -> dict[str, Any]:
    axes = tuple(sorted(some_axes(axis, len(x.shape))))
    if not math.prod(x.shape[i] for i in axes):
        raise ShapeError(
            "the mean of no elements is not defined",
            came=tr("shape {shape}", shape=tuple(x.shape)),
        )
    return {"axis": axes, "eps": float(eps)}


def _spec(x: Spec, *, axis: Shape, eps: float) -> Spec:
    return Spec(x.shape, x.dtype if x.dtype.kind == "f" else np.dtype(np.float64))


def _body(x, *, axis, eps):
    centred = x - mean(x, axis=axis, keepdims=True)
    return centred / sqrt(mean(centred * centred, axis=axis, keepdims=True) + eps)


def _rule(g: Any, x: Any, axis: Shape, eps: float) -> Any:
    centred = x - mean(x, axis=axis, keepdims=True)
    deviation = sqrt(mean(centred * centred, axis=axis, keepdims=True) + eps)
    scaled = centred / deviation
    along = scaled * mean(g * scaled, axis=axis, keepdims=True)
    return (g - mean(g, axis=axis, keepdims=True) - along) / deviation


@operation(
    spec=_spec,
    canonical=_attrs,
    lower=Body(),
    body=_body,
    sign="(x−μ)/σ",
    latex=r"\operatorname{standardize} $x",
    numpy=(),
    d={"x": _rule},
    cases=(
        Case(((3,),), {"axis": -1, "eps": 1e-5}),
        Case(((2, 3),), {"axis": None, "eps": 0.1}),
        Case(((2, 3, 4),), {"axis": (0, 2), "eps": 1e-3}),
        Case(((0, 3),), {"axis": 1, "eps": 1e-5}),
    ),
    family="reduction",
)  # fmt: skip
def standardize(x, *, axis=-1, eps=1e-5):
    """x minus its mean along `axis` (None: all; or several), over √(variance + eps).

    Going back, what all elements have in common, and what only makes them wider, is taken away
    (Ioffe and Szegedy, 2015). Raises ShapeError where there is nothing to take the mean of.
    """
    return _body(x, axis=axis, eps=eps)
