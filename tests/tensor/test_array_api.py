"""sg as a namespace of the Array API standard, beside NumPy's own: values, dtypes, shapes."""

from __future__ import annotations

import copy
import inspect
import operator
from itertools import product

import numpy as np
import pytest

import seegrad as sg
from seegrad.errors import DTypeError, ShapeError, TraceError, ValueRangeError

RANDOM = np.random.default_rng(0)
SIGNED, UNSIGNED = ["int8", "int16", "int32", "int64"], ["uint8", "uint16", "uint32", "uint64"]
INTEGERS, FLOATS = SIGNED + UNSIGNED, ["float32", "float64"]
NUMBERS = INTEGERS + FLOATS
ALL, BITS, TRUTHS = ["bool", *NUMBERS], ["bool", *INTEGERS], ["bool"]


def words(text):
    return text.split()


NAMES = words("""e inf nan newaxis pi abs acos acosh add asin asinh atan atan2 atanh bitwise_and
bitwise_left_shift bitwise_invert bitwise_or bitwise_right_shift bitwise_xor ceil clip conj copysign
cos cosh divide equal exp expm1 floor floor_divide greater greater_equal hypot imag isfinite isinf
isnan less less_equal log log1p log2 log10 logaddexp logical_and logical_not logical_or logical_xor
maximum minimum multiply negative nextafter not_equal positive pow real reciprocal remainder round
sign signbit sin sinh square sqrt subtract tan tanh trunc arange asarray empty empty_like eye
from_dlpack full full_like linspace meshgrid ones ones_like tril triu zeros zeros_like astype
broadcast_arrays broadcast_to can_cast finfo iinfo isdtype result_type bool int8 int16 int32 int64
uint8 uint16 uint32 uint64 float32 float64 matmul matrix_transpose tensordot vecdot broadcast_shapes
concat expand_dims flip moveaxis permute_dims repeat reshape roll squeeze stack tile unstack argmax
argmin count_nonzero nonzero searchsorted where unique_all unique_counts unique_inverse
unique_values argsort sort cumulative_prod cumulative_sum max mean min prod std sum var take
take_along_axis all any diff isin __array_namespace_info__ linalg""")
LINALG = words("""cholesky cross det diagonal eigh eigvalsh inv matmul matrix_norm matrix_power
matrix_rank matrix_transpose outer pinv qr slogdet solve svd svdvals tensordot trace vecdot
vector_norm""")


def draw(dtype, shape=(2, 3)):
    if dtype == "bool":
        return RANDOM.integers(0, 2, shape).astype(bool)
    if dtype in FLOATS:
        return RANDOM.normal(size=shape).astype(dtype)
    return RANDOM.integers(0 if dtype in UNSIGNED else -3, 7, shape).astype(dtype)


def positive(dtype, shape=(2, 3)):
    return np.asarray(np.abs(draw(dtype, shape)) + 1, dtype)


def leaves(tree):
    return [y for x in tree for y in leaves(x)] if isinstance(tree, (tuple, list)) else [tree]


def both(run, *arrays, **options):
    """`run(namespace, *arrays)` here and by NumPy: the same shapes, dtypes and numbers."""
    with np.errstate(all="ignore"):
        theirs = leaves(run(np, *map(np.copy, arrays), **options))
        ours = leaves(run(sg, *map(sg.asarray, arrays), **options))
    assert len(ours) == len(theirs)
    for x, y in zip(ours, theirs):
        assert isinstance(x, sg.Tensor)
        y = np.asarray(y)
        assert (x.dtype, x.shape) == (y.dtype, y.shape)
        rtol = 1e-4 if y.dtype == np.float32 else 1e-9
        np.testing.assert_allclose(x.value.astype(float), y.astype(float), rtol=rtol, atol=rtol)


def test_every_name_of_the_standard_is_there():
    assert [name for name in NAMES if not hasattr(sg, name)] == []
    assert [name for name in LINALG if not hasattr(sg.linalg, name)] == []
    assert "__array_namespace_info__" in dir(sg)


UNARY = {
    **dict.fromkeys(words("cos exp expm1 sin tanh sinh signbit reciprocal real conj"), FLOATS),
    **dict.fromkeys(words("abs floor ceil trunc round sign square positive isfinite isnan"),
                    NUMBERS),
    "negative": SIGNED + FLOATS, "logical_not": ["bool"], "bitwise_invert": BITS,
}  # fmt: skip
BINARY = {
    **dict.fromkeys(words("add subtract multiply maximum minimum less greater_equal pow"),
                    NUMBERS),
    **dict.fromkeys(("floor_divide", "remainder"), NUMBERS), "equal": ALL, "not_equal": ALL,
    **dict.fromkeys(words("atan2 copysign divide hypot logaddexp nextafter"), FLOATS),
    **dict.fromkeys(("logical_and", "logical_xor"), TRUTHS),
    **dict.fromkeys(("bitwise_and", "bitwise_or", "bitwise_xor"), BITS),
    **dict.fromkeys(("bitwise_left_shift", "bitwise_right_shift"), INTEGERS),
}  # fmt: skip


