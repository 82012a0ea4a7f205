"""F3: files that lie or attack, and how they are refused: soon, and without much memory."""

from __future__ import annotations

import gzip
import io
import json
import os
import resource
import signal
import struct
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import seegrad as sg
from seegrad import data
from seegrad.onnx.reading import read_model
from seegrad.safetensors_file import load_arrays
from trust.harness.isolation import folder, memory
from trust.harness.row import Found, Run, first, row

MB = 2**20


def _safetensors(head: Any, body: bytes = b"", size: int | None = None) -> bytes:
    text = head if isinstance(head, bytes) else json.dumps(head).encode()
    return struct.pack("<Q", len(text) if size is None else size) + text + body


def _npz(**parts: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name.replace("__", "/"), part)
    return stream.getvalue()


def _npy(head: str, body: bytes = b"") -> bytes:
    text = head.encode("latin1")
    text += b" " * (63 - (len(text) + 10) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + body


def _objects() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.array([{"a": 1}], object), allow_pickle=True)
    return stream.getvalue()


def _tensor(shape: Any, offsets: Any, dtype: str = "F32") -> dict[str, Any]:
    return {"W": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}


def hostile() -> Iterator[tuple[str, str, bytes]]:
    """(what, suffix, bytes) of files that must be refused."""
    st = ".safetensors"
    yield "no header", st, b""
    yield "a header of 2⁶³ bytes", st, _safetensors(b"{}", size=2**63)
    yield "a header longer than the file", st, _safetensors(b"{}", size=10**9)
    yield "a header that is no JSON", st, _safetensors(b"\x80\x04]q\x00.")
    yield "a header that is a list", st, _safetensors([1, 2])
    yield "a deep header", st, _safetensors(b'{"a":' * 100_000)
    yield "an overflowing shape", st, _safetensors(_tensor([2**62, 4], [0, 16]), b"\0" * 16)
    yield "a wrapping shape", st, _safetensors(_tensor([2**63, 2], [0, 0]))
    yield "a negative shape", st, _safetensors(_tensor([-1, -4], [0, 16]), b"\0" * 16)
    yield "offsets beyond the end", st, _safetensors(_tensor([4], [0, 16]), b"\0" * 4)
    yield "offsets turned round", st, _safetensors(_tensor([4], [16, 0]), b"\0" * 16)
    yield "offsets too far apart", st, _safetensors(_tensor([1], [0, 16]), b"\0" * 16)
    yield "overlapping offsets", st, _safetensors(
        {**_tensor([4], [0, 16]), "V": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}},
        b"\0" * 16,
    )
    yield "an unknown dtype", st, _safetensors(_tensor([4], [0, 16], "F31"), b"\0" * 16)
    yield "a dtype that is no text", st, _safetensors(_tensor([4], [0, 16], {}), b"\0" * 16)  # type: ignore[arg-type]
    yield "a pickle under this name", st, b"\x80\x04\x95" + b"cos\nsystem\n(S'true'\ntR." * 3
    yield "objects in an npz", ".npz", _npz(**{"x.npy": _objects(), "t.npy": _objects()})
    yield "a pickle in an npz", ".npz", _npz(**{"x.npy": b"cos\nsystem\n(S'true'\ntR."})
    yield "a path out of the npz", ".npz", _npz(**{"..__..__x.npy": _objects()})
    bomb = _npy("{'descr': '<f8', 'fortran_order': False, 'shape': (33554432,), }", b"\0" * 2**28)
    yield "a bomb in an npz", ".npz", _npz(**{"x.npy": bomb, "t.npy": bomb[:80]})
    for shape in ("(4611686018427387904, 4)", "(-1,)", "(10**9,)", "'a'", "(1.5,)", "(" * 500):
        head = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}"
        yield f"an npy of shape {shape[:30]}", ".npz", _npz(**{"x.npy": _npy(head, b"\0" * 64)})
    code = "{'descr': __import__('os').system('true'), 'fortran_order': False, 'shape': (1,), }"
    yield "code in an npy", ".npz", _npz(**{"x.npy": _npy(code, b"\0" * 64)})
    yield "an empty npz", ".npz", _npz()
    yield "no zip", ".npz", b"PK\x03\x04" + b"\0" * 50
    big = struct.pack(">IIII", 0x00000803, 2**31 - 1, 2**31 - 1, 2**31 - 1)
    yield "an IDX of 2⁹³ bytes", "-idx3-ubyte", big
    yield "an IDX with 255 axes", "-idx3-ubyte", b"\0\0\x08\xff" + b"\xff" * 1020
    yield "an IDX of doubles cut short", "-idx3-ubyte", struct.pack(">III", 0x00000E02, 5, 5)
    yield "a gzip bomb", "-idx3-ubyte.gz", gzip.compress(struct.pack(
        ">IIII", 0x803, 2**15, 2**7, 2**7) + b"\0" * 2**28, 9)  # fmt: skip
    yield "half a gzip", "-idx3-ubyte.gz", gzip.compress(b"\0" * 10**5)[:60]
    yield "a CSV of NUL", ".csv", b"\0" * 10**6
    yield "a CSV with one long field", ".csv", b"a,b\n" + b"9" * 10**6 + b",1\n"
    yield "a CSV with 10⁵ columns in one line", ".csv", b"a,b\n" + b"1," * 10**5 + b"1\n"
    yield "a CSV that is no text", ".csv", bytes(range(128, 256)) * 1000
    yield "an ONNX of noise", ".onnx", bytes(range(256)) * 40
    yield "an ONNX cut short", ".onnx", b"\x08\x08\x12\xff\xff\xff\xff\x0f"
    yield "an ONNX with a huge field", ".onnx", b"\x3a" + b"\xff" * 9 + b"\x01" + b"a" * 100


