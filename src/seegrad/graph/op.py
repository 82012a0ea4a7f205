"""An operation, defined once: what it computes, its derivative rules, its forms, signs and tests.

An `Op` is data, checked when it is made: a rule that asks for something unknown, an input without
a rule, a hole that nothing fills all fail at import. What a call does is written in `bind`, how
its rules are called in `rule_call`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, overload

from seegrad.errors import CallError, OpDefinitionError
from seegrad.graph.documentation import Documentation
from seegrad.graph.forms import SIZES, Apply, Body, Expression, Form, Input, Reshape, Scalar
from seegrad.graph.laws import Law
from seegrad.graph.onnx_signature import parse_exchange
from seegrad.graph.rule_call import FastRule, Rule, RuleCall, fast_rule, rule_call
from seegrad.graph.spec import Attrs, HasSpec, Shape, Spec
from seegrad.i18n import Message, tr
from seegrad.text import ATOM, holes, signature

N = TypeVar("N", bound=HasSpec)
"""The class of a node: what an op makes of one is of the same class."""


@dataclass(frozen=True, slots=True)
class Case:
    """One row of an op's test table: shapes of the inputs, attributes, and where values lie.

    `domain` overrides the op's domain (numbers, or arrays with a bound for each element);
    `integers` names inputs that hold indices below the given bound.
    """

    shapes: tuple[Shape, ...]
    attrs: Attrs = field(default_factory=dict)
    domain: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    integers: Mapping[str, int] = field(default_factory=dict)


def _names(expression: Expression) -> set[str]:
    match expression:
        case Input(name):
            return {name}
        case Apply(_, arguments):
            return set().union(*map(_names, arguments))
    return set()


@dataclass(frozen=True, eq=False)
class Op:
    """One operation.

    `forward` computes on NumPy arrays: its positional parameters are the inputs (`*xs`: any
    number of them), its keyword-only ones the attributes. `d` has a rule or None for each input;
    a rule's parameters name what it needs: `g` (the derivative arriving from the right), `out`,
    an input, `<input>_spec`, an attribute, and for `*xs` also `position` and `<xs>_specs`.
    `body`, for composites, is the same function in terms of other ops. A composite without `d`
    has no node of its own: its body's nodes carry its frame. `compute` is NumPy's own function
    where `forward` does nothing but call it. `also` are further keywords of a call: another name
    of an attribute, or what is done instead, `(op, args, kwargs, value)`. `onnx` is the call that
    says the same in ONNX; `onnx_body`, where no call does, the same in terms of ops that have one.
    `aten` has the calls of PyTorch's ATen that say the same: a name, or ours in the order of its
    arguments. `latex` has holes for inputs and attributes; `$samples` is how many rows a loss is
    the mean over, `\\when{trans}{\\top}{1}` depends on an attribute that is on or off.
    """

    name: str
    forward: Callable[..., Any]
    spec: Callable[..., Spec]
    d: Mapping[str, Rule | None]
    lower: Form
    sign: str
    latex: str
    precedence: int = ATOM
    laws: tuple[Law, ...] = ()
    onnx: str = ""
    aten: tuple[str, ...] = ()
    numpy: tuple[str, ...] = ()
    canonical: Callable[..., dict[str, Any]] | None = None
    body: Callable[..., Any] | None = None
    cases: tuple[Case, ...] = ()
    domain: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    kinks: str = ""
    onnx_body: Callable[..., Any] | None = None
    integer_inputs: frozenset[str] = frozenset()
    family: str = ""
    compute: Callable[..., Any] | None = None
    also: Mapping[str, str | Callable[..., Any]] = field(default_factory=dict)

    inputs: tuple[str, ...] = field(init=False)
    attributes: Mapping[str, Any] = field(init=False)
    arity: int = field(init=False)
    variadic: bool = field(init=False)          # does it take any number of inputs?
    optional: Attrs = field(init=False)
    defaults: Attrs | None = field(init=False)
    rules: tuple[RuleCall | None, ...] = field(init=False)
    fast_rules: tuple[FastRule | None, ...] = field(init=False)
    run: Callable[..., Any] = field(init=False)
    rule_parameters: Mapping[str, tuple[str, ...]] = field(init=False)
    differentiable: bool = field(init=False)
    inlined: bool = field(init=False)
    direct: bool = field(init=False)
    sized: bool = field(init=False)
    integer_positions: frozenset[int] = field(init=False)
    selects: bool = field(init=False)
    asks_for_result: bool = field(init=False)

    def __post_init__(self) -> None:

        def put(name: str, value: object) -> None:
            object.__setattr__(self, name, value)

        parameters = signature(self.forward).parameters.values()
        inputs = tuple(
            f"*{p.name}" if p.kind is p.VAR_POSITIONAL else p.name
            for p in parameters
            if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.VAR_POSITIONAL)
        )
        attributes = {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}
        variadic = bool(inputs) and inputs[-1].startswith("*")
        put("inputs", inputs)
        put("attributes", attributes)
        put("variadic", variadic)
        put("arity", -1 if variadic else len(inputs))
        optional = {k: v for k, v in attributes.items() if v is not inspect.Parameter.empty}
        put("optional", optional)
        put("defaults", optional if len(optional) == len(attributes) else None)
        put("inlined", self.body is not None and not self.d)
        put("direct", not self.inlined and not attributes and self.canonical is None)
        put("run", self.compute or self.forward)
        put("sized", bool(SIZES & set(attributes)) and not isinstance(self.lower, Reshape))
        self._check_rules()
        self._check_texts()
        rules: list[RuleCall | None] = []
        fast_rules: list[FastRule | None] = []
        asked: dict[str, tuple[str, ...]] = {}
        for name in inputs:
            rule = self.d.get(name.lstrip("*"))
            names = tuple(signature(rule).parameters) if rule else ()
            asked[name.lstrip("*")] = names
            rules.append(rule_call(rule, names, inputs) if rule else None)
            fast_rules.append(fast_rule(rule, names, inputs) if rule else None)
        put("rules", tuple(rules))
        put("fast_rules", tuple(fast_rules))
        put("rule_parameters", asked)
        put("differentiable", any(rule is not None for rule in rules))
        put("integer_positions", frozenset(map(inputs.index, self.integer_inputs)))
        put("asks_for_result", any("out" in names for names in asked.values()))
        put("selects", isinstance(self.lower, Scalar) and self.lower.selects)
        put("__name__", self.name)
        put("__wrapped__", self.forward)

    def _check_rules(self) -> None:
        names = {name.lstrip("*") for name in self.inputs}
        if not self.inlined and set(self.d) != names:
            raise OpDefinitionError(
                f"{self.name}: each input needs a derivative rule or an explicit None",
                asked=", ".join(sorted(names)),
                came=", ".join(sorted(self.d)) or "none",
            )
        specs = {f"{name}_spec" for name in names} | {f"{name}_specs" for name in names}
        known = names | specs | set(self.attributes) | {"g", "out", "out_spec", "position"}
        for name, rule in self.d.items():
            unknown = set(signature(rule).parameters) - known if rule else set()
            if unknown:
                raise OpDefinitionError(
                    f"{self.name}: the rule for {name} asks for what is not there",
                    asked=", ".join(sorted(unknown)),
                    came=", ".join(sorted(known)),
                )

    def _check_texts(self) -> None:
        names = {name.lstrip("*") for name in self.inputs} | set(self.attributes) | {"out"}
        used = (set(holes(self.latex)) - {"samples"}) | set(holes(self.sign))
        if isinstance(self.lower, Scalar):
            used |= _names(self.lower.tree)
        if unknown := used - names:
            raise OpDefinitionError(
                f"{self.name}: nothing fills {', '.join(sorted(unknown))} in its texts"
            )
        unspoken = parse_exchange(self.onnx).named - names if self.onnx else frozenset()
        if unspoken:
            raise OpDefinitionError(
                f"{self.name}: nothing fills {', '.join(sorted(unspoken))} in its ONNX call"
            )
        for call in self.aten:
            if unspoken := parse_exchange(call).named - names:
                raise OpDefinitionError(
                    f"{self.name}: nothing fills {', '.join(sorted(unspoken))} in its ATen call"
                )
        if isinstance(self.lower, Body) and self.body is None:
            raise OpDefinitionError(f"{self.name} lowers to its body, but has none")

    def rule_at(self, position: int) -> RuleCall | None:
        """The derivative rule for the input at `position`, or None."""
        rules = self.rules
        return rules[position] if position < len(rules) else rules[-1]

    def fast_rules_for(self, inputs: Sequence[Any]) -> tuple[FastRule | None, ...]:
        """A pull for each of these inputs, of which a variadic op has any number."""
        extra = len(inputs) - len(self.fast_rules)
        return self.fast_rules if extra <= 0 else self.fast_rules + self.fast_rules[-1:] * extra

    def input_name(self, position: int) -> str:
        """The name of the input at `position`: `a`, `b`, or `xs[2]`."""
        last = len(self.inputs) - 1
        if self.variadic and position >= last:
            return f"{self.inputs[last][1:]}[{position - last}]"
        return self.inputs[position]

    def needs(self, name: str) -> frozenset[str]:
        """Which values the rule for input `name` keeps alive: read off its own signature."""
        values = {n.lstrip("*") for n in self.inputs} | {"out"}
        return frozenset(self.rule_parameters[name]) & values

    @overload
    def __call__(self, x: N, /, *more: Any, **attrs: Any) -> N: ...
    @overload
    def __call__(self, a: Any, x: N, /, *more: Any, **attrs: Any) -> N: ...
    @overload
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Apply the op to nodes, arrays and numbers; attributes by name, or after the inputs."""
        raise NotImplementedError(f"{self.name} is not callable yet: see `bind.callable_op`")

    def arguments(
        self, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> tuple[tuple[Any, ...], Attrs]:
        """Split a call's arguments into inputs and attributes; attributes may be positional."""
        given = dict(kwargs)
        if self.variadic:
            fixed = len(self.inputs) - 1
            head, rest = list(args[:fixed]), args[fixed:]
            if rest and isinstance(rest[0], (list, tuple)):
                inputs, positional = [*head, *rest[0]], rest[1:]
            else:
                inputs, positional = [*head, *rest], ()
        else:
            inputs, positional = list(args[: self.arity]), args[self.arity :]
            for name in self.inputs[len(inputs) :]:
                if name not in given:
                    raise self._bad_call(tr("the input {name} is missing", name=name))
                inputs.append(given.pop(name))
        if len(positional) > len(self.attributes):
            raise self._bad_call(
                tr("{count} positional arguments are too many", count=len(args))
            )
        attrs = dict(self.attributes)
        for name, value in zip(attrs, positional):
            if name in given:
                raise self._bad_call(tr("{name} was given twice", name=name))
            attrs[name] = value
        for name, value in given.items():
            if isinstance(other := self.also.get(name), str):
                name = other
            if name not in attrs:
                raise self._bad_call(tr("there is no argument {name}", name=name))
            attrs[name] = value
        for name, value in attrs.items():
            if value is inspect.Parameter.empty:
                raise self._bad_call(tr("the argument {name} is missing", name=name))
        return tuple(inputs), attrs

    def canonical_attrs(self, *inputs: Any, **attrs: Any) -> Attrs:
        """The attributes as a node holds them: defaults filled in, in canonical form."""
        whole = {**self.attributes, **attrs}
        return self.canonical(*inputs, **whole) if self.canonical else whole

    def _bad_call(self, problem: Message, came: str = "") -> CallError:
        return CallError(
            f"{self.name}: " + problem,
            asked=f"{self.name}{signature(self.forward)}",
            came=came,
        )

    def __repr__(self) -> str:
        return f"<op {self.name} {self.sign}>"


Op.__doc__ = Documentation(Op.__doc__)  # type: ignore[assignment]
