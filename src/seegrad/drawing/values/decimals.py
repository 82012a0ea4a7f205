"""The decimal digits of a positive number, rounded as at school: halves away from zero.

`web/python.js` has the same for the page.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal


def exponential(size: float, digits: int) -> tuple[str, int]:
    """So many significant digits, and the power of ten behind them.

    >>> exponential(0.00123456, 4)
    ('1.235', -3)
    """
    rounded = Context(prec=digits, rounding=ROUND_HALF_UP).create_decimal(Decimal(size))
    exponent = rounded.adjusted()
    return f"{rounded.scaleb(-exponent):.{digits - 1}f}", exponent


def fixed(size: float, digits: int) -> str:
    """So many digits behind the point.

    >>> fixed(2.5, 0)
    '3'
    """
    return f"{Decimal(size).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP):f}"


def number(x: float) -> str:
    """A coordinate with at most two digits behind the point.

    >>> number(2.5), number(-0.001)
    ('2.5', '0')
    """
    text = stripped(f"{x:.2f}")
    return "0" if text == "-0" else text


def stripped(text: str) -> str:
    """Without zeros at the end of a fraction.

    >>> stripped("1.500"), stripped("2.000"), stripped("100")
    ('1.5', '2', '100')
    """
    return text.rstrip("0").rstrip(".") if "." in text else text