@pytest.mark.parametrize("name", UNARY)
def test_functions_of_one_array(name):
    for dtype, shape in product(UNARY[name], ((2, 3), (), (0,))):
        both(lambda xp, x: getattr(xp, name)(x), draw(dtype, shape))


@pytest.mark.parametrize("name", BINARY)
def test_functions_of_two_arrays_and_of_python_s_numbers(name):
    for dtype in BINARY[name]:
        number = True if dtype == "bool" else 2
        for other in BINARY[name]:
            if np.result_type(dtype, other) in map(np.dtype, BINARY[name]):
                both(lambda xp, a, b: getattr(xp, name)(a, b), positive(dtype),
                     positive(other, (3,)))  # fmt: skip
        both(lambda xp, x, n=number: [getattr(xp, name)(x, n), getattr(xp, name)(n, x)],
             positive(dtype))  # fmt: skip


SIGNS = {
    operator.and_: BITS, operator.or_: BITS,
    operator.xor: BITS, operator.lshift: INTEGERS, operator.rshift: INTEGERS,
    operator.add: NUMBERS, operator.mod: NUMBERS, operator.floordiv: NUMBERS,
    operator.pow: NUMBERS, operator.iadd: NUMBERS, operator.ilshift: INTEGERS,
    operator.ior: BITS, operator.itruediv: FLOATS,
}  # fmt: skip


@pytest.mark.parametrize("sign", SIGNS, ids=lambda sign: sign.__name__)
def test_operators(sign):
    for dtype in SIGNS[sign]:
        number = True if dtype == "bool" else 2
        both(lambda xp, a, b: sign(a, b), positive(dtype, (2, 2)), positive(dtype, (2, 2)))
        both(lambda xp, a, n=number: [sign(xp.asarray(a, copy=True), n)], positive(dtype))
        if not sign.__name__.startswith("i"):
            both(lambda xp, a, n=number: sign(n, a), positive(dtype))


@pytest.mark.parametrize("dtype", NUMBERS)
def test_sums_order_and_their_keywords(dtype):
    for options in ({}, {"axis": 0}, {"axis": (0, 1)}, {"axis": -1, "keepdims": True}):
        for name in ("sum", "prod", "max", "min"):
            both(lambda xp, x: getattr(xp, name)(x, **options), draw(dtype))  # noqa: B023
        for wanted in ("float64", "int8", "int64"):
            both(lambda xp, x: xp.sum(x, dtype=getattr(xp, wanted), **options),  # noqa: B023
                 draw(dtype))  # fmt: skip
        if dtype in FLOATS:
            both(lambda xp, x: [xp.var(x, correction=1, **options),  # noqa: B023
                                xp.std(x, correction=0.5, **options)], draw(dtype))  # noqa: B023
    for axis in (0, -1):
        both(lambda xp, x: [
            xp.cumulative_sum(x, axis=axis, include_initial=True),  # noqa: B023
            xp.cumulative_prod(x, axis=axis, dtype=xp.float64),  # noqa: B023
            xp.diff(x, axis=axis, n=2, prepend=x, append=x),  # noqa: B023
            xp.sort(x, axis=axis, stable=False), xp.argsort(x, axis=axis),  # noqa: B023
            xp.argmax(x, axis=axis, keepdims=True),  # noqa: B023
        ], draw(dtype))  # fmt: skip
    both(lambda xp, x: [xp.clip(x, min=0), xp.clip(x, max=2), xp.clip(x, x * 0, x * 0 + 2)],
         draw(dtype))  # fmt: skip
    both(lambda xp, x, order: xp.searchsorted(x, x, side="right", sorter=order),
         np.array([3, 1, 2], dtype), np.array([1, 2, 0]))  # fmt: skip


def test_descending_order_keeps_equal_elements_in_order():
    x = np.array([[3, 1, 3, 2, 1], [0, 0, 7, 7, 0]])
    expected = np.argsort(-x, axis=1, kind="stable")
    assert np.array_equal(sg.argsort(sg.asarray(x), descending=True).value, expected)
    assert np.array_equal(sg.sort(sg.asarray(x), descending=True).value, -np.sort(-x))
    unsigned = x.astype(np.uint8)
    assert np.array_equal(sg.argsort(unsigned, descending=True), expected)
    slopes = sg.grad(lambda v: (sg.sort(v, descending=True) * np.arange(3.0)).sum())
    assert np.array_equal(slopes(np.array([2.0, 9.0, 5.0])), [2, 0, 1])


