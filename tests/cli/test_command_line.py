"""The command line as people use it: exit codes, one-line errors, JSON, languages, a terminal."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from seegrad.cli.group import COMMANDS, main
from seegrad.i18n import catalogue, language, set_language
from seegrad.ops import TABLE

SOURCE = str(Path(__file__).parents[2] / "src")


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    before = language()
    monkeypatch.chdir(tmp_path)
    yield
    set_language(before)


def run(*words, **more):
    environment = {**os.environ, "PYTHONPATH": SOURCE, "COLUMNS": "100"}
    return subprocess.run(
        [sys.executable, "-m", "seegrad", *words], capture_output=True, text=True,
        env=environment, check=False, timeout=120, **more,
    )  # fmt: skip


def test_help_lists_the_commands_in_both_languages(capsys):
    assert main(["--help"]) == 0
    english = capsys.readouterr().out
    assert all(name in english for name in COMMANDS)
    assert main(["--help", "--lang", "ko"]) == 0
    korean = capsys.readouterr().out
    for name, (_, text) in COMMANDS.items():
        assert text in " ".join(english.split())
        assert catalogue("ko")[text] in " ".join(korean.split()), name


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_in_both_languages(name, capsys):
    assert main([name, "--help", "--lang=ko"]) == 0
    assert re.search("[가-힣]", capsys.readouterr().out)
    assert main(["--lang", "en", name, "--help"]) == 0
    assert not re.search("[가-힣]", capsys.readouterr().out)


def test_help_does_not_wait_for_numpy():
    code = """
