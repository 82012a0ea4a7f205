"""Names for what came without one: the same in the picture and in the derivation."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import chain, count

from seegrad.graph.forms import Input, Scalar
from seegrad.graph.node import Node
from seegrad.graph.op import Op


def input_word(op: Op, position: int) -> str:
    """The op's own word for an input; x where that says nothing."""
    word = op.input_name(position)
    return word if word.isidentifier() and word != "a" else "x"


def free_name(wanted: str, taken: set[str]) -> str:
    """`wanted`, with a number behind it where it is taken; taken from now on."""
    wanted = wanted if wanted.isidentifier() else "x"
    names = chain([wanted], (f"{wanted}{i}" for i in count(1)))
    name = next(each for each in names if each not in taken)
    taken.add(name)
    return name


def letters(nodes: Sequence[Node], z: Node, around: Collection[str] = ()) -> dict[Node, str]:
    """A name for every node that is not a bare number: the user's, or a letter nobody uses,
    neither here nor `around`."""
    taken = {node.name for node in nodes if node.name} | {*around}
    found: dict[Node, str] = {}
    used: set[str] = set()
    for node in nodes:
        if node.name:
            name, again = node.name, 1
            while name in used:
                again += 1
                name = f"{node.name}′" if again == 2 else f"{node.name} ({again})"
            used.add(name)
            found[node] = name
    for node in nodes:
        if node.op is None:
            continue
        for i, x in enumerate(node.inputs):
            if x.op is None and x not in found and not is_number(x):
                found[x] = free_name(input_word(node.op, i), taken)
    if z not in found:
        found[z] = _output_letter(z, taken, found)
    inner = [x for x in nodes if x.op is not None and x not in found and not is_alias(x)]
    for large in (False, True):
        group = [node for node in inner if bool(node.shape) == large]
        base = "T" if large else "t"
        numbered = (f"{base}{i}" for i in count(1))
        free = (name for name in numbered if name not in taken)
        for node in group:
            found[node] = free_name(base if len(group) == 1 else next(free), taken)
    return found


def is_alias(x: Node) -> bool:
    """Is this its input once more, in another dtype perhaps?"""
    form = x.op.lower if x.op is not None else None
    plain = isinstance(form, Scalar) and isinstance(form.tree, Input)
    return plain and not x.name and x.shape == x.inputs[0].shape


def is_number(x: Node) -> bool:
    return not x.name and x.data is not None and x.spec.size == 1 and not x.requires_grad


def _output_letter(z: Node, taken: set[str], found: Mapping[Node, str]) -> str:
    large = bool(z.shape) and any(len(n) == 1 and n.isupper() for n in found.values())
    first = "L" if z.op is not None and z.op.family == "loss" else "y"
    for letter in (first, "y", "z", "u", "v", "w"):
        name = letter.upper() if large else letter
        if name not in taken:
            taken.add(name)
            return name
    return free_name("z", taken)
