"""Sets on the disk, normalising, augmentation, prefetch: what feeds a training step."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
import time
import zipfile

import numpy as np
import pytest

from seegrad import data, nn, optim, training
from seegrad.data import Flip, Normaliser, Prefetch, Shift, chain
from seegrad.data.rows import Rows
from seegrad.errors import FormatError, SeegradError, ShapeError, ValueRangeError

CHANCE = np.random.default_rng(0)
X = CHANCE.standard_normal((20, 3)).astype(np.float32)
T = CHANCE.integers(0, 3, 20)


# --------------------------------------------------------------- on the disk


@pytest.fixture
def stored(tmp_path):
    np.savez(tmp_path / "set.npz", x=X, t=T, more=np.asfortranarray(X))
    np.save(tmp_path / "x.npy", X)
    np.save(tmp_path / "t.npy", T)
    return tmp_path


def test_arrays_stay_on_the_disk_and_read_as_numpy_wrote_them(stored):
    arrays = data.map_npz(stored / "set.npz")
    assert isinstance(arrays["x"], np.memmap)
    assert not arrays["x"].flags.writeable
    for name, value in {"x": X, "t": T, "more": X}.items():
        np.testing.assert_array_equal(arrays[name], value)
    np.testing.assert_array_equal(data.map_npy(stored / "x.npy"), X)


def test_a_mapped_set_is_a_set(stored):
    for found in (data.mapped(stored / "set.npz"), data.mapped(stored / "x.npy", stored / "t.npy")):
        assert isinstance(found.x, np.memmap)
        assert found.classes == ("0", "1", "2")
        np.testing.assert_array_equal(found.t, T)
        train, test = found.split(seed=1)
        assert (len(train), len(test)) == (16, 4)


def test_an_array_far_larger_than_memory_is_opened_and_read_in_part(tmp_path):
    shape = (2**31, 64)  # 512 GiB of zeros, of which nothing lies on the disk
    file = tmp_path / "huge.npy"
    with file.open("wb") as stream:
        np.lib.format.write_array_header_1_0(
            stream, {"descr": "<f4", "fortran_order": False, "shape": shape}
        )
        stream.truncate(stream.tell() + 4 * 2**31 * 64)
    found = data.map_npy(file)
    assert found.shape == shape
    assert found[2**30 : 2**30 + 3].sum() == 0.0
    np.testing.assert_array_equal(found[[5, 2**31 - 1]], np.zeros((2, 64)))


def test_parts_of_a_mapped_set_stay_on_the_disk(stored):
    whole, kept = data.mapped(stored / "set.npz"), data.Dataset(X, T)
    train, test = whole.split(seed=1)
    plain_train, plain_test = kept.split(seed=1)
    for part, plain in ((train, plain_train), (test, plain_test)):
        assert isinstance(part.x, Rows)
        order = np.argsort(plain.x[:, 0])
        np.testing.assert_array_equal(
            part.x[np.argsort(np.asarray(part.x)[:, 0])], plain.x[order]
        )
    even = train.standardised()
    assert isinstance(even.x, Rows)
    np.testing.assert_allclose(np.asarray(even.x).mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(np.asarray(even.x).std(axis=0), 1, atol=1e-6)
    away = test.standardised(train).x
    expected = (np.asarray(test.x) - np.mean(train.x, axis=0)) / np.std(train.x, axis=0)
    np.testing.assert_allclose(np.asarray(away), expected, atol=1e-5)


def test_rows_answer_as_arrays_do():
    rows = Rows(X, np.array([7, 0, 3, 3]))
    plain = X[[7, 0, 3, 3]]
    keys = [0, -1, slice(1, 3), [2, 0], np.array([], int), (slice(None), 1), (2, 1),
            np.array([True, False, True, False])]  # fmt: skip
    for key in keys:
        np.testing.assert_array_equal(rows[key], plain[key])
    assert (len(rows), rows.shape, rows.ndim, rows.nbytes) == (4, (4, 3), 2, plain.nbytes)
    np.testing.assert_array_equal(rows.take([1, 0])[:], plain[[1, 0]])
    with pytest.raises(IndexError):
        rows[4]
    xs = [x for x, _ in data.batches(rows, np.arange(4), 3, seed=5)]
    again = [x for x, _ in data.batches(plain, np.arange(4), 3, seed=5)]
    for one, other in zip(xs, again, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("eager", [False, True])
@pytest.mark.parametrize("even", [False, True])
@pytest.mark.parametrize("schedule", [False, True])
def test_training_from_the_disk_is_training_from_memory(eager, even, schedule, stored):
    weights = []
    train, _ = data.mapped(stored / "set.npz").split(seed=1)
    for part in (train, data.Dataset(np.asarray(train.x), train.t)):
        part = part.standardised() if even else part
        nn.seed(0)
        net = nn.Sequential(nn.Affine(3, 4), nn.Tanh(), nn.Affine(4, 3))
        rule = optim.SGD(net.parameters(), lr=0.1)
        plan = optim.Schedule(rule, optim.cosine(20)) if schedule else None
        trainer = training.Trainer(net, rule, eager=eager, schedule=plan)
        trainer.fit(part, part, epochs=3, batch=5)
        weights.append((net.state_dict(), trainer.history.rows))
    for name, value in weights[0][0].items():
        np.testing.assert_array_equal(weights[1][0][name], value)
    assert weights[0][1] == weights[1][1]


def test_a_set_larger_than_the_memory_allowed_is_parted_normalised_and_learnt(tmp_path):
    pytest.importorskip("resource", reason="limits of memory are Unix's")
    with (tmp_path / "x.npy").open("wb") as stream:
        np.lib.format.write_array_header_1_0(
            stream, {"descr": "<f4", "fortran_order": False, "shape": (2**18, 2**10)}
        )
        stream.truncate(stream.tell() + 2**30)
    np.save(tmp_path / "t.npy", np.arange(2**18) % 3)
    program = """
