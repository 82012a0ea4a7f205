"""The rows in their order: importing this module enters them all."""

from trust import (
    basics,
    calls,
    compiled,
    corners,
    differing,
    hostile,
    huge,
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
    basics, corners, planted, differing, mutation, compiled, scale, storage, hostile, typed, names,
    readers, lines, calls, huge,
)  # fmt: skip
