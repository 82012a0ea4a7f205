"""sg.custom_vjp: a function whose derivative is stated beside it, as one op of the graph.

Trees of arguments become the flat inputs of a node; several results lie one behind the other in its
value (`packing`). The op's body is the function; its rule runs `forward` and `backward`, on arrays
for numbers and on nodes for a derivative's graph. Eager, `forward` runs in place of the function
where a derivative is needed, and what it has saved is kept for the rule.
"""

from __future__ import annotations

import inspect
from builtins import sum as builtin_sum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from seegrad.errors import CallError, DTypeError, GradientError, Line, ShapeError
from seegrad.graph.bind import bind, callable_op
from seegrad.graph.forms import Body
from seegrad.graph.mode import current_mode, in_mode
from seegrad.graph.node import Node, holds_node
from seegrad.graph.op import Op
from seegrad.graph.spec import Spec
from seegrad.i18n import tr
from seegrad.ops.families import CALL, symbol
from seegrad.ops.reduce import sum
from seegrad.ops.shape import concatenate, reshape
from seegrad.tensor.tensor import as_tensor
from seegrad.text import as_operator, signature
from seegrad.transforms.loops.packing import Layout
from seegrad.transforms.vmap import vmap
from seegrad.tree import Structure, flatten, unflatten

Function = Callable[..., Any]
TAKEN = {"g", "out", "position", "call", "part"}
"""Names that a rule or an attribute has already."""


