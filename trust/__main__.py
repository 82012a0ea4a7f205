"""`python -m trust [ROW ...]`: measure the rows, print them, and write TRUST.md.

The latest figures of every row are kept in trust/figures.json: one can be measured anew.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from trust.harness.report import Measured, as_json, kept_in, machine, markdown, one_line
from trust.harness.row import ROWS, Found, Row, Run, in_order
from trust.table import LOADED

FIGURES = Path(__file__).parent / "figures.json"
TABLE = Path(__file__).parent.parent / "TRUST.md"


def measured(row: Row, run: Run) -> Measured:
    """One row, with whatever it raised as its only fault."""
    run.started = time.monotonic()
    try:
        found = row.measure(run)
    except Exception as error:
        found = Found("could not be measured", (f"{type(error).__name__}: {error}",))
    return Measured(row, found, time.monotonic() - run.started, run.count, machine())


def settings(words: list[str]) -> dict[str, int]:
    """`M1=500` → how many cases of M1."""
    found = {}
    for word in words:
        name, _, number = word.partition("=")
        if name not in ROWS or not number.isdigit():
            raise SystemExit(f"trust: {word!r} is not a row and a number, such as M1=500")
        found[name] = int(number)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m trust", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"among {' '.join(ROWS)}")
    parser.add_argument("--sample", action="store_true", help="the small sizes that the tests run")
    parser.add_argument("--count", action="append", default=[], metavar="ROW=N")
    parser.add_argument("--seconds", type=float, help="a bound for each row")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="write the figures of this run here")
    parser.add_argument("--write", action="store_true", help="keep the figures, write TRUST.md")
    options = parser.parse_args()
    if unknown := [name for name in options.rows if name not in ROWS]:
        parser.error(f"no row is called {', '.join(unknown)}: there are {' '.join(ROWS)}")
    counts, results = settings(options.count), []
    for row in in_order():
        if options.rows and row.name not in options.rows:
            continue
        count = counts.get(row.name, row.sample if options.sample else row.count)
        seconds = row.seconds if options.seconds is None else options.seconds
        result = measured(row, Run(count, options.seed, seconds))
        results.append(result)
        print(one_line(result), flush=True)
        for fault in result.found.faults:
            print(f"      {fault}")
    if options.json:
        options.json.write_text(as_json(results), "utf-8")
    if options.write:
        fresh = kept_in(FIGURES) | {m.row.name: m for m in results}
        shown = [fresh[row.name] for row in in_order() if row.name in fresh]
        FIGURES.write_text(as_json(shown), "utf-8")
        TABLE.write_text(markdown(shown), "utf-8")
    return 0 if all(r.found.holds for r in results) else 1


assert LOADED
if __name__ == "__main__":
    sys.exit(main())
