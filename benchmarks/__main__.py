"""`python -m benchmarks [P4 ...] [--json FILE] [--rounds N] [--write]`: measure, print tables."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

from benchmarks import (
    batched,
    compiled,
    compiling,
    costs,
    eager,
    footprint,
    from_torch,
    language,
    lengths,
    loops,
    networks,
    pictures,
    report,
    residual,
    scaling,
    workers,
)
from benchmarks.harness import BENCHES, as_data, machine, measure, table

SUITES = (
    compiled, compiling, eager, footprint, networks, pictures, workers, scaling, costs, batched,
    loops, lengths, residual, language, from_torch,
)  # fmt: skip


def in_order(key: str) -> tuple[bool, list[int], str]:
    """P1, P2, …, P10 by their numbers, then the rows that have names."""
    return not re.match(r"P\d", key), [int(n) for n in re.findall(r"\d+", key)], key


KEYS = sorted(BENCHES, key=in_order)


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("keys", nargs="*", help=f"which: {', '.join(KEYS)} (all by default)")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--rounds", type=int, help="measure so many times each")
    parser.add_argument("--write", action="store_true",
                        help="put the figures into READMEs and documents")  # fmt: skip
    options = parser.parse_args()
    if unknown := set(options.keys) - BENCHES.keys():
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(KEYS)}")
    about = machine()
    print(" · ".join(f"{name} {value}" for name, value in about.items()), flush=True)
    print("each row: median a call, quartiles; all contenders in turns, in one run\n")
    results = []
    for key in options.keys or BENCHES:
        results.append(measure(key, options.rounds))
        print(table(results[-1]), end="\n\n", flush=True)
    told = [as_data(r) for r in results]
    if options.write:
        for file in report.write(about, told):
            print(f"wrote {file.relative_to(report.ROOT)}")
    if options.json:
        data = {"machine": about, "results": told}
        options.json.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
