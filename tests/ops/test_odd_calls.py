"""Calls that few programs make: float16 beyond its range, single numbers, empty arrays, masks of
no axes, several shifts; each with the value that NumPy or the mathematics gives."""

from __future__ import annotations

import numpy as np
import pytest

import seegrad as sg

N = 65_536
EVEN = 1 / N


def both_ways(function, x):
    """Eager and compiled."""
    return np.asarray(function(sg.tensor(x))), np.asarray(sg.compile(function)(x))



SUMS = {
    "mean": (sg.mean, 1.0, EVEN),
    "max": (sg.max, 1.0, EVEN),
    "min": (sg.min, 1.0, EVEN),
    "prod": (sg.prod, 1.0, 1.0),
    "norm": (sg.norm, 256.0, EVEN * 256),
    "logsumexp": (sg.logsumexp, 1 + np.log(N), EVEN),
    "softmax": (lambda x: sg.softmax(x)[0] * 1024, EVEN * 1024, None),
    "log_softmax": (lambda x: sg.log_softmax(x)[0], -np.log(N), None),
    "var": (lambda x: sg.var(x * 3), 0.0, 0.0),
    "std": (lambda x: sg.std(x * 3), 0.0, 0.0),
    "sum of eighths": (lambda x: (x / 8).sum(), N / 8, 1 / 8),
    "sum down a column": (lambda x: sg.reshape(x / 8, (N, 1)).sum(axis=0)[0], N / 8, 1 / 8),
    "cumsum": (lambda x: sg.cumsum(x / 8, axis=0)[-1], N / 8, 1 / 8),
    "contract": (lambda x: sg.einsum("i,i->", x, x / 8), N / 8, 1 / 4),
    "mean squared error": (lambda x: sg.mean_squared_error(x, x * 0), 1.0, None),
}  # fmt: skip


@pytest.mark.parametrize("name", SUMS)
def test_float16_is_added_up_and_counted_in_float32(name):
    function, value, slope = SUMS[name]
    ones = np.ones(N, np.float16)
    for found in both_ways(function, ones):
        assert found.dtype == np.float16
        np.testing.assert_allclose(found, value, rtol=2e-3, atol=1e-6)
    if slope is not None:
        for found in both_ways(sg.grad(function), ones):
            assert found.dtype == np.float16
            np.testing.assert_allclose(found, slope, rtol=4e-3, atol=1e-7)


def test_float16_derivatives_that_meet_are_added_up_in_float32():
    ones = np.ones((N, 2), np.float16)
    slope = sg.grad(lambda b: ((sg.tensor(ones) + b) / 8).sum())(np.ones(2, np.float16))
    assert slope.tolist() == [N / 8, N / 8]
    slope = sg.grad(lambda w: (sg.take(w, np.zeros(N, int), axis=0) / 8).sum())(
        np.ones(3, np.float16)
    )
    assert slope.tolist() == [N / 8, 0, 0]


@pytest.mark.parametrize(("shift", "axis"), [
    ((1, 2), 1), ((1,), (0, 1)), ((1, 2), None), (2, (0, 0)), ((1, 2), (0, 1)), ((), ()),
    ((1, 3), (0, 0)), (-9, -1),
])  # fmt: skip
def test_roll_is_numpys(shift, axis):
    x = np.arange(12.0).reshape(3, 4)
    for found in both_ways(lambda a: sg.roll(a, shift, axis=axis), x):
        assert np.array_equal(found, np.roll(x, shift, axis=axis))


def test_shifts_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="as many shifts as axes"):
        sg.roll(np.ones((2, 2)), (1, 2, 3), axis=(0, 1))


@pytest.mark.parametrize("key", [
    True, False, np.True_, np.array(False), (True, 0), (..., True), (None, False),
    (True, [0, 1]), ([0, 1], slice(None), True), (True, True),
], ids=repr)  # fmt: skip
@pytest.mark.parametrize("shape", [(2, 2, 2), ()])
def test_a_mask_of_no_axes_adds_one(shape, key):
    data = np.arange(float(np.prod(shape))).reshape(shape)
    x = sg.tensor(data)
    try:
        expected = data[key]
    except IndexError:
        with pytest.raises(IndexError, match="asked"):
            x[key]
        return
    assert x[key].shape == expected.shape
    assert np.array_equal(x[key].value, expected)
    x[key].sum().backward()
    assert x.grad.sum() == expected.size


