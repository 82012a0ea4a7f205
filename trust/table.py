"""The rows in their order: importing this module enters them all."""

from trust import (
    basics,
    calls,
    compiled,
    corners,
    differing,
    endurance,
    hostile,
    huge,
    layers,
    leaving,
    limits,
    lines,
    modes,
    mutation,
    names,
    odd,
    onnx_import,
    planted,
    processors,
    readers,
    scale,
    scenarios,
    storage,
    typed,
    writing,
)

LOADED = (
    basics, corners, limits, planted, differing, mutation, compiled, modes, processors,
    endurance, scale, storage, hostile, typed, names, scenarios, readers, lines, calls, huge,
    odd, leaving, writing, onnx_import, layers,
)  # fmt: skip
