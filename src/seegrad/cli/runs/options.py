"""The options of `seegrad train`; `--config FILE` gives any of them. What they mean is not here."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from seegrad import nn, optim
from seegrad.cli.group import Decorated, json_option, lang_option, option
from seegrad.cli.picture import PicturedCommand, picture_option
from seegrad.data.tables.preparation import TASKS
from seegrad.errors import FormatError, ValueRangeError
from seegrad.files import content, existing
from seegrad.i18n import tr
from seegrad.text import nearest
from seegrad.training.runs.setting import SCHEDULES

COUNT = click.IntRange(min=1)
NOT_IN_FILES = ("config", "resume", "as_json", "lang", "help", "picture")


class TrainCommand(PicturedCommand):
    """A command whose `--hidden` takes all the numbers that follow it: `--hidden 100 50`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        widths: list[str] = []
        for word in args:
            more = word.isdecimal() and len(widths) > 1 and widths[-2] == "--hidden"
            widths += ["--hidden", word] if more else [word]
        return super().parse_args(ctx, widths)


def _read_config(ctx: click.Context, parameter: click.Parameter, file: Path | None) -> None:
    """Take the settings of a TOML file as defaults, below what the command line says."""
    if file is None:
        return
    try:
        found = tomllib.loads(content(existing(file, tr("a TOML file"))).decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise FormatError(
            tr("{path} is no TOML file", path=str(file)), asked='data = "csv:wine.csv"',
            came=str(fault),
        ) from fault  # fmt: skip
    found = found.get("train", found)
    known: dict[str, click.Parameter] = {}
    for one in ctx.command.params:
        if one.name in NOT_IN_FILES:
            continue
        for name in one.opts:
            known[name.lstrip("-")] = known[name.lstrip("-").replace("-", "_")] = one
    chosen: dict[str, Any] = {}
    for name, value in found.items() if isinstance(found, dict) else ():
        if name not in known:
            close = nearest(name, known)
            raise ValueRangeError(
                tr("{path} names no setting of a run", path=str(file)),
                asked=", ".join(dict.fromkeys(one.name or "" for one in known.values())),
                came=name,
                hint=tr("nearest: {names}", names=", ".join(close)) if close else "",
            )
        one = known[name]
        chosen[one.name or name] = _fitting(file, name, value, one)
    ctx.default_map = chosen


def _fitting(file: Path, name: str, value: Any, one: click.Parameter) -> Any:
    """A value of the file as its option takes it; what is of another kind is refused by name."""
    values = value if isinstance(value, list) and one.multiple else [value]
    flag = isinstance(one, click.Option) and one.is_flag
    if any(not isinstance(v, bool if flag else (str, int, float)) for v in values) or (
        not flag and any(isinstance(v, bool) for v in values)
    ):
        asked = "true, false" if flag else f"{name} = {'[…]' if one.multiple else '…'}"
        raise ValueRangeError(
            tr("{path}: wrong value for {name}", path=str(file), name=name),
            asked=asked, came=repr(value)[:60],
        )  # fmt: skip
    return values if one.multiple else value


def _flags(*settings: Callable[[Decorated], Decorated]) -> Callable[[Decorated], Decorated]:
    def decorate(function: Decorated) -> Decorated:
        for setting in reversed(settings):
            function = setting(function)
        return function

    return decorate


FILE = click.Path(path_type=Path)
_DATA = (
    option("--config", type=FILE, is_eager=True, expose_value=False, callback=_read_config,
           help="A TOML file with any of these options; the command line wins."),
    option("--data", default="digits", show_default=True,
           help="digits, spiral, moons, xor, or a file: csv:PATH, parquet:PATH, npz:PATH, "
                "mnist:PATH."),
    option("--target", default=None, metavar="COLUMN",
           help="The column to predict, by name. [default: the last]"),
    option("--task", type=click.Choice(TASKS), default=None,
           help="Tell classes or fit numbers. [default: found in the target, and said]"),
    option("--valid", default=None, metavar="FILE",
           help="Data to test on. [default: a fifth of the rows, drawn at random]"),
    option("--drop", multiple=True, metavar="COLUMN", help="Leave a column out; once for each."),
    option("--categories", multiple=True, metavar="COLUMN",
           help="Take a column's numbers as names, such as codes; once for each."),
    option("--separator", default=None, metavar="SIGN",
           help="What parts the columns: , ; tab |. [default: found]"),
    option("--encoding", default=None, metavar="NAME",
           help="Of the CSV file. [default: UTF-8 or CP949, whichever fits]"),
    option("--decimal", type=click.Choice([".", ","]), default=None,
           help="The sign before the fraction. [default: found]"),
)  # fmt: skip
_NETWORK = (
    option("--hidden", multiple=True, type=COUNT, default=(50,), show_default=True,
           help="The widths of the hidden layers, one number each.", metavar="N..."),
    option("--activation", type=click.Choice(list(nn.ACTIVATIONS)), default="sigmoid",
           show_default=True, help="What stands between the layers."),
    option("--optimizer", type=click.Choice(list(optim.RULES)), default="sgd",
           help="The rule of the update. [default: sgd; adam for tables]"),
    option("--lr", type=click.FloatRange(min=0, min_open=True), default=None,
           help="The learning rate. [default: 0.1; 0.001 for adam, adamw and rmsprop; 0.003 where "
                "adam is the default]"),
    option("--momentum", type=click.FloatRange(min=0, max=1, max_open=True), default=None,
           help="How much of the last step stays in the next (sgd, nesterov)."),
    option("--weight-decay", type=click.FloatRange(min=0), default=0.0,
           help="How much weights are pulled to 0. [default: 0]"),
    option("--schedule", type=click.Choice(SCHEDULES), default="constant", show_default=True,
           help="How the learning rate changes over the run."),
)  # fmt: skip
_LENGTH = (
    option("--batch", type=COUNT, default=100,
           help="Examples in a mini-batch. [default: 100; 32 for tables]"),
    option("--epochs", type=COUNT, default=None, help="Passes over the data."),
    option("--steps", type=COUNT, default=None, help="Steps, instead of passes."),
    option("--patience", type=COUNT, default=None, metavar="N",
           help="Stop after N passes without a better test loss, and keep the best weights."),
    option("--seed", type=click.IntRange(min=0), default=0, show_default=True,
           help="Of first values and of the order."),
)  # fmt: skip
_KEEPING = (
    option("-o", "--output", "--out", "out", type=FILE, default=None,
           help="The folder of the run. [default: a new one in runs/]"),
    option("--tensorboard", is_flag=True,
           help="Write TensorBoard events into the run's folder too."),
    option("--resume", is_flag=True,
           help="Go on where the run in --out stopped, with its settings."),
    option("--save-every", type=COUNT, default=None, help="Steps between checkpoints inside a "
           "pass."),
    option("--keep", type=COUNT, default=3, show_default=True, help="How many checkpoints stay."),
    option("--workers", type=COUNT, default=None,
           help="Processes that share each mini-batch (MPI)."),
    option("--eager", is_flag=True, help="Make the steps in Python, not in native code."),
    option("--check", "checks", is_flag=True, help="Check the gradient after training."),
    picture_option,
    json_option,
    lang_option,
)  # fmt: skip

train_options = _flags(*_DATA, *_NETWORK, *_LENGTH, *_KEEPING)
"""All options of `train`, in the order in which its help page shows them."""
