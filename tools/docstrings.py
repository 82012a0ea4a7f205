"""`python -m tools.docstrings`: how much of the public face is explained, and what is not yet.

Public are the names of `import seegrad as sg` and of its namespaces, and the methods of public
classes. Three shares, each over those that can be asked:

- example: functions, classes and methods. An example of one's own counts, one of the class that
  calls the method, or one of the name that the text sends to ("See `seegrad.exp`").
- parameters: those with parameters that are not plain operands. Each parameter's name has to stand
  in the text, or in that of the class or one that it extends.
- raises: those in whose own lines there is a `raise`, and every operation. Each error's name, or
  that of one of its bases, has to stand in the text, or in that of the class.

A method that says nothing of its own, where its base class says what it does, is its base's.

Data flows one way: names → `Entry` → `Shares`. Nothing is run here: doctests run the examples.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import re
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import seegrad as sg
from seegrad import errors
from seegrad.graph.op import Op

SPACES = ("nn", "optim", "data", "training", "linalg", "special", "random", "fft")
OPERANDS = {"self", "cls", "x", "y", "a", "b", "t", "v", "xs", "other", "args", "kwargs", "inputs",
            "keywords", "value", "values", "x1", "x2", "function"}  # fmt: skip
"""Parameters that explain themselves: what is computed with, and what is passed on as it is."""
SEE = re.compile(r"\bSee(?: also)? `(?:seegrad|sg)\.([\w.]+)`")


@dataclass(frozen=True)
class Entry:
    """One public thing: its path, itself, and the class that it is a method of."""

    path: str
    thing: Any
    owner: Any = None

    @property
    def text(self) -> str:
        return inspect.getdoc(self.thing) or self._inherited()

    def _inherited(self) -> str:
        found = self.owner and inspect.getdoc(getattr(self.owner, self.path.rpartition(".")[2]))
        return found or ""

    @property
    def function(self) -> Any:
        """Whose signature and lines count: of a class, those of its `__init__`."""
        return self.thing.__init__ if inspect.isclass(self.thing) else self.thing

    def told(self) -> str:
        """The text without its examples; of classes and methods, with that of the bases."""
        kind = self.owner or (self.thing if inspect.isclass(self.thing) else None)
        bases = [each.__doc__ or "" for each in kind.__mro__[:-1]] if kind else []
        text = "\n".join([self.text, *bases])
        return "\n".join(line for line in text.splitlines() if not line.strip().startswith(">>>"))


def entries() -> list[Entry]:
    found: dict[int, Entry] = {}
    spaces = [("sg", sg), *((f"sg.{name}", getattr(sg, name)) for name in SPACES)]
    for path, space in spaces:
        names = getattr(space, "__all__", None) or [n for n in dir(space) if n[0] != "_"]
        for name in names:
            thing = getattr(space, name)
            if not getattr(thing, "__module__", "").startswith("seegrad"):
                continue
            if isinstance(thing, Op) or inspect.isfunction(thing) or inspect.isclass(thing):
                found.setdefault(id(thing), Entry(f"{path}.{name}", thing))
            if inspect.isclass(thing):
                for method in _methods(f"{path}.{name}", thing):
                    found.setdefault(id(method.thing), method)
    return list(found.values())


def _methods(path: str, kind: type) -> Iterator[Entry]:
    for each in kind.__mro__:
        if each.__module__.startswith("seegrad"):
            for name, value in vars(each).items():
                method = getattr(value, "__func__", value)
                if name[0] == "_" or not inspect.isfunction(method):
                    continue
                if method.__doc__ or not inspect.getdoc(getattr(kind, name)):
                    yield Entry(f"{path}.{name}", method, kind)


# ------------------------------------------------------------- the three questions


def has_example(entry: Entry) -> bool:
    if _runs(entry.text):
        return True
    if entry.owner is not None:
        name = entry.path.rpartition(".")[2]
        call = r"\w\(" if name == "forward" else rf"(\.|def ){name}\b"
        if any(re.search(call, example) for example in _examples(entry.owner)):
            return True
    return any(_runs(inspect.getdoc(other) or "") for other in _sent_to(entry.text))


def _runs(text: str) -> bool:
    """Is there a line that is run? What is skipped counts for nothing."""
    return any(">>> " in line and "+SKIP" not in line for line in text.splitlines())


def _examples(kind: type) -> list[str]:
    lines = [line for each in kind.__mro__ for line in (each.__doc__ or "").splitlines()]
    return [line for line in lines if line.strip().startswith((">>>", "..."))]


def _sent_to(text: str) -> Iterator[Any]:
    for path in SEE.findall(text):
        thing: Any = sg
        for part in path.split("."):
            thing = getattr(thing, part, None)
        yield thing


def unexplained(entry: Entry) -> list[str] | None:
    """The parameters that the text does not name; None where there are none to explain."""
    try:
        parameters = inspect.signature(entry.function).parameters
    except (TypeError, ValueError):
        return None
    asked = [n for n in parameters if n not in OPERANDS and n[0] != "_"]
    if isinstance(entry.thing, Op):
        asked = list(entry.thing.attributes)
    if not asked:
        return None
    told = entry.told()
    if sent := "".join(inspect.getdoc(other) or "" for other in _sent_to(entry.text)):
        told += sent
    return [name for name in asked if not re.search(rf"\b{name}\b", told)]


def unsaid(entry: Entry) -> list[str] | None:
    """The errors that the lines raise and the text does not name; None where none is raised."""
    if isinstance(entry.thing, Op):
        return [] if "Raises" in entry.text else ["Raises"]
    raised = sorted(_raised(entry.function))
    if not raised:
        return None
    told = entry.told()
    return [name for name in raised if not any(re.search(rf"\b{n}\b", told) for n in _bases(name))]


@cache
def _raised(function: Any) -> frozenset[str]:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (TypeError, OSError):
        return frozenset()
    calls = [n.exc for n in ast.walk(tree) if isinstance(n, ast.Raise) and n.exc is not None]
    names = {c.func.id for c in calls if isinstance(c, ast.Call) and isinstance(c.func, ast.Name)}
    return frozenset(n for n in names if n.endswith("Error"))


def _bases(name: str) -> list[str]:
    kind = getattr(errors, name, None) or getattr(builtins, name, None)
    return [each.__name__ for each in kind.__mro__[:-3]] or [name] if kind else [name]


@dataclass(frozen=True)
class Share:
    """How many of those who were asked, and who is missing."""

    name: str
    good: int
    asked: int
    missing: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name}: {self.good} of {self.asked}, {100 * self.good / self.asked:.1f} %"


def shares() -> list[Share]:
    every = entries()
    without = [e.path for e in every if not has_example(e)]
    found = [Share("example", len(every) - len(without), len(every), tuple(without))]
    for name, question in (("parameters", unexplained), ("raises", unsaid)):
        answers = [(e, a) for e in every if (a := question(e)) is not None]
        bad = tuple(f"{e.path}: {', '.join(a)}" for e, a in answers if a)
        found.append(Share(name, len(answers) - len(bad), len(answers), bad))
    return found


if __name__ == "__main__":
    for share in shares():
        print(share)
        if "-v" in sys.argv:
            print(*(f"    {line}" for line in share.missing), sep="\n")
