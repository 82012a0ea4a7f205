"""`seegrad train`: data, network and optimizer from words; a run in a folder of its own."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from seegrad.cli.group import FAILED, GOOD, INTERRUPTED, complain_of
from seegrad.cli.runs.asked import Length, folder_of, setting_of, with_length
from seegrad.cli.runs.options import TrainCommand, train_options
from seegrad.cli.runs.telling import conclude, introduce
from seegrad.errors import NonFiniteError, ValueRangeError
from seegrad.i18n import tr
from seegrad.parallel.launching import launch, verdict, worker_count
from seegrad.parallel.trainer import ParallelTrainer, enough
from seegrad.parallel.world import World, join
from seegrad.training import EarlyStopping, Report, RunFolder, TensorBoard, Trainer, check_network
from seegrad.training.callbacks import Callback, Recorder
from seegrad.training.callbacks.progress_bar import progress
from seegrad.training.report import REPORT
from seegrad.training.runs.setting import Loaded, Setting


@click.command("train", cls=TrainCommand)
@train_options
def command(
    out: Path | None, resume: bool, checks: bool, save_every: int | None, keep: int,
    tensorboard: bool, workers: int | None, eager: bool, as_json: bool, **words: Any,
) -> int:  # fmt: skip
    """Train a network."""
    asked = setting_of(words, out, resume)
    length = Length(save_every, keep, tensorboard, eager)
    if worker_count() > 1:
        world = join()
        with world.guarded(complain_of):
            enough(asked.batch, world.size)
            return _train(asked, out, resume, length, checks, as_json, world)
    if workers is not None and workers > 1:
        enough(asked.batch, workers)
        folder_of(out, resume, asked.load().setting, make=False)
        code = launch(workers, sys.argv[1:])
        if said := verdict(code):
            click.echo(said, err=True)
            more = tr("go on with --resume --out {folder}, and any --workers", folder=out or "DIR")
            click.echo(more, err=True)
            return FAILED
        return code
    return _train(asked, out, resume, length, checks, as_json, None)


def _train(
    asked: Setting, out: Path | None, resume: bool, length: Length, checks: bool, as_json: bool,
    world: World | None,
) -> int:  # fmt: skip
    """The run itself, alone or as one process of several."""
    loaded = _loaded(asked, resume)
    setting, train, test = loaded.setting, loaded.train, loaded.test
    network = setting.network()
    leads = world is None or world.leads
    rule = setting.rule(network)
    folder = folder_of(out, resume, setting) if leads else RunFolder(out or "runs")
    watch = _watching(loaded, network, folder, length, as_json) if leads else []
    if setting.patience is not None:
        watch.insert(0, EarlyStopping("test_loss", setting.patience))
    parts = (network, rule, setting.loss(), watch, setting.seed)
    more: dict[str, Any] = {
        "eager": length.eager, "schedule": setting.rate(rule, setting.plan(len(train)))
    }  # fmt: skip
    trainer = (
        Trainer(*parts, **more) if world is None else ParallelTrainer(*parts, world=world, **more)
    )
    if resume:
        newest = str(folder.checkpoints.newest()) if leads else ""
        trainer.resume(newest if world is None else world.tell(newest))
    if leads:
        folder.write_config(setting.as_config())
    before, began = trainer.count, time.perf_counter()
    try:
        trainer.fit(
            train, test, epochs=setting.epochs, steps=setting.steps, batch=setting.batch,
            progress=False,
        )
    except NonFiniteError:
        if leads:
            told = tr("the run up to there is told in {file}", file=folder.path / REPORT)
            click.echo(told, err=True)
        raise
    seconds = time.perf_counter() - began
    if resume and trainer.count == before and leads:
        made = tr("the run has made all of its {count} steps; --epochs or --steps go on",
                  count=before)  # fmt: skip
        click.echo(made, err=True)
    summary = _summary(trainer, loaded, seconds, before)
    summary.update(folder=str(folder.path), workers=1 if world is None else world.size)
    right = True
    if leads:
        if checks:
            right = _check(setting, network, train, summary)
        conclude(summary, as_json)
    if trainer.stopped == tr("interrupted"):
        return INTERRUPTED
    return GOOD if right else FAILED


def _loaded(asked: Setting, resume: bool) -> Loaded:
    """The data, and the settings with all that they ask for; those that have changed are refused.
    """
    loaded = asked.load()
    count = len(loaded.train)
    if resume and asked.examples not in (0, count):
        raise ValueRangeError(
            tr("the data have changed since the run was started"),
            asked=tr("{count} examples to train", count=asked.examples),
            came=tr("{count} examples to train", count=count),
            hint=tr("start a new run"),
        )
    if asked.patience is not None and not len(loaded.test):
        raise ValueRangeError(
            tr("there are no rows to learn from, or to try out"), asked="--patience, --valid FILE",
            came=tr("{count} examples", count=count),
        )  # fmt: skip
    return replace(loaded, setting=replace(with_length(loaded.setting, count), examples=count))


def _watching(
    loaded: Loaded, network: Any, folder: RunFolder, length: Length, as_json: bool
) -> list[Callback]:
    """What follows the run: progress, report, checkpoints, logs."""
    watch: list[Callback] = [
        Report(folder, loaded.train, loaded.test, loaded.setting.in_words()),
        Recorder(folder, every=length.save_every, keep=length.keep),
    ]
    if length.tensorboard:
        watch.append(TensorBoard(folder.path / "tensorboard"))
    if not as_json:
        introduce(loaded, network)
        watch.insert(0, progress())
    return watch


def _summary(trainer: Trainer, loaded: Loaded, seconds: float, before: int) -> dict[str, Any]:
    """What came of it: the figures of the weights that are kept."""
    made = loaded.setting.preparation
    figures: dict[str, Any] = dict(trainer.history.last)
    if loaded.setting.patience is not None and len(loaded.test):  # the best, not the last
        found = trainer.evaluate(loaded.test.x, loaded.test.t)
        figures.update({f"test_{name}": value for name, value in found.items()})
    return {
        **figures,
        "seconds": seconds,
        "steps_per_second": (trainer.count - before) / seconds,
        "parameters": trainer.network.count(),
        "stopped": trainer.stopped,
        "task": made.task,
        "target": made.target,
        "classes": list(made.classes),
        "columns": list(made.names),
        "notes": [str(note) for note in loaded.notes],
    }


def _check(setting: Setting, network: Any, train: Any, summary: dict[str, Any]) -> bool:
    reports = check_network(network, setting.loss(), train.x[:3], train.t[:3])
    summary["gradient_right"] = all(reports.values())
    summary["gradient_error"] = max(report.max_error for report in reports.values())
    summary["gradient_compared"] = sum(report.compared for report in reports.values())
    return bool(summary["gradient_right"])
