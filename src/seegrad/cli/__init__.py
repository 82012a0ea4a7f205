"""The command line: `main` is what `seegrad` and `python -m seegrad` run. One file a command."""

from __future__ import annotations

from seegrad.cli.group import main

__all__ = ["main"]
