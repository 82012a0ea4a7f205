"""The table as text, JSON and Markdown. Nothing is measured here."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trust.harness.row import ROWS, Found, Row


@dataclass(frozen=True)
class Measured:
    """One row, measured."""

    row: Row
    found: Found
    seconds: float
    count: int
    machine: str

    @property
    def verdict(self) -> str:
        if not self.found.holds:
            return "DOES NOT HOLD"
        return "holds" if self.found.whole else "holds as far as time allowed"

    def as_json(self) -> dict[str, object]:
        return {
            "row": self.row.name,
            "what": self.row.what,
            "target": self.row.target,
            "figure": self.found.figure,
            "holds": self.found.holds,
            "whole": self.found.whole,
            "faults": list(self.found.faults),
            "notes": list(self.found.notes),
            "count": self.count,
            "seconds": round(self.seconds, 2),
            "machine": self.machine,
        }


def from_json(kept: dict[str, Any]) -> Measured | None:
    """A row as an earlier run has written it; None if there is no such row any more."""
    row = ROWS.get(kept["row"])
    if row is None:
        return None
    found = Found(
        kept["figure"], tuple(kept["faults"]), tuple(kept["notes"]), kept["holds"], kept["whole"]
    )
    return Measured(row, found, kept["seconds"], kept["count"], kept["machine"])


def kept_in(file: Path) -> dict[str, Measured]:
    """The rows that earlier runs have left in a file, by name."""
    if not file.is_file():
        return {}
    rows = map(from_json, json.loads(file.read_text("utf-8")))
    return {m.row.name: m for m in rows if m is not None}


def as_json(results: Sequence[Measured]) -> str:
    return json.dumps([m.as_json() for m in results], indent=1, ensure_ascii=False) + "\n"


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
    machines = dict.fromkeys(m.machine for m in results)
    lines = [
        "# Trust",
        "",
        "How seegrad is kept from failing in silence, and the latest figures of `make trust`,",
        "which writes this file; `python -m trust ROW --write` measures one row anew and keeps",
        "the others. A sample of every row runs in `make test`.",
        "",
        *(f"Machine: {machine}, with other work beside." for machine in machines),
        "Every row is bounded in time: where time ran out before all cases were tried, the",
        "figure says how many were, and the verdict is of those.",
        "",
        "| # | what | asked | found | verdict | seconds |",
        "|---|---|---|---|---|---|",
    ]
    for m in results:
        cells = (m.row.name, m.row.what, m.row.target, m.found.figure, m.verdict,
                 f"{m.seconds:.0f}")  # fmt: skip
        lines.append(f"| {' | '.join(map(_cell, cells))} |")
    told = [m for m in results if m.found.notes or m.found.faults]
    if told:
        lines += ["", "## What to know", ""]
    for m in told:
        lines += [f"- **{m.row.name}**: {_cell(text)}" for text in m.found.notes]
        lines += [f"- **{m.row.name}** (found wanting): {_cell(text)}" for text in m.found.faults]
    return "\n".join(lines) + "\n"
