"""Convolution and pooling against PyTorch, over every setting they share; and what they refuse."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import seegrad as sg
from seegrad.errors import DTypeError, ShapeError

CHANCE = np.random.default_rng(0)
SETTINGS = list(itertools.product((1, 2), (0, 1), (1, 2), (1, 2), (1, 2)))


def compared(ours, theirs, arrays, torch, rtol=1e-10):
    """The same values and the same derivatives by every array."""
    mine = [sg.tensor(a) for a in arrays]
    other = [torch.tensor(a, requires_grad=True) for a in arrays]
    out, expected = ours(*mine), theirs(*other)
    np.testing.assert_allclose(out.value, expected.detach(), rtol=rtol, atol=1e-12)
    weights = CHANCE.standard_normal(out.shape)
    (out * weights).sum().backward()
    (expected * torch.tensor(weights)).sum().backward()
    for a, b in zip(mine, other):
        np.testing.assert_allclose(a.grad, b.grad, rtol=rtol, atol=1e-12)


@pytest.mark.parametrize(("step", "padding", "dilation", "groups", "axes"), SETTINGS)
def test_convolution_equals_pytorch(step, padding, dilation, groups, axes):
    torch = pytest.importorskip("torch")
    function = getattr(torch.nn.functional, f"conv{axes}d")
    x = CHANCE.standard_normal((2, 4, 8, 7)[: axes + 2])
    W = CHANCE.standard_normal((6, 4 // groups, 3, 2)[: axes + 2])
    settings = {"padding": padding, "dilation": dilation, "groups": groups}
    compared(
        lambda x, W: sg.conv(x, W, steps=step, **settings),
        lambda x, W: function(x, W, stride=step, **settings),
        [x, W],
        torch,
    )


@pytest.mark.parametrize(("step", "padding", "dilation", "groups", "axes"), SETTINGS)
def test_transposed_convolution_equals_pytorch(step, padding, dilation, groups, axes):
    torch = pytest.importorskip("torch")
    function = getattr(torch.nn.functional, f"conv_transpose{axes}d")
    y = CHANCE.standard_normal((2, 4, 4, 5)[: axes + 2])
    W = CHANCE.standard_normal((4, 3, 3, 2)[: axes + 2])
    settings = {"padding": padding, "dilation": dilation, "groups": groups}
    compared(
        lambda y, W: sg.conv_transpose(y, W, steps=step, **settings),
        lambda y, W: function(y, W, stride=step, **settings),
        [y, W],
        torch,
    )


def test_same_padding_equals_pytorch():
    torch = pytest.importorskip("torch")
    arrays = [CHANCE.standard_normal((1, 2, 6, 5)), CHANCE.standard_normal((3, 2, 4, 3))]
    compared(
        lambda x, W: sg.conv(x, W, padding="same"),
        lambda x, W: torch.nn.functional.conv2d(torch.nn.functional.pad(x, (1, 1, 1, 2)), W),
        arrays,
        torch,
    )


@pytest.mark.parametrize(("size", "step", "padding"), [(2, 2, 0), (3, 2, 1), ((2, 3), 1, (1, 0))])
def test_pooling_equals_pytorch(size, step, padding):
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    x = CHANCE.standard_normal((2, 3, 6, 7))
    compared(
        lambda x: sg.max_pool(x, size=size, steps=step, padding=padding),
        lambda x: functional.max_pool2d(x, size, step, padding),
        [x],
        torch,
    )
    for counted in (True, False):
        compared(
            lambda x, counted=counted: sg.average_pool(
                x, size=size, steps=step, padding=padding, count_padding=counted
            ),
            lambda x, counted=counted: functional.avg_pool2d(
                x, size, step, padding, count_include_pad=counted
            ),
            [x],
            torch,
        )


def test_equal_largest_ones_share_the_derivative():
    x = sg.tensor(np.array([[[3.0, 3.0, 1.0, 5.0, 5.0, 5.0]]]))
    sg.max_pool(x, size=3).sum().backward()
    np.testing.assert_allclose(x.grad[0, 0], [0.5, 0.5, 0.0, 1 / 3, 1 / 3, 1 / 3])


def test_a_window_with_a_nan_has_a_nan_for_its_largest():
    out = sg.max_pool(np.array([[[1.0, np.nan, 2.0, 3.0]]]), size=2)
    np.testing.assert_array_equal(out, [[[np.nan, 3.0]]])


def test_padding_never_wins_a_window_of_negative_numbers():
    x = np.full((1, 1, 4), -5.0)
    np.testing.assert_array_equal(sg.max_pool(x, size=3, steps=1, padding=1), x)
    whole = np.full((1, 1, 4), -5)
    np.testing.assert_array_equal(sg.max_pool(whole, size=3, steps=1, padding=1), whole)


def test_windows_show_numpys_own():
    x = CHANCE.standard_normal((2, 5, 6))
    theirs = np.lib.stride_tricks.sliding_window_view(x, (2, 3), axis=(1, 2))
    np.testing.assert_array_equal(sg.unfold(x, size=(2, 3)), theirs.transpose(0, 3, 4, 1, 2))


def test_an_empty_batch_goes_through():
    W = sg.tensor(np.ones((3, 2, 2, 2)))
    out = sg.conv(np.ones((0, 2, 5, 5)), W)
    assert out.shape == (0, 3, 4, 4)
    out.sum().backward()
    np.testing.assert_array_equal(W.grad, np.zeros(W.shape))
    assert sg.max_pool(out, size=2).shape == (0, 3, 2, 2)


X, W = np.ones((2, 3, 8, 8)), np.ones((4, 3, 3, 3))
REFUSED = {
    "too few channels": (lambda: sg.conv(X[:, :2], W), ShapeError, "2 channels"),
    "no channels": (lambda: sg.conv(X[:, 0], W), ShapeError, "same number of axes"),
    "groups that do not divide": (lambda: sg.conv(X, W, groups=2), ShapeError, "3 channels"),
    "a window too large": (lambda: sg.conv(X[..., :2], W), ShapeError, "reaches over"),
    "steps of 0": (lambda: sg.conv(X, W, steps=0), ShapeError, "steps"),
    "three steps for two axes": (lambda: sg.conv(X, W, steps=(1, 1, 1)), ShapeError, "steps"),
    "half a step": (lambda: sg.conv(X, W, steps=1.5), DTypeError, "steps must be"),
    "a word for padding": (lambda: sg.conv(X, W, padding="full"), ShapeError, "'same'"),
    "negative padding": (lambda: sg.conv(X, W, padding=-1), ShapeError, "padding"),
    "one pair for two axes": (lambda: sg.conv(X, W, padding=((1, 1),)), ShapeError, "padding"),
    "padding beyond the window": (
        lambda: sg.max_pool(X, size=2, padding=2), ShapeError, "padding alone"),
    "nothing to slide along": (lambda: sg.max_pool(X[0, 0], size=2), ShapeError, "slide along"),
    "a mean of integers": (
        lambda: sg.average_pool(X.astype(int), size=2), DTypeError, "floating"),
    "no such result": (
        lambda: sg.conv_transpose(X, np.ones((3, 2, 3, 3)), shape=(99, 99)), ShapeError, "places"),
    "a foreign result": (
        lambda: sg.conv_weights(X, np.ones((2, 4, 5, 5)), size=3), ShapeError, "belong"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_refused_with_both_shapes(name):
    call, kind, words = REFUSED[name]
    with pytest.raises(kind) as caught:
        call()
    assert words in str(caught.value)
    assert caught.value.came
