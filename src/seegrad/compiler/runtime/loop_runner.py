"""Kernels that run programs inside, where Python must: a body calls NumPy, or takes threads."""

from __future__ import annotations

from typing import Any

import numpy as np

from seegrad.compiler.ir.loop_call import LoopCall
from seegrad.compiler.runtime.numpy_fallback import Arrays, array_at


def run(kernel: LoopCall, arrays: Arrays, table: np.ndarray[Any, Any], step: int) -> None:
    """The kernel once, in one step of what is around it; `table` says where its arrays lie."""
    programs = [inner.executable for inner in kernel.inners]
    for inner in kernel.inners:
        if inner.executable.only is not None:    # all of it native: addresses are enough
            own, around, behind, steps = inner.places
            inner.executable.table[own] = table[around] + behind + step * steps
            continue
        for buffer, view in inner.bindings:
            array = array_at(view, arrays, step)
            backwards = buffer.steps and buffer.stride < 0
            inner.executable.hold(buffer, array[::-1] if backwards else array)
    if kernel.kind == "scan":
        programs[0].run(0, kernel.turns)
    elif kernel.kind == "cond":
        assert kernel.choice is not None
        programs[0 if array_at(kernel.choice, arrays, step)[()] else 1].run()
    else:
        test, body = programs
        answer, done = kernel.inners[0].answer, 0
        while done != kernel.turns:
            test.run()
            if not test.arrays[answer][()]:
                break
            body.run(done, 1)
            done += 1
