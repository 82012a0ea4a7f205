"""Loops and choices: eager, unrolled, compiled and JAX's own agree, in derivatives too."""

from __future__ import annotations

import numpy as np
import pytest
from bodies import Drawn, inputs, unrolled

import seegrad as sg
from seegrad.compiler.target import host
from seegrad.errors import (
    CallError,
    DTypeError,
    GradientError,
    ShapeError,
    TraceError,
    ValueRangeError,
)
from seegrad.graph.graph import walk
from seegrad.graph.verify import verify

SEEDS = range(12)


def total(m, carry, ys, stacked):
    """One number of all that a scan gives."""
    one, two = ys if stacked else (m.stack([y[0] for y in ys]), m.stack([y[1] for y in ys]))
    return (carry["a"] ** 2).sum() + m.sin(carry["b"]) + (one * 0.3).sum() + (two * two).sum()


def by_scan(seed, reverse=False):
    def loss(w, carry, xs):
        found, ys = sg.scan(Drawn(seed, sg, w), carry, xs, reverse=reverse)
        return total(sg, found, ys, True)

    return loss


def by_hand(seed, reverse=False):
    def loss(w, carry, xs):
        found, ys = unrolled(Drawn(seed, sg, w), carry, xs, reverse)
        return total(sg, found, ys, False)

    return loss


def leaves(tree):
    if isinstance(tree, dict):
        return [x for v in tree.values() for x in leaves(v)]
    return [x for v in tree for x in leaves(v)] if isinstance(tree, tuple) else [np.asarray(tree)]


def same(a, b, rtol=1e-9):
    for x, y in zip(leaves(a), leaves(b), strict=True):
        np.testing.assert_allclose(x, y, rtol=rtol, atol=1e-11)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_scan_is_its_turns_one_after_the_other(seed):
    reverse, args = bool(seed % 2), inputs(seed)
    ours, hand = by_scan(seed, reverse), by_hand(seed, reverse)
    same(ours(*args), hand(*args))
    slopes = [sg.grad(f, (0, 1, 2))(*args) for f in (ours, hand)]
    same(*slopes)
    v = np.random.default_rng(seed).normal(size=args[0].shape)
    same(*[sg.hvp(lambda w, f=f: f(w, *args[1:]), args[0], v) for f in (ours, hand)], rtol=1e-8)
    moves = (v, {"a": args[1]["a"] * 0.1, "b": 1.0}, args[2] * 0.2)
    same(*[sg.jvp(f, args, moves) for f in (ours, hand)])


@pytest.mark.parametrize("seed", SEEDS)
def test_a_compiled_scan_gives_what_an_eager_one_does(seed):
    args, loss = inputs(seed), by_scan(seed, bool(seed % 2))
    same(sg.compile(loss)(*args), loss(*args))
    same(sg.compile(sg.grad(loss, (0, 1, 2)))(*args), sg.grad(loss, (0, 1, 2))(*args))
    v = np.random.default_rng(seed).normal(size=args[0].shape)

    def second(w, carry, xs):
        return sg.hvp(lambda w: loss(w, carry, xs), w, v)

    same(sg.compile(second)(*args), second(*args), rtol=1e-8)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_scan_is_that_of_jax(seed):
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    jnp, args = jax.numpy, inputs(seed)

    def loss(w, carry, xs):
        found, ys = jax.lax.scan(Drawn(seed, jnp, w), carry, xs, reverse=bool(seed % 2))
        return total(jnp, found, ys, True)

    ours = by_scan(seed, bool(seed % 2))
    same(ours(*args), loss(*args))
    same(sg.grad(ours, (0, 1, 2))(*args), jax.grad(loss, (0, 1, 2))(*args))
    many = tuple(np.stack([x, x * 0.5, -x]) for x in (args[0], args[2]))
    ours_each = sg.vmap(sg.grad(lambda w, xs: ours(w, args[1], xs), 1))(*many)
    same(ours_each, jax.vmap(jax.grad(lambda w, xs: loss(w, args[1], xs), 1))(*many))


