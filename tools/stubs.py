"""`python -m tools.stubs`: what type checkers and editors read of `import seegrad as sg`.

Written from the tables of contents and the op table: `src/seegrad/__init__.pyi`, and for
the namespaces `sg.linalg`, `sg.special`, `sg.random` and `sg.fft` the stubs in `_typed/`. An
operation gets a function with its inputs, its attributes and their defaults; so does a function of
arrays that is put together from operations. What says its own types is only named. Data flows one
way: a table's source (which names, in which order) and the running package (what they are) → text.
`tests/typing` holds that the files are what this writes, and that the types are true.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import sys
import types
import typing
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import seegrad
from seegrad.graph.op import Op

PACKAGE = Path(__file__).parent.parent / "src" / "seegrad"
TABLES = tuple(f"seegrad.{table}" for table in ("contents", *seegrad.UPPER))
NAMESPACES = {
    "linalg": "seegrad.tensor.linalg", "special": "seegrad.tensor.special",
    "random": "seegrad.tensor.random", "fft": "seegrad.tensor.fft",
}  # fmt: skip
MADE_OF_OPERATIONS = ("seegrad.tensor.", "seegrad.ops.")
"""Where functions live whose results are tensors as soon as one of their arrays is one."""
MAKING = "seegrad.tensor.creation"
"""Where arrays and leaves are made, of anything: what comes out is not what went in."""

OPERANDS = {"x", "y", "a", "b", "v", "f", "p", "xp", "fp", "start", "end", "source", "src",
            "values", "index", "indices", "mask", "weight", "target", "key", "logits", "at_zero",
            "among", "boundaries", "places", "bins", "condition", "x1", "x2"}  # fmt: skip
"""What arrays are called that a function of several cannot do without."""

TYPES = {
    "axis": "Axis", "axes": "Any", "keepdims": "bool", "dtype": "DTypeLike",
    "shape": "int | Sequence[int]", "subscripts": "str", "side": "str", "ddof": "float",
}  # fmt: skip
"""The types of attributes, by their names, where the default does not say them."""
PLAIN = {"Any", "Axis", "DTypeLike", "None", "Operand", "Sequence", "bool", "float", "int",
         "list", "str", "tuple"}  # fmt: skip
"""What the types of such a function's parameters are made of."""
HEAD = '''"""What type checkers and editors read; `python -m tools.stubs` writes it."""

# ruff: noqa
# mypy: disable-error-code="overload-overlap, overload-cannot-match, misc, valid-type"
'''
IMPORTS = """import builtins
from collections.abc import Sequence
from typing import Any, overload

from numpy.typing import DTypeLike

from seegrad.graph.spec import Axis, Operand"""


@dataclass(frozen=True)
class Parameter:
    """One parameter of a stub: `kind` as inspect has it, `array` for what may be a tensor."""

    name: str
    type: str
    default: str = ""
    kind: Any = inspect.Parameter.POSITIONAL_OR_KEYWORD
    array: bool = False

    def written(self, type_: str | None = None) -> str:
        type_ = type_ or self.type
        if self.default == "None" and "None" not in type_ and type_ not in {"Any", "Axis"}:
            type_ = f"{type_} | None"
        star = "*" if self.kind is inspect.Parameter.VAR_POSITIONAL else ""
        equals = f" = {self.default}" if self.default else ""
        return f"{star}{self.name}: {type_}{equals}"


def default(value: Any) -> str:
    """A default as a stub may write it."""
    plain = value is None or isinstance(value, (bool, int, str))
    return repr(value) if plain or (isinstance(value, float) and value == value) else "..."


# ------------------------------------------------------------- what a name is


def op_parameters(op: Op) -> list[Parameter]:
    """Inputs, then attributes, which may be given by position too, then further keywords."""
    found = [
        Parameter(name.lstrip("*"), "Operand", array=True,
                  kind=inspect.Parameter.VAR_POSITIONAL if name.startswith("*")
                  else inspect.Parameter.POSITIONAL_OR_KEYWORD)
        for name in op.inputs
    ]  # fmt: skip
    for name, value in op.attributes.items():
        required = value is inspect.Parameter.empty
        kind_of = {bool: "bool", str: "str", float: "float"}.get(type(value), "Any")
        word = TYPES.get(name, kind_of)
        kind = inspect.Parameter.KEYWORD_ONLY if op.variadic else (
            inspect.Parameter.POSITIONAL_OR_KEYWORD
        )
        found.append(Parameter(name, word, "" if required else default(value), kind))
    only = inspect.Parameter.KEYWORD_ONLY
    return found + [Parameter(name, TYPES.get(name, "Any"), "...", only) for name in op.also]


def function_parameters(function: Any) -> tuple[list[Parameter], str]:
    """Its parameters and its result, `Tensor` where it is whatever the arrays are."""
    hints = typing.get_type_hints(function)
    found = []
    for p in inspect.signature(function).parameters.values():
        needed = p.default is inspect.Parameter.empty and p.kind is not p.KEYWORD_ONLY
        array = needed and hints.get(p.name, Any) is Any and p.name in OPERANDS
        words = TYPES.get(p.name) if hints.get(p.name, Any) is Any else None
        found.append(Parameter(
            p.name, "Operand" if array else words or written(hints.get(p.name, Any)),
            "" if p.default is inspect.Parameter.empty else default(p.default), p.kind, array,
        ))  # fmt: skip
    return found, written(hints.get("return", Any)).replace("Any", "Tensor")


