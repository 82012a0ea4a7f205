"""Frames of pandas and polars, and Parquet files written by pyarrow itself."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from seegrad import data
from seegrad.cli import main
from seegrad.errors import DTypeError, FormatError, MissingExtraError, ValueRangeError

pandas = pytest.importorskip("pandas", reason="pandas is not installed")
polars = pytest.importorskip("polars", reason="polars is not installed")
pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
written = pytest.importorskip("pyarrow.parquet")

COLUMNS = {
    "height": [1.5, 2.5, 3.5, 4.0],
    "leaves": [3, 5, 8, 1],
    "green": [True, False, True, True],
    "kind": ["oak", "elm", "oak", "참나무"],
}
BOTH = pytest.mark.parametrize("library", [pandas, polars], ids=["pandas", "polars"])


@BOTH
def test_a_frame_becomes_examples(library):
    found = data.frame(library.DataFrame(COLUMNS), target="kind")
    assert found.features == ("height", "leaves", "green")
    assert found.x.tolist() == [[1.5, 3, 1], [2.5, 5, 0], [3.5, 8, 1], [4, 1, 1]]
    assert found.classes == ("elm", "oak", "참나무")
    assert found.t.tolist() == [1, 0, 1, 2]
    numbers = data.frame(library.DataFrame(COLUMNS).drop("kind", **axis(library)), target="height")
    assert numbers.classes == ()
    assert numbers.t.tolist() == [1.5, 2.5, 3.5, 4.0]


def axis(library):
    return {"axis": 1} if library is pandas else {}


def test_what_each_library_has_of_its_own():
    table = pandas.DataFrame(COLUMNS)
    table["kind"] = table["kind"].astype("category")
    table["leaves"] = table["leaves"].astype("Int64")
    assert data.frame(table).classes == ("elm", "oak", "참나무")
    table = polars.DataFrame(COLUMNS).with_columns(polars.col("kind").cast(polars.Categorical))
    assert data.frame(table).t.tolist() == [1, 0, 1, 2]
    assert data.frame(table.filter(polars.col("green"))).x.shape == (3, 3)


@BOTH
def test_what_is_wrong_in_a_frame_is_named(library):
    make = library.DataFrame
    with pytest.raises(FormatError, match=r"row 2: a value is missing") as caught:
        data.frame(make({"a": [1.0, 2.0, None], "t": [0, 1, 0]}))
    assert "column a" in str(caught.value)
    with pytest.raises(FormatError, match="row 1: a value is missing"):
        data.frame(make({"a": [1.0, 2.0], "t": ["x", None]}))
    with pytest.raises(FormatError, match="row 1: not a number"):
        data.frame(make({"a": [1.0, float("inf")], "t": [0, 1]}))
    with pytest.raises(FormatError, match="not a number"):
        data.frame(make({"a": ["one", "two"], "t": [0, 1]}))
    with pytest.raises(FormatError, match="nothing to learn"):
        data.frame(make({"a": [], "t": []}))
    with pytest.raises(FormatError, match="nothing to learn"):
        data.frame(make({"a": [1.0]}))
    with pytest.raises(ValueRangeError, match="no such column"):
        data.frame(make(COLUMNS), target="colour")
    days = np.array(["2020-01-01", "2020-01-02"], "datetime64[ns]")
    with pytest.raises(FormatError, match="dates"):
        data.frame(make({"a": days, "t": [0, 1]}))


def test_what_is_no_frame_is_refused():
    with pytest.raises(DTypeError, match="no frame"):
        data.frame([[1, 2]])
    twice = pandas.DataFrame([[1, 2, 3]], columns=["a", "a", "t"])
    with pytest.raises(ValueRangeError, match="same name"):
        data.frame(twice)


def test_parquet_is_read(tmp_path):
    path = tmp_path / "trees.parquet"
    written.write_table(pyarrow.table(COLUMNS), path)
    found = data.parquet(path, target="kind")
    assert found.name == "trees"
    assert found.x.tolist() == data.frame(pandas.DataFrame(COLUMNS)).x.tolist()
    assert found.t.tolist() == [1, 0, 1, 2]


def test_damaged_parquet_is_refused(tmp_path):
    path = tmp_path / "trees.parquet"
    written.write_table(pyarrow.table(COLUMNS), path)
    whole = path.read_bytes()
    for raw in (b"", whole[:40], b"PAR1" + b"\x00" * 60, whole[:-9]):
        path.write_bytes(raw)
        with pytest.raises(FormatError, match="damaged"):
            data.parquet(path)
    with pytest.raises(FormatError, match="cannot read"):
        data.parquet(tmp_path / "none.parquet")


def test_a_table_that_unpacks_to_far_too_much_is_refused(tmp_path):
    path = tmp_path / "bomb.parquet"
    zeros = np.zeros(3_000_000)
    written.write_table(pyarrow.table({"a": zeros, "t": zeros}), path, compression="zstd")
    assert path.stat().st_size < 100_000
    with pytest.raises(FormatError, match="more than is allowed"):
        data.parquet(path)


def test_without_pyarrow_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match="pyarrow is not installed"):
        data.parquet(tmp_path / "x.parquet")


def test_the_command_line_trains_on_parquet(tmp_path, capsys):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 2)) * [1, 50]
    kind = np.where(x[:, 0] > 0, "right", "left")
    path = tmp_path / "sides.parquet"
    written.write_table(pyarrow.table({"a": x[:, 0], "b": x[:, 1], "kind": kind}), path)
    words = ["train", "--data", f"parquet:{path}", "--epochs", "60", "--lr", "1", "--json"]
    assert main([*words, "--out", str(tmp_path / "run")]) == 0
    assert json.loads(capsys.readouterr().out)["test_accuracy"] > 0.8
