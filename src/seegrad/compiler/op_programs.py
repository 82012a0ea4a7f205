"""A function of arrays as a native program of its own: what eager code calls for large composites.

`graph/native` decides which calls come here and keeps what is made. Here: whether a program is
worth making, and how it is made and run; the stages are those of every compiled function.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import Any

from seegrad.compiler import collecting, target
from seegrad.compiler.build import build
from seegrad.compiler.ir.buffer import Buffer
from seegrad.compiler.lowering.builder import Request
from seegrad.compiler.lowering.lower import lower
from seegrad.compiler.passes import pipeline
from seegrad.compiler.runtime import thread_pool
from seegrad.compiler.runtime.executable import Executable
from seegrad.compiler.runtime.workspace import Workspace
from seegrad.errors import SeegradError
from seegrad.graph import forms
from seegrad.graph.graph import Graph
from seegrad.graph.mode import Mode, in_mode
from seegrad.graph.node import Node
from seegrad.graph.spec import spec_of
from seegrad.transforms.tracing import symbol

WORTH = 1 << 20
"""Elements that NumPy goes through, in all its passes, from which on a program is made."""
PASSES = 3
"""How often NumPy goes through what comes in, at least: one pass is as quick as a program."""
MOST, CALLS = 128, 8
"""So many programs are made, and one more for so many calls of those that there are: shapes that
never come again are not worth compiling for."""
VIEWS = (forms.Permute, forms.Reshape, forms.Broadcast, forms.Slice, forms.Window)


class _Local(threading.local):
    """The memory of a thread's programs, how many there are, and how often they were called."""

    def __init__(self) -> None:
        self.workspace, self.made, self.called = Workspace(), 0, 0


_LOCAL = _Local()


def _work(graph: Graph) -> int:
    """Through how many elements NumPy would go."""
    return sum(
        max(node.spec.size, *(x.spec.size for x in node.inputs))
        for node in graph.operations
        if node.op is not None and not isinstance(node.op.lower, VIEWS)
    )


class OpProgram:
    """A graph of one result compiled for arrays of its inputs' shapes and dtypes."""

    def __init__(self, executable: Executable, places: list[Buffer | None]) -> None:
        self.executable, self.places = executable, places
        (self.out, self.number), = executable.outputs

    def __call__(self, *values: Any) -> Any:
        executable, arrays = self.executable, self.executable.arrays
        _LOCAL.called += 1
        for buffer, value in zip(self.places, values):
            if buffer is not None:
                executable.give(buffer, value)
        executable.make_outputs()
        executable.call_once()
        for buffer in self.places:
            if buffer is not None and buffer not in executable.inputs:
                arrays.pop(buffer, None)               # whose it is may let go of it
        return self.number[()] if self.number is not None else arrays.pop(self.out)


def op_program(function: Callable[..., Any], values: tuple[Any, ...]) -> OpProgram | None:
    """The program of `function` for arrays like these; None where NumPy does as well."""
    if not target.available() or _LOCAL.made >= MOST + _LOCAL.called // CALLS:
        return None
    symbols = [symbol(spec_of(x)) for x in values]
    with in_mode(**Mode()._asdict()), collecting.waiting():
        try:
            out = function(*symbols)
        except SeegradError:                           # it asks for numbers, or NumPy says why
            return None
        raw = Graph([out], symbols) if isinstance(out, Node) else None
        if raw is None or not out.spec.size:
            return None
        graph, _ = pipeline.run(raw)
        if _work(graph) < max(WORTH, PASSES * sum(math.prod(x.shape) for x in values)):
            return None
        found = _built(graph, symbols)
    if found is not None:
        _LOCAL.made += 1
    return found


def _built(graph: Graph, symbols: list[Any]) -> OpProgram | None:
    """The graph compiled; None where a part of it would go through NumPy after all."""
    lowered = lower(Request(graph, graph.outputs, {}, frozenset(), tuple(symbols)))
    executable = build(lowered, (), thread_pool.thread_count(), workspace=_LOCAL.workspace)
    if executable.only is None:
        return None
    return OpProgram(executable, [lowered.leaves.get(s) for s in symbols])