def test_arrays_and_tensors_are_bounds_of_a_clip_too():
    x, low = sg.tensor([0.5, 2.0]), sg.tensor(1.0)
    y = sg.clip(x, low, np.array([3.0, 1.5]))
    assert y.tolist() == [1, 1.5]
    y.sum().backward()
    assert (x.grad.tolist(), low.grad.item()) == ([0, 0], 1)
    assert sg.clip(x, None, sg.tensor([1.0, 3.0])).tolist() == [0.5, 2]
    with pytest.raises(TypeError, match=r"minimum\(maximum\(x, low\), high\)"):
        sg.TABLE["clip"](x, low=low)
    with pytest.raises(ValueError, match=r"\(3,\)"):
        sg.clip(x, np.zeros(3))


def test_each_element_may_be_repeated_by_its_own_number():
    x = sg.tensor([1.0, 2.0, 3.0])
    y = sg.repeat(x, [2, 0, 1])
    assert y.tolist() == [1, 1, 3]
    y.sum().backward()
    assert x.grad.tolist() == [2, 0, 1]
    assert sg.compile(lambda x: sg.repeat(x, np.array([0, 3, 0])))(x).tolist() == [2, 2, 2]
    for wrong in ([1, 2], [1, -1, 0], [1.0, 2.0, 3.0]):
        with pytest.raises(ValueError, match="one for each element"):
            sg.repeat(x, wrong)


def test_contract_writes_the_output_out():
    a = sg.tensor([1.0, 2.0])
    sg.contract(a, a, subscripts="i,i").backward()
    assert a.grad.tolist() == [2, 4]
    with pytest.raises(ValueError, match="names a label twice"):
        sg.contract(np.ones((2, 2)), subscripts="ii->i")
    with pytest.raises(ValueError, match="two sizes"):
        sg.contract(a, sg.tensor([1.0]), subscripts="i,i->")


@pytest.mark.parametrize("of", [lambda f: f, sg.compile])
def test_a_word_that_is_none_is_refused(of):
    words = of(sg.nn.Embedding(5, 2))
    assert words(np.array([0, 4])).shape == (2, 2)
    with pytest.raises(IndexError, match="from 0 to 4"):
        words(np.array([-1]))


@pytest.mark.parametrize("call", [sg.round, sg.abs, lambda x: sg.vecdot(x, x)])
def test_small_integers_keep_their_dtype(call):
    for found in both_ways(call, np.array([1, 200], np.uint8)):
        assert found.dtype == np.uint8


def test_what_numpy_widens_is_widened():
    x = np.array([100, 100], np.int8)
    assert np.rint(sg.tensor(x)).dtype == np.rint(x).dtype
    for found in both_ways(lambda a: sg.cumprod(a, axis=0), x):
        assert (found.dtype, found.tolist()) == (np.cumprod(x).dtype, [100, 10_000])


def test_the_derivative_of_mod_is_by_what_mod_took_away():
    a, b = np.array([1.0, 7.0, -1.0, 5.3]), np.array([0.1, 0.1, 0.1, -0.7])
    slope = sg.grad(lambda a, b: sg.mod(a, b).sum(), 1)
    expected = [-9, -69, 10, 8]                 # 1 / 0.1 is rounded up to 10, but mod left 0.1
    assert slope(a, b).tolist() == expected
    assert sg.compile(slope)(a, b).tolist() == expected


def test_softmax_of_nothing_and_of_one_number():
    for function, one in ((sg.softmax, 1.0), (sg.log_softmax, 0.0)):
        for found in both_ways(function, np.zeros((5, 0, 0))):
            assert found.shape == (5, 0, 0)
        for found in both_ways(function, np.array(3.0)):
            assert (found.shape, found) == ((), one)
        assert sg.grad(function)(3.0) == 0
        with pytest.raises(ValueError, match="no axis"):
            function(np.array(3.0), axis=1)