@pytest.mark.parametrize("dtype", ALL)
def test_shapes_creation_and_dtypes(dtype):
    x = draw(dtype)
    both(lambda xp, x: [
        xp.concat([x, x], axis=None), xp.concat((x, x), axis=1), xp.stack([x, x], axis=-1),
        xp.unstack(x), xp.unstack(x, axis=-1), xp.repeat(x, 2), xp.repeat(x, 2, axis=0),
        xp.reshape(x, (-1,), copy=True), xp.broadcast_arrays(x, x[0]), xp.permute_dims(x, (1, 0)),
        xp.moveaxis(x, 0, 1), xp.roll(x, (1, 2), axis=(0, 1)), xp.tile(x, (2, 1)), xp.flip(x),
        xp.meshgrid(x[0], x[1], indexing="ij"), xp.tril(x), xp.count_nonzero(x, axis=0),
        xp.all(x, axis=0), xp.any(x), xp.asarray(x, copy=True), xp.isin(x, x[0], invert=True),
        xp.ones_like(x), xp.zeros_like(x, dtype=xp.float32), x.mT, xp.nonzero(x),
    ], x)  # fmt: skip
    both(lambda xp, x, i: [xp.repeat(x, i, axis=1), xp.take(x, i, axis=0)], x,
         np.array([1, 0, 1]))  # fmt: skip
    both(lambda xp, x, i: xp.take_along_axis(x, i, axis=-1), x, np.array([[2], [0]]))
    for other in ALL:
        both(lambda xp, x: xp.astype(x, getattr(xp, other), copy=True), x)  # noqa: B023
    for make in (lambda xp: xp.zeros((2,), dtype=getattr(xp, dtype), device="cpu"),
                 lambda xp: xp.full((2,), True if dtype == "bool" else 3),
                 lambda xp: xp.empty((2,), dtype=getattr(xp, dtype)) * 0):  # fmt: skip
        both(lambda xp: make(xp))  # noqa: B023
    if dtype != "bool":
        both(lambda xp: [xp.arange(1, 7, 2, dtype=getattr(xp, dtype)),
                         xp.eye(2, 4, k=-1, dtype=getattr(xp, dtype))])  # fmt: skip


def test_linear_algebra():
    for dtype in NUMBERS:
        both(lambda xp, a: [
            xp.linalg.trace(a, offset=1, dtype=xp.float64), xp.linalg.diagonal(a, offset=-1),
            xp.linalg.cross(a, a[::-1]), xp.linalg.outer(a[0, 0], a[1, 1]),
            xp.vecdot(a, a), xp.tensordot(a, a, axes=([0], [0])),
        ], draw(dtype, (2, 3, 3)))  # fmt: skip
    for dtype in FLOATS:
        m = draw(dtype, (2, 3, 3))
        both(lambda xp, a: [
            xp.linalg.cholesky(a, upper=True), xp.linalg.matrix_rank(a),
            xp.linalg.matrix_rank(a, rtol=0.5), xp.linalg.pinv(a, rtol=0.1),
            xp.linalg.svdvals(a), xp.linalg.matrix_norm(a, ord="nuc"), xp.linalg.solve(a, a[0]),
        ], m @ m.mT + 3 * np.eye(3, dtype=dtype))  # fmt: skip
    assert np.array_equal(sg.linalg.matrix_rank(np.ones((2, 3))), 1)
    with pytest.raises(ShapeError, match="matrix"):
        sg.linalg.diagonal(np.ones(3))


def test_sets_of_elements():
    x = np.array([[2.0, np.nan, 2.0], [1.0, np.nan, -0.0]])
    found, theirs = sg.unique_all(sg.asarray(x)), np.unique_all(x)
    for ours, numpy_s in zip(found, theirs, strict=True):
        np.testing.assert_array_equal(ours.value, numpy_s)
    assert sg.unique_counts(sg.asarray(x)).counts.dtype == sg.int64
    assert sg.unique_inverse(sg.asarray(x)).inverse_indices.shape == x.shape
    assert np.array_equal(sg.unique_values(np.array([3, 1, 3])), [1, 3])
    slope = sg.grad(lambda v: (sg.unique_values(v) * np.array([1.0, 10.0])).sum())
    assert np.array_equal(slope(np.array([5.0, 2.0, 5.0])), [10, 1, 0])
    for function in (sg.unique_values, sg.nonzero):
        with pytest.raises(TraceError, match="depends on them"):
            sg.compile(lambda x: function(x))(x)  # noqa: B023
    with pytest.raises(ShapeError):
        sg.nonzero(sg.asarray(1.0))


