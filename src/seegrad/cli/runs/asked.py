"""What a run is to be: words of the command line over a file's over the run's that goes on.

Also the run's folder: a new one, or the one named, an existing run only to go on with it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from seegrad.errors import ValueRangeError
from seegrad.i18n import tr
from seegrad.training import RunFolder
from seegrad.training.runs.setting import FOLDED, Setting
from seegrad.training.runs.sources import is_table, source

EPOCHS = {"digits": 200, "xor": 2000, "spiral": 2000, "moons": 1000}
USUAL_STEPS, FEWEST_EPOCHS, MOST_EPOCHS = 2000, 20, 200
"""Of a table: so many steps, in so many passes."""
SMALL_RATE = ("adam", "adamw", "rmsprop")


@dataclass(frozen=True)
class Length:
    """How often a run is kept, whether it is logged, and how it is run."""

    save_every: int | None
    keep: int
    tensorboard: bool
    eager: bool


def setting_of(words: Mapping[str, Any], out: Path | None, resume: bool) -> Setting:
    """The settings that are asked for; those of the run in `out`, if it is to go on.

    Raises ValueRangeError where both lengths are given, and where a run that goes on is asked for
    other settings than it has.
    """
    known = {one.name for one in fields(Setting)}
    chosen = {name: value for name, value in words.items() if name in known}
    chosen.update({name: tuple(chosen[name]) for name in FOLDED})
    said = {name: chosen[name] for name in chosen if _is_said(name)}
    if said.get("epochs") is not None and said.get("steps") is not None:
        raise ValueRangeError(
            tr("the length of a run is told in epochs or in steps"),
            asked=tr("one of the two"),
            came=f"--epochs {said['epochs']} --steps {said['steps']}",
        )
    if not resume:
        return Setting(**{**chosen, **_usual(chosen, said)})
    if out is None:
        raise ValueRangeError(
            tr("which run is to go on?"), asked="--resume --out DIR", came="--resume"
        )
    before = Setting.from_config(RunFolder(out).read_config())
    lengths = {name: said.pop(name, None) for name in ("epochs", "steps")}
    differing = [name for name, value in said.items() if value != getattr(before, name)]
    if differing:
        raise ValueRangeError(
            tr("the run was started with other settings"),
            asked=", ".join(f"{name}={_plain(getattr(before, name))}" for name in differing),
            came=", ".join(f"{name}={_plain(said[name])}" for name in differing),
            hint=tr("leave them out: they come from the run; or start a new run"),
        )
    return replace(before, **lengths) if any(lengths.values()) else before


def _usual(chosen: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """How steps are made where that was not said: tables are learnt by small steps of Adam."""
    usual: dict[str, Any] = {}
    if is_table(chosen["data"]):
        usual = {} if "batch" in said else {"batch": 32}
        if not said.keys() & {"optimizer", "lr", "momentum"}:
            return {**usual, "optimizer": "adam", "lr": 0.003}
    if chosen["lr"] is None:
        usual["lr"] = 0.001 if chosen["optimizer"] in SMALL_RATE else 0.1
    return usual


def _is_said(name: str) -> bool:
    """Does the command line or a file of settings say this?"""
    found = click.get_current_context().get_parameter_source(name)
    return found in (ParameterSource.COMMANDLINE, ParameterSource.DEFAULT_MAP)


def _plain(value: Any) -> Any:
    return json.dumps(list(value)) if isinstance(value, tuple) else value


def with_length(setting: Setting, examples: int) -> Setting:
    """The settings with a length, where none was said: so many passes as usually do."""
    if setting.epochs is not None or setting.steps is not None:
        return setting
    if is_table(setting.data):
        passes = round(USUAL_STEPS / -(-examples // setting.batch))
        return replace(setting, epochs=max(FEWEST_EPOCHS, min(MOST_EPOCHS, passes)))
    return replace(setting, epochs=EPOCHS.get(setting.data, FEWEST_EPOCHS))


def folder_of(out: Path | None, resume: bool, setting: Setting, make: bool = True) -> RunFolder:
    """The run's folder: a new one, or the one named; an existing run only to go on with it."""
    if out is None or (out.name == "runs" and not resume):
        if not make:
            return RunFolder(out or "runs")
        kind, path = source(setting.data)
        return RunFolder.fresh(out or "runs", Path(path).name.split(".")[0] or kind)
    folder = RunFolder(out)
    if resume:
        return folder
    if folder.checkpoints.paths():
        raise ValueRangeError(
            tr("there is a run in this folder already"),
            asked=tr("a new folder"),
            came=str(out),
            hint=tr("add --resume to go on with it, or name another folder"),
        )
    return folder.make() if make else folder
