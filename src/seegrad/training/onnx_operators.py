"""The former place of `seegrad.onnx.operators`, for one release. Nothing is defined here."""

from __future__ import annotations

import warnings
from typing import Any

from seegrad.onnx import operators


def __getattr__(name: str) -> Any:
    found = getattr(operators, name)
    if not name.startswith("__"):
        warnings.warn(
            f"seegrad.training.onnx_operators.{name} has moved to seegrad.onnx.operators",
            DeprecationWarning,
            stacklevel=2,
        )
    return found
