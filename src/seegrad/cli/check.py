"""`seegrad check`: the gradient by backpropagation against numerical differences.

Of a run's network, of a fresh one, or of an expression, node by node; as a picture if asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click
import numpy as np

from seegrad.cli.explain import values_of
from seegrad.cli.group import FAILED, GOOD, echo_json, json_option, lang_option, option
from seegrad.cli.picture import PicturedCommand, picture_option
from seegrad.drawing.display import draw
from seegrad.errors import GradientError
from seegrad.expression import read_expression
from seegrad.graph.graph import substitute
from seegrad.i18n import tr
from seegrad.tensor.tensor import Tensor
from seegrad.training import check_network
from seegrad.training.runs.in_use import load_run
from seegrad.training.runs.setting import Setting
from seegrad.transforms.gradcheck import Report, gradcheck, gradcheck_nodes

Reports = Mapping[str, Report]


@click.command("check", cls=PicturedCommand)
@click.argument("subject", required=False, metavar="[RUN | EXPRESSION]")
@click.argument("values", nargs=-1, metavar="[NAME=VALUE]...")
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
@option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=None,
    help="Draw the graph with the check painted on it: .html, .svg, .png ...",
)
@picture_option
@json_option
@lang_option
def command(
    subject: str | None,
    values: tuple[str, ...],
    examples: int,
    numbers: int,
    output: Path | None,
    as_json: bool,
) -> int:
    """Check a gradient."""
    if subject is not None and _is_expression(subject, values):
        title, graph, reports = subject, *_of_expression(subject, values)
    else:
        title, graph, reports = _of_network(subject, examples, numbers)
    right = all(reports.values())
    if output is not None:
        graph.backward(np.ones(graph.shape, graph.dtype))
        draw(graph, output, check=True, title=title)
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
        facts = {"right": right, "subject": title, "parts": rows}
        echo_json(facts)
        return GOOD if right else FAILED
    click.echo(title)
    wide = max((len(name) for name in reports), default=0)
    for name, report in reports.items():
        _tell(f"{name:<{wide}}", report)
    if output is not None:
        click.echo(tr("drawn in {file}", file=output))
    click.echo(tr("the gradient is right") if right else tr("the gradient is WRONG"))
    return GOOD if right else FAILED


def _is_expression(subject: str, values: tuple[str, ...]) -> bool:
    """Anything with values beside it, or with brackets, that is no folder."""
    return not Path(subject).exists() and (bool(values) or "(" in subject)


def _of_expression(text: str, values: tuple[str, ...]) -> tuple[Tensor, Reports]:
    """The check of every node, and of the whole as a function of its values."""
    z = read_expression(text, values_of(values))
    labels = z.graph.labels
    leaves = [leaf for leaf in z.graph.inputs if leaf.requires_grad]
    if not leaves or not z.requires_grad:
        raise GradientError(
            tr("there is nothing to check"),
            asked=tr("an expression with a derivative"),
            came=text[:60],
            hint=tr("for example \"(x+y)**2\" x=3 y=4"),
        )
    reports = {labels[node]: report for node, report in gradcheck_nodes(z).items()}
    reports[tr("the whole")] = gradcheck(
        lambda *xs: substitute([z], dict(zip(leaves, xs)))[0], *(leaf.data for leaf in leaves)
    )
    return z, reports


def _of_network(run: str | None, examples: int, numbers: int) -> tuple[str, Tensor, Reports]:
    """The check of every parameter of a run's network, or of a fresh one."""
    title = tr("a fresh network on the digits") if run is None else run
    made = None if run is None else load_run(run)
    loaded = (Setting() if made is None else made.setting).load()
    loss, train = loaded.setting.loss(), loaded.train
    network = loaded.setting.network() if made is None else made.network
    x, t = train.x[:examples], train.t[:examples]
    return title, loss(network(x), t), check_network(network, loss, x, t, numbers)


def _tell(name: str, report: Report) -> None:
    words = [
        tr("right") if report else tr("WRONG"),
        tr("{count} compared", count=report.compared),
        tr("largest relative error {error}", error=f"{report.max_error:.1e}"),
    ]
    if report.kinks:
        words.append(tr("{count} at kinks", count=len(report.kinks)))
    click.echo(f"  {name}  {' · '.join(words)}")
    for finding in report.wrong[:3]:
        click.echo(f"    {finding}")
