"""Derivatives of parts, put side by side: the bits of their sum, without the zeros between."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import seegrad as sg
from seegrad.compiler.ir.buffer import Buffer
from seegrad.compiler.passes import pipeline
from seegrad.graph.forms import Join, Place
from seegrad.graph.graph import Graph
from seegrad.ops.shape import slice_scatter, strided_slice
from seegrad.transforms.loops.body import Body

CHANCE = np.random.default_rng(4)
X = CHANCE.standard_normal((4, 6, 3))


def operations(compiled, form):
    return [n for n in compiled.graph.operations if isinstance(n.op.lower, form)]


def columns(x):
    h = 0.0
    for t in range(6):
        h = x[:, t] * x[:, t] + h * 0.25
    return h.sum()


def halves(x):
    if x.shape[1] < 2:
        return (x * x * 2.0).sum()
    middle = x.shape[1] // 2
    return halves(x[:, :middle]) * 0.5 + halves(x[:, middle:])


def both_ways(x):
    rows = [(x[i : i + 2, :3] * 0.5).sum() + (x[i : i + 2, 3:] * 2.0).sum() for i in (0, 2)]
    return rows[0] + rows[1] * 3.0


WHOLE = {
    "columns": (columns, 1),
    "halves of halves": (halves, 1),
    "out of order": (lambda x: (x[2:] ** 2).sum() + (x[0] * x[0]).sum() + (x[1] ** 2).sum(), 1),
    "thirds": (lambda x: (x[..., :1] * x[..., 1:2] + x[..., 2:]).sum(), 1),
}
PARTIAL = {
    "a gap": lambda x: (x[:, :2] * 2.0).sum() + (x[:, 3:] * 3.0).sum(),
    "an overlap": lambda x: (x[:, :4] * 2.0).sum() + (x[:, 2:] * 3.0).sum(),
    "twice the same": lambda x: (x[:, :3] * 2.0).sum() + (x[:, :3] * 3.0).sum(),
    "every other": lambda x: (x[:, ::2] * 2.0).sum() + (x[:, 1::2] * 3.0).sum(),
    "backwards": lambda x: (x[:, 2::-1] * 2.0).sum() + (x[:, 3:] * 3.0).sum(),
    "blocks": both_ways,
}


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", WHOLE)
def test_parts_that_fill_the_whole_are_joined(name, threads):
    f, joins = WHOLE[name]
    slope = sg.compile(sg.grad(f), threads=threads)
    np.testing.assert_array_equal(np.asarray(slope(X)), np.asarray(sg.grad(f)(X)))
    assert len(operations(slope, Join)) == joins
    assert not operations(slope, Place)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", PARTIAL)
def test_others_are_added_as_they_were(name, threads):
    f = PARTIAL[name]
    slope = sg.compile(sg.grad(f), threads=threads)
    np.testing.assert_array_equal(np.asarray(slope(X)), np.asarray(sg.grad(f)(X)))


def test_zero_stays_without_a_sign():
    """-0 placed and added to the zeros of the others is +0, and so it is where it is joined."""
    minus = np.full((2, 3), -0.0)

    def f(x, y):
        whole = slice_scatter(x, index=((0, 2, 1), (0, 3, 1)), shape=(4, 3))
        return whole + slice_scatter(y, index=((2, 2, 1), (0, 3, 1)), shape=(4, 3))

    joined = sg.compile(f)
    got = np.asarray(joined(minus, minus))
    assert not operations(joined, Place)
    np.testing.assert_array_equal(np.signbit(got), np.signbit(np.asarray(f(minus, minus))))
    nan = np.array([[np.nan, np.inf, -np.inf]] * 2)
    np.testing.assert_array_equal(np.asarray(joined(nan, minus)), np.asarray(f(nan, minus)))


def test_numbers_of_other_kinds_are_joined_too():
    for dtype in ("float32", "int64"):
        x = np.arange(6).reshape(2, 3).astype(dtype)
        f = lambda x: slice_scatter(x, index=((0, 2, 1), (0, 3, 1)), shape=(4, 3)) + slice_scatter(  # noqa: E731
            x, index=((2, 2, 1), (0, 3, 1)), shape=(4, 3)
        )
        joined = sg.compile(f)
        np.testing.assert_array_equal(np.asarray(joined(x)), np.asarray(f(x)), strict=True)
        assert operations(joined, Join)


def test_a_long_sum_of_parts_takes_time_in_proportion():
    """Every part is looked at once for each sum that it is in, by its size alone."""
    x = np.ones((400, 2))
    slope = sg.compile(sg.grad(lambda x: sum((x[i] ** 2 * i).sum() for i in range(400))))
    want = 2 * np.repeat(np.arange(400.0), 2).reshape(400, 2)
    np.testing.assert_array_equal(np.asarray(slope(x)), want)
    assert len(operations(slope, Join)) == 1


def test_a_part_that_is_used_thousands_of_times():
    x = np.ones((2, 3))

    def f(x):
        total = (x[1] * x[1]).sum()
        for _ in range(1500):
            total = total + (x[0] ** 2).sum()
        return total

    graph = sg.compile(sg.grad(f))
    np.testing.assert_array_equal(np.asarray(graph(x)), [[3000.0] * 3, [2.0] * 3])
    assert len(operations(graph, Join)) == 1


def test_the_pass_is_named_with_its_reason():
    assert any(p.name == "join_places" and "side by side" in p.reason for p in pipeline.PIPELINE)


@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=3), st.permutations(range(3)), st.data()
)
def test_a_box_is_what_a_slice_shows(shape, order, data):
    order = tuple(i for i in order if i < len(shape))
    buffer = Buffer("", tuple(shape), np.dtype(float), "temporary", order=order)
    cuts = []
    for n in shape:
        start = data.draw(st.integers(0, n - 1))
        cuts.append((start, data.draw(st.integers(1, n - start)), 1))
    view = buffer.view().slice(cuts)
    box = view.box()
    assert box is not None
    for (start, length, _), (low, high), n in zip(cuts, box, shape):
        assert (low, high) == (start, start + length) or n == 1
    turned = view.permute(tuple(reversed(range(len(shape)))))
    assert turned.box() == box


def test_what_is_no_box_is_not_taken_for_one():
    buffer = Buffer("", (4, 6), np.dtype(float), "temporary")
    assert buffer.view().reshape((24,)).box() is None
    assert buffer.view().slice(((0, 4, 1), (0, 3, 2))).box() is None
    assert buffer.view().slice(((3, 4, -1), (0, 6, 1))).box() is None
    assert buffer.view().broadcast((2, 4, 6)).box() == ((0, 4), (0, 6))


@given(st.data())
def test_a_slice_of_what_stands_in_zeros_reads_that_or_is_zeros(data):
    """Within the part, beside it, and over its edge."""

    def cut(n):
        start = data.draw(st.integers(0, n - 1))
        return start, data.draw(st.integers(1, n - start)), 1

    shape = (7, 5)
    placed, read = tuple(map(cut, shape)), tuple(map(cut, shape))
    x = sg.tensor(CHANCE.standard_normal([n for _, n, _ in placed]))
    whole = slice_scatter(x, shape=shape, index=placed)
    node = strided_slice(whole, index=read)
    (after,) = pipeline.run(Graph([node], [x]))[0].outputs
    where = [slice(a, a + n) for a, n, _ in read]
    np.testing.assert_array_equal(Body([x], [after], "read")([x.data])[0], whole.value[*where])
    left = any(isinstance(n.op.lower, Place) for n in Graph([after], [x]).operations)
    inside = all(b <= a and a + n <= b + m for (a, n, _), (b, m, _) in zip(read, placed))
    beside = any(a + n <= b or b + m <= a for (a, n, _), (b, m, _) in zip(read, placed))
    assert left == (not inside and not beside)
