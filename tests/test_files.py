"""Writing whole or not at all, whichever call to the system fails."""

from __future__ import annotations

import os

import pytest

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
