"""The picture for a terminal: the same layout, set in character cells.

Values stand above the wires and derivatives below, marked with ◀; colour is added only when asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from unicodedata import category, east_asian_width

from seegrad.drawing.export.window import COLUMNS
from seegrad.drawing.layout.labels import Labels, constant_text
from seegrad.drawing.layout.levels import Screen, last_level, window
from seegrad.drawing.layout.nested import Point, Rect
from seegrad.drawing.scene.overlays import undefined_steps
from seegrad.drawing.scene.scene import Box, Group, Scene
from seegrad.drawing.values.user_text import clean, short
from seegrad.i18n import tr

CELL_WIDTH, CELL_HEIGHT = 8.0, 16.0
CELLS = (8.0, 6.0, 5.0, 4.0, 3.0)  # pixels a column: narrower where wires need more columns
ROWS = 64  # lines of text that a reader takes in
WARM, END = "\x1b[31m", "\x1b[0m"
_UP, _DOWN, _LEFT, _RIGHT = 1, 2, 4, 8
_LINES = {
    _LEFT | _RIGHT: "─", _UP | _DOWN: "│", _DOWN | _RIGHT: "╭", _DOWN | _LEFT: "╮",
    _UP | _RIGHT: "╰", _UP | _LEFT: "╯", _LEFT: "─", _RIGHT: "─", _UP: "│", _DOWN: "│",
    _UP | _DOWN | _RIGHT: "├", _UP | _DOWN | _LEFT: "┤", _LEFT | _RIGHT | _DOWN: "┬",
    _LEFT | _RIGHT | _UP: "┴", 15: "┼",
}  # fmt: skip


def cells(text: str) -> list[str]:
    """A text as terminal cells: a wide letter takes two, the second of them empty."""
    found: list[str] = []
    for letter in text:
        if category(letter) in ("Mn", "Me", "Cf") and found:
            found[-1] += letter
        else:
            found.append(letter)
            if east_asian_width(letter) in "WF":
                found.append("")
    return found


class _Paper:
    """A sheet of character cells; lines are kept as directions, so that they join."""

    def __init__(self) -> None:
        self.lines: dict[tuple[int, int], int] = {}
        self.letters: dict[tuple[int, int], str] = {}
        self.warm: set[tuple[int, int]] = set()

    def line(self, a: tuple[int, int], b: tuple[int, int]) -> None:
        (ax, ay), (bx, by) = a, b
        along, across = (_RIGHT, _LEFT) if ay == by else (_DOWN, _UP)
        if ay == by:
            spots = [(x, ay) for x in range(min(ax, bx), max(ax, bx) + 1)]
        else:
            spots = [(ax, y) for y in range(min(ay, by), max(ay, by) + 1)]
        for i, spot in enumerate(spots):
            way = (along if i < len(spots) - 1 else 0) | (across if i else 0)
            self.lines[spot] = self.lines.get(spot, 0) | way

    def write(self, x: int, y: int, text: str, warm: bool = False) -> None:
        for i, cell in enumerate(cells(text)):
            self.letters[x + i, y] = cell
            if warm:
                self.warm.add((x + i, y))

    def centred(self, x: float, y: int, text: str, warm: bool = False) -> None:
        self.write(round(x - len(cells(text)) / 2), y, text, warm)

    def text(self, colour: bool) -> str:
        spots = [*self.lines, *self.letters]
        if not spots:
            return ""
        left = min(x for x, _ in spots)
        rows: list[str] = []
        for y in range(min(y for _, y in spots), max(y for _, y in spots) + 1):
            columns = [x for x, row in spots if row == y]
            row = []
            for x in range(left, max(columns, default=left) + 1):
                cell = self.letters.get((x, y))
                if cell is None:
                    cell = _LINES.get(self.lines.get((x, y), 0), " ")
                warm = colour and (x, y) in self.warm and cell.strip()
                row.append(f"{WARM}{cell}{END}" if warm else cell)
            rows.append("".join(row).replace(f"{END}{WARM}", "").rstrip())
        return "\n".join(rows).strip("\n") + "\n"


class _Columns:
    """Which column each upright run of a wire stands in: no two share one on the same rows."""

    def __init__(self) -> None:
        self.taken: dict[int, list[tuple[int, int]]] = {}
        self.shared = 0

    def is_free(self, x: int, rows: tuple[int, int]) -> bool:
        return all(rows[1] < low or high < rows[0] for low, high in self.taken.get(x, ()))

    def take(self, x: int, a: int, b: int) -> None:
        rows = min(a, b), max(a, b)
        self.shared += not self.is_free(x, rows)
        self.taken.setdefault(x, []).append(rows)

    def between(self, left: int, right: int, a: int, b: int) -> int:
        """A free column for a climb between these two, near the middle."""
        rows, middle = (min(a, b), max(a, b)), (left + right) // 2
        inner = sorted(range(left + 1, right), key=lambda x: abs(x - middle))
        x = next((x for x in inner if self.is_free(x, rows)), middle)
        self.take(x, a, b)
        return x


def to_text(scene: Scene, colour: bool = False, columns: float = COLUMNS) -> str:
    """The scene in character cells; what does not fit into so many columns is folded."""
    most = 99
    # wires that share a column, columns too many, text, what it shows
    best: tuple[int, int, str, Screen] | None = None
    while best is None or best[:2] != (0, 0):
        seen = window(scene, columns * CELL_WIDTH, ROWS * CELL_HEIGHT, False, most)
        for cell in CELLS:
            paper, shared = _set(seen, cell)
            plain = paper.text(False)
            longest = max((len(cells(line)) for line in plain.splitlines()), default=0)
            over = max(0, longest - int(columns))
            if best is None or (shared, over) < best[:2]:
                best = (shared, over, paper.text(colour), seen)
            if not shared:
                break
        if seen.level <= 0:
            break
        most = seen.level - 1
    assert best is not None
    *_, text, shown = best
    lines = [*scene.note, *undefined_steps(scene, shown.view)]
    if scene.auto and shown.level < last_level(scene):
        lines.append(
            tr(
                "folded to fit {columns} columns; level={level} opens it further",
                language=scene.language, columns=int(columns), level=shown.level + 1,
            )
        )  # fmt: skip
    notes = "".join(f"{clean(line)}\n" for line in lines)
    return text + (f"\n{notes}" if notes else "")


def _set(seen: Screen, cell: float) -> tuple[_Paper, int]:
    """The picture set in cells of this width, and how many wires share a column with another."""
    scene, view, plan = seen.scene, seen.view, seen.plan
    paper, labels, columns = _Paper(), Labels(scene), _Columns()
    for group in view.groups:
        _frame(paper, plan.places[group.id], short(group.name), cell)
    places = {box.id: plan.places[box.id] for box in view.boxes}
    words = {box.id: _box(box) for box in view.boxes}
    for wire in view.wires:
        for (ax, ay), (bx, by) in pairwise(plan.paths[wire.id]):
            if ax == bx and _row(ay) != _row(by):
                columns.take(int(ax / cell), _row(ay), _row(by))
    begins = {
        key: round((rect.x + rect.width / 2) / cell - len(cells(words[key])) / 2)
        for key, rect in places.items()
    }
    for wire in view.wires:
        if words[wire.target] != "┬":  # words leave room for the arrow that comes in
            bend = int(plan.paths[wire.id][-2][0] / cell)
            begins[wire.target] = max(begins[wire.target], bend + 2)
    for wire in view.wires:
        edge = begins[wire.target] - 1
        _wire(paper, columns, plan.paths[wire.id], edge, words[wire.target] != "┬", cell)
    for wire in view.wires:
        found = labels.of(wire)
        if wire.id in plan.labels and found is not None:
            x, y = plan.labels[wire.id]
            _label(paper, x / cell, _row(y), found, wire.id in scene.blanks)
    for box in view.boxes:
        rect = plan.places[box.id]
        paper.write(begins[box.id], _row(rect.y + rect.height / 2), words[box.id])
    return paper, columns.shared


def _row(y: float) -> int:
    return int(y / CELL_HEIGHT)


def _box(box: Box | Group) -> str:
    if isinstance(box, Group):
        sign = f"{box.sign} " if box.sign else ""
        return f"[{sign}{short(box.name)}]"
    if box.kind in ("operation", "culprit"):
        return f"({box.sign})"
    if box.kind == "constant":
        return constant_text(box)
    return {"fork": "┬"}.get(box.kind, short(box.name))


def _frame(paper: _Paper, rect: Rect, name: str, cell: float) -> None:
    left, right = int(rect.x / cell), int((rect.x + rect.width) / cell)
    top, bottom = _row(rect.y), _row(rect.y + rect.height)
    for a, b in (
        ((left, top), (right, top)), ((left, bottom), (right, bottom)),
        ((left, top), (left, bottom)), ((right, top), (right, bottom)),
    ):  # fmt: skip
        paper.line(a, b)
    paper.write(left + 2, top, f" {name} ")


def _wire(
    paper: _Paper, columns: _Columns, path: Sequence[Point], edge: int, head: bool, cell: float
) -> None:
    """A wire, up to `edge`, the column before the words of its target."""
    at = int(path[0][0] / cell), _row(path[0][1])
    last = (max(edge, int(path[-2][0] / cell) + 1) + 0.5) * cell
    for x, y in (*path[1:-1], (last, path[-1][1])):
        goal = int(x / cell), _row(y)
        if goal[1] != at[1] and goal[0] != at[0]:
            left, right = min(at[0], goal[0]), max(at[0], goal[0])
            middle = columns.between(left, right, at[1], goal[1])
            paper.line(at, (middle, at[1]))
            paper.line((middle, at[1]), (middle, goal[1]))
            at = (middle, goal[1])
        if goal != at:
            paper.line(at, goal)
        at = goal
    if head:
        paper.letters[at] = "▶"


def _label(
    paper: _Paper, x: float, row: int, label: tuple[list[str], list[str], str], blank: bool
) -> None:
    above, below, top = label
    for i, line in enumerate(reversed([top, *above] if top else above)):
        paper.centred(x, row - 1 - i, line)
    for i, line in enumerate(["____"] if blank else below):
        paper.centred(x, row + 1 + i, f"◀ {line}", warm=True)
