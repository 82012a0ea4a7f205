"""sg.elementwise and sg.operation: an operation of one's own is like those of the table."""

from __future__ import annotations

import numpy as np
import pytest

import seegrad as sg
from seegrad.errors import OpDefinitionError

X = np.array([0.5, -1.5, 2.0])


def wave_of(slope=1.0):
    @sg.elementwise(
        scalar=f"{slope} * x * sin(x)", sign="wave", latex=r"\operatorname{wave}($x)",
        d={"x": lambda g, x: g * slope * (sg.sin(x) + x * sg.cos(x))},
    )
    def wave(x):
        return slope * x * np.sin(x)

    return wave


@pytest.fixture(autouse=True)
def _table_as_it_was():
    before = dict(sg.TABLE)
    yield
    sg.TABLE.clear()
    sg.TABLE.update(before)


def test_it_is_like_those_of_the_table(tmp_path):
    wave = wave_of()
    assert np.allclose(wave(X), X * np.sin(X))
    assert sg.gradcheck(wave, X, order=2)
    compiled = sg.compile(sg.grad(lambda x: wave(x).sum()))
    assert np.allclose(compiled(X), sg.grad(lambda x: wave(x).sum())(X))
    assert np.allclose(sg.vmap(wave)(np.stack([X, X])), [wave(X)] * 2)
    x = sg.tensor(X, name="x")
    y = wave(x)
    y.sum().graph.save(tmp_path / "a.svg")
    assert "wave" in (tmp_path / "a.svg").read_text("utf-8")
    assert "cos" in str(sg.explain(y.sum(), wrt=x))
    assert sg.read_expression("wave(x)", {"x": x}).op is wave


def test_defined_twice_the_second_counts_and_graphs_keep_the_first():
    first = wave_of()
    kept = first(sg.tensor(X, name="x"))
    second = wave_of(slope=3.0)
    assert sg.TABLE["wave"] is second
    assert np.allclose(second(X), 3 * first(X))
    for wave, by in ((first, 1), (second, 3)):
        got = sg.compile(lambda x, wave=wave: wave(x))(X)
        assert np.allclose(got, by * X * np.sin(X))
    kept.sum().backward()
    assert np.allclose(kept.inputs[0].grad, np.sin(X) + X * np.cos(X))


def test_a_name_of_the_table_stays_the_table_s():
    @sg.elementwise(scalar="x + 1", d={"x": lambda g: g})
    def relu(x):
        return x + 1

    assert np.array_equal(relu(X), X + 1)
    assert sg.TABLE["relu"] is sg.relu
    assert np.array_equal(sg.compile(lambda x: relu(x) + sg.relu(x))(X), X + 1 + np.maximum(X, 0))


def test_without_an_expression_the_function_is_called():
    @sg.elementwise(d={"x": lambda g, x, by: g * by * sg.cosh(by * x)})
    def bent(x, *, by=2.0):
        return np.sinh(by * x)

    assert sg.gradcheck(lambda x: bent(x, by=0.5), X, order=2)
    assert np.allclose(sg.compile(lambda x: bent(x))(X), np.sinh(2 * X))
    many = np.stack([X, -X])
    assert np.allclose(sg.vmap(lambda x: bent(x))(many), np.sinh(2 * many))
    assert bent.sign == "bent"


def test_an_operation_of_no_family():
    @sg.operation(
        d={"a": lambda g, b: g @ b.T, "b": lambda g, a: a.T @ g},
        body=lambda a, b: sg.matmul(a, b),
    )
    def product(a, b):
        return a @ b

    @sg.operation(d={"x": lambda g, x_spec: sg.broadcast_to(g, shape=x_spec.shape)})
    def total(x):
        return np.sum(x)

    a, b = np.ones((2, 3)), np.arange(12.0).reshape(3, 4)
    for run in (lambda a: total(product(a, b) ** 2), sg.compile(lambda a: total(product(a, b)))):
        assert np.isfinite(float(run(a)))
    assert sg.gradcheck(lambda a: total(product(a, b) ** 2), a, order=2)
    assert np.allclose(sg.vmap(total)(b), b.sum(axis=1))
    assert np.allclose(sg.compile(sg.grad(lambda a: total(product(a, b) ** 2)))(a),
                       2 * (a @ b) @ b.T)  # fmt: skip


def wrong_scalar():
    @sg.elementwise(scalar="x * x + 1", d={"x": lambda g, x: 2 * g * x})
    def square(x):
        return x * x


def no_rule():
    @sg.elementwise(scalar="x + y", d={"x": lambda g: g})
    def add(x, y):
        return x + y


def unknown_word():
    @sg.elementwise(scalar="x + 1", d={"x": lambda g, z: g})
    def step(x):
        return x + 1


def bad_language():
    @sg.elementwise(scalar="x if x else 1", d={"x": None})
    def choice(x):
        return x


def unfilled():
    @sg.elementwise(scalar="x", latex="$y", d={"x": None})
    def same(x):
        return x


@pytest.mark.parametrize(
    ("define", "words"),
    [(wrong_scalar, "not what its function"), (no_rule, "each input needs"),
     (unknown_word, "not there"), (bad_language, "scalar language"), (unfilled, "nothing fills")],
)  # fmt: skip
def test_a_definition_that_does_not_hold_together_is_refused(define, words):
    with pytest.raises(OpDefinitionError, match=words):
        define()
