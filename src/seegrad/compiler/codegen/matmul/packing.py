"""Packing a product's factors: strided, transposed or gathered numbers brought into panels.

A panel holds `width` positions side by side, step of k by step of k; a tile then reads memory
from front to back. Which factors are packed is decided in `tiling.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from seegrad.compiler.codegen.llvm_builder import Function
from seegrad.compiler.codegen.llvm_types import Value, lanes_of, vector
from seegrad.compiler.scheduling.tiling import lanes_to_use
from seegrad.compiler.target import host


@dataclass(frozen=True)
class Panel:
    """Where a panel begins, and how many positions lie side by side at each step of k."""

    place: Value
    width: int

    def at(self, f: Function, k: Value, position: int, size: int) -> Value:
        """Where the number of a position is, at step k."""
        return f.at(f.at(self.place, f.times(k, self.width * size)), position * size)


@dataclass(frozen=True)
class Lines:
    """The lines of a factor that go into one panel: `count` positions, each `k` deep.

    `starts` is where each position begins; `offset(k)` how many bytes further step k is.
    `beside`: the positions are neighbours in memory; `behind`: the steps are.
    """

    starts: Sequence[Value]
    offset: Callable[[Value], Value]
    k: int
    scalar: str
    size: int
    beside: bool
    behind: bool

    @property
    def count(self) -> int:
        return len(self.starts)


def pack(f: Function, lines: Lines, panel: Panel) -> None:
    """Copy the lines into the panel, front to back; what is left of its width does not matter."""
    if lines.beside:
        _copy(f, lines, panel)
    elif lines.behind and lines.k >= host().lanes(lines.size * 8):
        _transpose(f, lines, panel)
    else:
        _pick(f, lines, panel)


def _copy(f: Function, lines: Lines, panel: Panel) -> None:
    """Rows that lie as the panel has them."""
    size = lines.size
    lanes = lanes_to_use(panel.width, host().lanes(size * 8))
    kind = vector(lines.scalar, lanes)

    def step(k: Value) -> None:
        source = f.at(lines.starts[0], lines.offset(k))
        for j in range(0, panel.width, lanes):
            have, room = min(lanes, lines.count - j), min(lanes, panel.width - j)
            x = f.constant(kind, 0) if have <= 0 else (
                f.load_some(f.at(source, j * size), kind, size, have, 0)
            )
            f.store_some(x, panel.at(f, k, j, size), size, room)

    f.loop(0, lines.k, 1, step)


def _transpose(f: Function, lines: Lines, panel: Panel) -> None:
    """Lines that lie along k, square by square, front to back.

    A square is stored whole. What it writes past the panel's width belongs to the next steps,
    which are written after it (the positions from last to first, therefore); past the end of a
    panel there is `slack`. The last square may overlap the one before.
    """
    size, lanes = lines.size, host().lanes(lines.size * 8)
    square = _square(f, lines.scalar, lanes, size)
    groups = []
    for j in reversed(range(0, panel.width, lanes)):
        rows = f.stack("ptr", lanes)
        for i in range(lanes):
            f.store(lines.starts[min(j + i, lines.count - 1)], f.at(rows, i * 8), 8)
        groups.append((j, rows))

    def step(k: Value) -> None:
        for j, rows in groups:
            target = panel.at(f, k, j, size)
            f.call_void(square, rows, f.times(k, size), target,
                        f.integer(panel.width * size), declare=False)

    full = lines.k // lanes * lanes
    f.loop(0, full, lanes, step)
    if lines.k - full:
        step(f.integer(lines.k - lanes))


def _square(f: Function, scalar: str, lanes: int, size: int) -> str:
    """The function that transposes one square: from rows at an offset to a target, by pitch."""
    name = f"transpose_{scalar}_{lanes}"
    if name not in f.module.shared:
        f.module.shared.add(name)
        parameters = (("ptr", "rows"), ("i64", "offset"), ("ptr", "target"), ("i64", "pitch"))
        g = Function(f.module, name, parameters, public=False)
        given, kind, target = g.parameters, vector(scalar, lanes), g.parameters["target"]
        rows = [
            g.load(g.at(g.load(g.at(given["rows"], i * 8), "ptr", 8), given["offset"]), kind, size)
            for i in range(lanes)
        ]
        for i, x in enumerate(transposed(g, rows)):
            target = g.at(target, given["pitch"]) if i else target
            g.store(x, target, size)
        g.finish()
    return name


def slack(size: int) -> int:
    """Elements behind a panel that packing may write as well."""
    return host().lanes(size * 8)


def _pick(f: Function, lines: Lines, panel: Panel) -> None:
    """Numbers that have no neighbours, one by one."""
    size = lines.size

    def step(k: Value) -> None:
        offset = lines.offset(k)
        for i in range(panel.width):
            x = f.constant(lines.scalar, 0) if i >= lines.count else (
                f.load(f.at(lines.starts[i], offset), lines.scalar, size)
            )
            f.store(x, panel.at(f, k, i, size), size)

    f.loop(0, lines.k, 1, step)


def transposed(f: Function, rows: Sequence[Value]) -> list[Value]:
    """A square of as many vectors as each has lanes, with rows and lanes exchanged."""
    lanes, found, step = lanes_of(rows[0].type), list(rows), 1
    while step < lanes:
        low = [i if not i & step else lanes + i - step for i in range(lanes)]
        high = [i + step if not i & step else lanes + i for i in range(lanes)]
        for i in range(lanes):
            if not i & step:
                x, y = found[i], found[i + step]
                found[i], found[i + step] = f.shuffle(x, y, low), f.shuffle(x, y, high)
        step *= 2
    return found
