"""A PyTorch module as a Module of ours: its own structure and names, its steps run in our ops.

It is made from a `program.Written` and knows nothing of PyTorch; how it is measured against the
original stands in `verification`.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from seegrad.errors import CallError, FormatError, SeegradError, ShapeError
from seegrad.graph.mode import frame, in_frames
from seegrad.i18n import tr
from seegrad.interop.pytorch.operators import Context, reader_for
from seegrad.interop.pytorch.program import (
    Array,
    Condition,
    Input,
    Part,
    Program,
    Step,
    Written,
    filled,
)
from seegrad.nn.initialisers import default_generator
from seegrad.nn.module import Module, as_array, parameter, state
from seegrad.ops import arithmetic, compare, random
from seegrad.tensor.tensor import Tensor
from seegrad.tree import flatten, unflatten

WHOLE: dict[str, Callable[..., Any]] = {
    "getitem": operator.getitem,
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "floordiv": operator.floordiv,
    "truediv": operator.truediv,
    "mod": operator.mod,
    "neg": operator.neg,
    "pow": operator.pow,
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "and_": operator.and_,
    "or_": operator.or_,
    "sym_max": max,
    "sym_min": min,
    "sym_int": int,
    "sym_float": float,
    "sym_not": operator.not_,
    "sym_ite": lambda test, yes, no: yes if test else no,
    "floor": math.floor,
    "ceil": math.ceil,
    "trunc": math.trunc,
    "round": round,
    "_sym_sqrt": math.sqrt,
    "sym_sqrt": math.sqrt,
    "sym_sum": sum,
}
"""What is done with sizes, which are numbers of Python."""


def known(name: str, step: Step | None = None) -> bool:
    """Can an operation of this name be read, and with a step's arguments?"""
    if name.startswith("python."):
        return name.removeprefix("python.") in WHOLE
    reader = reader_for(name)
    return reader is not None and (step is None or not reader.refused(step))


class Place(Module):
    """A module inside: its parameters and modules by their names in PyTorch."""

    spread: ClassVar[tuple[str, ...]] = ("parts",)

    def __init__(self, part: Part) -> None:
        self.part = part
        self.parts: dict[str, Any] = {}

    def forward(self, *inputs: Any) -> Any:
        raise CallError(
            tr("a part of a network from PyTorch cannot be called by itself"),
            asked=tr("the whole network"),
            came=self.name or self.part.kind,
            hint=tr("read this part alone: sg.from_torch(module.part, example)"),
        )

    def __getattr__(self, name: str) -> Any:
        parts = self.__dict__.get("parts", {})
        if name in parts:
            return parts[name]
        raise AttributeError(f"{type(self).__name__} has no {name!r}")

    def __getitem__(self, place: int | str) -> Any:
        """A part by its name, or by its number as in a Sequential."""
        names = list(self.parts)
        return self.parts[str(place) if str(place) in self.parts else names[int(place)]]

    def __repr__(self) -> str:
        inner = [(key, part) for key, part in self.parts.items() if isinstance(part, Module)]
        if not inner:
            return f"{self.part.kind}({self.part.text})"
        lines = [f"{self.part.kind}("]
        for key, module in inner:
            first, *rest = repr(module).splitlines()
            lines += [f"  ({key}): {first}", *("  " + line for line in rest)]
        return "\n".join([*lines, ")"])