@pytest.mark.parametrize("seed", range(4))
def test_scans_of_many_examples(seed):
    w, carry, xs = inputs(seed)
    loss = by_scan(seed)
    many = {"a": np.stack([carry["a"], -carry["a"]]), "b": np.array([0.3, -0.2])}
    each = [{"a": many["a"][i], "b": many["b"][i]} for i in range(2)]
    for f in (loss, sg.grad(loss)):
        got = sg.vmap(f, in_axes=(None, 0, None))(w, many, xs)
        same(got, np.stack([np.asarray(f(w, c, xs)) for c in each]))
        got = sg.compile(sg.vmap(f, in_axes=(None, 0, None)))(w, many, xs)
        same(got, np.stack([np.asarray(f(w, c, xs)) for c in each]))


def test_a_loop_of_many_examples_is_one_loop():
    w, carry, xs = inputs(1)
    many = sg.compile(sg.vmap(by_scan(1), in_axes=(None, None, 0)))
    many(w, carry, np.stack([xs, -xs, xs * 0.5]))
    assert sum(n.op.name == "scan" for n in many.graph.operations) == 1
    choose = sg.compile(sg.vmap(lambda p, x: sg.cond(p, lambda x: x * w, lambda x: x - w, x)))
    choose(np.array([True, False]), np.ones((2, 3, 3)))
    assert not any(n.op.name == "cond" for n in choose.graph.operations)
    ends = sg.compile(sg.vmap(doubled))
    ends(np.array([1.5, 3.0]))
    assert sum(n.op.name == "while_loop" for n in ends.graph.operations) == 1


# --------------------------------------------------------------- around the body


def test_plain_numbers_take_the_dtype_that_numpy_gives_them():
    end, ys = sg.scan(lambda c, x: (c + x, c * x), 0.0, np.arange(3, dtype=np.float32))
    assert (end.dtype, ys.dtype) == (np.float32, np.float32)
    end, _ = sg.scan(lambda c, x: (c + x, None), 0, np.arange(3.0))
    assert end == 3.0
    assert end.dtype == np.float64
    end, ys = sg.scan(lambda c, _: (c * 2, {"c": [c]}), 1, length=5)
    assert (end, list(ys["c"][0])) == (32, [1, 2, 4, 8, 16])
    end, ys = sg.scan(lambda c, x: (c + x, c), 1.0, np.zeros(0))
    assert (end, ys.shape) == (1.0, (0,))


def test_what_a_body_captures_gets_its_derivative():
    w, b = sg.tensor([[0.3, -0.2], [0.5, 0.1]], name="w"), sg.tensor([0.1, 0.2]) * 2.0
    xs = np.ones((4, 2))

    def run(loop):
        w.zero_grad()
        h = sg.tensor([0.5, -0.5])
        bias = b * w.sum()                      # computed outside of the body
        if loop:
            h, ys = sg.scan(lambda h, x: (sg.tanh(h @ w + x * bias), h.sum()), h, xs)
            out = h.sum() + ys.sum()
        else:
            out = 0.0
            for x in xs:
                out, h = out + h.sum(), sg.tanh(h @ w + x * bias)
            out = out + h.sum()
        out.backward()
        return out.value, w.grad

    same(run(True), run(False))


def test_several_dtypes_are_carried_beside_each_other():
    def body(c, x):
        i, s, y = c
        return (i + 1, s + x * i, y * np.float32(0.5)), (i, s > 1.0)

    def loss(s, xs):
        (_, s, y), (counts, over) = sg.scan(body, (0, s, np.float32(1.0)), xs)
        return s * s + (counts * xs).sum() + sg.where(over, xs, 0.0).sum() + y

    def hand(s, xs):
        y, more = np.float32(1.0), 0.0
        for i in range(4):
            more = more + i * xs[i] + sg.where(s > 1.0, xs[i], 0.0)
            s, y = s + xs[i] * i, y * np.float32(0.5)
        return s * s + more + y

    args = 0.3, np.array([0.5, 1.5, -1.0, 2.0])
    for wrap in (lambda f: f, sg.compile):
        same(wrap(sg.grad(loss, (0, 1)))(*args), sg.grad(hand, (0, 1))(*args))
        same(wrap(loss)(*args), hand(*args))


