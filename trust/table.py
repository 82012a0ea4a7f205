"""The rows in their order: importing this module enters them all."""

from trust import calls, corners, differing, huge, mutation, planted, scale

LOADED = (corners, planted, differing, mutation, scale, calls, huge)
