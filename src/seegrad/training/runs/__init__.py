"""Runs as a whole: what one is made of, and one that was made, in use.

A table of contents, in the direction in which a run comes to be: `sources` read data by a word,
`setting` says all that a run is made of and makes it (with `scaled_loss`), `in_use` is a run that
was made: raw rows in, names or numbers out.
"""

from __future__ import annotations

from seegrad.training.runs.in_use import Run, load_run
from seegrad.training.runs.setting import Loaded, Setting

__all__ = ["Loaded", "Run", "Setting", "load_run"]
