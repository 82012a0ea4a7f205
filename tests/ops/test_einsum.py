"""einsum of many factors: NumPy's values for drawn subscripts, two factors at a time, both ways."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import seegrad as sg

SIZES = dict(zip("abcdefg", (2, 3, 1, 4, 2, 3, 2)))


@st.composite
def sums(draw):
    labels = st.lists(st.sampled_from(sorted(SIZES)), min_size=0, max_size=3, unique=True)
    terms = ["".join(draw(labels)) for _ in range(draw(st.integers(2, 5)))]
    known = sorted(set("".join(terms)))
    out = "".join(draw(st.lists(st.sampled_from(known), max_size=3, unique=True)) if known else "")
    return terms, out


def numbers(term):
    return [ord(c) - ord("a") for c in term]


@settings(max_examples=60, deadline=None)
@given(sums())
def test_drawn_sums_are_numpys_and_their_derivatives_those_of_one_contraction(drawn):
    terms, out = drawn
    chance = np.random.default_rng(0)
    xs = [chance.standard_normal([SIZES[c] for c in term]) for term in terms]
    text = f"{','.join(terms)}->{out}"
    found = sg.einsum(text, *xs)
    np.testing.assert_allclose(found, np.einsum(text, *xs), rtol=1e-9, atol=1e-9)
    listed = [part for x, t in zip(xs, terms) for part in (x, numbers(t))]
    lists = sg.einsum(*listed, numbers(out))
    np.testing.assert_allclose(lists, found, rtol=1e-12, atol=1e-12)
    every = tuple(range(len(xs)))
    slopes = sg.grad(lambda *x: sg.sin(sg.einsum(text, *x)).sum(), argnums=every)(*xs)
    whole = sg.grad(lambda *x: sg.sin(sg.einsum(text, *x, optimize=False)).sum(), argnums=every)
    for a, b in zip(slopes, whole(*xs)):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)


def contractions(text, *shapes):
    """The multiplications of each contraction in the graph of an einsum."""
    xs = [sg.tensor(np.ones(shape)) for shape in shapes]
    nodes = [n for n in sg.einsum(text, *xs).graph.operations if "subscripts" in n.attrs]
    found = []
    for node in nodes:
        left = node.attrs["subscripts"].split("->")[0].split(",")
        sizes = {c: n for t, x in zip(left, node.inputs) for c, n in zip(t, x.shape)}
        found.append((len(left), math.prod(sizes.values())))
    return found


def test_the_graph_is_the_cheapest_order():
    steps = contractions("ab,cd,bc,de->ae", (60, 60), (60, 60), (60, 60), (60, 60))
    assert [count for count, _ in steps] == [2, 2, 2]
    assert sum(work for _, work in steps) == 3 * 60**3
    # a thin factor goes first: (3×1000·1000×2)·2×1000, never 1000×1000
    thin = contractions("ab,bc,cd->ad", (3, 1000), (1000, 2), (2, 1000))
    assert sum(work for _, work in thin) == 3 * 1000 * 2 + 3 * 2 * 1000


def test_a_label_of_one_factor_alone_is_summed_first():
    steps = contractions("ai,bi,ci->", (50, 4), (60, 4), (70, 4))
    assert sum(work for _, work in steps) == 2 * 4


def test_compiled_and_eager_agree_with_their_derivatives():
    xs = [np.random.default_rng(i).standard_normal((9, 9)) for i in range(4)]

    def f(*x):
        return sg.einsum("ab,cd,bc,de->ae", *x)

    np.testing.assert_allclose(sg.compile(f)(*xs), f(*xs), rtol=1e-12)
    slope = sg.grad(lambda *x: f(*x).sum(), argnums=(0, 1, 2, 3))
    for a, b in zip(sg.compile(slope)(*xs), slope(*xs)):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_numpys_own_function_takes_lists_and_tensors():
    a, b = sg.tensor(np.arange(6.0).reshape(2, 3)), sg.tensor(np.ones((3, 2)))
    found = np.einsum(a, [0, 1], b, [1, 2], [2, 0])
    assert isinstance(found, sg.Tensor)
    np.testing.assert_array_equal(found.value, (a.value @ b.value).T)
    np.testing.assert_array_equal(sg.einsum(a, [..., 0], [0, ...]).value, a.value.T)


@pytest.mark.parametrize(("call", "error", "text"), [
    (lambda x: sg.einsum(x, x), sg.SeegradError, "list of its labels"),
    (lambda x: sg.einsum(x, [0, 99]), TypeError, "from 0 to 51"),
    (lambda x: sg.einsum(x, [0, 1], x, [1]), ValueError, "axes"),
    (lambda x: sg.einsum("ab,bc,cd->az", x, x, x), ValueError, "'z'"),
    (lambda x: sg.einsum("ab,bc,cd->ad", x, x, np.ones((3, 2))), ValueError, "two sizes"),
])  # fmt: skip
def test_bad_calls_say_what_was_wrong(call, error, text):
    with pytest.raises(error, match=text):
        call(np.ones((2, 2)))
