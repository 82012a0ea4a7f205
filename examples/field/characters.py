"""A GRU that reads text one character at a time and learns to say what comes next.

Run: make characters, or python examples/field/characters.py [TEXT-FILE] where seegrad is installed.
The text is this repository's own README and contributing guide unless you name a file. Expect the
loss to fall from about 4.6 (every character as likely as any other) to about 1, and the lines that
are printed to turn from noise into words. The step is compiled at its first call, which takes some
seconds; then all is done in less than a minute.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import seegrad as sg
from seegrad import nn, optim

ROOT = Path(__file__).parent.parent.parent
LENGTH, BATCH, WIDTH = 32, 32, 128


class Reader(nn.Module):
    """Characters in, a score for every possible next character out."""

    def __init__(self, characters: int) -> None:
        self.embedding = nn.Embedding(characters, 32)
        self.gru = nn.GRU(32, WIDTH)
        self.scores = nn.Affine(WIDTH, characters, initial="xavier")

    def forward(self, x):
        return self.read(x)[0]

    def read(self, x, start=None):
        """The scores, and the state after the last character, to go on from."""
        outputs, end = self.gru.run(self.embedding(x), start)
        return self.scores(outputs), end


def texts(path: str | None) -> str:
    if path:
        return Path(path).read_text("utf-8")
    return "".join((ROOT / name).read_text("utf-8") for name in ("README.md", "CONTRIBUTING.md"))


def sample(net: Reader, letters: list[str], count: int, chance: np.random.Generator) -> str:
    """Text that the network makes up, one character after the other."""
    said, state = [letters.index("\n") if "\n" in letters else 0], None
    with sg.no_grad():
        for _ in range(count):
            found, state = net.read(np.array([[said[-1]]]), state)
            scores = found.value[0, -1].astype(float)
            odds = np.exp((scores - scores.max()) / 0.7)
            said.append(int(chance.choice(len(letters), p=odds / odds.sum())))
    return "".join(letters[i] for i in said[1:])


def main(path: str | None = None, steps: int = 400) -> list[float]:
    """Train, and return the loss of every step."""
    nn.seed(0)
    chance = np.random.default_rng(0)
    text = texts(path)
    letters = sorted(set(text))
    codes = np.array([letters.index(c) for c in text])
    print(f"{len(text):,} characters, {len(letters)} of them different")
    net = Reader(len(letters))
    optimizer = optim.Adam(net.parameters(), lr=0.005, clip_norm=1.0)
    criterion = nn.SoftmaxWithLoss()

    @sg.compile
    def learn(x, t):
        optimizer.zero_grad()
        loss = criterion(net(x), t)
        loss.backward()
        optimizer.step()
        return loss

    losses = []
    for step in range(1, steps + 1):
        starts = chance.integers(0, len(codes) - LENGTH - 1, BATCH)
        rows = starts[:, None] + np.arange(LENGTH)
        losses.append(learn(codes[rows], codes[rows + 1]).item())
        if step == 1 or step % 100 == 0:
            print(f"step {step} · loss {losses[-1]:.3f} · {sample(net, letters, 60, chance)!r}")
    return losses


if __name__ == "__main__":
    main(*sys.argv[1:2])
