"""B1: calls that are wrong, and what is said of them.

Most are drawn from the op table (every op with every kind of wrong input); the others are what
people get wrong with tensors, derivatives, layers and data. Each must be refused by a named error
whose message says what came, shows both shapes where two shapes disagree, and points to the
caller's own line; NumPy's inner words are not an answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import seegrad as sg
from seegrad.graph.op import Op
from seegrad.i18n import translate
from trust.harness.row import Found, Run, first, row
from trust.harness.sampling import inputs_of

STRANGE: dict[str, Any] = {
    "text": "abc",
    "an array of text": np.array(["a", "b"]),
    "an object": object(),
    "an array of objects": np.array([1, None], object),
    "None": None,
    "a complex array": np.array([1 + 2j]),
    "a date": np.datetime64("2020-01-01"),
    "a time span": np.array([1], "m8[s]"),
    "a ragged list": [[1.0, 2.0], [3.0]],
    "a dictionary": {"a": 1},
    "bytes": b"abc",
    "a masked array": np.ma.masked_array([1.0, 2.0], [True, False]),
}
INNER_WORDS = re.compile(
    r"ufunc|did not contain a loop|NoneType' object|inhomogeneous|has no attribute|unhashable"
    r"|not subscriptable|cannot reshape array|could not broadcast|operands could not"
    r"|unexpected keyword|object is not iterable|has no len\(|not supported between|_ArrayMemory"
)
SHAPE = re.compile(r"\((?:\d+, ?)*\d*,?\)")


@dataclass(frozen=True)
class Bad:
    """One wrong call: what it is, and words that its message must hold."""

    what: str
    call: Callable[[], Any]
    words: tuple[str, ...] = ()
    kinds: tuple[type[BaseException], ...] = (ValueError, TypeError, IndexError)


def strange_inputs(op: Op, rng: np.random.Generator) -> Iterator[Bad]:
    """Each input of an op in turn replaced by what is no array of real numbers."""
    case = op.cases[0]
    good = inputs_of(op, case, rng)
    for kind, thing in STRANGE.items():
        for i in range(len(good)):
            for wrap in ("arrays", "tensors"):
                args = [sg.tensor(x) if wrap == "tensors" else x for x in good]
                args[i] = thing
                if wrap == "tensors" and len(args) == 1:
                    continue
                if op.variadic and i == 0 and isinstance(thing, list):
                    continue  # a list in the first place holds the inputs themselves
                if kind == "a masked array" and wrap == "arrays":
                    continue  # NumPy in, NumPy out
                yield Bad(
                    f"{op.name}: {kind} as {op.input_name(i)}, among {wrap}",
                    lambda args=args, op=op, case=case: op(*args, **case.attrs),
                    (op.name,),
                )


def wrong_axes(op: Op, rng: np.random.Generator) -> Iterator[Bad]:
    """An axis that is not there, no integer, or named twice."""
    if "axis" not in op.attributes or op.name in ("scatter_add", "add_along_axis"):
        return
    case = op.cases[-1]
    for made in (lambda x: x, sg.tensor):
        good = [made(x) for x in inputs_of(op, case, rng)]
        for axis in (7, -8, 1.5, "x", *([] if op.name == "roll" else [(0, 0)]), [9]):
            attrs = {**case.attrs, "axis": axis}
            yield Bad(
                f"{op.name}: axis={axis!r} for shape {np.shape(good[0])}",
                lambda good=good, attrs=attrs, op=op: op(*good, **attrs),
                (op.name,),
            )


def wrong_signatures(op: Op, rng: np.random.Generator) -> Iterator[Bad]:
    """A keyword that is not there, a missing input, too many."""
    case = op.cases[0]
    good = inputs_of(op, case, rng)
    yield Bad(
        f"{op.name}: an unknown keyword",
        lambda: op(*good, **case.attrs, keepdim=True),
        (op.name, "keepdim"),
    )
    if not op.variadic:
        yield Bad(f"{op.name}: no input", lambda: op(**case.attrs), (op.name,))
        yield Bad(f"{op.name}: too many", lambda: op(*good, *range(9)), (op.name,))


def wrong_shapes(op: Op) -> Iterator[Bad]:
    """Two shapes that do not fit together."""
    if op.family != "elementwise" or op.arity != 2:
        return
    for a, b in (((3,), (2,)), ((2, 3), (2,)), ((2, 3), (3, 2)), ((4, 1, 3), (2, 2))):
        for made in (np.ones, lambda s: sg.tensor(np.ones(s))):
            x, y = made(a), made(b)
            yield Bad(
                f"{op.name}: shapes {a} and {b}",
                lambda x=x, y=y: op(x, y),
                (op.name, str(a), str(b)),
            )


def drawn(rng: np.random.Generator) -> Iterator[Bad]:
    """All wrong calls that the table gives."""
    for op in sg.TABLE.values():
        yield from strange_inputs(op, rng)
        yield from wrong_axes(op, rng)
        yield from wrong_signatures(op, rng)
        yield from wrong_shapes(op)


def by_hand() -> Iterator[Bad]:
    """What people get wrong."""
    x = sg.tensor([1.0, 2.0, 3.0], name="x")
    m = sg.tensor(np.ones((2, 3)), name="m")
    W = sg.tensor(np.ones((4, 3)), name="W")
    t = sg.tensor

    def bad(what: str, call: Callable[[], Any], *words: str, also: Any = ()) -> Bad:
        kinds = (ValueError, TypeError, IndexError, *(also if isinstance(also, tuple) else (also,)))
        return Bad(what, call, words, kinds)

    yield bad("matmul: inner sizes", lambda: x @ W, "x", "W", "(3,)", "(4, 3)", "try")
    yield bad("matmul: batches", lambda: t(np.ones((2, 3, 4))) @ t(np.ones((5, 4, 2))), "(2, 3, 4)")
    yield bad("matmul: a number", lambda: x @ 2.0, "matmul")
    yield bad("dot: sizes", lambda: sg.dot(x, [1.0, 2.0]), "(3,)", "(2,)")
    yield bad("reshape: does not fit", lambda: sg.reshape(m, (4, 2)), "(2, 3)", "(4, 2)")
    yield bad("reshape: two unknowns", lambda: sg.reshape(m, (-1, -1)), "reshape", "(2, 3)")
    yield bad("reshape: negative", lambda: m.reshape(-2, 3), "reshape")
    yield bad("reshape: a float", lambda: m.reshape(1.5, 4), "reshape", "1.5")
    yield bad("reshape: text", lambda: m.reshape("ab"), "reshape")
    yield bad("transpose: axis twice", lambda: m.transpose(0, 0), "transpose")
    yield bad("transpose: too few", lambda: m.transpose((0,)), "transpose")
    yield bad("transpose: not there", lambda: m.transpose(0, 5), "transpose", "5")
    yield bad("swapaxes: not there", lambda: m.swapaxes(0, 4), "4")
    yield bad("squeeze: long axis", lambda: m.squeeze(1), "squeeze", "(2, 3)")
    yield bad("expand_dims: not there", lambda: sg.expand_dims(m, axis=9), "9")
    yield bad("broadcast_to: does not fit", lambda: sg.broadcast_to(x, (3, 2)), "(3,)", "(3, 2)")
    yield bad("broadcast_to: negative", lambda: sg.broadcast_to(x, (-1, 3)), "-1")
    yield bad("broadcast_to: a float", lambda: sg.broadcast_to(x, (2.0, 3)), "2.0")
    yield bad("concatenate: shapes", lambda: sg.concatenate([x, W]), "(3,)", "(4, 3)")
    yield bad("concatenate: nothing", lambda: sg.concatenate([]), "concatenate")
    yield bad("concatenate: numbers", lambda: sg.concatenate([t(1.0), t(2.0)]), "concatenate")
    yield bad("concatenate: axis", lambda: sg.concatenate([m, m], axis=2), "concatenate")
    yield bad("stack: shapes", lambda: sg.stack([x, t([1.0])]), "(3,)", "(1,)")
    yield bad("stack: nothing", lambda: sg.stack([]), "stack")
    yield bad("split: no divisor", lambda: sg.split(x, 2), "3", "2")
    yield bad("split: zero parts", lambda: sg.split(x, 0), "0")
    yield bad("split: text", lambda: sg.split(x, "a"), "split")
    yield bad("pad: widths", lambda: sg.pad(m, widths=((1, 1), (1, 1), (1, 1))), "pad", "(2, 3)")
    yield bad("pad: negative", lambda: sg.pad(m, widths=-1), "pad", "-1")
    yield bad("pad: float", lambda: sg.pad(m, widths=1.5), "pad", "1.5")
    yield bad("pad: text value", lambda: sg.pad(m, widths=1, value="a"), "pad")
    yield bad("tile: negative", lambda: sg.tile(x, -2), "-2")
    yield bad("tile: float", lambda: sg.tile(x, 1.5), "1.5")
    yield bad("repeat: negative", lambda: sg.repeat(x, -1), "-1")
    yield bad("repeat: list", lambda: sg.repeat(x, [1, 2]), "repeat")
    yield bad("roll: axis", lambda: sg.roll(m, 1, 5), "5")
    yield bad("roll: float", lambda: sg.roll(m, 1.5, 0), "roll", "1.5")
    yield bad("flip: axis", lambda: sg.flip(m, axis=4), "4")
    yield bad("clip: text", lambda: sg.clip(x, "a", "b"), "clip")
    yield bad("clip: arrays", lambda: sg.clip(x, np.zeros(2), np.ones(2)), "(2,)")
    yield bad("moveaxis: counts", lambda: sg.moveaxis(m, (0, 1), 0), "moveaxis")
    yield bad("einsum: too few", lambda: sg.einsum("ij,jk->ik", m), "ij,jk->ik")
    yield bad("einsum: axes", lambda: sg.einsum("ijk->i", m), "ijk")
    yield bad("einsum: sizes", lambda: sg.einsum("ij,jk->ik", m, t(np.ones((4, 2)))), "j")
    yield bad("einsum: unknown label", lambda: sg.einsum("ij->k", m), "k")
    yield bad("einsum: no text", lambda: sg.einsum(3, m), "subscripts")
    yield bad("einsum: signs", lambda: sg.einsum("i!->i", m), "i!")
    yield bad("tensordot: axes", lambda: sg.tensordot(m, W, axes=1), "(2, 3)", "(4, 3)")
    yield bad("tensordot: too many", lambda: sg.tensordot(x, x, axes=3), "axes")
    yield bad("tensordot: text", lambda: sg.tensordot(x, x, axes="a"), "axes")
    yield bad("outer: text", lambda: sg.outer(x, "a"), "outer")
    yield bad("diag: three axes", lambda: sg.diag(np.ones((2, 2, 2))), "diag", "(2, 2, 2)")
    yield bad("diag: float k", lambda: sg.diag(x, k=1.5), "diag", "1.5")
    yield bad("diagonal: one axis", lambda: sg.diagonal(x), "diagonal")
    yield bad("trace: a vector", lambda: sg.trace(x), "(3,)")
    yield bad("max of nothing", lambda: sg.max(t(np.zeros(0))), "max", "(0,)")
    yield bad("mean of nothing", lambda: sg.mean(t(np.zeros((0, 3)))), "mean", "(0, 3)")
    yield bad("argmax of nothing", lambda: sg.argmax(np.zeros(0)), "argmax")
    yield bad("var: ddof", lambda: sg.var(x, ddof=3), "ddof=3")
    yield bad("var: ddof text", lambda: sg.var(x, ddof="a"), "var")
    yield bad("logsumexp of nothing", lambda: sg.logsumexp(t(np.zeros(0))), "logsumexp")
    yield bad("softmax: axis", lambda: sg.softmax(m, axis=2), "softmax", "2")
    yield bad("softmax along axis 1 of a number", lambda: sg.softmax(t(1.0), axis=1), "softmax")
    yield bad("astype: text", lambda: x.astype("flaot"), "flaot")
    yield bad("astype: complex", lambda: x.astype(complex), "complex")
    yield bad("astype: object", lambda: x.astype(object), "object")
    yield bad("where: shapes", lambda: sg.where([True, False], x, 0.0), "(2,)", "(3,)")
    yield bad("~ of floats", lambda: ~x, "float64")
    yield bad("& of floats", lambda: x & x, "float64")
    yield bad("index: out of range", lambda: x[3], "3", "(3,)")
    yield bad("index: too many", lambda: x[0, 0], "(3,)")
    yield bad("index: text", lambda: x["a"], "'a'")
    yield bad("index: float", lambda: x[1.0], "1.0")
    yield bad("index: float array", lambda: x[np.array([0.5])], "float64")
    yield bad("index: array out of range", lambda: x[np.array([0, 5])], "5")
    yield bad("index: negative out of range", lambda: m[-3], "-3")
    yield bad("index: mask", lambda: x[np.array([True, False])], "(3,)", "(2,)")
    yield bad("index: two dots", lambda: m[..., ...], "ellipsis")
    yield bad("index: slice of floats", lambda: x[0.5:2.0], "0.5")
    yield bad("index: step 0", lambda: x[::0], "step")
    yield bad("index: arrays do not fit", lambda: m[np.arange(2), np.arange(3)], "(2,)", "(3,)")
    yield bad("take: out of range", lambda: sg.take(x, [7]), "7")
    yield bad("take: floats", lambda: sg.take(x, [0.5]), "take")
    yield bad("take: axis", lambda: sg.take(m, [0], axis=3), "3")
    yield bad(
        "take_along_axis: axes", lambda: sg.take_along_axis(m, np.array([0]), axis=1), "(2, 3)"
    )
    yield bad("sort: axis", lambda: sg.sort(m, axis=2), "2")
    yield bad("item of many", lambda: x.item(), "item", "(3,)")
    yield bad("float of many", lambda: float(x), "(3,)")
    yield bad("int of many", lambda: int(x), "(3,)")
    yield bad("truth of many", lambda: bool(x), "(3,)")
    yield bad("len of a number", lambda: len(t(1.0)), "()")
    yield bad("iterating over a number", lambda: list(t(1.0)), "()")
    yield bad("index() of a float", lambda: [1, 2][t(1.0)], "integer")
    yield bad("assign: shape", lambda: t([1.0, 2.0]).assign([1.0]), "(2,)", "(1,)")
    yield bad("assign: text", lambda: t([1.0]).assign(["a"]), "text")
    yield bad("grad: shape", lambda: setattr(t([1.0, 2.0]), "grad", [1.0]), "(2,)", "(1,)")
    yield bad(
        "setting a computed value", lambda: (x * 2).__setitem__(0, 1.0), "try", also=RuntimeError
    )
    yield bad("setting: out of range", lambda: t([1.0]).__setitem__(4, 1.0), "4")
    yield bad(
        "setting: shape", lambda: t([1.0, 2.0]).__setitem__(slice(None), [1.0, 2.0, 3.0]), "(2,)"
    )

    yield bad("tensor: ragged", lambda: t([[1, 2], [3]]), "equal lengths")
    yield bad("tensor: text", lambda: t("abc"), "dtype")
    yield bad("tensor: None", lambda: t(None), "None")
    yield bad("tensor: complex", lambda: t(1j), "complex128")
    yield bad("tensor: object", lambda: t(object()), "object")
    yield bad("tensor: date", lambda: t(np.datetime64("2020-01-01")), "datetime64")
    yield bad("tensor: a set", lambda: t({1, 2}), "set")
    yield bad("tensor: a function", lambda: t(len), "dtype")
    yield bad("tensor: unknown dtype", lambda: t([1.0], dtype="flaot32"), "flaot32")
    yield bad("tensor: integers with a derivative", lambda: t([1], requires_grad=True), "int64")
    yield bad("tensor: masked", lambda: t(np.ma.masked_array([1.0], [True])), "Masked")
    yield bad("tensor: a structured array", lambda: t(np.zeros(2, [("a", float)])), "dtype")
    yield bad("tensor: too large a number", lambda: t(10**400), "data")
    yield bad("an int8 beside 300", lambda: t(np.array([1], np.int8)) + 300, "300")
    yield bad("np.linalg.inv", lambda: np.linalg.inv(t(np.ones((2, 2)))), "(2, 2)", "try")
    yield bad("np.add with out", lambda: np.add(x, x, out=np.zeros(3)), "out")
    yield bad("np.add.accumulate", lambda: np.add.accumulate(x), "add")
    yield bad("np.pad mode", lambda: np.pad(x, 1, mode="mean"), "mean")
    yield bad("from_dlpack of a list", lambda: sg.from_dlpack([1.0]), "DLPack")

    yield bad(
        "backward of an array", lambda: (x * 2).backward(), "backward", "(3,)", also=RuntimeError
    )
    yield bad("backward of a constant", lambda: t(1).backward(), "try", also=RuntimeError)
    yield bad("backward: shape", lambda: (x * 2).backward(np.ones(2)), "(3,)", "(2,)")
    yield bad("backward: text", lambda: (x * 2).backward("a"), "gradient")
    yield bad(
        "grad of an array", lambda: sg.grad(lambda a: a * 2)(np.ones(3)), "(3,)", also=RuntimeError
    )
    yield bad("grad by an integer", lambda: sg.grad(lambda a: a * 2)(3), "int64", "3.0")
    yield bad("grad by text", lambda: sg.grad(lambda a: a)("a"), "argument 0")
    yield bad("grad of nothing", lambda: sg.grad(lambda a: None)(1.0), "number", also=RuntimeError)
    yield bad("grad: argnums", lambda: sg.grad(lambda a: a, argnums=2)(1.0), "2", also=RuntimeError)
    yield bad("grad: no arguments", lambda: sg.grad(lambda: 1.0)(), "argument", also=RuntimeError)
    yield bad("grad of text", lambda: sg.grad(lambda a: "text")(1.0), "text", also=RuntimeError)
    yield bad("grad: no function", lambda: sg.grad(3)(1.0), "function")
    yield bad("jvp: counts", lambda: sg.jvp(lambda a: a, (1.0,), ()), "tangents", also=RuntimeError)
    yield bad(
        "jvp: shapes", lambda: sg.jvp(lambda a: a, (np.ones(3),), (np.ones(2),)), "(3,)", "(2,)"
    )
    yield bad("vjp: shape", lambda: sg.vjp(lambda a: a, np.ones(3))[1](np.ones(2)), "(3,)", "(2,)")
    yield bad(
        "vjp: structure",
        lambda: sg.vjp(lambda a: (a, a), 1.0)[1](1.0),
        "structure",
        also=RuntimeError,
    )
    yield bad(
        "jacobian of two",
        lambda: sg.jacobian(lambda a: (a, a))(np.ones(2)),
        "jacobian",
        also=RuntimeError,
    )
    yield bad(
        "hvp: shapes", lambda: sg.hvp(lambda a: (a * a).sum(), np.ones(3), np.ones(2)), "(3,)"
    )
    yield bad("gradcheck of nothing", lambda: sg.gradcheck(lambda: 1.0), "check", also=RuntimeError)
    yield bad(
        "gradcheck of text", lambda: sg.gradcheck(lambda a: a, "a"), "numbers", also=RuntimeError
    )
    yield bad(
        "numerical_gradient of an array",
        lambda: sg.numerical_gradient(lambda a: a * 2, np.ones(3)),
        "number",
    )

    scores = sg.tensor(np.zeros((4, 3)), name="scores")
    loss = sg.softmax_cross_entropy
    yield bad("loss: label too large", lambda: loss(scores, [0, 1, 2, 3]), "3", "0 to 2")
    yield bad("loss: label negative", lambda: loss(scores, [0, 1, 2, -1]), "-1")
    yield bad("loss: float labels", lambda: loss(scores, [0.0, 1.0, 2.0, 1.0]), "float64")
    yield bad("loss: too few labels", lambda: loss(scores, [0, 1]), "(4,", "(2,)")
    yield bad("loss: column of labels", lambda: loss(scores, [[0], [1], [2], [0]]), "(4, 1)", "try")
    yield bad("loss: empty batch", lambda: loss(t(np.zeros((0, 3))), np.zeros(0, int)), "empty")
    yield bad("loss: no classes", lambda: loss(t(np.zeros((3, 0))), np.zeros(3, int)), "class")
    yield bad("loss: a number", lambda: loss(t(1.0), 0), "axis")
    for name in (
        "mean_squared_error",
        "mean_absolute_error",
        "binary_cross_entropy",
        "binary_cross_entropy_with_logits",
    ):
        f = getattr(sg, name)
        yield bad(f"{name}: shapes", lambda f=f: f(scores, np.zeros(4)), "(4, 3)", "(4,)")
        yield bad(f"{name}: a column", lambda f=f: f(t(np.zeros((4, 1))), np.zeros(4)), "try")
        yield bad(f"{name}: empty", lambda f=f: f(t(np.zeros(0)), np.zeros(0)), name)
    yield bad("one_hot: out of range", lambda: sg.one_hot([0, 5], classes=3), "0 to 2", "5")
    yield bad("one_hot: negative", lambda: sg.one_hot([-1], classes=3), "-1")
    yield bad("one_hot: floats", lambda: sg.one_hot([0.0], classes=3), "float64")
    yield bad("one_hot: no classes", lambda: sg.one_hot([0], classes=0), "classes=0")
    yield bad("one_hot: half classes", lambda: sg.one_hot([0], classes=2.5), "2.5")
    yield bad("one_hot: without classes", lambda: sg.one_hot([0]), "classes")


NAMES = re.compile(r"'[^']*'|\([^()]*\)|`[^`]*`|numpy\.\S+( with \S+)?")


def still_english(error: sg.SeegradError) -> str:
    """The part of a message that Korean readers would get in English; nothing when there is none.

    Names, quotations and code are the same in both.
    """
    for text in (error.problem, error.asked, error.came, error.hint):
        said = NAMES.sub("", translate(text, "ko"))
        if re.search(r"[A-Za-z]+ [a-z]+ [a-z]+", said):
            return text
    return ""


def verdict(bad: Bad) -> str | None:
    """What is wrong with what is said of a bad call; None when all is well."""
    try:
        result = bad.call()
    except Exception as error:
        message, kind = str(error), type(error).__name__
        if not isinstance(error, bad.kinds):
            return f"{bad.what}: {kind}, which nobody expects: {message.splitlines()[0]}"
        if not isinstance(error, sg.SeegradError):
            return f"{bad.what}: a bare {kind}: {message.splitlines()[0] if message else ''}"
        if found := INNER_WORDS.search(message):
            return f"{bad.what}: NumPy's or Python's inner words ({found[0]}): {message!r}"
        if missing := [w for w in bad.words if w not in message]:
            return f"{bad.what}: does not say {', '.join(missing)}: {message!r}"
        if not (error.asked or error.came):
            return f"{bad.what}: neither what was asked nor what came: {message!r}"
        if english := still_english(error):
            return f"{bad.what}: has no Korean for {english!r}"
        if error.line is None or "calls.py" not in error.line.file:
            return f"{bad.what}: points to {error.line}, not to the caller's line"
        return None
    return f"{bad.what}: was not refused: {str(result)[:60]!r}"


@row(
    "B1",
    "wrong calls: rank, axis, dtype, text, objects, dates, None, ragged lists, labels …",
    "≥ 300, each refused by a named error with what came, both shapes and the caller's line, in"
    " English and Korean",
    count=10_000,
    sample=500,
)
def b1(run: Run) -> Found:
    rng = run.rng
    hand, table = list(by_hand()), list(drawn(rng))
    room = max(run.count - len(hand), 0)
    if room < len(table):
        table = [table[i] for i in sorted(rng.permutation(len(table))[:room])]
    with np.errstate(all="ignore"):
        faults = [fault for bad in (*hand, *table) if (fault := verdict(bad))]
    total = len(hand) + len(table)
    return Found(f"{total - len(faults)} of {total} ({len(hand)} by hand)", first(faults, 100))
