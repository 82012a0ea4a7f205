"""What is printed to a stream that has not all signs: other signs, never a traceback."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from seegrad import streams
from seegrad.cli.group import COMMANDS
from seegrad.i18n import catalogue
from seegrad.ops import TABLE
from seegrad.streams import fitted

SOURCE = str(Path(__file__).parents[1] / "src")
ENCODINGS = ("cp949", "cp1252", "ascii")


@pytest.mark.parametrize(("text", "cp949", "cp1252", "ascii"), [
    ("9.5×10⁻¹³", "9.5×10^-13", "9.5×10^-13", "9.5x10^-13"),
    ("x¹² + x¹⁰", "x¹² + x^10", "x¹² + x^10", "x^12 + x^10"),
    ("xⁿ⁻¹·A⁻ᵀ", "x^(n-1)·A^(-T)", "x^(n-1)·A^(-T)", "x^(n-1)*A^(-T)"),
    ("t₂, w₁₀", "t₂, w_10", "t_2, w_10", "t_2, w_10"),
    ("∂L/∂x → −∞", "∂L/∂x → -∞", "dL/dx -> -inf", "dL/dx -> -inf"),
    ("σ λ Φ", "σ λ Φ", "sigma lambda Phi", "sigma lambda Phi"),
    ("x̄ ŷ café", "x_bar y cafe", "x_bar y café", "x_bar y cafe"),
    ("사과 ½", "사과 ½", "?? ½", "?? 1/2"),
    ("╭─▶(×)─╮", "┌─▶(×)─┐", "+->(×)-+", "+->(x)-+"),
    ("σ──▶y", "σ──▶y", "sigma->y", "sigma->y"),
    ("plain", "plain", "plain", "plain"),
])  # fmt: skip
def test_each_sign_is_written_with_signs_that_the_encoding_has(text, cp949, cp1252, ascii):
    for encoding, expected in (("cp949", cp949), ("cp1252", cp1252), ("ascii", ascii)):
        assert fitted(text, encoding) == expected
        assert fitted(text, encoding).encode(encoding)
    assert fitted(text, "utf-8") == text


@cache
def documentation():
    return [op.__doc__ or "" for op in TABLE.values()]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_no_sign_of_ours_is_lost(encoding):
    """Every operation's sign, every sentence: no `?` that was not there."""
    texts = [op.sign for op in TABLE.values()] + [*catalogue("ko")]
    texts += documentation()
    for text in texts:
        assert fitted(text, encoding).count("?") == text.count("?"), text


def test_columns_stay_where_a_sign_becomes_longer():
    line = "x ──────▶[σ sigmoid]─────▶y"
    came = fitted(line, "cp1252")
    assert came == "x ------>[sigma sigmoid]->y"
    assert len(came) == len(line)


def stream_of(encoding, errors="strict"):
    return io.TextIOWrapper(io.BytesIO(), encoding, errors, write_through=True)


def test_streams_that_need_nothing_or_were_told_otherwise_are_left_alone(monkeypatch):
    for encoding, errors in (("utf-8", "strict"), ("ascii", "replace"), ("gb18030", "strict")):
        monkeypatch.setattr(sys, "stdout", stream_of(encoding, errors))
        streams.fit_streams()
        assert (sys.stdout.encoding, sys.stdout.errors) == (encoding, errors)
    for other in (io.StringIO(), None):
        monkeypatch.setattr(sys, "stdout", other)
        streams.fit_streams()
        assert sys.stdout is other


def test_a_stream_is_fitted_once_and_keeps_the_bytes_of_file_names(monkeypatch):
    stream = stream_of("cp949", "surrogateescape")
    monkeypatch.setattr(sys, "stdout", stream)
    streams.fit_streams()
    streams.fit_streams()
    assert stream.encoding == "seegrad-cp949"
    print("−\udcff가", end="", file=stream)
    assert stream.buffer.getvalue() == b"-\xff" + "가".encode("cp949")


def run(encoding, *words, **more):
    return subprocess.run(
        [sys.executable, *words], capture_output=True, check=False, timeout=120,
        env={**os.environ, "PYTHONPATH": SOURCE, "PYTHONIOENCODING": encoding,
             "PYTHONWARNINGS": "error"}, **more,
    )  # fmt: skip


EVERY_COMMAND = [
    ["--help"],
    *([name, "--help"] for name in COMMANDS),
    ["ops"],
    ["ops", "--json"],
    ["explain", "sigmoid(x)**12*1e-12", "x=3"],
    ["explain", "(x+y)**2", "x=3", "y=4", "--json"],
    ["explain", "exp(x)", "x=3", "--latex"],
    ["explain", "exp(x)", "x=3", "--mathml"],
    ["explain", "exp(x)", "x=3", "--markdown"],
    ["draw", "sigmoid(x)*y+1e-12", "x=3", "y=4"],
    ["draw", "x*y", "x=3", "y=4", "--json"],
    ["draw", "x*y", "x=3", "y=4", "-o", "사과.svg"],
    ["check", "relu(x)", "x=[0, 1]"],
    ["check", "relu(x)", "x=[0, 1]", "--json"],
    ["train", "--data", "xor", "--epochs", "2", "--check", "--out", "실행"],
    ["check", "실행"],
    ["export", "실행"],
    ["chapter", "-o", "장.html"],
    ["bench", "없는것"],
    ["train", "--data", "csv:없다.csv"],
    ["draw", "x/0−", "x=1"],
]


@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_command_writes_what_the_stream_can_hold(tmp_path, encoding, lang):
    code = f"""
import sys
from seegrad.cli import main
for words in {EVERY_COMMAND!r}:
    print("\\n$", *map(ascii, words), main([*words, "--lang", {lang!r}]))
"""
    done = run(encoding, "-c", code, cwd=tmp_path)
    out, err = done.stdout.decode(encoding), done.stderr.decode(encoding)
    assert done.returncode == 0, err
    assert "Traceback" not in err
    assert "Traceback" not in out
    codes = [line.rpartition(" ")[2] for line in out.splitlines() if line.startswith("$ ")]
    assert codes == ["0"] * (len(EVERY_COMMAND) - 3) + ["2"] * 3
    assert "\\u" not in err
    held = encoding == "cp949" and lang == "ko"
    assert held == ("사용법" in out)
    assert (lang == "ko" and not held) == ("cannot show Korean letters" in err)
    for line in out.splitlines():
        if line.startswith(("{", "[{")):
            json.loads(line)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_what_a_program_prints_itself_is_fitted_too(encoding):
    code = """
import sys
import seegrad as sg
x, y = sg.tensor(3.0, name="x"), sg.tensor(4.0, name="사과")
z = sg.sigmoid(x * y) ** 12 * 1e-12
print(z.explain())
print(z.graph)
print(sg.gradcheck(lambda x: sg.relu(x).sum(), [0.0, 1.0]))
print(sg.nn.multilayer(2, 2))
try:
    sg.tensor([1.0, 2.0]) @ sg.tensor([1.0, 2.0, 3.0])
except sg.SeegradError as error:
    print(error)
    raise
"""
    done = run(encoding, "-c", code)
    err = done.stderr.decode(encoding)
    assert done.returncode == 1
    assert "UnicodeEncodeError" not in err
    assert "ShapeError" in err
    assert done.stdout.decode(encoding).strip()
