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
    limits,
    lines,
    mutation,
    names,
    planted,
    readers,
    scale,
    storage,
    typed,
)

LOADED = (
    basics, corners, limits, planted, differing, mutation, compiled, endurance, scale, storage,
    hostile, typed, names, readers, lines, calls, huge,
)  # fmt: skip
