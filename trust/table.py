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
    lines,
    mutation,
    names,
    onnx_import,
    planted,
    readers,
    scale,
    storage,
    typed,
)

LOADED = (
    basics, corners, planted, differing, mutation, compiled, endurance, scale, storage, hostile,
    typed, names, readers, lines, calls, huge, onnx_import,
)  # fmt: skip
