"""The scene as a page carries it: what repeats stands once, long arrays in base64.

scene → plain data (`scene.to_data`) → the same with tables of arrays and of instructions → text.
`web/unpack.ts` reads it. What a person reads, `scene.to_json`, has every number in its digits.
"""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from seegrad.drawing.scene.scene import (
    WIRE_KINDS,
    Scene,
    summary_data,
    summary_facts,
    to_data,
    to_text,
)
from seegrad.drawing.values.summary import ON_WIRE, ArraySummary

WIDTHS = {"float32": "f", "float64": "d"}
STEPS = 32767  # of a heat-map's cells, on either side of zero; one below them is no number


def to_page(scene: Scene) -> str:
    """The scene for a page, safe inside a <script> element."""
    arrays: dict[str, int] = {}
    data = to_data(scene, partial(_reading, arrays=arrays))
    for wire in data["wires"]:
        if wire["kind"] == WIRE_KINDS[0]:
            del wire["kind"]  # as the page takes it where nothing is said
    nodes = data.get("program", {}).get("nodes", [])
    kinds: dict[str, int] = {}
    for i, node in enumerate(nodes):
        if node["form"] == "leaf":
            node["data"] = _placed(node["data"], node["dtype"], arrays)
        else:
            inputs = node.pop("inputs")
            nodes[i] = [kinds.setdefault(json.dumps(node), len(kinds)), *inputs]
    if nodes:
        data["program"]["kinds"] = [json.loads(kind) for kind in kinds]
    data["arrays"] = list(arrays)
    return to_text(data)


def _reading(summary: ArraySummary, arrays: dict[str, int]) -> Any:
    """A summary; a double alone as a number, what is long by its place among the arrays."""
    numbers, dtype = summary.numbers, summary.dtype
    if numbers and not summary.shape and dtype == "float64" and not summary.bad:
        return numbers[0]
    if len(numbers) > ON_WIRE and dtype in WIDTHS:
        return summary_facts(summary) | {"numbers": _placed(numbers, dtype, arrays)}
    data = summary_data(replace(summary, grid=()))
    return data | {"grid": _in_steps(summary.grid)} if summary.grid else data


def _placed(numbers: Any, dtype: str, arrays: dict[str, int]) -> Any:
    """Few numbers, or such as have no width of their own, as they are; the place of others."""
    if len(numbers) <= ON_WIRE or dtype not in WIDTHS:
        return numbers
    width = WIDTHS[dtype]
    array = np.array(numbers, f"<{width}")  # of words, too: "nan"
    return arrays.setdefault(width + b64encode(array.tobytes()).decode(), len(arrays))


def _in_steps(grid: tuple[tuple[float, ...], ...]) -> list[Any]:
    """A heat-map's cells in steps of the largest: how many in a row, the largest, the steps."""
    cells = np.array(grid)
    fine = np.isfinite(cells)
    top = float(np.abs(cells[fine]).max(initial=0.0)) or 1.0
    steps = np.rint(np.where(fine, cells, 0.0) / top * STEPS)
    steps = np.where(fine, np.where(steps == 0, np.sign(cells), steps), -STEPS - 1)
    return [len(grid[0]), top, b64encode(steps.astype("<i2").tobytes()).decode()]
