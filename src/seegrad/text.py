"""Templates with $holes, an indenting writer, `tidy`, which makes a user's text safe to stand in
a line, `fresh` names, `public`, the names that a table of contents gives, and what a function
takes, its annotations left as text.

LaTeX and code are full of braces, hence `$name` holes. Nothing here knows an operation.
"""

from __future__ import annotations

import difflib
import inspect
import re
import sys
import unicodedata
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain, count
from string import Template
from types import ModuleType
from typing import Any

if sys.version_info >= (3, 14):  # works annotations out when they are asked for
    import annotationlib

    _AS_TEXT: dict[str, Any] = {"annotation_format": annotationlib.Format.STRING}
else:
    _AS_TEXT: dict[str, Any] = {}

LONGEST_NAME = 40
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def tidy(text: str, longest: int = LONGEST_NAME) -> str:
    """Text of a user's on one line: no control characters, none that turn the direction, short."""
    clean = "".join(" " if unicodedata.category(c) in _UNSEEN else c for c in text)
    clean = " ".join(clean.split())
    return clean if len(clean) <= longest else clean[: longest - 1] + "…"


def as_operator(name: str) -> str:
    """A function's name as LaTeX sets it, "f" where it has none that can be read.

    >>> print(as_operator("my_loss"), as_operator("<lambda>"))
    \\operatorname{my\\_loss} \\operatorname{f}
    """
    word = name if re.fullmatch(r"[\w.]+", name) else "f"
    return rf"\operatorname{{{word}}}".replace("_", r"\_")


def signature(function: Callable[..., Any]) -> inspect.Signature:
    """What a function takes, whatever its annotations name: also what only type checkers import.

    Raises as `inspect.signature`: TypeError for what cannot be called, ValueError where nothing is
    known.

    >>> list(signature(lambda x, n=2: x).parameters)
    ['x', 'n']
    """
    return inspect.signature(function, **_AS_TEXT)


def nearest(word: str, words: Iterable[str], most: int = 3) -> list[str]:
    """The words that are most like one that was meant, letter by letter; perhaps none.

    >>> nearest("qualty", ["quality", "alcohol"])
    ['quality']
    """
    spelt = {unicodedata.normalize("NFD", other.lower()): other for other in words}
    meant = unicodedata.normalize("NFD", word.lower())  # Hangul letter by letter, too
    return [spelt[near] for near in difflib.get_close_matches(meant, spelt, most, 0.6)]


def public(names: Mapping[str, object]) -> list[str]:
    """What a table of contents has imported by name: its `__all__`.

    >>> public({"__name__": "it", "_own": 1, "unicodedata": unicodedata, "given": 2})
    ['given']
    """
    given = [name for name, thing in names.items() if not isinstance(thing, ModuleType)]
    return sorted(name for name in given if not name.startswith("_") and name != "public")


def fresh(wish: str, taken: Container[str]) -> str:
    """The name that is wished for, with a number behind it where it is taken.

    >>> fresh("y", {"x"}), fresh("y", {"y", "y_2"})
    ('y', 'y_3')
    """
    numbered = (f"{wish}_{number}" for number in count(2))
    return next(name for name in chain([wish], numbered) if name not in taken)


ATOM = 100
"""Precedence of what never needs brackets: a name, a number, a function's call."""


def holes(template: str) -> tuple[str, ...]:
    """The names of the $holes of a template, in order, each once."""
    return tuple(dict.fromkeys(Template(template).get_identifiers()))


def fill(template: str, values: Mapping[str, str]) -> str:
    """The template with every $hole filled; a hole without a value is an error."""
    return Template(template).substitute(values)


class Writer:
    """Lines of code, indented by `with writer.block("header:")`."""

    def __init__(self, step: str = "    ") -> None:
        self._lines: list[str] = []
        self._step, self._depth = step, 0

    def line(self, text: str = "") -> None:
        self._lines.append(self._step * self._depth + text if text else "")

    @contextmanager
    def block(self, header: str) -> Iterator[None]:
        self.line(header)
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1

    def __str__(self) -> str:
        return "\n".join(self._lines) + "\n"


_WHEN = re.compile(r"\\when\{(\w+)\}\{([^{}]*)\}\{([^{}]*)\}")


def settled(latex: str, attrs: Mapping[str, Any]) -> str:
    """A template in which what depends on an attribute that is on or off is decided.

    >>> settled(r"$a^{-\\when{trans}{\\top}{1}} $b", {"trans": True})
    '$a^{-\\\\top} $b'
    """
    return _WHEN.sub(lambda found: found[2] if attrs.get(found[1]) else found[3], latex)