def test_loops_within_loops():
    def inner(c, x):
        return sg.tanh(c * x), c

    def loss(c, xs):
        def outer(c, row):
            c, ys = sg.scan(inner, c, row)
            c = sg.cond(c.sum() > 0, lambda c: c * 1.1, lambda c: c - sg.exp(c), c)
            return sg.fori_loop(0, 2, lambda i, c: c + sg.sin(c * i), c), ys.sum()

        c, ys = sg.scan(outer, c, xs)
        return (c * c).sum() + (ys * ys).sum()

    def hand(c, xs):
        out = 0.0
        for row in xs:
            y = 0.0
            for x in row:
                c, y = sg.tanh(c * x), y + c.sum()
            c = c * 1.1 if float(sg.stop_gradient(c.sum())) > 0 else c - sg.exp(c)
            c = c + sg.sin(c * 0)
            c = c + sg.sin(c * 1)
            out = out + y * y
        return (c * c).sum() + out

    args = np.array([0.4, -0.3]), np.random.default_rng(0).normal(size=(3, 2, 2))
    same(loss(*args), hand(*args))
    want = sg.grad(hand, (0, 1))(*args)
    same(sg.grad(loss, (0, 1))(*args), want)
    same(sg.compile(sg.grad(loss, (0, 1)))(*args), want)
    v = np.array([1.0, 0.5])
    same(sg.hvp(lambda c: loss(c, args[1]), args[0], v),
         sg.hvp(lambda c: hand(c, args[1]), args[0], v))


def kept(node):
    """How many elements the scan of a graph keeps for its backward turns."""
    (scan,) = [n for n in walk([node]) if n.op is not None and n.op.name == "scan"]
    return sum(scan.attrs["loop"].layouts(scan.attrs["needs"])["saved"].sizes)


def test_backward_keeps_carries_and_products_and_no_more_where_checkpoint_says_so():
    w, xs = sg.tensor(np.eye(3) * 0.5), np.ones((7, 2, 3))

    def inside(h, x):
        return sg.tanh(sg.exp(sg.sin(h @ w)) * 0.1 + x)

    def loss(step):
        return sg.scan(lambda h, x: (step(h, x), None), sg.tensor(np.ones((2, 3))), xs)[0].sum()

    plain, short = loss(inside), loss(sg.checkpoint(inside))
    assert kept(plain) == 7 * (2 * 3 + 2 * 3)                # h, h @ w
    assert kept(short) == 7 * 2 * 3                          # h alone
    plain.backward()
    g, w.grad = w.grad, None
    short.backward()
    same(g, w.grad)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_large_body_is_shared_out_over_threads(threads):
    chance = np.random.default_rng(0)
    u, h = chance.normal(size=(512, 512)) * 0.04, chance.normal(size=(64, 512))
    xs = chance.normal(size=(3, 64, 512))

    def loss(u, h, xs):
        def turn(h, x):
            new = sg.tanh(h @ u + x)
            return new, new * h

        h, ys = sg.scan(turn, h, xs, reverse=True)
        return (h * h).mean() + sg.sin(ys).mean()

    args = (u, h, xs)
    step = sg.compile(sg.value_and_grad(loss, (0, 1, 2)), threads=threads)
    for _ in range(2):
        same(step(*args), sg.value_and_grad(loss, (0, 1, 2))(*args))
    if host().bytes == 64:
        assert ("2 threads" in step.source) == (threads == 2)


# --------------------------------------------------------------- while, cond, fori


def doubled(x, **more):
    return sg.while_loop(lambda c: c[0] < 10.0, lambda c: (c[0] * x + 1, c[1] + c[0]),
                         (x, 0.0), **more)[1]  # fmt: skip


def test_a_while_loop_from_left_to_right_and_with_a_bound_from_right_to_left():
    x, h = 1.5, 1e-6
    slope = (doubled(x + h) - doubled(x - h)) / (2 * h)
    assert float(sg.jvp(doubled, (x,), (1.0,))[1]) == pytest.approx(slope, rel=1e-7)
    assert float(sg.grad(lambda x: doubled(x, max_turns=20))(x)) == pytest.approx(slope, rel=1e-7)
    curve = float(sg.grad(sg.grad(lambda x: doubled(x, max_turns=20)))(x))
    twice = sg.jvp(lambda x: sg.jvp(doubled, (x,), (1.0,))[1], (x,), (1.0,))[1]
    assert float(twice) == pytest.approx(curve, rel=1e-12)
    assert doubled(x, max_turns=2) == doubled(sg.tensor(x), max_turns=2).item() != doubled(x)
    same(sg.compile(doubled)(np.float64(x)), doubled(x))
    same(sg.compile(lambda x: sg.jvp(doubled, (x,), (1.0,))[1])(np.float64(x)), slope, rtol=1e-7)
    same(sg.compile(sg.grad(lambda x: doubled(x, max_turns=20)))(np.float64(x)), slope, rtol=1e-7)


