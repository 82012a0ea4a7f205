"""From a table to a prediction, on the command line and in Python: what is reported is what comes
out of the run, of the exported model, and of raw rows; whatever is said is said of named columns.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import seegrad as sg
from seegrad.cli import main
from seegrad.i18n import language, set_language
from seegrad.training.runs.in_use import OnRawRows

SOURCE = str(Path(__file__).parents[2] / "src")
DOCUMENT = Path(__file__).parents[2] / "docs" / "guides" / "command-line.md"


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    before = language()
    monkeypatch.chdir(tmp_path)
    yield
    set_language(before)


def said(capsys, *words, code=0):
    """The JSON object that a command prints."""
    assert main([*words, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def onnx(file, feeds):
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    session = runtime.InferenceSession(str(file))
    names = [one.name for one in session.get_outputs()]
    return dict(zip(names, session.run(None, feeds))), session


def wine():
    sets = pytest.importorskip("sklearn.datasets", reason="scikit-learn is not installed")
    found = sets.load_wine()
    return found.data, found.target_names[found.target], found.feature_names


def write_wine():
    """wine.csv to learn from, valid.csv to test on; returns the raw rows of the latter."""
    x, t, names = wine()
    order = np.random.default_rng(0).permutation(len(x))
    for file, rows in (("wine.csv", order[36:]), ("valid.csv", order[:36])):
        lines = [",".join([*map(repr, x[i].tolist()), t[i]]) for i in rows]
        Path(file).write_text("\n".join([",".join([*names, "kind"]), *lines]) + "\n")
    return x[order[:36]], t[order[:36]]


def test_wine_as_reported_exported_and_run_on_raw_rows(capsys):
    x, t = write_wine()
    words = ("--data", "csv:wine.csv", "--valid", "valid.csv", "-o", "run")
    summary = said(capsys, "train", *words)
    assert summary["task"] == "classification"
    assert summary["test_accuracy"] > 0.9
    facts = said(capsys, "export", "run")
    assert facts["classes"] == ["class_0", "class_1", "class_2"]
    results, session = onnx(facts["file"], {"x": x.astype(np.float32)})
    assert (results["label"] == t).mean() == pytest.approx(summary["test_accuracy"])
    np.testing.assert_allclose(results["probabilities"].sum(axis=1), 1, rtol=1e-5)
    told = session.get_modelmeta().custom_metadata_map
    assert json.loads(told["seegrad.classes"]) == facts["classes"]
    assert json.loads(told["seegrad.columns"])[0] == "alcohol"
    run = sg.load_run("run")
    assert run.predict(x).tolist() == results["label"].tolist()
    assert run.evaluate("valid.csv")["accuracy"] == pytest.approx(summary["test_accuracy"])
    evaluated = said(capsys, "evaluate", "run", "valid.csv")
    assert evaluated["accuracy"] == pytest.approx(summary["test_accuracy"])
    assert said(capsys, "evaluate", "run")["rows"] == 36
    # a planted mistake: without the means that the run keeps, the same network is lost
    assert (run.network(x.astype(np.float32)).argmax(axis=1) == np.unique(t, return_inverse=True)[
        1]).mean() < 0.7  # fmt: skip


def test_scikit_learns_own_wine_file(capsys):
    sets = pytest.importorskip("sklearn.datasets", reason="scikit-learn is not installed")
    file = Path(sets.__file__).parent / "data" / "wine_data.csv"
    summary = said(capsys, "train", "--data", f"csv:{file}", "-o", "run", "--optimizer", "adam",
                   "--lr", "0.01", "--epochs", "60")  # fmt: skip
    assert summary["test_accuracy"] > 0.9
    assert summary["classes"] == ["class_0", "class_1", "class_2"]


def test_diabetes_is_regression_by_itself_in_its_own_units(capsys):
    sets = pytest.importorskip("sklearn.datasets", reason="scikit-learn is not installed")
    x, t = sets.load_diabetes(return_X_y=True, scaled=False)
    rows = [",".join(map(str, row)) for row in np.column_stack([x, t]).tolist()]
    names = ",".join([f"x{i}" for i in range(10)] + ["progress"])
    Path("d.csv").write_text("\n".join([names, *rows]))
    summary = said(capsys, "train", "--data", "d.csv", "-o", "run")
    assert summary["task"] == "regression"
    assert summary["test_r2"] > 0.4
    assert summary["test_loss"] > 1000                      # in squares of the target's own units
    assert summary["loss"] > 1000
    run = sg.load_run("run")
    y = run.predict(x)
    assert 100 < y.mean() < 200
    figures = run.evaluate("d.csv")
    assert figures["loss"] == pytest.approx(((y - t) ** 2).mean(), rel=1e-5)
    assert figures["r2"] == pytest.approx(1 - ((y - t) ** 2).sum() / ((t - t.mean()) ** 2).sum())
    assert figures["mae"] == pytest.approx(np.abs(y - t).mean(), rel=1e-5)
    results, _ = onnx(run.export("d.onnx"), {"x": x.astype(np.float32)})
    np.testing.assert_allclose(results["y"][:, 0], y, rtol=1e-4)
    assert main(["predict", "run", "d.csv", "-o", "out.csv"]) == 0
    lines = Path("out.csv").read_text().splitlines()
    assert lines[0] == "progress"
    np.testing.assert_allclose([*map(float, lines[1:])], y, rtol=1e-6)
    page = Path("run/report.html").read_text("utf-8")
    assert "R² on the test data" in page


def adult(rows=400, seed=0):
    """Numbers and texts with gaps, yes or no, a name in each row; `income` follows from them."""
    chance = np.random.default_rng(seed)
    age = chance.integers(18, 70, rows)
    work = chance.choice(["private", "state", "self-emp, inc"], rows)
    married = chance.choice(["yes", "no"], rows)
    score = age / 10 + 2 * (work == "state") + (married == "yes")
    lines = []
    for i in range(rows):
        cells = [
            f"person {i}", "" if i % 11 == 3 else str(age[i]),
            "?" if i % 13 == 5 else f'"{work[i]}"', married[i],
            ">50K" if score[i] > 5 else "<=50K",
        ]  # fmt: skip
        lines.append(",".join(cells))
    return "name,age,workclass,married,income\n" + "\n".join(lines) + "\n"


@pytest.fixture
def mixed(capsys):
    """The folder of a run on a table like the census's."""
    Path("adult.csv").write_text(adult())
    words = ("--optimizer", "adam", "--lr", "0.02", "--epochs", "40", "--activation", "relu")
    words = ("--data", "adult.csv", "--target", "income", *words)
    return said(capsys, "train", *words, "-o", "run")


