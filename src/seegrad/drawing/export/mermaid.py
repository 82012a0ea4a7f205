"""The picture for Mermaid: structure and labels; Mermaid lays it out itself."""

from __future__ import annotations

from seegrad.drawing.export.outline import outline
from seegrad.drawing.layout.labels import Labels, constant_text
from seegrad.drawing.scene.scene import Box, Group, Scene, fold
from seegrad.drawing.values.user_text import clean


def quote(text: str) -> str:
    """User text as a quoted Mermaid label: everything but letters and digits as entity codes."""
    kept = set(" .,−·×÷+=()[]…‖⁻⁰¹²³⁴⁵⁶⁷⁸⁹̄")
    safe = "".join(
        c if c.isalnum() or c in kept else f"#{ord(c)};" for c in clean(text)
    )
    return f'"{safe or " "}"'


def to_mermaid(scene: Scene) -> str:
    """The scene as a Mermaid flowchart; ◀ marks the derivatives."""
    view = fold(scene)
    lines = ["flowchart LR"]
    for what, each, depth in outline(view):
        indent = "  " * (depth + 1)
        if what == "box":
            lines.append(f"{indent}{_box(each)}")
        elif what == "open":
            lines.append(f"{indent}subgraph {_id(each.id)}[{quote(each.name)}]")
        else:
            lines.append(f"{indent}end")
    labels = Labels(scene)
    for wire in view.wires:
        words: list[str] = []
        if found := labels.of(wire):
            above, below, top = found
            below = ["?"] if wire.id in scene.blanks else below
            words = [quote(line)[1:-1] for line in ([top, *above] if top else above)]
            words += [f"◀ {quote(line)[1:-1]}" for line in below]
        arrow = f'-->|"{"<br>".join(words)}"|' if words else "-->"
        lines.append(f"  {_id(wire.source)} {arrow} {_id(wire.target)}")
    return "\n".join(lines) + "\n"


def _id(key: str) -> str:
    return "b_" + "".join(c if c.isascii() and c.isalnum() else f"_{ord(c)}_" for c in key)


def _box(box: Box | Group) -> str:
    key = _id(box.id)
    if isinstance(box, Group):
        return f"{key}[{quote(' '.join(filter(None, (box.sign, box.name))))}]"
    if box.kind in ("operation", "culprit"):
        return f"{key}(({quote(box.sign)}))"
    if box.kind == "fork":
        return f"{key}(({quote('•')}))"
    if box.kind == "constant":
        return f"{key}([{quote(constant_text(box))}])"
    return f"{key}[{quote(box.name)}]"
