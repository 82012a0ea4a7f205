"""What leaves the graph inside a transform is refused; lists of tensors and x.at[...] stay in."""

from __future__ import annotations

import math

import numpy as np
import pytest

import seegrad as sg
from seegrad.errors import DTypeError, GradientError, MutationError, ShapeError, TraceError

X = np.array([0.5, 2.0, 3.0])


def written(x):
    b = np.zeros(3)
    b[:] = x * x
    return b.sum()


@pytest.mark.parametrize("f", [
    written,
    lambda x: np.asarray(x).sum(),
    lambda x: np.array([x, 2 * x]).sum(),
    lambda x: np.sum([x, x]),
    lambda x: np.unique(x).sum(),
    lambda x: sg.tensor([x[0], x[1]]).sum(),
    lambda x: sg.tensor(x).sum(),
    lambda x: math.exp(x[0]),
    lambda x: float(x[0]),
    lambda x: x[0].item(),
    lambda x: x.value.sum(),
    lambda x: x.numpy().sum(),
    lambda x: sum(x.tolist()),
    lambda x: float(f"{x[0]:.3f}"),
])  # fmt: skip
def test_numbers_taken_from_what_is_differentiated_are_refused_with_the_way_out(f):
    for run in (sg.grad(f), sg.grad(sg.checkpoint(f)), lambda x: sg.vjp(f, x), sg.jacobian(f)):
        with pytest.raises(GradientError, match=r"(?s)would be lost.*sg\.stop_gradient") as caught:
            run(X)
        assert caught.value.line.file == __file__
    assert np.isfinite(float(f(sg.tensor(X)))), "outside of transforms a look is free"


def test_what_does_not_depend_on_the_argument_is_read_freely():
    w = sg.tensor([1.0, 2.0, 3.0])

    def f(x):
        c = sg.tensor(2.0)
        fixed = sg.stop_gradient(x).numpy().sum() + c.item() + np.asarray(w).sum()
        with sg.no_grad():
            float(x[0] * 2)
        return (x * fixed).sum()

    assert sg.grad(f)(X) == pytest.approx([5.5 + 2 + 6] * 3)


def test_looks_that_decide_or_show_are_free():
    def f(x):
        print(x, repr(x), f"{x}")
        assert np.allclose(x, x)
        assert 0.5 in x
        i = int(x.argmax())
        if x[0] > 0 and x[1] and int(x[0] < 1) == 1:
            return x[i] ** 2
        return x.sum()

    assert sg.grad(f)(X).tolist() == [0.0, 0.0, 6.0]


@pytest.mark.parametrize(("f", "right"), [
    (lambda x: sg.asarray([x, 2 * x]).sum(), [3, 3, 3]),
    (lambda x: sg.stack([[x, x], [x, x * x]]).sum(), [4, 7, 9]),
    (lambda x: sg.sum([x[0] ** 2, x[1]]), [1, 1, 0]),
    (lambda x: sg.mean((x, x * x)), [2 / 6, 5 / 6, 7 / 6]),
    (lambda x: sg.einsum("i,i", [x[0], x[1]], [x[1], 1.0]), [2, 1.5, 0]),
    (lambda x: np.einsum("i,i", [x[0], x[1], 1.0], x), [1, 4, 1]),
    (lambda x: np.matmul([[x[0], 1.0, 2.0]], x).sum(), [1, 1, 2]),
    (lambda x: (x * [x[0], 1.0, x[1]]).sum(), [1, 4, 2]),
    (lambda x: sg.full((3,), x[0] ** 2).sum(), [3, 0, 0]),
    (lambda x: sg.full_like(x, x[1]).sum(), [0, 3, 0]),
    (lambda x: sg.cumsum([x[0], x[1]]).sum(), [2, 1, 0]),
    (lambda x: sg.hstack([[x[0], x[1]], x]).sum(), [2, 2, 1]),
])  # fmt: skip
def test_lists_of_tensors_are_stacked_and_keep_their_derivatives(f, right):
    assert sg.grad(f)(X) == pytest.approx(right)
    assert sg.stop_gradient(sg.compile(sg.grad(f))(X)).numpy() == pytest.approx(right)
    x = sg.tensor(X)
    f(x).backward()
    assert x.grad == pytest.approx(right)


def test_lists_keep_the_dtype_and_need_equal_shapes():
    x = sg.tensor(np.ones(2, np.float32))
    assert sg.asarray([x, x]).dtype == np.float32
    with pytest.raises(ShapeError, match="equal shapes"):
        sg.asarray([x, sg.ones(3)])


