"""F1–F4, S5: files that break off, flip, lie or attack; and runs that go on where they stopped."""

from __future__ import annotations

import errno
import importlib.util
import os
import resource
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

import seegrad as sg
from seegrad import data
from seegrad.safetensors_file import load_arrays, save_arrays
from seegrad.training import Trainer
from trust.harness.isolation import HERE, folder
from trust.harness.row import Found, Run, first, row

MB = 2**20


# --------------------------------------------------------------- F1


def _state(k: int) -> dict[str, Any]:
    return {"W": np.full((64, 64), float(k)), "b": np.full(64, k, np.int64)}


def _is_whole(file: Path) -> bool:
    arrays, texts = load_arrays(file)
    k = int(texts["k"])
    return all(np.array_equal(arrays[n], v) for n, v in _state(k).items())


def _writes_for_ever(file: Path) -> None:
    k = 0
    while True:
        k += 1
        save_arrays(_state(k), file, {"k": str(k)})


def kill_faults(count: int, rng: np.random.Generator) -> Iterator[str]:
    """A child that writes checkpoints is killed at random moments."""
    with folder() as place:
        file = place / "checkpoint.safetensors"
        save_arrays(_state(0), file, {"k": "0"})
        for k in range(count):
            child = os.fork()
            if child == 0:
                try:
                    _writes_for_ever(file)
                finally:
                    os._exit(1)
            time.sleep(float(rng.uniform(0.0005, 0.02)))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            try:
                if not _is_whole(file):
                    yield f"kill {k}: neither the old state nor the new"
            except sg.SeegradError as error:
                yield f"kill {k}: {str(error).splitlines()[0]}"
            if (rest := len(list(place.iterdir()))) > 2:
                yield f"kill {k}: {rest - 1} temporary files"


