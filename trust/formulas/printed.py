"""Printed formulas as a reader takes them: MathML → numbers, by what stands there and nothing else.

One direction: elements → tokens (`_tokens`) → values (`_Reader`). No term or template is known
here; what cannot be read raises `Unread`, what nobody could read (2 · −3, −−3) is `Misprinted`.
Digits that were rounded are moved a little, again and again, so that each side has its margin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from xml.etree import ElementTree

import numpy as np
from scipy import special

NAMES = Mapping[str, Any]
"""What is written → its value."""
DRAWS, CLOSE = 5, 1e-9


class Unread(Exception):
    """Words, shapes or signs that this reader does not know."""


class Misprinted(Exception):
    """Signs that stand together as no reader expects them."""


@dataclass(frozen=True)
class Token:
    """A sign, a function's name, or a value."""

    kind: str  # sign, function, value
    value: Any
    lone: bool = False  # a name: log x · y is (log x) · y, but nobody knows what log 2 · 3 is


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "exp": np.exp, "log": np.log, "sin": np.sin, "cos": np.cos, "tan": np.tan, "sinh": np.sinh,
    "cosh": np.cosh, "tanh": np.tanh, "arcsin": np.arcsin, "arccos": np.arccos,
    "arctan": np.arctan, "arsinh": np.arcsinh, "arcosh": np.arccosh, "artanh": np.arctanh,
    "sgn": np.sign, "erf": special.erf, "erfc": special.erfc, "erfcx": special.erfcx,
    "σ": special.expit, "Φ": special.ndtr, "trunc": np.trunc, "atan2": np.arctan2,
    "ReLU": lambda x: np.maximum(x, 0), "max": lambda *x: np.maximum(*x) if x[1:] else np.max(x),
    "min": lambda *x: np.minimum(*x) if x[1:] else np.min(x),
    "clip": np.clip, "copysign": np.copysign, "sinc": np.sinc,
    "log_2": np.log2, "log_10": np.log10, "mean": np.mean,
    "I_0": lambda x: special.i0e(x) * np.exp(np.abs(x)),
    "I_1": lambda x: special.i1e(x) * np.exp(np.abs(x)),
    "I_2": lambda x: special.ive(2, x) * np.exp(np.abs(x)),
    "I_3": lambda x: special.ive(3, x) * np.exp(np.abs(x)), "fmax": np.fmax, "fmin": np.fmin,
    "ln": lambda *x: np.log(np.squeeze(x)),
}  # fmt: skip
CONSTANTS = {"e": np.e, "π": np.pi, "∞": np.inf, "NaN": np.nan}
BRACKETS: Mapping[str, Callable[..., Any]] = {
    "()": lambda x: x, "⌊⌋": np.floor, "⌈⌉": np.ceil, "⌊⌉": np.round, "⦅⦆": np.abs,
    "⟦⟧": np.linalg.norm,
}  # fmt: skip
COMPARED: Mapping[str, Callable[..., Any]] = {
    "<": np.less, ">": np.greater, "≤": np.less_equal, "≥": np.greater_equal, "=": np.equal,
    "≠": np.not_equal,
}  # fmt: skip


_BARS = {"|prefix": "⦅", "|postfix": "⦆", "‖prefix": "⟦", "‖postfix": "⟧"}
"""Bars that open and bars that close; what is written is the same."""


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


@lru_cache(maxsize=1 << 14)
def written(element: Any) -> str:
    """What is written in an element, scripts and fractions told apart: t_1, ∂L/∂x."""
    inner = [written(each) for each in element]
    match _local(element), inner:
        case "mfrac", [above, below]:
            return f"{above}/{below}"
        case "msub" | "munder", [base, below]:
            return f"{base}_{below}"
        case "msup", [base, above]:
            return f"{base}^{above}"
        case "msubsup" | "munderover", [base, below, above]:
            return f"{base}_{below}^{above}"
        case "mspace", _:
            return ""
        case "msqrt", _:
            return f"√({''.join(inner)})"
    return "".join([(element.text or "").strip(), *inner])


def _number(text: str, rng: np.random.Generator | None, shown: bool) -> Any:
    """A number; one with a point, or one that is `shown`, may be rounded to its fourth digit."""
    try:
        value = float(text.replace("−", "-"))
    except ValueError as error:
        raise Unread(text) from error
    if rng is None or not (shown or "." in text) or not value:
        return value
    unit = 10.0 ** (np.floor(np.log10(abs(value))) - 3)
    return value + rng.uniform(-0.5, 0.5) * unit


