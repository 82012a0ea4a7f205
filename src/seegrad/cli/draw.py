"""`seegrad draw "(x+y)**2" x=3 y=4 -o graph.svg`: the graph of an expression, as a picture."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import click
import numpy as np

from seegrad.cli.explain import values_of
from seegrad.cli.group import echo_json, json_option, lang_option, option
from seegrad.cli.picture import PicturedCommand, picture_option
from seegrad.drawing.display import draw, scene_of, show
from seegrad.drawing.export.text import to_text
from seegrad.drawing.layout.theme import THEMES
from seegrad.drawing.scene.scene import to_json
from seegrad.expression import read_expression
from seegrad.tensor.tensor import Tensor


def _backward(z: Tensor) -> None:
    """Send 1 back, to every element of an array: the derivative of its sum."""
    if z.requires_grad:
        z.backward(np.ones(z.shape, z.dtype) if z.shape else None)


@click.command("draw", cls=PicturedCommand)
@click.argument("expression")
@click.argument("values", nargs=-1, metavar="[NAME=VALUE]...")
@option(
    "-o",
    "--output",
    "--out",
    "out",
    type=click.Path(dir_okay=False),
    help="Where to: .svg .html .png .dot .mmd .txt .tex; without it, into the terminal.",
)
@option("--open", "opened", is_flag=True, help="Open composites such as sigmoid into small steps.")
@option("--quiz", is_flag=True, help="Leave the derivatives blank, to be filled in.")
@option("--check", is_flag=True, help="Paint each operation's gradient check (.html, .svg, .png).")
@option("--theme", type=click.Choice(tuple(THEMES)), default="light", help="light or dark.")
@option("--show", "shown", is_flag=True, help="Show it in the browser.")
@picture_option
@json_option
@lang_option
def command(
    expression: str,
    values: tuple[str, ...],
    out: str | None,
    opened: bool,
    quiz: bool,
    check: bool,
    theme: str,
    shown: bool,
    as_json: bool,
) -> None:
    """Draw an expression's graph."""
    z = read_expression(expression, values_of(values))
    _backward(z)
    options: dict[str, Any] = {"quiz": quiz, "check": check, "title": expression}
    options["open"] = "all" if opened else "auto"
    if out is not None:
        file = draw(z, out, theme=theme, **options)
        if as_json:
            echo_json({"file": str(file)})
        else:
            click.echo(str(file))
    if shown:
        show(z, **options)
    if as_json and out is None:
        echo_json(json.loads(to_json(scene_of(z, **options))))
    elif out is None and not shown:
        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        click.echo(to_text(scene_of(z, **options), colour), nl=False)


