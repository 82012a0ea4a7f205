"""What reads text and files, as targets for a fuzzer: seeds to begin with, and ways to mutate.

A target may refuse its input by a named error; whatever else it raises is a find. A flipped byte
rarely gets past a checksum or a length, so a mutation may also go inside: into the members of an
archive, the header of a safetensors file, the fields of an ONNX model; what holds them together is
then made right again. Nothing here needs the fuzzer itself, so that the tests replay the corpus.
"""

from __future__ import annotations

import io
import json
import struct
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

import seegrad as sg
from seegrad import data
from seegrad.data.idx import read_idx
from seegrad.data.npz_file import read_npz
from seegrad.expression import read_expression, read_value
from seegrad.onnx.importing import import_onnx
from seegrad.onnx.model import OPSET
from seegrad.onnx.package import official
from seegrad.safetensors_file import load_arrays, save_arrays
from trust.files.malicious_files import hostile

MEMORY = Path("/dev/shm")
PLACE = Path(tempfile.mkdtemp(prefix="seegrad-fuzz-", dir=MEMORY if MEMORY.is_dir() else None))
Blur = Callable[[bytes], bytes]
"""What changes some bytes at random."""


@dataclass(frozen=True)
class Target:
    """What is fed, with which inputs it begins, the words it knows, and a mutation from inside."""

    feed: Callable[[bytes], object]
    seeds: Callable[[], list[bytes]]
    words: tuple[str, ...] = ()
    inside: Callable[[bytes, Random, Blur], bytes] = lambda raw, rng, blur: blur(raw)


def file_target(suffix: str, *readers: Callable[[Path], object]) -> Callable[[bytes], None]:
    """Feed a file to its readers; one that refuses does not spare the next."""
    file = PLACE / f"train-images{suffix}"

    def feed(raw: bytes) -> None:
        file.write_bytes(raw)
        refused = None
        for read in readers:
            try:
                read(file)
            except sg.SeegradError as error:
                refused = error
        if refused is not None:
            raise refused

    return feed


def refused(suffix: str) -> list[bytes]:
    """The small ones of the hostile files of row F3."""
    return [raw for _, kind, raw in hostile() if kind == suffix and len(raw) < 4096]


# --------------------------------------------------------------- expressions


def _expression(raw: bytes) -> None:
    text = raw.decode("utf-8", "replace")
    value, _, rest = text.partition("\n")
    read_expression(rest, {"x": read_value("x", value or "1"), "y": sg.tensor(2.0)})


def _expressions() -> list[bytes]:
    texts = ("1\n(x+y)**2", "[1, 2]\nsum(exp(x) * y, axis=0)", "[[1, 2], [3, 4]]\nx @ x.T + [y, 1]",
             "[1, 2]\nconcatenate([x, x], axis=0)", "3\nwhere(x > 2, log(x), -x) % 2",
             "[[1, 2]]\nreshape(x, shape=(2, 1)) + pad(x, widths=1)")  # fmt: skip
    return [text.encode() for text in texts]


# --------------------------------------------------------------- npz and npy


def _npzs() -> list[bytes]:
    found = []
    for save in (np.savez, np.savez_compressed):
        for arrays in (
            {"x": np.ones((4, 2)), "t": np.array([0, 1, 0, 1])},
            {"x_train": np.ones((2, 3, 3), np.uint8), "t_train": np.array(["a", "b"]),
             "x_test": np.ones((1, 3, 3), np.uint8), "t_test": np.array(["a"])},
            {"data": np.asfortranarray(np.ones((2, 3), ">f4")), "labels": np.arange(2, dtype="u1")},
        ):  # fmt: skip
            stream = io.BytesIO()
            save(stream, **arrays)
            found.append(stream.getvalue())
    return [*found, *refused(".npz")]


