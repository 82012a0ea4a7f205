"""Every op of the table, every case of it: no op is named here, a new one brings its own tests."""

from __future__ import annotations

import numpy as np
import pytest
from drawn import (
    DRAWN,
    OPS,
    has_derivative,
    reference,
    same,
    sample,
    spec_from_rule,
)

import seegrad as sg
from seegrad.graph.forms import Body, Call, Random
from seegrad.graph.laws import Associative, Commutative, Idempotent, Involution, Unit, Zero
from trust.harness.sampling import floats, of_floats

DERIVED = [p for p in DRAWN if has_derivative(*p.values)]


def chosen(keep):
    """The derived cases for which `keep(op, case, inputs)` holds."""
    return [p for p in DERIVED if keep(*p.values, sample(*p.values))]


OWN_RULES = chosen(lambda op, case, xs: not op.inlined)
STEADIER = chosen(  # a single element stands at the kink of std
    lambda op, case, xs: op.body and op.d and not (op.kinks and any(x.size == 1 for x in xs))
)
PAIRS = chosen(
    lambda op, case, xs: op.arity == 2 == len(floats(xs)) and xs[0].shape == xs[1].shape
    and None not in op.rules
)
FLOATS = [np.float64, np.float32]


def test_nothing_of_the_table_is_left_out():
    assert {p.values[0].name for p in DRAWN} == set(sg.TABLE)
    assert len(DERIVED) > 250
    assert min(map(len, (OWN_RULES, STEADIER, PAIRS))) > 20


# --------------------------------------------------------------- forward


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(("op", "case"), DRAWN)
def test_shape_and_dtype_are_as_its_rule_says(op, case, dtype):
    xs = sample(op, case, dtype)
    out = op(*map(sg.tensor, xs), **case.attrs)
    spec = spec_from_rule(op, case, xs) if not op.inlined else op.spec(
        *[sg.tensor(x).spec for x in xs], **case.attrs
    )  # fmt: skip
    assert (out.shape, out.dtype) == (spec.shape, spec.dtype)
    assert (out.data.shape, out.data.dtype) == (spec.shape, spec.dtype)


@pytest.mark.parametrize(("op", "case"), DRAWN)
def test_float32_stays_float32_both_ways(op, case):
    xs = [sg.tensor(x) for x in sample(op, case, np.float32)]
    out = op(*xs, **case.attrs)
    if out.dtype.kind != "f":
        return
    if "dtype" not in case.attrs:
        assert out.dtype == np.float32
    if out.requires_grad:
        out.backward(np.ones(out.shape, out.dtype))
        assert {x.grad.dtype for x in xs if x.grad is not None} <= {np.dtype(np.float32)}


@pytest.mark.parametrize(("op", "case"), DRAWN)
def test_arrays_and_tensors_give_the_same(op, case):
    xs = sample(op, case)
    assert same(op(*map(sg.tensor, xs), **case.attrs).value, op(*xs, **case.attrs))


