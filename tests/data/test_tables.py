"""Tables: how cells are read, what columns are taken for, what is learnt of them, what is refused.
"""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import seegrad as sg
from seegrad.data import Preparation, as_table, learn, read_table
from seegrad.data.labels import are_labels
from seegrad.data.tables import cells
from seegrad.data.tables.columns import as_numbers, kind_of
from seegrad.errors import DTypeError, FormatError, ValueRangeError
from seegrad.text import nearest


def write(tmp_path, text, encoding="utf-8", name="t.csv"):
    file = tmp_path / name
    file.write_bytes(text.encode(encoding))
    return file


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
def test_encodings_are_found(tmp_path, encoding):
    table = read_table(write(tmp_path, "키,지역\n1.5,서울\n2,부산\n", encoding))
    assert table.names == ("키", "지역")
    assert table["지역"].words == ["서울", "부산"]
    assert table["키"].numbers.values.tolist() == [1.5, 2.0]
    assert table.encoding == {"utf-8": "utf-8-sig"}.get(encoding, encoding)


def test_another_encoding_is_asked_for_and_never_guessed_wrong(tmp_path):
    file = write(tmp_path, "größe;preis\n1,5;2\n2,5;3\n", "cp1252")
    with pytest.raises(FormatError, match="name its encoding"):
        read_table(file)
    assert read_table(file, encoding="cp1252").names == ("größe", "preis")
    with pytest.raises(ValueRangeError, match="no such encoding"):
        read_table(file, encoding="nix")


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("a;b\n1,5;2\n2,25;3\n", [1.5, 2.25]),              # a decimal comma
        ("a;b\n1.234,5;2\n2,25;3\n", [1234.5, 2.25]),       # and points between thousands
        ("a;b\n1,234;2\n2,500;3\n", [1.234, 2.5]),          # could be both: between ; a decimal
        ('a,b\n"1,234",2\n"2,500",3\n', [1234, 2500]),      # between , thousands
        ('a,b\n"1,5",2\n"2,25",3\n', [1.5, 2.25]),
        ("a;b\n1,234;2.5\n2,500;3.5\n", [1234, 2500]),      # points are decimal here
        ("a\tb\n−1 000.5\t2\n3e2\t1\n".replace(" ", "\u00a0"), [-1000.5, 300]),
    ],
)
def test_numbers_as_people_write_them(tmp_path, text, numbers):
    assert read_table(write(tmp_path, text))["a"].numbers.values.tolist() == numbers


def test_the_decimal_sign_can_be_said(tmp_path):
    file = write(tmp_path, "a;b\n1,234;2\n2,500;3\n")
    assert read_table(file, decimal=".")["a"].numbers.values.tolist() == [1234, 2500]
    assert read_table(file, usual=".")["a"].numbers.values.tolist() == [1234, 2500]
    with pytest.raises(ValueRangeError, match="a point or a comma"):
        read_table(file, decimal=";")


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_every_number_reads_back(values):
    read = as_numbers([repr(value) for value in values], ".")
    assert read.values.tolist() == values
    assert list(read.wrong) == []


@pytest.mark.parametrize(
    ("texts", "kind", "wrong"),
    [
        (["1", "", "3"], "number", []),
        (["yes", "no", "NA"], "boolean", []),
        (["True", "FALSE", "true"], "boolean", []),
        (["예", "아니오"], "boolean", []),
        (["red", "?", "blue"], "category", []),
        (["1", "2", "x"], "number", [2]),
        ([*map(str, range(40)), "a", "b"], "number", [40, 41]),
        ([*map(str, range(10)), "a", "b", "c"], "category", []),
        (["1_0", "2"], "number", [0]),
        (["inf", "2"], "number", [0]),
    ],
)
def test_what_a_column_holds(texts, kind, wrong):
    found = kind_of(texts, ".")
    assert (found.name, list(found.wrong)) == (kind, wrong)


def test_the_first_line_is_names_or_not(tmp_path):
    for text, names in (
        ("a,b\n1,2\n", ("a", "b")), ("1,2\n3,4\n", ("0", "1")), ("x,y\nu,v\nu,w\n", ("x", "y")),
        ("u,v\nu,w\n", ("0", "1")), (",b\n0,2\n", ("column 1", "b")),
    ):  # fmt: skip
        assert read_table(write(tmp_path, text)).names == names
    assert read_table(write(tmp_path, "u,v\nu,w\n"), known=["v"]).names == ("u", "v")
    assert read_table(write(tmp_path, "1,5\n2,6\n"), known=["1", "2"]).names == ("0", "1")
    assert read_table(write(tmp_path, "1,5\n2,6\n"), known=["1", "5"]).names == ("1", "5")
    assert read_table(write(tmp_path, "u,v\nu,w\n"), header=True).names == ("u", "v")


