"""Public names that have changed: the old ones warn for one release, then they go."""

from __future__ import annotations

RENAMED = {
    "speak": "set_language",
}
"""Old name → the name that took its place."""
