"""The language people are spoken to in: English texts in the code, Korean ones in a catalogue.

`tr` fills an English sentence, or its Korean counterpart from `catalogue/ko.json`, with values. It
gives a `Message`, which remembers both, so that `translate` can say it in another language: every
translation is a look-up. The choice is `SEEGRAD_LANG`, or what `set_language` was last told. No
text of any picture lives here.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

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


def set_language(language: str) -> None:
    """Choose the language of messages, texts and pictures for this process: "en" or "ko".

    Raises:
        ValueError: for another language.

    >>> set_language("en")
    """
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


class Message(str):
    """A sentence as it is said, with the English template and the values that it was made of.

    `before` is what stands before the sentence in every language: `matmul: `.
    """

    template: str
    values: Mapping[str, object]
    before: str

    def __new__(
        cls, template: str, values: Mapping[str, object] = MappingProxyType({}), before: str = "",
        language: str | None = None,
    ) -> Message:  # fmt: skip
        spoken = catalogue(language or _CHOICE.language).get(template, template)
        if values:
            values = {k: translate(x, language) if isinstance(x, Message) else x
                      for k, x in values.items()}  # fmt: skip
            spoken = with_particles(spoken, values).format(**values)
        made = super().__new__(cls, before + spoken)
        made.template, made.before = template, before
        # as text what could be large, or change
        made.values = {k: x if isinstance(x, str) or not hasattr(x, "__len__") else str(x)
                       for k, x in values.items()}  # fmt: skip
        return made

    def __radd__(self, before: str) -> Message:
        return Message(self.template, self.values, before + self.before)


def tr(sentence: str, /, language: str | None = None, **values: object) -> Message:
    """`sentence` in the language in force (or the one given), its {holes} filled with `values`."""
    return Message(sentence, values, language=language)


def translate(sentence: str, language: str | None = None) -> Message:
    """What `tr` has said, or a sentence without values, in the language in force (or given)."""
    if isinstance(sentence, Message):
        return Message(sentence.template, sentence.values, sentence.before, language)
    return Message(sentence, language=language)


_PARTICLES = {"은(는)": "은는", "이(가)": "이가", "을(를)": "을를", "과(와)": "과와"}
"""Korean particles that a catalogue leaves open: behind a final consonant, behind none."""
_OPEN = re.compile(r"\{(\w+)(![rs])?\}([^\w\s{}]?)(은\(는\)|이\(가\)|을\(를\)|과\(와\)|\(으\)로)")
_FINAL = dict(zip("0123456789", ("ㅇ", "ㄹ", "", "ㅁ", "", "", "ㄱ", "ㄹ", "ㄹ", "")))
"""The final consonant of a number as it is read aloud, by its last digit (10 is 십, 100 is 백)."""


def _final_consonant(value: str) -> str | None:
    """What a word or number ends in when it is read in Korean; None where nobody can say."""
    last = value.rstrip("\"'`)]}»… ")[-1:]
    if "가" <= last <= "힣":
        which = (ord(last) - ord("가")) % 28
        return "" if not which else "ㄹ" if which == 8 else "ㄱ"
    return _FINAL.get(last)


def with_particles(template: str, values: Mapping[str, object]) -> str:
    """A Korean sentence whose particles behind {holes} fit the values that will stand there."""

    def fitting(match: re.Match[str]) -> str:
        name, conversion, mark, particle = match.groups()
        final = _final_consonant(str(values.get(name, "")))
        if final is None:
            return match[0]
        if particle == "(으)로":
            chosen = "로" if final in ("", "ㄹ") else "으로"
        else:
            chosen = _PARTICLES[particle][0 if final else 1]
        return f"{{{name}{conversion or ''}}}{mark}{chosen}"

    return _OPEN.sub(fitting, template) if "(" in template else template
