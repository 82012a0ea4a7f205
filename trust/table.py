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
    leaving,
    lines,
    mutation,
    names,
    planted,
    readers,
    scale,
    storage,
    typed,
    writing,
)

LOADED = (
    basics, corners, planted, differing, mutation, compiled, endurance, scale, storage, hostile,
    typed, names, readers, lines, calls, huge, leaving, writing,
)  # fmt: skip
