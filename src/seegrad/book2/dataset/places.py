"""Where the volume's text files are: a folder that is told, or one that is there."""

from __future__ import annotations

import os
from pathlib import Path

from seegrad.errors import FormatError, MissingFileError
from seegrad.i18n import tr

PLACES = ("dataset", "../dataset", "data", ".")
FOLDER = "SEEGRAD_BOOK2"


def read_text(name: str, path: str | os.PathLike[str] | None, about: str) -> str:
    """The text of the file `name`; MissingFileError says which file to put where."""
    told = path or os.environ.get(FOLDER)
    folders = [Path(told)] if told else [Path(place) for place in PLACES]
    for folder in folders:
        file = folder if folder.is_file() else folder / name
        if file.is_file():
            try:
                return file.read_text("utf-8")
            except UnicodeDecodeError:
                raise FormatError(
                    tr("{name} is not text in UTF-8", name=str(file)), asked=about
                ) from None
    raise MissingFileError(
        tr("where is {name}?", name=name),
        asked=tr("load_data(path=folder), or the folder in {variable}", variable=FOLDER),
        came=tr("no {name} in {places}", name=name, places=", ".join(map(str, folders))),
        hint=tr("put {name} there: {about}; nothing is ever downloaded", name=name, about=about),
    )
