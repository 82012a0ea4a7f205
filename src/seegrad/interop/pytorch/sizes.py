"""Which sizes of its inputs a written graph serves: torch.export's symbols and guards as data.

A size of the example that the module's own code looked at is fixed, or a guard says for which
others the code would have gone the same way. What a size is called here stands in messages: N,
then N2 and so on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from seegrad.interop.pytorch.program import Condition

Shapes = Mapping[str, Sequence[Any]]


def free_sizes(shapes: Shapes) -> tuple[dict[str, tuple[int | str, ...]], tuple[Condition, ...]]:
    """The shapes of inputs with a name in the place of each free size, and what must hold of it.

    shapes: by the inputs' names, as torch.export has them: numbers and symbols.
    """
    called: dict[Any, str] = {}
    environment = None
    found: dict[str, tuple[int | str, ...]] = {}
    for name, shape in shapes.items():
        sizes: list[int | str] = []
        for n in shape:
            size = n if isinstance(n, int) else n.node.expr
            if not isinstance(n, int):
                environment = n.node.shape_env
            free = not isinstance(size, int) and size.free_symbols
            one = called.setdefault(size, f"N{len(called) + 1 if called else ''}") if free else None
            sizes.append(one or int(size))
        found[name] = tuple(sizes)
    if environment is None:
        return found, ()
    asked = [environment.replace(guard.expr) for guard in environment.guards]
    conditions = [_condition(expression, called) for expression in dict.fromkeys(asked)]
    composed = [_condition(e, called, one) for e, one in called.items() if not e.is_symbol]
    return found, tuple(one for one in (*conditions, *composed) if one is not None)


def _condition(expression: Any, called: Mapping[Any, str], equals: str = "") -> Condition | None:
    """That an expression holds, or is `equals`; None where no size of an input decides it."""
    symbols = expression.free_symbols
    if not symbols or not symbols <= called.keys():
        return None

    @cache
    def value(*sizes: int) -> Any:
        return expression.subs(dict(zip(symbols, sizes)))

    def holds(sizes: Mapping[str, int]) -> bool:
        got = value(*(sizes[called[symbol]] for symbol in symbols))
        return int(got) == sizes[equals] if equals else bool(got)

    told = expression.xreplace({symbol: symbol.func(called[symbol]) for symbol in symbols})
    relation = getattr(told, "rel_op", None)
    text = f"{told.lhs} {relation} {told.rhs}" if relation else str(told)
    return Condition(f"{equals} == {text}" if equals else text, holds)


def other_than(name: str, size: int) -> Condition:
    """That a free size is not this one."""
    return Condition(f"{name} != {size}", lambda sizes: sizes[name] != size)


def only(name: str, size: int) -> Condition:
    """That a free size is this one."""
    return Condition(f"{name} == {size}", lambda sizes: sizes[name] == size)
