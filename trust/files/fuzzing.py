"""T4: readers of text and files, fed with millions of mutated inputs.

The long run is `make fuzz`, guided by coverage; its logs are read here. Without them the same
targets are fed with mutations that nothing guides, as in the tests.
"""

from __future__ import annotations

import re
from random import Random

import numpy as np

import seegrad as sg
from trust.files.fuzz_targets import TARGETS, Target
from trust.harness.isolation import HERE
from trust.harness.row import Found, Run, first, row

LOGS = HERE / "runs" / "fuzz"
CORPUS = HERE / "tests" / "trust" / "corpus"


def blurred(raw: bytes, rng: Random) -> bytes:
    """Some bytes changed, lost, doubled or put in."""
    made = bytearray(raw)
    for _ in range(rng.choice([1, 1, 2, 5])):
        i = rng.randrange(len(made) + 1)
        match rng.randrange(4):
            case 0 if i < len(made):
                made[i] ^= 1 << rng.randrange(8)
            case 1:
                del made[i : i + rng.randrange(1, 9)]
            case 2:
                made[i:i] = made[i : i + rng.randrange(1, 9)]
            case _:
                made[i:i] = rng.randbytes(rng.randrange(1, 5))
    return bytes(made)


def fault_of(target: Target, raw: bytes) -> str | None:
    """What a target raises that is no named error."""
    try:
        target.feed(raw)
    except sg.SeegradError:
        pass
    except Exception as error:
        return f"a bare {type(error).__name__}: {str(error)[:100]}: {raw[:60]!r}"
    return None


def unguided(name: str, count: int, seed: int) -> list[str]:
    """The faults of so many mutations of what a target begins with."""
    rng, target, found = Random(seed), TARGETS[name], []
    seeds = [*target.seeds(), *(f.read_bytes() for f in sorted((CORPUS / name).iterdir()))]
    for k in range(count):
        raw = rng.choice(seeds)
        inside = k % 2 and len(raw) > 8
        raw = target.inside(raw, rng, lambda b: blurred(b, rng)) if inside else blurred(raw, rng)
        if fault := fault_of(target, raw):
            found.append(f"{name}: {fault}")
    return found


def logged(name: str) -> tuple[int, list[str]]:
    """How many inputs the logs of a target's fuzzers tell of, and their finds."""
    total, found = 0, []
    for file in sorted(LOGS.glob(f"{name}*.log")):
        text = file.read_text("utf-8", "replace")
        done = re.findall(r"^(?:Done |#)(\d+)", text, re.MULTILINE)
        total += int(done[-1]) if done else 0
        finds = re.findall(r"^(?:find \w+: .*|.*ERROR: libFuzzer: .*)$", text, re.MULTILINE)
        found += [f"{file.stem}: {find[:200]}" for find in finds]
    return total, found


@row(
    "T4",
    "readers of expressions, IDX, CSV, npz, safetensors and ONNX under a fuzzer guided by coverage"
    " (`make fuzz`)",
    "10⁶ inputs each: named errors only; crashes 0",
    count=1_000_000,
    sample=150,
)
def t4(run: Run) -> Found:
    faults, told, whole = [], [], True
    for name in TARGETS:
        done, found = logged(name) if run.count >= 10**6 else (0, [])
        if done:
            told.append(f"{name} {done:,}")
        else:
            done = min(run.count, 10_000)
            with np.errstate(all="ignore"):
                found = unguided(name, done, run.seed)
            told.append(f"{name} {done:,} (unguided)")
        whole = whole and done >= run.count
        faults += found
    return Found(f"{len(faults)} finds; {', '.join(told)}", first(faults), whole=whole)
