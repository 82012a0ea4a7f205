"""`seegrad explain "(x+y)**2" x=3 y=4`: a derivative, derived step by step."""

from __future__ import annotations

import click
import numpy as np

from seegrad.cli.group import echo_json, json_option, lang_option, option
from seegrad.cli.picture import PicturedCommand, picture_option
from seegrad.drawing.formula.derivation import explain
from seegrad.errors import ExpressionError
from seegrad.expression import read_expression, read_value
from seegrad.i18n import tr
from seegrad.tensor.tensor import Tensor
from seegrad.transforms.folding import expand


def values_of(words: tuple[str, ...]) -> dict[str, Tensor]:
    """`x=3 y=4` as named tensors; ExpressionError names the word that is no such thing."""
    found: dict[str, Tensor] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            raise ExpressionError(
                tr("a value is given as name=number"), came=word[:40], hint=tr("for example x=3")
            )
        if len(found) >= 100:
            raise ExpressionError(tr("these are too many values"))
        value = read_value(name.strip(), text)
        if value.name in found:
            raise ExpressionError(tr("{name} is given twice", name=value.name))
        found[value.name] = value
    return found


@click.command("explain", cls=PicturedCommand)
@click.argument("expression")
@click.argument("values", nargs=-1, metavar="[NAME=VALUE]...")
@option("--wrt", multiple=True, help="What to differentiate by; all inputs otherwise.")
@option("--open", "opened", is_flag=True, help="Open composites such as sigmoid into small steps.")
@option("--latex", "form", flag_value="latex", help="Write LaTeX.")
@option("--mathml", "form", flag_value="mathml", help="Write HTML with MathML.")
@option("--markdown", "form", flag_value="markdown", help="Write Markdown.")
@picture_option
@json_option
@lang_option
def command(
    expression: str,
    values: tuple[str, ...],
    wrt: tuple[str, ...],
    opened: bool,
    form: str | None,
    as_json: bool,
) -> None:
    """Derive a derivative."""
    z = read_expression(expression, values_of(values))
    if opened:
        z = expand(z)
    derivation = explain(z, wrt=list(wrt) or None)
    if as_json:
        steps = [
            {"part": step.part, "says": step.says.text, "latex": list(step.equations)}
            for step in derivation.steps
        ]
        results = derivation.result if isinstance(derivation.result, tuple) else [derivation.result]
        numbers = [None if r is None else np.asarray(r).tolist() for r in results]
        title = derivation.title.text
        echo_json({"title": title, "steps": steps, "derivatives": numbers})
        return
    click.echo(getattr(derivation, form) if form else derivation.text)