READERS: dict[str, Callable[[Path], Any]] = {
    ".safetensors": load_arrays,
    ".npz": data.npz,
    "-idx3-ubyte": lambda p: data.mnist(p),
    "-idx3-ubyte.gz": lambda p: data.mnist(p),
    ".csv": lambda p: data.csv(p),
    ".onnx": read_model,
}


def _read_apart(read: Callable[[Path], Any], file: Path) -> dict[str, Any]:
    """Read a file in a child: what came of it, how long it took and how much memory."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(out)
        before, started = memory(), time.perf_counter()
        try:
            read(file)
            told = "was accepted"
        except sg.SeegradError:
            told = ""
        except BaseException as error:
            told = f"a bare {type(error).__name__}: {str(error)[:100]}"
        taken = time.perf_counter() - started
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
        os.write(into, json.dumps([told, taken, peak]).encode())
        os._exit(0)
    os.close(into)
    started = time.perf_counter()
    while os.waitpid(child, os.WNOHANG)[0] == 0:
        if time.perf_counter() - started > 20:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            break
        time.sleep(0.002)
    with os.fdopen(out) as stream:
        text = stream.read()
    told, taken, peak = json.loads(text) if text else ("it died or hung", 20.0, 0)
    return {"told": told, "seconds": taken, "peak": peak}


@row(
    "F3",
    "hostile files: bombs, pickles, objects, paths, overflowing shapes; safetensors, npz, IDX, CSV,"
    " ONNX",
    "refused in ≤ 1 s, memory ≤ 2 × the file",
    count=1,
    sample=1,
)
def f3(run: Run) -> Found:
    faults, done, slowest = [], 0, 0.0
    with folder() as place:
        for what, suffix, raw in hostile():
            if suffix not in READERS:
                continue
            done += 1
            file = place / f"train-images{suffix}"
            file.write_bytes(raw)
            found = _read_apart(READERS[suffix], file)
            slowest = max(slowest, found["seconds"])
            if found["told"]:
                faults.append(f"{what}: {found['told']}")
            if run.timed and found["seconds"] > 1:
                faults.append(f"{what}: {found['seconds']:.1f} s")
            if found["peak"] > 2 * len(raw) + 24 * MB:
                faults.append(f"{what}: {found['peak'] // MB} MB for {len(raw) / MB:.1f} MB")
            file.unlink()
    return Found(f"{done - len(faults)} of {done} refused, slowest {slowest:.2f} s", first(faults))