import resource, sys
from seegrad import data, nn, optim, training
whole = data.mapped("x.npy", "t.npy")
resource.setrlimit(resource.RLIMIT_DATA, (2**29, 2**29))
train, test = whole.split(1000)
if sys.argv[1] == "even":
    train, test = train.standardised(test), test.standardised()
net = nn.multilayer(1024, 3, hidden=(4,))
trainer = training.Trainer(net, optim.SGD(net.parameters(), lr=0.1))
trainer.fit(train, test, steps=3, batch=50)
print(trainer.count, len(train))
"""
    for how in ("plain", "even"):
        done = subprocess.run(
            [sys.executable, "-c", program, how], capture_output=True, text=True, check=False,
            cwd=tmp_path, timeout=120,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "SEEGRAD_NUM_THREADS": "1",
                 "PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip
        assert done.stdout.split() == ["3", str(2**18 - 1000)], done.stderr


def test_every_truncation_of_a_mapped_file_is_refused(stored):
    for name in ("x.npy", "set.npz"):
        raw = (stored / name).read_bytes()
        for size in range(0, len(raw), 17):
            (stored / name).write_bytes(raw[:size])
            with pytest.raises(SeegradError):
                data.map_npy(stored / name) if name == "x.npy" else data.map_npz(stored / name)


def test_hostile_files_are_refused(tmp_path):
    objects = tmp_path / "objects.npy"
    np.save(objects, np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(FormatError, match="Python objects"):
        data.map_npy(objects)
    np.savez_compressed(tmp_path / "packed.npz", x=X, t=T)
    with pytest.raises(FormatError, match="compressed"):
        data.mapped(tmp_path / "packed.npz")
    (tmp_path / "code.npy").write_bytes(pickle.dumps(print))
    with pytest.raises(FormatError, match="damaged"):
        data.map_npy(tmp_path / "code.npy")
    with zipfile.ZipFile(tmp_path / "text.npz", "w") as archive:
        archive.writestr("../x.npy", "text")
    with pytest.raises(FormatError, match="damaged"):
        data.map_npz(tmp_path / "text.npz")
    head = b"\x93NUMPY\x01\x00" + (118).to_bytes(2, "little")
    text = b"{'descr': '<f8', 'fortran_order': False, 'shape': (9999999999999999,)}"
    (tmp_path / "long.npy").write_bytes(head + text.ljust(117) + b"\n")
    with pytest.raises(FormatError, match="not as long"):
        data.map_npy(tmp_path / "long.npy")


def test_what_is_no_set_is_refused(stored, tmp_path):
    np.savez(tmp_path / "other.npz", a=X)
    with pytest.raises(FormatError, match="names no inputs"):
        data.mapped(tmp_path / "other.npz")
    np.savez(tmp_path / "words.npz", x=np.array(["a"]), t=np.array([1]))
    with pytest.raises(FormatError, match="not numbers"):
        data.mapped(tmp_path / "words.npz")
    with pytest.raises(FormatError, match="no such file"):
        data.map_npy(tmp_path / "none.npy")


# --------------------------------------------------------------- normalising


def test_it_is_learnt_on_one_part_and_applied_to_another(monkeypatch):
    x = CHANCE.normal(5.0, 3.0, (1000, 4))
    monkeypatch.setattr("seegrad.data.normalising.BLOCK_BYTES", 999)
    norm = Normaliser.learnt(x[:800])
    np.testing.assert_allclose(norm.mean, x[:800].mean(0), rtol=1e-12)
    np.testing.assert_allclose(norm.deviation, x[:800].std(0), rtol=1e-12)
    np.testing.assert_allclose(norm(x[800:]), (x[800:] - x[:800].mean(0)) / x[:800].std(0))


def test_channels_share_their_mean():
    x = CHANCE.normal(2.0, 1.5, (30, 3, 5, 4)).astype(np.float32)
    norm = Normaliser.learnt(x, channels=True)
    out = norm(x)
    assert out.dtype == np.float32
    np.testing.assert_allclose(out.mean((0, 2, 3)), 0.0, atol=1e-5)
    np.testing.assert_allclose(out.std((0, 2, 3)), 1.0, rtol=1e-5)


def test_constant_columns_bytes_and_misfits():
    norm = Normaliser.learnt(np.array([[7, 1], [7, 3]], np.uint8))
    out = norm(np.array([[7, 2]], np.uint8))
    assert out.dtype == np.float32
    np.testing.assert_array_equal(out, [[0.0, 0.0]])
    with pytest.raises(ShapeError, match="not like those"):
        norm(np.zeros((2, 3)))
    with pytest.raises(ShapeError, match="nothing to learn"):
        Normaliser.learnt(np.zeros((0, 3)))


# --------------------------------------------------------------- augmentation


@pytest.mark.parametrize("shape", [(9, 6, 5), (9, 1, 6, 5), (9, 2, 3, 6, 5)])
def test_a_shift_moves_each_picture_by_its_own_step(shape):
    x = CHANCE.standard_normal(shape)
    out = Shift(2, fill=-1.0)(x, np.random.default_rng(3))
    corners = np.random.default_rng(3).integers(0, 5, (9, 2))
    wide = np.pad(x, [(0, 0)] * (x.ndim - 2) + [(2, 2)] * 2, constant_values=-1.0)
    for i, (row, column) in enumerate(corners):
        np.testing.assert_array_equal(out[i], wide[i, ..., row : row + 6, column : column + 5])
    assert len({tuple(c) for c in corners}) > 3


def test_a_flip_mirrors_some_and_leaves_the_batch_alone():
    x = CHANCE.standard_normal((200, 1, 3, 4))
    before = x.copy()
    out = Flip()(x, np.random.default_rng(0))
    turned = np.array([np.array_equal(a, b[..., ::-1]) for a, b in zip(out, x)])
    same = np.array([np.array_equal(a, b) for a, b in zip(out, x)])
    assert (turned ^ same).all()
    assert 70 < turned.sum() < 130
    np.testing.assert_array_equal(x, before)


def test_a_chain_is_the_same_for_the_same_generator():
    x = CHANCE.standard_normal((8, 1, 6, 6))
    change = chain(Shift(1), Flip(0.5))
    a, b = (change(x, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(a, b)


def test_bad_changes_are_refused():
    with pytest.raises(ShapeError, match="no pictures"):
        Shift(1)(np.zeros((3, 784)), CHANCE)
    with pytest.raises(ValueRangeError):
        Shift(-1)
    with pytest.raises(ValueRangeError):
        Flip(1.5)


# --------------------------------------------------------------- prefetch


def threads():
    return [t for t in threading.enumerate() if "_fill" in t.name]


def test_items_come_in_order_and_ahead():
    made = []

    def source():
        for i in range(6):
            made.append(i)
            yield i

    ready = iter(Prefetch(source(), depth=2))
    assert next(ready) == 0
    deadline = time.monotonic() + 10
    while len(made) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert made == [0, 1, 2, 3], "two wait, one is being handed over"
    assert [*ready] == [1, 2, 3, 4, 5]


def test_an_error_of_the_source_is_raised_in_its_place():
    def source():
        yield 1
        raise ValueError("torn")

    ready = iter(Prefetch(source()))
    assert next(ready) == 1
    with pytest.raises(ValueError, match="torn"):
        next(ready)
    assert not threads()


def test_leaving_early_ends_the_thread():
    def endless():
        while True:
            yield 0

    for item in Prefetch(endless()):
        assert item == 0
        break
    with Prefetch(endless()) as ready:
        next(iter(ready))
    deadline = time.monotonic() + 10
    while threads() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not threads()
    with pytest.raises(ValueRangeError):
        Prefetch([], depth=0)
