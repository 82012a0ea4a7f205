"""The readers of IDX, npz and CSV: what they read, and what they refuse and how they say it."""

from __future__ import annotations

import gzip
import io
import pickle
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from seegrad import data
from seegrad.data.npz_file import read_npz
from seegrad.errors import FormatError, SeegradError, ShapeError, ValueRangeError

CODES = {"uint8": 8, "int8": 9, "int16": 0x0B, "int32": 0x0C, "float32": 0x0D, "float64": 0x0E}


def idx_bytes(values):
    head = bytes([0, 0, CODES[values.dtype.name], values.ndim])
    return (
        head
        + struct.pack(f">{values.ndim}I", *values.shape)
        + values.astype(values.dtype.newbyteorder(">")).tobytes()
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("files")


some_arrays = st.sampled_from(sorted(CODES)).flatmap(
    lambda name: arrays.arrays(name, arrays.array_shapes(min_dims=0, min_side=0, max_side=4))
)


@given(some_arrays, st.booleans())
def test_idx_reads_back_what_was_written(place, values, zipped):
    raw = idx_bytes(values)
    file = place / "a.idx"
    file.write_bytes(gzip.compress(raw) if zipped else raw)
    came = data.read_idx(file)
    assert came.dtype == values.dtype
    np.testing.assert_array_equal(came, values)


@given(some_arrays, st.data())
def test_idx_cut_anywhere_is_refused(place, values, draw):
    raw = idx_bytes(values)
    cut = draw.draw(st.integers(0, len(raw) - 1))
    file = place / "cut.idx"
    file.write_bytes(raw[:cut])
    with pytest.raises(FormatError):
        data.read_idx(file)


@given(st.binary(max_size=200))
def test_no_bytes_crash_a_reader(place, raw):
    for ending, read in ((".idx", data.read_idx), (".npz", data.npz), (".csv", data.csv)):
        for name, content in (("raw", raw), ("zipped", gzip.compress(raw))):
            file = place / (name + ending)
            file.write_bytes(content)
            try:
                read(file)
            except SeegradError as fault:
                assert "came:" in str(fault)  # noqa: PT017


def test_idx_says_what_is_wrong(tmp_path):
    file = tmp_path / "t.idx"
    file.write_bytes(b"\x89PNG....")
    with pytest.raises(FormatError, match="not an IDX file") as caught:
        data.read_idx(file)
    assert "89 50 4e 47" in str(caught.value)
    file.write_bytes(idx_bytes(np.zeros(9, np.uint8)) + b"!")
    with pytest.raises(FormatError, match="not as long as its head says"):
        data.read_idx(file)
    with pytest.raises(FormatError, match="no such file"):
        data.read_idx(tmp_path / "nowhere")
    with pytest.raises(FormatError, match="a folder"):
        data.read_idx(tmp_path)


@pytest.mark.parametrize("claimed", [1000, 2**31 + 5])
def test_a_gzip_bomb_is_refused_within_bounded_memory(tmp_path, claimed):
    file = tmp_path / "bomb.gz"
    with gzip.open(file, "wb") as stream:
        stream.write(bytes([0, 0, 8, 1]) + struct.pack(">I", claimed))
        for _ in range(200):
            stream.write(bytes(2**20))
    tracemalloc.start()
    with pytest.raises(FormatError, match="more than is allowed"):
        data.read_idx(file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < (4 if claimed == 1000 else 200) * 2**20


def test_truncated_and_damaged_gzip_are_named(tmp_path):
    whole = gzip.compress(idx_bytes(np.arange(200, dtype=np.uint8)))
    file = tmp_path / "t.gz"
    file.write_bytes(whole[:-9])
    with pytest.raises(FormatError, match="damaged"):
        data.read_idx(file)
    file.write_bytes(whole[:20] + bytes([whole[20] ^ 255]) + whole[21:])
    with pytest.raises(FormatError):
        data.read_idx(file)


def write_mnist(folder, part, count, zipped=True, seed=0):
    chance = np.random.default_rng(seed)
    x = chance.integers(0, 256, (count, 3, 2)).astype(np.uint8)
    t = chance.integers(0, 10, count).astype(np.uint8)
    for name, values in (("images-idx3", x), ("labels-idx1", t)):
        raw = idx_bytes(values)
        file = folder / f"{part}-{name}-ubyte{'.gz' if zipped else ''}"
        file.write_bytes(gzip.compress(raw) if zipped else raw)
    return x, t


def test_mnist_pairs_its_files_and_keeps_their_split(tmp_path):
    x, t = write_mnist(tmp_path, "train", 12)
    x_test, t_test = write_mnist(tmp_path, "t10k", 5, zipped=False, seed=1)
    train, test = data.mnist(tmp_path).split()
    np.testing.assert_array_equal(train.x, x.reshape(12, 6) / np.float32(255))
    np.testing.assert_array_equal(test.x, x_test.reshape(5, 6) / np.float32(255))
    assert train.t.tolist() == t.tolist()
    assert test.t.tolist() == t_test.tolist()
    assert train.image == (3, 2)


def test_one_part_of_mnist_keeps_its_last_fifth_for_the_test(tmp_path):
    _, t = write_mnist(tmp_path, "t10k", 10)
    for path in (tmp_path, tmp_path / "t10k-images-idx3-ubyte.gz"):
        train, test = data.mnist(path).split()
        assert train.t.tolist() == t[:8].tolist()
        assert test.t.tolist() == t[8:].tolist()


def test_mnist_real_files(real_mnist):
    train, test = data.mnist(real_mnist).split()
    assert train.x.shape == (8000, 784)
    assert test.x.shape == (2000, 784)
    assert train.x.dtype == np.float32
    whole = data.mnist(real_mnist)
    assert np.bincount(whole.t).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_mnist_says_what_is_missing(tmp_path):
    with pytest.raises(FormatError, match="no MNIST files"):
        data.mnist(tmp_path)
    write_mnist(tmp_path, "train", 4)
    (tmp_path / "train-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(FormatError, match="half of the train files is missing"):
        data.mnist(tmp_path)
    raw = idx_bytes(np.zeros(3, np.uint8))
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(raw))
    with pytest.raises(ShapeError, match="do not belong together"):
        data.mnist(tmp_path)


def test_npz_names_and_split(tmp_path):
    file = tmp_path / "own.npz"
    x = np.arange(24, dtype=np.uint8).reshape(6, 2, 2)
    np.savez(file, x_train=x[:4], y_train=[0, 1, 2, 0], x_test=x[4:], y_test=[1, 2])
    train, test = data.npz(file).split()
    np.testing.assert_array_equal(train.x, x[:4].reshape(4, 4) / np.float32(255))
    assert test.t.tolist() == [1, 2]
    np.savez(file, X=np.ones(3), target=np.array(["b", "a", "b"]))
    x, t = data.npz(file)
    assert x.shape == (3, 1)
    assert t.tolist() == [1, 0, 1]
    assert data.npz(file).classes == ("a", "b")
    np.savez(file, data=np.ones((3, 2), np.float32), t=[0.5, 1.5, 2.0])
    assert data.npz(file).classes == ()
    assert data.npz(file).x.dtype == np.float32
    assert data.mnist(file).name == "own"


@given(some_arrays)
def test_npz_reads_back_what_was_written(place, values):
    file = place / "back.npz"
    np.savez(file, a=values, b=np.asfortranarray(values))
    came = read_npz(file)
    for name in "ab":
        assert came[name].dtype == values.dtype
        np.testing.assert_array_equal(came[name], values)


class Evil:
    def __reduce__(self):
        return (pytest.fail, ("the pickle ran",))


def test_object_arrays_are_refused_unopened(tmp_path):
    file = tmp_path / "evil.npz"
    np.savez(file, x=np.array([Evil()], dtype=object), t=[0])
    with pytest.raises(FormatError, match="may carry code"):
        data.npz(file)
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        archive.writestr("x.npy", pickle.dumps(Evil()))
    file.write_bytes(raw.getvalue())
    with pytest.raises(FormatError, match="damaged"):
        data.npz(file)


def test_npz_bombs_and_lies_are_refused(tmp_path):
    file = tmp_path / "bomb.npz"
    np.savez_compressed(file, x=np.zeros(2**25))
    with pytest.raises(FormatError, match="more than is allowed"):
        data.npz(file)
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        head, {"descr": "<f8", "fortran_order": False, "shape": (2**62, 4)}
    )
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.npy", head.getvalue() + bytes(64))
    with pytest.raises(FormatError, match="not as long as its head says"):
        data.npz(file)


@settings(max_examples=60)
@given(st.data())
def test_npz_damaged_anywhere_never_loads_wrong(place, draw):
    file = place / "flip.npz"
    values = np.arange(40.0)
    np.savez(file, x=values, t=np.arange(40))
    raw = bytearray(file.read_bytes())
    where = draw.draw(st.integers(0, len(raw) - 1))
    raw[where] ^= draw.draw(st.integers(1, 255))
    file.write_bytes(raw)
    try:
        came = read_npz(file)
    except FormatError:
        return
    for read, written in zip(came.values(), (values, np.arange(40))):
        np.testing.assert_array_equal(read, written)


def test_npz_without_known_names_says_which_came(tmp_path):
    file = tmp_path / "n.npz"
    np.savez(file, weights=np.ones(3))
    with pytest.raises(FormatError, match="weights"):
        data.npz(file)
    np.savez(file, x=np.array([[1.0], [np.nan]]), t=[0, 1])
    with pytest.raises(FormatError, match="row 1, column 0"):
        data.npz(file)
    np.savez(file, x=np.ones((3, 1)), t=[0, 1])
    with pytest.raises(ShapeError):
        data.npz(file)


def write(tmp_path, text):
    file = tmp_path / "table.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def test_csv_with_names_and_text_labels(tmp_path):
    table = data.csv(write(tmp_path, '\ufeffa,b,kind\n1,2.5,cat\n3,-4e1,"dog, big"\n\n5,6,cat\n'))
    assert table.x.tolist() == [[1, 2.5], [3, -40], [5, 6]]
    assert table.t.tolist() == [0, 1, 0]
    assert table.classes == ("cat", "dog, big")
    assert table.features == ("a", "b")


def test_csv_without_names_and_the_target_chosen(tmp_path):
    file = write(tmp_path, "1;2;3.5\n4;5;6.5\n")
    assert data.csv(file).t.tolist() == [3.5, 6.5]
    assert data.csv(file).classes == ()
    assert data.csv(file, target=0).classes == ()
    first = data.csv(file, target=0, labels=True)
    assert first.t.tolist() == [0, 1]
    assert first.classes == ("1", "4")
    assert data.csv(file, target=0, labels=False).t.tolist() == [1, 4]
    file = write(tmp_path, "y\tx\n0\t1\n1\t2\n")
    assert data.csv(file, target="y").x.tolist() == [[1], [2]]
    assert data.csv(write(tmp_path, "2020,1\n3,0\n"), header=True).features == ("2020",)


def test_csv_gzipped(tmp_path):
    assert len(data.csv(write(tmp_path, gzip.compress(b"1,0\n2,1\n")))) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,0\n2,1,3\n", "line 3: wrong number of columns"),
        ("a,b\n1,0\nx,1\n", "line 3: not a number"),
        ("a,b\n1,0\n,1\n", "line 3: a value is missing"),
        ("a,b\n1,0\nNaN,1\n", "line 3: a value is missing"),
        ("a,b\n1,0\n5,\n", "line 3: a value is missing"),
        ("a,b\n1,0\ninf,1\n", "line 3: not a number"),
        ("a,b\n", "nothing to learn from"),
        ("", "nothing to learn from"),
        ("\n\n", "nothing to learn from"),
        ("1\n2\n", "nothing to learn from"),
        ('a,b\n"1,0\n', "cannot be read as CSV"),
        (b"a,b\n\xff\xfe,1\n", "not a text in UTF-8"),
    ],
)
def test_csv_names_the_place_of_what_is_wrong(tmp_path, text, said):
    with pytest.raises(FormatError, match=said):
        data.csv(write(tmp_path, text))


def test_csv_refuses_an_unknown_column_and_names_those_there(tmp_path):
    with pytest.raises(ValueRangeError, match="came: a, b"):
        data.csv(write(tmp_path, "a,b\n1,0\n"), target="c")
    with pytest.raises(ValueRangeError):
        data.csv(write(tmp_path, "1,0\n"), target=2)
    with pytest.raises(ValueRangeError):
        data.csv(write(tmp_path, "1,0\n"), separator=",,")


@given(
    arrays.arrays(
        "float64",
        st.tuples(st.integers(1, 6), st.integers(2, 5)),
        elements=st.floats(allow_nan=False, allow_infinity=False),
    )
)
def test_csv_reads_back_every_number(place, values):
    file = place / "numbers.csv"
    file.write_text("\n".join(",".join(map(repr, map(float, row))) for row in values))
    table = data.csv(file, labels=False, header=False)
    np.testing.assert_array_equal(np.column_stack([table.x, table.t]), values)
