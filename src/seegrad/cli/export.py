"""`seegrad export`: the network of a run as an ONNX file that takes raw rows and gives names."""

from __future__ import annotations

from pathlib import Path

import click

from seegrad.cli.group import SpokenCommand, echo_json, json_option, lang_option, option
from seegrad.i18n import tr
from seegrad.training.runs.in_use import load_run


@click.command("export", cls=SpokenCommand)
@click.argument("run", type=click.Path(path_type=Path))
@option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=None,
    help="The file to write. [default: net.onnx in the run's folder]",
)
@json_option
@lang_option
def command(run: Path, output: Path | None, as_json: bool) -> None:
    """Export a run's network."""
    made = load_run(run)
    file = made.export(output or made.path / "net.onnx")
    columns, outputs = list(made.columns), made.setting.outputs
    width = len(columns) or made.setting.inputs
    if as_json:
        facts = {"file": str(file), "inputs": width, "outputs": outputs, "columns": columns}
        named = {"task": made.task, "target": made.preparation.target, "classes": [*made.classes]}
        echo_json({**facts, **named, "bytes": file.stat().st_size})
        return
    texts = bool(made.preparation.textual)
    click.echo(
        tr(
            "{file}: {inputs} → {outputs}, {count} parameters",
            file=str(file),
            inputs=", ".join(columns[:12]) if texts else f"x (N, {width})",
            outputs=f"probabilities (N, {outputs}), label (N)" if made.classes
            else f"y (N, {outputs})",
            count=f"{made.network.count():,}",
        )
    )  # fmt: skip
