"""`seegrad predict RUN DATA`: raw rows in, a CSV with names or numbers out, a line a row."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import click

from seegrad.cli.group import SpokenCommand, echo_json, json_option, lang_option, option
from seegrad.cli.runs.telling import tell_oddities
from seegrad.data.tables.preparation import Raw
from seegrad.files import write_whole
from seegrad.i18n import tr
from seegrad.training.runs.in_use import Run, load_run


@click.command("predict", cls=SpokenCommand)
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("data")
@option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), default=None,
        help="The CSV file to write. [default: to the terminal]")
@json_option
@lang_option
def command(run: Path, data: str, output: Path | None, as_json: bool) -> None:
    """Predict."""
    made = load_run(run)
    raw = made.raw(data)
    outputs = made.outputs(raw)
    answers = made.preparation.answers(outputs)
    shares = made.shares(outputs) if made.classes else None
    text = _as_csv(made, answers, shares)
    if output is not None:
        write_whole(output, text if text.isascii() else "\ufeff" + text)
    if as_json:
        facts: dict[str, Any] = {
            "run": str(run), "task": made.task, "target": made.preparation.target,
            "rows": len(answers), "predictions": answers.tolist(), "classes": list(made.classes),
            "unknown": dict(raw.unknown) if isinstance(raw, Raw) else {},
            "missing": dict(raw.gaps) if isinstance(raw, Raw) else {},
            "file": None if output is None else str(output),
        }  # fmt: skip
        if shares is not None:
            facts["probabilities"] = shares.round(7).tolist()
        echo_json(facts)
        return
    tell_oddities(raw)
    if output is None:
        click.echo(text, nl=False)
    else:
        click.echo(tr("{count} predictions in {file}", count=len(answers), file=str(output)))


def _as_csv(run: Run, answers: Any, shares: Any) -> str:
    """A line for each row, under the target's name; of classes the probability, too."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    name = run.preparation.target or "prediction"
    if shares is not None:
        writer.writerow([name, "probability"])
        writer.writerows(zip(answers.tolist(), (f"{p:.4f}" for p in shares.max(axis=1))))
    elif answers.ndim == 1:
        writer.writerow([name])
        writer.writerows([f"{value:.7g}"] for value in answers.tolist())
    else:
        writer.writerow([f"{name}{place + 1}" for place in range(answers.shape[1])])
        writer.writerows([f"{value:.7g}" for value in row] for row in answers.tolist())
    return stream.getvalue()
