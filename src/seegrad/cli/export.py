"""`seegrad export`: the network of a run as an ONNX file."""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np

from seegrad.cli.group import SpokenCommand, echo_json, json_option, lang_option, option
from seegrad.cli.setting import Setting
from seegrad.i18n import tr
from seegrad.training import RunFolder, export_onnx, load


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
    folder = RunFolder(run)
    setting = Setting.from_config(folder.read_config())
    network = setting.network()
    load(network, folder.weights)
    example = np.zeros((1, setting.inputs), np.float32)
    file = export_onnx(network, output or folder.path / "net.onnx", example)
    if as_json:
        facts = {"file": str(file), "inputs": setting.inputs, "outputs": setting.outputs}
        echo_json({**facts, "bytes": file.stat().st_size})
        return
    click.echo(
        tr(
            "{file}: x (N, {inputs}) → y (N, {outputs}), {count} parameters",
            file=file,
            inputs=setting.inputs,
            outputs=setting.outputs,
            count=f"{network.count():,}",
        )
    )
