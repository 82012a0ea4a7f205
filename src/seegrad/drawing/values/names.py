"""Names for what came without one: the same in the picture and in the derivation.

Names that are written alike (t1, t_1 and t₁, or two that are cut after their first words) are one
name to a reader, so every name is looked for as it is `written`.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, count

from seegrad.graph.forms import Input, Scalar
from seegrad.graph.node import Node
from seegrad.graph.op import Op
from seegrad.text import LONGEST_NAME, tidy

LONGEST_CONDITION = 8
"""Names and operations in a condition; a longer one has a name."""
_INDEXED = re.compile(r"([A-Za-zα-ωΑ-Ω])_?([0-9]{1,3}|[₀-₉]{1,3})")
_BELOW = dict(zip("0123456789", "₀₁₂₃₄₅₆₇₈₉"))
_LEVEL = str.maketrans({below: digit for digit, below in _BELOW.items()})


def indexed(name: str) -> tuple[str, str] | None:
    """A letter and the number below it; None for any other name.

    >>> indexed("t1"), indexed("t_1"), indexed("t₁"), indexed("t")
    (('t', '1'), ('t', '1'), ('t', '1'), None)
    """
    found = _INDEXED.fullmatch(name)
    return (found[1], found[2].translate(_LEVEL)) if found else None


def written(name: str) -> str:
    """A name as a line has it; of names that are written alike the same.

    >>> written("t_1"), written("사과 ")
    ('t₁', '사과')
    """
    if found := indexed(name):
        return found[0] + "".join(_BELOW[digit] for digit in found[1])
    return unicodedata.normalize("NFC", tidy(name)) or "·"


def told_apart(names: Iterable[str], avoided: Collection[str] = ()) -> list[str]:
    """The names, but for those that are written like an earlier one or like what is avoided:
    these show their ends, or have a mark. So do all that are cut alike.

    >>> told_apart(["t1", "t_1", "x"], avoided=["x"])
    ['t1', 't₁′', 'x′']
    """
    names = [*names]
    crowd = Counter(map(written, dict.fromkeys(names)))
    used = {*avoided}
    kept: list[str | None] = []
    for name in names:
        line = written(name)
        free = line not in used and (crowd[line] == 1 or not line.endswith("…"))
        used.add(line)
        kept.append(name if free else None)
    forms: dict[str, Iterator[str]] = {}
    found: list[str] = []
    for name, own in zip(names, kept):
        others = forms.setdefault(name, _other_forms(name))
        form = own or next(form for form in others if written(form) not in used)
        used.add(written(form))
        found.append(form)
    return found


def _other_forms(name: str) -> Iterator[str]:
    """A name that is taken: with its end if that was cut, with a prime, with a number."""
    whole = tidy(name, len(name))
    if len(whole) > LONGEST_NAME:
        yield f"{whole[: LONGEST_NAME // 2 - 1]}…{whole[-LONGEST_NAME // 2 :]}"
    short = tidy(written(name), LONGEST_NAME - 10)
    yield f"{short}′"
    yield from (f"{short} ({again})" for again in count(3))


def input_word(op: Op, position: int) -> str:
    """The op's own word for an input; x where that says nothing."""
    word = op.input_name(position)
    return word if word.isidentifier() and word != "a" else "x"


def free_letter(letters: str, taken: set[str]) -> str:
    """The first letter that is not taken, with a number where all are; taken from now on."""
    numbered = (f"{letters[0]}{i}" for i in count(1))
    name = next(each for each in chain(letters, numbered) if written(each) not in taken)
    taken.add(written(name))
    return name


def free_name(wanted: str, taken: set[str]) -> str:
    """`wanted`, with a number behind it where it is taken; taken from now on."""
    wanted = wanted if wanted.isidentifier() else "x"
    names = chain([wanted], (f"{wanted}{i}" for i in count(1)))
    name = next(each for each in names if written(each) not in taken)
    taken.add(written(name))
    return name


def letters(
    nodes: Sequence[Node], z: Node, around: Collection[str] = (), avoided: Collection[str] = ()
) -> dict[Node, str]:
    """A name for every node that is not a bare number: the user's, or a letter nobody uses,
    neither here nor `around`. What is `avoided` is no name at all: formulas mean something by it.
    """
    given = [node for node in nodes if node.name]
    found = dict(zip(given, told_apart([node.name for node in given], avoided)))
    taken = {written(name) for name in (*found.values(), *(node.name for node in given))}
    taken |= {*around, *avoided}
    for node in nodes:
        if node.op is None:
            continue
        for i, x in enumerate(node.inputs):
            if x.op is None and x not in found and not is_number(x):
                found[x] = free_name(input_word(node.op, i), taken)
    if z not in found:
        found[z] = _output_letter(z, taken, found)
    inner = [x for x in nodes if x.op is not None and x not in found and not is_alias(x)]
    inner = [x for x in inner if not is_condition(x)]
    for large in (False, True):
        group = [node for node in inner if bool(node.shape) == large]
        base = "T" if large else "t"
        numbered = (f"{base}{i}" for i in count(1))
        free = (name for name in numbered if written(name) not in taken)
        for node in group:
            found[node] = free_name(base if len(group) == 1 else next(free), taken)
    return found


def is_alias(x: Node) -> bool:
    """Is this its input once more, in another dtype perhaps?"""
    form = x.op.lower if x.op is not None else None
    plain = isinstance(form, Scalar) and isinstance(form.tree, Input)
    return plain and not x.name and x.shape == x.inputs[0].shape


def is_condition(x: Node) -> bool:
    """Is this a short condition that nobody named, x > 0? Then it is written itself."""
    seen, stack = 0, [x]
    while stack:
        node = stack.pop()
        seen += 1
        if seen + len(stack) > LONGEST_CONDITION:
            return False
        if _compares(node):
            stack += node.inputs
    return _compares(x)


def _compares(x: Node) -> bool:
    elementwise = x.op is not None and isinstance(x.op.lower, Scalar)
    return elementwise and x.dtype.kind == "b" and not x.name and not is_alias(x)


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
