"""The language people are spoken to in: English texts in the code, Korean ones in a catalogue.

`say` fills an English sentence, or its Korean counterpart from `catalogue/ko.json`, with values.
The choice is `SEEGRAD_LANG`, or what `speak` was last told. No text of any picture lives here.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cache
from importlib import resources

LANGUAGES = ("en", "ko")


class _Choice:
    """The language chosen for this process."""

    def __init__(self) -> None:
        asked = os.environ.get("SEEGRAD_LANG", "en")[:2].lower()
        self.language = asked if asked in LANGUAGES else "en"


_CHOICE = _Choice()


def language() -> str:
    """The language now in force: "en" or "ko"."""
    return _CHOICE.language


def speak(language: str) -> None:
    """Choose the language of messages, texts and pictures for this process: "en" or "ko"."""
    if language not in LANGUAGES:
        raise ValueError(f"unknown language {language!r}; choose one of {', '.join(LANGUAGES)}")
    _CHOICE.language = language


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """English sentence → its counterpart in `language`; empty for English."""
    if language == "en":
        return {}
    text = resources.files(__package__).joinpath("catalogue", f"{language}.json").read_text("utf-8")
    known: dict[str, str] = json.loads(text)
    return known


def say(sentence: str, /, language: str | None = None, **values: object) -> str:
    """`sentence` in the language in force (or the one given), its {holes} filled with `values`."""
    spoken = catalogue(language or _CHOICE.language).get(sentence, sentence)
    return spoken.format(**values) if values else spoken