class TorchNetwork(Place):
    """A network that PyTorch's module was; see `from_torch`.

    verified: how far results, gradients and kept values are from the original's.
    """

    kind = "torch"
    torch_names: ClassVar[dict[str, str]] = {"noise_key": ""}
    verified: Any = None

    def __init__(self, written: Written) -> None:
        super().__init__(written.parts[""])
        self.programs = dict(written.programs)
        self._refused = dict(written.refused)
        self._given: dict[str, Array] = {}
        places: dict[str, Place] = {"": self}
        for path, part in written.parts.items():
            if path:
                above, _, name = path.rpartition(".")
                one = written.first[path]
                places[path] = places[one] if one in places else Place(part)
                places[above].parts[name] = places[path]
        made: dict[str, Tensor] = {}
        for name, value in written.state.items():
            one = written.first[name]
            above, _, last = name.rpartition(".")
            if one not in made:
                make = parameter if name in written.trainable else state
                called = name if above else f"{self.part.kind.lower()}.{name}"
                made[one] = make(value, called, value.dtype)
            places[above].parts[last] = made[one]
        for path in written.parts:
            places[path].parts = places[path].parts  # a part learns its name when it is set
        if any(_draws(step) for program in self.programs.values() for step in program.steps):
            seed = int(default_generator().integers(2**62))
            self.noise_key = state(random.key(seed), "noise_key")

    def restrict(self, conditions: tuple[Condition, ...]) -> None:
        """Take only inputs whose sizes are so, too."""
        for mode, one in self.programs.items():
            self.programs[mode] = replace(one, conditions=(*one.conditions, *conditions))

    # ------------------------------------------------------------- running

    def __call__(self, *inputs: Any, **keywords: Any) -> Any:
        with frame(self.name or self.part.kind.lower()):
            return self.forward(*inputs, **keywords)

    def forward(self, *inputs: Any, **keywords: Any) -> Any:
        """The module's results, in the same tuples and dictionaries."""
        return self.run(inputs, keywords)

    def run(
        self,
        inputs: Sequence[Any],
        keywords: Mapping[str, Any],
        seen: Callable[[Step, Any], None] | None = None,
    ) -> Any:
        """Compute the results; `seen` is shown what each step gives."""
        program = self.program()
        values = self._begin(program, inputs, keywords)
        noise = _Noise(self, self._given)
        for step in in_frames(program.steps, lambda step: step.path):
            values[step.name] = self._computed(step, values, noise)
            if seen is not None:
                seen(step, values[step.name])
        for name, ref in program.changed.items():
            value = values[ref.name]
            self.at(name).assign(
                arithmetic.stop_gradient(value) if isinstance(value, Tensor) else value
            )
        noise.count_on()
        return unflatten(program.result, [filled(out, values) for out in program.outputs])

    def program(self) -> Program:
        """What is done in the present mode."""
        mode = "train" if self.training else "eval"
        if mode in self.programs:
            return self.programs[mode]
        if mode in self._refused:
            raise self._refused[mode]
        return next(iter(self.programs.values()))

    def at(self, name: str) -> Tensor:
        """A parameter or kept value by its dotted name."""
        found: Any = self
        for piece in name.split("."):
            found = found.parts[piece]
        assert isinstance(found, Tensor)
        return found

    def _begin(
        self, program: Program, inputs: Sequence[Any], keywords: Mapping[str, Any]
    ) -> dict[str, Any]:
        leaves, _ = flatten((list(inputs), dict(keywords)))
        wanted = program.wanted
        given = [x for x in leaves if isinstance(x, np.generic)
                 or not isinstance(x, (bool, int, float, str))]  # fmt: skip
        if len(given) != len(wanted):
            raise CallError(
                tr("this network takes another number of arrays"),
                asked=", ".join(f"{one.name} {_sizes(one)}" for one in wanted),
                came=tr("{count} inputs", count=len(given)),
            )
        values: dict[str, Any] = dict(program.constants)
        values.update({name: self.at(path) for name, path in program.kept.items()})
        values.update({one.name: one.fixed for one in program.inputs if one.dtype is None})
        wide = self._wide()
        sizes: dict[str, int] = {}
        for one, x in zip(wanted, given):
            values[one.name] = _fitting(one, x, wide, sizes)
        for condition in program.conditions:
            if not condition.holds(sizes):
                raise _unread(wanted[0], values[wanted[0].name], f", {condition.text}")
        return values

    def _wide(self) -> bool:
        """Are values of the network in float64, so that steps may be wider than they were?"""
        return any(self.at(path).dtype == np.float64 for path in self.program().kept.values())

    def alone(self, step: Step, values: Mapping[str, Any]) -> Any:
        """What one step gives for these values."""
        return self._computed(step, values, _Noise(self, self._given))

    def _computed(self, step: Step, values: Mapping[str, Any], noise: _Noise) -> Any:
        given = {name: filled(value, values) for name, value in step.arguments.items()}
        word = step.operator
        if word.startswith("python."):
            return WHOLE[word.removeprefix("python.")](*given.values())
        reader = reader_for(word)
        assert reader is not None
        if refused := reader.refused(step):
            raise _cannot(step, ", ".join(f"{n}={step.arguments[n]!r}"[:60] for n in refused))
        noise.step = step.name
        try:
            with np.errstate(all="ignore"):
                found = reader.compute(given, Context(step.dtypes[0], noise))
        except SeegradError:
            raise
        except (
            TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RuntimeError,
        ) as fault:  # fmt: skip
            raise _cannot(step, str(fault)[:200]) from fault
        if not step.several:
            return _typed(found, step.dtypes[0], noise.wide)
        return tuple(_typed(one, dtype, noise.wide) for one, dtype in zip(found, step.dtypes))


