"""Writing whole or not at all, whichever call to the system fails."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

import seegrad as sg
from seegrad import files
from seegrad.book import load_mnist
from seegrad.data.idx import read_idx
from seegrad.data.npz_file import read_npz
from seegrad.errors import AccessError, CallError, FolderError, FormatError, MissingFileError
from seegrad.files import write_whole


def test_text_and_bytes_are_written(tmp_path):
    file = write_whole(tmp_path / "a.txt", "가나")
    assert file.read_text("utf-8") == "가나"
    write_whole(file, b"\0\1")
    assert file.read_bytes() == b"\0\1"
    assert os.listdir(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failing_call_leaves_the_old_file_and_no_other(tmp_path, monkeypatch, call, fault):
    file = write_whole(tmp_path / "a.txt", "old")

    def fail(*arguments):
        raise fault

    monkeypatch.setattr(os, call, fail)
    expected = FormatError if isinstance(fault, OSError) else KeyboardInterrupt
    with pytest.raises(expected):
        write_whole(file, "new")
    monkeypatch.undo()
    assert file.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FormatError, match="No such file or directory"):
        write_whole(tmp_path / "no" / "a.txt", "x")


def test_writers_at_once_leave_a_whole_file_and_nothing_beside(tmp_path):
    file = tmp_path / "notes.txt"
    texts = [letter * 100_000 for letter in "abcd"]

    def write(text):
        for _ in range(20):
            write_whole(file, text)

    writers = [threading.Thread(target=write, args=(text,)) for text in texts]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        if file.exists():
            assert file.read_text() in texts
    assert file.read_text() in texts
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX processes")
def test_what_a_killed_writer_left_is_removed_by_the_next(tmp_path):
    file = tmp_path / "notes.txt"
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    own = files._beside(file)
    own.with_name(own.name.replace(str(os.getpid()), str(gone.pid))).write_text("half")
    files._beside(file).write_text("a live writer's")
    assert len(list(tmp_path.glob(".*.tmp"))) == 1
    write_whole(file, "whole")
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]


READERS = {
    "load": lambda path: sg.load(sg.nn.Affine(2, 1), path),
    "import_onnx": sg.import_onnx,
    "mnist": sg.data.mnist,
    "load_mnist": lambda path: load_mnist(path=path),
    "csv": sg.data.csv,
    "npz": sg.data.npz,
    "read_npz": read_npz,
    "read_idx": read_idx,
    "mapped": sg.data.mapped,
    "mapped, two": lambda path: sg.data.mapped(path, path),
    "parquet": sg.data.parquet,
}
"""Everything that reads a file."""


def fails_with(kind, also, call, path):
    with pytest.raises(kind) as caught:
        call(path)
    assert isinstance(caught.value, FormatError)
    assert isinstance(caught.value, also)
    assert caught.value.asked
    assert caught.value.came
    assert str(caught.value) == caught.value.message()


@pytest.mark.parametrize("name", READERS)
def test_a_missing_file_is_a_file_not_found_error(tmp_path, name):
    fails_with(MissingFileError, FileNotFoundError, READERS[name], tmp_path / "no.x")
    fails_with(MissingFileError, FileNotFoundError, READERS[name], str(tmp_path / "no" / "no.x"))
    fails_with(MissingFileError, FileNotFoundError, READERS[name], "~nobody-of-this-name/no.x")


@pytest.mark.parametrize("name", READERS)
def test_a_folder_in_place_of_a_file_is_named(tmp_path, name):
    kind, also = FolderError, IsADirectoryError
    if "mnist" in name:
        kind, also = MissingFileError, FileNotFoundError
    fails_with(kind, also, READERS[name], tmp_path)


@pytest.mark.parametrize("name", READERS)
def test_a_file_that_may_not_be_read_is_named(tmp_path, name, monkeypatch):
    file = tmp_path / "a.x"
    file.write_text("1")
    opened = type(file).open

    def refuse(path, *rest, **more):
        if path == file:
            raise PermissionError(13, "Permission denied", str(file))
        return opened(path, *rest, **more)

    monkeypatch.setattr(type(file), "open", refuse)
    fails_with(AccessError, PermissionError, READERS[name], file)


@pytest.mark.parametrize("path", [None, 3, 1.5, ["a"]])
@pytest.mark.parametrize("name", sorted(set(READERS) - {"load_mnist"}))
def test_what_is_no_path_is_named(name, path):
    with pytest.raises(CallError, match="no path"):
        READERS[name](path)


def test_writing_says_which_kind_of_fault_it_was(tmp_path):
    fails_with(MissingFileError, FileNotFoundError, lambda p: write_whole(p, "x"),
               tmp_path / "no" / "a.txt")  # fmt: skip
    fails_with(FolderError, IsADirectoryError, lambda p: write_whole(p, "x"), tmp_path)
    with pytest.raises(CallError):
        write_whole(None, "x")


def test_the_hint_of_load_names_an_argument_that_it_has(tmp_path):
    small = sg.nn.Sequential(sg.nn.Affine(2, 1))
    file = sg.save(sg.nn.Affine(2, 1), tmp_path / "a.safetensors")
    with pytest.raises(sg.SeegradError, match="strict=False") as caught:
        sg.load(small, file)
    assert "strict=False" in caught.value.hint
    sg.load(small, file, strict=False)
    with pytest.raises(sg.SeegradError, match="shape"):
        sg.load(sg.nn.Affine(3, 1), file, strict=False)
