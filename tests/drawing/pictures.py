"""Graphs of the chapter that several tests of the pictures draw."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import seegrad as sg
from seegrad import drawing

WEB = Path(drawing.__file__).parent / "web"
PACKAGES = Path(__file__).parents[2] / "node_modules"
NODE = ["node", "--import", (Path(__file__).parent / "web/typescript.mjs").as_uri()]
"""Runs a module that imports the page's TypeScript."""
needs_node = pytest.mark.skipif(
    shutil.which("node") is None or not (PACKAGES / "esbuild").is_dir(),
    reason="node, or what npm ci installs, is not there",
)


def ask_twins(**cases: Any) -> dict[str, Any]:
    """What the page's modules answer to these cases."""
    command = [*NODE, str(Path(__file__).parent / "web" / "twins.mjs"), str(WEB)]
    ran = subprocess.run(
        command, input=json.dumps(cases), capture_output=True, text=True, check=True
    )
    answers: dict[str, Any] = json.loads(ran.stdout)
    return answers


def apple() -> sg.Tensor:
    price = sg.tensor(100.0, name="사과") * sg.tensor(2.0, name="사과의 개수")
    result = price * sg.tensor(1.1, name="소비세")
    result.backward()
    return result


def apples_and_oranges() -> sg.Tensor:
    apples = sg.tensor(100.0, name="사과") * sg.tensor(2.0, name="사과의 개수")
    oranges = sg.tensor(150.0, name="귤") * sg.tensor(3.0, name="귤의 개수")
    result = (apples + oranges) * sg.tensor(1.1, name="소비세")
    result.backward()
    return result


def sigmoid() -> sg.Tensor:
    y = sg.sigmoid(sg.tensor(np.log(3.0), name="x"))
    y.name = "y"
    y.backward(16.0)
    return y


def affine() -> sg.Tensor:
    x = sg.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], name="X")
    w = sg.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], name="W")
    y = x @ w + sg.tensor([7.0, 8.0, 9.0], name="B")
    y.name = "Y"
    y.backward(np.array([[2.0, 1.0, -1.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]))
    return y


def softmax_with_loss() -> sg.Tensor:
    """Figure A-5, node by node: a = ln(3, 2, 5), t = (0, 1, 0)."""
    scores = [sg.tensor(np.log(x), name=f"a{i}") for i, x in enumerate((3.0, 2.0, 5.0), 1)]
    targets = [sg.tensor(x, name=f"t{i}") for i, x in enumerate((0.0, 1.0, 0.0), 1)]
    powers = [sg.exp(a) for a in scores]
    share = sg.reciprocal(sg.add_n(*powers))
    terms = [t * sg.log(power * share) for t, power in zip(targets, powers)]
    loss = sg.add_n(*terms) * -1.0
    loss.name = "L"
    loss.backward()
    return loss


def network(layers: int = 2, width: int = 4) -> sg.Tensor:
    draw = np.random.default_rng(0)
    parts: list[Any] = []
    for _ in range(layers - 1):
        parts += [sg.nn.Affine(width, width), sg.nn.Sigmoid()]
    net = sg.nn.Sequential(*parts, sg.nn.Affine(width, 3))
    loss = sg.nn.SoftmaxWithLoss()(net(draw.random((5, width))), draw.integers(0, 3, 5))
    loss.backward()
    return loss


def broken() -> sg.Tensor:
    """A NaN on its way: log of a negative number."""
    x = sg.tensor([-1.0, 2.0], name="x")
    with np.errstate(all="ignore"):
        y = sg.sum(sg.log(x) * 3.0)
        y.backward()
    return y


ALL = (apple, apples_and_oranges, sigmoid, affine, softmax_with_loss, network, broken)