def test_scikit_learns_own_files_are_read_by_their_counts(tmp_path):
    table = read_table(write(tmp_path, "3,2,setosa,virginica\n1,2,0\n3,4,1\n5,6,0\n"))
    assert table.names == ("x1", "x2", "class")
    assert table["class"].words == ["setosa", "virginica", "setosa"]


AWKWARD = [
    'a,b\n1,"x,y"\n2,"say ""hi"""\n', "a,b\r\n1,x\r\n2,y\r\n", 'a,b\n1,"two\nlines"\n2,z\n',
    "a,b\n1,x\n\n2,y\n", "a,b\n 1 , x \n2,y\n", "a,b\n1,\n2,y\n", "a;b\n1;x\n", "가,나\n1,다\n",
    'a,b\n1, "x"\n',
]  # fmt: skip


@pytest.mark.parametrize("text", AWKWARD)
def test_polars_and_our_own_reader_read_the_same(tmp_path, monkeypatch, text):
    pytest.importorskip("polars", reason="polars is not installed")
    file = write(tmp_path, text)
    own = read_table(file)
    monkeypatch.setattr(cells, "FROM", 0)
    fast = read_table(file)
    assert [c.texts for c in fast.columns] == [c.texts for c in own.columns]
    assert fast.places([0]) == own.places([0])


def test_polars_is_really_asked_and_refuses_what_ours_refuses(tmp_path, monkeypatch):
    pytest.importorskip("polars", reason="polars is not installed")
    monkeypatch.setattr(cells, "FROM", 0)
    assert read_table(write(tmp_path, "a,b\n1,2\n")).lines is None
    with pytest.raises(FormatError, match="line 3: wrong number of columns"):
        read_table(write(tmp_path, "a,b\n1,2\n3\n"))
    monkeypatch.setitem(sys.modules, "polars", None)
    assert read_table(write(tmp_path, "a,b\n1,2\n")).lines is not None


def test_frames_of_pandas_and_polars_and_a_file_give_the_same_inputs(tmp_path):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    polars = pytest.importorskip("polars", reason="polars is not installed")
    text = "age,job,ok,y\n30,cook,True,a\n,nurse,False,b\n50,,True,a\n41,cook,False,b\n"
    file = write(tmp_path, text)
    sources = [read_table(file), pandas.read_csv(file), polars.read_csv(file)]
    made = [learn(as_table(source), "y").preparation for source in sources]
    assert made[0].to_json()["features"] == made[1].to_json()["features"]
    assert made[0].to_json()["features"] == made[2].to_json()["features"]
    for source in sources[1:]:
        np.testing.assert_array_equal(made[0].inputs(source), made[0].inputs(sources[0]))


TABLE = {
    "age": [30.0, None, 50.0, 40.0], "job": ["cook", "nurse", None, "cook"],
    "ok": [True, False, True, True], "y": ["a", "b", "a", "b"],
}  # fmt: skip


def test_what_is_learnt_of_columns():
    learnt = learn(as_table(TABLE), "y")
    made = learnt.preparation
    assert [f.kind for f in made.features] == ["number", "category", "boolean"]
    age, job, ok = made.features
    assert (age.fill, age.gaps, age.mean) == (40.0, True, 40.0)
    assert job.categories == ("", "cook", "nurse")
    assert (ok.width, age.width, job.width) == (1, 2, 3)
    x = made.inputs(TABLE)
    assert x.dtype == np.float32
    assert x[:, 2].tolist() == [0, 1, 0, 0]                 # where a number was missing
    assert x[:, 3:].tolist() == [[0, 1, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0]]
    np.testing.assert_allclose(x[:, 0].mean(), 0, atol=1e-6)
    assert any("missing" in note for note in learnt.notes)


def test_an_unknown_category_is_none_of_the_known_ones_and_is_counted():
    made = learn(as_table(TABLE), "y").preparation
    raw = made.raw({"age": [1], "job": ["astronaut"], "ok": [False]})
    assert raw.unknown == {"job": {"astronaut": 1}}
    assert made.inputs(raw)[0, 3:].tolist() == [0, 0, 0]


def test_only_the_training_rows_teach():
    table = as_table({"a": [0.0, 2.0, 1000.0], "k": ["u", "v", "w"], "y": [1.5, 2.5, 900.0]})
    made = learn(table, "y", rows=np.array([0, 1])).preparation
    assert made.features[0].mean == 1.0
    assert made.features[1].categories == ("u", "v")
    assert made.mean == (2.0,)
    classes = learn(as_table({"a": [1, 2, 3], "y": ["p", "p", "q"]}), "y", rows=np.array([0, 1]))
    assert classes.preparation.classes == ("p", "q")


