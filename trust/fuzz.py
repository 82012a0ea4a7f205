"""`python -m trust.fuzz TARGET [libFuzzer's options]`: coverage-guided fuzzing of what reads text.

Each target may refuse its input by a named error; anything else that is raised is a find. Needs the
package atheris; the inputs that found something belong into the tests.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import atheris
import numpy as np

with atheris.instrument_imports(include=["seegrad"]):
    import seegrad as sg
    from seegrad import data
    from seegrad.data.archive import read_npz
    from seegrad.data.idx import read_idx
    from seegrad.expression import read_expression, read_value
    from seegrad.formats.onnx import read_model
    from seegrad.formats.safetensors import load_arrays, save_arrays
    from trust.storage import hostile

PLACE = Path(tempfile.mkdtemp(prefix="seegrad-fuzz-"))


def _expression(raw: bytes) -> None:
    text = raw.decode("utf-8", "replace")
    name, _, rest = text.partition("\n")
    read_expression(rest, {"x": read_value("x", name or "1"), "y": sg.tensor(2.0)})


def _file(suffix: str, read: Callable[[Path], object]) -> Callable[[bytes], None]:
    file = PLACE / f"input{suffix}"

    def target(raw: bytes) -> None:
        file.write_bytes(raw)
        read(file)

    return target


TARGETS: dict[str, Callable[[bytes], None]] = {
    "expression": _expression,
    "idx": _file("-idx3-ubyte", read_idx),
    "csv": _file(".csv", data.csv),
    "npz": _file(".npz", read_npz),
    "safetensors": _file(".safetensors", load_arrays),
    "onnx": _file(".onnx", read_model),
}


def seeds(target: str) -> Path:
    """A folder of inputs to begin with: right ones, and the hostile files of row F3."""
    place = PLACE / "seeds"
    place.mkdir()
    texts = {
        "expression": [b"1\n(x+y)**2", b"[1, 2]\nsum(exp(x) * y, axis=0)"],
        "csv": [b"a,b,t\n1,2,0\n3,4,1\n", b"1;2\n3;4\n"],
    }
    found = list(texts.get(target, ()))
    file = PLACE / "seed.safetensors"
    if target == "safetensors":
        save_arrays({"W": np.ones((2, 3)), "b": np.zeros(2, np.int32)}, file, {"k": "v"})
        found.append(file.read_bytes())
    if target == "idx":
        found.append(bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6]))
    if target == "npz":
        np.savez(PLACE / "seed.npz", x=np.ones((2, 2)), t=np.zeros(2, np.int64))
        found.append((PLACE / "seed.npz").read_bytes())
    found += [raw for _, suffix, raw in hostile() if target in suffix and len(raw) < 4096]
    for k, raw in enumerate(found):
        (place / str(k)).write_bytes(raw)
    return place


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        raise SystemExit(f"name a target: {' '.join(TARGETS)}")
    name = sys.argv.pop(1)
    target = TARGETS[name]
    sys.argv.append(str(seeds(name)))

    def once(raw: bytes) -> None:
        with suppress(sg.SeegradError):
            target(raw)

    atheris.Setup(sys.argv, once)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
