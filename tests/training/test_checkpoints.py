"""Checkpoints: a resumed run is the uninterrupted one, bit for bit; nothing damaged is taken."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import seegrad as sg
from seegrad import data, nn, optim
from seegrad.errors import FormatError, SeegradError, ShapeError, ValueRangeError
from seegrad.safetensors_file import load_arrays, save_arrays
from seegrad.training import Checkpoints, EarlyStopping, Recorder, RunFolder, Trainer
from seegrad.training.callbacks import Callback
from seegrad.training.saving import POSITION

HERE = Path(__file__).parent
TRAIN, TEST = data.moons(60).split()


def trainer_of(callbacks=(), width=8, schedule=True, eager=True):
    nn.seed(1)
    net = nn.Sequential(
        nn.Affine(2, width), nn.BatchNorm(width), nn.ReLU(), nn.Dropout(0.2), nn.Affine(width, 2)
    )
    rule = optim.Adam(net.parameters(), lr=0.02)
    plan = optim.Schedule(rule, optim.cosine(100)) if schedule else None
    return Trainer(net, rule, callbacks=callbacks, seed=4, schedule=plan, eager=eager)


def everything(trainer):
    return {
        **{f"n.{k}": v for k, v in trainer.network.state_dict().items()},
        **{f"o.{k}": v for k, v in trainer.optimizer.state_dict().items()},
        "count": np.array(trainer.count),
    }


class StopAt(Callback):
    """Ends the run after a step, as Ctrl-C would."""

    def __init__(self, step):
        self.step = step

    def on_step(self, trainer, step, loss):
        if step == self.step:
            trainer.stop("here")


@pytest.mark.parametrize("stop", range(1, 36, 4))
def test_stopped_anywhere_it_goes_on_bit_for_bit(stop, tmp_path):
    whole = trainer_of()
    whole.fit(TRAIN, TEST, steps=36, batch=7)
    trainer_of([StopAt(stop), Recorder(RunFolder(tmp_path))]).fit(TRAIN, TEST, steps=36, batch=7)
    again = trainer_of()
    again.resume(RunFolder(tmp_path).checkpoints.newest())
    assert again.count == stop
    again.fit(TRAIN, TEST, steps=36, batch=7)
    for name, value in everything(whole).items():
        np.testing.assert_array_equal(everything(again)[name], value, err_msg=name)
    assert again.history.rows == whole.history.rows


def test_compiled_it_goes_on_bit_for_bit_too(tmp_path):
    whole = trainer_of(eager=False)
    whole.fit(TRAIN, TEST, steps=16, batch=8)
    watch = [StopAt(11), Recorder(RunFolder(tmp_path))]
    trainer_of(watch, eager=False).fit(TRAIN, TEST, steps=16, batch=8)
    again = trainer_of(eager=False)
    again.resume(RunFolder(tmp_path).checkpoints.newest())
    assert again.count == 11
    again.fit(TRAIN, TEST, steps=16, batch=8)
    for name, value in everything(whole).items():
        np.testing.assert_array_equal(everything(again)[name], value, err_msg=name)


def test_killed_at_fifty_random_moments(tmp_path):
    """Signal 9 while computing and while writing; the end is that of a run left alone."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", HERE / "killed.py", tmp_path / "run", "50", "1"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["kills"] >= 50
    assert found["moved"] >= 5
    assert found["same"]
    assert found["rows"]
    assert found["lr"]


def test_early_stopping_remembers_over_a_resume(tmp_path):
    def stopping():
        return EarlyStopping("test_loss", patience=2, least=10.0)  # nothing is ever better

    whole = trainer_of([stopping()])
    whole.fit(TRAIN, TEST, epochs=9, batch=7)
    first = trainer_of([stopping(), Recorder(RunFolder(tmp_path))])
    first.fit(TRAIN, TEST, epochs=2, batch=7)
    again = trainer_of([stopping()])
    again.resume(RunFolder(tmp_path).checkpoints.newest())
    again.fit(TRAIN, TEST, epochs=9, batch=7)
    assert whole.stopped
    assert (again.stopped, again.count) == (whole.stopped, whole.count)
    np.testing.assert_array_equal(
        everything(again)["n.affine1.W"], everything(whole)["n.affine1.W"]
    )