@pytest.mark.parametrize(("op", "case"), DRAWN)
def test_value_agrees_with_the_reading_of_its_form(op, case):
    xs = sample(op, case)
    out = np.asarray(op(*xs, **case.attrs))
    if op.inlined or isinstance(op.lower, Body):
        made = op.body(*map(sg.tensor, xs), **op.canonical_attrs(*xs, **case.attrs)).value
        np.testing.assert_allclose(out, made, rtol=1e-12, atol=1e-14)
        return
    expected = reference(op, xs, op.canonical_attrs(*xs, **case.attrs), out)
    if expected is NotImplemented:
        assert isinstance(op.lower, (Call, Random))
        assert same(out, op(*xs, **case.attrs)), "not even repeatable"
    else:
        np.testing.assert_allclose(out, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(("op", "case"), [p for p in DRAWN if p.values[0].numpy])
def test_answers_to_numpys_own_function(op, case):
    """`np.f(tensor)` is a tensor of what `np.f(array)` gives."""
    xs = sample(op, case)
    attrs = dict(op.canonical_attrs(*xs, **case.attrs))
    given = op(*map(sg.tensor, xs), **attrs)
    assert isinstance(given, sg.Tensor)
    for name in op.numpy:
        function = getattr(np, name, None)
        if function is None or op.variadic or attrs.keys() - {"axis", "keepdims", "ddof"}:
            continue
        theirs = function(*map(sg.tensor, xs), **attrs)
        assert isinstance(theirs, sg.Tensor)
        assert same(theirs.value, given.value)
        np.testing.assert_allclose(given.value, function(*xs, **attrs), rtol=1e-12)


# --------------------------------------------------------------- derivative


@pytest.mark.parametrize(("op", "case"), DERIVED)
def test_derivatives_agree_with_finite_differences(op, case):
    xs = sample(op, case)
    function, points = of_floats(op, case, xs)
    report = sg.gradcheck(function, *points, order=2)
    assert report, str(report)
    assert not report.kinks, str(report)


@pytest.mark.parametrize(("op", "case"), DERIVED)
def test_forward_derivative_and_second_order_both_ways(op, case):
    """jvp against a central difference; reverse over reverse = forward over reverse."""
    xs = sample(op, case)
    function, points = of_floats(op, case, xs)
    rng = np.random.default_rng(1)
    tangents = [rng.uniform(-1, 1, p.shape) for p in points]
    value, change = sg.jvp(function, points, tangents)
    h = 1e-6
    right = function(*[p + h * t for p, t in zip(points, tangents)])
    left = function(*[p - h * t for p, t in zip(points, tangents)])
    np.testing.assert_allclose(change, (right - left) / (2 * h), rtol=1e-3, atol=1e-5)
    weights = rng.uniform(0.5, 1.5, np.shape(value))

    def slope(*ps):
        return sg.grad(lambda *qs: (function(*qs) * weights).sum(), range(len(points)))(*ps)

    _, forward_over_reverse = sg.jvp(slope, points, tangents)
    _, pull = sg.vjp(slope, *points)
    reverse_over_reverse = pull(tuple(tangents))
    for a, b in zip(forward_over_reverse, reverse_over_reverse):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize(("op", "case"), STEADIER)
def test_a_composites_own_derivative_is_its_bodys(op, case):
    xs = sample(op, case)
    attrs = op.canonical_attrs(*xs, **case.attrs)
    grads = []
    for function in (op, op.body):
        leaves = [sg.tensor(x) for x in xs]
        out = function(*leaves, **attrs)
        out.backward(np.cos(np.arange(out.size)).reshape(out.shape))
        grads.append([x.grad for x in leaves if x.requires_grad])
    for a, b in zip(*grads):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("op", "case"), DERIVED)
def test_only_asked_derivatives_are_computed(op, case):
    """With one input that takes part, the others get none, and its own is the same."""
    xs = sample(op, case)
    everything = [sg.tensor(x) for x in xs]
    out = op(*everything, **case.attrs)
    seed = np.ones(out.shape, out.dtype)
    out.backward(seed)
    for i in floats(xs):
        leaves = [sg.tensor(x, requires_grad=i == k) for k, x in enumerate(xs)]
        alone = op(*leaves, **case.attrs)
        if everything[i].grad is None:
            continue
        alone.backward(seed)
        assert same(leaves[i].grad, everything[i].grad)
        assert all(leaf.grad is None for k, leaf in enumerate(leaves) if k != i)


@pytest.mark.parametrize(("op", "case"), DERIVED)
def test_repeats_bit_for_bit(op, case):
    grads = []
    for _ in range(2):
        leaves = [sg.tensor(x) for x in sample(op, case)]
        out = op(*leaves, **case.attrs)
        out.backward(np.ones(out.shape, out.dtype))
        grads.append([x.grad for x in leaves if x.grad is not None])
    assert all(same(a, b) for a, b in zip(*grads))


# --------------------------------------------------------------- layouts


def layouts(x):
    """The same numbers laid out in memory in other ways."""
    yield "fortran", np.array(x, order="F")
    wide = np.zeros((*x.shape, 2), x.dtype)
    wide[..., 0] = x
    yield "step 2", wide[..., 0]
    if x.ndim:
        yield "negative stride", np.ascontiguousarray(x[::-1])[::-1]
    frozen = x.copy()
    frozen.setflags(write=False)
    yield "read-only", frozen


@pytest.mark.parametrize(("op", "case"), DRAWN)
def test_layouts_in_memory_change_nothing(op, case):
    xs = sample(op, case)

    def both(arrays):
        before = [a.copy() for a in arrays]
        leaves = [sg.tensor(a) for a in arrays]
        raw = op(*arrays, **case.attrs)
        out = op(*leaves, **case.attrs)
        if out.requires_grad:
            out.backward(np.ones(out.shape, out.dtype))
        assert all(same(a, b) for a, b in zip(arrays, before)), "an input was changed"
        assert all(same(a.value, b) for a, b in zip(leaves, before)), "an input was changed"
        return [raw, out.value, *[x.grad for x in leaves if x.grad is not None]]

    plain = both(xs)
    for kind in ("fortran", "step 2", "negative stride", "read-only"):
        arrays = [dict(layouts(x)).get(kind, x) for x in xs]
        for a, b in zip(both(arrays), plain):
            np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-15, err_msg=kind)
    if all(x.ndim and x.size for x in xs):  # stride 0: one row, seen many times
        rows = [np.broadcast_to(x[:1], x.shape) for x in xs]
        try:
            expected = both([r.copy() for r in rows])
        except sg.SeegradError as error:  # equal rows: a matrix without an inverse
            with pytest.raises(type(error)):
                both(rows)
            return
        for a, b in zip(both(rows), expected):
            np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-15, err_msg="stride 0")


