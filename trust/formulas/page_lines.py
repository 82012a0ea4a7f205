"""What the page's own script says at each step, as it came and after the reader has edited values.

The script runs in Node (`page_lines.mjs`) on scenes as the page has them, those of a run's report
out of the report itself; each line that it joins is read as it is printed, letters standing for
what passes on the wires that they name.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

from seegrad import drawing, nn
from seegrad.chapter.page import CHAPTERS
from seegrad.chapter.playground import playground
from seegrad.data import Dataset, moons
from seegrad.drawing.scene.build import build_scene
from seegrad.drawing.scene.scene import Scene, to_json
from seegrad.graph.node import Node
from seegrad.optim import SGD
from seegrad.training import Report, RunFolder, Trainer
from trust.formulas.explained import (
    Draw,
    alike,
    every_loss,
    expression,
    functions,
    saturated,
)
from trust.formulas.printed import Reading, reading, written

ROOT = Path(__file__).parents[2]
WEB = Path(drawing.__file__).parent / "web"
LOADER = ROOT / "tests/drawing/web/typescript.mjs"


def there() -> bool:
    """Is Node here, and what `npm ci` installs?"""
    return shutil.which("node") is not None and (ROOT / "node_modules/esbuild").is_dir()


def said(cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each scene the lines, and the values and derivatives on its wires."""
    ran = subprocess.run(
        ["node", "--import", LOADER.as_uri(), str(Path(__file__).with_suffix(".mjs")), str(WEB)],
        input=json.dumps(cases), capture_output=True, text=True, check=True,
    )  # fmt: skip
    answers: list[dict[str, Any]] = json.loads(ran.stdout)
    return answers


def _drawn(draw: Draw, rng: np.random.Generator, which: str) -> dict[str, Any] | None:
    with np.errstate(all="ignore"):
        z, _ = draw(rng)
        if not isinstance(z, Node) or z.shape or not z.requires_grad or z.op is None:
            return None
        z.backward()
        return _data(build_scene(z, open=which, rate=float(rng.uniform(0.01, 1))))


def _data(scene: Scene) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(to_json(scene))
    return data


def reports(rng: np.random.Generator, share: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """The graphs of the last mini-batches, out of the reports of short runs."""
    x = rng.normal(size=(24, 2))
    runs: list[tuple[str, Dataset, Any]] = [
        ("classes", moons(), nn.Sequential(nn.Affine(2, 3), nn.Sigmoid(), nn.Affine(3, 2))),
        ("numbers", Dataset(x, x[:, :1] * 2.0), nn.multilayer(2, 1, (3,), "relu")),
        ("normalised", moons(), nn.Sequential(nn.Affine(2, 3), nn.BatchNorm(3), nn.Tanh(),
                                              nn.Affine(3, 2)).to(np.float64)),
    ]  # fmt: skip
    for name, data, net in runs[:1] if share > 1 else runs:
        with tempfile.TemporaryDirectory() as folder:
            report = Report(RunFolder(folder), data.take(slice(0, 24)))
            trainer = Trainer(net, SGD(net.parameters(), lr=0.1), callbacks=[report])
            trainer.fit(data.take(slice(0, 24)), epochs=1, batch=4, progress=False)
            page = (Path(folder) / "report.html").read_text("utf-8")
        found = re.search(r'<script type="application/json" id="scenes">(.*?)</script>', page)
        yield f"report, {name}", json.loads(found[1])["graph"]["scene"] if found else {}


def scenes(
    rng: np.random.Generator, count: int, share: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Figures of the chapters, reports, the playground, closed losses and functions, composites
    where they saturate, and as many random expressions, open and closed."""
    for number, chapter in CHAPTERS.items():
        for key in [*chapter.figures][::share]:
            yield f"chapter {number}, {key}", _data(chapter.figures[key].scene("en"))
    yield from reports(rng, share)
    yield "playground", _data(playground(lang="en"))
    drawn = [*((*each, "none") for each in [*every_loss(), *functions()][::share]),
             *((*each, which) for each in saturated() for which in ("none", "all")),
             *((*each, "all") for each in [*alike()][::share]),
             *(("expression", expression, "all") for _ in range(count))]  # fmt: skip
    for name, draw, which in drawn:
        if (scene := _drawn(draw, rng, which)) is not None:
            yield name, scene


def edited(scene: dict[str, Any], rng: np.random.Generator) -> list[list[Any]]:
    """Other numbers for every input that the page lets its reader change."""
    program = scene.get("program") or {}
    places = sorted(set(program.get("inputs", {}).values()))
    nodes = [(at, program["nodes"][at]) for at in places]
    return [
        [at, rng.uniform(0.2, 2, int(np.prod(node["shape"]))).tolist()]
        for at, node in nodes
        if isinstance(node, dict)                       # a page's instructions are rows
        and node["form"] == "leaf" and node["dtype"].startswith("float")
    ]


def _passing(values: dict[str, Any], edge: str, part: str) -> Any:
    kept = (values.get(edge) or [None, None])[part == "gradient"]
    if kept is None or len(kept[1]) != np.prod(kept[0], dtype=int):
        return None
    return np.asarray(kept[1], float).astype(kept[2]).reshape(kept[0])


def read_lines(answer: dict[str, Any], rng: np.random.Generator) -> tuple[list[Reading], list[str]]:
    """Every line of one page read; and the names that stand for two values there."""
    names: dict[str, Any] = {answer["eta"]: answer["rate"]} if answer["rate"] else {}
    twice: list[str] = []
    for line in answer["lines"]:
        for element in ElementTree.fromstring(line).iter():
            edge, text = element.get("data-edge"), written(element)
            if edge is None or not any(c.isalpha() for c in text):
                continue
            value = _passing(answer["values"], edge, element.get("data-part", ""))
            if value is None:
                continue
            known = names.setdefault(text, value)
            if np.size(known) != np.size(value) or not np.allclose(
                np.ravel(known), np.ravel(value), rtol=1e-6, equal_nan=True
            ):
                twice.append(f"{text} stands for {known} and for {value}")
    return [reading(line, names, rng) for line in answer["lines"]], twice


def page_lines(rng: np.random.Generator, count: int, share: int) -> tuple[int, list[str]]:
    """How many sides of the page's lines could be read, and what is false."""
    named = list(scenes(rng, count, share))
    cases: list[dict[str, Any]] = []
    titles: list[str] = []
    for name, data in named:
        cases.append({"scene": data})
        titles.append(name)
        if given := edited(data, rng):
            cases.append({"scene": data, "given": given})
            titles.append(f"{name}, edited")
    read, faults = 0, []
    for title, answer in zip(titles, said(cases)):
        found, twice = read_lines(answer, rng)
        read += sum(each.read for each in found)
        wrong = [*twice, *(each.fault for each in found if each.fault)]
        faults += [f"the page, {title}: {fault}" for fault in wrong]
    return read, faults
