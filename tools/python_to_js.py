"""Writes the page's layout in JavaScript from the Python of drawing/: one source, two languages.

`python -m tools.python_to_js` writes web/<module>.js for every entry of MODULES; with --check it
only says which are not current. What is read is a subset of Python: functions, dataclasses, lists,
dictionaries, comprehensions, f-strings; a tuple is an array, a dict a Map. What JavaScript has no
word for stands in web/python.js. Anything else is an error that names the line.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import Any

DRAWING = Path(__file__).parents[1] / "src/seegrad/drawing"
MODULES: dict[str, str] = {  # module → the names that are wanted; "" means all
    "values/user_text": "LONGEST short",
    "values/summary": "DIGITS ON_WIRE KEPT GRID _SUPERSCRIPT _FIGURE_SPACE ArraySummary shown "
    "shown_digits superscript shown_shape lines _table",
    "values/heat_map": "",
    "scene/scene": "Box Group Wire Scene View fold",
    "scene/bundles": "",
    "scene/steps": "",
    "layout/theme": "FONT SMALL SIGN LINE CIRCLE ROOM BACK HEAT_WIDTH _BREAKS _STARTS _EMS "
    "text_width",
    "layout/labels": "",
    "layout/layered": "",
    "layout/rows": "",
    "layout/nested": "",
    "layout/measure": "",
    "layout/levels": "",
    "layout/strokes": "",
}
RESERVED = {"in", "new", "default", "function", "var", "delete", "case", "with", "arguments"}
PLAIN, MAPS = {"int", "float", "str", "bool"}, {"dict", "Mapping"}
ARRAYS = {"list", "tuple", "Sequence"}
METHODS = {
    "append": "push", "startswith": "startsWith", "endswith": "endsWith", "replace": "replaceAll",
    "rjust": "padStart", "items": "entries",
}  # fmt: skip
HELPED = ("sort", "setdefault", "insert", "extend", "removesuffix")
CALLS = {
    "int": "Math.trunc", "abs": "Math.abs", "sqrt": "Math.sqrt", "isnan": "Number.isNaN",
    "isfinite": "Number.isFinite", "str": "String", "float": "Number", "tuple": "Array.from",
    "list": "Array.from", "frozenset": "new Set", "set": "new Set", "dict": "new Map",
}  # fmt: skip
OPERATORS: dict[type, str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Mod: "%", ast.Pow: "**",
    ast.BitAnd: "&", ast.BitOr: "|", ast.Eq: "===", ast.NotEq: "!==", ast.Lt: "<", ast.LtE: "<=",
    ast.Gt: ">", ast.GtE: ">=", ast.Is: "==", ast.IsNot: "!=", ast.USub: "-",
}  # fmt: skip
COMPREHENSIONS = (ast.ListComp, ast.GeneratorExp, ast.DictComp, ast.SetComp)
DICT, BOOL, LIST = ast.parse("dict[str, int]", mode="eval").body, ast.Name("bool"), ast.Name("list")


def camel(name: str) -> str:
    """snake_case as camelCase; constants and a leading underscore stay."""
    found = re.sub(r"(?<=[a-z0-9])_([a-z0-9])", lambda m: m[1].upper(), name)
    known = {"self": "this", "inf": "Infinity", **{word: f"{word}_" for word in RESERVED}}
    return name if name.isupper() else known.get(found, found)


def declared(node: ast.AST) -> list[str]:
    """The names that a statement sets, those within functions and comprehensions left out."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Lambda)):
        return [node.name] if not isinstance(node, ast.Lambda) else []
    if isinstance(node, COMPREHENSIONS):
        return declared(node.generators[0].iter)
    own = [node.id] if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else []
    return own + [name for each in ast.iter_child_nodes(node) for name in declared(each)]


def apart(node: ast.Assign) -> bool:
    """Do the parts of `a, b = x, y` give the same one after another?"""
    match node:
        case ast.Assign(targets=[ast.Tuple(elts=into)], value=ast.Tuple(elts=values)):
            names = {each.id for each in into if isinstance(each, ast.Name)}
            read = {e.id for each in values for e in ast.walk(each) if isinstance(e, ast.Name)}
            return len(names) == len(into) and not names & read
    return False


