"""Networks to files and back; and checkpoints, from which a run goes on as if it never stopped."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from seegrad.errors import FormatError, ValueRangeError
from seegrad.i18n import tr
from seegrad.nn.module import Module
from seegrad.nn.torch_names import load_torch_state, to_torch_state
from seegrad.optim.optimizer import Optimizer
from seegrad.safetensors_file import load_arrays, save_arrays

NETWORK, OPTIMIZER, MORE = "network/", "optimizer/", "more/"
POSITION = "seegrad.position"


@dataclass(frozen=True)
class Checkpoint:
    """What a run had: where it stood, and named arrays of network, optimizer and all else."""

    position: dict[str, Any]
    network: dict[str, Any]
    optimizer: dict[str, Any]
    more: dict[str, Any]


Names = Literal["seegrad", "torch"]
"""Whose names a file's values have."""


def save(
    network: Module, path: str | os.PathLike[str], *, names: Names = "seegrad"
) -> Path:
    """Write a network's values to a safetensors file, whole or not at all.

    names: "torch" for PyTorch's names and shapes, as `to_torch_state` gives them.

    Args:
        path: where the file is, or is to be.

    >>> import seegrad as sg
    >>> import tempfile
    >>> import seegrad as sg
    >>> net = sg.nn.Linear(2, 1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = save(net, f"{folder}/net.safetensors")
    ...     loaded = load(sg.nn.Linear(2, 1), f"{folder}/net.safetensors")
    """
    state = to_torch_state(network) if _by_torch(names) else network.state_dict()
    return save_arrays(state, path)


def load(
    network: Module,
    path: str | os.PathLike[str],
    strict: bool = True,
    *,
    names: Names = "seegrad",
) -> None:
    """Take over a network's values from a safetensors file; nothing changes unless all fit.

    strict: refuse missing and unknown names too. names: "torch" for a file that holds a state dict
    of PyTorch; names and transposes are mapped as in `to_torch_state`. Raises MissingFileError
    without the file, ValueRangeError for other names (with the three nearest ones, where they are
    PyTorch's), else as `load_arrays` and `Module.load_state_dict` do.

    Args:
        path: where the file is, or is to be.

    See also `seegrad.save`.
    """
    arrays = load_arrays(path)[0]
    if _by_torch(names):
        load_torch_state(network, arrays, strict)
    else:
        network.load_state_dict(arrays, strict)


def _by_torch(names: str) -> bool:
    if names not in get_args(Names):
        raise ValueRangeError(
            tr("there are no names of {who}", who=repr(names)),
            asked=", ".join(map(repr, get_args(Names))),
            came=repr(names),
        )
    return names == "torch"


def save_checkpoint(
    path: str | os.PathLike[str],
    network: Module,
    optimizer: Optimizer,
    position: Mapping[str, Any],
    more: Mapping[str, Any] | None = None,
) -> Path:
    """Write all that is needed to go on: values, the optimizer's state, where the run stands.

    more: further named arrays, given back beside the position.

    Args:
        network: which one.
        path: where the file is.

    See `seegrad.training.Trainer`.
    """
    arrays = {NETWORK + name: value for name, value in network.state_dict().items()}
    arrays.update({OPTIMIZER + name: v for name, v in optimizer.state_dict().items()})
    arrays.update({MORE + name: value for name, value in (more or {}).items()})
    return save_arrays(arrays, path, {POSITION: json.dumps(dict(position))})


def read_checkpoint(path: str | os.PathLike[str]) -> Checkpoint:
    """What stands in a checkpoint; FormatError when it is damaged or none."""
    arrays, texts = load_arrays(path)
    if POSITION not in texts:
        raise FormatError(
            tr("{path} is no checkpoint of a run", path=Path(path).name),
            asked=tr("a file written while training"),
            came=", ".join(sorted(arrays)[:4]),
            hint=tr("load weights alone with sg.load"),
        )
    network, optimizer, more = (
        {n.removeprefix(prefix): v for n, v in arrays.items() if n.startswith(prefix)}
        for prefix in (NETWORK, OPTIMIZER, MORE)
    )
    return Checkpoint(_position(texts[POSITION], Path(path).name), network, optimizer, more)


def load_checkpoint(
    path: str | os.PathLike[str], network: Module, optimizer: Optimizer
) -> dict[str, Any]:
    """Take over a checkpoint, all of it or nothing; returns where the run stood.

    Args:
        network: which takes the values.
        optimizer: which takes its state.
        path: where the file is.

    See `seegrad.training.Trainer`.
    """
    checkpoint = read_checkpoint(path)
    put_back(checkpoint, network, optimizer)
    return checkpoint.position


def put_back(checkpoint: Checkpoint, network: Module, optimizer: Optimizer) -> None:
    """Give network and optimizer the checkpoint's values; both, or none."""
    before = optimizer.state_dict()
    optimizer.load_state_dict(checkpoint.optimizer)
    try:
        network.load_state_dict(checkpoint.network)
    except Exception:
        optimizer.load_state_dict(before)
        raise


def _position(text: str, name: str) -> dict[str, Any]:
    """The text about where a run stood, read with distrust."""
    try:
        found = json.loads(text)
        rows, losses = found["rows"], found["losses"]
        right = (
            all(type(found[key]) is int and found[key] >= 0 for key in ("count", "seed"))
            and isinstance(rows, list)
            and all(isinstance(row, dict) and _numbers(row.values()) for row in rows)
            and isinstance(losses, list)
            and _numbers(losses)
            and _is_schedule(found.get("schedule"))
        )
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        right = False
    if not right:
        raise FormatError(
            tr("{path} is damaged", path=name),
            asked=tr("where the run stood"),
            came=text[:60],
            hint=tr("use an older checkpoint, or copy the file again"),
        )
    return found  # type: ignore[no-any-return]


def _is_schedule(kept: Any) -> bool:
    return kept is None or (kept.keys() == {"first", "count"} and _numbers(kept.values()))


def _numbers(values: Iterable[Any]) -> bool:
    return all(type(value) in (int, float) for value in values)


def states_of(callbacks: Iterable[Any]) -> dict[str, Any]:
    """What a checkpoint keeps of those who follow a run, under the names of their classes."""
    return {
        f"{type(callback).__name__}/{name}": value
        for callback in callbacks
        for name, value in callback.state_dict().items()
    }


def put_back_states(callbacks: Iterable[Any], kept: Mapping[str, Any]) -> None:
    """Give those who follow a run what `states_of` has kept of them."""
    for callback in callbacks:
        start = f"{type(callback).__name__}/"
        own = {k.removeprefix(start): v for k, v in kept.items() if k.startswith(start)}
        if own:
            callback.load_state_dict(own)
