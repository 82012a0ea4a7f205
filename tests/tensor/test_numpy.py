"""NumPy's ways with a tensor: its functions, operators, promotion, indexing, DLPack."""

from __future__ import annotations

import operator
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import seegrad as sg

DTYPES = [np.bool_, np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32,
          np.uint64, np.float16, np.float32, np.float64]  # fmt: skip
BINARY = [operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv,
          operator.mod, operator.pow, np.maximum]  # fmt: skip


def outcome(function, *args):
    """(dtype, value), or the kind of error."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            result = function(*args)
        except TypeError:
            return "TypeError"
        except ValueError:
            return "ValueError"
    value = result.value if isinstance(result, sg.Tensor) else result
    return np.asarray(value).dtype, np.asarray(value).tolist()


@pytest.mark.parametrize("function", BINARY, ids=lambda f: f.__name__)
def test_promotion_is_numpys(function):
    for a in DTYPES:
        for b in DTYPES:
            x, y = np.array([1, 1, 1]).astype(a), np.array([1, 1, 0]).astype(b)
            expected = outcome(function, x, y)
            got = [
                outcome(function, sg.tensor(x), sg.tensor(y)),
                outcome(function, sg.tensor(x), y),
                outcome(function, x, sg.tensor(y)),
            ]
            assert repr(got) == repr([expected] * 3), (a, b)  # repr: NaN equals NaN


@pytest.mark.parametrize("function", BINARY, ids=lambda f: f.__name__)
@pytest.mark.parametrize("number", [2, 2.0, True])
def test_python_numbers_promote_as_in_numpy(function, number):
    for dtype in DTYPES:
        x = np.array([1, 1, 2]).astype(dtype)
        for args, ours in (((x, number), (sg.tensor(x), number)),
                           ((number, x), (number, sg.tensor(x)))):  # fmt: skip
            expected, got = outcome(function, *args), outcome(function, *ours)
            if expected == "ValueError":  # an integer to a negative power
                assert got in ("ValueError", "TypeError")
            else:
                assert repr(got) == repr(expected), (dtype, number)


@pytest.mark.parametrize("op", [
    operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne,
    operator.and_, operator.or_, operator.xor,
])
def test_comparisons_and_logic(op):
    x, y = np.array([1.0, 2.0, 3.0]), np.array([2.0, 2.0, 2.0])
    if op in (operator.and_, operator.or_, operator.xor):
        x, y = x > 1, y > x
    assert np.array_equal(op(sg.tensor(x), y).value, op(x, y))
    assert np.array_equal(op(x, sg.tensor(y)).value, op(x, y))


def test_unary_operators_and_conversions():
    x = sg.tensor([1.5, -2.0])
    assert (-x).tolist() == [-1.5, 2.0]
    assert abs(x).tolist() == [1.5, 2.0]
    assert (+x) is x
    assert (~sg.tensor([True, False])).tolist() == [False, True]
    assert len(x) == 2
    assert [float(v) for v in x] == [1.5, -2.0]
    assert -2.0 in x
    assert float(sg.tensor(3.5)) == 3.5
    assert int(sg.tensor(3)) == 3
    assert [10, 20, 30][sg.tensor(1)] == 20
    assert f"{sg.tensor(3.14159):.2f}" == "3.14"
    assert bool(sg.tensor(1.0))


# --------------------------------------------------------------- protocols


def test_ufuncs_and_functions_of_numpy():
    data = np.linspace(0.5, 1.5, 6).reshape(2, 3)
    x = sg.tensor(data)
    for f in (np.exp, np.sqrt, np.tanh, np.negative, lambda v: np.add(v, 1), np.square,
              lambda v: np.sum(v, axis=0), lambda v: np.mean(v, axis=1, keepdims=True),
              lambda v: np.concatenate([v, v], axis=1), lambda v: np.stack([v, v]),
              lambda v: np.where(v > 1, v, 0.0), lambda v: np.clip(v, 0.7, 1.2),
              lambda v: np.einsum("ij->ji", v), np.transpose, np.ravel, lambda v: v @ data.T,
              lambda v: np.matmul(data.T, v), lambda v: np.linalg.norm(v, axis=1), np.cumsum,
              lambda v: np.linalg.norm(v, 1), lambda v: np.linalg.svd(v)[1],
              lambda v: np.pad(v, 1), lambda v: np.split(v, 3, axis=1)[1], np.prod,
              lambda v: np.ones(3) * v, lambda v: np.float64(2) * v, lambda v: np.add.reduce(v),
              lambda v: np.take(v, [0, 1], axis=1), lambda v: np.sort(v, axis=0),
              np.cumprod, np.median, lambda v: np.quantile(v, 0.3, axis=1, keepdims=True),
              lambda v: np.median(v, axis=1), lambda v: np.quantile(v, 0.9, keepdims=True),
              np.diff, np.tril, np.triu, lambda v: np.inner(v, v), lambda v: np.kron(v, v),
              lambda v: np.vecdot(v, v), lambda v: np.hstack([v, v]), lambda v: np.vstack([v, v]),
              lambda v: np.hstack([v[0], v[1]]), lambda v: np.vstack([v[0], v[1]]),
              lambda v: np.linalg.inv(v @ v.T), lambda v: np.linalg.det(v @ v.T),
              lambda v: np.linalg.solve(v @ v.T, v), lambda v: np.acos(v / 2),
              np.permute_dims):  # fmt: skip
        ours = f(x)
        assert isinstance(ours, sg.Tensor)
        np.testing.assert_allclose(ours.value, f(data), rtol=1e-14)
        ours.sum().backward()
    assert x.grad is not None


def test_functions_that_need_the_numbers_give_arrays():
    x = sg.tensor([1.0, 2.0])
    assert np.allclose(x, [1, 2])
    assert np.array_equal(x, x)
    assert np.shape(x) == (2,)
    assert np.asarray(x).dtype == np.float64
    assert np.array(x, dtype=np.float32).dtype == np.float32
    assert not np.asarray(x).flags.writeable


def test_what_is_not_defined_is_refused_with_advice():
    x = sg.tensor([1.0, 2.0])
    for f in (np.fft.fft, np.linalg.eigvals, np.spacing, lambda v: np.add(v, 1, out=np.zeros(2)),
              lambda v: np.add.outer(v, v)):  # fmt: skip
        with pytest.raises(TypeError, match=r"(?s)not defined.*try: .*stop_gradient\(x\)\.value"):
            f(x)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, np.bool_])
def test_dlpack_with_numpy_both_ways(dtype):
    data = np.arange(6).reshape(2, 3).astype(dtype)
    x = sg.from_dlpack(data)
    assert np.array_equal(x.value, data)
    data[...] = 0
    assert x.value.any(), "it must be a copy"
    back = np.from_dlpack(x)
    assert np.array_equal(back, x.value)
    if back.flags.writeable:  # what goes out cannot reach into the graph
        back[...] = 0
        assert x.value.any()


def test_dlpack_with_torch_both_ways():
    torch = pytest.importorskip("torch", reason="PyTorch is a test extra")
    theirs = torch.arange(6.0).reshape(2, 3)
    x = sg.tensor(theirs)
    assert np.array_equal(x.value, theirs.numpy())
    theirs.zero_()
    assert x.value.any()
    back = torch.from_dlpack(x * 2)
    back.zero_()
    assert (x * 2).value.any()


# --------------------------------------------------------------- indexing

KEYS = [
    0, -1, slice(None), slice(1, None), slice(None, None, -1), slice(3, 0, -2), slice(5, 9),
    None, ..., (0, 1), (..., 0), (slice(None), 1), (None, 0), (0, None, slice(1, 3)),
    (slice(None), None, slice(None, None, 2)), [0, 2], [-1, 0, 0], [[0, 1], [2, 0]], [],
    ([0, 1], [1, 2]), (slice(None), [0, 2]), ([0, 1], slice(1, 3)), ([0, 1], ..., 2),
    (0, [1, 2]), ([0, 1], None, [0, 1]), (slice(None), [0, 1], [1, 0]),
    np.array([2, 0]), np.int64(1), (np.array([[0], [2]]), np.array([0, 1])),
    np.array([True, False, True]), (slice(None), np.array([True, False, True, False])),
]


@pytest.mark.parametrize("key", KEYS, ids=repr)
def test_indexing_is_numpys(key):
    data = np.arange(60.0).reshape(3, 4, 5)
    x = sg.tensor(data)
    expected = data[key]
    assert np.array_equal(x[key].value, expected)
    weights = np.arange(1.0, expected.size + 1).reshape(expected.shape)
    if x[key].size:
        (x[key] * weights).sum().backward()
        full = np.zeros_like(data)
        np.add.at(full, key, weights)
        assert np.array_equal(x.grad, full)


@given(st.data())
def test_random_indexing_is_numpys(data):
    array = np.arange(24.0).reshape(2, 3, 4)
    key = data.draw(hnp.basic_indices(array.shape, allow_newaxis=True, max_dims=5))
    x = sg.tensor(array)
    assert np.array_equal(x[key].value, array[key])
    if array[key].size:
        x[key].sum().backward()
        full = np.zeros_like(array)
        np.add.at(full, key, 1)
        assert np.array_equal(x.grad, full)


def test_a_boolean_mask_and_an_index_that_is_a_tensor():
    data = np.arange(6.0).reshape(2, 3)
    x = sg.tensor(data)
    assert np.array_equal(x[x > 2].value, data[data > 2])
    assert np.array_equal(x[sg.tensor([1, 0])].value, data[[1, 0]])


@pytest.mark.parametrize(("key", "error"), [
    (3, IndexError), (-4, IndexError), ((0, 4), IndexError), ([0, 3], IndexError),
    ((0, 0, 0, 0), IndexError), (1.5, TypeError), ("a", TypeError), ([0.5], TypeError),
    (np.array([True, False]), IndexError), ((..., ...), ValueError),
])  # fmt: skip
def test_a_bad_index_is_refused(key, error):
    x = sg.tensor(np.zeros((3, 4, 5)))
    with pytest.raises(error, match=r"asked|came"):
        x[key]


# --------------------------------------------------------------- making leaves


@pytest.mark.parametrize(("name", "args"), [
    ("zeros", ((2, 3),)), ("ones", (4,)), ("full", ((2,), 7)), ("full", ((), 2.5)),
    ("eye", (3,)), ("eye", (2, 4, 1)), ("arange", (5,)), ("arange", (1.0, 2.0, 0.25)),
    ("arange", (3, 0, -1)), ("arange", (0,)), ("linspace", (0, 1, 5)), ("zeros", ((0, 3),)),
])  # fmt: skip
def test_leaves_are_made_as_numpy_makes_arrays(name, args):
    expected = getattr(np, name)(*args)
    made = getattr(sg, name)(*args)
    assert isinstance(made, sg.Tensor)
    assert made.dtype == expected.dtype
    assert np.array_equal(made.value, expected)
    assert made.requires_grad is (expected.dtype.kind == "f")


def test_leaves_take_a_dtype_a_name_and_whether_to_differentiate():
    made = sg.zeros(3, np.float32, requires_grad=False, name="b")
    assert (made.dtype, made.requires_grad, made.name) == (np.float32, False, "b")
    x = sg.tensor([[1.0, 2.0]])
    for like, filled in ((sg.zeros_like(x), 0), (sg.ones_like(x), 1), (sg.full_like(x, 3), 3)):
        assert like.tolist() == [[filled, filled]]
        assert not like.requires_grad


@pytest.mark.parametrize(("call", "said"), [
    (lambda: sg.zeros((2, -1)), "sizes are not negative"),
    (lambda: sg.ones(2.5), "a shape is made of integers"),
    (lambda: sg.zeros(2**46), "larger than the memory"),
    (lambda: sg.arange(0, 1, 0), "needs a step"),
    (lambda: sg.arange("a"), "from number to number"),
    (lambda: sg.linspace(0, 1, -2), "sizes are not negative"),
    (lambda: sg.eye(-1), "sizes are not negative"),
    (lambda: sg.quantile([1.0, 2.0], 1.5), "between 0 and 1"),
    (lambda: sg.quantile([1.0, 2.0], sg.tensor([0.5])), "one number"),
    (lambda: sg.quantile([1.0, 2.0], 0.5, method="weibull"), "unknown method"),
    (lambda: sg.median(sg.tensor(np.zeros((0,)))), "no quantile"),
    (lambda: sg.inv(sg.ones((2, 3))), "square"),
    (lambda: sg.inv(sg.ones((2, 2))), "no inverse"),
    (lambda: sg.solve(sg.eye(2), sg.ones(3)), "2 right-hand values"),
    (lambda: sg.det(sg.eye(2).astype(np.float16)), "float32 or float64"),
    (lambda: sg.tril(sg.ones(())), "part of a matrix"),
])  # fmt: skip
def test_leaves_and_systems_that_cannot_be_are_refused(call, said):
    with pytest.raises(sg.SeegradError, match=said):
        call()


def test_numbers_that_numpy_was_told_to_refuse_are_no_fault_of_a_shape():
    with np.errstate(all="raise"), pytest.raises(FloatingPointError, match="arccos"):
        sg.arccos(sg.tensor(2.0))
