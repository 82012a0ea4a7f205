"""The batching rules against a loop over the examples, for every op of the table.

No op is named: a new one is drawn. Each input in turn, and all together, carry the examples.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import seegrad as sg
from seegrad.compiler.ir.kernel import NumpyCall
from seegrad.graph.forms import Call, Random
from seegrad.transforms import batching, derivatives
from trust.harness.sampling import inputs_of

COUNT = 3
DRAWN = [
    pytest.param(op, case, id=f"{op.name}-{i}")
    for op in sg.TABLE.values()
    for i, case in enumerate(op.cases)
    if op.family != "random"
]


def ways(count):
    """Which of the inputs are batched: each alone, and all."""
    alone = [tuple(i == k for i in range(count)) for k in range(count)]
    return list(dict.fromkeys([*alone, (True,) * count])) if count else []


@pytest.mark.parametrize(("op", "case"), DRAWN)
def test_many_examples_are_a_loop_over_them(op, case, monkeypatch):
    def refused(node, inputs, count):
        if isinstance(node.op.lower, Random):            # a key for each example
            return one_by_one(node, inputs, count)
        raise AssertionError(f"{node.op.name} has no batching rule")

    one_by_one = batching._one_by_one
    monkeypatch.setattr(batching, "_one_by_one", refused)
    draws = [inputs_of(op, case, np.random.default_rng(i), np.float64) for i in range(COUNT)]

    def call(*xs):
        return op(*xs, **case.attrs)

    for many in ways(len(draws[0])):
        xs = [np.stack([d[i] for d in draws]) if b else draws[0][i] for i, b in enumerate(many)]
        axes = tuple(0 if b else None for b in many)
        found = sg.vmap(call, in_axes=axes)(*xs)
        rows = [call(*[x[i] if b else x for x, b in zip(xs, many)]) for i in range(COUNT)]
        np.testing.assert_allclose(np.asarray(found), np.stack(rows), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("op", "case"), [p for p in DRAWN if p.values[0].differentiable][::7])
def test_derivatives_go_through_a_batched_op(op, case):
    draws = [inputs_of(op, case, np.random.default_rng(i), np.float64) for i in range(COUNT)]
    floats = [i for i, x in enumerate(draws[0]) if x.dtype.kind == "f"]
    xs = [np.stack([d[i] for d in draws]) for i in range(len(draws[0]))]

    def slopes(*xs):
        def weighed(*given):
            out = op(*given, **case.attrs)
            return (out * np.cos(np.arange(out.size)).reshape(out.shape)).sum()

        return sg.grad(weighed, argnums=floats)(*xs)

    try:
        rows = [slopes(*d) for d in draws]
    except (sg.SeegradError, TypeError):
        pytest.skip("nothing of it is differentiated")
    for i, found in enumerate(sg.vmap(slopes)(*xs)):
        expected = np.stack([row[i] for row in rows])
        np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-9, atol=1e-11)


def layouts():
    for layout in itertools.product("i:", repeat=3):
        if "i" in layout:
            yield layout


@pytest.mark.parametrize("layout", list(layouts()), ids="".join)
@pytest.mark.parametrize("many", [(True, False), (False, True), (True, True)])
def test_index_arrays_stand_where_numpy_puts_them(layout, many):
    chance = np.random.default_rng(0)
    x = chance.standard_normal((COUNT, 2, 3, 4))
    wanted = layout.count("i")
    at = [chance.integers(0, 2, (COUNT, *(5,) * (k % 2 + 1))) for k in range(wanted)]
    at = [i[:, :1] if k == 2 else i for k, i in enumerate(at)]

    def read(x, *at):
        return x[tuple(slice(None) if kind == ":" else next(rest) for kind in layout)] \
            if (rest := iter(at)) else x  # fmt: skip

    def written(x, *at):
        return sg.grad(lambda y: (sg.sin(read(y, *at))).sum())(x)

    xs = [x if many[0] else x[0], *(i if many[1] else i[0] for i in at)]
    axes = (0 if many[0] else None, *(0 if many[1] else None for _ in at))
    for function in (read, written):
        found = sg.vmap(function, in_axes=axes)(*xs)
        rows = [function(*[v[n] if a == 0 else v for v, a in zip(xs, axes)]) for n in range(COUNT)]
        np.testing.assert_allclose(np.asarray(found), np.stack(rows), rtol=1e-12)


def test_an_index_out_of_its_examples_range_is_an_error():
    x, at = np.zeros((COUNT, 4)), np.array([[0], [4], [1]])
    for f in (lambda x, i: x[i], lambda x, i: sg.take(x, i, axis=0)):
        with pytest.raises(IndexError):
            sg.vmap(f)(x, at)


def test_a_label_for_each_example_is_read_and_written_in_native_code():
    scores, labels = np.random.default_rng(0).standard_normal((6, 5)), np.array([0, 4, -1, 2, 2, 1])

    def loss(scores, label):
        return sg.log(sg.exp(scores).sum()) - sg.take(scores, label, axis=0)

    slopes = sg.compile(sg.vmap(sg.grad(loss)))
    expected = np.stack([sg.grad(loss)(x, i) for x, i in zip(scores, labels)])
    np.testing.assert_allclose(slopes(scores, labels), expected, rtol=1e-12)
    kernels = slopes.variants[0].executable.lowered.kernels
    assert not any(isinstance(k, NumpyCall) for k in kernels)
    for wrong in (5, -6):
        with pytest.raises(IndexError):
            slopes(scores, np.full(6, wrong))


def test_every_form_has_a_rule():
    used = {type(op.lower) for op in sg.TABLE.values() if not op.inlined} - {Call, Random}
    assert used <= set(batching.RULES)
    calls = [op for op in sg.TABLE.values() if isinstance(op.lower, Call)]
    declared = [op for op in calls if op.family != "random"]    # each example draws its own
    assert all(type(op.lower.batching) in batching.RULES for op in declared)


JACOBIANS = {
    "vector times matrix": lambda x: sg.sin(x @ W),
    "matrix times vector": lambda x: W.T @ sg.sin(x),
    "scaled": lambda x: sg.tanh(sg.tanh(x @ W) @ W.T) / 3.0,
    "of a matrix": lambda x: sg.cos(sg.reshape(x, (2, 2)) @ W[:2]),
    "divided": lambda x: (-x / sg.exp(x)) @ W,
    "nothing": lambda x: sg.stop_gradient(x) * 2.0 + 0.0 * x,
    "steep": lambda x: sg.sqrt(sg.relu(x - x[0])),
    "one element": lambda x: (x @ W).sum().reshape((1,)),
    "sorted": lambda x: sg.sort(x)[::-1] * x[np.array([0, 0, 3, 1])],
    "inverse": lambda x: sg.linalg.inv(sg.reshape(x, (2, 2)) + 3 * np.eye(2)),
}
W = np.random.default_rng(5).standard_normal((4, 3))


@pytest.mark.parametrize("name", JACOBIANS)
@pytest.mark.parametrize("at_once", [2**28, 8])
def test_a_jacobian_is_its_rows(name, at_once, monkeypatch):
    """Against one walk back for each row; few at once, and all."""
    monkeypatch.setattr(derivatives, "AT_ONCE", at_once)
    f, x = JACOBIANS[name], np.array([0.3, 0.7, -0.0, 1.2]) + (name == "steep")
    out = np.asarray(f(sg.tensor(x)))
    rows = [sg.vjp(f, x)[1](unit.reshape(out.shape))[0] for unit in np.eye(out.size)]
    expected = np.stack(rows).reshape(*out.shape, *x.shape)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(sg.jacobian(f)(x), expected, rtol=1e-12)
        np.testing.assert_allclose(sg.compile(sg.jacobian(f))(x), expected, rtol=1e-12)
        both = sg.vmap(sg.jacobian(f))(np.stack([x, x]))
    np.testing.assert_allclose(both, np.stack([expected] * 2), rtol=1e-12)


def test_unit_vectors_are_not_multiplied():
    """The products with rows of the identity are gone: one product of two layers is left."""
    jacobian = sg.compile(sg.jacobian(lambda x: sg.tanh(x @ W) @ W.T))
    jacobian(np.ones(4))
    products = [n for n in jacobian.graph.operations if n.op.family == "product"]
    assert [n.shape for n in products].count((4, 3)) == 0
