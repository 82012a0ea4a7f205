"""A user's text made safe: for a picture, and for SVG and HTML."""

from __future__ import annotations

LONGEST = 28  # letters of a name that are drawn; the rest is in its title


# Letters that no picture can hold or that turn the text around them: controls, overrides, halves.
_UNSHOWN = (
    (0x00, 0x1F), (0x7F, 0x9F), (0x061C, 0x061C), (0x200E, 0x200F), (0x2028, 0x202E),
    (0x2066, 0x2069), (0xD800, 0xDFFF), (0xFEFF, 0xFEFF), (0xFFFE, 0xFFFF),
)  # fmt: skip
CLEAN = {code: None for low, high in _UNSHOWN for code in range(low, high + 1)}
CLEAN |= dict.fromkeys((0x09, 0x0A, 0x0D, 0x85, 0x2028, 0x2029), ord(" "))  # type: ignore[arg-type]


def clean(text: str) -> str:
    """User text without the letters that no file can hold; line breaks become spaces."""
    fit = text.translate(CLEAN)
    return fit if fit or not text else "\ufffd"


def short(text: str, longest: int = LONGEST) -> str:
    """User text as it is drawn: clean, and with an ellipsis where it is too long."""
    fit = clean(text)
    return fit if len(fit) <= longest else fit[: longest - 1] + "…"


def escape(text: str) -> str:
    """User text as character data or as a double-quoted attribute of SVG or HTML."""
    safe = clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return safe.replace('"', "&quot;").replace("'", "&#39;")