def _cannot(step: Step, came: str) -> FormatError:
    return FormatError(
        tr("{name} cannot be computed as PyTorch does", name=step.name),
        asked=step.operator.removesuffix(".default"),
        came=f"{came}; {step.line}" if step.line else came,
    )


def _draws(step: Step) -> bool:
    reader = None if step.operator.startswith("python.") else reader_for(step.operator)
    return "noise" in getattr(reader, "asks", ())


class _Noise:
    """Random numbers for the steps that draw: from the network's key, or those that are given.

    wide: are steps in float64 that were written in float32?
    """

    def __init__(self, network: TorchNetwork, given: Mapping[str, Array]) -> None:
        self.key = network.__dict__.get("noise_key")
        self.given = given
        self.count = 0
        self.step = ""
        self.wide = network._wide()

    def uniform(self, shape: tuple[int, ...], dtype: Any) -> Any:
        """Numbers from [0, 1)."""
        return self._drawn(random.uniform, shape, dtype)

    def normal(self, shape: tuple[int, ...], dtype: Any) -> Any:
        """Numbers with mean 0 and variance 1."""
        return self._drawn(random.normal, shape, dtype)

    def _drawn(self, draw: Any, shape: tuple[int, ...], dtype: Any) -> Any:
        if self.step in self.given:
            return self.given[self.step].astype(dtype)
        self.count += 1
        key = self.key + np.array([0, self.count - 1])
        return draw(key, shape=shape, dtype=dtype)

    def count_on(self) -> None:
        """The next call draws other numbers."""
        if self.count:
            self.key.assign(self.key + np.array([0, self.count]))  # type: ignore[union-attr]


def _typed(value: Any, dtype: Any, wide: bool) -> Any:
    """A result in the dtype that ATen gives it; wide: wider fractions stay as they are."""
    have = getattr(value, "dtype", None)
    if dtype is None or have is None or have == dtype:
        return value
    if wide and have.kind == dtype.kind == "f" and have.itemsize > dtype.itemsize:
        return value
    return compare.astype(value, dtype=dtype)


def _sizes(one: Input) -> str:
    return "(" + ", ".join(map(str, one.shape)) + ")"


def _unread(one: Input, x: Any, known: str) -> ShapeError:
    return ShapeError(
        tr("{name} has another shape than the network was read for", name=one.name),
        asked=_sizes(one) + known,
        came=str(tuple(x.shape)),
        hint=tr("read it again with an example of this shape"),
    )


def _fitting(one: Input, x: Any, wide: bool, sizes: dict[str, int]) -> Any:
    """An input, if its shape is one that the steps were written for; in the steps' dtype.

    wide: may it stay in float64, as the network's values are? sizes: the free ones by name, which
    are entered.
    """
    x = as_array(x)
    same = len(x.shape) == len(one.shape) and all(
        (sizes.setdefault(n, m) if isinstance(n, str) else n) == m
        for n, m in zip(one.shape, x.shape)
    )
    if not same:
        other = [n for n, m in zip(one.shape, x.shape) if sizes.get(str(n), m) != m]
        raise _unread(one, x, "".join(f", {n} == {sizes[str(n)]}" for n in other))
    assert one.dtype is not None
    if x.dtype.kind != one.dtype.kind and not (x.dtype.kind in "iu" and one.dtype.kind in "iu"):
        raise FormatError(
            tr("{name} has another dtype than the network was read for", name=one.name),
            asked=str(one.dtype),
            came=str(x.dtype),
            hint=tr("convert it first: {how}", how=f".astype({str(one.dtype)!r})"),
        )
    stays = wide and x.dtype.kind == "f" and x.dtype.itemsize > one.dtype.itemsize
    return x if x.dtype == one.dtype or stays else compare.astype(x, dtype=one.dtype)
