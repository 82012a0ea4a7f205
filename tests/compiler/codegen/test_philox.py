"""Random numbers in compiled code are NumPy's own Philox, to the last bit, whoever draws them."""

import numpy as np
import pytest

import seegrad as sg
from seegrad import nn
from seegrad.ops import random

KEYS = [(7, 0), (2**62 + 12345, 3), (0, -1)]


@pytest.mark.parametrize("shape", [(), (3,), (9,), (5, 7, 3), (1001,)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_are_those_of_numpy(shape, dtype):
    drawn = sg.compile(lambda key: random.uniform(key, shape=shape, dtype=dtype))
    for words in KEYS:
        bits = np.random.Philox(key=np.array(words, np.int64).astype(np.uint64))
        expected = np.random.Generator(bits).random(shape, dtype)
        np.testing.assert_array_equal(drawn(np.array(words)), expected)


def test_threads_share_the_counters():
    shape, key = (16, 4099), np.array([3, 5])
    each = [
        sg.compile(lambda k: random.uniform(k, shape=shape, dtype=np.float32), threads=n)(key)
        for n in (1, 2, 3)
    ]
    for found in each:
        np.testing.assert_array_equal(found, random.uniform(key, shape=shape, dtype=np.float32))


def test_dropout_is_one_native_program_also_within_a_loop():
    nn.seed(0)
    layer = nn.Dropout(0.5)
    step = sg.compile(lambda x: layer(x).sum())
    step(np.ones((4, 6), np.float32))
    assert "0 calls of NumPy" in step.report
    keys = np.arange(6).reshape(3, 2)

    def turn(total, key):
        return total + random.uniform(key, shape=(5,), dtype=np.float64), None

    run = sg.compile(lambda keys: sg.scan(turn, np.zeros(5), keys)[0])
    expected = sum(random.uniform(k, shape=(5,), dtype=np.float64) for k in keys)
    np.testing.assert_array_equal(run(keys), expected)
    assert "0 calls of NumPy" in run.report


def test_what_stays_with_numpy_says_why():
    drawn = sg.compile(lambda key: random.normal(key, shape=(3,), dtype=np.float32))
    np.testing.assert_array_equal(
        drawn(np.array([1, 2])), random.normal(np.array([1, 2]), shape=(3,), dtype=np.float32)
    )
    assert "normal numbers come one after the other" in drawn.report
    short = sg.compile(lambda key: random.uniform(key, shape=(3,), dtype=np.float64))
    assert short(np.array([1, 2], np.int32)).shape == (3,)
    assert "key int32" in short.report


def test_random_numbers_are_drawn_just_before_they_are_used():
    nn.seed(0)
    net = nn.Sequential(*(nn.Sequential(nn.Affine(8, 8), nn.Dropout(0.5)) for _ in range(4)))
    step = sg.compile(lambda x: net(x).sum(), threads=1)
    step(np.ones((64, 8), np.float32))
    drawn = [i for i, line in enumerate(step.source.splitlines()) if "philox" in line]
    assert len(drawn) == 4
    assert min(np.diff(drawn)) > 6
