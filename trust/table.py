"""The rows in their order: importing this module enters them all."""

from trust import calls, corners, huge

LOADED = (corners, calls, huge)