class _Failing:
    """A file layer whose n-th write, flush, sync or rename fails."""

    def __init__(self, n: int, code: int) -> None:
        self.left, self.code, self.failed = n, code, False

    def tick(self) -> None:
        self.left -= 1
        if self.left == 0:
            self.failed = True
            raise OSError(self.code, os.strerror(self.code))

    def wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def called(*args: Any, **kwargs: Any) -> Any:
            self.tick()
            return function(*args, **kwargs)

        return called

    def opened(self, right: Callable[..., Any]) -> Callable[..., Any]:
        """`Path.open` whose writing streams fail in their turn."""

        def open_(path: Path, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
            if "w" not in mode:
                return right(path, mode, *args, **kwargs)
            self.tick()
            return _Stream(right(path, mode, *args, **kwargs), self)

        return open_


class _Stream:
    """A file whose writes and flushes may fail."""

    def __init__(self, stream: Any, failing: _Failing) -> None:
        self.stream, self.failing = stream, failing

    def write(self, raw: bytes) -> int:
        half = len(raw) // 2
        self.stream.write(raw[:half])
        self.failing.tick()
        self.stream.write(raw[half:])
        return len(raw)

    def flush(self) -> None:
        self.failing.tick()
        self.stream.flush()

    def fileno(self) -> int:
        return int(self.stream.fileno())

    def __enter__(self) -> _Stream:
        return self

    def __exit__(self, *raised: object) -> None:
        self.stream.close()


def fault_faults() -> Iterator[str]:
    """The n-th operation of the file layer fails, for every n, in several ways."""
    for code in (errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS):
        for n in range(1, 12):
            with folder() as place:
                file = place / "checkpoint.safetensors"
                save_arrays(_state(1), file, {"k": "1"})
                failing = _Failing(n, code)
                with (
                    mock.patch.object(Path, "open", failing.opened(Path.open)),
                    mock.patch.object(os, "fsync", failing.wrap(os.fsync)),
                    mock.patch.object(os, "replace", failing.wrap(os.replace)),
                ):
                    try:
                        save_arrays(_state(2), file, {"k": "2"})
                    except sg.SeegradError:
                        pass
                    except Exception as error:
                        yield f"operation {n}: a bare {type(error).__name__}: {error}"
                if not _is_whole(file):
                    yield f"operation {n}: the file is torn"
                if len(list(place.iterdir())) > 1:
                    yield f"operation {n}: a temporary file stays"
                if not failing.failed:
                    break


def full_faults() -> Iterator[str]:
    """The disk is full after so many bytes (a limit of the kernel's, in a child)."""
    for limit in (0, 1, 100, 5000, 20000):
        with folder() as place:
            file = place / "checkpoint.safetensors"
            save_arrays(_state(1), file, {"k": "1"})
            child = os.fork()
            if child == 0:
                code = 1
                try:
                    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
                    save_arrays(_state(2), file, {"k": "2"})
                    code = 2
                except sg.SeegradError:
                    code = 0
                finally:
                    os._exit(code)
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            if status:
                said = "written all the same" if status == 2 else "a bare error"
                yield f"full after {limit} bytes: {said}"
            if not _is_whole(file) or len(list(place.iterdir())) > 1:
                yield f"full after {limit} bytes: torn, or a temporary file stays"


def together_faults(count: int) -> Iterator[str]:
    """Several threads and processes write one file at once, while others read it."""
    with folder() as place:
        file = place / "checkpoint.safetensors"
        save_arrays(_state(0), file, {"k": "0"})
        found: list[str] = []

        def write(k: int) -> None:
            for n in range(count):
                try:
                    save_arrays(_state(1 + k + n), file, {"k": str(1 + k + n)})
                except sg.SeegradError as error:
                    found.append(f"one of several writers: {str(error).splitlines()[0]}")

        child = os.fork()
        if child == 0:
            try:
                write(100)
            finally:
                os._exit(len(found))
        writers = [threading.Thread(target=write, args=(k,)) for k in range(3)]
        for writer in writers:
            writer.start()
        while any(writer.is_alive() for writer in writers):
            try:
                if not _is_whole(file):
                    found.append("several writers: neither one's state nor another's")
            except sg.SeegradError as error:
                found.append(f"several writers: {str(error).splitlines()[0]}")
        if status := os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
            found.append(f"the other process could not write: {status}")
        if len(list(place.iterdir())) > 1:
            found.append("several writers: a temporary file stays")
        yield from found


@row(
    "F1",
    "kill -9 at random moments while saving; every file operation failing; a full disk; several"
    " writers at once",
    "500 kills: whole old or whole new state; at most one temporary file",
    count=500,
    sample=15,
    seconds=300,
)
def f1(run: Run) -> Found:
    faults = [*kill_faults(run.count, run.rng), *fault_faults(), *full_faults()]
    faults += together_faults(run.count // 5)
    return Found(f"{len(faults)} torn of {run.count} kills and every operation", first(faults))


# --------------------------------------------------------------- F2


def _checkpoint(file: Path) -> dict[str, Any]:
    net = sg.nn.Sequential(sg.nn.Affine(5, 7), sg.nn.ReLU(), sg.nn.Affine(7, 3))
    sg.save(net, file)
    return {name: np.array(value) for name, value in net.state_dict().items()}


def _loads_wrong(file: Path, right: dict[str, Any]) -> str | None:
    """None when the file is refused by name, or gives exactly what was saved."""
    try:
        arrays, _ = load_arrays(file)
    except sg.SeegradError:
        return None
    except Exception as error:
        return f"a bare {type(error).__name__}: {error}"
    same = arrays.keys() == right.keys() and all(
        np.array_equal(arrays[n], v) and arrays[n].dtype == v.dtype for n, v in right.items()
    )
    return None if same else "other numbers were loaded"


@row(
    "F2",
    "a checkpoint with every header byte flipped, bits of the body flipped, cut at every length",
    "named error; 10,000 body flips; wrong loads 0",
    count=10_000,
    sample=150,
    seconds=300,
)
def f2(run: Run) -> Found:
    rng, faults, done = run.rng, [], 0
    with folder() as place:
        file = place / "net.safetensors"
        right = _checkpoint(file)
        raw = file.read_bytes()
        head = 8 + int.from_bytes(raw[:8], "little")
        part = 1 if run.count >= 10_000 else max(2, 500 // run.count)

        def look(changed: bytes, what: str) -> None:
            nonlocal done
            done += 1
            file.write_bytes(changed)
            if fault := _loads_wrong(file, right):
                faults.append(f"{what}: {fault}")

        for i in range(0, head, part):
            for bit in (1, 1 << int(rng.integers(1, 8))):
                look(raw[:i] + bytes([raw[i] ^ bit]) + raw[i + 1 :], f"header byte {i}")
        for _ in range(run.count):
            i = int(rng.integers(head, len(raw)))
            flipped = raw[i] ^ (1 << int(rng.integers(8)))
            look(raw[:i] + bytes([flipped]) + raw[i + 1 :], f"body byte {i}")
        for n in range(0, len(raw), part):
            look(raw[:n], f"cut at {n}")
        look(raw + b"\0", "one byte too many")
    return Found(f"{len(faults)} wrong loads of {done:,}", first(faults))


# --------------------------------------------------------------- F4


@row(
    "F4",
    "shipped code: no pickle, eval, exec, yaml.load, allow_pickle, shell=True",
    "none; a gate in the tests checks it",
    count=1,
    sample=1,
)
def f4(run: Run) -> Found:
    place = HERE / "tests" / "test_source.py"
    described = importlib.util.spec_from_file_location("gate", place)
    assert described is not None
    assert described.loader is not None
    gate = importlib.util.module_from_spec(described)
    described.loader.exec_module(gate)
    allowed: set[str] = set(getattr(gate, "WRITES_PROGRAMS", ()))
    faults, files = [], 0
    for file in sorted((HERE / "src" / "seegrad").rglob("*.py")):
        files += 1
        if file.relative_to(HERE / "src" / "seegrad").as_posix() not in allowed:
            faults += [f"{file.name}: {x}" for x in gate.runs_text(file.read_text("utf-8"))]
    return Found(f"{len(faults)} in {files} files", first(faults))


# --------------------------------------------------------------- S5


def _trainer() -> Trainer:
    sg.nn.seed(3)
    net = sg.nn.Sequential(
        sg.nn.Affine(2, 8), sg.nn.ReLU(), sg.nn.Dropout(0.2), sg.nn.Affine(8, 2)
    )
    return Trainer(net, sg.optim.Adam(net.parameters(), lr=0.01), seed=5)


def _weights(trainer: Trainer) -> list[bytes]:
    return [np.asarray(v).tobytes() for v in trainer.network.state_dict().values()]


@row(
    "S5",
    "a run saved and resumed at many points (Adam, dropout, mini-batches drawn anew)",
    "50 points: bitwise equal to the uninterrupted run",
    count=50,
    sample=4,
)
def s5(run: Run) -> Found:
    moons, faults = data.moons(30), []
    whole = _trainer()
    whole.fit(moons, steps=60, batch=10)
    right = _weights(whole)
    points = sorted({1 + (58 * k) // max(run.count - 1, 1) for k in range(run.count)})
    with folder() as place:
        for point in points:
            before = _trainer()
            before.fit(moons, steps=point, batch=10)
            before.save(place / "run.safetensors")
            sg.nn.seed(99)
            again = _trainer()
            again.resume(place / "run.safetensors")
            again.fit(moons, steps=60, batch=10)
            if _weights(again) != right:
                faults.append(f"stopped after step {point}: other weights")
    return Found(f"{len(points) - len(faults)} of {len(points)} equal", first(faults))