def quoted(text: str, end: str) -> str:
    """The inside of a JavaScript string."""
    known = {"\\": "\\\\", end: f"\\{end}", "\n": "\\n", "\0": "\\0", "$": "\\$"}
    return "".join(known.get(c, c if c.isprintable() else f"\\u{ord(c):04x}") for c in text)


def relative(module: str, other: str) -> str:
    return f"{'../' * module.count('/')}{other}.js"


class Names:
    """What all modules declare: where a name lives, what it takes, the types of fields."""

    def __init__(self, trees: dict[str, ast.Module]) -> None:
        self.home: dict[str, set[str]] = {}
        self.takes: dict[str, list[str]] = {}
        self.types: dict[str, ast.expr | None] = {}  # of what functions give, and of fields
        for module, tree in trees.items():
            for name in [name for node in tree.body for name in declared(node)]:
                self.home.setdefault(name, set()).add(module)
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef):
                    self.types[node.name] = node.returns
                    taken = [a.arg for a in node.args.args]
                    self.takes[node.name] = taken[taken[:1] == ["self"] :]
            for node in [each for each in tree.body if isinstance(each, ast.ClassDef)]:
                for e in [each for each in ast.walk(node) if isinstance(each, ast.AnnAssign)]:
                    name = ast.unparse(e.target).split(".")[-1]
                    first = self.types.setdefault(f".{name}", e.annotation)
                    alone = first is not None and ast.unparse(first) == ast.unparse(e.annotation)
                    self.types[f"{node.name}.{name}"] = e.annotation
                    self.types[f".{name}"] = e.annotation if alone else None
                fields = [ast.unparse(e.target) for e in node.body if isinstance(e, ast.AnnAssign)]
                self.takes[node.name] = fields


