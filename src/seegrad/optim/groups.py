"""Groups: which parameters go with which settings. The rules and their state are `optimizer`'s.

`SGD([{"params": …, "lr": 0.1}, {"params": …}], lr=0.01)`: what a group does not say is as the
optimizer says. Every group has a learning rate of its own, a leaf; one set for all moves them in
proportion.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from seegrad.errors import DTypeError, ValueRangeError
from seegrad.i18n import tr
from seegrad.nn.module import Parameters
from seegrad.tensor.tensor import Tensor, tensor


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Group:
    """Some parameters and what is set for them: `group["lr"]`, `group["weight_decay"]`, …

    Args:
        parameters: they.
        settings: what is set otherwise for it.
        lr: its learning rate, a leaf.
        ratio: of its learning rate to that of the first group; a leaf, as its value is not what a
            compiled step is made for.

    >>> import seegrad as sg
    >>> w = sg.tensor([1.0], name="w")
    >>> len(sg.optim.SGD([{"params": [w], "lr": 0.1}]).groups)
    1
    """

    parameters: list[Tensor]
    settings: dict[str, Any]
    lr: Tensor
    ratio: Tensor

    def __getitem__(self, name: str) -> Any:
        if name == "params":
            return self.parameters
        return float(self.lr.item()) if name == "lr" else self.settings[name]

    def __repr__(self) -> str:
        said = {"lr": f"{self.lr.item():g}", **self.settings}
        words = ", ".join(f"{name}={value}" for name, value in said.items())
        return f"Group({len(self.parameters)} parameters, {words})"


def _group(
    parameters: list[Tensor], lr: float, ratio: float, settings: dict[str, Any], number: int
) -> Group:
    name = f"lr.{number}" if number else "lr"
    return Group(
        parameters, settings, tensor(lr, name=name, requires_grad=False),
        tensor(ratio, name=f"{name}.ratio", requires_grad=False),
    )  # fmt: skip


def told_apart(
    parameters: Any, lr: float, settings: Iterable[str]
) -> tuple[tuple[Group, ...], list[Tensor], Any]:
    """The groups, all parameters one behind the other, and the network that they are of.

    settings: what a group may say besides its learning rate. Raises ValueRangeError and
    DTypeError for what no group says.
    """
    if isinstance(parameters, Tensor):
        raise DTypeError(
            tr("parameters come as a list"), asked="[W]", came=repr(parameters)[:60]
        )
    network = parameters.module if isinstance(parameters, Parameters) else None
    given = list(parameters)
    if not any(isinstance(one, Mapping) for one in given):
        return (_group(given, float(lr), 1.0, {}, 0),), given, network
    groups: list[Group] = []
    known = ("params", "lr", *settings)
    for one in given:
        if not isinstance(one, Mapping) or "params" not in one or set(one) - set(known):
            unknown = set(one) - set(known) if isinstance(one, Mapping) else ()
            raise ValueRangeError(
                tr("a group is a dictionary of its parameters and of settings"),
                asked=", ".join(known),
                came=", ".join(sorted(map(str, unknown))) or repr(one)[:60],
                hint='[{"params": net.parameters(), "lr": 0.1}]',
            )
        own = one["params"]
        inner = [own] if isinstance(own, Tensor) else list(own)
        rate = float(one.get("lr", lr))
        said = {k: v for k, v in one.items() if k in known[2:]}
        first = float(groups[0].lr.item()) if groups else rate
        groups.append(_group(inner, rate, rate / first if first else 1.0, said, len(groups)))
    everything = [p for group in groups for p in group.parameters]
    if len({id(p) for p in everything}) < len(everything):
        raise ValueRangeError(
            tr("a parameter is in one group"),
            asked=tr("each parameter once"),
            came=", ".join(sorted({p.name or repr(p)[:40] for p in everything
                                   if sum(p is other for other in everything) > 1})),
        )  # fmt: skip
    return tuple(groups), everything, network
