"""Arrays to a safetensors file and back; damage anywhere is named, never loaded wrong."""

from __future__ import annotations

import json

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from seegrad.errors import DTypeError, FormatError
from seegrad.safetensors_file import DIGEST, load_arrays, save_arrays

KINDS = st.sampled_from(["float32", "float64", "float16", "int64", "uint8", "bool", ">f4"])
ARRAYS = KINDS.flatmap(lambda k: arrays.arrays(k, arrays.array_shapes(min_dims=0, min_side=0)))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("tensors")


@given(
    st.dictionaries(st.text(max_size=8).filter(lambda s: s != "__metadata__"), ARRAYS, max_size=3),
    st.dictionaries(st.sampled_from(["epoch", "가", ""]), st.text(max_size=5)),
)
def test_what_is_saved_comes_back(place, values, texts):
    file = save_arrays(values, place / "a.safetensors", texts)
    came, told = load_arrays(file)
    assert told == texts
    assert came.keys() == values.keys()
    for name, value in values.items():
        assert came[name].dtype == value.dtype.newbyteorder("=")
        np.testing.assert_array_equal(came[name], value)


def test_the_official_reader_reads_it_and_we_read_the_official_writers(tmp_path):
    values = {"W": np.arange(6, dtype=np.float32).reshape(2, 3).T, "b": np.float64(3)}
    file = save_arrays(values, tmp_path / "ours.safetensors")
    theirs = safetensors.numpy.load_file(file)
    np.testing.assert_array_equal(theirs["W"], values["W"])
    assert theirs["b"] == 3
    assert theirs["b"].shape == ()
    safetensors.numpy.save_file({"W": np.ones(3)}, tmp_path / "theirs.safetensors")
    assert load_arrays(tmp_path / "theirs.safetensors")[0]["W"].tolist() == [1, 1, 1]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    file = tmp_path_factory.mktemp("flip") / "net.safetensors"
    values = {"W": np.arange(24.0).reshape(4, 6), "b": np.arange(6, dtype=np.float32)}
    save_arrays(values, file, {"epoch": "3"})
    return values, file.read_bytes()


def loads_right_or_is_refused(file, raw, values):
    file.write_bytes(raw)
    try:
        came, _ = load_arrays(file)
    except FormatError:
        return
    assert came.keys() == values.keys()
    for name, value in values.items():
        assert came[name].dtype == value.dtype
        np.testing.assert_array_equal(came[name], value)


def test_every_flipped_byte_is_refused_or_harmless(saved, tmp_path):
    values, raw = saved
    for where in range(len(raw)):
        for bits in (1, 128):
            flipped = raw[:where] + bytes([raw[where] ^ bits]) + raw[where + 1 :]
            loads_right_or_is_refused(tmp_path / "f.safetensors", flipped, values)


def test_every_truncation_is_refused(saved, tmp_path):
    _, raw = saved
    file = tmp_path / "t.safetensors"
    for length in range(len(raw)):
        file.write_bytes(raw[:length])
        with pytest.raises(FormatError):
            load_arrays(file)


@pytest.mark.parametrize(
    "head",
    [
        {"x": {"dtype": "F32", "shape": [2**62, 4], "data_offsets": [0, 8]}},
        {"x": {"dtype": "F32", "shape": [2], "data_offsets": [8, 0]}},
        {"x": {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]}},
        {"x": {"dtype": "BF17", "shape": [4], "data_offsets": [0, 8]}},
        {"x": 3},
        [],
        {"__metadata__": 7},
    ],
)
def test_hostile_heads_are_refused(tmp_path, head):
    text = json.dumps(head).encode()
    file = tmp_path / "h.safetensors"
    file.write_bytes(len(text).to_bytes(8, "little") + text + bytes(8))
    with pytest.raises(FormatError):
        load_arrays(file)
    file.write_bytes((2**63).to_bytes(8, "little") + text)
    with pytest.raises(FormatError):
        load_arrays(file)


def test_what_is_no_number_is_refused(tmp_path):
    for value in (np.array(["a"]), np.array([None]), np.array([1j])):
        with pytest.raises(DTypeError, match="cannot be stored"):
            save_arrays({"x": value}, tmp_path / "x.safetensors")
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_name_of_the_checksum_is_noticed(tmp_path):
    path = save_arrays({"W": np.ones(3, np.float32)}, tmp_path / "a.safetensors")
    raw = path.read_bytes()
    for i in range(len(DIGEST)):
        name = DIGEST.encode()
        torn = name[:i] + bytes([name[i] ^ 1]) + name[i + 1 :]
        path.write_bytes(raw.replace(name, torn))
        with pytest.raises(FormatError):
            load_arrays(path)


def by_hand(file, kind, size, raw):
    """A file as another program writes it, with no checksum."""
    head = json.dumps({"W": {"dtype": kind, "shape": [size], "data_offsets": [0, len(raw)]}})
    file.write_bytes(len(head).to_bytes(8, "little") + head.encode() + raw)
    return file


def test_numbers_of_kind_bf16_are_read_exactly(tmp_path):
    bits = np.arange(2**16, dtype=np.uint16)
    arrays, _ = load_arrays(by_hand(tmp_path / "b.safetensors", "BF16", 2**16, bits.tobytes()))
    assert arrays["W"].dtype == np.float32
    np.testing.assert_array_equal(arrays["W"].view(np.uint32) >> 16, bits)
    assert not (arrays["W"].view(np.uint32) & 0xFFFF).any()
    known = {0x3F80: 1.0, 0xC000: -2.0, 0x3F81: 1.0078125, 0x7F80: np.inf, 0x0001: 2.0**-133}
    for pattern, value in known.items():
        assert arrays["W"][pattern] == value


@pytest.mark.parametrize("kind", [
    "F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "F4", "F6_E2M3", "F6_E3M2",
    "C64",
])  # fmt: skip
def test_numbers_that_are_not_read_are_named_and_not_called_damaged(tmp_path, kind):
    with pytest.raises(FormatError, match=f"not read here(?s:.)*W: {kind}") as caught:
        load_arrays(by_hand(tmp_path / "f.safetensors", kind, 8, bytes(8)))
    assert "damaged" not in str(caught.value)


KINDS_READ = {
    "BOOL": "?", "U8": "u1", "I8": "i1", "U16": "u2", "I16": "i2", "U32": "u4", "I32": "i4",
    "U64": "u8", "I64": "i8", "F16": "f2", "F32": "f4", "F64": "f8",
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS_READ)
def test_every_other_kind_is_read_as_it_is(tmp_path, kind):
    values = np.array([0, 1, 1, 0], KINDS_READ[kind])
    if kind[0] in "UI":
        values[1:3] = np.iinfo(values.dtype).min, np.iinfo(values.dtype).max
    arrays, _ = load_arrays(by_hand(tmp_path / "k.safetensors", kind, 4, values.tobytes()))
    assert arrays["W"].dtype == values.dtype
    np.testing.assert_array_equal(arrays["W"], values)


def test_a_text_that_looks_like_a_kind_is_no_kind(tmp_path):
    file = save_arrays({"dtype": np.ones(2)}, tmp_path / "t.safetensors", {"dtype": "F4"})
    assert load_arrays(file)[1] == {"dtype": "F4"}