def _line(function: Function) -> Line | None:
    """Where a function of the user's begins."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None:
        return None
    return Line(code.co_filename, code.co_firstlineno, code.co_name)


def _plain(x: Any) -> Any:
    return x.data if isinstance(x, Node) else x


@dataclass(eq=False)
class _Flat:
    """The function and its derivative between flat lists: what one call computes.

    `primal(*leaves)` and `forward(*leaves)` give trees, `backward(saved, g)` one derivative for
    each leaf (None for zeros), from the tree of derivatives that arrive at the results.
    """

    name: str
    primal: Function
    forward: Function
    backward: Function
    line: Line | None
    rule_line: Line | None = None
    layouts: dict[tuple[Spec, ...], tuple[Structure, Layout]] = field(default_factory=dict)

    def layout(self, specs: Sequence[Spec]) -> tuple[Structure, Layout]:
        """The structure of the results, and where each lies."""
        known = tuple(specs)
        if known not in self.layouts:
            with in_mode(recording=True):
                outs, structure = flatten(self.primal(*map(symbol, known)))
            self._nothing_captured(outs, known)
            self.layouts[known] = structure, Layout([as_tensor(x).spec for x in outs])
        return self.layouts[known]

    def _nothing_captured(self, outs: Sequence[Any], specs: Sequence[Spec]) -> None:
        """GradientError where a derivative would reach what is no argument: it would be lost."""
        with in_mode(recording=True):
            constants = [symbol(s) for s in specs]
            for x in constants:
                x.requires_grad = False
            outs = flatten(self.primal(*constants))[0]
        if any(isinstance(x, Node) and x.requires_grad for x in outs):
            raise GradientError(
                tr("{name} uses a tensor that needs a derivative and is no argument",
                   name=self.name),
                asked="a function of its arguments alone", came="a tensor from outside",
                hint="pass it as an argument, or use .detach()", line=self.line,
            )  # fmt: skip

    def pulled(self, saved: Any, gs: Sequence[Any], specs: Sequence[Spec]) -> list[Any]:
        """The derivative by each leaf, of its shape."""
        arriving = unflatten(self.layout(specs)[0], gs)
        return _fitting(self.name, self.backward(saved, arriving), specs, self.rule_line)

    def vector(self, outs: Sequence[Any], layout: Layout, part: int) -> Any:
        """The results of one dtype behind each other; a single one as it is."""
        if len(layout.places) == 1:
            return outs[0]
        found = [
            reshape(as_tensor(x) if holds_node(x) else np.asarray(x, p.spec.dtype),
                    shape=(p.spec.size,))
            for x, p in zip(outs, layout.places) if p.part == part
        ]  # fmt: skip
        return concatenate(*found, axis=0)

    def results(self, vectors: Sequence[Any], layout: Layout) -> list[Any]:
        return list(vectors) if len(layout.places) == 1 else layout.taken(vectors)


class _Call:
    """One use of the function. It keeps what `forward` has saved; those of one function are equal,
    so that equal nodes are known as such."""

    def __init__(self, flat: _Flat, needs: bool = False) -> None:
        self.flat, self.needs = flat, needs
        self.saved: tuple[Sequence[Any], list[Any], Any] | None = None
        """The inputs of the last run on arrays, its results, and what it saved."""
        self.sent: tuple[Any, Sequence[Any], list[Any]] | None = None
        """The derivatives by all inputs that the rule found last, and for what."""

    def __repr__(self) -> str:
        return self.flat.name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Call) and other.flat is self.flat

    def __hash__(self) -> int:
        return hash((_Call, id(self.flat)))

    def fits(self, xs: Sequence[Any]) -> bool:
        """Is what was saved, if anything, that of these inputs?"""
        return self.saved is None or all(a is b for a, b in zip(self.saved[0], xs))

    def run(self, xs: Sequence[Any], part: int) -> Any:
        """The value on arrays."""
        saved = self.saved
        if saved is None or not self.fits(xs):
            with in_mode(recording=False):
                if self.needs:
                    out, kept = _pair(self.flat.forward(*xs), self.flat)
                else:
                    out, kept = self.flat.primal(*xs), None
            outs = [np.asarray(_plain(x)) for x in flatten(out)[0]]
            saved = xs, outs, kept
            if self.needs or len(outs) > 1:
                self.saved = saved
        layout = self.flat.layout([Spec(x.shape, x.dtype) for x in xs])[1]
        return self.flat.vector(saved[1], layout, part)

    def pull(self, g: Any, xs: Sequence[Any], specs: Sequence[Spec], part: int) -> list[Any]:
        """The derivative by every input, for g arriving at one vector."""
        layout = self.flat.layout(specs)[1]
        if len(layout.places) == 1:
            gs = [g]
        else:
            gs = [layout.read(p, g) if p.part == part else np.zeros(p.shape, p.spec.dtype)
                  for p in layout.places]
        if isinstance(g, Node):
            saved = _pair(self.flat.forward(*xs), self.flat)[1]
            return self.flat.pulled(saved, gs, specs)
        with in_mode(recording=False):
            if self.needs and self.saved is not None and self.fits(xs):
                saved = self.saved[2]
            else:
                saved = _pair(self.flat.forward(*xs), self.flat)[1]
            return [_plain(d) for d in self.flat.pulled(saved, gs, specs)]

    def derivative(self, g: Any, xs: Sequence[Any], part: int, position: int) -> Any:
        """The derivative by one input; all come out of one run of `backward`."""
        sent = self.sent
        if sent is None or sent[0] is not g or any(a is not b for a, b in zip(sent[1], xs)):
            specs = [x.spec if isinstance(x, Node) else Spec(x.shape, x.dtype) for x in xs]
            sent = self.sent = g, xs, self.pull(g, xs, specs, part)
        found = sent[2][position]
        x = xs[position]
        return np.zeros(x.shape, x.dtype) if found is None else found


def _pair(result: Any, flat: _Flat) -> tuple[Any, Any]:
    if isinstance(result, (tuple, list)) and len(result) == 2:
        return result[0], result[1]
    raise CallError(
        tr("{name}: forward must give (result, saved)", name=flat.name), asked="a pair",
        came=type(result).__name__, hint="return out, (x, y): what backward needs beside",
        line=flat.line,
    )  # fmt: skip


# --------------------------------------------------------------- the op


def _signed(function: Function, positional: Sequence[str], keywords: Sequence[str]) -> Function:
    """`function`, for those who look at its signature: these parameters."""
    kinds = inspect.Parameter
    function.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [kinds(n.lstrip("*"), kinds.VAR_POSITIONAL if n.startswith("*")
               else kinds.POSITIONAL_OR_KEYWORD) for n in positional]
        + [kinds(n, kinds.KEYWORD_ONLY) for n in keywords]
    )  # fmt: skip
    return function


def _rule(names: Sequence[str], position: int) -> Function:
    if names == ("*xs",):

        def rule(g: Any, xs: Any, call: _Call, part: int, position: int) -> Any:
            return call.derivative(g, tuple(xs), part, position)

        return rule

    def named(g: Any, *rest: Any) -> Any:
        *xs, call, part = rest
        return call.derivative(g, tuple(xs), part, position)

    return _signed(named, ["g", *names, "call", "part"], [])


def _op(name: str, names: tuple[str, ...], sign: str, latex: str, doc: str | None) -> Op:
    """The op of a function whose arguments are single arrays of these names, or any (`*xs`)."""

    def forward(*xs: Any, call: _Call, part: int) -> Any:
        return call.run(xs, part)

    def body(*xs: Any, call: _Call, part: int) -> Any:
        outs = flatten(call.flat.primal(*xs))[0]
        layout = call.flat.layout([as_tensor(x).spec for x in xs])[1]
        return call.flat.vector(outs, layout, part)

    def spec(*xs: Spec, call: _Call, part: int) -> Spec:
        layout = call.flat.layout(xs)[1]
        return layout.places[0].spec if len(layout.places) == 1 else layout.spec(part)

    def canonical(*xs: Any, call: _Call, part: int) -> Mapping[str, Any]:
        # nodes of other inputs have calls of their own: what is saved belongs to these
        needs = current_mode().recording and any(getattr(x, "requires_grad", False) for x in xs)
        fits = call.needs == needs and call.fits([_plain(x) for x in xs])
        return {"call": call if fits else _Call(call.flat, needs), "part": part}

    forward.__name__, forward.__doc__ = name, doc
    holes = ", ".join(f"${n.lstrip('*')}" for n in names)
    return callable_op(Op(
        name=name, forward=_signed(forward, names, ["call", "part"]), spec=spec,
        d={n.lstrip("*"): _rule(names, i) for i, n in enumerate(names)}, lower=Body(_batched),
        sign=sign, latex=latex or f"{as_operator(name)}({holes})", precedence=CALL,
        canonical=canonical, body=body, family="custom_vjp",  # type: ignore[arg-type]
    ))  # fmt: skip


def _batched(node: Node, inputs: Sequence[tuple[Any, bool]], count: int) -> Any:
    """The node for many examples: function and derivative of one example, mapped over all."""
    assert node.op is not None
    call: _Call = node.attrs["call"]
    flat, many = call.flat, [batched for _, batched in inputs]
    axes = [0 if batched else None for batched in many]
    kept: list[Structure] = []

    def forward(*xs: Any) -> Any:
        def leaves(*one: Any) -> Any:
            out, saved = _pair(flat.forward(*one), flat)
            values, structure = flatten(saved)
            kept[:] = [structure]
            return out, values

        return vmap(leaves, axes)(*xs)

    def backward(saved: Any, g: Any) -> list[Any]:
        present: list[bool] = []

        def one(values: Any, g: Any) -> Any:
            found = flat.backward(unflatten(kept[0], values), g)
            present[:] = [d is not None for d in found]
            return [d for d in found if d is not None]

        found = iter(vmap(one)(saved, g))
        whole = [next(found) if there else None for there in present]
        return [d if d is None or batched else sum(d, axis=0) for d, batched in zip(whole, many)]

    mapped = _Flat(flat.name, vmap(flat.primal, axes), forward, backward, flat.line,
                   flat.rule_line)  # fmt: skip
    _, layout = flat.layout([x.spec for x in node.inputs])
    xs = tuple(x for x, _ in inputs)
    part = node.attrs["part"]
    found = bind(node.op, xs, {"call": _Call(mapped), "part": part})
    if len(layout.places) == 1:
        return found
    # all examples of the first result, then of the second, …: each example's behind each other
    wide = mapped.layout([as_tensor(x).spec for x in xs])[1]
    rows = [reshape(wide.read(p, found), shape=(count, p.spec.size // max(count, 1)))
            for p in wide.places if p.part == part]  # fmt: skip
    return concatenate(*rows, axis=1)


# --------------------------------------------------------------- what people write


class custom_vjp:
    """A function whose derivative you state: `f.defvjp(forward, backward)`. As jax.custom_vjp.

    Args:
        function: takes and gives arrays, tensors, or trees of them, and uses nothing else that
            needs a derivative.
        nondiff_argnums: positions of arguments that are no arrays (a mode, a count); `backward`
            takes them first.
        sign, latex: what stands in the circle of the picture, and the formula (`$x` is the input
            x); by default the function's name.

    `forward` takes what the function takes and gives `(result, saved)`: saved is any tree of arrays
    that `backward` needs. `backward(saved, g)` takes the derivative by the result and gives one by
    each argument, in a tuple; None means 0. Both may use sg's and NumPy's functions. One op: it
    runs eager and compiled, is drawn, derived, batched by vmap, and differentiated again, through
    what `forward` and `backward` do; where another of its results is among the arguments, that one
    has the stated rule there too, as in PyTorch (JAX differentiates `forward`).

    Raises CallError or ShapeError, naming where `backward` is written, for derivatives of another
    number, structure or shape; GradientError for tensors from outside that need a derivative.

    >>> import numpy as np
    >>> import seegrad as sg
    >>> @sg.custom_vjp
    ... def steep(x):
    ...     return sg.floor(x)
    >>> steep.defvjp(lambda x: (sg.floor(x), None), lambda saved, g: (g,))
    >>> float(steep(2.7)), float(sg.grad(steep)(2.7))
    (2.0, 1.0)
    """

    holds: ClassVar = ("function", "forward", "backward")
    """What a compiled function that calls this has to watch."""

    def __new__(cls, function: Function | None = None, **options: Any) -> Any:
        if function is None:                     # @sg.custom_vjp(sign="…")
            return lambda function: cls(function, **options)
        return super().__new__(cls)

    def __init__(
        self, function: Function, *, nondiff_argnums: Sequence[int] = (), sign: str = "",
        latex: str = "",
    ) -> None:
        if not callable(function):
            raise CallError("custom_vjp is for a function", asked="a function",
                            came=type(function).__name__)  # fmt: skip
        self.function, self.static = function, frozenset(nondiff_argnums)
        self.name = getattr(function, "__name__", "custom").replace("<lambda>", "custom")
        self.sign, self.latex = sign or self.name, latex
        self.forward: Function | None = None
        self.backward: Function | None = None
        self.signature = signature(function)
        self.ops: dict[tuple[str, ...], Op] = {}
        self.flats: dict[Any, _Flat] = {}
        """The function between flat lists, for arguments of each structure and static values."""
        self.__name__, self.__doc__ = self.name, function.__doc__
        self.__wrapped__ = function

    def defvjp(self, forward: Function, backward: Function) -> None:
        """State the derivative: `forward(*args) -> (result, saved)`, `backward(saved, g)`."""
        for each in (forward, backward):
            if not callable(each):
                raise CallError("defvjp takes two functions", asked="defvjp(forward, backward)",
                                came=type(each).__name__)  # fmt: skip
        self.forward, self.backward = forward, backward
        self.flats.clear()

    def __repr__(self) -> str:
        return f"<custom_vjp {self.name}>"

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else lambda *args, **kwargs: self(instance, *args, **kwargs)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The function's value; as a node if any argument is one, or under a trace."""
        if self.forward is None or self.backward is None:
            raise CallError(
                tr("{name} has no derivative yet", name=self.name),
                asked="f.defvjp(forward, backward) before the first call", came="a call",
                line=_line(self.function),
            )  # fmt: skip
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        args = bound.args
        trees = [x for i, x in enumerate(args) if i not in self.static]
        leaves, structure = flatten(trees)
        if not any(isinstance(x, Node) for x in leaves):
            return self.function(*args)
        flat = self._flat(args, structure)
        leaves = [as_tensor(x) for x in leaves]
        shape, layout = flat.layout([x.spec for x in leaves])
        op = self._op(args, structure)
        needs = current_mode().recording and any(x.requires_grad for x in leaves)
        call = _Call(flat, needs)
        vectors = [bind(op, tuple(leaves), {"call": call, "part": i})
                   for i in range(len(layout.dtypes))]  # fmt: skip
        return unflatten(shape, flat.results(vectors, layout))

    def _op(self, args: Sequence[Any], structure: Structure) -> Op:
        """The op whose inputs are called as the parameters, where each is a single array."""
        names = [n for n, p in self.signature.parameters.items()
                 if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]  # fmt: skip
        names = [n for i, n in enumerate(names) if i not in self.static]
        single = len(names) == len(structure.children) and all(
            child.kind is None for child in structure.children
        )
        taken = TAKEN | {f"{n}_spec" for n in names}
        inputs = tuple(names) if single and names and not taken & set(names) else ("*xs",)
        if inputs not in self.ops:
            doc = self.function.__doc__
            latex = self.latex if inputs != ("*xs",) else ""
            self.ops[inputs] = _op(self.name, inputs, self.sign, latex, doc)
        return self.ops[inputs]

    def _flat(self, args: Sequence[Any], structure: Structure) -> _Flat:
        """Function and derivative with these static arguments, made once where those are known."""
        key = structure, tuple((type(x), x) for i, x in enumerate(args) if i in self.static)
        try:
            return self.flats[key]
        except TypeError:                        # a static argument that no dictionary takes
            return self._flattened(args, structure)
        except KeyError:
            made = self.flats[key] = self._flattened(args, structure)
            return made

    def _flattened(self, args: Sequence[Any], structure: Structure) -> _Flat:
        """Function and derivative with these static arguments, between flat lists."""
        forward, backward, static = self.forward, self.backward, sorted(self.static)
        assert forward is not None
        assert backward is not None
        fixed = [args[i] for i in static if i < len(args)]

        def called(function: Function) -> Function:
            def flat(*leaves: Any) -> Any:
                given = iter(unflatten(structure, leaves))
                return function(*[x if i in self.static else next(given)
                                  for i, x in enumerate(args)])  # fmt: skip

            return flat

        def pulled(saved: Any, gs: Any) -> list[Any]:
            return self._checked(backward(*fixed, saved, gs), structure)

        lines = _line(self.function), _line(backward)
        return _Flat(self.name, called(self.function), called(forward), pulled, *lines)

    def _checked(self, found: Any, structure: Structure) -> list[Any]:
        """The derivatives by all leaves; CallError where backward gives others."""
        assert self.backward is not None
        line, count = _line(self.backward), len(structure.children)
        if not isinstance(found, (tuple, list)) or len(found) != count:
            came = (tr("{count} derivatives", count=len(found))
                    if isinstance(found, (tuple, list)) else type(found).__name__)  # fmt: skip
            raise CallError(
                tr("{name}: backward must give a derivative by each argument", name=self.name),
                asked=tr("a tuple of {count}", count=count), came=came,
                hint="return (gx,) for one argument; None where the derivative is 0", line=line,
            )  # fmt: skip
        every: list[Any] = []
        for i, (given, tree) in enumerate(zip(found, structure.children)):
            leaves, shape = flatten(given)
            if given is None:
                every += [None] * _size(tree)
            elif shape != tree:
                raise CallError(
                    tr("{name}: the derivative by argument {index} has another structure than it",
                       name=self.name, index=i),
                    asked="the same tuples, lists and dictionaries", line=line,
                )  # fmt: skip
            else:
                every += leaves
        return every


def _size(structure: Structure) -> int:
    return 1 if structure.kind is None else builtin_sum(map(_size, structure.children))


def _fitting(name: str, found: list[Any], specs: Sequence[Spec], line: Line | None) -> list[Any]:
    """The derivatives as arrays or nodes of their inputs' shapes."""
    whole: list[Any] = []
    for i, (d, spec) in enumerate(zip(found, specs)):
        if d is None or spec.dtype.kind != "f":
            whole.append(None)
            continue
        d = as_tensor(d) if isinstance(d, Node) or holds_node(d) else np.asarray(d)
        if d.shape != spec.shape:
            raise ShapeError(
                tr("{name}: the derivative by input {index} does not have its shape",
                   name=name, index=i),
                asked=str(spec.shape), came=str(d.shape), line=line,
            )  # fmt: skip
        if d.dtype.kind not in "fiu":
            raise DTypeError(
                tr("{name}: the derivative by input {index} is no number", name=name, index=i),
                asked=str(spec.dtype), came=str(d.dtype), line=line,
            )  # fmt: skip
        whole.append(d)
    return whole
