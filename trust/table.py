"""The rows in their order: importing this module enters them all."""

from trust import calls, corners, huge, planted

LOADED = (corners, planted, calls, huge)
