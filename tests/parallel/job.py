"""What the tests run under mpiexec: `mpiexec -n N python job.py WHAT FOLDER` (see below)."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from seegrad import nn, optim, parallel
from seegrad.data import Dataset
from seegrad.training import Trainer

CHANCE = np.random.default_rng(0)
WORDS = CHANCE.integers(0, 9, (22, 6))
LABELS = CHANCE.integers(0, 3, 22)


class Reader(nn.Module):
    """A network that uses one weight many times, and one never."""

    def __init__(self):
        self.embedding = nn.Embedding(9, 4, dtype=float)
        self.gru = nn.GRU(4, 5, last=True, dtype=float)
        self.unused = nn.Affine(5, 5, dtype=float)
        self.out = nn.Affine(5, 3, dtype=float)

    def forward(self, x):
        return self.out(self.gru(self.embedding(x)))


def trained(world=None, **words):
    """Six passes; with 22 rows in batches of 7 the last batch has one row only."""
    nn.seed(2 if world is None or world.leads else 77)
    net = Reader()
    rule = optim.Adam(net.parameters(), lr=0.01, clip_norm=0.5, weight_decay=0.01)
    parts = {"schedule": optim.Schedule(rule, optim.cosine(24)), "seed": 3, "eager": True, **words}
    if world is None:
        trainer = Trainer(net, rule, **parts)
    else:
        trainer = parallel.ParallelTrainer(net, rule, world=world, bucket_bytes=200, **parts)
    data = Dataset(WORDS, LABELS)
    trainer.fit(data, data, epochs=6, batch=7)
    return trainer


def same(folder: Path) -> None:
    """Train together, eagerly and compiled; every process has what one alone would have."""
    world = parallel.join()
    _same(trained(world), trained())
    compiled = trained(world, eager=False)
    _same(compiled, trained())
    updates = [*compiled._native._updates.values()]
    assert updates, "nothing ran in native code"
    assert not any(update.changes for update in updates), "made anew at other numbers"
    (folder / f"{world.rank}-of-{world.size}").touch()


def _same(trainer, alone):
    for name, value in alone.network.state_dict().items():
        np.testing.assert_allclose(trainer.network.state_dict()[name], value, rtol=1e-9, atol=1e-12)
    for row, expected in zip(trainer.history.rows, alone.history.rows, strict=True):
        np.testing.assert_allclose([*row.values()], [*expected.values()], rtol=1e-9)
    assert len(trainer.exchange.buckets) > 3
    assert trainer.network.unused.W.grad is None


def overlap(folder: Path) -> None:
    """Sums begin before the backward pass has ended."""
    world = parallel.join()
    net = nn.Sequential(*[nn.Affine(8, 8) for _ in range(6)])
    exchange = parallel.Exchange(net.parameters(), world, bucket_bytes=300)
    loss = nn.MSELoss()(net(np.ones((4, 8), np.float32)), np.zeros((4, 8), np.float32))
    with exchange.over(loss):
        before = [bucket.request is not None for bucket in exchange.buckets]
        loss.backward()
        after = [bucket.request is not None for bucket in exchange.buckets]
    assert not any(before)
    assert all(after)
    (folder / f"{world.rank}-of-{world.size}").touch()


def fails(folder: Path) -> None:
    """One process has a fault; the others wait for it inside a sum."""
    world = parallel.join()
    with world.guarded(lambda error: print(f"heard: {error}", flush=True) or 1):
        if world.rank == world.size - 1:
            raise ValueError("mine alone")
        world.sum(1.0)
        (folder / "went on").touch()


def stops(folder: Path) -> None:
    """The first process's callback asks to stop; all do, after the same step."""
    from seegrad.training.callbacks import Callback

    class Enough(Callback):
        def on_step(self, trainer, step, loss):
            if step == 5:
                trainer.stop("enough")

    world = parallel.join()
    trainer = trained(world, callbacks=[Enough()])
    assert (trainer.stopped, trainer.count) == ("enough", 6), (trainer.stopped, trainer.count)
    (folder / f"{world.rank}-of-{world.size}").touch()


if __name__ == "__main__":
    {"same": same, "overlap": overlap, "fails": fails, "stops": stops}[sys.argv[1]](
        Path(sys.argv[2])
    )