def written(hint: Any) -> str:
    """A type as source."""
    if hint is Any:
        return "Any"
    if hint is None or hint is type(None):
        return "None"
    if hint is Ellipsis or isinstance(hint, list):
        return "..."
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return " | ".join(map(written, typing.get_args(hint)))
    origin = typing.get_origin(hint)
    if origin is not None:
        return f"{origin.__name__}[{', '.join(map(written, typing.get_args(hint)))}]"
    return str(hint.__name__)


def made_of_operations(value: Any) -> bool:
    """Is this a function whose result follows its arrays: Any, or a tuple or list of those?"""
    if not (inspect.isfunction(value) and value.__module__.startswith(MADE_OF_OPERATIONS)):
        return False
    if value.__module__ == MAKING or typing.get_overloads(value):
        return False
    parameters, result = function_parameters(value)
    follows = result in {"Tensor", "list[Tensor]"} or set(
        result.removeprefix("tuple[").removesuffix("]").replace(" ", "").split(",")
    ) <= {"Tensor", "..."}
    known = all(set(re.findall(r"[A-Za-z_]+", p.type)) <= PLAIN for p in parameters)
    many = any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in parameters)
    return follows and known and not many and any(p.array for p in parameters)


# ------------------------------------------------------------- text


def definition(
    name: str, parameters: Sequence[Parameter], result: str, types_: dict[str, str]
) -> str:
    """One `def`, in one line: the readers are programs."""
    words: list[str] = []
    keyword = False
    for p in parameters:
        if p.kind is inspect.Parameter.KEYWORD_ONLY and not keyword:
            keyword = True
            if not any(q.kind is inspect.Parameter.VAR_POSITIONAL for q in parameters):
                words.append("*")
        words.append(p.written(types_.get(p.name)))
    line = re.sub(r"\bbool\b", "builtins.bool", f"({', '.join(words)}) -> {result}: ...")
    return f"@overload\ndef {name}{line}\n"


def functions(name: str, parameters: Sequence[Parameter], result: str) -> str:
    """A tensor for a tensor in any place; for arrays alone NumPy's array or number."""
    several = [p for p in parameters if p.kind is inspect.Parameter.VAR_POSITIONAL]
    plain = result.replace("Tensor", "Any")
    if several:
        (many,) = several
        rest = [p for p in parameters if p is not many]
        listed = [Parameter(f"__{many.name}", "Sequence[Tensor]")]
        positional = [
            Parameter(p.name, p.type, p.default) if p.kind is inspect.Parameter.KEYWORD_ONLY else p
            for p in rest
        ]
        fixed = [p for p in positional if p.array]
        others = [p for p in positional if not p.array]
        return "".join((
            definition(name, parameters, result, {many.name: "Tensor"}),
            definition(name, [*fixed, *listed, *others], result, {}),
            definition(name, parameters, plain, {}),
            definition(name, [*fixed, Parameter(f"__{many.name}", "Sequence[Any]"), *others], plain,
                       {}),
        ))  # fmt: skip
    arrays = [p.name for p in parameters if p.array]
    texts = [definition(name, parameters, result, {each: "Tensor"}) for each in arrays]
    return "".join([*texts, definition(name, parameters, plain, {})])


def stub_of(name: str, value: Any) -> str | None:
    """The functions of an op or of what is made of ops; None: it says its own types."""
    if isinstance(value, Op):
        return functions(name, op_parameters(value), "Tensor")
    if made_of_operations(value):
        return functions(name, *function_parameters(value))
    return None


def names_of(module: str) -> Iterator[tuple[str, str]]:
    """Each public name of a table or namespace, and how it is said there: an import, or "a = b"."""
    public = getattr(importlib.import_module(module), "__all__", None)
    for node in ast.parse(_source(module)).body:
        if isinstance(node, ast.ImportFrom):
            for each in node.names:
                if each.asname and (public is None or each.asname in public):
                    yield each.asname, f"from {node.module} import {each.name} as {each.asname}"
        elif isinstance(node, ast.Assign):
            (target,) = node.targets
            if isinstance(target, ast.Name) and target.id[0] != "_" and target.id.islower():
                yield target.id, ast.unparse(node)
        elif isinstance(node, ast.FunctionDef) and node.name[0] != "_":
            yield node.name, f"from {module} import {node.name} as {node.name}"


def _source(module: str) -> str:
    return inspect.getsource(importlib.import_module(module))


def body(modules: Sequence[str]) -> str:
    """The stub of everything that these modules name."""
    imports, texts = [], []
    for module in modules:
        space = importlib.import_module(module)
        for name, said in names_of(module):
            if name in NAMESPACES and inspect.ismodule(getattr(space, name)):
                imports.append(f"from seegrad._typed import {name} as {name}")
            elif " = " in said and " import " not in said:
                texts.append(f"{said}\n")
            elif (text := stub_of(name, getattr(space, name))) is not None:
                texts.append(text)
            else:
                imports.append(said)
    head = IMPORTS.splitlines()
    if "from seegrad.tensor.tensor import Tensor as Tensor" not in imports:
        head.append("from seegrad.tensor.tensor import Tensor")
    return "\n".join([HEAD, *head, *imports, "", ""]) + "".join(texts)


def stubs() -> dict[Path, str]:
    """Each stub file and what belongs in it."""
    own = PACKAGE / "_typed"
    found = {own / f"{name}.pyi": body([module]) for name, module in NAMESPACES.items()}
    found[own / "__init__.pyi"] = HEAD
    found[PACKAGE / "__init__.pyi"] = body(TABLES) + "\n__version__: str\n"
    return found


def main() -> int:
    for path, text in stubs().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
        print(path.relative_to(PACKAGE.parent.parent))
    return 0


if __name__ == "__main__":
    sys.exit(main())
