"""A run that is killed again and again (see `test_checkpoints.py`): one process, many forks.

Called as: python killed.py FOLDER TIMES SEED. Each fork goes on from the newest checkpoint and is
killed with signal 9 at a random moment; after each, what is on the disk is looked at. The last
one is left to finish. Prints one JSON object.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
from safetensors import safe_open

from seegrad import data, nn, optim, training


def trainer_in(folder: Path) -> training.Trainer:
    """Everything that a checkpoint has to carry: Adam, dropout, norm, a schedule, stopping."""
    nn.seed(5)
    net = nn.Sequential(
        nn.Affine(2, 24), nn.BatchNorm(24), nn.ReLU(), nn.Dropout(0.1), nn.Affine(24, 2)
    )
    optimizer = optim.Adam(net.parameters(), lr=0.01)
    return training.Trainer(
        net,
        optimizer,
        callbacks=[
            training.EarlyStopping("test_loss", patience=1000),
            training.Recorder(training.RunFolder(folder), every=3, keep=2),
        ],
        schedule=optim.Schedule(optimizer, optim.cosine(5000)),
        seed=3,
        eager=True,
    )


def run(folder: Path, steps: int) -> training.Trainer:
    """Go on from the newest checkpoint, or start."""
    trainer = trainer_in(folder)
    checkpoints = training.RunFolder(folder).checkpoints
    if checkpoints.paths():
        trainer.resume(checkpoints.newest())
    train, test = data.moons(60).split()
    trainer.fit(train, test, batch=7, steps=steps)
    return trainer


def look(folder: Path) -> int:
    """How far the newest checkpoint is, read by the official reader; all there are can be read."""
    checkpoints = training.RunFolder(folder).checkpoints
    paths = checkpoints.paths()
    assert len(paths) <= 3, paths
    assert len([*checkpoints.folder.glob(".*")]) <= 1, "more than one temporary file"
    for path in paths:
        with safe_open(path, "np") as file:
            assert all(np.asarray(file.get_tensor(name)) is not None for name in list(file.keys()))
    return int(paths[-1].stem.removeprefix("step-")) if paths else 0


def main(folder: Path, times: int, seed: int) -> None:
    chance = random.Random(seed)
    reached, kills, steps = [0], 0, 100_000
    began = time.monotonic()
    while kills < times and time.monotonic() - began < 90:
        child = os.fork()
        if not child:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            run(folder, steps)
            os._exit(0)
        time.sleep(chance.uniform(0.0, 0.25))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status), "it ended before it was killed"
        kills += 1
        reached.append(look(folder))
        assert reached[-1] >= reached[-2], "a kill lost a checkpoint that was there"
    end = reached[-1] + 20
    trainer = run(folder, end)
    whole = run(folder.with_name("whole"), end)
    values = [t.network.state_dict() | t.optimizer.state_dict() for t in (trainer, whole)]
    same = all(np.array_equal(a, values[1][name]) for name, a in values[0].items())
    print(json.dumps({
        "kills": kills,
        "moved": sum(a < b for a, b in pairwise(reached)),
        "end": end,
        "same": same,
        "rows": trainer.history.rows == whole.history.rows,
        "lr": trainer.optimizer.lr.item() == whole.optimizer.lr.item(),
    }))  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