def _inside_npz(raw: bytes, rng: Random, blur: Blur) -> bytes:
    """One member changed, the archive made anew with right checksums."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            members = {m.filename: archive.read(m) for m in archive.infolist()[:4]}
    except Exception:
        return blur(raw)
    if not members:
        return blur(raw)
    name = rng.choice(sorted(members))
    body = members[name]
    if rng.random() < 0.7 and body[:6] == b"\x93NUMPY" and len(body) > 12:
        size = int.from_bytes(body[8:10], "little")
        head = blur(body[10 : 10 + size])[:0xFFFF]
        members[name] = body[:8] + struct.pack("<H", len(head)) + head + body[10 + size :]
    else:
        members[name] = blur(body)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", rng.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])) as z:
        for each, content in members.items():
            z.writestr(each, content)
    return stream.getvalue()


# --------------------------------------------------------------- IDX


def _idxs() -> list[bytes]:
    two = bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6])
    floats = bytes([0, 0, 13, 1, 0, 0, 0, 2]) + np.ones(2, ">f4").tobytes()
    images = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4])
    return [two, floats, images, *refused("-idx3-ubyte"), *refused("-idx3-ubyte.gz")]


def _inside_idx(raw: bytes, rng: Random, blur: Blur) -> bytes:
    """The sizes made to fit the numbers that are there."""
    raw = blur(raw)
    if len(raw) < 5 or not 1 <= raw[3] <= 8:
        return raw
    start = 4 + 4 * raw[3]
    sizes = [rng.randrange(4) for _ in range(raw[3])]
    sizes[rng.randrange(len(sizes))] = max(len(raw) - start, 0)
    return raw[:4] + struct.pack(f">{raw[3]}I", *sizes) + raw[start:]


def _labelled(file: Path) -> object:
    """MNIST's reader, with labels beside."""
    beside = file.with_name("train-labels-idx1-ubyte")
    if not beside.exists():
        beside.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 2, 0, 9]))
    return data.mnist(file)


# --------------------------------------------------------------- safetensors


def _safetensors() -> list[bytes]:
    file = PLACE / "seed.safetensors"
    save_arrays({"W": np.ones((2, 3)), "b": np.zeros(2, np.int32)}, file, {"k": "v"})
    head = {"W": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
            "b": {"dtype": "BF16", "shape": [1], "data_offsets": [8, 10]},
            "__metadata__": {"a": "b"}}  # fmt: skip
    text = json.dumps(head).encode()
    return [file.read_bytes(), struct.pack("<Q", len(text)) + text + bytes(10),
            *refused(".safetensors")]  # fmt: skip


def _inside_safetensors(raw: bytes, rng: Random, blur: Blur) -> bytes:
    """The header changed, its length made right."""
    size = int.from_bytes(raw[:8], "little")
    if not 0 < size <= len(raw) - 8:
        return blur(raw)
    head = blur(raw[8 : 8 + size])
    return struct.pack("<Q", len(head)) + head + raw[8 + size :]


# --------------------------------------------------------------- ONNX


def _onnx() -> list[bytes]:
    nn, found = sg.nn, []
    networks = (
        (nn.Sequential(nn.Affine(3, 4), nn.ReLU(), nn.Affine(4, 2)), (3,)),
        (nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(2), nn.Flatten(), nn.Affine(2, 2)),
         (1, 4, 4)),
        (nn.Sequential(nn.LayerNorm(3), nn.Sigmoid(), nn.BatchNorm(3)), (3,)),
    )  # fmt: skip
    for network, shape in networks:
        sg.export_onnx(network.eval(), PLACE / "seed.onnx", np.ones((2, *shape), np.float32))
        found.append((PLACE / "seed.onnx").read_bytes())
    for loop in (_turns, _choice):
        sg.export_onnx(loop, PLACE / "seed.onnx", np.ones((2, 3), np.float32), dynamic_batch=False)
        found.append((PLACE / "seed.onnx").read_bytes())
    return [*found, *refused(".onnx")]


def _turns(x: Any) -> Any:
    return sg.while_loop(lambda c: c.sum() < 30.0, lambda c: c * 2, sg.scan(_turn, x[0], x)[1])


def _turn(carry: Any, row: Any) -> Any:
    return carry * row, carry


def _choice(x: Any) -> Any:
    return sg.cond(x.sum() > 3.0, lambda x: x * 2, lambda x: -x, x)


def _used(file: Path) -> None:
    """Import a model and run it on inputs of the shape that it names."""
    network = import_onnx(file)
    inputs = []
    for value in network.model.inputs[:4]:
        shape = tuple(n if isinstance(n, int) and 0 < n < 9 else 2 for n in value.shape[:5])
        inputs.append(np.ones(shape, value.dtype))
    with np.errstate(all="ignore"):
        network(*inputs)


INTEGERS = (0, 1, -1, 2, 3, 7, 10, 11, 13, 127, 2**31 - 1, -(2**31), 2**62, -(2**63))