import sys
from seegrad.cli import main
main(["--help"])
print("numpy" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": SOURCE},
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "False"


def test_train_then_check_in_json(capsys):
    words = ["--epochs", "3", "--out", "run", "--json", "--check"]
    assert main(["train", *words]) == 0
    out, err = capsys.readouterr()
    summary = json.loads(out)
    assert err == ""
    assert summary["epoch"] == 3
    assert summary["gradient_right"] is True
    assert summary["parameters"] == 64 * 50 + 50 + 50 * 10 + 10
    assert sorted(os.listdir("run")) == [
        "checkpoints", "config.json", "metrics.jsonl", "net.safetensors", "report.html",
    ]
    assert main(["check", "run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["right"] is True


def test_train_in_words_reaches_a_new_folder_in_runs(capsys):
    assert main(["train", "--data", "moons", "--epochs", "40"]) == 0
    out, err = capsys.readouterr()
    assert "test accuracy: " in out
    assert "moons: 160 examples to train, 40 to test" in err
    assert 20 <= len(err.splitlines()) <= 24
    folder = out.splitlines()[-1].removeprefix("saved in ")
    assert re.fullmatch(r"runs/moons-\d{8}-\d{6}", folder)
    assert len(Path(folder, "metrics.jsonl").read_text().splitlines()) == 40


def test_resume_goes_on_bit_for_bit(capsys):
    common = ["train", "--data", "spiral", "--hidden", "8", "--batch", "50", "--json"]
    assert main([*common, "--epochs", "6", "--out", "whole"]) == 0
    assert main([*common, "--epochs", "2", "--out", "parts"]) == 0
    assert main([*common, "--epochs", "6", "--out", "parts", "--resume"]) == 0
    assert Path("parts/net.safetensors").read_bytes() == Path("whole/net.safetensors").read_bytes()
    assert Path("parts/metrics.jsonl").read_text() == Path("whole/metrics.jsonl").read_text()


def test_korean_throughout(capsys):
    assert main(["train", "--lang", "ko", "--data", "xor", "--epochs", "2"]) == 0
    out, err = capsys.readouterr()
    for line in [*out.splitlines(), *err.splitlines()]:
        assert re.search("[가-힣]", line), line
    assert main(["train", "--lang", "ko", "--data", "nix"]) == 2
    assert "그런 자료가 없습니다" in capsys.readouterr().err


def test_csv_of_ones_own(capsys):
    chance = np.random.default_rng(0)
    x = chance.standard_normal((60, 2))
    rows = [f"{a},{b},{'yes' if a + b > 0 else 'no'}" for a, b in x]
    Path("own.csv").write_text("a,b,label\n" + "\n".join(rows))
    words = ["--batch", "10", "--epochs", "30", "--json", "--activation", "relu"]
    assert main(["train", "--data", "csv:own.csv", *words]) == 0
    assert json.loads(capsys.readouterr().out)["test_accuracy"] > 0.8
    Path("fit.csv").write_text("\n".join(f"{a},{a * 0.5 + 0.25}" for a, _ in x))
    assert main(["train", "--data", "csv:fit.csv", "--epochs", "50", "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["test_loss"] < 0.1
    assert "test_accuracy" not in summary


def test_real_digits_from_a_folder(real_mnist, capsys):
    words = ["--steps", "200", "--json", "--optimizer", "adam"]
    assert main(["train", "--data", f"mnist:{real_mnist}", *words]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["parameters"] == 39_760
    assert summary["step"] == 200


def test_an_expression_is_checked_node_by_node_and_painted(capsys):
    assert main(["check", "(x+y)**2", "x=3", "y=4", "-o", "check.svg"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[-1] == "the gradient is right"
    assert Path("check.svg").read_text().startswith("<svg")
    assert main(["check", "relu(x)", "x=[0, 1]", "--json"]) == 0
    parts = json.loads(capsys.readouterr().out)["parts"]
    assert {name: part["kinks"] for name, part in parts.items()} == {"relu_1": 1, "the whole": 1}


def test_ops_lists_the_whole_table(capsys):
    assert main(["ops"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:-1]] == list(TABLE)
    assert main(["ops", "--json", "matmul", "exp"]) == 0
    assert [row["name"] for row in json.loads(capsys.readouterr().out)] == ["matmul", "exp"]


BAD = {
    "unknown command": (["nix"], "No such command"),
    "unknown option": (["train", "--nix"], "No such option"),
    "unknown data": (["train", "--data", "nix"], "there is no such data"),
    "data without a path": (["train", "--data", "mnist"], "there is no such data"),
    "missing folder": (["train", "--data", "mnist:nowhere"], "no such file"),
    "missing file": (["train", "--data", "csv:no.csv"], "no such file"),
    "text in numbers": (["train", "--data", "csv:bad.csv"], "bad.csv line 3: not a number"),
    "no IDX file": (["train", "--data", "mnist:bad.csv"], "bad.csv is not an IDX file"),
    "negative rate": (["train", "--lr", "-1"], "--lr"),
    "rate in words": (["train", "--lr", "fast"], "not a valid float"),
    "infinite rate": (["train", "--lr", "inf"], "lr is a number above 0"),
    "rate that is no number": (["train", "--lr", "nan"], "lr is a number above 0"),
    "no hidden units": (["train", "--hidden", "0"], "--hidden"),
    "unknown activation": (["train", "--activation", "step"], "--activation"),
    "both lengths": (["train", "--steps", "1", "--epochs", "1"], "in epochs or in steps"),
    "no length": (["train", "--epochs", "0"], "--epochs"),
    "resume of nothing": (["train", "--resume"], "which run"),
    "resume of no run": (["train", "--resume", "--out", "empty"], "cannot read"),
    "unwritable": (["train", "--epochs", "1", "--out", "bad.csv/run"], "cannot make the folder"),
    "unknown language": (["--lang", "fr", "ops"], "--lang"),
    "check of nothing": (["check", "nowhere"], "no such file"),
    "unknown operation": (["ops", "nix"], "there is no such operation"),
    "no value": (["check", "a", "b"], "name=number"),
    "nothing to check": (["check", "argmax(x)", "x=[1,2]"], "nothing to check"),
    "broken expression": (["check", "(x+", "x=1"], "cannot be read"),
    "unknown picture": (["check", "(x+1)", "x=1", "-o", "c.nix"], ".svg"),
    "too many words": (["ops", "exp", "nix"], "there is no such operation"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line_and_exit_code_2(name, capsys):
    Path("bad.csv").write_text("a,b\n1,0\nx,1\n")
    words, said = BAD[name]
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert len(err.splitlines()) == 1
    assert err.startswith("seegrad: ")
    assert sorted(os.listdir()) == ["bad.csv"]


def test_a_run_is_never_written_over(capsys):
    words = ["train", "--data", "xor", "--epochs", "2", "--out", "run"]
    assert main(words) == 0
    before = Path("run/net.safetensors").read_bytes()
    assert main(words) == 2
    assert "--resume" in capsys.readouterr().err
    assert main([*words, "--resume", "--lr", "0.5"]) == 2
    assert "lr=0.1" in capsys.readouterr().err
    assert Path("run/net.safetensors").read_bytes() == before


def test_a_damaged_run_is_named(capsys):
    assert main(["train", "--data", "xor", "--epochs", "2", "--out", "run"]) == 0
    capsys.readouterr()
    file = Path("run/net.safetensors")
    raw = bytearray(file.read_bytes())
    raw[-3] ^= 64
    file.write_bytes(raw)
    assert main(["check", "run"]) == 2
    assert "net.safetensors is damaged" in capsys.readouterr().err


def test_a_diverging_run_says_so(capsys):
    Path("big.csv").write_text("\n".join(f"{i}.5,{i}.25" for i in range(20)))
    words = ["--lr", "1e30", "--epochs", "50", "--batch", "5"]
    assert main(["train", "--data", "csv:big.csv", *words]) == 1
    assert "learning rate" in capsys.readouterr().err


def test_a_closed_pipe_is_no_error():
    shell = f"{sys.executable} -m seegrad ops | head -1"
    done = subprocess.run(
        ["bash", "-c", shell], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": SOURCE},
    )  # fmt: skip
    assert done.stderr == ""


def test_ctrl_c_keeps_the_run_and_exits_130():
    process = subprocess.Popen(
        [sys.executable, "-m", "seegrad", "train", "--epochs", "100000", "--out", "run"],
        stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": SOURCE},
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not [*Path("run/checkpoints").glob("step-*")] and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "saved in run" in out
    assert sorted(os.listdir("run")) == [
        "checkpoints", "config.json", "metrics.jsonl", "net.safetensors", "report.html",
    ]
    assert run("train", "--out", "run", "--resume", "--epochs", "1").returncode == 0


def on_a_terminal(*words, **more):
    """What a command writes when its error stream is a terminal."""
    reading, writing = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "seegrad", *words], stderr=writing, stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": SOURCE, "COLUMNS": "100", "TERM": "xterm", **more},
    )  # fmt: skip
    os.close(writing)
    seen = b""
    while True:
        try:
            piece = os.read(reading, 65536)
        except OSError:
            break
        if not piece:
            break
        seen += piece
    process.communicate(timeout=60)
    os.close(reading)
    return seen.decode()


def test_a_terminal_gets_a_bar_and_no_color_is_honoured():
    coloured = on_a_terminal("train", "--epochs", "20", "--out", "a")
    assert "━" in coloured
    assert "\x1b[3" in coloured
    plain = on_a_terminal("train", "--epochs", "20", "--out", "b", NO_COLOR="1")
    assert "━" in plain
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", plain)


def test_the_version_is_printed():
    done = run("--version")
    assert done.returncode == 0
    assert re.fullmatch(r"seegrad \d+\.\d+\.\d+\n", done.stdout)


def test_eager_and_native_steps_learn_the_same(tmp_path):
    found = []
    for more in ((), ("--eager",)):
        out = str(tmp_path / ("eager" if more else "native"))
        result = run("train", "--data", "moons", "--epochs", "3", "--out", out, "--json", *more)
        assert result.returncode == 0
        found.append(json.loads(result.stdout)["loss"])
    assert found[0] == pytest.approx(found[1], rel=1e-4)


COMPLAINTS = {
    "an option": ["--nix"],
    "an option nearly right": ["train", "--epoch", "3"],
    "a command": ["nix"],
    "a word": ["train", "nix"],
    "words": ["train", "nix", "nax"],
    "a number": ["train", "--epochs", "x"],
    "a range": ["train", "--epochs", "0"],
    "a rate": ["train", "--lr", "x"],
    "a choice": ["train", "--optimizer", "nix"],
    "no value": ["train", "--lr"],
    "a value too many": ["train", "--eager=3"],
    "no expression": ["draw"],
    "a folder": ["draw", "x", "x=1", "-o", "/"],
}


@pytest.mark.parametrize("name", COMPLAINTS)
def test_click_complains_in_the_language_in_force(name, capsys):
    assert main(["--lang=ko", *COMPLAINTS[name]]) == 2
    said = capsys.readouterr().err.removeprefix("seegrad: ")
    assert re.search("[가-힣]", said)
    plain = re.sub(r"'[^']*'|--\S+", "", said)
    assert not re.search("[a-z]{4}", plain), said


@pytest.mark.parametrize("name", [None, *COMMANDS])
def test_the_frame_of_a_help_page_is_korean_too(name, capsys):
    assert main([*([name] if name else []), "--help", "--lang=ko"]) == 0
    said = capsys.readouterr().out
    for word in ("Usage", "Options", "OPTIONS", "Show", "[default"):
        assert word not in said
    assert "이 도움말을 보이고 끝냅니다." in said


def test_widths_of_hidden_layers_follow_one_another(capsys):
    words = ["train", "--data", "xor", "--steps", "1", "--hidden", "5", "4", "--hidden", "3"]
    assert main([*words, "--out", "run"]) == 0
    assert "network 2-5-4-3-2," in capsys.readouterr().err
    assert main(["train", "--steps", "1", "6"]) == 2


def test_the_benchmarks_are_run_in_a_process_of_their_own(capfd):
    assert main(["bench", "NIX"]) == 2
    assert "there is no NIX; there are P1," in capfd.readouterr().err


def test_the_benchmarks_figures_come_as_one_json_object(monkeypatch, tmp_path, capfd):
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "__init__.py").touch()  # or a library's of that name comes before
    (tmp_path / "benchmarks" / "__main__.py").write_text(
        "import sys, pathlib; print('prose'); "
        "pathlib.Path(sys.argv[-1]).write_text('{\"asked\": \"%s\"}' % ' '.join(sys.argv[1:-1]))"
    )
    monkeypatch.setattr("seegrad.cli.bench.PLACES", (tmp_path,))
    assert main(["bench", "P9", "--rounds", "2", "--json"]) == 0
    assert json.loads(capfd.readouterr().out) == {"asked": "P9 --rounds 2 --json"}


def test_benchmarks_that_are_not_there_are_said(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("seegrad.cli.bench.PLACES", (tmp_path,))
    assert main(["bench"]) == 2
    assert "benchmark suite is not here" in capsys.readouterr().err