def feeds(run, rows):
    """Raw rows as the exported model takes them: floats and texts, one column each."""
    table = run.preparation.table(rows)
    numbers = {one.name: one.numbers(table) for one in run.preparation.numeric}
    return {
        name: numbers[name].astype(np.float32)[:, None] if name in numbers
        else np.array(table[name].words, object)[:, None]
        for name in run.columns
    }  # fmt: skip


def test_a_mixed_table_with_gaps(mixed, capsys):
    assert mixed["test_accuracy"] > 0.85
    assert mixed["columns"] == ["age", "workclass", "married"]
    assert any("left out: name" in note for note in mixed["notes"])
    assert any("missing in age, workclass" in note for note in mixed["notes"])
    run = sg.load_run("run")
    Path("new.csv").write_text(
        "married,workclass,age\nyes,state,60\nno,astronaut,\n,private,25\nyes,,30\n"
    )
    found = said(capsys, "predict", "run", "new.csv")
    assert found["unknown"] == {"workclass": {"astronaut": 1}}
    assert found["missing"] == {"age": 1, "workclass": 1, "married": 1}
    assert found["predictions"][0] == ">50K"
    assert found["predictions"] == run.predict("new.csv").tolist()
    results, session = onnx(run.export("net.onnx"), feeds(run, "new.csv"))
    assert results["label"].tolist() == found["predictions"]
    np.testing.assert_allclose(results["probabilities"], found["probabilities"], atol=1e-5)
    kinds = {one.name: one.type for one in session.get_inputs()}
    assert kinds["workclass"] == "tensor(string)"
    assert kinds["age"] == kinds["married"] == "tensor(float)"
    whole, _ = onnx("net.onnx", feeds(run, "adult.csv"))
    assert whole["label"].tolist() == run.predict("adult.csv").tolist()


