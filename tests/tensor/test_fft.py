"""Fourier transforms of pairs: values are NumPy's, derivatives the differences'."""

from __future__ import annotations

import numpy as np
import pytest

import seegrad as sg
from seegrad.errors import CallError

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(3, 6)), RNG.normal(size=(3, 6))
Z = X + 1j * Y
NORMS = [None, "backward", "ortho", "forward"]


def whole(pair):
    return pair.real + 1j * pair.imag


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("n", [None, 1, 4, 5, 9])
def test_along_one_axis(n, norm):
    for name in ("fft", "ifft"):
        ours, theirs = getattr(sg.fft, name), getattr(np.fft, name)
        for axis in (0, -1):
            np.testing.assert_allclose(
                whole(ours(X, Y, n, axis, norm)), theirs(Z, n, axis, norm), atol=1e-12
            )
    half = sg.fft.rfft(X, n, norm=norm)
    np.testing.assert_allclose(whole(half), np.fft.rfft(X, n, norm=norm), atol=1e-12)
    np.testing.assert_allclose(
        sg.fft.irfft(X, Y, n, norm=norm), np.fft.irfft(Z, n, norm=norm), atol=1e-12
    )


@pytest.mark.parametrize("s", [None, (4, 5), (2, 7)])
def test_along_several_axes(s):
    for name in ("fft2", "ifft2", "fftn", "ifftn"):
        ours = whole(getattr(sg.fft, name)(X, Y, s, (0, 1)))
        np.testing.assert_allclose(ours, getattr(np.fft, name)(Z, s, (0, 1)), atol=1e-12)
    for name in ("rfft2", "rfftn"):
        ours = whole(getattr(sg.fft, name)(X, s, (0, 1)))
        np.testing.assert_allclose(ours, getattr(np.fft, name)(X, s, (0, 1)), atol=1e-12)
    for name in ("irfft2", "irfftn"):
        ours = getattr(sg.fft, name)(X, Y, s, (0, 1))
        np.testing.assert_allclose(ours, getattr(np.fft, name)(Z, s, (0, 1)), atol=1e-12)
    for name in ("fftshift", "ifftshift"):
        np.testing.assert_array_equal(getattr(sg.fft, name)(X), getattr(np.fft, name)(X))
        np.testing.assert_array_equal(getattr(sg.fft, name)(X, 1), getattr(np.fft, name)(X, 1))


def test_derivatives():
    assert sg.gradcheck(lambda x: sg.fft.rfft(x, 5).real * sg.fft.rfft(x, 5).imag, X, order=2)
    assert sg.gradcheck(lambda a, b: sg.fft.irfft(a, b, 7) ** 2, X, Y, order=2)
    assert sg.gradcheck(lambda a, b: sum(p**3 for p in sg.fft.ifft2(a, b)), X[:2, :3], Y[:2, :3])


def test_compiled_batched_and_in_float32():
    def power(x):
        real, imag = sg.fft.rfft(x)
        return (real**2 + imag**2).sum(axis=-1)

    np.testing.assert_allclose(sg.compile(power)(X), power(X))
    np.testing.assert_allclose(sg.vmap(power)(X), power(X))
    np.testing.assert_allclose(power(X), np.sum(abs(np.fft.rfft(X)) ** 2, axis=-1))
    assert sg.fft.rfft(X.astype(np.float32)).real.dtype == np.float32
    assert sg.rfft is sg.fft.rfft


@pytest.mark.parametrize(("call", "error", "words"), [
    (lambda: sg.fft.fft(X, norm="loud"), ValueError, "norm"),
    (lambda: sg.fft.fft(X, Y[:2]), ValueError, "one shape"),
    (lambda: sg.fft.fft(X, n=0), ValueError, "at least one"),
    (lambda: sg.fft.fftn(X, s=(3,), axes=(0, 1)), ValueError, "one size"),
    (lambda: sg.fft.fft(X, axis=4), ValueError, "axis 4"),
    (lambda: np.fft.fft(sg.tensor(X)), TypeError, "not defined for tensors"),
])  # fmt: skip
def test_bad_input(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_a_pair_is_taken_as_it_is_given():
    for there, back in (("fft", "ifft"), ("rfft", "irfft"), ("fft2", "ifft2"), ("fftn", "ifftn"),
                        ("rfft2", "irfft2"), ("rfftn", "irfftn")):  # fmt: skip
        found = getattr(sg.fft, back)(getattr(sg.fft, there)(X))
        np.testing.assert_allclose(getattr(found, "real", found), X, atol=1e-12)
        apart = getattr(sg.fft, back)(*getattr(sg.fft, there)(X))
        np.testing.assert_array_equal(np.asarray(found), np.asarray(apart))
    pair = sg.fft.Pair(X, Y)
    np.testing.assert_allclose(whole(sg.fft.fft(pair, n=4)), np.fft.fft(Z, 4), atol=1e-12)
    for shift in ("fftshift", "ifftshift"):
        moved = whole(getattr(sg.fft, shift)(pair, 1))
        np.testing.assert_array_equal(moved, getattr(np.fft, shift)(Z, 1))
    found = sg.compile(lambda x: sg.fft.irfft(sg.fft.rfft(x)))(sg.tensor(X))
    np.testing.assert_allclose(found.value, X, atol=1e-12)


@pytest.mark.parametrize("call", [
    lambda: sg.fft.irfft((X, Y)), lambda: sg.fft.fft((X, Y)), lambda: sg.fft.ifftn((X, Y)),
    lambda: sg.fft.irfft2((sg.tensor(X), sg.tensor(Y))), lambda: sg.fft.fftshift((X, Y)),
    lambda: sg.fft.irfft(sg.fft.rfft(X), 6), lambda: sg.fft.rfft(sg.fft.Pair(X, Y)),
    lambda: sg.fft.rfftn(sg.fft.Pair(X, Y)),
])  # fmt: skip
def test_what_is_no_array_of_complex_numbers_is_refused(call):
    with pytest.raises(CallError):
        call()