@pytest.mark.parametrize("write", [
    lambda a, b: a.__setitem__(1, 2 * b[0]),
    lambda a, b: a.__setitem__(slice(2), b[:2]),
    lambda a, b: a.__setitem__([0, 1], [b[0], 1.0]),
    lambda a, b: a.__setitem__(np.array([True, False, True]), b[0]),
    lambda a, b: a.assign(b * b),
    lambda a, b: a.assign([b[0], 1.0, 2.0]),
])  # fmt: skip
def test_writing_what_needs_a_derivative_is_refused_and_shows_at(write):
    def f(b):
        a = sg.zeros(3)
        write(a, b)
        return a.sum()

    for run in (sg.grad(f), f):
        with pytest.raises(MutationError, match=r"(?s)would be lost.*x\.at\["):
            run(sg.tensor(X))


def test_the_argument_of_a_transform_is_not_written_to():
    def f(x):
        x[1] = 5.0
        return (x * x).sum()

    with pytest.raises(MutationError, match=r"(?s)differentiated by does not change.*x\.at\["):
        sg.grad(f)(X)
    with sg.no_grad(), pytest.raises(MutationError):
        sg.grad(f)(X)


def test_parameters_are_updated_as_before():
    w = sg.tensor([1.0, 2.0])
    (w * w).sum().backward()
    w.assign(w - 0.1 * w.grad)
    w[0] = 3.0
    w[1] += 1.0
    assert w.tolist() == pytest.approx([3.0, 2.6])
    with sg.no_grad():
        w.assign(w * sg.tensor(2.0))
    assert w.tolist() == pytest.approx([6.0, 5.2])


KEYS = [1, -1, slice(1, None), slice(None, None, -1), Ellipsis, (0, None), [0, 2],
        np.array([True, False, True]), (slice(None), 1), (np.array([0, 2]),
              np.array([1, 1]))]  # fmt: skip


@pytest.mark.parametrize("key", KEYS, ids=str)
@pytest.mark.parametrize("how", ["set", "add", "multiply", "max", "min"])
def test_at_is_numpys_writing_and_differentiable_twice(key, how):
    rng = np.random.default_rng(0)
    x = rng.uniform(0.5, 1, (3, 4))
    v = rng.uniform(0.5, 1, x[key].shape)
    right = x.copy()
    if how == "set":
        right[key] = v
    else:
        named = {"max": np.maximum, "min": np.minimum}.get(how) or getattr(np, how)
        named.at(right, key, v)
    f = lambda a, b: getattr(a.at[key], how)(b)  # noqa: E731
    assert np.array_equal(f(sg.tensor(x), v).value, right)
    assert np.array_equal(sg.stop_gradient(sg.compile(f)(x, v)).numpy(), right)
    assert sg.gradcheck(lambda a, b: (f(a, b) ** 3).sum(), x, v)
    curved = sg.grad(lambda a, b: (sg.grad(lambda c, d: (f(c, d) ** 3).sum())(a, b) ** 2).sum())
    assert sg.compile(curved)(x, v).numpy() == pytest.approx(curved(x, v))
    assert np.array_equal(sg.tensor(x).at[key].get().value, x[key])


def test_at_writes_what_is_named_twice_one_after_the_other():
    x = sg.tensor([1.0, 2.0, 3.0])
    i, v = np.array([1, 0, 1]), np.array([10.0, 20.0, 30.0])
    assert x.at[i].set(v).tolist() == [20.0, 30.0, 3.0]
    assert x.at[i].add(v).tolist() == [21.0, 42.0, 3.0]
    assert x.at[i].multiply(v).tolist() == [20.0, 600.0, 3.0]
    traced = sg.compile(lambda a, j, b: a.at[j].set(b))
    assert sg.stop_gradient(traced(x, i, v)).tolist() == [20.0, 30.0, 3.0]
    loser = sg.grad(lambda b: (sg.zeros(3).at[i].set(b) * np.array([1.0, 2.0, 4.0])).sum())
    assert loser(v).tolist() == [0.0, 1.0, 2.0]


def test_at_by_what_only_a_run_knows():
    x = np.array([1.0, -2.0, 3.0])
    assert sg.compile(lambda a: a.at[a < 0].set(0.0))(x).tolist() == [1.0, 0.0, 3.0]
    one = sg.compile(lambda a, i: a.at[i].multiply(5.0))
    assert one(x, np.array(1)).tolist() == [1.0, -10.0, 3.0]
    with pytest.raises(TraceError, match="names a place twice"):
        one(x, np.array([1, 1]))


def test_at_takes_no_part_that_does_not_fit():
    with pytest.raises(ShapeError, match="does not fit"):
        sg.tensor(X).at[:2].set(np.ones(3))
    with pytest.raises(DTypeError, match="dtype of the whole"):
        sg.tensor([1, 2]).at[0].set(1.5)
    with pytest.raises(IndexError):
        sg.tensor(X).at[3].set(1.0)
    assert sg.tensor(X).at[[]].set(1.0).tolist() == X.tolist()


def test_a_mask_from_outside_is_looked_at_again_by_a_compiled_function():
    mask = sg.tensor(np.array([True, False, True]))
    f = sg.compile(lambda x: x[mask].sum())
    assert f(X).item() == 3.5
    mask.assign(np.array([False, True, False]))
    assert f(X).item() == 2.0