def test_names_keys_and_counts_are_left_out():
    rows = 60
    table = as_table({
        "id": np.arange(rows), "name": [f"n{i}" for i in range(rows)], "empty": [""] * rows,
        "x": np.arange(rows) % 7, "y": np.arange(rows) / 7,
    })  # fmt: skip
    made = learn(table, "y").preparation
    assert made.left_out == ("id", "name", "empty")
    assert made.names == ("x",)


def test_numbers_that_are_names():
    table = as_table({"zip": [1000, 2000, 1000, 3000] * 3, "y": [0.5, 1.5, 0.25, 3.5] * 3})
    feature = learn(table, "y", categories=["zip"]).preparation.features[0]
    assert feature.categories == ("1000", "2000", "3000")


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([3, 5, 3, 5], True), ([0.5, 1.5, 0.5, 1.5], False), (list(range(30)) * 10, False),
        ([100_000, 250_000] * 20, False), ([1, 2, 3], False), ([-1, 1] * 4, True),
    ],
)  # fmt: skip
def test_which_numbers_are_labels(values, labels):
    assert are_labels(np.array(values, np.float64)) is labels


def test_the_task_is_guessed_and_said():
    prices = as_table({"a": np.arange(442) % 9, "price": np.arange(442) % 214 * 1000})
    learnt = learn(prices, "price")
    assert learnt.preparation.task == "regression"          # and not 214 classes
    assert any("regression of price" in note for note in learnt.notes)
    grades = as_table({"a": np.arange(60) % 9, "grade": np.arange(60) % 3 + 1})
    learnt = learn(grades)
    assert learnt.preparation.classes == ("1", "2", "3")
    assert any("--task regression" in note for note in learnt.notes)
    assert learn(grades, "grade", "regression").preparation.mean == (2.0,)
    assert learn(prices, "price", "classification").preparation.classes[:2] == ("0", "1000")


def test_targets_are_scaled_and_come_back():
    table = as_table({"a": [1, 2, 3, 4], "y": [100.5, 200.5, 300.5, 400.5]})
    made = learn(table, "y").preparation
    t = made.targets(table)
    np.testing.assert_allclose([t.mean(), t.std()], [0, 1], atol=1e-6)
    np.testing.assert_allclose(made.answers(t), [100.5, 200.5, 300.5, 400.5], rtol=1e-6)


REFUSED = [
    ("a,b\n1,5\n2,\n3,6\n4,NA\n", {}, "line 3, 5: the target is missing"),
    ("a,b\n1,5\n2,5\n", {}, "column b, the target, is the same in every row"),
    ("a,b\n1,5\n2,x\n3,7\n", {"task": "regression"}, "line 3: the target is not a number"),
    ("a,b\n1,u\n2,v\n3,u\n4,v\n", {"task": "regression"}, "line 2, 3, 4, 5: the target is not"),
    ("a,b\n1,5.5\n2,6.5\n3,7\n", {"task": "classification"}, "column b is no class"),
    ("a,b\n1,5\n2,6\n", {"target": "bb"}, "nearest: b"),
    ("a,b\n1,5\n2,6\n", {"target": 7}, "no such column"),
    ("a,b\n1,5\n2,6\n", {"drop": ["c"]}, "no such column"),
    ("a,b\n1,5\n2,6\n", {"drop": ["a"]}, "nothing to learn from"),
    ("a,b\n1,5\nx,6\n3,7\n", {}, "line 3: not a number"),
    ("a,b\n1,5\n2,6\n", {"task": "nix"}, "no such task"),
    ("b\n5\n6\n", {"target": "b"}, "nothing to learn from"),
]


@pytest.mark.parametrize(("text", "how", "said"), REFUSED)
def test_what_is_wrong_is_named_with_column_and_rows(tmp_path, text, how, said):
    with pytest.raises((FormatError, ValueRangeError), match=said):
        learn(read_table(write(tmp_path, text), header=True), **how)


ATOMS = st.sampled_from([
    "1", "2.5", "-3", "", "NA", "x", "red", "1e308", "-1e308", "1,5", '"a,b"', "0", "yes", "no",
    "1e-320", "nan", "inf", "1_0", "\x00", "서울", " ", "1.234", "9" * 30, '"',
])  # fmt: skip


