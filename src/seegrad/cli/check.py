"""`seegrad check`: the gradient by backpropagation against numerical differences."""

from __future__ import annotations

import json
from pathlib import Path

import click

from seegrad.cli.group import FAILED, GOOD, SpokenCommand, json_option, lang_option, option
from seegrad.cli.setting import Setting
from seegrad.language import say
from seegrad.training import RunFolder, check_network, load


@click.command("check", cls=SpokenCommand)
@click.argument("run", required=False, type=click.Path(path_type=Path))
@option(
    "--examples",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="How many examples the loss is over.",
)
@option(
    "--numbers",
    type=click.IntRange(min=1),
    default=100,
    show_default=True,
    help="How many numbers of each parameter are compared.",
)
@json_option
@lang_option
def command(run: Path | None, examples: int, numbers: int, as_json: bool) -> int:
    """Check a gradient."""
    if run is None:
        setting, train, _ = Setting().load()
        network = setting.network()
        subject = say("a fresh network on the digits")
    else:
        folder = RunFolder(run)
        setting, train, _ = Setting.from_config(folder.read_config()).load()
        network = setting.network()
        load(network, folder.weights)
        subject = str(run)
    reports = check_network(
        network, setting.loss(), train.x[:examples], train.t[:examples], numbers
    )
    right = all(reports.values())
    if as_json:
        rows = {
            name: {
                "right": bool(report),
                "compared": report.compared,
                "max_error": report.max_error,
                "kinks": len(report.kinks),
            }
            for name, report in reports.items()
        }
        click.echo(json.dumps({"right": right, "subject": subject, "parameters": rows}))
        return GOOD if right else FAILED
    click.echo(subject)
    for name, report in reports.items():
        words = [
            say("right") if report else say("WRONG"),
            say("{count} compared", count=report.compared),
            say("largest relative error {error}", error=f"{report.max_error:.1e}"),
        ]
        if report.kinks:
            words.append(say("{count} at kinks", count=len(report.kinks)))
        click.echo(f"  {name:<12} {' · '.join(words)}")
        for finding in report.wrong[:3]:
            click.echo(f"    {finding}")
    click.echo(say("the gradient is right") if right else say("the gradient is WRONG"))
    return GOOD if right else FAILED
