"""The file that is being read, and what is said of it when it cannot be read.

Every error about a file is made here, so that the same fault is told in the same words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from seegrad.errors import FormatError
from seegrad.i18n import tr
from seegrad.onnx.model import DTYPES

OFFICIAL = ("", "ai.onnx")
"""The names of the domain of ONNX's own operators."""
LEARNING = "ai.onnx.ml"
"""The domain of classical machine learning, as scikit-learn's models are written."""


@dataclass
class Source:
    """A file, the onnx package, and the version of each domain of operators."""

    file: Path
    onnx: Any
    versions: dict[str, int] = field(default_factory=dict)
    beside: dict[Path, int] = field(default_factory=dict)
    """The files beside it that were read from, and how many bytes each has."""
    taken: int = 0
    """How many bytes were read from those."""

    def damaged(self, came: str) -> FormatError:
        """The file is not what ONNX says."""
        return FormatError(
            tr("{path} is damaged or is no ONNX file", path=self.file.name),
            asked=tr("a whole ONNX file"),
            came=came[:200],
            hint=tr("export it again, or copy the file again"),
        )

    def unsupported(self, name: str, kind: str) -> FormatError:
        """The file is valid, and one of its values is of a type that is not read."""
        return FormatError(
            tr("{path} has values of a type that is not read here", path=self.file.name),
            asked=", ".join(sorted(DTYPES)),
            came=f"{name[:80]}: {kind}",
            hint=tr("export it again with one of these"),
        )

    def unread(self, came: str) -> FormatError:
        """The file is valid, and uses a part of ONNX that is not read."""
        return FormatError(
            tr("{path} uses parts of ONNX that are not read here", path=self.file.name),
            asked=tr("steps one after another, branches and loops"),
            came=came,
        )

    def kind(self, number: int, name: str) -> str:
        """The name of a type of values by its number in ONNX, as NumPy would call it."""
        try:
            word = str(self.onnx.TensorProto.DataType.Name(number)).lower()
        except ValueError as fault:
            raise self.damaged(f"dtype {number}") from fault
        if word == "undefined":
            raise self.damaged(f"dtype {number}")
        return {"float": "float32", "double": "float64"}.get(word, word)

    def dtype(self, number: int, name: str) -> np.dtype[Any]:
        """The dtype of a value by its number in ONNX; a valid one that is not read is named."""
        word = self.kind(number, name)
        if word not in DTYPES:
            raise self.unsupported(name, word)
        found: np.dtype[Any] = np.dtype(word)
        return found
