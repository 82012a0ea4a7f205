"""Random networks for row M2: parts in lists, tuples, dicts and modules, some of them shared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import seegrad as sg
from seegrad import nn

WIDTH = 3
KINDS = ("affine", "matrix", "scale", "shift", "norm", "dropout", "no_dropout")
KEYS: dict[str, tuple[Any, ...]] = {
    "module": ("lin", "W", "inner", "z"), "dict": ("lin", "0", 7, "W"),
    "list": (0, 1, 2, 3), "tuple": (0, 1, 2, 3),
}  # fmt: skip
NAMED = ("W", "b", "gamma", "beta", "running_mean", "running_var", "key")
Way = tuple[Any, ...]


@dataclass(frozen=True)
class Holder:
    """A module or container, and under each key another or the number of a part."""

    kind: str
    items: tuple[tuple[Any, Any], ...]

    def ways(self, start: Way = ()) -> Iterator[tuple[int, Way]]:
        """(part, the keys that lead to it) for every place."""
        for key, item in self.items:
            if isinstance(item, Holder):
                yield from item.ways((*start, key))
            else:
                yield item, (*start, key)


def random_holder(rng: np.random.Generator, parts: list[int], kind: str, depth: int) -> Holder:
    """Somewhere to put the parts, nested at most `depth` deep."""
    count = int(rng.integers(1, min(len(parts), 4) + 1)) if depth else len(parts)
    keys = KEYS[kind] if count <= 4 else tuple(f"p{i}" for i in range(count))
    if count > 4 and kind in ("list", "tuple"):
        keys = tuple(range(count))
    items = []
    for key, some in zip(keys, np.array_split(np.array(parts), count)):
        if depth and (len(some) > 1 or rng.random() < 0.4):
            inner = str(rng.choice(list(KEYS)))
            items.append((key, random_holder(rng, some.tolist(), inner, depth - 1)))
        else:
            items.append((key, int(some[0])))
    return Holder(kind, tuple(items))


class Net(nn.Module):
    """Parts where a holder says; applied in the order of `order`, each second one checkpointed."""

    def __init__(self, holder: Holder, made: list[Any], order: tuple[Any, ...] = ()) -> None:
        self.order = order
        for key, item in holder.items:
            setattr(self, str(key), _built(item, made))

    def forward(self, x: Any) -> Any:
        for place, (kind, way) in enumerate(self.order):
            part = at(self, way)
            if isinstance(part, nn.Module):
                x = (sg.checkpoint(part) if place % 2 else part)(x)
            else:
                x = {"matrix": x.__matmul__, "scale": x.__mul__, "shift": x.__add__}[kind](part)
            x = sg.tanh(x)
        return x


def _built(item: Any, made: list[Any]) -> Any:
    if not isinstance(item, Holder):
        return made[item]
    if item.kind == "module":
        return Net(item, made)
    found = {key: _built(inner, made) for key, inner in item.items}
    return found if item.kind == "dict" else {"list": list, "tuple": tuple}[item.kind](
        found.values()
    )  # fmt: skip


def at(net: Any, way: Way) -> Any:
    """What lies at the end of a way."""
    for key in way:
        net = getattr(net, key) if isinstance(net, nn.Module) else net[key]
    return net


def _part(kind: str, rng: np.random.Generator) -> Any:
    if kind == "affine":
        return nn.Affine(WIDTH, WIDTH, dtype=float, generator=rng)
    if kind == "norm":
        return nn.BatchNorm(WIDTH, dtype=float)
    if kind.endswith("dropout"):
        return nn.Dropout(0.3 if kind == "dropout" else 0.0, seed=int(rng.integers(100)))
    size = (WIDTH, WIDTH) if kind == "matrix" else (WIDTH,)
    return sg.tensor(rng.uniform(0.5, 1.5, size))


@dataclass(frozen=True)
class Plan:
    """A network that can be built again and again, with other numbers each time."""

    kinds: tuple[str, ...]
    holder: Holder

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> Plan:
        count = int(rng.integers(2, 6))
        kinds = ("affine", *map(str, rng.choice(KINDS, count)))
        shared = rng.integers(0, len(kinds), int(rng.integers(0, 3))).tolist()
        parts = [*range(len(kinds)), *shared]
        rng.shuffle(parts)
        return cls(kinds, random_holder(rng, parts, "module", 3))

    def build(self, rng: np.random.Generator) -> Net:
        made = [_part(kind, rng) for kind in self.kinds]
        return Net(self.holder, made, tuple((self.kinds[i], w) for i, w in self.holder.ways()))

    def leaves(self, net: Net) -> dict[tuple[int, str], Any]:
        """Every leaf by its part and its name there: found without asking the network."""
        found = {}
        for number, way in self.holder.ways():
            part = at(net, way)
            if isinstance(part, nn.Module):
                found.update({(number, n): vars(part)[n] for n in NAMED if n in vars(part)})
            else:
                found[number, ""] = part
        return found
