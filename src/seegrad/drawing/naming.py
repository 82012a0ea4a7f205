"""Names for what came without one: the same in the picture and in the derivation."""

from __future__ import annotations

from itertools import chain, count

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