def test_dtypes_are_told_of():
    x = sg.asarray(np.int16([1]))
    assert sg.result_type(sg.int8, x, 1) == sg.int16
    assert sg.can_cast(x, sg.int32)
    assert not sg.can_cast(sg.float64, sg.float32)
    assert sg.isdtype(sg.float32, ("integral", "real floating"))
    assert not sg.isdtype(sg.bool, "numeric")
    assert sg.finfo(sg.float32).bits == 32
    assert sg.iinfo(x).max == 2**15 - 1
    info = sg.__array_namespace_info__()
    assert info.default_dtypes()["real floating"] == sg.float64
    assert list(info.dtypes(kind="real floating")) == FLOATS
    assert len(info.dtypes()) == 11
    assert info.devices() == [info.default_device()] == ["cpu"]
    assert info.capabilities()["data-dependent shapes"]
    with pytest.raises(ValueRangeError, match="kind"):
        info.dtypes(kind="letters")


def test_a_tensor_knows_its_namespace_and_device():
    x = sg.asarray([1.0, 2.0])
    assert x.__array_namespace__() is sg
    assert x.__array_namespace__(api_version="2024.12") is sg
    assert x.device == "cpu"
    assert x.to_device("cpu") is x
    with pytest.raises(ValueRangeError, match="version"):
        x.__array_namespace__(api_version="1.0")
    for wrong in (lambda: x.to_device("cuda"), lambda: sg.zeros(2, device="gpu"),
                  lambda: sg.asarray([1], device="tpu")):  # fmt: skip
        with pytest.raises(ValueRangeError, match="one device"):
            wrong()
    with pytest.raises(ValueRangeError, match="copied"):
        sg.asarray(np.ones(2), copy=False)
    with pytest.raises(DTypeError):
        sg.asarray([1.0]) << 1
    assert [10, 20, 30][sg.asarray(1)] == 20
    assert operator.index(sg.asarray(np.uint8(3))) == 3
    assert bool(sg.asarray(True))
    y = sg.asarray(np.arange(4.0))
    y[1:3] = 7
    y += 1
    assert y.tolist() == [1, 8, 8, 4]


def test_keywords_are_those_of_the_standard_s_reference():
    """array_api_strict, where it is installed, says which keywords a function takes."""
    strict = pytest.importorskip("array_api_strict")
    lacking = {}
    for theirs, ours in ((strict, sg), (strict.linalg, sg.linalg)):
        for name in {*NAMES, *LINALG} & {*dir(theirs)} & {*dir(ours)}:
            function, own = getattr(theirs, name), getattr(ours, name)
            if not inspect.isfunction(function) or (ours is sg and name not in NAMES):
                continue
            if inspect.isfunction(own):
                known = set(inspect.signature(own).parameters)
            else:
                known = {*own.attributes, *own.also, *(i.lstrip("*") for i in own.inputs)}
            wanted = inspect.signature(function).parameters.values()
            if lack := {p.name for p in wanted if p.kind is p.KEYWORD_ONLY} - known:
                lacking[name] = lack
    assert lacking == {}


def test_python_s_manners():
    x = sg.tensor([1.256, -2.5], name="x")
    assert round(x, 1).tolist() == [1.3, -2.5]
    assert round(x).tolist() == [1, -2]
    assert sg.round(x, decimals=2).tolist() == [1.26, -2.5]
    assert np.round(x, 2).tolist() == [1.26, -2.5]
    quotient, rest = divmod(sg.tensor([7.0, -7.0]), 2)
    assert (quotient.tolist(), rest.tolist()) == ([3, -4], [1, 1])
    assert [q.tolist() for q in divmod(7, sg.asarray([2, 3]))] == [[3, 2], [1, 1]]
    assert "1.256" in f"{x}"
    assert f"{x[0]:.1f}" == "1.3"
    y = sg.sin(x)
    again = copy.copy(y)                                 # as pyplot.plot copies what it draws
    assert np.array_equal(again.value, y.value)
    again.sum().backward()
    assert np.allclose(x.grad, np.cos(x.value))
    leaf = copy.copy(x)
    leaf.assign([0.0, 0.0])
    assert x.tolist() == [1.256, -2.5]
    import math

    assert (math.floor(x[0]).item(), math.ceil(x[0]).item(), math.trunc(x[1]).item()) == (1, 2, -2)
