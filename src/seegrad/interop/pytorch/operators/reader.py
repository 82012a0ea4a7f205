"""How an ATen operation is read: a function of its arguments, by their names in ATen's schema.

A function's own parameters say which arguments it honours; a call that gives another one is
refused by name. No operation lives here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from seegrad.graph.onnx_signature import parse_exchange
from seegrad.graph.op import Op
from seegrad.interop.pytorch.program import Step
from seegrad.onnx.readers.values import known as known
from seegrad.ops import TABLE, compare
from seegrad.text import signature

Function = Callable[..., Any]

UNIMPORTANT = frozenset({
    "layout", "device", "pin_memory", "memory_format", "non_blocking", "implicit", "requires_grad",
    "dtype", "enable_gqa", "sparse", "scale_grad_by_freq", "unbiased", "benchmark",
    "deterministic", "cudnn_enabled", "cudnn_enable", "allow_tf32", "generator", "out_dtype",
    "compute_mode", "driver",
})  # fmt: skip
"""What changes where numbers lie, or their dtype, which the result's own says."""
@dataclass(frozen=True, slots=True)
class Context:
    """What a reader may ask for beside the arguments: parameters of these names."""

    result_dtype: Any
    noise: Any


CONTEXT = frozenset(field.name for field in fields(Context))


@dataclass(frozen=True, slots=True)
class Reader:
    """A function of ATen's arguments, by their names there."""

    function: Function
    takes: frozenset[str]
    asks: frozenset[str]

    def refused(self, step: Step) -> list[str]:
        """The arguments that a step gives and that would be passed over."""
        given = {name for name in step.given if step.arguments[name] is not None}
        return sorted(given - self.takes - UNIMPORTANT)

    def compute(self, given: Mapping[str, Any], context: Context) -> Any:
        more = {name: getattr(context, name) for name in self.asks}
        return self.function(**{k: v for k, v in given.items() if k in self.takes}, **more)


@dataclass(frozen=True, slots=True)
class FromTable:
    """An operation that one op answers to, by the call at its definition."""

    op: Op
    names: tuple[str, ...]

    def refused(self, step: Step) -> list[str]:
        """The arguments that a step gives and that would be passed over."""
        taken = list(step.arguments)[: len(self.names)]
        return sorted(step.given - UNIMPORTANT - set(taken))

    def compute(self, given: Mapping[str, Any], context: Context) -> Any:
        op, values = self.op, dict(zip(self.names, given.values()))
        inputs = {name: values.pop(name) for name in map(_bare, op.inputs)}
        if op.family == "elementwise":
            inputs = promoted(inputs, context.result_dtype)
        arrays = next(iter(inputs.values())) if op.variadic else inputs.values()
        return op(*arrays, **values)


READERS: dict[str, Reader | FromTable] = {}
"""Every operation that is known, by its name in ATen: with its overload, or for all of them."""


def _bare(name: str) -> str:
    return name.lstrip("*")


def _from_the_table() -> None:
    for op in TABLE.values():
        for text in op.aten:
            call = parse_exchange(text)
            names = tuple(map(_bare, op.inputs)) if call.inputs is None else call.inputs
            READERS[call.name] = FromTable(op, tuple(map(str, names)))


_from_the_table()


def reads(*names: str) -> Callable[[Function], Function]:
    """Enter a function as the reader of ATen's operations of these names."""

    def enter(function: Function) -> Function:
        asked = frozenset(signature(function).parameters)
        for name in names:
            assert not isinstance(READERS.get(name), Reader), f"{name} is read twice"
            READERS[name] = Reader(function, asked - CONTEXT, asked & CONTEXT)
        return function

    return enter


def table(rows: Mapping[str, Function]) -> None:
    """Enter operations that are one expression: what each is, under its names in ATen."""
    for names, function in rows.items():
        reads(*names.split())(function)


def reader_for(operator: str) -> Reader | FromTable | None:
    """What reads `add.Tensor`: its own reader, or that of `add`; None if there is none."""
    return READERS.get(operator) or READERS.get(operator.partition(".")[0])


def promoted(values: Mapping[str, Any], dtype: Any) -> dict[str, Any]:
    """Arrays in the dtype of the result where that has a fraction: ATen's rule, not NumPy's."""
    if dtype is None or dtype.kind != "f":
        return dict(values)
    return {name: as_dtype(value, dtype) for name, value in values.items()}


def as_dtype(value: Any, dtype: Any) -> Any:
    """An array in this dtype; a number of Python as it is."""
    have = getattr(value, "dtype", dtype)
    if have == dtype or (have.kind == "f" and have.itemsize > dtype.itemsize):
        return value
    return compare.astype(value, dtype=dtype)


def axis_of(dim: int, ndim: int) -> int:
    """An axis counted from the front."""
    return dim + ndim if dim < 0 else dim


def number(value: Any, what: str) -> Any:
    """A value that must be known early, as a number of Python."""
    return value if isinstance(value, (int, float, bool)) else known(value, what).item()
