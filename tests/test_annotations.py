"""Functions of people whose annotations name what only a type checker imports: since Python 3.14
they need no `from __future__ import annotations` for that."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest

import seegrad as sg
import seegrad.autograd

LATER = annotations.compiler_flag if sys.version_info < (3, 14) else 0
SOURCE = """
def square(x: Missing, n: Missing = 2) -> Missing:
    return x**n

class Scaled(Module):
    def forward(self, x: Missing, scale: Missing = 1.0) -> Missing:
        return x * scale
"""
USES = {
    "onnx": lambda square, net: sg.export_onnx(net, "net.onnx", example=np.ones((2, 3))),
    "keywords": lambda square, net: sg.nn.Sequential(net, sg.nn.Tanh())(np.ones(3), scale=2.0),
    "trace": lambda square, net: sg.trace(square, np.ones(3)),
    "custom_vjp": lambda square, net: sg.custom_vjp(square),
    "compile": lambda square, net: sg.compile(square)(np.ones(3)),
    "by name": lambda square, net: seegrad.autograd.grad_named(square, "x")(3.0),
    "all names": lambda square, net: seegrad.autograd.multigrad_dict(square)(3.0),
}


@pytest.mark.parametrize("use", USES)
def test_annotations_need_not_be_there_when_the_program_runs(use, tmp_path, monkeypatch):
    if use == "onnx":
        pytest.importorskip("onnx")
    monkeypatch.chdir(tmp_path)
    names = {"Module": sg.nn.Module, "__name__": "people"}
    exec(compile(SOURCE, "people.py", "exec", LATER, dont_inherit=True), names)  # noqa: S102
    USES[use](names["square"], names["Scaled"]())


def test_all_of_the_package_asks_in_the_one_way_that_needs_none():
    package = Path(sg.__path__[0])
    asking = {file.name for file in package.rglob("*.py")
              if re.search(r"\b(inspect\.signature|get_type_hints)\(", file.read_text("utf-8"))}
    assert asking == {"text.py"}
