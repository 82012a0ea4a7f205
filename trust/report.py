"""The table as text, JSON and Markdown. Nothing is measured here."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from trust.row import ROWS, Found, Row


@dataclass(frozen=True)
class Measured:
    """One row, measured."""

    row: Row
    found: Found
    seconds: float
    count: int

    @property
    def verdict(self) -> str:
        return "holds" if self.found.holds else "DOES NOT HOLD"

    def as_json(self) -> dict[str, object]:
        return {
            "row": self.row.name,
            "what": self.row.what,
            "target": self.row.target,
            "figure": self.found.figure,
            "holds": self.found.holds,
            "faults": list(self.found.faults),
            "notes": list(self.found.notes),
            "count": self.count,
            "seconds": round(self.seconds, 2),
            "machine": machine(),
        }


def from_json(kept: dict[str, Any]) -> Measured | None:
    """A row as an earlier run has written it; None if there is no such row any more."""
    row = ROWS.get(kept["row"])
    if row is None:
        return None
    found = Found(kept["figure"], tuple(kept["faults"]), tuple(kept["notes"]), kept["holds"])
    return Measured(row, found, kept["seconds"], kept["count"])


def machine() -> str:
    """What kind of machine this is: no names, no paths."""
    return (
        f"{platform.system()} {platform.machine()}, {len(os.sched_getaffinity(0))} cores,"
        f" Python {platform.python_version()}, NumPy {np.__version__}"
    )


def one_line(m: Measured) -> str:
    return (
        f"{m.row.name:<3} {m.row.what} | asked: {m.row.target} | found: {m.found.figure}"
        f" | {m.verdict} ({m.seconds:.1f} s)"
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def markdown(results: Sequence[Measured]) -> str:
    """TRUST.md."""
    lines = [
        "# Trust",
        "",
        "How seegrad is kept from failing in silence, and the figures of the last full run of",
        "`make trust`, which writes this file. A sample of every row runs in `make test`.",
        "",
        f"Machine: {machine()}, with other work beside.",
        "The run is bounded in time: where fewer cases",
        "were tried than asked for, the figure says how many, and the verdict is of those.",
        "",
        "| # | what | asked | found | verdict |",
        "|---|---|---|---|---|",
    ]
    for m in results:
        cells = (m.row.name, m.row.what, m.row.target, m.found.figure, m.verdict)
        lines.append(f"| {' | '.join(map(_cell, cells))} |")
    told = [m for m in results if m.found.notes or m.found.faults]
    if told:
        lines += ["", "## What to know", ""]
    for m in told:
        lines += [f"- **{m.row.name}**: {_cell(text)}" for text in m.found.notes]
        lines += [f"- **{m.row.name}** (found wanting): {_cell(text)}" for text in m.found.faults]
    return "\n".join(lines) + "\n"
