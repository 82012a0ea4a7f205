"""The picture for Graphviz: structure and labels; Graphviz lays it out itself."""

from __future__ import annotations

from seegrad.drawing.export.outline import outline
from seegrad.drawing.layout.labels import Labels, constant_text
from seegrad.drawing.layout.theme import LIGHT
from seegrad.drawing.scene.scene import Box, Group, Scene, fold
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
    for what, each, depth in outline(view):
        indent = "  " * (depth + 1)
        if what == "box":
            lines.append(f"{indent}{_box(each)}")
        elif what == "open":
            lines.append(f"{indent}subgraph {quote('cluster_' + each.id)} {{")
            lines.append(f"{indent}  label={quote(each.name)}; color={quote(LIGHT.line)};")
        else:
            lines.append(f"{indent}}}")
    labels = Labels(scene)
    for wire in view.wires:
        found = labels.of(wire)
        words = "" if found is None else _label(*found, wire.id in scene.blanks)
        ends = f"{quote(wire.source)} -> {quote(wire.target)}"
        lines.append(f"  {ends}{f' [label=<{words}>]' if words else ''};")
    return "\n".join([*lines, "}"]) + "\n"


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


def _label(above: list[str], below: list[str], top: str, blank: bool) -> str:
    below = ["?"] if blank else below
    rows = [_rich(line) for line in ([top, *above] if top else above)]
    warm = [f'<FONT COLOR="{LIGHT.accent}">{_rich(line)}</FONT>' for line in below]
    return "<BR/>".join([*rows, *warm])
