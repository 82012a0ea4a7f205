"""`seegrad chapter`: a chapter of the book as one live page."""

from __future__ import annotations

from pathlib import Path

import click

from seegrad.chapter.page import CHAPTERS, chapter_page
from seegrad.cli.group import SpokenCommand, echo_json, json_option, lang_option, option
from seegrad.errors import FormatError
from seegrad.files import write_whole
from seegrad.i18n import tr


@click.command("chapter", cls=SpokenCommand)
@click.argument("number", type=click.Choice([str(n) for n in CHAPTERS]), default="5")
@option("-o", "--output", type=click.Path(path_type=Path), default=None,
        help="The page to write; chapter.html by default, chapter4.html and so on for the others.")
@json_option
@lang_option
def command(number: str, output: Path | None, as_json: bool) -> None:
    """Write a chapter: 4 (gradients), 5 (backpropagation), 6 (learning) or 7 (convolution)."""
    output = output or Path(f"chapter{'' if number == '5' else number}.html")
    if output.suffix.lower() not in (".html", ".htm"):
        raise FormatError(
            tr("the chapter is a page"), asked=".html", came=output.name,
            hint=tr("choose a name that ends in .html"),
        )  # fmt: skip
    written = write_whole(output, chapter_page(number=int(number)))
    if as_json:
        echo_json({"file": str(written), "bytes": written.stat().st_size})
        return
    click.echo(tr("{path}: {size} KB, works without a network", path=str(written),
                   size=str(written.stat().st_size // 1024)))  # fmt: skip
