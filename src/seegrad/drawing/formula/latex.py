"""The LaTeX that the op table and the derivations are written in: names made safe, and read back.

`read` turns it into a small tree (`Row`, `Fraction`, `Script` …) from which MathML and plain text
are written. Unknown commands come out as their names. No mathematics is done here.
"""

from __future__ import annotations

import re

from seegrad.drawing.formula.tree import (
    Digits,
    Fraction,
    Letter,
    Lined,
    Root,
    Row,
    Script,
    Sign,
    Space,
    Table,
    Tree,
    Words,
)
from seegrad.text import LONGEST_NAME, tidy

DEEPEST = 60

# --------------------------------------------------------------- names made safe

_ESCAPES = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "%": r"\%", "_": r"\_", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
    "<": r"\textless{}", ">": r"\textgreater{}",
}  # fmt: skip
_SPELLED = {
    "textbackslash": "\\", "textasciicircum": "^", "textasciitilde": "~", "textless": "<",
    "textgreater": ">",
}  # fmt: skip


def words(text: str, longest: int = LONGEST_NAME) -> str:
    """A user's text as upright words in a formula.

    >>> words("a_b <i>")
    '\\\\text{a\\\\_b \\\\textless{}i\\\\textgreater{}}'
    """
    return rf"\text{{{''.join(_ESCAPES.get(c, c) for c in tidy(text, longest) or '·')}}}"


_INDEXED = re.compile(r"([A-Za-zα-ωΑ-Ω])_?([0-9]{1,3})")


def named(name: str) -> str:
    """A name as a formula writes it: x, x_{1} for `x1`, upright words for anything longer.

    >>> named("x"), named("W1"), named("사과")
    ('x', 'W_{1}', '\\\\text{사과}')
    """
    if len(name) == 1 and name.isalpha() and name.isascii():
        return name
    if found := _INDEXED.fullmatch(name):
        return f"{found[1]}_{{{found[2]}}}"
    return words(name)

_SIGNS = {
    "cdot": "·", "times": "×", "partial": "∂", "le": "≤", "ge": "≥", "ne": "≠", "land": "∧",
    "lor": "∨", "lnot": "¬", "oplus": "⊕", "odot": "⊙", "lfloor": "⌊", "rfloor": "⌋",
    "lceil": "⌈", "rceil": "⌉", "lVert": "‖", "rVert": "‖", "ldots": "…", "cdots": "⋯",
    "infty": "∞", "forall": "∀", "exists": "∃", "to": "→", "approx": "≈", "lt": "<", "gt": ">",
    "Rightarrow": "⇒", "quad": " ", "div": "÷", "eta": "η", "leftarrow": "←",
}  # fmt: skip
_BIG = {"sum": "∑", "prod": "∏"}
_LETTERS = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "theta": "θ",
    "lambda": "λ", "mu": "μ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ",
    "eta": "η", "Phi": "Φ", "Gamma": "Γ", "top": "⊤",
}  # fmt: skip
_UPRIGHT = ("operatorname", "mathrm", "mathbf", "textrm")
_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[0-9]+(?:\.[0-9]+)?|\s+|.", re.DOTALL)


class _Reader:
    def __init__(self, text: str) -> None:
        self.tokens: list[str] = _TOKEN.findall(text)
        self.at = 0
        self.depth = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self.at += 1
        return token

    def row(self, *ends: str) -> Tree:
        """Everything up to one of `ends`, which is left standing."""
        items: list[Tree] = []
        self.depth += 1
        if self.depth > DEEPEST:
            raise ValueError("a formula is nested too deeply")
        while self.at < len(self.tokens) and self.peek() not in ends:
            token = self.take()
            if token in ("^", "_"):
                base = items.pop() if items else Row(())
                script = self.argument()
                old = base if isinstance(base, Script) else Script(base)
                if token == "^":
                    items.append(Script(old.base, old.below, script))
                else:
                    items.append(Script(old.base, script, old.above))
            elif (item := self.atom(token)) is not None:
                items.append(item)
        self.depth -= 1
        return items[0] if len(items) == 1 else Row(tuple(items))

    def argument(self) -> Tree:
        """One group in braces, or one token."""
        while self.peek().isspace():
            self.take()
        token = self.take()
        if token == "{":
            inner = self.row("}")
            self.take()
            return inner
        return self.atom(token) or Row(())

    def raw(self) -> str:
        """The inside of a group in braces as the text it stands for."""
        if self.peek() == "{":
            self.take()
        found: list[str] = []
        while self.at < len(self.tokens):
            token = self.take()
            if token == "}":
                break
            if token.startswith("\\"):
                spelled = _SPELLED.get(token[1:])
                if spelled is not None and self.peek() == "{":
                    self.take()
                    self.take()
                found.append(token[1:] if spelled is None else spelled)
            else:
                found.append(token)
        return "".join(found)

    def atom(self, token: str) -> Tree | None:
        if token.isspace():
            return None
        if token == "{":
            inner = self.row("}")
            self.take()
            return inner
        if token[0].isdigit():
            return Digits(token)
        if not token.startswith("\\"):
            if token.isalpha():
                return Letter(token)
            return Sign("−" if token == "-" else token)
        return self.command(token[1:])

    def command(self, name: str) -> Tree | None:
        if name in (",", ";", ":", " ", "!"):
            return Space()
        if name in ("quad", "qquad"):
            return Space(wide=True)
        if name in ("left", "right", "displaystyle", "limits", "big", "Big"):
            return self.atom(self.take()) if name in ("left", "right") else None
        if name == "text":
            return Words(self.raw())
        if name in _UPRIGHT:
            return Letter(self.raw(), upright=True)
        if name == "frac":
            above = self.argument()
            return Fraction(above, self.argument())
        if name == "sqrt":
            degree = None
            if self.peek() == "[":
                self.take()
                degree = self.row("]")
                self.take()
            return Root(self.argument(), degree)
        if name == "overline":
            return Lined(self.argument())
        if name == "begin":
            return self.table(self.raw())
        if name in _BIG:
            return Sign(_BIG[name], big=True)
        if name in _LETTERS:
            return Letter(_LETTERS[name])
        if name in _SIGNS:
            return Sign(_SIGNS[name])
        if len(name) == 1 and not name.isalpha():
            return Sign({"|": "‖"}.get(name, name))
        return Letter(name, upright=True)

    def table(self, kind: str) -> Tree:
        rows: list[tuple[Tree, ...]] = []
        cells: list[Tree] = []
        while self.at < len(self.tokens):
            cells.append(self.row("&", "\\\\", "\\end"))
            token = self.take()
            if token == "&":
                continue
            rows.append(tuple(cells))
            cells = []
            if token in ("\\end", ""):
                self.raw()
                break
        return Table(kind, tuple(rows))


def read(latex: str) -> Tree:
    """The tree of a formula in the LaTeX of this package.

    >>> read(r"2 t^{2}")
    Row(items=(Digits(text='2'), Script(base=Letter(text='t', upright=False), below=None,
    above=Digits(text='2'))))
    """
    return _Reader(latex).row()