def test_the_generator_of_first_values_goes_on_where_it_stood(tmp_path):
    trainer = trainer_of()
    trainer.fit(TRAIN, TEST, steps=3, batch=7)
    trainer.save(tmp_path / "c.safetensors")
    expected = nn.Affine(3, 3).W.value
    nn.seed(99)
    trainer_of().resume(tmp_path / "c.safetensors")
    np.testing.assert_array_equal(nn.Affine(3, 3).W.value, expected)


def test_the_newest_are_kept_and_what_a_crash_left_is_cleared(tmp_path):
    folder = RunFolder(tmp_path)
    folder.checkpoints.make()
    for left in (".step-000000001.safetensors.tmp", "step-000000999.safetensors"):
        (folder.checkpoints.folder / left).write_bytes(b"torn")
    (folder.checkpoints.folder / "notes.txt").write_text("mine")
    trainer_of([Recorder(folder, every=2, keep=3)]).fit(TRAIN, TEST, steps=20, batch=7)
    names = sorted(p.name for p in folder.checkpoints.folder.iterdir())
    assert names == ["notes.txt", *(f"step-{n:09d}.safetensors" for n in (16, 18, 20))]
    assert folder.checkpoints.newest().name == "step-000000020.safetensors"


def test_a_folder_without_checkpoints_says_what_to_do(tmp_path):
    with pytest.raises(FormatError, match="no checkpoint") as caught:
        Checkpoints(tmp_path / "none").newest()
    assert "--resume" in str(caught.value)
    with pytest.raises(ValueRangeError):
        Checkpoints(tmp_path, keep=0)


@pytest.fixture
def saved(tmp_path):
    trainer = trainer_of()
    trainer.fit(TRAIN, TEST, steps=5, batch=7)
    return trainer.save(tmp_path / "c.safetensors")


def refused(path, words=""):
    """Refused with a named error, and nothing of the run has changed."""
    trainer = trainer_of()
    before = everything(trainer)
    with pytest.raises(SeegradError, match=words or None) as caught:
        trainer.resume(path)
    after = everything(trainer)
    assert all(np.array_equal(after[name], value) for name, value in before.items())
    return caught.value


def test_every_truncation_is_refused(saved):
    raw = saved.read_bytes()
    for size in [*range(0, 200, 7), *range(200, len(raw), 301), len(raw) - 1]:
        saved.write_bytes(raw[:size])
        refused(saved)


def test_flipped_bytes_are_refused_or_change_nothing(saved):
    """A flip in a blank may leave all that counts as it was."""
    whole = trainer_of()
    whole.resume(saved)
    raw, chance = bytearray(saved.read_bytes()), np.random.default_rng(0)
    for place in [*range(60), *chance.integers(0, len(raw), 150)]:
        torn = raw.copy()
        torn[place] ^= 1 << int(chance.integers(8))
        saved.write_bytes(torn)
        if chr(raw[place]) != " ":
            refused(saved)
            continue
        trainer = trainer_of()
        try:
            trainer.resume(saved)
        except SeegradError:
            continue
        for name, value in everything(whole).items():
            np.testing.assert_array_equal(everything(trainer)[name], value, err_msg=name)


def told(saved, change):
    """The checkpoint with another text about its position, and a right checksum."""
    arrays, texts = load_arrays(saved)
    position = json.loads(texts[POSITION])
    text = change(position)
    return save_arrays(
        arrays, saved, {POSITION: text if isinstance(text, str) else json.dumps(text)}
    )


