"""Tracing again and again: over changing shapes, nothing is left behind."""

from __future__ import annotations

import datetime
import gc
import importlib
import os
import random
import time
import tracemalloc
import warnings
from dataclasses import FrozenInstanceError
from itertools import pairwise

import numpy as np
import pytest

import seegrad as sg
from seegrad import nn, optim
from seegrad.errors import SeegradWarning

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
    # larger sizes are objects of their own; a variant that stays would be hundreds of blocks
    assert grown < 10 * FEW, f"{grown / FEW:.0f} blocks a retrace"


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


GENERATOR, ROWS, PYTHONS = np.random.default_rng(0), iter(range(100)), random.Random(0)
LEGACY = np.random.RandomState(0)


def counting():
    """Numbers one after the other, from a generator."""
    yield from range(1, 100)


COUNTED = counting()


@pytest.mark.parametrize(
    ("draw", "name"),
    [
        (lambda: np.random.randn(), "np.random"),
        (lambda: random.random(), "random"),
        (lambda: GENERATOR.normal(), "Generator"),
        (lambda: LEGACY.rand(), "RandomState"),
        (lambda: PYTHONS.random(), "Random"),
        (lambda: next(ROWS), "range_iterator"),
        (lambda: next(COUNTED), "generator"),
    ],
)
def test_what_is_drawn_while_a_function_is_traced_is_told_in_both_languages(draw, name):
    x = np.ones(3)
    said = {"en": f"draws from {name} is drawn once", "ko": f"함수가 {name}에서 뽑는 것은"}
    for lang, words in said.items():
        sg.set_language(lang)
        try:
            with pytest.warns(SeegradWarning, match=words) as found:
                sg.compile(lambda x: x * draw())(x)
        finally:
            sg.set_language("en")
        assert len(found) == 1
        assert "test_retracing.py" in str(found[0].message)
    with pytest.warns(SeegradWarning, match=f"draws from {name}"):
        sg.scan(lambda c, row: (c * draw(), None), 1.0, x)
    with pytest.warns(SeegradWarning, match=f"draws from {name}"):
        sg.vmap(lambda row: row * draw())(x)
    sg.cond(True, lambda c: c * draw(), lambda c: c, 1.0)      # drawn anew at every call


@pytest.mark.parametrize(
    ("draw", "name"),
    [
        (lambda: np.random.default_rng().normal(), "default_rng"),
        (lambda: random.Random().random(), "Random"),
        (lambda: time.perf_counter(), "perf_counter, time"),
        (lambda: datetime.datetime.now().microsecond + time.time(), "now, time"),
        (lambda: int.from_bytes(os.urandom(4), "little"), "urandom"),
    ],
)
def test_what_comes_anew_at_every_call_is_told_though_nothing_says_how_far_it_is(draw, name):
    with pytest.warns(SeegradWarning, match=f"draws from {name} is drawn once") as found:
        sg.compile(lambda x: x * draw())(np.ones(3))
    assert len(found) == 1


def test_what_comes_the_same_at_every_call_is_not_told():
    def seeded(x):
        return x * np.random.default_rng(3).normal(), x.sum() * [1, 2].count(1)

    def timed(x):
        began = time.perf_counter()
        y = sg.exp(x)
        print(time.perf_counter() - began)
        return y

    for f in (seeded, timed):
        sg.compile(f)(np.ones(3))


def test_what_a_function_draws_of_ours_is_drawn_anew_and_not_told():
    x = np.ones(3)

    @sg.compile
    def noisy(key, x):
        return x + sg.random.normal(key, (3,))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first, second = (noisy(sg.random.key(seed), x) for seed in (0, 1))
    assert not np.array_equal(first.value, second.value)


def test_a_group_of_an_optimizer_is_set_by_its_settings_only():
    w = sg.tensor([1.0], name="w")
    group = sg.optim.SGD([w], lr=0.1).groups[0]
    with pytest.raises(FrozenInstanceError):
        group.lr = 0.5
    assert group["lr"] == 0.1
    assert "1 parameters" in repr(group)


RULES = [optim.Adam, optim.AdamW, optim.SparseAdam, optim.Adamax, optim.RAdam, optim.NAdam,
         optim.SGD, optim.RMSprop, optim.Adadelta]  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_an_error_in_the_middle_of_a_step_leaves_nothing_behind(rule):
    net = nn.Linear(2, 1)
    made, faults, seen = rule(net.parameters(), lr=0.1), [ValueError("mine")], {"last": None}
    kept = []

    @sg.compile
    def step(x):
        made.zero_grad()
        loss = (net(x) ** 2).mean()
        loss.backward()
        made.step()
        if faults:
            seen["last"], seen["new"] = loss, loss
            kept.append(loss)
            raise faults[0]
        return loss

    x = np.ones((4, 2), np.float32)
    before = net.W.value
    with pytest.raises(ValueError, match="mine"):
        step(x)
    assert (seen, kept) == ({"last": None}, [])
    np.testing.assert_array_equal(net.W.value, before)
    faults.clear()
    first = step(x).item()
    assert step(x).item() != first
    made.zero_grad()
    (net(x) ** 2).mean().backward()
    made.step()                                             # and without compiling, too
