"""A warm call of a compiled function reads from top to bottom in few functions."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import numpy as np

import seegrad as sg

MOST = 20


def functions_of(call: Any) -> list[str]:
    """The compiler's own functions that a call enters, each once, in order."""
    entered: dict[str, None] = {}

    def seen(frame: FrameType, event: str, argument: Any) -> None:
        code = frame.f_code
        inside = "<" in code.co_name  # a comprehension is read where it stands
        if event == "call" and "/seegrad/compiler/" in code.co_filename and not inside:
            entered[f"{code.co_filename.rpartition('/')[2]} {code.co_qualname}"] = None

    sys.setprofile(seen)
    try:
        call()
    finally:
        sys.setprofile(None)
    return list(entered)


def test_a_warm_call_goes_through_few_functions():
    x = np.ones(8)
    step = sg.compile(lambda x: sg.exp(x) * 2)
    cold = functions_of(lambda: step(x))
    for _ in range(3):
        warm = functions_of(lambda: step(x))
    assert warm[0] == "compile.py Compiled.__call__"
    assert "specialization.py Variant.run" in warm
    assert any(name.startswith("executable.py") for name in warm)
    assert len(warm) <= MOST < len(cold), warm
