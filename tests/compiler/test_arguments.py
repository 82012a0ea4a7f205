"""What compiled functions are given: arrays as NumPy users have them, and what is no number."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import seegrad as sg
from seegrad import nn, optim
from seegrad.errors import DTypeError, ShapeError
from seegrad.training import Trainer

SWAPPED = [np.dtype(kind).newbyteorder("S") for kind in ("f8", "f4", "f2", "i8", "i4", "i2", "u4")]


@pytest.mark.parametrize("dtype", SWAPPED, ids=str)
def test_arrays_in_the_other_order_of_bytes_are_the_same_numbers(dtype):
    x = np.arange(1, 9).reshape(4, 2)
    swapped, own = x.astype(dtype), x.astype(dtype.newbyteorder("="))
    total = (lambda v: (v * v).sum())(own.astype(float))
    f = sg.compile(lambda v: (v * v).sum())
    assert f(own).item() == total
    assert f(swapped).item() == total                 # where the form for the others is there
    assert sg.compile(lambda v: (v * v).sum())(v=swapped).item() == total
    assert sg.compile(lambda v: (v * v).sum(), free={"v": 0})(swapped).item() == total
    assert sg.compile(lambda v: (v * swapped).sum())(own).item() == total
    assert sg.compile(lambda v: v.sum()).epoch(swapped, batch=2, shuffle=False).tolist() == [10, 26]
    for made in (sg.tensor(swapped), sg.asarray(swapped), sg.tensor(x, dtype=dtype),
                 sg.tensor(x).astype(dtype), sg.zeros(3, dtype), sg.exp(swapped)):  # fmt: skip
        assert made.dtype.isnative
    if dtype.kind == "f":
        found = sg.compile(sg.grad(lambda v: (v * v).sum()))(swapped)
        np.testing.assert_array_equal(found, 2 * own)


def test_large_swapped_arrays_are_right_without_compiling_too():
    x = np.linspace(-1, 1, 2**20).reshape(1024, 1024)
    for op in (sg.gelu, sg.exp, sg.sigmoid, lambda v: v + v, lambda v: sg.softmax(v, axis=1)):
        np.testing.assert_array_equal(op(x.astype(">f8")), op(x))


def test_swapped_indices_stay_within():
    f = sg.compile(lambda x, i: sg.take(x, i, axis=0))
    assert f(np.arange(8.0), np.array([1, 2], ">i8")).tolist() == [1, 2]
    assert f(np.arange(8.0), np.array([1, 2], "<i8")).tolist() == [1, 2]
    with pytest.raises(IndexError):
        f(np.arange(8.0), np.array([1, 9], ">i8"))


def test_a_network_learns_the_same_from_swapped_files():
    def losses(order):
        nn.seed(0)
        net = nn.Linear(3, 2)
        rule = optim.SGD(net.parameters(), lr=0.1)
        chance = np.random.default_rng(0)
        x = chance.normal(size=(8, 3)).astype(f"{order}f4")
        t = (np.arange(8) % 2).astype(f"{order}i4")

        @sg.compile
        def step(x, t):
            rule.zero_grad()
            loss = sg.softmax_cross_entropy(net(x), t)
            loss.backward()
            rule.step()
            return loss

        return [*step.epoch(x, t, batch=4), step(x, t).item()]

    assert losses(">") == losses("<")


@pytest.mark.parametrize(
    ("x", "hint"),
    [
        (np.ma.array([1.0, 2.0], mask=[0, 1]), "fill the gaps"),
        (np.array([1 + 1j, 2]), "real part"),
        (np.array(["a", "b"]), "astype"),
        (np.array([1.0, 2.0], object), "astype"),
        (np.array(["2020-01-01"], "datetime64[D]"), "astype"),
    ],
    ids=["masked", "complex", "text", "objects", "dates"],
)
def test_what_has_no_real_numbers_is_refused_as_outside_of_compiled_code(x, hint):
    f = sg.compile(lambda v: v * 1)
    for call in (lambda: f(x), lambda: f(v=x), lambda: f.epoch(x, batch=1), lambda: f.profile(x)):
        with pytest.raises(DTypeError, match=hint):
            call()


def test_a_trainer_refuses_gaps():
    net = nn.Linear(2, 1)
    trainer = Trainer(net, optim.SGD(net.parameters()), sg.mean_squared_error)
    x = np.ma.array(np.ones((4, 2)), mask=np.eye(4, 2))
    with pytest.raises(DTypeError, match="fill the gaps"):
        trainer.fit((x, np.ones((4, 1))), epochs=1)


def _others():
    """The numbers 1, 2 / 3, 4 as others have them, and how they are changed in place."""
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    yield "a matrix", x.view(np.matrix)
    yield "a memory view", memoryview(x)
    yield "a subclass", x.view(type("Own", (np.ndarray,), {}))
    for name in ("pandas", "polars", "torch"):
        library = pytest.importorskip(name)
        yield name, library.tensor(x) if name == "torch" else library.DataFrame(x)


def test_what_is_an_array_to_numpy_is_one_everywhere():
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    net = nn.Linear(2, 1, dtype=float)
    for name, other in _others():
        for f in (sg.exp, sg.gelu, sg.softmax, net, sg.compile(lambda v: v * v), sg.tensor,
                  lambda v: sg.multiply(v, v), lambda v: sg.reshape(v, (4,)),
                  lambda v: sg.sum(v, axis=0)):  # fmt: skip
            found, wanted = f(other), f(x)
            assert type(found) is type(wanted), name
            np.testing.assert_allclose(
                np.asarray(found), np.asarray(wanted), rtol=1e-14, err_msg=name
            )                                        # columns may lie the other way round
    column = pytest.importorskip("pandas").Series([1.0, 2.0], index=[5, 6])
    np.testing.assert_array_equal(sg.softmax(column), sg.softmax([1.0, 2.0]))


def test_a_tensor_of_pytorch_that_changes_is_read_anew_by_compiled_code():
    torch = pytest.importorskip("torch")
    given, f = torch.ones(2), sg.compile(lambda v: v * 2)
    assert f(given).tolist() == [2, 2]
    given[0] = 5
    assert f(given).tolist() == [10, 2]
    with pytest.raises(RuntimeError, match="detach"):
        f(torch.ones(2, requires_grad=True))


def test_layers_refuse_gaps():
    with pytest.raises(DTypeError, match="fill the gaps"):
        nn.Linear(2, 1)(np.ma.array(np.ones((1, 2)), mask=[[0, 1]]))


LOWS = (None, -300, -1, 0, 1, 0.5, 2**70, -(2**70), np.int64(-300), np.float32(-0.5), -np.inf)
HIGHS = (None, 300, 1, 0, 255, 2**40, 1.5, 2**64, -5, np.int64(300), np.float64(1.5), np.inf)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int16, np.int64, np.float32])
def test_bounds_of_a_clip_beyond_the_dtype_are_as_numpy_has_them(dtype):
    x = np.array([0, 1, 100], dtype)
    for low, high in itertools.product(LOWS, HIGHS):
        if low is None and high is None:
            continue
        f = sg.compile(lambda v: sg.clip(v, low, high))  # noqa: B023
        try:
            wanted = np.clip(x, low, high)
        except OverflowError:
            for call in (lambda: sg.clip(x, low, high), lambda: f(x)):  # noqa: B023
                with pytest.raises(ShapeError, match=r"out of bounds|too large"):
                    call()
            continue
        for found in (sg.clip(x, low, high), f(x).value):
            assert found.dtype == wanted.dtype
            np.testing.assert_array_equal(found, wanted, err_msg=f"{low}, {high}")
