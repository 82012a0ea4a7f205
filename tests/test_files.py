"""Writing whole or not at all, whichever call to the system fails."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from seegrad import files
from seegrad.errors import FormatError
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
