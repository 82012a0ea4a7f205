"""The picture for a terminal: the same layout, set in character cells.

Values stand above the wires and derivatives below, marked with ◀; colour is added only when asked.
"""

from __future__ import annotations

from unicodedata import category, east_asian_width

from seegrad.drawing.export.window import COLUMNS
from seegrad.drawing.layout.labels import Labels, constant_text
from seegrad.drawing.layout.levels import window
from seegrad.drawing.layout.nested import Point, Rect
from seegrad.drawing.scene.scene import Box, Group, Scene
from seegrad.drawing.values.user_text import clean, short

CELL_WIDTH, CELL_HEIGHT = 8.0, 16.0
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


def to_text(scene: Scene, colour: bool = False, columns: float = COLUMNS) -> str:
    """The scene in character cells; what does not fit into so many columns is folded."""
    seen = window(scene, columns * CELL_WIDTH, ROWS * CELL_HEIGHT, heat=False)
    scene, view, plan = seen.scene, seen.view, seen.plan
    paper = _Paper()
    labels = Labels(scene)
    for group in view.groups:
        _frame(paper, plan.places[group.id], short(group.name))
    places = {box.id: plan.places[box.id] for box in view.boxes}
    words = {box.id: _box(box) for box in view.boxes}
    for wire in view.wires:
        target = places[wire.target]
        middle = (target.x + target.width / 2) / CELL_WIDTH
        edge = round(middle - len(cells(words[wire.target])) / 2) - 1
        _wire(paper, plan.paths[wire.id], edge, words[wire.target] != "┬")
    for wire in view.wires:
        found = labels.of(wire)
        if wire.id in plan.labels and found is not None:
            _label(paper, plan.labels[wire.id], found, wire.id in scene.blanks)
    for box in view.boxes:
        rect = plan.places[box.id]
        row = _row(rect.y + rect.height / 2)
        paper.centred((rect.x + rect.width / 2) / CELL_WIDTH, row, words[box.id])
    notes = "".join(f"{clean(line)}\n" for line in scene.note)
    return paper.text(colour) + (f"\n{notes}" if notes else "")


def _row(y: float) -> int:
    return int(y / CELL_HEIGHT)


def _column(x: float) -> int:
    return int(x / CELL_WIDTH)


def _box(box: Box | Group) -> str:
    if isinstance(box, Group):
        sign = f"{box.sign} " if box.sign else ""
        return f"[{sign}{short(box.name)}]"
    if box.kind in ("operation", "culprit"):
        return f"({box.sign})"
    if box.kind == "constant":
        return constant_text(box)
    return {"fork": "┬"}.get(box.kind, short(box.name))


def _frame(paper: _Paper, rect: Rect, name: str) -> None:
    left, right = _column(rect.x), _column(rect.x + rect.width)
    top, bottom = _row(rect.y), _row(rect.y + rect.height)
    for a, b in (
        ((left, top), (right, top)), ((left, bottom), (right, bottom)),
        ((left, top), (left, bottom)), ((right, top), (right, bottom)),
    ):  # fmt: skip
        paper.line(a, b)
    paper.write(left + 2, top, f" {name} ")


def _wire(paper: _Paper, path: tuple[Point, ...], edge: int, head: bool) -> None:
    """A wire, up to `edge`, the column before the words of its target."""
    at = _column(path[0][0]), _row(path[0][1])
    last = (max(edge, at[0] + 1) + 0.5) * CELL_WIDTH
    for x, y in (*path[1:-1], (last, path[-1][1])):
        goal = _column(x), _row(y)
        if goal[1] != at[1] and goal[0] != at[0]:
            middle = (at[0] + goal[0]) // 2
            paper.line(at, (middle, at[1]))
            paper.line((middle, at[1]), (middle, goal[1]))
            at = (middle, goal[1])
        if goal != at:
            paper.line(at, goal)
        at = goal
    if head:
        paper.letters[at] = "▶"


def _label(
    paper: _Paper, spot: Point, label: tuple[list[str], list[str], str], blank: bool
) -> None:
    above, below, top = label
    x, row = spot[0] / CELL_WIDTH, _row(spot[1])
    for i, line in enumerate(reversed([top, *above] if top else above)):
        paper.centred(x, row - 1 - i, line)
    for i, line in enumerate(below):
        paper.centred(x, row + 1 + i, f"◀ {'____' if blank else line}", warm=True)
