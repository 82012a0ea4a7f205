"""The picture for Graphviz: structure and labels; Graphviz lays it out itself."""

from __future__ import annotations

from seegrad.drawing.layout.labels import bare_sources, constant_text, label, wire_names
from seegrad.drawing.layout.theme import LIGHT
from seegrad.drawing.scene.scene import Box, Group, Scene, View, Wire, fold
from seegrad.drawing.values.user_text import clean


def quote(text: str) -> str:
    """User text as a double-quoted DOT string; Graphviz' own escapes are not let through."""
    return '"' + clean(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _rich(text: str) -> str:
    """User text inside an HTML-like label."""
    safe = clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return safe.replace('"', "&quot;") or " "


def to_dot(scene: Scene) -> str:
    """The scene as a DOT digraph: values in ink, derivatives in the backward colour."""
    view = fold(scene)
    lines = [
        "digraph graph_ {",
        "  rankdir=LR;",
        f'  node [fontname="sans-serif", fontsize=12, color={quote(LIGHT.ink)}];',
        f'  edge [fontname="sans-serif", fontsize=11, color={quote(LIGHT.ink)}];',
    ]
    if scene.title:
        lines.append(f"  label={quote(scene.title)};")
    _groups(view, lines, "  ")
    names, bare = wire_names(scene), bare_sources(scene)
    origin = {wire.id: wire.source for wire in scene.wires}
    for wire in view.wires:
        source = origin[wire.id]
        words = "" if source in bare else _label(scene, wire, names.get(source, ""))
        ends = f"{quote(wire.source)} -> {quote(wire.target)}"
        lines.append(f"  {ends}{f' [label=<{words}>]' if words else ''};")
    return "\n".join([*lines, "}"]) + "\n"


def _groups(view: View, lines: list[str], margin: str) -> None:
    """All boxes, in the subgraphs of their groups."""
    children: dict[str, list[Group]] = {}
    for group in view.groups:
        children.setdefault(group.parent, []).append(group)
    boxes: dict[str, list[Box | Group]] = {}
    for box in view.boxes:
        boxes.setdefault(box.parent if isinstance(box, Group) else box.group, []).append(box)
    stack: list[tuple[str, Group | None, str]] = [("inside", None, margin)]
    while stack:
        what, inside, indent = stack.pop()
        if what == "close":
            lines.append(f"{indent}}}")
        elif what == "open" and inside is not None:
            lines.append(f"{indent}subgraph {quote('cluster_' + inside.id)} {{")
            lines.append(f"{indent}  label={quote(inside.name)}; color={quote(LIGHT.line)};")
            stack += [("close", inside, indent), ("inside", inside, f"{indent}  ")]
        else:
            at = inside.id if inside else ""
            lines += [f"{indent}{_box(box)}" for box in boxes.get(at, ())]
            stack += [("open", inner, indent) for inner in reversed(children.get(at, []))]


def _box(box: Box | Group) -> str:
    facts: dict[str, str] = {}
    if isinstance(box, Group):
        words = " ".join(filter(None, (box.sign, box.name)))
        facts = {"label": quote(words), "shape": "box", "style": "rounded"}
    elif box.kind in ("operation", "culprit"):
        facts = {"label": quote(box.sign), "shape": "circle" if len(box.sign) < 3 else "box"}
        facts["style"] = "rounded" if facts["shape"] == "box" else "solid"
    elif box.kind == "fork":
        facts = {"label": '""', "shape": "point", "width": "0.08"}
    elif box.kind == "constant":
        facts = {"label": quote(constant_text(box)), "shape": "plaintext"}
    elif box.kind == "output":
        facts = {"label": quote(box.name), "shape": "plaintext"}
    else:
        facts = {"label": quote(box.name), "shape": "box"}
    return f"{quote(box.id)} [{', '.join(f'{key}={value}' for key, value in facts.items())}];"


def _label(scene: Scene, wire: Wire, name: str) -> str:
    above, below, top = label(wire, name, wire.id in scene.blanks)
    rows = [_rich(line) for line in ([top, *above] if top else above)]
    warm = [f'<FONT COLOR="{LIGHT.accent}">{_rich(line)}</FONT>' for line in below]
    return "<BR/>".join([*rows, *warm])