def _fields(message: Any) -> list[tuple[Any, Any]]:
    """All fields that are set, in a message and in the messages inside it."""
    found, waiting = [], [message]
    while waiting and len(found) < 2000:
        one = waiting.pop()
        for field, value in one.ListFields():
            found.append((one, field))
            if field.message_type is not None:
                waiting += list(value) if _repeats(field) else [value]
    return found


def _repeats(field: Any) -> bool:
    repeats = getattr(field, "is_repeated", None)
    return bool(field.label == field.LABEL_REPEATED if repeats is None else repeats)


def _inside_onnx(raw: bytes, rng: Random, blur: Blur) -> bytes:
    """One field of a model lost, doubled, moved, or given another value."""
    model = official().ModelProto()
    try:
        model.ParseFromString(raw)
        one, field = rng.choice(_fields(model))
        _change(one, field, rng, blur, model)
        return bytes(model.SerializeToString())
    except Exception:
        return blur(raw)


def _change(one: Any, field: Any, rng: Random, blur: Blur, model: Any) -> None:
    kind = rng.random()
    if kind < 0.15:
        one.ClearField(field.name)
        return
    value = getattr(one, field.name)
    if _repeats(field):
        i = rng.randrange(len(value))
        if kind < 0.3:
            del value[i]
        elif field.message_type is not None:
            value.add().CopyFrom(value[i]) if kind < 0.6 else value[0].CopyFrom(value[i])
        elif kind < 0.45:
            value.append(value[i])
        else:
            value[i] = _other(value[i], rng, blur, model)
    elif field.message_type is None:
        setattr(one, field.name, _other(value, rng, blur, model))


def _other(value: Any, rng: Random, blur: Blur, model: Any) -> Any:
    """Another value of the same kind: a number at some edge, or a text that stands elsewhere."""
    if isinstance(value, bool | int):
        return rng.choice(INTEGERS)
    if isinstance(value, float):
        return rng.choice([0.0, -1.0, 1e30, float("nan"), float("inf")])
    if isinstance(value, bytes):
        return blur(value)
    texts = [t for n in model.graph.node for t in (n.op_type, *n.input, *n.output)]
    return rng.choice([*texts, *OPERATORS, "", blur(value.encode()).decode("utf-8", "replace")])


OPERATORS = ("Add", "Gemm", "Conv", "MaxPool", "Reshape", "Concat", "Gather", "Slice", "Cast",
             "Softmax", "Transpose", "Where", "Pad", "ReduceSum", "Clip", "Expand", "Flatten",
             "BatchNormalization", "ConstantOfShape", "Constant", "Identity", "Split", "Tile",
             "Unsqueeze", "Squeeze", "Shape", "Range", "OneHot", "Pow", "AveragePool")  # fmt: skip


# --------------------------------------------------------------- all of them

TARGETS: dict[str, Target] = {
    "expression": Target(
        _expression, _expressions,
        (*sg.TABLE, *"+-*/%@<>=()[],.", "**", "//", "axis=", "shape=", "keepdims=", "None", "pi"),
    ),
    "idx": Target(
        file_target("-idx3-ubyte", read_idx, _labelled), _idxs,
        ("\x00\x00\x08\x03", "\x00\x00\x0d\x01", "\x1f\x8b\x08"), _inside_idx,
    ),
    "csv": Target(
        file_target(".csv", data.csv),
        lambda: [b"a,b,t\n1,2,0\n3,4,1\n", b"1;2\n3;4\n", b'"a b",t\n1e3,x\n2,y\n'],
        (",", ";", "\t", "\n", "\r\n", '"', '""', "nan", "inf", "1e400", "\ufeff", "-", "."),
    ),
    "npz": Target(
        file_target(".npz", read_npz, data.npz), _npzs,
        ("descr", "fortran_order", "shape", "<f8", "|O", "|u1", "<U3", "True", "(1,)", "PK"),
        _inside_npz,
    ),
    "safetensors": Target(
        file_target(".safetensors", load_arrays), _safetensors,
        ("dtype", "shape", "data_offsets", "F32", "BF16", "I64", "BOOL", "__metadata__", "{}"),
        _inside_safetensors,
    ),
    "onnx": Target(
        file_target(".onnx", _used), _onnx, OPERATORS, _inside_onnx,
    ),
}  # fmt: skip
assert OPSET