class Sheet:
    """What names stand for on one page, and how its digits are moved within their rounding."""

    def __init__(self, names: NAMES, rng: np.random.Generator | None, shown: bool) -> None:
        self.names, self.rng, self.shown = names, rng, shown

    def value(self, element: Any) -> Any:
        """The number or array that an element stands for."""
        return _Reader(self.tokens([element])).whole()

    def tokens(self, elements: Sequence[Any]) -> list[Token]:
        """Everything in a row, rows inside opened; names as their values."""
        found: list[Token] = []
        for element in elements:
            found += self.token(element)
        return found

    def token(self, element: Any) -> list[Token]:
        kind, text = _local(element), (element.text or "").strip()
        known = written(element)
        if known in self.names and kind != "mo":
            meant = self.names[known]
            if self.rng is not None and getattr(meant, "dtype", None) == np.float32:
                meant = meant * (1 + self.rng.uniform(-1, 1, np.shape(meant)) * 2.0**-22)
            return [Token("function" if callable(meant) else "value", meant, lone=True)]
        if kind == "msub" and known.startswith("reshape_"):
            shape = [int(size) for size in known.removeprefix("reshape_").split(",")]
            return [Token("function", lambda x: np.reshape(x, shape))]
        if known in FUNCTIONS and kind not in ("mo", "mrow", "mtd", "math"):   # erfc x is no erfcx
            return [Token("function", FUNCTIONS[known])]
        match kind:
            case "math" | "mrow" | "mtd":
                return self.tokens(list(element))
            case "mspace":
                return []
            case "mn":
                return [Token("value", _number(text, self.rng, self.shown))]
            case "mo" if text == "∑":
                return [Token("function", np.sum)]
            case "mo":
                form = element.get("form", "")
                return [Token("sign", _BARS.get(text + form, text))]
            case "mi" | "mtext" if text in CONSTANTS:
                return [Token("value", CONSTANTS[text])]
            case "mfrac":
                above, below = map(self.value, element)
                return [Token("value", np.divide(above, below))]
            case "msqrt":
                return [Token("value", np.sqrt(_Reader(self.tokens(list(element))).whole()))]
            case "mroot":
                inner, degree = map(self.value, element)
                return [Token("value", np.cbrt(inner) if degree == 3 else inner ** (1 / degree))]
            case "msup":
                return self.power(element[0], element[1])
            case "msubsup":
                base = ElementTree.Element("msub")
                base.extend(list(element)[:2])
                return self.power(base, element[2])
            case "mtable":
                matrix = element.get("class") == "matrix"
                return [Token("value", self.matrix(element) if matrix else self.cases(element))]
        raise Unread(known)

    def power(self, base: Any, above: Any) -> list[Token]:
        if _local(above) == "mo":
            raise Unread(written(above))
        raised = self.tokens([base])
        if written(above)[:1] == "⊤" and len(raised) == 1:
            return [Token("value", _transposed(raised[0].value, written(above)[1:]))]
        shown = self.shown and written(base) in CONSTANTS           # e^1 may be e to 1.0003
        last = Sheet(self.names, self.rng, shown).value(above)
        if len(raised) == 1 and raised[0].kind == "value":
            below = raised[0].value
            square = np.ndim(below) > 1 and below.shape[-1] == below.shape[-2]  # may be an inverse
            if not square and not isinstance(below, (bool, np.bool_)):
                return [Token("value", np.power(np.asarray(below, float), last))]
        if raised and raised[0] == Token("sign", "(") and raised[-1] == Token("sign", ")"):
            return [Token("value", np.power(_Reader(raised).whole(), last))]
        raise Unread(written(base))

    def matrix(self, table: Any) -> Any:
        """An array of two axes; of one, where it is a single row."""
        rows = [[self.value(cell) for cell in each] for each in table]
        return np.asarray(rows[0] if len(rows) == 1 else rows)

    def cases(self, table: Any) -> Any:
        """The row whose condition holds; the last one where none is said."""
        for cells in map(list, table):
            said = written(cells[1]) if len(cells) == 2 else ""
            if said in ("", "otherwise", "else", "그 밖") or _condition(self.tokens([cells[1]])):
                return self.value(cells[0])
        raise Unread("no case holds")


def _condition(tokens: Sequence[Token]) -> bool:
    """a > 0, with brackets or without, joined by ∧ and ∨."""
    row = list(tokens)
    while row and row[0] == Token("sign", "(") and _closes(row, 0) == len(row) - 1:
        row = row[1:-1]
    for sign, join in (("∨", any), ("∧", all)):
        parts = _split(row, sign)
        if len(parts) > 1:
            return join([_condition(part) for part in parts])
    for sign, holds in COMPARED.items():
        parts = _split(row, sign)
        if len(parts) == 2:
            return _true(holds(*(_Reader(part).whole() for part in parts)))
    return _true(_Reader(row).whole())


