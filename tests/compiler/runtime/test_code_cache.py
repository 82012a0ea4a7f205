"""Machine code kept on disk: a second start compiles nothing, and nothing strange is ever run."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import seegrad as sg
from seegrad.compiler import build, target
from seegrad.compiler.runtime import code_cache, jit

pytestmark = pytest.mark.skipif(not target.available(), reason="llvmlite is not installed")

JOB = """
import numpy as np
import seegrad as sg
from seegrad.compiler.runtime import jit

compiled = []
real = jit._optimised
jit._optimised = lambda *given: (compiled.append(1), real(*given))
for threads in (1, 2):
    step = sg.compile(sg.value_and_grad(lambda x: (sg.tanh(x @ x.T) ** 2).sum()), threads=threads)
    loss, slope = step(np.arange(60000.0).reshape(200, 300) / 1e5)
    print(loss.item().hex(), np.asarray(slope).sum().hex())
print(len(compiled))
"""


def _started(folder):
    """What a new process prints, and how many programs it compiled."""
    env = {**os.environ, "SEEGRAD_CACHE_DIR": str(folder)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", JOB], env=env, capture_output=True, text=True,
        check=True,
    )
    *said, count = done.stdout.splitlines()
    return said, int(count)


def test_a_second_start_compiles_nothing(tmp_path):
    folder = tmp_path / "cache"
    first, compiled = _started(folder)
    assert compiled >= 2
    assert len(list(folder.glob("*.code"))) == compiled
    assert not [p for p in folder.iterdir() if p.suffix != ".code"]
    assert _started(folder) == (first, 0)


def _filled(folder, monkeypatch):
    """A program whose code is kept in `folder`, and its file."""
    monkeypatch.setenv(code_cache.FOLDER, str(folder))
    build.made.cache_clear()
    assert _value() == 15.0
    build.made.cache_clear()
    (file,) = folder.glob("*.code")
    return file


def _value():
    return sg.compile(lambda x: (x * 3.0).sum(), threads=1)(np.ones(5)).item()


def _flip(file):
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)


def _cut(file):
    file.write_bytes(file.read_bytes()[:-7])


def _other(file):
    """The whole file of another program, under this one's name."""
    name = b"\x01" * 32
    code_cache.keep(name, b"\x00" * 100)
    os.replace(file.parent / f"{name.hex()}.code", file)


def _open(file):
    file.chmod(0o666)


def _linked(file):
    there = file.with_suffix(".elsewhere")
    file.rename(there)
    file.symlink_to(there)


def _folder_open(file):
    file.parent.chmod(0o777)


@pytest.mark.skipif(os.name == "nt", reason="Windows has neither owners nor modes")
@pytest.mark.parametrize("harm", [_flip, _cut, _other, _open, _linked, _folder_open])
def test_what_is_damaged_or_not_ours_alone_is_never_run(harm, tmp_path, monkeypatch):
    file = _filled(tmp_path / "cache", monkeypatch)
    harm(file)
    taken = []
    monkeypatch.setattr(jit, "_optimised", lambda *x: taken.append(jit_optimised(*x)))
    with pytest.warns(code_cache.CacheWarning, match="is not used") as said:
        assert _value() == 15.0
    assert taken
    assert "\n" not in str(said[0].message).split("  at:")[0].strip()


jit_optimised = jit._optimised


def test_what_belongs_to_somebody_else_is_never_run(tmp_path, monkeypatch):
    if not hasattr(os, "geteuid"):
        pytest.skip("there are no owners here")
    _filled(tmp_path / "cache", monkeypatch)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.warns(code_cache.CacheWarning, match="somebody else"):
        assert _value() == 15.0


def test_other_code_has_another_key():
    parts = ("0.1", "x86", "text")
    assert code_cache.key(parts) == code_cache.key(parts)
    assert code_cache.key(("0.1x", "86", "text")) != code_cache.key(parts)


def test_without_the_variable_nothing_is_kept(tmp_path, monkeypatch):
    monkeypatch.delenv(code_cache.FOLDER, raising=False)
    code_cache.keep(b"\x02" * 32, b"code")
    assert code_cache.load(b"\x02" * 32) is None
    assert not list(Path(tmp_path).iterdir())


def test_a_folder_that_cannot_be_written_is_told_once_and_left_alone(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(code_cache.FOLDER, str(tmp_path / "file" / "cache"))
    build.made.cache_clear()
    with pytest.warns(code_cache.CacheWarning, match="is not used"):
        assert _value() == 15.0