def test_isclose_is_numpys():
    a = np.array([1.0, 1.0, np.inf, np.inf, np.nan, 0.0, -np.inf])
    b = np.array([1.00001, 1.1, np.inf, -np.inf, np.nan, 1e-9, 1.0])
    for given in ({}, {"equal_nan": True}, {"rtol": 0.2}, {"atol": 1}):
        def close(x, given=given):
            return np.isclose(x, b, **given)

        for found in both_ways(close, a):
            assert np.array_equal(found, np.isclose(a, b, **given))
    small = np.array([1, 255], np.uint8)
    assert np.isclose(sg.tensor(small), small[::-1]).tolist() == [False, False]


def test_triangles_of_a_vector_have_it_in_each_row():
    x = np.array([1.0, 2.0, 3.0])
    for found in both_ways(sg.tril, x):
        assert np.array_equal(found, np.tril(x))
    for found in both_ways(lambda a: sg.triu(a, k=1), x):
        assert np.array_equal(found, np.triu(x, 1))


def test_too_few_elements_for_a_variance_are_refused_while_traced_as_well():
    for of in (lambda f: f, sg.compile):
        with pytest.raises(ValueError, match="too few elements"):
            of(lambda x: sg.var(x, ddof=1))(np.array(1.0))


@pytest.mark.parametrize("name", ["strided_slice", "slice_scatter"])
def test_a_part_with_a_step_of_zero_is_refused_eager_and_compiled(name):
    index, more = ((1, 2, 0), (0, 2, 1)), {"shape": (4, 2)} if name == "slice_scatter" else {}

    def f(x):
        return sg.TABLE[name](x, index=index, **more)

    for run in (f, sg.compile(f), lambda x: sg.grad(lambda y: f(y).sum())(x)):
        with pytest.raises(IndexError, match="other than 0"):
            run(np.ones((2, 2)))


def test_a_negative_size_is_refused_by_name_eager_and_compiled():
    def f(x):
        return sg.TABLE["slice_scatter"](x, index=((0, 0, 1),), shape=(-4,))

    for run in (f, sg.compile(f)):
        with pytest.raises(sg.SeegradError, match="negative"):
            run(np.zeros(0))


@pytest.mark.parametrize(
    ("shape", "key"),
    [
        ((2, 0), ([0, 0], slice(None), True)),
        ((2, 0), ([0, 1], None, True)),
        ((2, 0, 3), ([1, 0], slice(None), [2, 0])),
        ((2, 3, 0), ([1, 0], [2, 0])),
    ],
)
def test_index_arrays_keep_the_empty_axes_that_they_do_not_read(shape, key):
    x = np.zeros(shape)
    expected = x[key].shape
    assert sg.tensor(x)[key].shape == expected
    assert sg.compile(lambda v: v[key])(x).shape == expected


@pytest.mark.parametrize("kind", ["f4", "f8", "f2", "i8"])
def test_a_large_choice_takes_every_bit_as_it_is(kind):
    chance = np.random.default_rng(0)
    a, b = (chance.integers(-99, 99, (129, 130)).astype(kind) for _ in range(2))
    if np.dtype(kind).kind == "f":
        a[0, :4] = b[-1, :4] = np.nan, np.inf, -np.inf, -0.0
    c = chance.random(a.shape) > 0.5
    numbers = (0.0, -0.0, 2, np.float64(0), np.asarray(-np.inf), b[0], b[:, :1], b[:, ::-1])
    choices = [pair for x in (b, *numbers) for pair in ((a, x), (x, a))]
    for yes, no in choices:
        want, found = np.where(c, yes, no), sg.where(c, yes, no)
        assert (found.dtype, found.shape) == (want.dtype, want.shape)
        assert found.tobytes() == want.tobytes()
    assert sg.where(c, a[None], b).shape == (1, *a.shape)
    with pytest.raises(sg.errors.ShapeError):
        sg.where(c, a[1:], b)