def test_a_while_loop_without_a_bound_says_so_from_right_to_left():
    with pytest.raises(GradientError, match="max_turns"):
        sg.grad(doubled)(1.5)
    with pytest.raises(GradientError, match="max_turns"):
        sg.compile(sg.grad(doubled))(np.float64(1.5))
    x = sg.tensor(1.5)
    with pytest.raises(GradientError, match="right to left"):
        doubled(x).backward()


@pytest.mark.parametrize("x", [2.0, -2.0])
def test_a_choice_and_its_derivatives(x):
    w = np.array([0.5, 2.0])

    def f(x, w):
        return sg.cond(x > 0, lambda x: sg.log(x) * w.sum(), lambda x: x * x * w[0], x)

    def hand(x, w):
        return sg.log(x) * w.sum() if x > 0 else x * x * w[0]

    for wrap in (lambda f: f, sg.compile):
        same(wrap(f)(np.float64(x), w), hand(x, w))
        same(wrap(sg.grad(f, (0, 1)))(np.float64(x), w), sg.grad(hand, (0, 1))(x, w))
        same(wrap(sg.grad(sg.grad(f)))(np.float64(x), w), sg.grad(sg.grad(hand))(x, w))
    same(sg.jvp(f, (x, w), (1.0, w)), sg.jvp(hand, (x, w), (1.0, w)))
    xs = np.array([2.0, -2.0, 0.5])
    want = np.stack([np.asarray(sg.grad(hand)(v, w)) for v in xs])
    same(sg.vmap(sg.grad(f), in_axes=(0, None))(xs, w), want)
    same(sg.compile(sg.vmap(sg.grad(f), in_axes=(0, None)))(xs, w), want)


def test_while_loops_of_many_examples_each_end_in_their_own_time():
    xs = np.array([1.5, 3.0, 11.0, 1.1])
    want = np.array([doubled(x) for x in xs])
    same(sg.vmap(doubled)(xs), want)
    same(sg.compile(sg.vmap(doubled))(xs), want)


def test_for_loops_over_numbers_that_are_known_or_computed():
    assert sg.fori_loop(0, 5, lambda i, c: c + i, 0) == 10
    assert sg.fori_loop(3, 1, lambda i, c: c + i, 7) == 7
    stop = sg.tensor(5)
    assert sg.fori_loop(sg.tensor(2), stop, lambda i, c: c + i, 0).item() == 9
    f = sg.compile(lambda n: sg.fori_loop(0, n, lambda i, c: c * 2.0 + i, 1.0))
    assert [f(np.int64(n)).item() for n in (0, 1, 4)] == [1.0, 2.0, 27.0]


# --------------------------------------------------------------- graphs and pictures


def test_a_loop_is_one_box_that_opens_to_any_turn():
    w = sg.tensor(2.0, name="w")
    end, _ = sg.scan(lambda c, x: (c * w + x, None), 1.0, np.array([1.0, 2.0, 3.0]))
    (node,) = [n for n in walk([end]) if n.op is not None and n.op.name == "scan"]
    loop = node.attrs["loop"]
    assert loop.turns(node.values) == 3
    seen = []
    for t in range(3):
        body, given = loop.turn(node.values, t)
        values = body.values(given)
        seen.append(float(values[body.outputs[0]]))
        verify(body.graph)
    assert seen == [3.0, 8.0, 19.0]
    assert end.item() == 19.0
    assert str(node.frame) == "scan"
    verify(end.graph)
    assert "scan(" in end.graph.text()


# --------------------------------------------------------------- what is refused

