"""A network's values under PyTorch's names and in its shapes, and back.

Which name a value has there stands at each layer, in `torch_names`: `weight`, `weight.T` for the
transposed, `in_proj_weight.T[0/3]` for the first third of the rows, nothing for what PyTorch does
not keep. The layers of a Sequential are numbered there, and all other names are the same. No file
is read here.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seegrad.errors import ShapeError, ValueRangeError
from seegrad.i18n import tr
from seegrad.nn.layers.containers import Sequential
from seegrad.nn.module import Module
from seegrad.tensor.tensor import Tensor

Array = NDArray[Any]
COUNTED = "num_batches_tracked"
"""What PyTorch's BatchNorm counts and no result depends on, unless its momentum is None."""
_WRITTEN = re.compile(r"(?P<name>.*?)(?P<turned>\.T)?(?:\[(?P<part>\d+)/(?P<of>\d+)\])?")


@dataclass(frozen=True)
class Counterpart:
    """A value of ours and where it is in PyTorch: a whole array or a part of its rows."""

    ours: str
    tensor: Tensor
    theirs: str
    turned: bool
    part: int
    of: int


def counterparts(network: Module) -> list[Counterpart]:
    """Every value that PyTorch would keep, under every name that it has."""
    found = []
    for ours, tensor, text in _named(network, ()):
        match = _WRITTEN.fullmatch(text)
        if match is not None and match["name"]:
            found.append(
                Counterpart(
                    ours, tensor, match["name"], bool(match["turned"]), int(match["part"] or 0),
                    int(match["of"] or 1),
                )
            )  # fmt: skip
    return found


def _named(module: Module, around: tuple[Module, ...]) -> Iterator[tuple[str, Tensor, str]]:
    """(our name, the value, what is written of it) of all that is in a module."""
    if module in around:
        return
    for place, (key, part) in enumerate(module._parts()):
        piece = str(place) if isinstance(module, Sequential) else key
        if isinstance(part, Tensor):
            yield key, part, module.torch_names.get(key, piece)
            continue
        for ours, tensor, theirs in _named(part, (*around, module)):
            name = f"{key}.{ours}"
            if not theirs:
                yield name, tensor, ""
                continue
            yield name, tensor, _renamed(module.torch_names, name, f"{piece}.{theirs}")


def _renamed(names: Mapping[str, str], ours: str, theirs: str) -> str:
    """What is written of an inner value, if the module around says it of it or of its part."""
    if ours in names:
        return names[ours]
    for key, other in names.items():
        if ours.startswith(f"{key}."):
            rest = theirs.split(".")[key.count(".") + 1 :]
            return ".".join([other, *rest])
    return theirs


def to_torch_state(network: Module) -> dict[str, Array]:
    """A network's values as a state dict of PyTorch: its names, its shapes, NumPy arrays.

    Of a network that `from_torch` made, the names of the original; of one of our layers those of
    PyTorch's layer of the same kind (`Affine`: `weight` (outputs, inputs), `bias`). Read it there
    with `module.load_state_dict({k: torch.from_numpy(v) for k, v in state.items()})`.

    >>> net = sg.nn.Sequential(sg.nn.Affine(3, 2), sg.nn.ReLU(), sg.nn.Affine(2, 1))
    >>> {name: value.shape for name, value in to_torch_state(net).items()}
    {'0.weight': (2, 3), '0.bias': (2,), '2.weight': (1, 2), '2.bias': (1,)}
    """
    parts: dict[str, dict[int, Array]] = {}
    for one in counterparts(network):
        value = np.array(one.tensor.value)
        parts.setdefault(one.theirs, {})[one.part] = value.T.copy() if one.turned else value
    return {
        name: found[0] if len(found) == 1 else np.concatenate([found[i] for i in sorted(found)])
        for name, found in parts.items()
    }


def load_torch_state(network: Module, values: Mapping[str, Any], strict: bool = True) -> None:
    """Take over a state dict of PyTorch; nothing changes unless all of it fits.

    strict: refuse missing and unknown names too. Raises ValueRangeError for names, with the three
    nearest ones that are there; ShapeError and DTypeError as `Module.load_state_dict`.
    """
    wanted = counterparts(network)
    given = {
        str(name): np.asarray(value)
        for name, value in values.items()
        if not str(name).endswith(COUNTED) or any(one.theirs == name for one in wanted)
    }
    known = {one.theirs for one in wanted}
    missing = [name for name in dict.fromkeys(one.theirs for one in wanted) if name not in given
               and not name.endswith(COUNTED)]  # fmt: skip
    unknown = [name for name in given if name not in known]
    if strict and (missing or unknown):
        raise ValueRangeError(
            tr("these values have other names than the network"),
            asked="; ".join(_with_nearest(missing, unknown)) or ", ".join(sorted(known)[:6]),
            came=tr("not known: {names}", names=", ".join(unknown[:6])) if unknown
            else tr("{count} names", count=len(given)),
            hint=tr("rename the keys, or pass strict=False"),
        )  # fmt: skip
    mine: dict[str, Array] = {}
    for one in wanted:
        if one.theirs in given:
            mine[one.ours] = _ours(one, given[one.theirs])
    network.load_state_dict(mine, strict=False)


def _ours(one: Counterpart, value: Array) -> Array:
    """A value of PyTorch's as it lies here."""
    if one.of > 1:
        rows = value.shape[0] if value.ndim else 0
        if rows % one.of:
            raise ShapeError(
                tr("{name} has another shape than the value for it", name=one.theirs),
                asked=tr("{count} equal parts", count=one.of),
                came=str(value.shape),
            )
        size = rows // one.of
        value = value[one.part * size : (one.part + 1) * size]
    return value.T if one.turned else value


def _with_nearest(missing: Iterable[str], there: list[str]) -> Iterator[str]:
    """Each missing name with the three that are most like it."""
    for name in list(missing)[:6]:
        near = difflib.get_close_matches(name, there, 3, 0.0)
        yield tr("{name} (nearest: {names})", name=name, names=", ".join(near)) if near else name
