"""micrograd's names: numbers, their pictures, and a network that learns."""

from __future__ import annotations

import importlib
import math
import random

import numpy as np
import pytest

import seegrad as sg
from seegrad.micrograd import draw_dot, trace
from seegrad.micrograd.engine import Value
from seegrad.micrograd.nn import MLP, Layer, Neuron


def expression(value):
    """Every operation of micrograd, values used twice, numbers on either side."""
    a, b = value(-4.0), value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    return a, b, g


def differences(h=1e-6):
    def at(da, db):
        a, b = -4.0 + da, 2.0 + db

        def relu(x):
            return max(x, 0.0)

        c, d = a + b, a * b + b**3
        c += c + 1
        c += 1 + c + (-a)
        d += d * 2 + relu(b + a)
        d += 3 * d + relu(b - a)
        f = (c - d) ** 2
        return f / 2.0 + 10.0 / f

    return at(0, 0), (at(h, 0) - at(-h, 0)) / (2 * h), (at(0, h) - at(0, -h)) / (2 * h)


def test_numbers_and_their_derivatives():
    a, b, g = expression(Value)
    g.backward()
    value, by_a, by_b = differences()
    assert g.data == pytest.approx(value)
    assert (a.grad, b.grad) == (pytest.approx(by_a, rel=1e-6), pytest.approx(by_b, rel=1e-6))
    assert g.grad == 1.0
    assert type(g.data) is float
    assert type(a.grad) is float


def test_micrograd_says_the_same():
    theirs = pytest.importorskip("micrograd.engine").Value
    found = [expression(kind) for kind in (Value, theirs)]
    for _, _, g in found:
        g.backward()
    for ours, their in zip(*found):
        assert (ours.data, ours.grad) == (pytest.approx(their.data), pytest.approx(their.grad))


def test_the_neuron_of_the_lecture_step_by_step():
    x1, x2 = Value(2.0, label="x1"), Value(0.0, label="x2")
    w1, w2 = Value(-3.0, label="w1"), Value(1.0, label="w2")
    b = Value(6.8813735870195432, label="b")
    n = x1 * w1 + x2 * w2 + b
    n.label = "n"
    o = n.tanh()
    assert (o._op, o._prev, n._op) == ("tanh", {n}, "+")
    assert Value(1.0)._prev == set()
    o.grad = 1.0
    for value in (o, n, *n._prev):                    # by hand, from right to left
        value._backward()
    assert n.grad == pytest.approx(0.5)
    assert b.grad == pytest.approx(0.5)
    o2 = (x1 * w1 + x2 * w2 + b).tanh()
    for leaf in (x1, x2, w1, w2, b):
        leaf.grad = 0
    o2.backward()
    assert [round(v.grad, 6) for v in (x1, w1, x2, w2)] == [-1.5, 1.0, 0.5, 0.0]
    e = (2 * n).exp()                                 # the same from exp
    assert ((e - 1) / (e + 1)).data == pytest.approx(o.data)


def test_data_is_set_and_what_was_computed_keeps_what_it_saw():
    a = Value(3)
    b = a * a
    assert a.data == 3.0
    a.data -= 0.5 * 2
    assert (a.data, b.data, (a * a).data) == (2.0, 9.0, 4.0)
    b.backward()
    assert a.grad == 6.0
    a.zero_grad()
    assert a.grad == 0.0
    with pytest.raises(sg.SeegradError, match="computed value"):
        b.data = 1.0
    with pytest.raises(TypeError, match="one number"):
        Value([1.0, 2.0])
    with pytest.raises(TypeError, match="one number"):
        a + "text"


def test_more_functions_have_their_derivatives():
    for name, by in {
        "log": lambda x: 1 / x, "exp": math.exp, "tanh": lambda x: 1 - math.tanh(x) ** 2,
        "sigmoid": lambda x: math.exp(-x) / (1 + math.exp(-x)) ** 2,
    }.items():  # fmt: skip
        x = Value(0.7)
        getattr(x, name)().backward()
        assert x.grad == pytest.approx(by(0.7))
    x, y = Value(2.0), Value(3.0)
    (x**y + 2**y).backward()
    assert x.grad == pytest.approx(12.0)
    assert y.grad == pytest.approx(8 * math.log(2) * 2)
    assert repr(Value(1.5)) == "Value(data=1.5, grad=0.0)"
    assert float(Value(1.5)) == 1.5


def test_the_picture_holds_data_and_derivatives(tmp_path):
    a, b = Value(2.0, label="a"), Value(-3.0, label='b "quoted"')
    c = a * b + 1
    c.backward()
    nodes, edges = trace(c)
    assert (len(nodes), len(edges)) == (5, 4)
    dot = draw_dot(c)
    assert "{ a | data 2.0000 | grad -3.0000 }" in dot.source
    assert r"b \"quoted\"" in dot.source
    assert "<svg" in dot._repr_svg_()
    assert (tmp_path / "g.svg").exists() is False
    assert dot.render(tmp_path / "g").endswith("g.svg")
    draw_dot(c, format="dot", rankdir="TB").render(tmp_path / "g")
    assert "rankdir=TB" in (tmp_path / "g.dot").read_text("utf-8")
    with pytest.raises(sg.SeegradError, match="format"):
        draw_dot(c, format="gif")
    with pytest.raises(sg.SeegradError, match="direction"):
        draw_dot(c, rankdir="RL")
    assert [n.op.name for n in c.graph.nodes if n.op] == ["multiply", "add"]


def moons(count=20, seed=0):
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0, math.pi, count)
    side = np.arange(count) % 2
    x = np.stack([np.cos(angle) + side, np.sin(angle) * (1 - 2 * side) + side * 0.5], axis=1)
    return x, side * 2 - 1


def learn(engine, nn, steps=15):
    """The script of micrograd's demonstration, on few points."""
    random.seed(1337)
    X, y = moons()
    model = nn.MLP(2, [8, 1])
    losses = []
    for k in range(steps):
        scores = [model(list(map(engine.Value, row))) for row in X]
        data_loss = sum((1 + -yi * s).relu() for yi, s in zip(y, scores)) * (1.0 / len(y))
        total = data_loss + 1e-4 * sum(p * p for p in model.parameters())
        model.zero_grad()
        total.backward()
        for p in model.parameters():
            p.data -= (1.0 - 0.9 * k / 100) * p.grad
        losses.append(total.data)
    return losses, str(model)


def test_a_network_learns_as_micrograds_does():
    engine, nn = (importlib.import_module(f"seegrad.micrograd.{n}") for n in ("engine", "nn"))
    losses, said = learn(engine, nn)
    assert losses[-1] < 0.5 * losses[0]
    assert said.startswith("MLP of [Layer of [ReLUNeuron(2), ")
    pytest.importorskip("micrograd.nn")
    parts = [importlib.import_module(f"micrograd.{n}") for n in ("engine", "nn")]
    np.testing.assert_allclose(losses, learn(*parts)[0], rtol=1e-9)


def test_layers_of_one_and_of_many():
    random.seed(0)
    assert isinstance(Layer(3, 1)([1, 2, 3]), Value)
    assert len(Layer(3, 2)([1, 2, 3])) == 2
    assert isinstance(MLP(1, [1, 1, 2])([1.0])[0], Value)
    with pytest.raises(ValueError, match="one number for each"):
        Neuron(3)([1.0, 2.0])
