"""What `train`, `predict` and `evaluate` say in words: notes at the beginning, figures at the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from seegrad.cli.group import echo_json
from seegrad.data.tables.preparation import Raw
from seegrad.i18n import tr
from seegrad.training.history import figure
from seegrad.training.runs.setting import Loaded


def introduce(loaded: Loaded, network: Any) -> None:
    """What was found in the data, and the network that it will be."""
    setting = loaded.setting
    for note in loaded.notes:
        click.echo(note, err=True)
    click.echo(
        tr(
            "{data}: {train} examples to train, {test} to test",
            data=setting.data, train=len(loaded.train), test=len(loaded.test),
        ),
        err=True,
    )  # fmt: skip
    widths = [setting.inputs, *setting.hidden, setting.outputs]
    click.echo(
        tr(
            "network {widths}, {activation}, {count} parameters; {rule}, lr {lr}, "
            "batches of {batch}",
            widths="-".join(map(str, widths)), activation=setting.activation,
            count=f"{network.count():,}", rule=setting.optimizer, lr=f"{setting.lr:g}",
            batch=setting.batch,
        ),
        err=True,
    )  # fmt: skip


def conclude(summary: dict[str, Any], as_json: bool) -> None:
    """A run's figures."""
    if as_json:
        echo_json(summary)
        return
    if summary["stopped"]:
        click.echo(tr("stopped early: {why}", why=summary["stopped"]))
    click.echo(
        tr(
            "{count} steps in {seconds} s ({speed} steps/s)",
            count=f"{summary.get('step', 0):,}", seconds=f"{summary['seconds']:.1f}",
            speed=f"{summary['steps_per_second']:,.0f}",
        )
    )  # fmt: skip
    if "gradient_right" in summary:
        text = (
            tr("gradient check: right, {count} derivatives, largest relative error {error}",
                count=summary["gradient_compared"], error=f"{summary['gradient_error']:.1e}")
            if summary["gradient_right"]
            else tr("gradient check: WRONG, largest relative error {error}",
                     error=f"{summary['gradient_error']:.1e}")
        )  # fmt: skip
        click.echo(text)
    say_figures(summary, "test_accuracy", "train_accuracy", "test_loss", "test_r2", "test_mae")
    click.echo(tr("saved in {folder}", folder=summary["folder"]))


def say_figures(figures: Mapping[str, Any], *names: str) -> None:
    """Each figure that there is on a line of its own."""
    words = {
        "test_accuracy": tr("test accuracy"), "train_accuracy": tr("training accuracy"),
        "test_loss": tr("test loss"), "test_r2": tr("R² on the test data"),
        "test_mae": tr("mean absolute error on the test data"), "accuracy": tr("accuracy"),
        "loss": tr("loss"), "r2": "R²", "mae": tr("mean absolute error"),
        "rmse": tr("root of the mean square error"),
    }  # fmt: skip
    for name in names:
        if name in figures:
            click.echo(f"{words[name]}: {figure(figures[name])}")


def tell_oddities(raw: Any) -> None:
    """What rows held that was not learnt, and what was missing in them."""
    if not isinstance(raw, Raw):
        return
    for column, found in raw.unknown.items():
        some = _listed([f"{word!r} ({count})" for word, count in found.items()])
        said = tr("column {column} holds categories that were not learnt, counted as none of them: "
                  "{words}", column=column, words=some)  # fmt: skip
        click.echo(said, err=True)
    if raw.gaps:
        some = _listed([f"{column} ({count})" for column, count in raw.gaps.items()])
        said = tr("values are missing in {columns}: a number gets the column's median",
                  columns=some)  # fmt: skip
        click.echo(said, err=True)


def _listed(words: Sequence[str], most: int = 6) -> str:
    more = f" … (+{len(words) - most})" if len(words) > most else ""
    return ", ".join(words[:most]) + more
