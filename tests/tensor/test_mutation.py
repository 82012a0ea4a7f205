"""Arrays that change under the graph: the right gradient or a named error, never a wrong one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import seegrad as sg
from seegrad.errors import MutationError


def _as_input(a):
    return sg.tensor(a)


def _as_constant(a):
    return sg.as_tensor(a)


def _as_operand(a):
    return a


def _as_view(a):
    return sg.tensor(a[::-1])


def _as_read_only_view(a):
    view = a.view()
    view.setflags(write=False)
    return view


def _through_dlpack(a):
    return sg.from_dlpack(a)


@pytest.mark.parametrize("enter", [
    _as_input, _as_constant, _as_operand, _as_view, _as_read_only_view, _through_dlpack,
])  # fmt: skip
def test_the_callers_array_is_changed_after_forward(enter):
    def loss(a, change):
        w = sg.tensor([2.0, 3.0, 4.0])
        x = enter(a)
        y = (w * x + sg.sin(w) * x).sum()
        if change:
            a *= 100.0
            a[0] = np.nan
        y.backward()
        return w.grad

    a = np.array([1.0, 5.0, 7.0])
    expected = loss(a.copy(), False)
    assert np.array_equal(loss(a, True), expected)
    assert np.isnan(a[0]), "the caller's array stays the caller's"


def test_a_seed_and_a_gradient_are_copied():
    x = sg.tensor([1.0, 2.0])
    seed = np.array([1.0, 1.0])
    (x + 0).backward(seed)
    seed[...] = 7
    assert x.grad.tolist() == [1, 1]
    x.grad = seed
    seed[...] = 9
    assert x.grad.tolist() == [7, 7]


def test_what_goes_out_cannot_be_written_to():
    x = sg.tensor([1.0, 2.0])
    y = x * 2
    y.sum().backward()
    for array in (x.value, y.value, x.grad, y.numpy(), np.asarray(x), y.graph.edges[0].value):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 5.0


@pytest.mark.parametrize("make", [
    lambda x: x, lambda x: x * 2, lambda x: x.T, lambda x: x[:, 1:], lambda x: x.sum(),
    lambda x: sg.broadcast_to(x, shape=(2, 2, 3)), lambda x: sg.compile(lambda a: a * 2)(x),
])  # fmt: skip
def test_what_goes_out_cannot_be_declared_writable(make):
    x = sg.tensor(np.arange(6.0).reshape(2, 3))
    y = make(x)
    (x * x).sum().backward()
    for array in (y.value, y.numpy(), x.grad):
        with pytest.raises(ValueError, match="WRITEABLE"):
            array.setflags(write=True)


def test_a_computed_value_is_not_assigned_to():
    y = sg.tensor([1.0, 2.0]) * 2
    with pytest.raises(MutationError, match=r"(?s)a graph still needs it.*x\.at\["):
        y[0] = 5.0
    with pytest.raises(MutationError, match="only a leaf"):
        y.assign([1.0, 2.0])


def test_in_place_operators_make_a_new_tensor():
    x = sg.tensor([1.0, 2.0])
    y = x
    y *= 3
    y += x
    y.sum().backward()
    assert x.tolist() == [1.0, 2.0]
    assert x.grad.tolist() == [4.0, 4.0]
    a = np.array([1.0, 2.0])
    with pytest.raises(TypeError, match="out="):
        a += x
    assert a.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("change", [
    lambda w: w.assign(w.value * 10),
    lambda w: w.assign(w * 10),
    lambda w: w.__setitem__(0, 99.0),
    lambda w: w.__setitem__(slice(None), 0.0),
])  # fmt: skip
def test_a_leaf_takes_a_new_value_and_the_graph_keeps_the_old(change):
    w, x = sg.tensor([2.0, 3.0], name="w"), sg.tensor([5.0, 7.0])
    y = (w * w * x).sum()
    change(w)
    y.backward()
    assert x.grad.tolist() == [4.0, 9.0], "the value that the graph was recorded with"
    assert w.grad.tolist() == [20.0, 42.0]


def test_a_second_derivative_over_a_changed_leaf_is_refused():
    w = sg.tensor([2.0, 3.0], name="w")
    y = (w**3).sum()
    w.assign([9.0, 9.0])
    with pytest.raises(MutationError, match="w has been given another value"):
        y.backward(as_graph=True)


def test_a_checkpoint_over_a_changed_leaf_is_that_of_the_first_value():
    w = sg.tensor(2.0, name="w")
    f = sg.checkpoint(lambda x: x * w * w)
    x = sg.tensor(3.0)
    y = f(x)
    w.assign(5.0)
    y.backward()
    assert (x.grad, w.grad) == (4.0, 12.0)


@given(st.lists(st.tuples(st.sampled_from(["mul", "sin", "view", "add"]), st.integers(0, 3)),
                min_size=1, max_size=8), st.integers(0, 7), st.integers(0, 5))  # fmt: skip
def test_random_programs_with_views_and_changes(steps, when, what):
    """Whatever array is changed at whatever moment, the gradient is that of the first values."""

    def run(change_at):
        arrays = [np.linspace(0.1, 1.0, 4) * (k + 1) for k in range(4)]
        leaf = sg.tensor(arrays[0])
        y = leaf
        for n, (kind, k) in enumerate(steps):
            a = arrays[k]
            if kind == "mul":
                y = y * a
            elif kind == "add":
                y = y + a[::-1]
            elif kind == "view":
                y = y[::-1] * a[::-1]
            else:
                y = sg.sin(y)
            if n == change_at:
                y.value  # noqa: B018 - looked at, not changed
                later = {k for _, k in steps[n + 1 :]}
                for k, array in enumerate(arrays):
                    if k not in later and (what + k) % 2:
                        array[...] = np.nan
        y.sum().backward()
        return y.value, leaf.grad

    (a, da), (b, db) = run(None), run(when % len(steps))
    assert np.array_equal(a, b)
    assert np.array_equal(da, db)