HOSTILE = {
    "no JSON": lambda p: "{",
    "deep": lambda p: "[" * 100_000,
    "a list": lambda p: [p],
    "no count": lambda p: {k: v for k, v in p.items() if k != "count"},
    "a negative count": lambda p: {**p, "count": -1},
    "text for a count": lambda p: {**p, "count": "5"},
    "rows that are none": lambda p: {**p, "rows": [1]},
    "texts for losses": lambda p: {**p, "losses": ["a"]},
    "a list for a schedule": lambda p: {**p, "schedule": [1]},
    "half a schedule": lambda p: {**p, "schedule": {"first": 1.0}},
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_positions_are_refused(name, saved):
    assert isinstance(refused(told(saved, HOSTILE[name]), "damaged"), FormatError)


def test_a_foreign_random_state_is_refused(saved):
    told(saved, lambda p: {**p, "random": {"bit_generator": "os.system"}})
    with pytest.raises(ValueRangeError, match="random generator"):
        trainer_of().resume(saved)


def test_an_oversized_file_is_refused_without_reading_it(saved):
    with saved.open("r+b") as file:
        file.truncate(2**40)
    assert "more than" in str(refused(saved))


def test_what_differs_is_named(saved):
    trainer = trainer_of(width=9)
    with pytest.raises(ShapeError) as caught:
        trainer.resume(saved)
    assert "(2, 9)" in str(caught.value) or "(9,)" in str(caught.value)
    with pytest.raises(ValueRangeError, match="other settings"):
        trainer_of(schedule=False).resume(saved)
    other = trainer_of()
    other.optimizer = optim.SGD(other.network.parameters(), lr=0.1)
    with pytest.raises(ValueRangeError, match="another optimizer"):
        other.resume(saved)


def test_a_full_disk_leaves_the_old_checkpoint(saved, monkeypatch):
    raw = saved.read_bytes()

    def full(handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    trainer = trainer_of()
    trainer.fit(TRAIN, TEST, steps=6, batch=7)
    monkeypatch.setattr("seegrad.files.os.fsync", full)
    with pytest.raises(FormatError, match="No space left"):
        trainer.save(saved)
    monkeypatch.undo()
    assert saved.read_bytes() == raw
    assert [p.name for p in saved.parent.iterdir()] == [saved.name]


def own_mounts():
    """The command that gives a process mounts of its own; skips where that is not allowed."""
    for words in (["unshare", "--mount"], ["unshare", "--user", "--map-root-user", "--mount"]):
        try:
            tried = subprocess.run(
                [*words, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False
            )
        except OSError:
            break
        if not tried.returncode:
            return words
    return pytest.skip("no small disk can be mounted here")


def test_a_disk_that_really_gets_full(tmp_path):
    done = subprocess.run(
        [*own_mounts(), sys.executable, HERE / "full_disk.py", tmp_path / "disk"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert "No space left on device" in done.stderr
    assert "make room; what was written before is whole" in done.stderr
    assert found["full"] == 1
    assert len(found["left"]) >= 2
    assert found["again"] == 0
    assert found["same"]


def test_the_weights_in_it_are_plain_safetensors(saved):
    official = pytest.importorskip("safetensors.numpy")
    arrays = official.load_file(saved)
    assert "network/affine1.W" in arrays
    assert "optimizer/means.0" in arrays
    net = trainer_of().network
    sg.save(net, saved.with_name("net.safetensors"))
    sg.load(net, saved.with_name("net.safetensors"))


def test_a_schedule_may_come_down_to_nothing():
    net = nn.Sequential(nn.Affine(2, 2))
    rule = optim.SGD(net.parameters(), lr=0.1)
    schedule = optim.Schedule(rule, optim.cosine(2))
    for _ in range(3):
        schedule.step()
    assert rule.lr.item() == 0.0
    with pytest.raises(ValueRangeError):
        rule.lr = -0.1


def test_augmented_it_goes_on_bit_for_bit_and_evaluates_what_is_there(tmp_path):
    def noisy(x, chance):
        return x + chance.normal(0.0, 0.1, x.shape)

    def made(callbacks=()):
        trainer = trainer_of(callbacks)
        trainer.augment = noisy
        return trainer

    whole = made()
    whole.fit(TRAIN, TEST, steps=20, batch=7)
    made([StopAt(9), Recorder(RunFolder(tmp_path))]).fit(TRAIN, TEST, steps=20, batch=7)
    again = made()
    again.resume(RunFolder(tmp_path).checkpoints.newest())
    again.fit(TRAIN, TEST, steps=20, batch=7)
    for name, value in everything(whole).items():
        np.testing.assert_array_equal(everything(again)[name], value, err_msg=name)
    plain = trainer_of()
    plain.fit(TRAIN, TEST, steps=20, batch=7)
    assert plain.history.losses != whole.history.losses
    assert whole.evaluate(*TEST)["loss"] == whole.evaluate(*TEST)["loss"]
