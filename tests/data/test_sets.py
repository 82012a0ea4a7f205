"""The embedded digits, the generators, the split, the mini-batches."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seegrad import data
from seegrad.errors import ShapeError, ValueRangeError


def test_digits_are_the_published_ones():
    digits = data.digits()
    assert digits.x.shape == (1797, 64)
    assert digits.x.dtype == np.float32
    assert digits.t.dtype == np.int64
    assert np.bincount(digits.t).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert digits.x.min() == 0
    assert digits.x.max() == 1
    assert (digits.x * 16).sum() == 561718


def test_digits_equal_those_of_scikit_learn():
    datasets = pytest.importorskip("sklearn.datasets")
    theirs = datasets.load_digits()
    assert np.array_equal(data.digits().x * 16, theirs.data)
    assert np.array_equal(data.digits().t, theirs.target)


def test_spiral_follows_its_formula_point_by_point():
    x, t = data.spiral(points=5, classes=2, seed=3)
    chance = np.random.RandomState(3)
    for row in range(10):
        share = (row % 5) / 4
        angle = 4.0 * (row // 5) + 4.0 * share + 0.2 * chance.randn()
        np.testing.assert_allclose(x[row], [share * np.sin(angle), share * np.cos(angle)])
        assert t[row] == row // 5


def test_moons_without_noise_lie_on_two_half_circles():
    x, t = data.moons(points=20, noise=0)
    upper, lower = x[t == 0], x[t == 1]
    np.testing.assert_allclose(np.hypot(*upper.T), 1)
    np.testing.assert_allclose(np.hypot(*(lower - [1, 0.5]).T), 1)
    assert (upper[:, 1] >= 0).all()
    assert (lower[:, 1] <= 0.5).all()


def test_generators_repeat_by_seed_and_change_with_it():
    for make in (data.spiral, data.moons, data.rings):
        assert np.array_equal(make(seed=4).x, make(seed=4).x)
        assert not np.array_equal(make(seed=4).x, make(seed=5).x)


def test_rings_without_noise_lie_on_two_circles():
    x, t = data.rings(points=20, noise=0)
    assert np.hypot(*x.T) == pytest.approx(np.where(t == 0, 1.0, 0.4))
    with pytest.raises(ValueRangeError, match="not negative"):
        data.rings(noise=-0.1)


def test_xor_has_four_corners_and_no_test_part():
    xor = data.xor()
    assert [int(a) ^ int(b) for a, b in xor.x] == xor.t.tolist()
    train, test = xor.split()
    assert (len(train), len(test)) == (4, 0)
    assert len(data.xor(copies=10, noise=0.1).split()[1]) == 8


@pytest.mark.parametrize(
    "make",
    [
        lambda: data.spiral(points=0),
        lambda: data.spiral(classes=-1),
        lambda: data.moons(0),
        lambda: data.moons(noise=-1.0),
        lambda: data.xor(copies=0),
        lambda: data.digits().split(test=1797),
        lambda: data.digits().split(test=-1),
        lambda: data.digits().split(test=1.0),
        lambda: list(data.batch_rows(10, 0)),
        lambda: list(data.batch_rows(10, 2.5)),
        lambda: list(data.batch_rows(0, 2)),
    ],
)
def test_senseless_sizes_are_refused(make):
    with pytest.raises(ValueRangeError):
        make()


def test_split_parts_without_loss_and_by_seed():
    whole = data.spiral()
    train, test = whole.split(test=0.25, seed=7)
    assert (len(train), len(test)) == (225, 75)
    both = np.concatenate([train.x, test.x])
    assert np.array_equal(np.sort(both, axis=0), np.sort(whole.x, axis=0))
    assert np.array_equal(whole.split(test=75, seed=7)[1].x, test.x)
    assert not np.array_equal(whole.split(test=75, seed=8)[1].x, test.x)


def test_standardising_learns_from_the_training_part_alone():
    train, test = data.moons().split()
    moved = train.standardised()
    np.testing.assert_allclose(moved.x.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(moved.x.std(axis=0), 1)
    expected = (test.x - train.x.mean(axis=0)) / train.x.std(axis=0)
    np.testing.assert_allclose(test.standardised(train).x, expected)
    still = data.Dataset(np.ones((3, 1)), np.zeros(3, np.int64)).standardised()
    assert still.x.tolist() == [[0], [0], [0]]


@given(st.integers(1, 60), st.integers(1, 70), st.integers(0, 5), st.booleans())
def test_one_pass_visits_every_row_once(count, size, seed, shuffle):
    rows = list(data.batch_rows(count, size, seed, shuffle))
    assert all(len(row) == size for row in rows[:-1])
    assert sorted(np.concatenate(rows).tolist()) == list(range(count))


def test_the_last_batch_is_left_out_where_asked():
    whole = list(data.batch_rows(10, 4, 1))
    full = list(data.batch_rows(10, 4, 1, drop_last=True))
    assert [rows.tolist() for rows in full] == [rows.tolist() for rows in whole[:2]]
    x = np.arange(10)
    assert [len(t) for _, t in data.batches(x, x, 5, drop_last=True)] == [5, 5]
    with pytest.raises(ValueRangeError, match="no mini-batch would be left"):
        list(data.batch_rows(3, 4, drop_last=True))


@given(st.integers(1, 60), st.integers(1, 70), st.integers(0, 5))
def test_with_replacement_every_batch_is_full(count, size, seed):
    rows = list(data.batch_rows(count, size, seed, replace=True))
    assert len(rows) == -(-count // size)
    assert all(len(row) == size and row.min() >= 0 and row.max() < count for row in rows)


def test_replacement_does_repeat_rows():
    rows = np.concatenate(list(data.batch_rows(1000, 100, replace=True)))
    assert 550 < len(np.unique(rows)) < 700


def test_batches_keep_rows_and_targets_together():
    x = np.arange(23)[:, None] * np.ones(3)
    for xs, ts in data.batches(x, np.arange(23), 5, seed=1):
        assert np.array_equal(xs[:, 0], ts)
        xs[:] = -1
    assert x.min() == 0


def test_batches_refuse_unequal_lengths_and_name_both():
    with pytest.raises(ShapeError, match=r"x \(3, 2\), t \(4,\)"):
        data.batches(np.zeros((3, 2)), np.zeros(4), 2)
