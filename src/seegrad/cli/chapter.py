"""`seegrad chapter`: the chapter on backpropagation as one live page."""

from __future__ import annotations

from pathlib import Path

import click

from seegrad.chapter.page import chapter_page
from seegrad.cli.group import SpokenCommand, echo_json, json_option, lang_option, option
from seegrad.errors import FormatError
from seegrad.files import write_whole
from seegrad.i18n import tr


@click.command("chapter", cls=SpokenCommand)
@option("-o", "--output", type=click.Path(path_type=Path), default=Path("chapter.html"),
        show_default=True, help="The page to write.")
@json_option
@lang_option
def command(output: Path, as_json: bool) -> None:
    """Write the chapter."""
    if output.suffix.lower() not in (".html", ".htm"):
        raise FormatError(
            tr("the chapter is a page"), asked=".html", came=output.name,
            hint=tr("choose a name that ends in .html"),
        )  # fmt: skip
    written = write_whole(output, chapter_page())
    if as_json:
        echo_json({"file": str(written), "bytes": written.stat().st_size})
        return
    click.echo(tr("{path}: {size} KB, works without a network", path=str(written),
                   size=str(written.stat().st_size // 1024)))  # fmt: skip
