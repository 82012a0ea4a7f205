"""`seegrad evaluate RUN [DATA]`: how good a run's network is on data with targets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np

from seegrad.cli.group import SpokenCommand, echo_json, json_option, lang_option
from seegrad.cli.runs.telling import say_figures, tell_oddities
from seegrad.data import Dataset, Table
from seegrad.i18n import tr
from seegrad.training.runs.in_use import Run, load_run


@click.command("evaluate", cls=SpokenCommand)
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("data", required=False)
@json_option
@lang_option
def command(run: Path, data: str | None, as_json: bool) -> None:
    """Evaluate."""
    made = load_run(run)
    if data is None:
        ready = made.setting.load().test
    else:
        rows = made.setting.read(data)
        if not as_json and isinstance(rows, Table):
            tell_oddities(made.raw(rows))
        ready = made.setting.dataset(rows)
    figures = made.scores(ready)
    facts: dict[str, Any] = {
        "run": str(run), "data": data, "task": made.task, "target": made.preparation.target,
        "rows": len(ready), **figures,
    }  # fmt: skip
    if made.classes:
        facts["by_class"] = _by_class(made, ready)
    if as_json:
        echo_json(facts)
        return
    click.echo(tr("{count} rows", count=len(ready)))
    say_figures(facts, "accuracy", "loss", "r2", "rmse", "mae")
    wide = max((len(name) for name in made.classes), default=0)
    for name, found in facts.get("by_class", {}).items():
        words = tr("{right} of {count} right", right=found["right"], count=found["rows"])
        click.echo(f"  {name:<{wide}}  {words}")


def _by_class(run: Run, data: Dataset) -> dict[str, dict[str, int]]:
    """Of each class, how many rows there are and how many were told right."""
    true = data.t if data.t.ndim == 1 else data.t.argmax(axis=1)
    right = run.network_outputs(data.x).argmax(axis=1) == true
    return {
        name: {"rows": int((true == k).sum()), "right": int(right[true == k].sum())}
        for k, name in enumerate(run.classes)
        if np.any(true == k)
    }
