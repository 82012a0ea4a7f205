"""The picture for Mermaid: structure and labels; Mermaid lays it out itself."""

from __future__ import annotations

from seegrad.drawing.layout.labels import bare_sources, constant_text, label, wire_names
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
    children: dict[str, list[Group]] = {}
    for group in view.groups:
        children.setdefault(group.parent, []).append(group)
    boxes: dict[str, list[Box | Group]] = {}
    for box in view.boxes:
        boxes.setdefault(box.parent if isinstance(box, Group) else box.group, []).append(box)
    stack: list[tuple[str, Group | None, str]] = [("inside", None, "  ")]
    while stack:
        what, group_, indent = stack.pop()
        if what == "close":
            lines.append(f"{indent}end")
        elif what == "open" and group_ is not None:
            lines.append(f"{indent}subgraph {_id(group_.id)}[{quote(group_.name)}]")
            stack += [("close", group_, indent), ("inside", group_, f"{indent}  ")]
        else:
            at = group_.id if group_ else ""
            lines += [f"{indent}{_box(box)}" for box in boxes.get(at, ())]
            stack += [("open", inner, indent) for inner in reversed(children.get(at, []))]
    names, bare = wire_names(scene), bare_sources(scene)
    origin = {wire.id: wire.source for wire in scene.wires}
    for wire in view.wires:
        source = origin[wire.id]
        words: list[str] = []
        if source not in bare:
            blank = wire.id in scene.blanks
            above, below, top = label(wire, names.get(source, ""), blank)
            words = [quote(line)[1:-1] for line in ([top, *above] if top else above)]
            words += [f"◀ {quote('?' if blank else line)[1:-1]}" for line in below]
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
