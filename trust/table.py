"""The rows in their order: importing this module enters them all."""

from trust import calls, huge

LOADED = (calls, huge)
