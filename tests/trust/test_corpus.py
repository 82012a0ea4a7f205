"""Inputs that once went wrong, and the small corpus of the fuzzers: refused by name, or read."""

from __future__ import annotations

import pytest

from trust.files.fuzz_targets import TARGETS
from trust.files.fuzzing import CORPUS, fault_of

FILES = sorted(file for file in CORPUS.rglob("*") if file.is_file())


def test_every_target_has_a_corpus():
    assert {file.parent.name for file in FILES} == set(TARGETS)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("file", FILES, ids=lambda f: f"{f.parent.name}/{f.name}")
def test_an_input_is_refused_by_name_or_read(file):
    assert fault_of(TARGETS[file.parent.name], file.read_bytes()) is None