BAD = {
    "shape": (lambda: sg.scan(lambda c, x: ({"h": [c["h"][0] + x]}, None), {"h": [0.0]},
                              np.ones((2, 3))), ShapeError, r"carry\['h'\]\[0\] changes its shape"),
    "dtype": (lambda: sg.scan(lambda c, x: (c * 0.5, None), np.int64(3), length=2),
              DTypeError, "carry changes its dtype"),
    "structure": (lambda: sg.scan(lambda c, x: ((c, c), None), 0.0, length=2),
                  CallError, r"(?s)another structure.*asked: \*.*came: \(\*, \*\)"),
    "no pair": (lambda: sg.scan(lambda c, x: c, 0.0, length=2), CallError, "must give"),
    "no length": (lambda: sg.scan(lambda c, x: (c, x), 0.0), CallError, "how many turns"),
    "lengths": (lambda: sg.scan(lambda c, x: (c, None), 0.0, (np.ones(3), np.ones(4))),
                ShapeError, r"xs\[0\]: 3, xs\[1\]: 4"),
    "length and xs": (lambda: sg.scan(lambda c, x: (c, None), 0.0, np.ones(3), length=4),
                      ShapeError, "length: 4, xs: 3"),
    "a number of rows": (lambda: sg.scan(lambda c, x: (c, None), 0.0, 3.0), ShapeError, "no axis"),
    "negative length": (lambda: sg.scan(lambda c, x: (c, None), 0.0, length=-1),
                        ValueRangeError, "from 0"),
    "half a turn": (lambda: sg.scan(lambda c, x: (c, None), 0.0, length=2.5), CallError,
                    "integer"),
    "no function": (lambda: sg.scan(3, 0.0, length=2), CallError, "body is no function"),
    "sides": (lambda: sg.cond(True, lambda x: x, lambda x: np.ones(2) * x, 1.0), ShapeError,
              "sides differ in result"),
    "sides' dtype": (lambda: sg.cond(True, lambda x: (x, x), lambda x: (x, x > 0), 1.0),
                     DTypeError, r"sides differ in result\[1\]"),
    "sides' structure": (lambda: sg.cond(True, lambda x: (x,), lambda x: x, 1.0), CallError,
                         "different structure"),
    "pred": (lambda: sg.cond(np.ones(2) > 0, lambda: 1.0, lambda: 2.0), ShapeError,
             "pred must give one truth value"),
    "while's test": (lambda: sg.while_loop(lambda c: c, lambda c: c, 1.0), DTypeError, "truth"),
    "while's carry": (lambda: sg.while_loop(lambda c: c.sum() < 1, lambda c: c[:1], np.ones(2)),
                      ShapeError, "carry changes its shape"),
    "for's bounds": (lambda: sg.fori_loop(0.5, 2, lambda i, c: c, 1.0), DTypeError, "integers"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_what_does_not_fit_is_named(what):
    call, kind, match = BAD[what]
    with pytest.raises(kind, match=match) as caught:
        call()
    assert caught.value.line is not None
    assert caught.value.line.file == __file__


def test_a_body_only_computes():
    w = sg.tensor(1.0, name="w")

    def assigns(c, x):
        w.assign(c)
        return c, None

    with pytest.raises(TraceError, match="gives w another value"):
        sg.scan(assigns, 1.0, length=2)

    def sends(c, x):
        (c * w).backward()
        return c, None

    with pytest.raises(TraceError, match="gradient of"):
        sg.scan(sends, sg.tensor(1.0), length=2)
    with pytest.raises(TraceError):
        sg.scan(lambda c, x: (c if c > 0 else -c, None), 1.0, length=2)


def test_an_op_that_fails_within_a_turn_names_itself():
    table = np.arange(3.0)
    with pytest.raises(IndexError, match=r"out of (range|bounds)"):
        sg.scan(lambda i, x: (i + 1, sg.take(table, i)), 0, length=5)


def test_integers_that_are_carried_stay_integers_beside_floats():
    xs = np.zeros(3, np.float32)
    for f in (
        lambda xs: sg.scan(lambda c, x: (c + 1, None), 2**53, xs)[0],
        lambda xs: sg.while_loop(
            lambda s: s[0] < 2**53 + 3, lambda s: (s[0] + 1, s[1]), (2**53, xs)
        )[0],
        lambda xs: sg.fori_loop(0, 3, lambda i, c: (c[0] + 1, c[1]), (2**53, xs))[0],
    ):
        for found in (f(xs), sg.compile(f)(xs)):
            assert int(np.asarray(found)) == 2**53 + 3
            assert found.dtype == np.int64
    rows, _ = sg.scan(lambda c, x: (c + 1, sg.asarray(xs)[c]), 0, xs)         # a counter indexes
    assert int(rows) == 3
    flag, total = sg.scan(lambda c, x: ((c[0] & (x > -1), c[1] + x), None), (True, 0.0), xs)[0]
    assert (flag.dtype, total.dtype) == (bool, np.float32)
    assert sg.scan(lambda c, x: (c + x, None), 0, xs)[0].dtype == np.float32  # and floats win
