"""Tracing again and again: over changing shapes, nothing is left behind."""

from __future__ import annotations

import gc
import importlib
import tracemalloc
from itertools import pairwise

import numpy as np

import seegrad as sg

compiling = importlib.import_module("seegrad.compiler.compile")
MANY, FEW = 70, 20


def test_retraces_over_changing_shapes_leave_nothing_behind(monkeypatch):
    monkeypatch.setattr(compiling, "KINDS", FEW)

    @sg.compile
    def slope(x, w):
        return sg.grad(lambda w: sg.sum(sg.tanh(x @ w)))(w)

    w = np.ones((5, 3), np.float32)

    def blocks_after(turn, kinds):
        """Blocks of memory that are held after so many new kinds of call."""
        for n in range(kinds):
            slope(np.ones((6 * n + turn, 5), np.float32), w)
        gc.collect()
        return sum(each.count for each in tracemalloc.take_snapshot().statistics("filename"))

    tracemalloc.start()
    blocks_after(1, MANY)  # from here on all caches are full
    blocks_after(2, FEW)
    held = [blocks_after(turn, FEW) for turn in (3, 4, 5, 6)]
    tracemalloc.stop()
    assert len(slope.variants) == FEW
    grown = min(after - before for before, after in pairwise(held))  # what every turn leaves
    assert grown < 5 * FEW, f"{grown / FEW:.0f} blocks a retrace"


def test_a_profile_may_be_captured():
    """What the compiler gave out is looked at like any other object."""
    step = sg.compile(lambda x: x * 2.0)
    found = step.profile(np.ones(3))

    def scaled(x):
        return x * float(len(found.lines) + 1)

    assert np.asarray(sg.compile(scaled)(np.ones(2))).tolist() == [len(found.lines) + 1.0] * 2


def test_a_detached_parameter_is_read_anew_at_every_call():
    w = sg.tensor([4.0], name="w")

    @sg.compile
    def halved(x):
        w.assign(w.detach() * 0.5)
        return x * w

    assert [halved(1.0).item() for _ in range(3)] == [2.0, 1.0, 0.5]
    w.assign([8.0])
    assert halved(1.0).item() == 4.0
