"""Run by `workers.py` under mpiexec: seconds of steps and of sums; the first process prints."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import numpy as np

from seegrad import nn, optim, parallel

SIZES = (1_000, 10_000, 100_000, 1_000_000, 4_000_000)


def timed(world: parallel.World, work: Callable[[], object]) -> list[float]:
    """Seconds of twenty calls that all processes begin together; the first few are left out."""
    found = []
    for _ in range(25):
        world.meet()
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return found[5:]


def main() -> None:
    world = parallel.join()
    nn.seed(0)
    net = nn.Sequential(nn.Affine(784, 512), nn.ReLU(), nn.Affine(512, 512), nn.ReLU(),
                        nn.Affine(512, 10))  # fmt: skip
    trainer = parallel.ParallelTrainer(
        net, optim.SGD(net.parameters(), lr=0.01), world=world, eager=True
    )
    chance = np.random.default_rng(0)
    x = chance.standard_normal((512, 784)).astype(np.float32)
    t = chance.integers(0, 10, 512)
    share = len(x) // world.size

    def alone() -> None:
        """What this process does of a step, without the sums."""
        trainer.optimizer.zero_grad()
        trainer.loss(net(x[:share]), t[:share]).backward()
        trainer.optimizer.step()

    steps = timed(world, lambda: trainer.step(x, t))
    own, update = timed(world, alone), timed(world, trainer.optimizer.step)
    sums = []
    for size in SIZES:
        values, times = np.zeros(size // 4, np.float32), []
        for _ in range(15):
            world.meet()
            start = time.perf_counter()
            world.wait([world.start_sum(values)])
            times.append(time.perf_counter() - start)
        sums.append(float(np.median(times)))
    if world.leads:
        found = {"steps": steps, "own": own, "update": update, "bytes": SIZES, "sums": sums}
        model = [sum(p.spec.nbytes for p in net.parameters())]
        print(json.dumps({**found, "model": model}))


if __name__ == "__main__":
    main()