class Writer:
    """One module as JavaScript."""

    def __init__(self, module: str, names: Names) -> None:
        self.module, self.names = module, names
        self.local: dict[str, ast.expr | None] = {}
        self.used: set[str] = set()

    def type_of(self, node: ast.expr) -> ast.expr | None:
        match node:
            case ast.Name():
                return self.local.get(node.id)
            case ast.Attribute():
                own = self.names.types.get(f"{self.plain(node.value)}.{node.attr}")
                return own or self.names.types.get(f".{node.attr}")
            case ast.Dict() | ast.DictComp():
                return DICT
            case ast.List() | ast.ListComp() | ast.GeneratorExp():
                return LIST
            case ast.Call(func=ast.Name(id="range" | "sorted" | "reversed" | "list" | "tuple")):
                return LIST
            case ast.Compare() | ast.UnaryOp(op=ast.Not()):
                return BOOL
            case ast.BoolOp():
                return BOOL if all(self.plain(each) == "bool" for each in node.values) else None
            case ast.Call(func=ast.Name(id="isinstance" | "any" | "all")):
                return BOOL
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                return self.names.types.get(name)
            case ast.Subscript() if isinstance(outer := self.type_of(node.value), ast.Subscript):
                inner = outer.slice.elts if isinstance(outer.slice, ast.Tuple) else [outer.slice]
                return inner[-1] if ast.unparse(outer.value) in MAPS else inner[0]
        return None

    def plain(self, node: ast.expr) -> str:
        found = self.type_of(node)
        return "" if found is None else ast.unparse(found)

    def is_map(self, node: ast.expr) -> bool:
        return self.plain(node).split("[")[0] in MAPS

    def is_array(self, node: ast.expr) -> bool:
        return self.plain(node).split("[")[0] in ARRAYS

    def array(self, node: ast.expr) -> str:
        """What is gone through, as a JavaScript array."""
        return self.of(node) if self.is_array(node) else f"Array.from({self.each(node)})"

    def test(self, node: ast.expr) -> str:
        """An expression as a condition: empty arrays are false, as in Python."""
        match node:
            case ast.BoolOp():
                sign = " && " if isinstance(node.op, ast.And) else " || "
                return f"({sign.join(self.test(each) for each in node.values)})"
            case ast.UnaryOp(op=ast.Not()):
                return f"!{self.test(node.operand)}"
        if self.is_array(node):
            return f"{self.of(node)}.length"
        kind, _, rest = self.plain(node).partition(" | ")
        sure = kind in PLAIN or (rest == "None" and kind.isidentifier())
        return self.of(node) if sure else f"truthy({self.of(node)})"

    def of(self, node: ast.expr | None) -> str:
        """An expression."""
        match node:
            case None:
                return "undefined"
            case ast.Name():
                self.used.add(node.id)
                return camel(node.id)
            case ast.Constant(value=None | True | False):
                return {"None": "null"}.get(str(node.value), str(node.value).lower())
            case ast.Constant(value=str(text)):
                return f'"{quoted(text, chr(34))}"'
            case ast.Constant(value=x):
                return f"{x:g}" if isinstance(x, float) else repr(x)
            case ast.FormattedValue(value=value):
                return f"${{{self.of(value)}}}"
            case ast.JoinedStr():
                whole = (quoted(e.value, "`") if isinstance(e, ast.Constant) else self.of(e)
                         for e in node.values)  # fmt: skip
                return f"`{''.join(whole)}`"
            case ast.Tuple(elts=items) | ast.List(elts=items):
                return f"[{self.all(items)}]"
            case ast.Set(elts=items):
                return f"new Set([{self.all(items)}])"
            case ast.Dict(keys=keys, values=values):
                pairs = [f"[{self.of(k)}, {self.of(v)}]" for k, v in zip(keys, values)]
                return f"new Map([{', '.join(pairs)}])"
            case ast.Starred(value=value):
                return f"...{self.each(value)}"
            case ast.Attribute(value=value, attr="__getitem__"):
                return f"(k) => {self.of(value)}{'.get(k)' if self.is_map(value) else '[k]'}"
            case ast.Attribute(value=value, attr=attr):
                return f"{self.of(value)}.{camel(attr)}"
            case ast.Subscript(value=value, slice=ast.Slice(lower=low, upper=high)):
                return f"slice({self.all([value, low, high])})"
            case ast.Subscript(value=value, slice=key):
                if self.is_map(value):
                    return f"{self.of(value)}.get({self.of(key)})"
                end = isinstance(key, ast.UnaryOp) and isinstance(node.ctx, ast.Load)
                return self.of(value) + (f".at({self.of(key)})" if end else f"[{self.of(key)}]")
            case ast.IfExp(test=test, body=body, orelse=other):
                return f"({self.test(test)} ? {self.of(body)} : {self.of(other)})"
            case ast.NamedExpr(target=target, value=value):
                return f"({self.of(target)} = {self.of(value)})"
            case ast.Lambda(args=args, body=body):
                return f"({', '.join(camel(a.arg) for a in args.args)}) => {self.of(body)}"
            case ast.Call():
                return self.call(node)
            case ast.SetComp() | ast.DictComp() | ast.ListComp() | ast.GeneratorExp():
                return self.comprehension(node)
        return self.operation(node)

    def all(self, nodes: list[Any]) -> str:
        return ", ".join(self.of(each) for each in nodes)

    def each(self, node: ast.expr) -> str:
        """What a loop goes through."""
        return f"{self.of(node)}.keys()" if self.is_map(node) else self.of(node)

    def operation(self, node: ast.expr) -> str:
        match node:
            case ast.UnaryOp(op=ast.USub(), operand=x):
                return f"-{self.of(x)}"
            case ast.UnaryOp(op=ast.Not()):
                return self.test(node)
            case ast.BinOp(op=ast.FloorDiv(), left=a, right=b):
                return f"Math.floor({self.of(a)} / {self.of(b)})"
            case ast.BinOp(op=ast.Mult(), left=ast.List(elts=[x]), right=b):
                return f"Array({self.of(b)}).fill({self.of(x)})"
            case ast.BinOp(op=op, left=a, right=b) if type(op) in OPERATORS:
                return f"({self.of(a)} {OPERATORS[type(op)]} {self.of(b)})"
            case ast.BoolOp(op=op, values=[*first, last]):
                if self.plain(node) == "bool":
                    return self.test(node)
                text = self.of(last)
                for x in reversed(first):
                    yes, no = (self.of(x), text) if isinstance(op, ast.Or) else (text, self.of(x))
                    text = f"({self.test(x)} ? {yes} : {no})"
                return text
            case ast.Compare(left=left, ops=ops, comparators=others):
                parts = []
                for a, op, b in zip([left, *others], ops, others):
                    inside = f"has({self.of(b)}, {self.of(a)})"
                    known = {ast.In: inside, ast.NotIn: f"!{inside}"}
                    if isinstance(a, ast.Tuple) or isinstance(b, ast.Tuple):
                        same = f"same({self.of(a)}, {self.of(b)})"
                        known |= {ast.Eq: same, ast.NotEq: f"!{same}"}
                    plain = f"{self.of(a)} {OPERATORS.get(type(op))} {self.of(b)}"
                    parts.append(known.get(type(op), plain))
                return f"({' && '.join(parts)})"
        where = f"{self.module}.py:{getattr(node, 'lineno', '?')}"
        raise SyntaxError(f"{where}: no JavaScript is known for: {ast.unparse(node)}")

    def meet(self, target: ast.expr, over: ast.expr) -> None:
        """What goes through an array of known things is known."""
        kind = self.type_of(over)
        if isinstance(target, ast.Name) and isinstance(kind, ast.Subscript) and self.is_array(over):
            first = kind.slice.elts[0] if isinstance(kind.slice, ast.Tuple) else kind.slice
            self.local[target.id] = first

    def comprehension(self, node: Any) -> str:
        for each in node.generators:
            self.meet(each.target, each.iter)
        pair = isinstance(node, ast.DictComp)
        text = f"[{self.of(node.key)}, {self.of(node.value)}]" if pair else self.of(node.elt)
        for i, loop in enumerate(reversed(node.generators)):
            name = self.of(loop.target)
            tests = "".join(f".filter(({name}) => {self.test(test)})" for test in loop.ifs)
            way = f".{'flatMap' if i else 'map'}(({name}) => {text})" if text != name else ""
            text = f"{self.array(loop.iter)}{tests}{way}"
        made = {ast.DictComp: "new Map({})", ast.SetComp: "new Set({})"}.get(type(node), "{}")
        return made.format(text)

    def call(self, node: ast.Call) -> str:
        own = isinstance(node.func, ast.Attribute) or ast.unparse(node.func) in self.names.takes
        given = [self.of(each) if own else self.each(each) for each in node.args]
        words = {str(k.arg): self.of(k.value) for k in node.keywords}
        facts = f"{{ {', '.join(f'{camel(k)}: {v}' for k, v in words.items())} }}"
        name = ast.unparse(node.func)
        if isinstance(node.func, ast.Attribute):
            outer, name = self.of(node.func.value), node.func.attr
            if name == "join":
                return f"{self.array(node.args[0])}.join({outer})"
            if name in HELPED:
                return f"{name}({', '.join([outer, *given, *([facts] if words else [])])})"
            if name == "get" and len(given) == 2:
                return f"({outer}.get({given[0]}) ?? {given[1]})"
            return f"{outer}.{METHODS.get(name, camel(name))}({', '.join(given)})"
        if name == "isinstance":
            return f"({self.of(node.args[0])} instanceof {given[1]})"
        if name == "len" and self.is_array(node.args[0]):
            return f"{given[0]}.length"
        if name in ("list", "tuple") and isinstance(node.args[0], COMPREHENSIONS[:2]):
            return given[0]
        if name in ("min", "max") and len(given) > 1:
            return f"Math.{name}({', '.join(given)})"
        if name == "replace" or (words and name not in self.names.takes):
            return f"{camel(name)}({', '.join([*given, facts])})"
        rest = self.names.takes.get(name, [])[len(given) :] if words else []
        while rest and rest[-1] not in words:
            rest.pop()
        given += [words.get(key, "undefined") for key in rest]
        new = "new " if name in self.names.home and name.strip("_")[0].isupper() else ""
        return f"{new}{CALLS.get(name) or self.of(node.func)}({', '.join(given)})"

    def block(self, body: list[ast.stmt]) -> list[str]:
        return [f"  {line}" for each in body for line in self.statement(each)]

    def put(self, target: ast.expr, value: str) -> str:
        if isinstance(target, ast.Subscript) and self.is_map(target.value):
            return f"{self.of(target.value)}.set({self.of(target.slice)}, {value});"
        return f"{self.of(target)} = {value};"

    def statement(self, node: ast.stmt) -> list[str]:
        match node:
            case ast.Import() | ast.ImportFrom() | ast.Assert() | ast.Expr(value=ast.Constant()):
                return []
            case ast.Continue() | ast.Break():
                return [f"{type(node).__name__.lower()};"]
            case ast.Return(value=value):
                return [f"return {self.of(value)};"]
            case ast.Expr(value=value):
                return [f"{self.of(value)};"]
            case ast.Assign(targets=[first, *more], value=value):
                if apart(node):
                    pairs = zip(first.elts, value.elts)  # type: ignore[attr-defined]
                    return [self.put(each, self.of(one)) for each, one in pairs]
                if isinstance(first, ast.Name):
                    self.local.setdefault(first.id, self.type_of(value))
                rest = [self.put(each, self.of(first)) for each in more]
                return [self.put(first, self.of(value)), *rest]
            case ast.AnnAssign(target=target, annotation=kind, value=value):
                self.local[ast.unparse(target)] = kind
                return [self.put(target, self.of(value))] if value else []
            case ast.AugAssign(value=ast.List() | ast.ListComp() as value, target=target):
                return [f"extend({self.of(target)}, {self.of(value)});"]
            case ast.AugAssign(target=target) if self.plain(target).startswith("list"):
                return [f"extend({self.of(target)}, {self.each(node.value)});"]
            case ast.AugAssign(target=ast.Attribute(), op=op, value=value) if type(op) in OPERATORS:
                return [f"{self.of(node.target)} {OPERATORS[type(op)]}= {self.of(value)};"]
            case ast.AugAssign(target=target, op=op, value=value):
                return [self.put(target, self.of(ast.BinOp(target, op, value))[1:-1])]
            case ast.If(test=test, body=body, orelse=other):
                lines = [f"if ({self.test(test)}) {{", *self.block(body), "}"]
                return [*lines[:-1], "} else {", *self.block(other), "}"] if other else lines
            case ast.While(test=test, body=body):
                return [f"while ({self.test(test)}) {{", *self.block(body), "}"]
            case ast.For(target=target, iter=over, body=body):
                self.meet(target, over)
                return [self.loop(self.of(target), over), *self.block(body), "}"]
            case ast.FunctionDef():
                return self.function(node, "function ")
            case ast.ClassDef():
                return self.structure(node)
        return [self.of(node)]  # type: ignore[arg-type]  # says that there is no word for it

    def loop(self, target: str, over: ast.expr) -> str:
        match over:
            case ast.Call(func=ast.Name(id="range"), args=args):
                start, stop = (args[0], args[1]) if len(args) > 1 else (ast.Constant(0), args[0])
                step = self.of(args[2]) if len(args) > 2 else "1"
                end = f"{target} {'>' if step[0] == '-' else '<'} {self.of(stop)}"
                return f"for ({target} = {self.of(start)}; {end}; {target} += {step}) {{"
            case ast.Call(func=ast.Name(id="enumerate"), args=[things]):
                return f"for ({target} of {self.each(things)}.entries()) {{"
        return f"for ({target} of {self.each(over)}) {{"

    def function(self, node: ast.FunctionDef, head: str) -> list[str]:
        kept, self.local = self.local, dict(self.local)
        taken = [a for a in node.args.args if a.arg != "self"]
        self.local |= {a.arg: a.annotation for a in taken}
        spare = [None] * (len(taken) - len(node.args.defaults)) + list(node.args.defaults)
        args = self.parameters([(a.arg, self.of(d) if d else "") for a, d in zip(taken, spare)])
        body = self.block(node.body)
        inner = {name for each in node.body for name in declared(each)} - {
            each.name for each in node.body if isinstance(each, ast.FunctionDef)
        } - {a.arg for a in taken}  # fmt: skip
        names = [f"  let {', '.join(sorted(map(camel, inner)))};"] if inner else []
        self.local = kept
        name = f"{head}{camel(node.name)}" if node.name != "__init__" else "constructor"
        any_ = [] if name == "constructor" else ["/** @returns {any} */"]
        return [*any_, f"{name}({args}) {{", *names, *body, "}"]

    def parameters(self, given: list[tuple[str, str]]) -> str:
        return ", ".join(camel(name) + (f" = {spare}" if spare else "") for name, spare in given)

    def structure(self, node: ast.ClassDef) -> list[str]:
        """A class; the fields of a dataclass are what its constructor takes."""
        lines: list[str] = []
        fields = [each for each in node.body if isinstance(each, ast.AnnAssign)]
        if fields:
            empty = {"list": "[]", "dict": "new Map()"}
            spare = [empty[ast.unparse(f.value.keywords[0].value)]
                     if isinstance(f.value, ast.Call) and f.value.keywords
                     else self.of(f.value) if f.value else "" for f in fields]  # fmt: skip
            names = [ast.unparse(f.target) for f in fields]
            args = self.parameters(list(zip(names, spare)))
            lines += [f"constructor({args}) {{"]
            lines += [f"  Object.assign(this, {{ {', '.join(map(camel, names))} }});", "}"]
        for each in [each for each in node.body if isinstance(each, ast.FunctionDef)]:
            lines += self.function(each, "get " if each.decorator_list else "")
        inside = [f"  {line}" for line in lines]
        return ["/** @type {any} */", f"{node.name} = class {{", *inside, "};"]


