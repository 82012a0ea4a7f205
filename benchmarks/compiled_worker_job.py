"""Run by `workers.py` under mpiexec: seconds of compiled steps; the first process prints them.

Beside them, processor seconds of what one process computes in a step, without the waiting.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np

import seegrad as sg
from seegrad import nn, optim, parallel
from seegrad.training.stepping import step_function


def lenet() -> tuple[Any, Any]:
    net = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5),
        nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Affine(400, 120), nn.ReLU(),
        nn.Affine(120, 84), nn.ReLU(), nn.Affine(84, 10),
    )  # fmt: skip
    return net, (256, 1, 28, 28)


def mlp() -> tuple[Any, Any]:
    net = nn.Sequential(nn.Affine(784, 768), nn.ReLU(), nn.Affine(768, 512), nn.ReLU(),
                        nn.Affine(512, 10))  # fmt: skip
    return net, (1024, 784)


def main() -> None:
    world = parallel.join()
    nn.seed(0)
    net, shape = {"lenet": lenet, "mlp": mlp}[sys.argv[1]]()
    rule = optim.SGD(net.parameters(), lr=0.01)
    chance = np.random.default_rng(0)
    x = chance.standard_normal(shape).astype(np.float32)
    t = chance.integers(0, 10, len(x))
    if world.size == 1:                                  # one process is one compiled program
        whole = sg.compile(step_function(net, rule, nn.SoftmaxWithLoss()))

        def step() -> object:
            return whole(x, t)

        computing = step
    else:
        trainer = parallel.ParallelTrainer(net, rule, world=world)

        def step() -> object:
            return trainer.step(x, t)

        share, native = len(x) // world.size, trainer._native

        def computing() -> None:
            """The share's gradients and the update: what the processes do apart."""
            assert native is not None
            native.gradients(trainer._parts(), x[:share], t[:share], 1 / world.size)
            native.update()

    for _ in range(5):
        step()
    times = []
    for _ in range(int(sys.argv[2])):
        world.meet()
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    own = []
    for _ in range(int(sys.argv[2])):
        start = time.process_time()
        computing()
        own.append(time.process_time() - start)
    if world.leads:
        print(json.dumps({"steps": times, "computing": own}))


if __name__ == "__main__":
    main()
