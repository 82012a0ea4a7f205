"""Text that leaves for a stream which cannot hold all of its signs: cp949, cp1252, ASCII.

Each sign that the stream's encoding has not is written with signs that it has: `×10⁻⁶` becomes
`x10^-6`, `∂L/∂x` becomes `dL/dx`, and a letter of another script a `?`. That is done by a codec
over the stream's own, so that everything that is printed passes through it. Nothing is imported.
"""

from __future__ import annotations

import codecs
import re
import sys
import unicodedata
from functools import cache
from typing import Any

PREFIX = "seegrad-"
"""What the names of our codecs begin with; the rest is the name of the stream's own."""

_PLAIN = {
    "△": "tri",
    "−": "-", "–": "-", "—": "-", "×": "x", "÷": "/", "·": "*", "∗": "*", "•": "*", "±": "+-",
    "∓": "-+",
    "≤": "<=", "≥": ">=", "≠": "!=", "≈": "~=", "≡": "==", "∞": "inf", "√": "sqrt", "∛": "cbrt",
    "∂": "d", "∫": "int", "∑": "sum", "Σ": "sum", "∏": "prod", "Π": "prod", "‖": "||", "¬": "not ",
    "∧": "and", "∨": "or", "⊻": "xor", "∀": "all", "∃": "any", "⌊": "|_", "⌋": "_|", "⌈": "|^",
    "⌉": "^|", "∘": "o", "⊗": "(x)", "⊕": "(+)", "⊙": "(.)", "⊤": "T", "⊣": "-|", "∠": "angle",
    "→": "->", "←": "<-", "↦": "|->", "⇒": "=>", "⇄": "<->", "⇅": "^v", "⇋": "<->", "⇶": "=>>",
    "↻": "(@)", "⟲": "(@)", "…": "...", "⋯": "...", "⋱": "...", "✓": "ok", "✗": "NO", "′": "'",
    "‾": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "«": "<<", "»": ">>", "▶": ">", "◀": "<",
    "▷": ">", "▭": "[]", "▬": "[=]", "▦": "[#]", "⊞": "[+]", "▫": "[.]", "⊡": "[.]", "⧺": "++",
    "▤": "[=]", "▥": "[|]", "◺": "|\\", "◹": "\\|", "☀": "o", "☾": "(", "◐": "(|", "µ": "mu",
    "ℝ": "R", "⁄": "/", "\u0302": "_hat", "\u0304": "_bar", "█": "#", "━": "-", "╸": "-",
    "╺": "-", "\u00a0": " ",
    "─": "-", "│": "|", "╭": "+", "╮": "+", "╰": "+", "╯": "+", "├": "+", "┤": "+", "┬": "+",
    "┴": "+", "┼": "+",
}  # fmt: skip
"""A sign and how it is written in ASCII; Greek letters are written by their names."""
_NEAR = {"╭": "┌", "╮": "┐", "╰": "└", "╯": "┘"}
"""Signs of the same look that more encodings have, tried first."""

_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱᵀᵗˣʸᵂ", "0123456789+-=()niTtxyW")
_LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "0123456789+-=()aeijklmnoprstuvx")
_INDEX = re.compile(f"([{''.join(map(chr, _RAISED))}]+)|([{''.join(map(chr, _LOWERED))}]+)")
_ROOM = re.compile(" {2,}|─{2,}|-{2,}")


@cache
def _holds(sign: str, encoding: str) -> bool:
    try:
        sign.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


@cache
def _substitute(sign: str, encoding: str) -> str:
    """The signs of `encoding` that stand for one that it has not."""
    if _holds(near := _NEAR.get(sign, sign), encoding):
        return near
    if sign in _PLAIN:
        return _PLAIN[sign]
    greek = re.fullmatch(r"GREEK (SMALL|CAPITAL) LETTER (\w+)", unicodedata.name(sign, ""))
    if greek:
        name = greek[2].lower().replace("lamda", "lambda")
        return name if greek[1] == "SMALL" else name.capitalize()
    parts = unicodedata.normalize("NFKD", sign)
    letters = [c for c in parts if not unicodedata.combining(c)]
    plain = "".join(_PLAIN.get(c, c) for c in letters)
    return plain if plain and plain.isascii() else "?"


