"""Integers that pick rows, in native code: through views, from the end, in loops and epochs."""

import numpy as np
import pytest

import seegrad as sg
from seegrad.nn.module import state

X = np.arange(12.0).reshape(4, 3)
TABLE = np.arange(30.0).reshape(6, 5)
IDS = np.array([[0, -1, 99], [-3, 2, 99]])


def native(f):
    """Compiled, and all of it native."""
    compiled = sg.compile(f)

    def call(*given):
        found = compiled(*given)
        assert "through NumPy" not in compiled.report, compiled.report
        return found

    return call


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.int8])
@pytest.mark.parametrize(
    ("picked", "axis"),
    [
        (lambda i: i[:, :2], 0), (lambda i: i[:, 0], 0), (lambda i: i[:, :2].T, 1),
        (lambda i: i[::-1, 0], 1), (lambda i: i[:, :2].reshape(-1), 0),
    ],
)  # fmt: skip
def test_views_of_indices_are_read_as_they_are(picked, axis, dtype):
    ids = IDS.astype(dtype)
    found = native(lambda x, i: sg.take(x, picked(i), axis=axis) * 2)(X, ids)
    np.testing.assert_array_equal(found, np.take(X, picked(ids), axis=axis) * 2)


def test_labels_are_a_column_among_others():
    found = native(lambda t: sg.one_hot(t[:, 0], classes=3))(np.array([[0, 100], [2, 100]]))
    np.testing.assert_array_equal(found, np.eye(3)[[0, 2]])


def test_one_index_counts_from_the_end_of_two_tables_and_is_a_number_too():
    def f(x, y, i):
        return sg.take(x, i, axis=0).sum() + sg.take(y, i, axis=0).sum() + (i * 10.0).sum()

    i = np.array([-1, 2, -3])
    want = X[i].sum() + TABLE[i].sum() + (i * 10).sum()
    assert native(f)(X, TABLE, i) == want == f(X, TABLE, i)
    assert i.tolist() == [-1, 2, -3]


def test_what_is_beyond_is_refused_where_it_is_read():
    f = sg.compile(lambda x, i: sg.take(x, i[:, 1], axis=0))
    np.testing.assert_array_equal(f(X, np.array([[99, -4], [-99, 3]])), X[[0, 3]])
    with pytest.raises(IndexError, match="index 4 is out of range"):
        f(X, np.array([[0, 4], [0, 0]]))
    with pytest.raises(IndexError, match="index -5 is out of range"):
        f(X, np.array([[0, -5], [0, 0]]))


def test_rows_that_are_added_to_count_from_the_end():
    i, g = np.array([[-1, 0], [1, -1]]), np.arange(12.0).reshape(4, 3)
    want = np.zeros_like(X)
    np.add.at(want, i.T.reshape(-1), g)
    found = native(lambda g, i: sg.grad(lambda x: (sg.take(x, i.T.reshape(-1), axis=0) * g).sum())(
        np.zeros_like(X)))(g, i)  # fmt: skip
    np.testing.assert_array_equal(found, want)


@pytest.mark.parametrize(
    "step",
    [
        lambda t: (sg.take(TABLE, t[:, 0], axis=0) ** 2).sum(),
        lambda t: (sg.one_hot(t[:, 1], classes=6) * np.arange(6.0)).sum(),
        lambda t: (sg.take(TABLE, t.T, axis=0)[0] ** 2).sum(),
    ],
)
def test_a_pass_over_mini_batches_picks_the_rows_of_the_examples(step):
    t = np.array([[0, 1], [-5, 0], [2, 5], [3, 2], [-1, 4], [5, 3]])
    rows = np.array([[5, 1, 0], [4, 3, 2]])
    found = sg.compile(step).epoch(t, batch=3, rows=rows)
    np.testing.assert_allclose(found, [float(step(t[own])) for own in rows])


def test_one_index_for_each_example():
    def step(i):
        return (sg.take(TABLE, i, axis=0) ** 2).sum()

    i, rows = np.array([0, -5, 2, 3, -1, 5]), np.array([[5, 1], [4, 3]])
    found = sg.compile(step).epoch(i, batch=2, rows=rows)
    np.testing.assert_allclose(found, [float(step(i[own])) for own in rows])


def test_an_index_that_steps_count_up_is_checked_at_every_step():
    place = state(np.array([4]), "place", np.int64)

    def step(x):
        found = sg.take(TABLE[:, 0], place, axis=0).sum() + x.sum()
        place.assign(place + 1)
        return found

    with pytest.raises(IndexError, match="index 6 is out of range"):
        sg.compile(step).epoch(np.zeros((4, 1)), batch=1, shuffle=False)


def test_in_a_loop_indices_count_from_the_end_and_stay_numbers():
    def f(x, rows):
        def body(total, i):
            total = total + sg.take(x, i[:2], axis=0).sum() + (i * 1.0).sum()
            return total, total

        return sg.scan(body, np.float64(0), rows)[1]

    rows = np.array([[-3, 1, 9], [-1, -2, 9], [0, 1, 9]])
    want = np.cumsum([X[i[:2]].sum() + i.sum() for i in rows])
    np.testing.assert_array_equal(f(X, rows), want)
    np.testing.assert_array_equal(sg.compile(f)(X, rows), want)


def test_what_an_outer_loop_counts_up_is_checked_within_the_inner_one():
    def f(x, ids):
        def outer(ids, _):
            def inner(total, _):
                return total + sg.take(x, ids, axis=0).sum(), total

            return ids + 1, sg.scan(inner, np.float64(0), None, length=2)[0]

        return sg.scan(outer, ids, None, length=3)[1]

    np.testing.assert_array_equal(sg.compile(f)(X, np.array([0, 1])), f(X, np.array([0, 1])))
    with pytest.raises(IndexError, match="index 4 is out of range"):
        sg.compile(f)(X, np.array([1, 2]))
