"""`python -m tools.house_picture`: the stages of the house as a picture, drawn from its imports.

Floors from the ground up, each with its wings; beside them the rooms of `compiler/` and `drawing/`
in the order in which data goes through them. An arc stands for the imports between two rooms, as
broad as there are many. What is an import and what stands on which floor is `tools.house`'s
affair; `tests/test_floors.py` asks that the drawn file names them all.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from tools.house import FLOORS, PACKAGE, STAGES, own_imports, sources

PICTURE = PACKAGE.parent.parent / "docs" / "pictures" / "house.svg"
WIDTH, ROW, GAP, LETTER = 1080, 52, 8, 7.4
STYLE = (
    "text{font:13px 'DejaVu Sans',sans-serif;fill:#1c2733;text-anchor:middle}"
    ".head{font-size:16px;text-anchor:start}.soft{fill:#5a6875;font-size:12px;text-anchor:start}"
    "rect{fill:#f4f7fa;stroke:#7d8b99}.floor{fill:#fff;stroke:#d5dce3}"
    "path{fill:none;stroke:#1f6fb2;stroke-linecap:round;opacity:.55}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.soft{fill:#9fb0bf}"
    "rect{fill:#1e2833;stroke:#64748b}.floor{fill:#141b22;stroke:#2c3947}path{stroke:#6cb6f5}}"
)


def stage_imports(wing: str, package: Path = PACKAGE) -> Counter[tuple[str, str]]:
    """(room, room it imports from) → how many imports, within a wing."""
    found: Counter[tuple[str, str]] = Counter()
    for file in sources(package):
        parts = file.relative_to(package).with_suffix("").parts
        if parts[0] == wing and parts[1] in STAGES[wing]:
            for _, path, _ in own_imports(file, package):
                if path[0] == wing and len(path) > 1 and path[1] != parts[1]:
                    found[parts[1], path[1]] += 1
    return found


def box(x: float, y: float, width: float, height: float, name: str) -> str:
    shape = f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="5"/>'
    return f'{shape}<text x="{x + width / 2:g}" y="{y + height / 2 + 4:g}">{name}</text>'


def floors(top: float) -> Iterator[str]:
    """One row a floor, the ground at the bottom."""
    for row, wings in enumerate(reversed(FLOORS)):
        y, x = top + row * ROW, 64.0
        yield f'<rect class="floor" x="10" y="{y:g}" width="{WIDTH - 20}" height="{ROW - 6}"/>'
        yield f'<text class="soft" x="20" y="{y + 27:g}">{len(FLOORS) - 1 - row}</text>'
        for wing in wings:
            name = f"{wing}/" if (PACKAGE / wing).is_dir() else wing
            width = LETTER * len(name) + 18
            yield box(x, y + 9, width, ROW - 24, name)
            x += width + GAP


def stages(wing: str, top: float) -> Iterator[str]:
    """The rooms of a wing in a row, with an arc for the imports between two of them."""
    rooms: Sequence[str] = STAGES[wing]
    lengths = [LETTER * len(room) + 10 for room in rooms]
    gap = (WIDTH - 20 - sum(lengths)) / (len(rooms) - 1)
    centre, x = {}, 10.0
    yield f'<text class="head" x="10" y="{top:g}">{wing}/: data goes from left to right</text>'
    base = top + 130
    for room, length in zip(rooms, lengths):
        yield box(x, base, length, 30, room)
        centre[room] = x + length / 2
        x += length + gap
    for (user, used), count in sorted(stage_imports(wing).items()):
        a, b = centre[used], centre[user]
        high = base - min(150, 10 + abs(b - a) * 0.22)
        broad = 0.8 + math.log2(count)
        yield (
            f'<path stroke-width="{broad:.1f}" d="M{a:.1f} {base:g}Q{(a + b) / 2:.1f} {high:.1f} '
            f'{b:.1f} {base:g}"><title>{user} imports from {used}: {count}</title></path>'
        )


def picture() -> str:
    """The whole picture as SVG text."""
    top = 34 + len(FLOORS) * ROW
    parts = [
        '<text class="head" x="10" y="22">Imports run down only: a wing knows what stands on '
        "lower floors</text>",
        *floors(34),
        *stages("compiler", top + 32),
        *stages("drawing", top + 232),
    ]
    title = "<title>The floors and stages of seegrad, from its imports</title>"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top + 410}" role="img">'
        f"{title}<style>{STYLE}</style>{''.join(parts)}</svg>\n"
    )


if __name__ == "__main__":
    PICTURE.write_text(picture(), "utf-8")
    print(PICTURE.relative_to(PACKAGE.parent.parent))
