"""Every exception of seegrad: each says what was asked, what came, what to try, and where; the log.

Only messages live here, no checks: the code that knows what it wanted raises one of these.
"""

from __future__ import annotations

import linecache
import logging
import sys
import sysconfig
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from seegrad.display_hooks import present
from seegrad.i18n import tr, translate

LOGGER = logging.getLogger("seegrad")
"""Silent until somebody listens: runs are told to it (INFO), and compilations (DEBUG)."""
LOGGER.addHandler(logging.NullHandler())

_OURS = str(Path(__file__).parent)
_LIBRARIES = tuple({sysconfig.get_path(p) for p in ("stdlib", "platstdlib", "purelib", "platlib")})


class Line:
    """One line of the user's source: file, number and text (read from the file, or as typed)."""

    __slots__ = ("file", "function", "number", "typed")

    def __init__(self, file: str, number: int, function: str, typed: str = "") -> None:
        self.file, self.number, self.function, self.typed = file, number, function, typed

    @property
    def text(self) -> str:
        return self.typed or linecache.getline(self.file, self.number).strip()

    def __str__(self) -> str:
        place = f"{Path(self.file).name}:{self.number}"
        return f"{place}: {self.text}" if self.text else place


def user_line() -> Line | None:
    """The innermost line now running that is not seegrad's own (nor the interpreter's).

    A line of an installed library counts only where there is no other: the user called it.
    """
    frame, library = sys._getframe(1), None
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith((_OURS, "<frozen")):
            line = Line(file, frame.f_lineno, frame.f_code.co_name)
            if not file.startswith(_LIBRARIES):
                return line
            library = library or line
        frame = frame.f_back  # type: ignore[assignment]
    return library


def told(problem: str, asked: str, came: str, hint: str, line: Line | None) -> str:
    """The sentence and its parts in the language in force, one a line."""
    rows = ((tr("asked"), asked), (tr("came"), came), (tr("try"), hint))
    lines: list[str] = [translate(problem)]
    lines += [f"  {label}: {translate(text)}" for label, text in rows if text]
    if line is not None:
        lines.append(f"  {tr('at')}: {line}")
    text = "\n".join(lines)
    # Nothing that a file or a name brings along may steer a terminal.
    return "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text)


class SeegradError(Exception):
    """The base of all: a sentence, and optionally what was asked, what came and what to try.

    Each is a `Message` of `seegrad.i18n` or an English sentence without values, and is said in the
    language in force; the user's own line is found when the error is made.

    Args:
        problem: the sentence.
        asked: what was asked for.
        came: what came.
        hint: what to try.
        line: the user's own line.

    >>> error = SeegradError("this does not fit", asked="2", came="3", hint="another size")
    >>> print(error.message())  # doctest: +ELLIPSIS
    this does not fit
      asked: 2
      came: 3
      try: another size
      at: ...
    """

    def __init__(
        self,
        problem: str,
        *,
        asked: str = "",
        came: str = "",
        hint: str = "",
        line: Line | None = None,
    ) -> None:
        parts = map(translate, (problem, asked, came, hint))
        self.problem, self.asked, self.came, self.hint = parts
        self.line = line or user_line()
        self.operation: Any = None
        """The operation that failed and what it was given, where there was one: for the picture."""
        self.inputs: tuple[Any, ...] = ()
        super().__init__(self.message())

    def of(self, operation: Any, inputs: Sequence[Any]) -> Self:
        """This error, with the operation that failed and its inputs noted for the picture.

        >>> SeegradError("no").of("sum", []).operation
        'sum'
        """
        self.operation, self.inputs = operation, tuple(inputs)
        return self

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows of it: its usual lines, below the picture of what failed."""
        lines: list[str] = present("traceback", self)
        return lines

    def message(self) -> str:
        """The whole text: the sentence, what was asked, what came, what to try."""
        return told(self.problem, self.asked, self.came, self.hint, self.line)


class ShapeError(SeegradError, ValueError):
    """Shapes that do not fit together, or an axis that is not there."""


class DTypeError(SeegradError, TypeError):
    """A kind of value that the operation cannot take."""


class ValueRangeError(SeegradError, ValueError):
    """A value outside of what is allowed: a label, a probability, an option."""


class IndexRangeError(SeegradError, IndexError):
    """An index outside of its axis."""


class CallError(SeegradError, TypeError):
    """A function called with arguments that it does not take, or without one that it needs."""


class SizeError(SeegradError, MemoryError):
    """A value too large for the memory there is; nothing was taken."""


class GradientError(SeegradError, RuntimeError):
    """A derivative that cannot be taken as asked."""


class MutationError(SeegradError, TypeError, RuntimeError):
    """A value that a recorded graph still needs was about to change, or has changed."""


class TraceError(SeegradError, TypeError):
    """Python asked for the numbers of a value that has none while a function is traced."""


class NonFiniteError(SeegradError, FloatingPointError):
    """A NaN or an infinity was born; the message says where."""


class ExpressionError(SeegradError, ValueError):
    """An expression that was typed cannot be read, or asks for what is not allowed."""


class FormatError(SeegradError, ValueError):
    """A file that is not what its name says, or is damaged."""


class MissingFileError(FormatError, FileNotFoundError):
    """There is no such file or folder."""


class FolderError(FormatError, IsADirectoryError):
    """A folder stands where a file is needed."""


class AccessError(FormatError, PermissionError):
    """A file or folder that this user may not read or write."""


class DiskError(FormatError):
    """The disk is full; what was written before is whole."""


class MissingExtraError(SeegradError, ImportError):
    """An optional package is not installed; the message says how to get it."""


class OpDefinitionError(SeegradError, TypeError):
    """An operation was defined incompletely or inconsistently; found at import."""


class GraphError(SeegradError, RuntimeError):
    """A graph that does not hold together; found by the verifier."""


class SeegradWarning(UserWarning):
    """The base of all warnings, told as errors are: something is right as asked, but hardly meant.

    `warn_user` gives it out.
    """

    def __init__(self, problem: str, *, asked: str = "", came: str = "", hint: str = "") -> None:
        parts = map(translate, (problem, asked, came, hint))
        self.problem, self.asked, self.came, self.hint = parts
        self.line = user_line()
        super().__init__(told(problem, asked, came, hint, self.line))


class GradientWarning(SeegradWarning):
    """A derivative that is 0 because nothing depends on what is differentiated by."""


def warn_user(warning: SeegradWarning) -> None:
    """Give out a warning at the user's own line; by default Python shows it once for each line."""
    level, frame = 1, sys._getframe(0)
    while frame.f_back is not None and frame.f_code.co_filename.startswith((_OURS, "<frozen")):
        level, frame = level + 1, frame.f_back
    warnings.warn(warning, stacklevel=level)
