"""A run's folder: its settings, its numbers line by line, its weights, each written whole."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seegrad.errors import FormatError
from seegrad.files import as_path, existing, kind_of, make_folder, write_whole
from seegrad.i18n import tr
from seegrad.training.checkpoints import Checkpoints

CONFIG, METRICS = "config.json", "metrics.jsonl"
WEIGHTS, CHECKPOINTS = "net.safetensors", "checkpoints"


class RunFolder:
    """One folder for one run; made when first written to.

    `config.json` holds the settings, `metrics.jsonl` one JSON object an epoch, `net.safetensors`
    the weights, `report.html` the page that tells of it all, the files in `checkpoints` all that
    is needed to go on.

    Args:
        path: of the folder.

    >>> import tempfile
    >>> import seegrad as sg
    >>> parent = tempfile.TemporaryDirectory()
    >>> folder = RunFolder.fresh(parent.name, "digits")
    >>> folder = folder.make()
    >>> folder.write_config({"epochs": 3})
    >>> folder.read_config()
    {'epochs': 3}
    >>> folder.write_metrics([{"epoch": 1.0}])
    >>> folder.read_metrics()
    [{'epoch': 1.0}]
    >>> parent.cleanup()
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = as_path(path)

    @classmethod
    def fresh(cls, parent: str | os.PathLike[str], name: str) -> RunFolder:
        """A folder in `parent` named after `name` and the time, that no other run has."""
        stem = f"{name}-{time.strftime('%Y%m%d-%H%M%S')}"
        parent = as_path(parent)
        kind = FormatError
        for number in range(1000):
            path = parent / (f"{stem}-{number}" if number else stem)
            try:
                path.mkdir(parents=True)
            except FileExistsError:
                if not parent.is_dir():
                    break
                continue
            except OSError as fault:
                kind = kind_of(fault)
                break
            return cls(path)
        raise kind(
            tr("cannot make a folder in {path}", path=str(parent)),
            asked=tr("a folder that may be written to"),
            came=str(parent),
            hint=tr("choose another place"),
        )

    def make(self) -> RunFolder:
        """Make the folder where it is missing."""
        make_folder(self.path)
        return self

    @property
    def weights(self) -> Path:
        return self.path / WEIGHTS

    @property
    def checkpoints(self) -> Checkpoints:
        return Checkpoints(self.path / CHECKPOINTS)

    def write_config(self, settings: Mapping[str, Any]) -> None:
        """Keep the settings of the run."""
        text = json.dumps(dict(settings), ensure_ascii=False, indent=1)
        write_whole(self.make().path / CONFIG, text + "\n")

    def read_config(self) -> dict[str, Any]:
        """The settings of the run; FormatError when the folder holds no run."""
        file = existing(self.path / CONFIG, tr("the folder of a run"))
        try:
            settings = json.loads(file.read_text("utf-8"))
        except (ValueError, RecursionError) as fault:
            settings = fault
        if isinstance(settings, dict):
            return settings
        raise FormatError(
            tr("{path} is damaged", path=CONFIG),
            asked=tr("the settings of a run"),
            came=tr("a text that is no JSON object"),
        )

    def write_metrics(self, rows: list[dict[str, float]]) -> None:
        """Keep all rows so far, one JSON object a line."""
        lines = [json.dumps(row) + "\n" for row in rows]
        write_whole(self.make().path / METRICS, "".join(lines))

    def read_metrics(self) -> list[dict[str, float]]:
        """The rows written so far; none where there is no such file."""
        file = self.path / METRICS
        if not file.is_file():
            return []
        return [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]
