"""`seegrad train`: data, network and optimizer from words; a run in a folder of its own."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from seegrad import nn, optim
from seegrad.cli.group import (
    FAILED,
    GOOD,
    INTERRUPTED,
    complain_of,
    echo_json,
    json_option,
    lang_option,
    option,
)
from seegrad.cli.picture import PicturedCommand, picture_option
from seegrad.cli.setting import Setting
from seegrad.errors import NonFiniteError, ValueRangeError
from seegrad.i18n import tr
from seegrad.parallel.launching import launch, verdict, worker_count
from seegrad.parallel.trainer import ParallelTrainer, enough
from seegrad.parallel.world import World, join
from seegrad.training import Report, RunFolder, TensorBoard, Trainer, check_network
from seegrad.training.callbacks import Callback, Recorder
from seegrad.training.callbacks.progress_bar import progress
from seegrad.training.report import REPORT

EPOCHS = {"digits": 200, "xor": 2000, "spiral": 2000, "moons": 1000}
COUNT = click.IntRange(min=1)


class TrainCommand(PicturedCommand):
    """A command whose `--hidden` takes all the numbers that follow it: `--hidden 100 50`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        widths: list[str] = []
        for word in args:
            more = word.isdecimal() and len(widths) > 1 and widths[-2] == "--hidden"
            widths += ["--hidden", word] if more else [word]
        return super().parse_args(ctx, widths)


@click.command("train", cls=TrainCommand)
@option(
    "--data",
    default="digits",
    show_default=True,
    help="digits, spiral, moons, xor, mnist:PATH, csv:PATH, npz:PATH or parquet:PATH.",
)
@option(
    "--hidden",
    multiple=True,
    type=COUNT,
    default=(50,),
    show_default=True,
    help="The widths of the hidden layers, one number each.",
    metavar="N...",
)
@option(
    "--activation",
    type=click.Choice(list(nn.ACTIVATIONS)),
    default="sigmoid",
    show_default=True,
    help="What stands between the layers.",
)
@option(
    "--optimizer",
    type=click.Choice(list(optim.RULES)),
    default="sgd",
    show_default=True,
    help="The rule of the update.",
)
@option(
    "--lr",
    type=click.FloatRange(min=0, min_open=True),
    default=None,
    help="The learning rate. [default: 0.1; 0.001 for adam, adamw and rmsprop]",
)
@option("--batch", type=COUNT, default=100, show_default=True, help="Examples in a mini-batch.")
@option("--epochs", type=COUNT, default=None, help="Passes over the data.")
@option("--steps", type=COUNT, default=None, help="Steps, instead of passes.")
@option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Of first values and of the order.",
)
@option(
    "--out",
    type=click.Path(path_type=Path),
    default=None,
    help="The folder of the run. [default: a new one in runs/]",
)
@option("--tensorboard", is_flag=True, help="Write TensorBoard events into the run's folder too.")
@option("--resume", is_flag=True, help="Go on where the run in --out stopped.")
@option("--save-every", type=COUNT, default=None, help="Steps between checkpoints inside a pass.")
@option("--keep", type=COUNT, default=3, show_default=True, help="How many checkpoints stay.")
@option("--workers", type=COUNT, default=None, help="Processes that share each mini-batch (MPI).")
@option("--eager", is_flag=True, help="Make the steps in Python, not in native code.")
@option("--check", "checks", is_flag=True, help="Check the gradient after training.")
@picture_option
@json_option
@lang_option
def command(
    epochs: int | None, steps: int | None, out: Path | None, resume: bool, checks: bool,
    save_every: int | None, keep: int, tensorboard: bool, workers: int | None, eager: bool,
    as_json: bool, lr: float | None, optimizer: str, **words: Any,
) -> int:  # fmt: skip
    """Train a network."""
    if lr is None:
        lr = 0.001 if optimizer in ("adam", "adamw", "rmsprop") else 0.1
    asked = Setting(lr=lr, optimizer=optimizer, **words)
    if epochs is not None and steps is not None:
        raise ValueRangeError(
            tr("the length of a run is told in epochs or in steps"),
            asked=tr("one of the two"),
            came=f"--epochs {epochs} --steps {steps}",
        )
    length = Length(epochs, steps, save_every, keep, tensorboard, eager)
    if worker_count() > 1:
        world = join()
        with world.guarded(complain_of):
            enough(asked.batch, world.size)
            return _train(asked, out, resume, length, checks, as_json, world)
    if workers is not None and workers > 1:
        enough(asked.batch, workers)
        _folder(out, resume, asked.load()[0], make=False)
        code = launch(workers, sys.argv[1:])
        if said := verdict(code):
            click.echo(said, err=True)
            more = tr("go on with --resume --out {folder}, and any --workers", folder=out or "DIR")
            click.echo(more, err=True)
            return FAILED
        return code
    return _train(asked, out, resume, length, checks, as_json, None)


@dataclass(frozen=True)
class Length:
    """How long a run is to be, how often it is kept, whether it is logged, and how it is run."""

    epochs: int | None
    steps: int | None
    save_every: int | None
    keep: int
    tensorboard: bool
    eager: bool


