"""The checkpoints of a run: one file for each, the newest few kept, each written whole.

What is in a checkpoint is written and read in `saving.py`.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

from seegrad.errors import MissingFileError, ValueRangeError
from seegrad.files import as_path, make_folder
from seegrad.i18n import tr

KEPT = 3
_NAME = re.compile(r"step-(\d{9,})\.safetensors")


class Checkpoints:
    """A folder of checkpoints, named after the step they were made at.

    keep: how many stay; older ones are deleted once a newer one is on the disk.

    Raises:
        ValueRangeError: for a number to keep below 1.

    >>> Checkpoints("run/checkpoints").place(1234).name
    'step-000001234.safetensors'
    >>> import tempfile
    >>> from pathlib import Path
    >>> parent = tempfile.TemporaryDirectory()
    >>> kept = Checkpoints(Path(parent.name, "checkpoints"))
    >>> kept.make()
    >>> kept.tidy(1)
    >>> kept.paths()
    []
    >>> parent.cleanup()
    """

    def __init__(self, folder: str | os.PathLike[str], keep: int = KEPT) -> None:
        if keep < 1:
            raise ValueRangeError(
                tr("{name} counts something, so it starts at {least}", name="keep", least=1),
                asked="keep ≥ 1",
                came=f"keep={keep}",
            )
        self.folder, self.keep = as_path(folder), keep

    def place(self, step: int) -> Path:
        """Where the checkpoint of a step stands."""
        return self.folder / f"step-{step:09d}.safetensors"

    def paths(self) -> list[Path]:
        """The checkpoints there are, oldest first."""
        if not self.folder.is_dir():
            return []
        found = [(m, path) for path in self.folder.iterdir() if (m := _NAME.fullmatch(path.name))]
        return [path for _, path in sorted((int(m[1]), path) for m, path in found)]

    def newest(self) -> Path:
        """The checkpoint to go on from; MissingFileError when there is none."""
        paths = self.paths()
        if not paths:
            raise MissingFileError(
                tr("there is no checkpoint in {path}", path=str(self.folder)),
                asked=tr("the folder of a run that was stopped"),
                came=tr("no such file"),
                hint=tr("start the run without --resume"),
            )
        return paths[-1]

    def make(self) -> None:
        """Make the folder where it is missing."""
        make_folder(self.folder)

    def tidy(self, step: int) -> None:
        """Drop what the checkpoint of `step` has made superfluous.

        Older ones beyond those to keep, later ones (of a run that was set back), and what a run
        that was killed while writing has left behind.
        """
        own = self.place(step)
        paths = self.paths()
        older = [path for path in paths if path.name <= own.name]
        for path in [*older[: -self.keep], *(p for p in paths if p.name > own.name)]:
            with suppress(OSError):
                path.unlink()
        for path in self.folder.glob(".step-*.tmp"):
            with suppress(OSError):
                path.unlink()