def _true(held: Any) -> bool:
    if np.ndim(held):
        raise Unread("a condition on every element")
    return bool(held)


_OPENS, _CLOSES = "([⌊⌈⦅⟦", ")]⌋⌉⦆⟧"


def _closes(row: Sequence[Token], at: int) -> int:
    """Where the bracket closes that opens there."""
    depth = 0
    for i in range(at, len(row)):
        if row[i].kind == "sign":
            depth += (row[i].value in _OPENS) - (row[i].value in _CLOSES)
        if not depth:
            return i
    raise Misprinted("a bracket stays open")


def _split(row: Sequence[Token], sign: str) -> list[list[Token]]:
    """The parts between such signs that stand in no bracket."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in row:
        at = token.value if token.kind == "sign" else ""
        depth += (at in _OPENS and at != "") - (at in _CLOSES and at != "")
        if at == sign and not depth:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


class _Reader:
    """Sums of products of functions, powers and brackets, as everybody reads them."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.row, self.at = list(tokens), 0

    def sign(self) -> str:
        token = self.row[self.at] if self.at < len(self.row) else None
        return str(token.value) if token is not None and token.kind == "sign" else ""

    def whole(self) -> Any:
        found = self.sum()
        if self.at < len(self.row):
            raise Unread(f"{self.row[self.at].value}")
        return found

    def sum(self) -> Any:
        minus = self.sign() == "−"
        self.at += minus
        found = -self.product() if minus else self.product()
        while self.sign() in ("+", "−"):
            minus = self.sign() == "−"
            self.at += 1
            found = found - self.product() if minus else found + self.product()
        return found

    def product(self, summed: bool = False) -> Any:
        """`summed`: behind Σ, where letters side by side are elements of the same place."""
        if self.sign() in ("−", "+"):
            raise Misprinted("two signs side by side")
        found = self.factor()
        while self.at < len(self.row):
            at = self.sign()
            if at in ("·", "×", "⊙"):
                self.at += 1
                if self.sign() in ("−", "+"):
                    raise Misprinted("a sign behind a product's")
                found = _times(found, self.factor(), at)
            elif at in ("/", "÷", "mod"):
                self.at += 1
                other = self.factor()
                found = np.mod(found, other) if at == "mod" else found / other
            elif self.starts():
                found = _times(found, self.factor(), "⊙" if summed else "")
            else:
                break
        return found

    def starts(self) -> bool:
        """Does a factor begin here?"""
        at = self.sign()
        return at in tuple("({⌊⌈⦅⟦") if at else self.at < len(self.row)

    def factor(self) -> Any:
        if self.at >= len(self.row):
            raise Misprinted("an operator without its operand")
        token = self.row[self.at]
        if token.kind == "value":
            self.at += 1
            return token.value
        if token.kind == "function":
            self.at += 1
            if token.value is np.sum:                   # of a whole product
                return np.sum(self.product(summed=True))
            return token.value(*self.arguments())
        return self.bracket()

    def arguments(self) -> list[Any]:
        """(a, b), or what stands side by side up to the next operator: log 2x."""
        if self.sign() == "(":
            end = _closes(self.row, self.at)
            inner = self.row[self.at + 1 : end]
            self.at = end + 1
            return [_Reader(part).whole() for part in _split(inner, ",")]
        fenced = self.sign() in tuple(_OPENS)           # log |x|
        lone = fenced or (self.at < len(self.row) and self.row[self.at].lone)
        found = self.factor()
        while self.starts() and self.row[self.at].kind == "value":
            found, lone = _times(found, self.factor(), ""), False
        if not lone and self.sign() in ("·", "×", "⊙"):
            raise Misprinted("a factor that could belong to the function before it")
        return [found]

    def bracket(self) -> Any:
        at = self.sign()
        if at == "{":                                   # cases: one value that a table has
            self.at += 1
            return self.factor()
        if at in tuple("(⌊⌈⦅⟦"):
            end = _closes(self.row, self.at)
            inner, last = self.row[self.at + 1 : end], self.row[end].value
            self.at = end + 1
            for compared in COMPARED:
                if len(_split(inner, compared)) == 2:   # (x = y) is 1 or 0
                    return float(_condition(inner))
            row = [_Reader(part).whole() for part in _split(inner, ",")]
            return BRACKETS[f"{at}{last}"](np.array(row) if row[1:] else row[0])
        raise Unread(at or "nothing")


def _transposed(x: Any, axes: str) -> Any:
    """Xᵀ: rows and columns change places, (n,) stands up; or by the axes that are said."""
    if axes:
        return np.transpose(x, [int(axis) for axis in axes.strip("()").split(",")])
    return np.swapaxes(np.atleast_2d(x), -1, -2)


