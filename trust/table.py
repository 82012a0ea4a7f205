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
    odd,
    planted,
    readers,
    scale,
    storage,
    typed,
)

LOADED = (
    basics, corners, planted, differing, mutation, compiled, endurance, scale, storage, hostile,
    typed, names, readers, lines, calls, huge, odd,
)  # fmt: skip