def module_text(name: str, tree: ast.Module, names: Names, runtime: set[str]) -> str:
    writer, body = Writer(name, names), [""]
    for node in tree.body:
        value = ast.unparse(node.value) if isinstance(node, ast.Assign) else ""
        if re.match(r"(list|tuple|dict)\[", value):
            continue  # a name for a type
        lines = writer.statement(node)
        if lines:
            const = "" if isinstance(node, ast.FunctionDef) else "const "
            if isinstance(node, ast.Assign):
                lines = [lines[0], *(f"export const {line}" for line in lines[1:])]
            at = 1 if lines[0].startswith("/**") else 0
            body += [*lines[:at], f"export {const}{lines[at]}", *lines[at + 1 :], ""]
    text = "\n".join(body)
    wanted: dict[str, set[str]] = {"python": runtime & set(re.findall(r"(?<!\.)\b\w+(?=\()", text))}
    for node in [each for each in tree.body if isinstance(each, ast.ImportFrom)]:
        home = str(node.module).removeprefix("seegrad.drawing.").replace(".", "/")
        for each in [a.name for a in node.names if a.name in writer.used]:
            if home in names.home.get(each, ()):
                wanted.setdefault(home, set()).add(camel(each))
    imports = [f'import {{ {", ".join(sorted(what))} }} from "{relative(name, home)}";'
               for home, what in sorted(wanted.items()) if what]  # fmt: skip
    head = f"// @ts-nocheck Written from {name}.py by tools/python_to_js.py: change that file."
    return "\n".join([head, *imports, text.rstrip()]) + "\n"


def translated() -> dict[str, str]:
    """Every module's JavaScript."""
    trees = {name: ast.parse((DRAWING / f"{name}.py").read_text("utf-8")) for name in MODULES}
    for name, tree in trees.items():
        wanted = set(MODULES[name].split())
        tree.body = [node for node in tree.body if not wanted or wanted & set(declared(node))
                     or isinstance(node, ast.ImportFrom)]  # fmt: skip
    names = Names(trees)
    runtime = (DRAWING / "web/python.js").read_text("utf-8")
    exported = {*re.findall(r"export (?:function|const) (\w+)", runtime)}
    return {name: module_text(name, tree, names, exported) for name, tree in trees.items()}


def main() -> None:
    for name, text in translated().items():
        file = DRAWING / "web" / f"{name}.js"
        if file.exists() and file.read_text("utf-8") == text:
            continue
        if "--check" in sys.argv:
            sys.exit(f"{file.name} is not what {name}.py gives: python -m tools.python_to_js")
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