def test_what_was_odd_in_new_rows_is_said(mixed, capsys):
    Path("new.csv").write_text("age,workclass,married\n60,mars,yes\n,state,no\n")
    assert main(["predict", "run", "new.csv"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[0] == "income,probability"
    assert re.fullmatch(r"(>50K|<=50K),[01]\.\d{4}", out.splitlines()[1])
    assert "'mars' (1)" in err
    assert "missing in age (1)" in err


def test_a_run_takes_frames_mappings_and_rows(mixed):
    run = sg.load_run("run")
    wanted = run.predict({"age": [60], "workclass": ["state"], "married": ["yes"]}).tolist()
    assert run.predict([60, "state", "yes"]).tolist() == wanted
    assert run.predict_proba([[60, "state", "yes"]]).shape == (1, 2)
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pandas.read_csv("adult.csv")
    assert run.predict(frame).tolist() == run.predict("adult.csv").tolist()
    assert run.evaluate(frame)["accuracy"] > 0.85
    assert "classification of income" in repr(run)


def test_korean_from_start_to_end_in_cp949_on_a_terminal_of_cp949():
    rows = [
        f"이름{i},{20 + i % 40},{'서울' if i % 3 else '부산'},{'우수' if i % 40 > 20 else '보통'}"
        for i in range(120)
    ]
    Path("학생.csv").write_bytes("\n".join(["이름,나이,지역,등급", *rows]).encode("cp949"))
    environment = {
        **os.environ, "PYTHONPATH": SOURCE, "PYTHONIOENCODING": "cp949", "SEEGRAD_LANG": "ko",
    }  # fmt: skip

    def run(*words):
        done = subprocess.run(
            [sys.executable, "-m", "seegrad", *words], capture_output=True, env=environment,
            check=False, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode("cp949")
        return done.stdout.decode("cp949"), done.stderr.decode("cp949")

    words = ("--optimizer", "adam", "--lr", "0.02", "--epochs", "60")
    _, err = run("train", "--data", "학생.csv", *words, "-o", "실행")
    assert "cp949" in err
    assert "등급 열의 분류" in err
    out, _ = run("predict", "실행", "학생.csv")
    assert out.splitlines()[0] == "등급,probability"
    assert {line.split(",")[0] for line in out.splitlines()[1:]} == {"우수", "보통"}
    run("predict", "실행", "학생.csv", "-o", "답.csv")
    assert Path("답.csv").read_text("utf-8-sig").splitlines()[0] == "등급,probability"
    out, _ = run("evaluate", "실행")
    assert "우수" in out
    results, _ = onnx(*exported("실행", "학생.csv"))
    assert {*results["label"]} == {"우수", "보통"}


@pytest.mark.parametrize("target", ["kind", "amount"])
def test_columns_may_be_called_as_results_are(target, capsys):
    """A file of ONNX has each name once: the column keeps it, since rows come by it."""
    columns = ["label", "label/place", "probabilities", "y"]
    rows = [
        f"{a:.2f},{'red' if b > 0.5 else 'blue'},{b:.2f},{'left' if a > 0.5 else 'right'},"
        + (f"{'A' if a > 0.5 else 'B'}" if target == "kind" else f"{a + b:.3f}")
        for a, b in np.random.default_rng(0).random((40, 2))
    ]
    Path("rows.csv").write_text("\n".join([",".join([*columns, target]), *rows]))
    summary = said(capsys, "train", "--data", "csv:rows.csv", "--epochs", "1", "-o", "named")
    assert summary["columns"] == columns
    run = sg.load_run("named")
    results, session = onnx(run.export("named.onnx"), feeds(run, "rows.csv"))
    assert {one.name for one in session.get_inputs()} == set(columns)
    if target == "kind":
        assert set(results) == {"probabilities_2", "label_2"}
        assert results["label_2"].tolist() == run.predict("rows.csv").tolist()
    else:
        assert set(results) == {"y_2"}
        wanted = run.predict("rows.csv")
        np.testing.assert_allclose(results["y_2"].ravel(), wanted, rtol=1e-4, atol=1e-5)


def exported(folder, rows):
    run = sg.load_run(folder)
    return run.export("모델.onnx"), feeds(run, rows)


def test_resume_needs_nothing_but_the_folder(capsys):
    write_wine()
    common = ("train", "--data", "wine.csv", "--momentum", "0.5", "--weight-decay", "0.001",
              "--hidden", "8", "6", "--seed", "3", "--batch", "16")  # fmt: skip
    said(capsys, *common, "--epochs", "6", "-o", "whole")
    said(capsys, *common, "--epochs", "2", "-o", "parts")
    said(capsys, "train", "--resume", "--out", "parts", "--epochs", "6")
    assert Path("parts/net.safetensors").read_bytes() == Path("whole/net.safetensors").read_bytes()
    assert Path("parts/metrics.jsonl").read_text() == Path("whole/metrics.jsonl").read_text()
    assert main(["train", "--resume", "--out", "parts"]) == 0
    assert "has made all of its" in capsys.readouterr().err
    assert main(["train", "--resume", "--out", "parts", "--momentum", "0.9"]) == 2
    assert "momentum=0.5" in capsys.readouterr().err
    with Path("wine.csv").open("a") as file:
        file.write(Path("wine.csv").read_text().splitlines()[1] + "\n")
        file.write(Path("wine.csv").read_text().splitlines()[1] + "\n")
    assert main(["train", "--resume", "--out", "parts", "--epochs", "9"]) == 2
    assert "the data have changed" in capsys.readouterr().err


def test_a_file_of_settings_under_the_command_line(capsys):
    write_wine()
    Path("run.toml").write_text(
        '[train]\ndata = "csv:wine.csv"\nhidden = [9, 5]\noptimizer = "nesterov"\nlr = 0.05\n'
        'weight-decay = 0.01\nschedule = "cosine"\nepochs = 4\npatience = 3\nout = "run"\n'
        'drop = "ash"\n'
    )
    summary = said(capsys, "train", "--config", "run.toml", "--epochs", "3")
    kept = json.loads(Path("run/config.json").read_text())
    assert summary["epoch"] == 3
    assert summary["lr"] < 0.001                            # down half a cosine
    assert (kept["hidden"], kept["lr"], kept["weight_decay"]) == ([9, 5], 0.05, 0.01)
    assert "ash" not in summary["columns"]


BAD_FILES = {
    "an unknown name": ('datta = "x"', "nearest: data"),
    "a wrong kind": ("epochs = true", "wrong value for epochs"),
    "a word for a number": ('epochs = "many"', "--epochs"),
    "a choice": ('task = "nix"', "--task"),
    "no TOML": ("epochs = ", "is no TOML file"),
    "a list for one": ('data = ["a", "b"]', "wrong value for data"),
    "what files cannot say": ("resume = true", "names no setting"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_of_settings_is_named(name, capsys):
    text, complaint = BAD_FILES[name]
    Path("bad.toml").write_text(text)
    assert main(["train", "--config", "bad.toml"]) == 2
    err = capsys.readouterr().err
    assert complaint in err
    assert len(err.splitlines()) == 1


def test_patience_keeps_the_best_weights_and_reports_them(capsys):
    Path("adult.csv").write_text(adult(120))
    words = ("--optimizer", "adam", "--lr", "0.05", "--epochs", "200", "--patience", "5")
    summary = said(capsys, "train", "--data", "adult.csv", *words, "-o", "run")
    assert "test_loss" in summary["stopped"]
    found = said(capsys, "evaluate", "run")
    assert found["loss"] == pytest.approx(summary["test_loss"])
    rows = [json.loads(line) for line in Path("run/metrics.jsonl").read_text().splitlines()]
    assert found["loss"] == pytest.approx(min(row["test_loss"] for row in rows))


def test_arrays_too_one_hot_several_numbers_and_names(capsys):
    chance = np.random.default_rng(0)
    x = chance.normal(size=(200, 3))
    best = x.argmax(axis=1)
    np.savez("hot.npz", x=x, t=np.eye(3)[best])
    words = ("--optimizer", "adam", "--lr", "0.02", "--epochs", "60", "--batch", "20")
    summary = said(capsys, "train", "--data", "hot.npz", *words, "-o", "hot")
    assert summary["test_accuracy"] > 0.9
    np.savez("named.npz", x=x, t=np.array(["a", "b", "c"])[best])
    said(capsys, "train", "--data", "npz:named.npz", *words, "-o", "named")
    run = sg.load_run("named")
    assert (run.predict(x) == np.array(["a", "b", "c"])[best]).mean() > 0.9
    assert said(capsys, "predict", "named", "named.npz")["predictions"][:1] == [run.predict(x)[0]]
    assert onnx(run.export("n.onnx"), {"x": x.astype(np.float32)})[0]["label"][0] in "abc"
    t = np.column_stack([1000 + 100 * x[:, 0], x[:, 1] - 5])
    np.savez("two.npz", x=x, t=t)
    summary = said(capsys, "train", "--data", "two.npz", *words, "-o", "two")
    assert summary["test_r2"] > 0.8
    assert sg.load_run("two").predict(x).mean(axis=0) == pytest.approx([1000, -5], rel=0.05)


def test_digits_know_their_names_and_a_killed_run_its_checkpoint(capsys):
    said(capsys, "train", "--steps", "30", "-o", "run")
    run = sg.load_run("run")
    x = sg.data.digits().x[:50]
    before = run.predict(x).tolist()
    assert {*before} <= {str(k) for k in range(10)}
    Path("run/net.safetensors").unlink()
    assert sg.load_run("run").predict(x).tolist() == before
    with pytest.raises(sg.SeegradError, match="not like those learnt from"):
        run.predict(np.ones((2, 3)))
    with pytest.raises(sg.SeegradError, match="not numbers"):
        run.predict(np.array([["a"] * 64]))


def test_a_damaged_or_missing_run_is_named(mixed, capsys):
    file = Path("run/config.json")
    config = json.loads(file.read_text("utf-8"))
    for damage in (
        {"preparation": {"features": 3}}, {"hidden": ["x"]}, {"optimizer": "nix"}, {"inputs": -1},
    ):  # fmt: skip
        file.write_text(json.dumps({**config, **damage}))
        assert main(["predict", "run", "adult.csv"]) == 2
        assert "config.json is damaged" in capsys.readouterr().err
    with pytest.raises(FileNotFoundError):
        sg.load_run("nowhere")


@pytest.mark.parametrize("library", ["csv", "parquet"])
def test_files_without_the_target_and_with_columns_in_another_order(mixed, library, capsys):
    lines = Path("adult.csv").read_text().splitlines()
    if library == "parquet":
        pandas = pytest.importorskip("pandas", reason="pandas is not installed")
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
        frame = pandas.read_csv("adult.csv")[["married", "workclass", "age"]]
        frame.to_parquet("new.parquet")
        word = "parquet:new.parquet"
    else:
        rows = [line.replace('"', "").split(",") for line in lines if "inc" not in line.split(",")]
        Path("new.csv").write_text("\n".join(f"{r[3]},{r[2]},{r[1]}" for r in rows if len(r) == 5))
        word = "new.csv"
        assert Path("new.csv").read_text().startswith("married,workclass,age")
    assert said(capsys, "predict", "run", word)["rows"] > 200


def test_a_file_without_names_is_read_by_places(capsys):
    rows = [f"{i % 7 + i % 5}.5,{i % 7},{i % 5}" for i in range(60)]
    Path("own.csv").write_text("\n".join(rows))
    summary = said(capsys, "train", "--data", "own.csv", "--target", "0", "-o", "run")
    assert (summary["target"], summary["test_r2"] > 0.9) == ("0", True)
    Path("new.csv").write_text("0,0\n6,4\n")              # the first line is no names
    found = said(capsys, "predict", "run", "new.csv")["predictions"]
    assert found == pytest.approx([0.5, 10.5], abs=1.5)
    assert said(capsys, "evaluate", "run", "own.csv")["r2"] > 0.9
    assert sg.load_run("run").predict([6, 4])[0] == pytest.approx(found[1])


def test_how_tables_are_learnt_unless_it_is_said(capsys):
    write_wine()
    for more, wanted in (
        ((), ("adam", 0.003, 32)), (("--lr", "0.5"), ("sgd", 0.5, 32)),
        (("--optimizer", "adam"), ("adam", 0.001, 32)), (("--batch", "9"), ("adam", 0.003, 9)),
    ):  # fmt: skip
        out = f"run{len(more)}{'-'.join(more[:1])}"
        said(capsys, "train", "--data", "wine.csv", "--epochs", "1", *more, "-o", out)
        kept = json.loads(Path(out, "config.json").read_text())
        assert (kept["optimizer"], kept["lr"], kept["batch"]) == wanted


def test_nothing_is_half_written(mixed, capsys):
    Path("out.csv").write_text("old")
    Path("bad.csv").write_text("age,workclass,married\nx,state,yes\n")
    assert main(["predict", "run", "bad.csv", "-o", "out.csv"]) == 2
    assert "line 2: not a number" in capsys.readouterr().err
    assert Path("out.csv").read_text() == "old"
    assert main(["predict", "run", "adult.csv", "-o", "nowhere/out.csv"]) == 2
    assert sorted(os.listdir()) == ["adult.csv", "bad.csv", "out.csv", "run"]


def test_every_command_calls_its_output_the_same(capsys):
    write_wine()
    for form in ("-o", "--output", "--out"):
        words = ["train", "--data", "wine.csv", "--epochs", "1", form, f"run{form}"]
        assert main(words) == 0
        assert main(["draw", "x*y", "x=1", "y=2", form, f"{form}.svg"]) == 0
    for form in ("-o", "--output"):
        assert main(["predict", "run-o", "wine.csv", form, f"{form}.csv"]) == 0
        assert main(["export", "run-o", form, f"{form}.onnx"]) == 0
        assert main(["check", "(x+1)", "x=1", form, f"{form}.check.svg"]) == 0


def schemas():
    """Command → the schema of its JSON, as the guide has it."""
    blocks = re.findall(r"^```json\n(.*?)^```", DOCUMENT.read_text("utf-8"), re.M | re.S)
    return {schema["title"]: schema for schema in map(json.loads, blocks)}


def test_the_json_of_every_command_is_as_documented(capsys):
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    write_wine()
    calls = {
        "train": ["train", "--data", "wine.csv", "--epochs", "2", "-o", "run", "--check"],
        "predict": ["predict", "run", "valid.csv"],
        "evaluate": ["evaluate", "run", "valid.csv"],
        "export": ["export", "run"],
        "check": ["check", "x*y", "x=2", "y=3"],
        "draw": ["draw", "x*y", "x=2", "y=3", "-o", "a.svg"],
        "explain": ["explain", "x*y", "x=2", "y=3"],
        "ops": ["ops", "exp"],
        "chapter": ["chapter", "-o", "c.html"],
    }
    known = schemas()
    assert known.keys() == {*calls, "error"}
    for name, words in calls.items():
        assert main([*words, "--json"]) == 0
        out = capsys.readouterr().out
        jsonschema.validate(json.loads(out), known[name])
        assert len(out.splitlines()) == 1
    for words, code in ((["train", "--nix"], 2), (["predict", "run", "no.csv"], 2), (["nix"], 2)):
        found = said(capsys, *words, code=code)
        jsonschema.validate(found, known["error"])
        assert found["code"] == code
    with pytest.raises(jsonschema.ValidationError):         # the schemas themselves can fail
        jsonschema.validate({"rows": "two"}, known["predict"])


def test_regression_has_its_json_too(capsys):
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    Path("f.csv").write_text("a,b\n" + "\n".join(f"{i},{i * 1.5}" for i in range(40)))
    known = schemas()
    jsonschema.validate(said(capsys, "train", "--data", "f.csv", "--epochs", "2", "-o", "r"),
                        known["train"])  # fmt: skip
    jsonschema.validate(said(capsys, "predict", "r", "f.csv"), known["predict"])
    jsonschema.validate(said(capsys, "evaluate", "r", "f.csv"), known["evaluate"])


def test_the_graph_of_raw_rows_is_drawn_like_any_other(mixed):
    run = sg.load_run("run")
    raw = run.raw("adult.csv")
    columns = [sg.tensor(raw.numbers[:2, [0]].astype(np.float32)),
               sg.tensor(raw.numbers[:2, [1]].astype(np.float32)), raw.codes[:2, :1]]  # fmt: skip
    shares, place = OnRawRows(run.network, run.preparation)(*columns)
    np.testing.assert_allclose(shares, run.predict_proba("adult.csv")[:2], atol=1e-6)
    assert len(shares.graph.nodes) > 10
    assert place.shape == (2,)


def test_a_run_can_be_moved(mixed):
    shutil.move("run", "elsewhere")
    Path("adult.csv").unlink()
    assert sg.load_run("elsewhere").predict([60, "state", "yes"]).tolist() == [">50K"]