def _times(a: Any, b: Any, sign: str) -> Any:
    if sign == "·" and np.ndim(a) and np.ndim(b) and np.shape(a) != np.shape(b):
        return a @ (np.atleast_2d(b) if np.shape(a)[-1] == 1 else b)    # (2, 1)(1, 3) of (3,)
    if np.ndim(a) and np.ndim(b) and (sign != "⊙" or np.ndim(a) != np.ndim(b)):
        raise Unread("a product of arrays, or one that does not say which axes lie together")
    return a * b


# --------------------------------------------------------------- equations


def sides_of(formula: str) -> list[list[Any]]:
    """The elements of a formula between its signs of equality."""
    sides: list[list[Any]] = [[]]

    def enter(elements: Sequence[Any]) -> None:
        for element in elements:
            if element.get("width") == "1em":           # shapes stand behind a gap
                break
            sign = (element.text or "").strip() if _local(element) == "mo" else ""
            if sign == "←":                             # what follows is the new value
                sides[-1] = []
            elif sign and sign in "=→":
                sides.append([])
            elif _local(element) == "mrow" and _opens_sides(element):
                enter(list(element))
            else:
                sides[-1].append(element)

    enter(list(ElementTree.fromstring(formula)))
    return sides


def _pieces(element: Any) -> Iterator[Any]:
    """What stands in a side, rows and powers of ten opened."""
    if _local(element) == "mrow" or written(element).startswith("10^"):
        for each in element:
            yield from _pieces(each)
    else:
        yield element


def _opens_sides(element: Any) -> bool:
    """A row without brackets of its own, in which a sign of equality is the formula's."""
    parts = [(each.text or "").strip() for each in element if _local(each) == "mo"]
    return bool(parts) and parts[0] not in tuple("([{|⌊⌈‖")


@dataclass(frozen=True)
class Reading:
    """What came of reading one equation: the sides that could be read, and what is wrong."""

    read: int
    fault: str = ""


def reading(formula: str, names: NAMES, rng: np.random.Generator) -> Reading:
    """Are all the sides of a printed equation that can be read one and the same number?

    Whole numbers are taken as they stand; only if that cannot be, as rounded: 2 for 1.9997.
    """
    found = _read(formula, names, rng, False)
    return found if not found.fault else _read(formula, names, rng, True)


def _read(formula: str, names: NAMES, rng: np.random.Generator, rounded: bool) -> Reading:
    found: list[list[Any]] = []
    text = written(ElementTree.fromstring(formula))
    for side in sides_of(formula):
        shown = rounded or all(_local(e) in ("mn", "mo") or e.get("class") == "matrix"
                               for each in side for e in _pieces(each))  # fmt: skip
        too_high: list[str] = []
        seen = too_high.append
        try:
            with np.errstate(all="ignore", over="call", call=lambda what, _, seen=seen: seen(what)):
                sides = [
                    _Reader(Sheet(names, rng if draw else None, shown).tokens(side)).whole()
                    for draw in range(DRAWS)
                ]
        except (Unread, TypeError, ValueError):
            continue
        except Misprinted as error:
            return Reading(len(found), f"{error}: {text}")
        if not too_high:              # 1 / (1 + e⁸⁰⁰) is a number, but not to one who computes it
            found.append(sides)
    for each in found[1:]:
        if fault := _apart(found[0], each):
            return Reading(len(found), f"{fault}: {text}")
    return Reading(len(found))


def names_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """What MathML labels stand for, by what is written in them."""
    return {written(ElementTree.fromstring(label)): value for label, value in values.items()}


def _apart(a: list[Any], b: list[Any]) -> str:
    """How two sides differ by more than the rounding of their digits; "" if they do not."""
    try:
        np.broadcast_shapes(np.shape(a[0]), np.shape(b[0]))
    except ValueError:
        return f"of shape {np.shape(a[0])}, not {np.shape(b[0])}"
    with np.errstate(all="ignore"):
        one, other = np.broadcast_arrays(a[0], b[0])
        margins = [np.max([np.abs(np.subtract(x, each[0], dtype=float)) for x in each[1:]], axis=0)
                   for each in (a, b)]  # fmt: skip
        scale = np.maximum(np.abs(one), np.abs(other))
        wrong = ~(np.abs(one - other) <= 5 * (margins[0] + margins[1]) + CLOSE * scale + 1e-12)
        same = (np.isnan(one) & np.isnan(other)) | (one == other)
    return f"{one.ravel()[:3]} is not {other.ravel()[:3]}" if (wrong & ~same).any() else ""
