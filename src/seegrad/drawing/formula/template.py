"""The templates that the op table and the chapter's texts are written in, read into trees, once.

A small part of LaTeX with `$name` holes for arguments; brackets that close become fences. Unknown
commands come out as their names. No mathematics is done here, and nothing printed comes back.
"""

from __future__ import annotations

import re
from functools import cache

from seegrad.drawing.formula.tree import (
    Constant,
    Digits,
    Fence,
    Fraction,
    Hole,
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
    row,
)

DEEPEST = 60

SIGNS = {
    "cdot": "·", "times": "×", "partial": "∂", "le": "≤", "ge": "≥", "ne": "≠", "land": "∧",
    "lor": "∨", "lnot": "¬", "oplus": "⊕", "odot": "⊙", "lfloor": "⌊", "rfloor": "⌋",
    "lceil": "⌈", "rceil": "⌉", "lVert": "‖", "rVert": "‖", "ldots": "…", "cdots": "⋯",
    "otimes": "⊗", "Vert": "‖", "bmod": "mod",
    "infty": "∞", "forall": "∀", "exists": "∃", "to": "→", "approx": "≈", "lt": "<", "gt": ">",
    "Rightarrow": "⇒", "quad": " ", "div": "÷", "leftarrow": "←",
}  # fmt: skip
_BIG = {"sum": "∑", "prod": "∏"}
LETTERS = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "theta": "θ",
    "lambda": "λ", "mu": "μ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ",
    "eta": "η", "ell": "ℓ", "psi": "ψ", "Phi": "Φ", "Gamma": "Γ", "Delta": "Δ",
    "top": "⊤",
}  # fmt: skip
_UPRIGHT = ("operatorname", "mathrm", "mathbf", "textrm")
_CLOSING = {
    "(": (")",), "[": ("]",), "\\lfloor": ("\\rfloor", "\\rceil"), "\\lceil": ("\\rceil",),
    "\\lVert": ("\\rVert",),
}  # fmt: skip
"""What opens, and what may close it: ⌊x⌉ is x rounded."""
_TOKEN = re.compile(r"\$\w+|\$\{\w+\}|\\[A-Za-z]+|\\.|[0-9]+(?:\.[0-9]+)?|\s+|.", re.DOTALL)


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
                token = token[1:]
            found.append(token)
        return "".join(found)

    def fence(self, token: str) -> Tree | None:
        """What stands between a bracket and the one that closes it in the same group, if any."""
        start = self.at
        closing = _CLOSING[token]
        inner = self.row(*closing, "}", "&", "\\\\", "\\end")
        if self.peek() in closing:
            return Fence(inner, self.side(token), self.side(self.take()))
        self.at = start
        return None

    @staticmethod
    def side(token: str) -> str:
        """A bracket as it is shown."""
        return "" if token == "." else SIGNS.get(token[1:], token.lstrip("\\"))

    def atom(self, token: str) -> Tree | None:
        if token.isspace():
            return None
        if token in _CLOSING and (found := self.fence(token)) is not None:
            return found
        if token[0] == "$" and len(token) > 1:
            return Hole(token.strip("${}"))
        if token == "{":
            inner = self.row("}")
            self.take()
            return inner
        if token[0].isdigit():
            return Digits(token)
        if not token.startswith("\\"):
            if token == "e" and self.peek() == "^":
                return Constant(token)
            if token.isalpha():
                return Letter(token)
            return Sign({"-": "−", "*": "∗"}.get(token, token))
        return self.command(token[1:])

    def command(self, name: str) -> Tree | None:
        if name in (",", ";", ":", " ", "!"):
            return Space()
        if name in ("quad", "qquad"):
            return Space(wide=True)
        if name == "left":
            left = self.side(self.take())
            inner = self.row("\\right")
            self.take()
            return Fence(inner, left, self.side(self.take()))
        if name in ("displaystyle", "limits"):
            return None
        if name == "text":
            return Words(self.raw())
        if name in _UPRIGHT:
            return Letter(self.raw(), upright=True)
        if name == "mathcal":
            return Letter({"F": "ℱ"}[self.raw()])
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
        if name == "pi":
            return Constant(LETTERS[name])
        if name in LETTERS:
            return Letter(LETTERS[name])
        if name in SIGNS:
            return Sign(SIGNS[name])
        if len(name) == 1 and not name.isalpha():
            return Sign("‖" if name == "|" else name)
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


@cache
def read(latex: str) -> Tree:
    """The tree of a formula in the LaTeX of this package; `$x` is a hole.

    >>> read(r"2 $x^{2}")
    Row(items=(Digits(text='2'), Script(base=Hole(name='x', within=0), below=None,
    above=Digits(text='2'))))
    """
    return row(_Reader(latex).row())
