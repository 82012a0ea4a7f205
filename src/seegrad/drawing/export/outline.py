"""A view as nested text: groups that open and close around their boxes.

For formats that lay out themselves. How a line is written is theirs to say.
"""

from __future__ import annotations

from collections.abc import Iterator

from seegrad.drawing.scene.scene import Box, Group, View


def outline(view: View) -> Iterator[tuple[str, Box | Group, int]]:
    """("open" | "box" | "close", what, how deep), in the order in which it is written."""
    children: dict[str, list[Group]] = {}
    for group in view.groups:
        children.setdefault(group.parent, []).append(group)
    boxes: dict[str, list[Box | Group]] = {}
    for box in view.boxes:
        boxes.setdefault(box.parent if isinstance(box, Group) else box.group, []).append(box)
    yield from (("box", box, 0) for box in boxes.get("", ()))
    stack = [("open", group, 0) for group in reversed(children.get("", []))]
    while stack:
        what, group, depth = stack.pop()
        yield what, group, depth
        if what == "open":
            yield from (("box", box, depth + 1) for box in boxes.get(group.id, ()))
            stack.append(("close", group, depth))
            stack += [("open", each, depth + 1) for each in reversed(children.get(group.id, []))]
