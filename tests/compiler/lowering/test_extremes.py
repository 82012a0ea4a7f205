"""Places of extremes are native, and what they pick needs no check: they lie below its length."""

import numpy as np
import pytest

import seegrad as sg

CHANCE = np.random.default_rng(0)


@pytest.mark.parametrize("dtype", ["f4", "f8", "i4", "u1", "f2"])
@pytest.mark.parametrize(("shape", "axis"), [((65,), None), ((5, 33), 1), ((2, 3, 4), None),
                                             ((6, 1, 4), 0)])  # fmt: skip
def test_places_are_those_of_numpy(dtype, shape, axis):
    x = np.abs(CHANCE.normal(size=shape) * 30).astype(dtype)      # below 0 no byte is defined
    holes = [x]
    if x.dtype.kind == "f":
        holes.append(np.where(CHANCE.random(shape) < 0.1, np.nan, x).astype(dtype))
    for op, reference in ((sg.argmax, np.argmax), (sg.argmin, np.argmin)):
        run = sg.compile(lambda x, op=op: op(x, axis=axis, keepdims=True))
        for each in holes:
            np.testing.assert_array_equal(run(each), reference(each, axis=axis, keepdims=True))
        assert "0 calls of NumPy" in run.report


def test_the_first_of_equal_ones():
    run = sg.compile(lambda x: sg.argmax(x, axis=0))
    assert int(run(np.array([1.0, 3.0, 3.0, 2.0]))) == 1


def test_what_they_pick_is_native_also_within_a_loop():
    table = CHANCE.normal(size=(7, 7)).astype("f4")
    best = table.argmax(axis=1)

    def turn(scores, _):
        at = sg.argmax(scores, axis=-1)
        return sg.take(table, at, axis=0), at

    run = sg.compile(lambda x: sg.scan(turn, x, None, 5)[1])
    expected, at = [], 3
    for _ in range(5):
        expected.append(at)
        at = best[at]
    np.testing.assert_array_equal(run(np.eye(7, dtype="f4")[3]), expected)
    assert "0 calls of NumPy" in run.report


def test_a_shorter_table_is_checked_as_before():
    run = sg.compile(lambda x, t: sg.take(t, sg.argmax(x, axis=0), axis=0))
    x, t = np.array([0.0, 1.0, 9.0]), np.zeros(2)
    with pytest.raises(IndexError):
        run(x, t)
    assert "checked as they come" in run.report
