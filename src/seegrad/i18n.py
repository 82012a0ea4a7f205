"""The language people are spoken to in: English texts in the code, Korean ones in a catalogue.

`tr` fills an English sentence, or its Korean counterpart from `catalogue/ko.json`, with values;
`translate` finds the counterpart of a sentence that is filled already, as errors' are. The choice
is `SEEGRAD_LANG`, or what `set_language` was last told. No text of any picture lives here.
"""

from __future__ import annotations

import json
import os
import re
import string
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


def set_language(language: str) -> None:
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


def tr(sentence: str, /, language: str | None = None, **values: object) -> str:
    """`sentence` in the language in force (or the one given), its {holes} filled with `values`."""
    spoken = catalogue(language or _CHOICE.language).get(sentence, sentence)
    return with_particles(spoken, values).format(**values) if values else spoken


_PARTICLES = {"은(는)": "은는", "이(가)": "이가", "을(를)": "을를", "과(와)": "과와"}
"""Korean particles that a catalogue leaves open: behind a final consonant, behind none."""
_OPEN = re.compile(r"\{(\w+)\}([^\w\s{}]?)(은\(는\)|이\(가\)|을\(를\)|과\(와\)|\(으\)로)")
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
        name, mark, particle = match.groups()
        final = _final_consonant(str(values.get(name, "")))
        if final is None:
            return match[0]
        if particle == "(으)로":
            chosen = "로" if final in ("", "ㄹ") else "으로"
        else:
            chosen = _PARTICLES[particle][0 if final else 1]
        return f"{{{name}}}{mark}{chosen}"

    return _OPEN.sub(fitting, template) if "(" in template else template


_SHAPE = r"(\([^()]*\)(?:(?:, | and )\([^()]*\))*|\S+)"
_HOLES = {
    **dict.fromkeys(("count", "size", "low", "high", "axis", "index"), r"(-?\d[\d,.]*|\S*\d\S*)"),
    "memory": r"([\d.e+]+ (?:[KMGTPE]i)?B)",
    **dict.fromkeys(("shape", "other", "left", "right", "before", "after", "whole"), _SHAPE),
}
"""What a hole of this name may hold; others hold any text. Without it, short sentences such as
"{count} of shape {shape}" would take others for themselves."""
_NAMED = re.compile(r"([A-Za-z_][\w.]*): (.+)", re.DOTALL)
"""A sentence with the name of the function before it that it is about."""


@cache
def _patterns(language: str) -> tuple[tuple[re.Pattern[str], tuple[str, ...], str], ...]:
    """(what an English sentence with holes looks like, its holes, its counterpart), long first."""
    found = []
    for english, spoken in sorted(catalogue(language).items(), key=lambda pair: -len(pair[0])):
        pieces = list(string.Formatter().parse(english))
        names = tuple(name for _, name, _, _ in pieces if name is not None)
        if not names:
            continue
        text = "".join(
            re.escape(literal) + (_HOLES.get(name, "(.+?)") if name is not None else "")
            for literal, name, _, _ in pieces
        )
        found.append((re.compile(text, re.DOTALL), names, spoken))
    return tuple(found)


def _fill(template: str, values: Mapping[str, str]) -> str:
    """The template with its holes filled by texts, which are not looked into."""
    pieces = string.Formatter().parse(with_particles(template, values))
    return "".join(text + ("" if name is None else values[name]) for text, name, _, _ in pieces)


def translate(sentence: str, language: str | None = None) -> str:
    """The counterpart of an English sentence whose holes are filled; as it is if there is none.

    An error is written where it is raised, as plain English with its values in it; here it is
    recognised again by the words around the values. `name: sentence` keeps its name.
    """
    wanted = language or _CHOICE.language
    if wanted == "en" or not sentence:
        return sentence
    known = catalogue(wanted)
    if sentence in known:
        return known[sentence]
    if named := _NAMED.fullmatch(sentence):
        name, rest = named.groups()
        if (turned := translate(rest, wanted)) != rest:
            return f"{name}: {turned}"
    for pattern, names, spoken in _patterns(wanted):
        if match := pattern.fullmatch(sentence):
            return _fill(spoken, {n: translate(v, wanted) if n == "what" else known.get(v, v)
                                  for n, v in zip(names, match.groups())})  # fmt: skip
    name, colon, rest = sentence.partition(": ")
    if colon and (turned := translate(rest, wanted)) != rest:
        return f"{name}: {turned}"
    return sentence