@given(
    st.integers(1, 4).flatmap(
        lambda wide: st.lists(st.lists(ATOMS, min_size=wide, max_size=wide), max_size=8)
    ),
    st.sampled_from(",;\t"), st.sampled_from(["utf-8", "cp949", "utf-16"]),
    st.sampled_from([None, "regression", "classification"]),
)  # fmt: skip
def test_no_table_crashes_and_what_is_learnt_is_finite(place, rows, sign, encoding, task):
    file = place / "t.csv"
    file.write_bytes("\n".join(map(sign.join, rows)).encode(encoding))
    try:
        table = read_table(file)
        made = learn(table, task=task).preparation
        x, t = made.inputs(table), made.targets(table)
    except sg.SeegradError as fault:
        assert "came:" in str(fault)  # noqa: PT017
        return
    assert np.isfinite(x).all()
    assert np.isfinite(t).all()
    assert x.shape == (len(table), made.width)
    assert Preparation.from_json(json.loads(json.dumps(made.to_json()))) == made


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("tables")


def test_rows_that_are_not_like_those_learnt_from():
    made = learn(as_table(TABLE), "y").preparation
    with pytest.raises(FormatError, match="nearest: jobs"):
        made.inputs({"age": [1], "jobs": ["cook"], "ok": [True]})
    with pytest.raises(FormatError, match="row 0: not a number"):
        made.inputs({"age": ["old"], "job": ["cook"], "ok": [True]})
    with pytest.raises(FormatError, match="yes or no in column ok"):
        made.inputs({"age": [1], "job": ["cook"], "ok": ["perhaps"]})
    with pytest.raises(FormatError, match="3 columns: age, job, ok"):
        made.inputs([[1, "cook"]])
    with pytest.raises(FormatError, match="row 1: a class that was not learnt"):
        made.targets({"y": ["a", "c"]})
    with pytest.raises(DTypeError, match="no table"):
        made.inputs(object())
    with pytest.raises(FormatError, match="same length"):
        made.inputs({"age": [1, 2], "job": ["cook"], "ok": [True]})


def test_rows_come_in_many_forms():
    made = learn(as_table(TABLE), "y").preparation
    wanted = made.inputs({"age": [30], "job": ["nurse"], "ok": [True]})
    for rows in (
        [[30, "nurse", True]], [30, "nurse", True], np.array([[30, "nurse", True]], object),
        [{"age": 30, "job": "nurse", "ok": True}], {"age": 30, "job": "nurse", "ok": "yes"},
    ):  # fmt: skip
        np.testing.assert_array_equal(made.inputs(rows), wanted)


def test_a_preparation_goes_to_json_and_back_and_distrusts_it():
    made = learn(as_table(TABLE), "y").preparation
    text = json.dumps(made.to_json())
    assert Preparation.from_json(json.loads(text)) == made
    for spoil in (
        lambda d: d.pop("classes"), lambda d: d["features"][0].update(deviation=0),
        lambda d: d["features"][0].update(kind="nix"), lambda d: d.update(classes=[1, 2]),
        lambda d: d["features"][0].update(fill=float("nan")), lambda d: d.update(features=3),
        lambda d: d.update(mean=[1.0]),
    ):  # fmt: skip
        damaged = json.loads(text)
        spoil(damaged)
        with pytest.raises(FormatError, match=r"config\.json is damaged"):
            Preparation.from_json(damaged)
    with pytest.raises(FormatError):
        Preparation.from_json("nix")


def test_the_arithmetic_is_the_same_on_tensors():
    made = learn(as_table(TABLE), "y").preparation
    raw = made.raw(TABLE)
    codes = [raw.codes[:, :1]]
    graph = made.encoded(sg.tensor(raw.numbers), [sg.tensor(code) for code in codes])
    np.testing.assert_array_equal(np.asarray(graph), made.encoded(raw.numbers, codes))


def test_nearest_names_letter_by_letter():
    assert nearest("qualty", ["quality", "alcohol"]) == ["quality"]
    assert nearest("등굽", ["등급", "이름"]) == ["등급"]
    assert nearest("zzz", ["quality"]) == []


def test_one_hot_targets_become_labels(tmp_path):
    rows = np.eye(3)[[0, 2, 1, 2]]
    np.savez(tmp_path / "h.npz", x=np.ones((4, 2)), t=rows)
    found = sg.data.npz(tmp_path / "h.npz")
    assert found.t.tolist() == [0, 2, 1, 2]
    assert found.classes == ("0", "1", "2")
    np.savez(tmp_path / "s.npz", x=np.ones((4, 2)), t=rows * 0.5 + 1 / 6)
    assert sg.data.npz(tmp_path / "s.npz").t.shape == (4, 3)
