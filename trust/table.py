"""The rows in their order: importing this module enters them all."""

from trust import (
    basics,
    calls,
    compiled,
    corners,
    differing,
    huge,
    lines,
    mutation,
    planted,
    scale,
    storage,
    typed,
)

LOADED = (
    basics, corners, planted, differing, mutation, compiled, scale, storage, typed, lines, calls,
    huge,
)  # fmt: skip
