"""State kept turned round in memory: where it pays, with the same values, whatever reads it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import seegrad as sg
from seegrad.compiler import target
from seegrad.compiler.ir.alignment import aligned, pointer

pytestmark = pytest.mark.skipif(not target.available(), reason="needs llvmlite")

CHANCE = np.random.default_rng(3)
X = CHANCE.standard_normal((20, 96)).astype(np.float32)
START = CHANCE.standard_normal((96, 5)).astype(np.float32)


def descent(look: Any = lambda w: 0.0, start: Any = START) -> tuple[Any, Any]:
    """A weight of a ragged width, and a step that changes it; `look` also reads the weight."""
    w = sg.tensor(start, requires_grad=True, name="w")

    def step(x: Any) -> Any:
        w.grad = None
        loss = (sg.tanh(x @ w) ** 2).mean() + look(w)
        loss.backward()
        w.assign(w - 0.5 * w.grad)
        return loss

    return w, step


def order_of(compiled: Any) -> tuple[int, ...]:
    (slot,) = [s for s in compiled.newest.executable.slots if s.assigned]
    order: tuple[int, ...] = slot.buffer.order
    return order


@pytest.mark.parametrize("threads", [1, 2])
def test_a_tall_weight_lies_along_its_longer_axis_and_ends_up_the_same(threads: int) -> None:
    w, step = descent()
    eager = [step(X).item() for _ in range(4)]
    v, again = descent()
    compiled = sg.compile(again, threads=threads)
    losses = [compiled(X).item() for _ in range(4)]
    assert order_of(compiled) == (1, 0)
    assert v.data.strides[0] < v.data.strides[1]
    np.testing.assert_allclose(losses, eager, rtol=1e-5)
    np.testing.assert_allclose(v.data, w.data, rtol=1e-5, atol=1e-6)


def test_who_reads_a_turned_weight_sees_its_values() -> None:
    w, step = descent()
    compiled = sg.compile(step)
    compiled(X)
    shown = np.array(w.data, order="C")
    reading = sg.compile(lambda x: x @ w)
    np.testing.assert_allclose(reading(X).data, X @ shown, rtol=1e-4, atol=1e-5)
    compiled(X)
    np.testing.assert_allclose(reading(X).data, X @ w.data, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal((w * 1.0).data, w.data)


def _passes(compiled: Any, times: int = 1) -> None:
    rows = np.arange(20).reshape(4, 5)
    for _ in range(times):
        compiled.epoch(X, batch=5, rows=rows)


def test_passes_go_on_where_the_last_one_ended() -> None:
    """Between them a weight is shown in C order; its memory is taken up again, not copied."""
    w, step = descent()
    for _ in range(3):
        for rows in np.arange(20).reshape(4, 5):
            step(X[rows])
    v, again = descent()
    compiled = sg.compile(again)
    _passes(compiled)
    (slot,) = [s for s in compiled.newest.executable.slots if s.assigned]
    memory = pointer(slot.view)
    assert v.data.flags.c_contiguous
    _passes(compiled, 2)
    assert pointer(slot.view) == memory
    np.testing.assert_allclose(v.data, w.data, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("between", ["a call", "a pass", "a change", "another", "a reader"])
def test_a_value_put_back_is_taken_as_it_was(between: str) -> None:
    """An array that was shown keeps its numbers, and counts when it is put back, whatever ran."""
    v, step = descent()
    compiled, other = sg.compile(step), sg.compile(step)
    _passes(compiled)
    shown, values = v.data, np.array(v.data)
    if between == "a call":
        compiled(X)
        compiled(X)
    elif between == "a pass":
        _passes(compiled, 2)
    elif between == "a change":
        compiled.epoch(X, batch=5, rows=np.arange(20).reshape(4, 5),
                       progress=lambda done, losses: v.assign(values * 0))
    elif between == "another":
        _passes(other)
        other(X[:7])
    else:
        held = [v.data]
        _passes(compiled)
        held.append(v.data)
        compiled(X[:5])
        assert not np.array_equal(held[1], v.data)
    np.testing.assert_array_equal(shown, values)
    v.data = shown
    _passes(compiled)
    found = np.array(v.data)
    w, fresh = descent(start=values)
    _passes(sg.compile(fresh))
    np.testing.assert_array_equal(found, w.data)
    np.testing.assert_array_equal(shown, values)


def test_a_weight_that_is_also_read_in_part_stays_as_it_is() -> None:
    _, step = descent(lambda w: w[1:4].sum())
    compiled = sg.compile(step)
    compiled(X)
    assert order_of(compiled) == (0, 1)


def test_rows_fetched_ahead_are_never_read_behind_the_index() -> None:
    """The last tile has no rows after it; an epoch gives what its steps give."""
    data = CHANCE.standard_normal((50, 200)).astype(np.float32)
    start = CHANCE.standard_normal((200, 5)).astype(np.float32)
    _, step = descent(start=start)
    rows = CHANCE.integers(0, 50, (7, 13))
    want = [step(data[r]).item() for r in rows]
    _, again = descent(start=start)
    compiled = sg.compile(again)
    got = compiled.epoch(data, batch=13, rows=rows)
    assert "llvm.prefetch" in compiled.assembly
    np.testing.assert_allclose(got, want, rtol=1e-4)


def test_small_arrays_begin_with_a_cache_line_and_large_ones_with_a_page():
    for order in ((0, 1), (1, 0)):
        assert pointer(aligned((3, 5), np.float32, order)) % 64 == 0
        large = aligned((1000, 300), np.float32, order)
        assert pointer(large) % 4096 == 0
        assert large.shape == (1000, 300)
