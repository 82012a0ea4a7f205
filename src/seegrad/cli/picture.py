"""`--picture FILE`: where an operation fails, the graph up to it, drawn.

Shared by the commands that compute something; what is drawn is decided in
`drawing/scene/error_scene.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from seegrad.cli.group import Decorated, SpokenCommand, complain_of, option
from seegrad.drawing.display import SUFFIXES, draw, lowered
from seegrad.drawing.scene.scene import Scene
from seegrad.errors import SeegradError
from seegrad.i18n import tr

_KEY = f"{__name__}.file"


def _keep(ctx: click.Context, parameter: click.Parameter, chosen: str | None) -> None:
    """Note the place; a name that no picture can have is refused before anything is computed."""
    if chosen is None:
        return
    suffix = Path(chosen).suffix.lower()
    if suffix not in SUFFIXES:
        lowered(Scene(), suffix)
    ctx.meta[_KEY] = chosen


def picture_option(function: Decorated) -> Decorated:
    """`--picture FILE`, for commands of class PicturedCommand."""
    decorate = option(
        "--picture",
        type=click.Path(dir_okay=False),
        expose_value=False,
        callback=_keep,
        help="Where an operation fails, draw the graph up to it: .html, .svg, .png ...",
    )
    return decorate(function)


class PicturedCommand(SpokenCommand):
    """A command that draws what an operation failed on, where `--picture` says."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SeegradError as error:
            if error.operation is not None and _KEY in ctx.meta:
                try:
                    click.echo(tr("drawn in {file}", file=draw(error, ctx.meta[_KEY])), err=True)
                except SeegradError as fault:
                    complain_of(fault)
            raise
