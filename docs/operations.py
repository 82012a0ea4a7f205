"""The pages that are read off the package: every operation with its picture, every public name."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

import seegrad as sg
from seegrad import appendix, contents
from seegrad.compiler import contents as compiling
from seegrad.drawing import contents as pictures
from seegrad.drawing.formula.mathml import to_mathml
from seegrad.drawing.formula.rules import rule_term
from seegrad.drawing.formula.terms import Name, renamed
from seegrad.drawing.formula.tree import EQUALS, Hole, Letter, named, partial, row
from seegrad.drawing.formula.typeset import typeset
from seegrad.graph.node import Node
from seegrad.graph.op import Op
from seegrad.interop import contents as guests

FAMILIES = {
    "elementwise": "Element by element",
    "reduction": "Over axes",
    "product": "Products",
    "structure": "Shapes, cuts, joins, indices",
    "window": "Windows",
    "activation": "Along an axis",
    "loss": "Losses",
    "composite": "Composites",
    "random": "Random numbers",
}


def write(folder: Path) -> None:
    """Write `operations.md`, a picture for each operation, and `names.md`."""
    (folder / "operations").mkdir(parents=True, exist_ok=True)
    parts = [
        "# Operations",
        "Every operation is defined once: what it computes, its derivative by every input, its"
        " picture and formula, its loop in native code and its call in ONNX all come from that"
        " definition, and so does this page. Values stand above the edges, derivatives below.",
    ]
    for family, title in FAMILIES.items():
        parts.append(f"## {title}")
        parts += [_operation(op, folder) for op in sg.TABLE.values() if op.family == family]
    _put(folder / "operations.md", "\n\n".join(parts) + "\n")
    _put(folder / "names.md", _names())


def _put(file: Path, text: str) -> None:
    if not file.exists() or file.read_text("utf-8") != text:
        file.write_text(text, "utf-8")


def _operation(op: Any, folder: Path) -> str:
    inputs = ", ".join([*op.inputs, *(f"{name}=" for name in op.attributes)])
    lines = [f"### {op.name}", f"`{op.name}({inputs})` — {_summary(op)}"]
    rules: list[str] = []
    applied = _applied(op)
    if applied is not None:
        picture = folder / "operations" / f"{op.name}.svg"
        sg.draw(applied, picture, open="none")
        lines.append(f"![{op.name}, drawn](operations/{op.name}.svg)")
        if applied.op is op:
            rules = [_rule(applied, i) for i in range(len(applied.inputs))]
    facts = [rule for rule in rules if rule]
    if op.onnx:
        facts.append(f"ONNX: `{op.onnx}`")
    if op.numpy:
        facts.append("NumPy: " + ", ".join(f"`np.{name}`" for name in op.numpy))
    lines.append("\n".join(f"- {fact}" for fact in facts))
    return "\n\n".join(line for line in lines if line)


def _summary(op: Any) -> str:
    text = inspect.getdoc(op) or ""
    return text.split("\n\n")[0].replace("\n", " ").replace("*", r"\*").replace("_", r"\_")


def _applied(op: Any) -> Any:
    """The op on a small example, with a derivative that arrives from the right."""
    rng = np.random.default_rng(0)
    sizes = [[int(np.prod(shape)) for shape in case.shapes] for case in op.cases]
    ranked = sorted((0 in n, sum(n) < 3, sum(n), i) for i, n in enumerate(sizes))
    case = op.cases[ranked[0][-1]]
    xs = []
    for i, shape in enumerate(case.shapes):
        name = op.inputs[min(i, len(op.inputs) - 1)].lstrip("*")
        if name in case.integers:
            xs.append(rng.integers(0, case.integers[name], shape))
            continue
        low, high = case.domain.get(name) or op.domain[name]
        number = f"{name}{i + 1}" if op.variadic else name
        xs.append(sg.tensor(np.round(rng.uniform(low, high, shape), 1), name=number))
    out = op(*xs, **case.attrs)
    if not isinstance(out, Node):
        return None
    if out.requires_grad:
        out.backward(np.ones(out.shape))
    return out


def _rule(node: Any, position: int) -> str:
    """The derivative rule by one input, typeset."""
    term = rule_term(node, position)
    if term is None:
        return ""
    arrives = Name(Hole("g"), node.shape)
    names = {arrives: Name(partial(Letter("L"), Letter("y")), node.shape)}
    names[Name(Hole("out"), node.shape)] = Name(Letter("y"), node.shape)
    for i, x in enumerate(node.inputs):
        word = node.op.input_name(i)
        names[Name(Hole(word), x.shape)] = Name(named(word), x.shape)
    left = partial(Letter("L"), named(node.op.input_name(position)))
    return to_mathml(row(left, EQUALS, typeset(renamed(term, names))))


def _names() -> str:
    """Every public name, with autodoc's directives."""
    sections = ["# All public names", "Read off the table of contents of the package."]
    modules = [
        "seegrad.nn", "seegrad.optim", "seegrad.training", "seegrad.data", "seegrad.linalg",
        "seegrad.special", "seegrad.random", "seegrad.fft", "seegrad.sklearn", "seegrad.book",
        "seegrad.book2",
    ]  # fmt: skip
    own, others, also = [], [], []
    told: set[Any] = set()
    public = {}
    for table in (contents, pictures, compiling, appendix, guests):
        public |= vars(table)
    for name, it in sorted(public.items(), key=lambda pair: pair[0].lower()):
        if name.startswith("_") or isinstance(it, ModuleType):
            continue
        if name == "TABLE":
            continue
        if isinstance(it, Op):
            others.append(f"[`{name}`](operations.md#{it.name.replace('_', '-')})")
        elif inspect.isfunction(it) and it.__name__ != name:
            also.append(f"`{name}`: {it.__name__}")
        elif not callable(it):                   # a dtype, a constant
            also.append(f"`{name}`: {it!r}")
        else:
            kind = "autoclass" if inspect.isclass(it) else "autofunction"
            told.add(it)
            own.append(f"```{{eval-rst}}\n.. {kind}:: seegrad.{name}\n```")
    sections += ["## seegrad", *own, f"Other names: {', '.join(also)}."]
    sections += ["## Operations", ", ".join(others)]
    for module in modules:
        sections += [f"## {module}", *_room(module, told)]
    return "\n\n".join(sections) + "\n"


def _room(module: str, known: set[Any]) -> list[str]:
    """What a public module or namespace brings: its own functions and classes, and operations.

    `known`: what has been told before; it is told again, and indexed once.
    """
    made = getattr(sg, module.partition(".")[2])
    told, operations = [], []
    for name in getattr(made, "__all__", [n for n in dir(made) if not n.startswith("_")]):
        it = getattr(made, name)
        if isinstance(it, Op):
            operations.append(f"[`{name}`](operations.md#{it.name.replace('_', '-')})")
        elif not getattr(it, "__module__", "").startswith("seegrad"):
            continue                             # np, OrderedDict: brought along, not ours
        elif inspect.isclass(it) or inspect.isfunction(it):
            kind = "autoclass" if inspect.isclass(it) else "autofunction"
            again = "\n   :no-index:" if it in known else ""
            known.add(it)
            told.append(f"```{{eval-rst}}\n.. {kind}:: {module}.{name}{again}\n```")
    return [*told, f"Operations: {', '.join(operations)}."] if operations else told


if __name__ == "__main__":
    write(Path(sys.argv[1]))
