"""Networks to files and back; and checkpoints, from which a run goes on as if it never stopped."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seegrad.errors import FormatError
from seegrad.formats.safetensors import load_arrays, save_arrays
from seegrad.language import say
from seegrad.nn.module import Module
from seegrad.optim.optimizer import Optimizer

NETWORK, OPTIMIZER, POSITION = "network/", "optimizer/", "seegrad.position"


def save(network: Module, path: str | os.PathLike[str]) -> Path:
    """Write a network's values to a safetensors file, whole or not at all."""
    return save_arrays(network.state_dict(), path)


def load(network: Module, path: str | os.PathLike[str]) -> None:
    """Take over a network's values from a safetensors file; nothing changes unless all fit."""
    network.load_state_dict(load_arrays(path)[0])


def save_checkpoint(
    path: str | os.PathLike[str],
    network: Module,
    optimizer: Optimizer,
    position: Mapping[str, Any],
) -> Path:
    """Write all that is needed to go on: values, the optimizer's state, where the run stands."""
    arrays = {NETWORK + name: value for name, value in network.state_dict().items()}
    arrays.update({OPTIMIZER + name: v for name, v in optimizer.state_dict().items()})
    return save_arrays(arrays, path, {POSITION: json.dumps(dict(position))})


def load_checkpoint(
    path: str | os.PathLike[str], network: Module, optimizer: Optimizer
) -> dict[str, Any]:
    """Take over a checkpoint; returns where the run stood."""
    arrays, texts = load_arrays(path)
    if POSITION not in texts:
        raise FormatError(
            say("{path} is no checkpoint of a run", path=Path(path).name),
            asked=say("a file written while training"),
            came=", ".join(sorted(arrays)[:4]),
            hint=say("load weights alone with sg.load"),
        )
    parts = {
        prefix: {
            name.removeprefix(prefix): value
            for name, value in arrays.items()
            if name.startswith(prefix)
        }
        for prefix in (NETWORK, OPTIMIZER)
    }
    optimizer_before = optimizer.state_dict()
    optimizer.load_state_dict(parts[OPTIMIZER])
    try:
        network.load_state_dict(parts[NETWORK])
    except Exception:
        optimizer.load_state_dict(optimizer_before)
        raise
    position: dict[str, Any] = json.loads(texts[POSITION])
    return position