def _train(
    asked: Setting, out: Path | None, resume: bool, length: Length, checks: bool, as_json: bool,
    world: World | None,
) -> int:  # fmt: skip
    """The run itself, alone or as one process of several."""
    setting, train, test = asked.load()
    network = setting.network()
    rule = setting.rule(network)
    leads = world is None or world.leads
    folder = _folder(out, resume, setting) if leads else RunFolder(out or "runs")
    watch: list[Callback] = []
    if leads:
        watch.append(Report(folder, train, test, setting.in_words()))
        watch.append(Recorder(folder, every=length.save_every, keep=length.keep))
        if length.tensorboard:
            watch.append(TensorBoard(folder.path / "tensorboard"))
        if not as_json:
            _introduce(setting, train, test, network)
            watch.insert(0, progress())
    parts = (network, rule, setting.loss(), watch, setting.seed)
    if world is None:
        trainer = Trainer(*parts, eager=length.eager)
    else:
        trainer = ParallelTrainer(*parts, world=world, eager=length.eager)
    if resume:
        newest = str(folder.checkpoints.newest()) if leads else ""
        trainer.resume(newest if world is None else world.tell(newest))
    if leads:
        folder.write_config(setting.as_config())
    epochs, steps = length.epochs, length.steps
    if epochs is None and steps is None:
        epochs = EPOCHS.get(setting.data, 20)
    before, began = trainer.count, time.perf_counter()
    try:
        trainer.fit(
            train, test, epochs=epochs, steps=steps, batch=setting.batch, progress=False
        )
    except NonFiniteError:
        if leads:
            told = tr("the run up to there is told in {file}", file=folder.path / REPORT)
            click.echo(told, err=True)
        raise
    seconds = time.perf_counter() - began
    summary: dict[str, Any] = {
        **trainer.history.last,
        "seconds": seconds,
        "steps_per_second": (trainer.count - before) / seconds,
        "parameters": network.count(),
        "stopped": trainer.stopped,
        "folder": str(folder.path),
        "workers": 1 if world is None else world.size,
    }
    right = True
    if leads:
        if checks:
            right = _check(setting, network, train, summary)
        _conclude(summary, as_json)
    if trainer.stopped == tr("interrupted"):
        return INTERRUPTED
    return GOOD if right else FAILED


def _folder(out: Path | None, resume: bool, setting: Setting, make: bool = True) -> RunFolder:
    """The run's folder: a new one, or the one named; an existing run only to go on with it."""
    if out is None or (out.name == "runs" and not resume):
        if resume:
            raise ValueRangeError(
                tr("which run is to go on?"), asked="--resume --out DIR", came="--resume"
            )
        if not make:
            return RunFolder(out or "runs")
        return RunFolder.fresh(out or "runs", setting.data.partition(":")[0])
    folder = RunFolder(out)
    if not resume:
        if folder.checkpoints.paths():
            raise ValueRangeError(
                tr("there is a run in this folder already"),
                asked=tr("a new folder"),
                came=str(out),
                hint=tr("add --resume to go on with it, or name another folder"),
            )
        return folder.make() if make else folder
    before = folder.read_config()
    now = json.loads(json.dumps(setting.as_config()))
    differing = [name for name in now if now[name] != before.get(name)]
    if differing:
        raise ValueRangeError(
            tr("the run was started with other settings"),
            asked=", ".join(f"{name}={before.get(name)}" for name in differing),
            came=", ".join(f"{name}={now[name]}" for name in differing),
            hint=tr("give the same settings, or start a new run"),
        )
    return folder


def _introduce(setting: Setting, train: Any, test: Any, network: Any) -> None:
    widths = [setting.inputs, *setting.hidden, setting.outputs]
    click.echo(
        tr(
            "{data}: {train} examples to train, {test} to test",
            data=setting.data,
            train=len(train),
            test=len(test),
        ),
        err=True,
    )
    click.echo(
        tr(
            "network {widths}, {activation}, {count} parameters",
            widths="-".join(map(str, widths)),
            activation=setting.activation,
            count=f"{network.count():,}",
        ),
        err=True,
    )


def _check(setting: Setting, network: Any, train: Any, summary: dict[str, Any]) -> bool:
    reports = check_network(network, setting.loss(), train.x[:3], train.t[:3])
    summary["gradient_right"] = all(reports.values())
    summary["gradient_error"] = max(report.max_error for report in reports.values())
    summary["gradient_compared"] = sum(report.compared for report in reports.values())
    return bool(summary["gradient_right"])


def _conclude(summary: dict[str, Any], as_json: bool) -> None:
    if as_json:
        echo_json(summary)
        return
    if summary["stopped"]:
        click.echo(tr("stopped early: {why}", why=summary["stopped"]))
    click.echo(
        tr(
            "{count} steps in {seconds} s ({speed} steps/s)",
            count=f"{summary.get('step', 0):,}",
            seconds=f"{summary['seconds']:.1f}",
            speed=f"{summary['steps_per_second']:,.0f}",
        )
    )
    if "gradient_right" in summary:
        text = (
            tr("gradient check: right, {count} derivatives, largest relative error {error}",
                count=summary["gradient_compared"], error=f"{summary['gradient_error']:.1e}")
            if summary["gradient_right"]
            else tr("gradient check: WRONG, largest relative error {error}",
                     error=f"{summary['gradient_error']:.1e}")
        )  # fmt: skip
        click.echo(text)
    for name, words in (
        ("test_accuracy", tr("test accuracy")),
        ("train_accuracy", tr("training accuracy")),
        ("test_loss", tr("test loss")),
    ):
        if name in summary:
            click.echo(f"{words}: {summary[name]:.4f}")
    click.echo(tr("saved in {folder}", folder=summary["folder"]))