def _index(found: re.Match[str], encoding: str) -> str:
    """An exponent or an index: as it stands, or as a whole after ^ or _."""
    if all(_holds(sign, encoding) for sign in found[0]):
        return found[0]
    mark, text = ("^", found[0].translate(_RAISED)) if found[1] else (
        "_", found[0].translate(_LOWERED)
    )  # fmt: skip
    single = len(text) == 1 or re.fullmatch(r"-?\d+", text) or text[0] == "("
    return f"{mark}{text}" if single else f"{mark}({text})"


def _line(line: str, encoding: str) -> str:
    """One line; what becomes longer takes room from the gaps that follow, so that columns stay."""
    pieces: list[str] = []
    owed = at = 0
    for found in re.finditer(f"{_INDEX.pattern}|{_ROOM.pattern}|[^\\x00-\\x7f]", line):
        pieces.append(line[at : found.start()])
        at, text = found.end(), found[0]
        if found[1] or found[2]:
            put = _index(found, encoding)
        elif len(text) > 1:
            given = min(owed, len(text) - 1)
            put, owed = text[given:], owed - given
            text = put
            put = "".join(c if _holds(c, encoding) else _substitute(c, encoding) for c in put)
        else:
            put = text if _holds(text, encoding) else _substitute(text, encoding)
        owed += len(put) - len(text)
        pieces.append(put)
    return "".join([*pieces, line[at:]])


def fitted(text: str, encoding: str, surrogates: bool = False) -> str:
    """`text` with each sign that `encoding` has not replaced by signs that it has.

    surrogates: leave lone ones (bytes of a file's name that are no text) to the stream.
    """
    if text.isascii() or _holds_all(text, encoding):
        return text
    if surrogates:
        parts = re.split("([\ud800-\udfff]+)", text)
        return "".join(p if i % 2 else fitted(p, encoding) for i, p in enumerate(parts))
    return "\n".join(_line(line, encoding) for line in text.split("\n"))


def _holds_all(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


@cache
def _codec(name: str) -> codecs.CodecInfo | None:
    """The codec over another one; a name that does not begin as ours do is not ours."""
    name = name.replace("_", "-")
    if not name.startswith(PREFIX):
        return None
    own = codecs.lookup(name.removeprefix(PREFIX))

    def encode(text: str, errors: str = "strict") -> tuple[bytes, int]:
        raw = fitted(text, own.name, errors == "surrogateescape").encode(own.name, errors)
        return raw, len(text)

    class Encoder(codecs.IncrementalEncoder):
        def encode(self, input: str, final: bool = False) -> bytes:
            return encode(input, self.errors)[0]

    return codecs.CodecInfo(
        name=name,
        encode=encode,
        decode=own.decode,
        incrementalencoder=Encoder,
        incrementaldecoder=own.incrementaldecoder,
        streamreader=own.streamreader,
        streamwriter=own.streamwriter,
    )


codecs.register(_codec)


def holds(stream: Any, text: str) -> bool:
    """Can the stream write this text as it is? One that says no encoding can."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return _holds_all(text, encoding.removeprefix(PREFIX))


def fit_streams() -> None:
    """Have what is printed fit, where it would end in an error or in escapes.

    A stream that was told what to do with other signs (PYTHONIOENCODING=ascii:replace) is left as
    it is, and so is one that holds them all.
    """
    for stream, usual in ((sys.stdout, "strict"), (sys.stderr, "backslashreplace")):
        encoding = getattr(stream, "encoding", None) or "utf-8"
        if encoding.startswith(PREFIX) or holds(stream, "−∂⁻가╭"):
            continue
        if hasattr(stream, "reconfigure") and stream.errors in (usual, "surrogateescape"):
            stream.reconfigure(encoding=f"{PREFIX}{encoding}", errors=stream.errors)
