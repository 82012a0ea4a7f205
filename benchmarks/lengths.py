"""Sequences of many lengths: one program filled up to a few of them, beside a program for each."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

import seegrad as sg
from benchmarks.harness import Result, finding
from seegrad import nn, optim

LENGTHS = tuple(range(10, 110, 5))
BATCHES, ROWS, WORDS, WIDTH = 200, 16, 64, 64
ROOT = Path(__file__).parents[1]


class Reader(nn.Module):
    """Words and their places looked up, an LSTM or a block of attention, and what follows."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(WORDS, WIDTH), nn.Embedding(128, WIDTH)
        self.mixed: Any = nn.LSTM(WIDTH, WIDTH) if kind == "lstm" else nn.MultiHeadAttention(
            WIDTH, 4, causal=True)
        self.norm, self.last = nn.LayerNorm(WIDTH), nn.Affine(WIDTH, WORDS)

    def forward(self, t: Any) -> Any:
        x = self.words(t) + self.places(np.arange(t.shape[1]))
        return self.last(self.norm(x + self.mixed(x)))


def _resident() -> int:
    """Bytes of memory that this process has now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


def run(kind: str, lengths: str) -> dict[str, float]:
    """200 steps of training: seconds of the processor, programs, and what memory they took."""
    nn.seed(0)
    net = Reader(kind)
    rule = optim.Adam(net.parameters(), lr=1e-3)
    step_of = sg.compile(lambda x: x.sum())
    step_of(np.ones(3, np.float32))                       # what is made once, for all
    chance = np.random.default_rng(0)

    def step(x: Any, t: Any) -> Any:
        rule.zero_grad()
        loss = sg.softmax_cross_entropy(net(x).reshape(-1, WORDS), t.reshape(-1))
        loss.backward()
        rule.step()
        return loss

    free = {"x": 1, "t": 1} if lengths == "free" else None
    compiled = sg.compile(step, threads=1, free=free)
    sizes = [max(LENGTHS)] if lengths == "one" else LENGTHS
    drawn = [chance.integers(0, WORDS, (ROWS, sizes[i % len(sizes)] + 1)) for i in range(BATCHES)]
    chance.shuffle(drawn)
    before, start = _resident(), time.process_time()
    for rows in drawn:
        compiled(np.ascontiguousarray(rows[:, :-1]), np.ascontiguousarray(rows[:, 1:]))
    return {
        "seconds": time.process_time() - start, "bytes": _resident() - before,
        "programs": len({id(v.executable) for v in compiled.variants}),
    }


def _apart(kind: str, lengths: str) -> dict[str, float]:
    """`run` in a process of its own."""
    code = ("import json, warnings; warnings.simplefilter('ignore');"
            " import benchmarks.lengths as b;"
            f" print(json.dumps(b.run({kind!r}, {lengths!r})))")
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, text=True,
                          stdout=subprocess.PIPE)  # fmt: skip
    found: dict[str, float] = json.loads(done.stdout)
    return found


@finding("P15")
def many_lengths() -> Result:
    facts: dict[str, Any] = {}
    for kind, named in (("attention", "attention"), ("lstm", "LSTM")):
        one, free, each = (_apart(kind, way) for way in ("one", "free", "each"))
        facts |= {
            f"{named}: programs (target ≤ 3), one for each": f"{free['programs']}, "
            f"{each['programs']}",
            f"{named}: seconds of processor in all (target ≤ 3)": round(free["seconds"], 2),
            f"{named}: times as fast as one for each": round(each["seconds"] / free["seconds"], 1),
            f"{named}: memory, × one length (≤ 1.2)": round(free["bytes"] / one["bytes"], 2),
        }
    return Result("P15", f"{BATCHES} mini-batches of {len(LENGTHS)} lengths, {min(LENGTHS)} to "
                  f"{max(LENGTHS)}, Adam", facts=facts)  # fmt: skip