@pytest.mark.parametrize(("op", "case"), PAIRS)
def test_the_same_tensor_twice_gets_both_derivatives(op, case):
    xs = sample(op, case)
    x = sg.tensor(xs[1])
    op(x, x, **case.attrs).sum().backward()
    a, b = sg.tensor(xs[1]), sg.tensor(xs[1])
    op(a, b, **case.attrs).sum().backward()
    np.testing.assert_allclose(x.grad, a.grad + b.grad, rtol=1e-14)


@pytest.mark.parametrize(("op", "case"), DERIVED)
def test_what_comes_out_shares_no_memory_that_can_be_written(op, case):
    """A result handed out cannot be used to reach into the graph."""
    leaves = [sg.tensor(x) for x in sample(op, case)]
    out = op(*leaves, **case.attrs)
    out.backward(np.ones(out.shape, out.dtype))
    handed = [out.value, *[x.grad for x in leaves if x.grad is not None]]
    assert not any(np.asarray(a).flags.writeable for a in handed if np.asarray(a).ndim)


# --------------------------------------------------------------- what an op says of itself


@pytest.mark.parametrize("op", [op for op in OPS if op.laws], ids=lambda op: op.name)
def test_laws_hold(op):
    case = next(c for c in op.cases if all(s == (3,) for s in c.shapes) or len(c.shapes) == 1)
    attrs = case.attrs
    names = [n.lstrip("*") for n in op.inputs]
    rng = np.random.default_rng(3)
    low = max(op.domain[n][0] for n in names)
    high = min(op.domain[n][1] for n in names)
    shape = case.shapes[0]
    a, b, c = (rng.uniform(low, high, shape) for _ in range(3))

    def equal(x, y):
        np.testing.assert_allclose(np.asarray(x), np.asarray(y), rtol=1e-12, atol=1e-12)

    for law in op.laws:
        match law:
            case Commutative():
                equal(op(a, b, **attrs), op(b, a, **attrs))
            case Associative():
                equal(op(op(a, b), c), op(a, op(b, c)))
            case Unit(value, right_only):
                equal(op(a, value), a)
                if not right_only:
                    equal(op(value, a), a)
            case Zero(value):
                equal(op(a, value), np.full_like(a, value))
            case Involution():
                equal(op(op(a, **attrs), **attrs), a)
            case Idempotent():
                if op.arity == 1:
                    once = op(a, **attrs)
                    again = op(once, **attrs) if once.shape == a.shape else once
                    equal(again, once)
                else:
                    equal(op(a, a), a)


@pytest.mark.parametrize(("op", "case"), OWN_RULES)
def test_a_rule_reads_nothing_that_it_does_not_name(op, case):
    """Inputs and results that no rule names are replaced by NaN: the derivative stays the same."""
    xs = sample(op, case)
    attrs = op.canonical_attrs(*xs, **case.attrs)
    out = np.asarray(op(*xs, **case.attrs))
    g = np.cos(np.arange(out.size)).reshape(out.shape).astype(out.dtype)

    def hollow(x, keep):
        return x if keep or x.dtype.kind != "f" else np.full_like(x, np.nan)

    for i in range(len(xs)):
        rule = op.rule_at(i)
        if rule is None or xs[i].dtype.kind != "f":
            continue
        names = [n.lstrip("*") for n in op.inputs]
        needs = op.needs(names[min(i, len(names) - 1)])
        poisoned = [hollow(x, names[min(k, len(names) - 1)] in needs) for k, x in enumerate(xs)]
        full = rule(g, out, xs, attrs, i)
        bare = rule(g, hollow(out, "out" in needs), poisoned, attrs, i)
        assert same(full, bare)


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
def test_every_op_is_documented(op):
    assert op.__doc__
    assert op.__doc__.strip()[0].isprintable()
    assert op.sign
    assert not {c for c in op.sign if "\u2980" <= c <= "\u29ff"} - {"⧺"}   # few fonts have these
    assert op.latex
