"""Windows, convolution, pooling, attention and recurrence compiled: the same as eager."""

from __future__ import annotations

import numpy as np
import pytest

import seegrad as sg
from seegrad import nn, optim
from seegrad.compiler import target

CHANCE = np.random.default_rng(0)
WINDOWS = [
    pytest.param(op, case, id=f"{op.name}-{i}")
    for op in sg.TABLE.values()
    if op.family == "window"
    for i, case in enumerate(op.cases)
]


def test_there_are_cases():
    assert len(WINDOWS) > 20


@pytest.mark.parametrize(("op", "case"), WINDOWS)
def test_every_case_and_its_derivatives(op, case):
    xs = [CHANCE.standard_normal(shape) for shape in case.shapes]
    weights = CHANCE.standard_normal(np.shape(op(*xs, **case.attrs)))

    def weighted(*ins):
        return (op(*ins, **case.attrs) * weights).sum()

    places = tuple(range(len(xs)))
    value, slopes = sg.value_and_grad(weighted, places)(*xs)
    compiled, found = sg.compile(sg.value_and_grad(weighted, places))(*xs)
    np.testing.assert_allclose(compiled, value, rtol=1e-12, atol=1e-12)
    for a, b in zip(found, slopes):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


def pictures():
    return nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1, dtype=float), nn.BatchNorm2d(3, dtype=float), nn.ReLU(),
        nn.MaxPool2d(2), nn.Residual(nn.Conv2d(3, 3, 3, padding="same", dtype=float)),
        nn.GroupNorm(3, 3, dtype=float), nn.ConvTranspose2d(3, 2, 2, stride=2, dtype=float),
        nn.AvgPool2d(3, 2, 1), nn.GlobalAvgPool(), nn.Affine(2, 3, dtype=float),
    )  # fmt: skip


def texts(layer):
    return nn.Sequential(
        nn.Embedding(7, 4, dtype=float), nn.Positions(6, 4, dtype=float), layer,
        nn.Affine(4, 3, dtype=float),
    )  # fmt: skip


NETWORKS = {
    "pictures": (pictures, CHANCE.standard_normal((4, 1, 8, 8)), (4,)),
    "GRU": (lambda: texts(nn.GRU(4, 4, dtype=float)), CHANCE.integers(0, 7, (3, 6)), (3, 6)),
    "LSTM": (lambda: texts(nn.LSTM(4, 4, dtype=float)), CHANCE.integers(0, 7, (3, 6)), (3, 6)),
    "Transformer": (
        lambda: texts(nn.TransformerBlock(4, 2, causal=True, dtype=float)),
        CHANCE.integers(0, 7, (3, 6)),
        (3, 6),
    ),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_training_steps(name):
    make, x, shape = NETWORKS[name]
    t = CHANCE.integers(0, 3, shape)

    def stepping(wrap):
        nn.seed(0)
        net = make()
        rule = optim.Adam(net.parameters(), lr=0.01)

        def step(x, t):
            rule.zero_grad()
            loss = nn.SoftmaxWithLoss()(net(x), t)
            loss.backward()
            rule.step()
            return loss

        return net, wrap(step)

    eager, plain = stepping(lambda f: f)
    compiled, fast = stepping(sg.compile)
    for _ in range(3):
        np.testing.assert_allclose(float(fast(x, t)), float(plain(x, t)), rtol=1e-10)
    for key, value in eager.state_dict().items():
        np.testing.assert_allclose(compiled.state_dict()[key], value, rtol=1e-7, atol=1e-9)


def test_windows_are_only_looked_at_and_nothing_goes_through_numpy():
    layer = nn.Conv2d(2, 3, 3, padding=1)

    @sg.compile
    def slopes(x):
        layer.zero_grad()
        loss = (nn.MaxPool2d(2)(layer(x)) ** 2).sum()
        loss.backward()
        return layer.W.grad

    x = CHANCE.standard_normal((4, 2, 6, 6)).astype(np.float32)
    slopes(x)
    kernels = [line.split()[-1] for line in str(slopes.profile(x)).splitlines()[1:] if line.strip()]
    assert any("overlap_add" in kernel for kernel in kernels)
    assert not any("unfold" in kernel for kernel in kernels)


@pytest.mark.parametrize("threads", [1, 2])
def test_steps_of_a_sequence_share_their_code(threads):
    """Native code does not grow with the length of what is unrolled, only the list of calls."""
    if not target.available():
        pytest.skip("llvmlite is not installed")

    def functions(length):
        net = nn.GRU(3, 5, last=True, dtype=float)
        step = sg.compile(
            sg.value_and_grad(lambda x: (net(x) ** 2).sum()), threads=threads
        )
        step(CHANCE.standard_normal((4, length, 3)))
        return step.assembly.count("define internal void @k")

    few, many = functions(7), functions(15)
    assert few > 5
    assert many <= few + 8                        # the halvings of the input, no more


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(
    ("shape", "size", "settings"),
    [
        ((2, 3, 9), (4,), {}),
        ((40, 2, 21), (3,), {"dilation": 2}),
        ((1, 1, 5), (5,), {}),
        ((3, 2, 19, 18), (3, 5), {}),
        ((3, 2, 19, 18), (3, 2), {"steps": (1, 2), "dilation": (2, 1)}),
        ((3, 2, 18, 40), (2, 2), {"steps": 2}),
        ((3, 2, 19, 41), (2, 2), {"steps": 2}),
        ((3, 2, 19, 41), (3, 3), {"steps": 2}),
        ((3, 2, 19, 41), (2, 1), {"steps": (3, 2), "dilation": (1, 3)}),
        ((2, 1, 6, 1), (4, 1), {}),
    ],
)
def test_windows_of_many_shapes_come_back(shape, size, settings, threads):
    for dtype in (np.float64, np.float32, np.int64):
        x = (CHANCE.standard_normal(shape) * 9).astype(dtype)
        seen = sg.unfold(x, size=size, **settings)
        weights = CHANCE.standard_normal(np.shape(seen)).astype(dtype)

        def back(g):
            return sg.overlap_add(g, shape=shape[-len(size):], **settings) * 2

        def total(x, w=weights):
            return (sg.unfold(x * 1, size=size, **settings) * w).sum()

        np.testing.assert_allclose(
            sg.compile(back, threads=threads)(weights), back(weights), rtol=1e-5, atol=1e-5,
        )  # fmt: skip
        if dtype is not np.int64:
            np.testing.assert_allclose(
                sg.compile(sg.grad(total), threads=threads)(x).value, sg.grad(total)(x),
                rtol=1e-5, atol=1e-5,
            )  # fmt: skip
