"""The chapter's twenty-five cases, number by number; pictures as facts about the graph."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import seegrad as sg
from seegrad import data
from seegrad.book import (
    AddLayer,
    Affine,
    MulLayer,
    Relu,
    Sigmoid,
    SoftmaxWithLoss,
    TwoLayerNet,
    numerical_gradient,
)
from seegrad.errors import ShapeError
from seegrad.graph.rule_call import MUCH

ROOT = Path(__file__).parents[2]
TIGHT = {"rtol": 1e-12, "atol": 1e-12}


def same(came, expected, **tolerance):
    np.testing.assert_allclose(
        np.asarray(came), np.asarray(expected), **(tolerance or TIGHT), strict=False
    )


def edge(graph, source, target=None):
    """The edge from a node to another (None: out of the graph)."""
    found = [e for e in graph.edges if e.source is source and e.target is target]
    assert len(found) == 1
    return found[0]


def above_and_below(e):
    return np.asarray(e.value), None if e.grad is None else np.asarray(e.grad)


def signs(graph):
    return [node.op.sign for node in graph.operations]


def buying_apples():
    apple = sg.tensor(100.0, name="사과")
    count = sg.tensor(2.0, name="사과의 개수")
    tax = sg.tensor(1.1, name="소비세")
    together = apple * count
    return apple, count, tax, together, together * tax


def test_c1_apple_forward():
    apple, count, tax, together, price = buying_apples()
    graph = price.graph
    assert signs(graph) == ["×", "×"]
    assert [leaf.name for leaf in graph.inputs] == ["사과", "사과의 개수", "소비세"]
    assert len(graph.edges) == 5
    values = [edge(graph, apple, together), edge(graph, count, together),
              edge(graph, together, price), edge(graph, tax, price), edge(graph, price)]
    same([e.value for e in values], [100, 2, 200, 1.1, 220])


def test_c1_the_naive_layers_give_the_books_numbers():
    mul_apple, mul_tax = MulLayer(), MulLayer()
    price = mul_tax.forward(mul_apple.forward(100, 2), 1.1)
    assert price == 220.00000000000003
    dapple_price, dtax = mul_tax.backward(1)
    dapple, dcount = mul_apple.backward(dapple_price)
    assert (dapple, dcount, dtax) == (2.2, 110.00000000000001, 200)
    assert type(dtax) is int


def test_c2_apple_backward():
    apple, count, tax, together, price = buying_apples()
    price.backward()
    graph = price.graph
    expected = [
        (apple, together, 100, 2.2), (count, together, 2, 110), (together, price, 200, 1.1),
        (tax, price, 1.1, 200), (price, None, 220, 1),
    ]
    for source, target, value, slope in expected:
        same(above_and_below(edge(graph, source, target)), (value, slope))
    main_line = [edge(graph, price), edge(graph, together, price), edge(graph, apple, together)]
    same([e.grad for e in main_line], [1, 1.1, 2.2])


def test_c3_apples_and_oranges():
    apple, apples = sg.tensor(100.0, name="사과"), sg.tensor(2.0, name="사과의 개수")
    orange, oranges = sg.tensor(150.0, name="귤"), sg.tensor(3.0, name="귤의 개수")
    tax = sg.tensor(1.1, name="소비세")
    apple_price, orange_price = apple * apples, orange * oranges
    together = apple_price + orange_price
    price = together * tax
    price.backward()
    graph = price.graph
    assert sorted(signs(graph)) == ["+", "×", "×", "×"]
    assert len(graph.inputs) == 5
    assert len(graph.edges) == 9
    expected = [
        (apples, apple_price, 2, 110), (apple, apple_price, 100, 2.2),
        (orange, orange_price, 150, 3.3), (oranges, orange_price, 3, 165),
        (apple_price, together, 200, 1.1), (orange_price, together, 450, 1.1),
        (together, price, 650, 1.1), (tax, price, 1.1, 650), (price, None, 715, 1),
    ]
    for source, target, value, slope in expected:
        same(above_and_below(edge(graph, source, target)), (value, slope))


def test_c3_with_four_layers():
    mul_apple, mul_orange, add, mul_tax = MulLayer(), MulLayer(), AddLayer(), MulLayer()
    together = add.forward(mul_apple.forward(100, 2), mul_orange.forward(150, 3))
    assert together == 650
    assert mul_tax.forward(together, 1.1) == 715.0000000000001
    dtogether, dtax = mul_tax.backward(1)
    dapple_price, dorange_price = add.backward(dtogether)
    dapple, dapples = mul_apple.backward(dapple_price)
    dorange, doranges = mul_orange.backward(dorange_price)
    assert (dapple, dapples, dorange, doranges, dtax) == (
        2.2, 110.00000000000001, 3.3000000000000003, 165.0, 650,
    )


@pytest.mark.parametrize("cloud", ["one number", "a sum", "a product with a power"])
def test_c4_local_computation(cloud):
    if cloud == "one number":
        others = sg.tensor(4000.0)
    elif cloud == "a sum":
        others = sg.tensor(1500.0) + sg.tensor(2500.0)
    else:
        others = sg.tensor(10.0) ** 3 * sg.tensor(2.0) * 2
    apple, count, tax = sg.tensor(100.0), sg.tensor(2.0), sg.tensor(1.1)
    together = others + apple * count
    price = together * tax
    price.backward()
    same([together.value, price.value], [4200, 4620])
    same([edge(price.graph, others, together).grad, apple.grad, count.grad, tax.grad],
         [1.1, 2.2, 110, 4200])


def test_c5_chain_rule():
    x, y = sg.tensor(3.0, name="x"), sg.tensor(4.0, name="y")
    t = x + y
    z = t**2
    z.backward()
    graph = z.graph
    assert len(graph.operations) == 2
    assert len(graph.edges) == 4
    for source, target, value, slope in [
        (t, z, 7, 14), (z, None, 49, 1), (x, t, 3, 14), (y, t, 4, 14),
    ]:
        same(above_and_below(edge(graph, source, target)), (value, slope))


def test_c6_plus_passes_and_times_swaps():
    for layer, value, slopes in ((AddLayer(), 15, (1.3, 1.3)), (MulLayer(), 50, (6.5, 13))):
        assert layer.forward(10, 5) == value
        same(layer.backward(1.3), slopes)
    plus, times = sg.TABLE["add"], sg.TABLE["multiply"]
    assert plus.needs("a") == plus.needs("b") == frozenset()
    assert times.needs("a") | times.needs("b") == {"a", "b"}


def test_c7_fan_out():
    for function, value, slope in (
        (lambda x: x * x, 9, 6), (lambda x: x * x + x, 12, 7),
    ):
        x = sg.tensor(3.0)
        z = function(x)
        z.backward()
        same((z.value, x.grad), (value, slope))
    layer = MulLayer()
    x = sg.tensor(3.0)
    layer.forward(x, x)
    same(layer.backward(1), (3, 3))


@pytest.mark.parametrize(("x", "out", "dout", "dx"), [
    ([[1, -0.5], [-2, 3]], [[1, 0], [0, 3]], [[1, 2], [3, 4]], [[1, 0], [0, 4]]),
    ([-1.0, 0, 2], [0, 0, 2], [5, 6, 7], [0, 0, 7]),
    ([[1.0, -2, 3, -4], [-5, 6, -7, 8]], [[1, 0, 3, 0], [0, 6, 0, 8]],
     [[1, -2, -3, 4], [-1, 2, 3, -4]], [[1, 0, -3, 0], [0, 2, 0, -4]]),
])
def test_c8_relu(x, out, dout, dx):
    layer, x, dout = Relu(), np.array(x), np.array(dout, float)
    mine, arriving = x.copy(), dout.copy()
    same(layer.forward(x), out)
    assert np.array_equal(layer.mask, mine <= 0)
    same(layer.backward(dout), dx)
    assert np.array_equal(x, mine)
    assert np.array_equal(dout, arriving)


def test_c8_relu_in_a_residual():
    x = sg.tensor([-1.0, 2.0])
    (x + sg.relu(x)).backward(np.array([1.0, 1.0]))
    same(x.grad, [1, 2])
    layer, d = Relu(), np.ones(2)
    layer.forward(np.array([-1.0, 2.0]))
    same(d + layer.backward(d), [1, 2])


def test_c9_sigmoid_as_four_nodes():
    x = sg.tensor(math.log(3), name="x")
    turned = x * -1
    raised = sg.exp(turned)
    lifted = 1 + raised
    y = 1 / lifted
    y.backward(16.0)
    graph = y.graph
    assert signs(graph) == ["×", "exp", "+", "/"]
    constants = [leaf for leaf in graph.inputs if not leaf.requires_grad]
    assert sorted(float(leaf.value) for leaf in constants) == [-1, 1]
    assert len(graph.edges) == 7
    line = [edge(graph, x, turned), edge(graph, turned, raised), edge(graph, raised, lifted),
            edge(graph, lifted, y), edge(graph, y)]
    same([e.value for e in line], [math.log(3), -math.log(3), 1 / 3, 4 / 3, 3 / 4])
    same([e.grad for e in line], [3, -3, -9, -9, 16])
    for constant in constants:
        assert [e.grad for e in graph.edges if e.source is constant] == [None]


def test_c10_fused_sigmoid():
    x = np.log([[2.0, 3, 4, 5], [6, 7, 8, 9]])
    dout = np.array([[9.0, 16, 25, 36], [49, 64, 81, 100]])
    layer = Sigmoid()
    y = [[2 / 3, 3 / 4, 4 / 5, 5 / 6], [6 / 7, 7 / 8, 8 / 9, 9 / 10]]
    same(layer.forward(x), y)
    same(layer.out, y)
    same(layer.backward(dout), [[2, 3, 4, 5], [6, 7, 8, 9]])
    assert len(layer.graph.operations) == 1
    opened = sg.tensor(x)
    out = 1 / (1 + sg.exp(opened * -1))
    out.backward(dout)
    same(out.value, y)
    same(opened.grad, [[2, 3, 4, 5], [6, 7, 8, 9]])


def test_c11_sigmoid_far_from_zero():
    layer = Sigmoid()
    assert layer.forward(np.array([-1000.0, 0, 1000])).tolist() == [0, 0.5, 1]
    assert layer.backward(np.ones(3)).tolist() == [0, 0.25, 0]
    same(sg.sigmoid(np.float64(-40)), 4.248354255291589e-18, rtol=1e-12)


W = np.array([[1.0, 2, 3], [4, 5, 6]])
B = np.array([7.0, 8, 9])


def test_c12_affine_of_one_sample():
    layer = Affine(W, B)
    same(layer.forward(np.array([1.0, 2])), [16, 20, 24])
    dx = layer.backward(np.array([1.0, 2, 3]))
    same(dx, [14, 32])
    same(layer.dW, [[1, 2, 3], [2, 4, 6]])
    same(layer.db, [1, 2, 3])
    assert (dx.shape, layer.dW.shape, layer.db.shape) == ((2,), (2, 3), (3,))
    graph = layer.graph
    assert signs(graph) == ["dot", "+"]
    assert [e.value.shape for e in graph.edges] == [(2,), (2, 3), (3,), (3,), (3,)]


def test_c13_affine_of_a_batch():
    weights, bias = W.copy(), B.copy()
    layer = Affine(weights, bias)
    x = np.array([[1.0, 0], [0, 1], [1, 1]])
    same(layer.forward(x), [[8, 10, 12], [11, 13, 15], [12, 15, 18]])
    dx = layer.backward(np.array([[2.0, 1, -1], [1, 0, 0], [0, 0, 1]]))
    same(dx, [[1, 7], [1, 4], [3, 6]])
    same(layer.dW, [[2, 1, 0], [1, 0, 1]])
    same(layer.db, [3, 1, 0])
    assert (dx.shape, layer.dW.shape, layer.db.shape) == (x.shape, weights.shape, bias.shape)
    weights -= layer.dW
    bias -= layer.db
    same(layer.W, [[-1, 1, 3], [3, 5, 5]])
    same(layer.b, [4, 7, 9])
    same(layer.forward(np.array([1.0, 0])), [3, 8, 12])


def test_c13_a_wrong_width_names_both_shapes():
    with pytest.raises(ShapeError) as caught:
        Affine(W, B).forward(np.ones((3, 3)))
    assert "(3, 3)" in str(caught.value)
    assert "(2, 3)" in str(caught.value)


def test_c14_bias():
    layer = Affine(np.zeros((1, 3)), np.array([1.0, 2, 3]))
    product = sg.tensor([[0.0, 0, 0], [10, 10, 10]])
    bias = sg.tensor([1.0, 2, 3])
    total = product + bias
    same(total.value, [[1, 2, 3], [11, 12, 13]])
    total.backward(np.array([[1.0, 2, 3], [4, 5, 6]]))
    same(bias.grad, [5, 7, 9])
    layer.forward(np.zeros((2, 1)))
    layer.backward(np.array([[1.0, 2, 3], [4, 5, 6]]))
    same(layer.db, [5, 7, 9])
    assert layer.db.shape == (3,)


def test_c15_affine_of_images():
    x = np.arange(8.0).reshape(2, 1, 2, 2)
    layer = Affine(np.arange(12).reshape(4, 3) / 10, np.zeros(3))
    same(layer.forward(x), [[4.2, 4.8, 5.4], [11.4, 13.6, 15.8]])
    dx = layer.backward(np.ones((2, 3)))
    assert dx.shape == (2, 1, 2, 2)
    same(dx.reshape(2, 4), [[0.3, 1.2, 2.1, 3.0]] * 2)
    same(layer.dW, [[row] * 3 for row in (4, 6, 8, 10)])
    same(layer.db, [2, 2, 2])


def test_c16_softmax():
    same(sg.softmax(np.array([1010.0, 1000, 990])),
         [0.9999546000703, 4.539786860887e-5, 2.061060046209e-9], rtol=1e-12)
    rows = sg.softmax(np.log([[2.0, 3, 5], [7, 2, 1]]))
    same(rows, [[0.2, 0.3, 0.5], [0.7, 0.2, 0.1]])
    same(rows.sum(axis=1), [1, 1])
    same(sg.softmax(np.array([5.3, 0.3, 10.1, 0.01])),
         [0.0081618, 0.0000550, 0.9917421, 0.0000411], atol=5e-8)


def full_softmax_with_loss():
    """Figure 5-29: sixteen nodes, each a number."""
    a = [sg.tensor(math.log(v), name=f"a{i + 1}") for i, v in enumerate((3, 2, 5))]
    t = [sg.tensor(v, name=f"t{i + 1}") for i, v in enumerate((0.0, 1.0, 0.0))]
    e = [sg.exp(value) for value in a]
    total = sg.add_n(*e)
    share = sg.reciprocal(total)
    y = [value * share for value in e]
    logs = [sg.log(value) for value in y]
    taken = [target * value for target, value in zip(t, logs)]
    summed = sg.add_n(*taken)
    return a, t, e, total, share, y, logs, taken, summed, summed * -1.0


def test_c17_full_softmax_with_loss():
    a, t, e, total, share, y, logs, taken, summed, loss = full_softmax_with_loss()
    loss.backward()
    graph = loss.graph
    assert sorted(signs(graph)) == sorted(["exp"] * 3 + ["+", "/"] + ["×"] * 3 + ["log"] * 3
                                          + ["×"] * 3 + ["+", "×"])
    assert {leaf.name for leaf in graph.inputs} == {"a1", "a2", "a3", "t1", "t2", "t3", ""}
    assert len(graph.inputs) == 7
    assert len(graph.edges) == 28
    same([v.value for v in e], [3, 2, 5])
    same([total.value, share.value], [10, 0.1])
    same([v.value for v in y], [0.3, 0.2, 0.5])
    same([v.value for v in logs], np.log([0.3, 0.2, 0.5]))
    same([summed.value, loss.value], [-1.6094379124341003, 1.6094379124341003])
    assert edge(graph, loss).grad == 1
    assert edge(graph, summed, loss).grad == -1
    same([v.grad for v in taken], [-1, -1, -1])
    same([edge(graph, s, o).grad for s, o in zip(t, taken)], -np.log([0.3, 0.2, 0.5]))
    same([v.grad for v in logs], [0, -1, 0])
    same([v.grad for v in y], [0, -5, 0])
    same([edge(graph, share, o).grad for o in y], [0, -10, 0])
    same([share.grad, total.grad], [-10, 0.1])
    same([edge(graph, s, o).grad for s, o in zip(e, y)], [0, -0.5, 0])
    same([edge(graph, s, total).grad for s in e], [0.1, 0.1, 0.1])
    same([v.grad for v in e], [0.1, -0.4, 0.1])
    same([v.grad for v in a], [0.3, -0.8, 0.5])
    minus_one = next(leaf for leaf in graph.inputs if not leaf.requires_grad)
    assert minus_one.value == -1
    assert edge(graph, minus_one, loss).grad is None


def test_c18_simplified():
    for y, dx in (((0.3, 0.2, 0.5), (0.3, -0.8, 0.5)), ((0.01, 0.99, 0), (0.01, -0.01, 0))):
        layer = SoftmaxWithLoss()
        scores = [math.log(v) if v else -800.0 for v in y]
        layer.forward(np.array(scores), np.array([0, 1, 0]))
        same(layer.y, y)
        same(layer.backward(), dx)
        assert len(layer.graph.operations) == 1
    a, *_, loss = full_softmax_with_loss()
    loss.backward()
    same([v.grad for v in a], [0.3, -0.8, 0.5])


BATCH = np.log([[2.0, 3, 5], [7, 2, 1]])


@pytest.mark.parametrize("t", [np.array([[0, 0, 1], [1, 0, 0]]), np.array([2, 0])])
def test_c19_loss_of_a_batch(t):
    layer = SoftmaxWithLoss()
    same(layer.forward(BATCH, t), 0.5249110622493388)
    dx = layer.backward()
    same(dx, [[0.1, 0.15, -0.25], [-0.15, 0.1, 0.05]])
    same(dx.sum(axis=1), [0, 0])
    same(layer.backward(2), 2 * dx)
    same(SoftmaxWithLoss(delta=1e-7).forward(BATCH, t), 0.5249108908207826)


def test_c20_soft_targets_and_a_single_sample():
    layer = SoftmaxWithLoss()
    same(layer.forward(BATCH, np.array([[0.1, 0.2, 0.7], [0.8, 0.1, 0.1]])), 0.7817418170971796)
    same(layer.backward(), [[0.05, 0.05, -0.1], [-0.05, 0.05, 0]])
    for t in (np.array([0, 1, 0]), np.array(1), 1):
        same(layer.forward(np.log([3.0, 2, 5]), t), 1.6094379124341003)
        same(layer.backward(), [0.3, -0.8, 0.5])


def test_c21_sigmoid_net_by_hand():
    w1 = sg.tensor(np.log([[2, 2, 1], [2, 1, 2]]))
    w2 = sg.tensor([[9.0, 0], [0, 5], [0, 6]])
    b1, b2, x, t = sg.tensor(np.zeros(3)), sg.tensor(np.zeros(2)), sg.tensor([2.0, 1.0]), [1.0, 0]
    h = sg.sigmoid(x @ w1 + b1)
    s = h @ w2 + b2
    loss = sg.softmax_cross_entropy(s, np.array(t))
    loss.backward()
    same(h.value, [8 / 9, 4 / 5, 2 / 3])
    same(s.value, [8, 8])
    same(loss.value, math.log(2))
    same(w1.grad, [[-8 / 9, 4 / 5, 4 / 3], [-4 / 9, 2 / 5, 2 / 3]])
    same(b1.grad, [-4 / 9, 2 / 5, 2 / 3])
    same(w2.grad, [[-4 / 9, 4 / 9], [-2 / 5, 2 / 5], [-1 / 3, 1 / 3]])
    same(b2.grad, [-0.5, 0.5])
    same(x.grad, [-2 * math.log(2) / 45, 2 * math.log(2) / 9])
    sg.optim.SGD([w1, b1, w2, b2], lr=1.0).step()
    same(b1.value, [4 / 9, -2 / 5, -2 / 3])
    same(w2.value, [[85 / 9, -4 / 9], [2 / 5, 23 / 5], [1 / 3, 17 / 3]])
    after = sg.softmax_cross_entropy(sg.sigmoid(x @ w1 + b1) @ w2 + b2, np.array(t))
    same(after.value, 7.507361540962501e-05, rtol=1e-10)


def test_c22_relu_net_by_hand():
    w1 = np.zeros((5, 5))
    w1[0, 4] = w1[1, 0] = 1
    w1[2, 1] = w1[3, 2] = w1[4, 3] = -1
    w2 = np.array([[5.0, 0, 0, 0, 5]] * 4 + [[-5.0, 5, 5, 5, -5]])
    first, relu, second = Affine(w1, np.zeros(5)), Relu(), Affine(w2, np.zeros(5))
    last = SoftmaxWithLoss()
    x = np.arange(1.0, 6)
    z = first.forward(x)
    h = relu.forward(z)
    s = second.forward(h)
    same(z, [2, -3, -4, -5, 1])
    same(h, [2, 0, 0, 0, 1])
    same(s, [5] * 5)
    same(last.forward(s, 0), math.log(5))
    dh = second.backward(last.backward())
    dx = first.backward(relu.backward(dh))
    same(second.db, [-0.8, 0.2, 0.2, 0.2, 0.2])
    same(second.dW, np.outer(h, second.db))
    same(dh, [-3, -3, -3, -3, 6])
    same(first.db, [-3, 0, 0, 0, 6])
    same(first.dW, np.outer(x, [-3, 0, 0, 0, 6]))
    same(dx, [6, -3, 0, 0, 0])


def three_digits(seed):
    chance = np.random.default_rng(seed)
    ink = chance.random((3, 784)) * (chance.random((3, 784)) < 0.2)
    return ink, np.eye(10)[[5, 0, 4]]


def test_c23_gradient_check_of_the_whole_network():
    x, t = three_digits(0)
    np.random.seed(0)
    net = TwoLayerNet(784, 50, 10)
    smallest = np.abs(x @ net.params["W1"] + net.params["b1"]).min()
    assert smallest > 1e-4, "a kink within the step would be reported as wrong"
    forwards = 0
    loss = net.loss

    def counted(x, t):
        nonlocal forwards
        forwards += 1
        return loss(x, t)

    net.loss = counted
    numerical = net.numerical_gradient(x, t)
    assert forwards == 79_520
    forwards = 0
    grads = net.gradient(x, t)
    assert forwards <= 1
    wrong = {name: np.abs(grads[name] - numerical[name]).mean() for name in grads}
    assert max(wrong["W1"], wrong["b1"], wrong["W2"]) < 1e-11
    assert wrong["b2"] < 5e-10
    net.loss = loss
    net.lastLayer.delta = 1e-7
    measured = numerical_gradient(lambda _: net.loss(x, t), net.params["b2"])
    assert abs(np.abs(grads["b2"] - measured).mean() - 1.40e-7) < 2e-9


def test_c23_integers_are_not_lost():
    same(numerical_gradient(lambda x: np.sum(x**2), np.array([1, 2])), [2, 4], rtol=1e-8)
    assert sg.gradcheck(lambda x: (x * x).sum(), np.array([1, 2]))


def test_c23_a_kink_is_reported_as_a_kink():
    report = sg.gradcheck(lambda x: sg.relu(x).sum(), np.array([1e-9, 1.0, -1.0]))
    assert report
    assert len(report.kinks) == 1


SMALL = np.random.default_rng(5)
SMALL_X, SMALL_T = SMALL.standard_normal((3, 6)), np.array([1, 3, 0])
SMALL_VALUES = [SMALL.standard_normal(shape) for shape in ((6, 5), (5,), (5, 4), (4,))]
SEEN = {}


def small_net(w1, b1, w2, b2):
    z = SMALL_X @ w1 + b1
    SEEN["z"] = sg.stop_gradient(z).value
    return sg.softmax_cross_entropy(sg.relu(z) @ w2 + b2, SMALL_T)


def small_sigmoid(w1, b1, w2, b2):
    return sg.softmax_cross_entropy(sg.sigmoid(SMALL_X @ w1 + b1) @ w2 + b2, SMALL_T)


def small_sigmoid_of_four_nodes(w1, b1, w2, b2):
    h = 1 / (1 + sg.exp((SMALL_X @ w1 + b1) * -1))
    return sg.softmax_cross_entropy(h @ w2 + b2, SMALL_T)


def one_hot(x, t):
    return np.eye(x.shape[1])[t]


MUTANTS = {
    "no /N": (small_net, "softmax_cross_entropy", 0,
              lambda g, out, ins, attrs, i: g * (sg.softmax(ins[0]) - one_hot(*ins))),
    "t - y": (small_net, "softmax_cross_entropy", 0,
              lambda g, out, ins, attrs, i: g * (one_hot(*ins) - sg.softmax(ins[0])) / 3),
    "whole-batch softmax": (
        small_net, "softmax_cross_entropy", 0,
        lambda g, out, ins, attrs, i: (
            g * (np.exp(ins[0]) / np.exp(ins[0]).sum() - one_hot(*ins)) / 3)),
    "db mean": (small_net, "add", 1,
                lambda g, out, ins, attrs, i: g / len(g) if ins[1].ndim == 1 else g),
    "dW from z instead of h": (
        small_net, "matmul", 1,
        lambda g, out, ins, attrs, i: (SEEN["z"] if ins[0].shape[1] == 5 else ins[0]).T @ g),
    "mask reversed": (small_net, "relu", 0,
                      lambda g, out, ins, attrs, i: np.where(ins[0] > 0, 0, g)),
    "mask from the sign of dout": (small_net, "relu", 0,
                                   lambda g, out, ins, attrs, i: np.where(g > 0, g, 0)),
    "activation skipped": (small_net, "relu", 0, lambda g, out, ins, attrs, i: g),
    "z(1 - z)": (small_sigmoid, "sigmoid", 0,
                 lambda g, out, ins, attrs, i: g * ins[0] * (1 - ins[0])),
    "no times -1": (small_sigmoid_of_four_nodes, "multiply", 0,
                    lambda g, out, ins, attrs, i: g),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_c23_every_mutant_is_caught(name):
    function, op, position, rule = MUTANTS[name]
    right = sg.gradcheck(function, *SMALL_VALUES)
    assert right
    assert right.max_error < 1e-6
    operation = sg.TABLE[op]
    fast_rules = operation.fast_rules
    mutated = tuple((rule, MUCH) if i == position else p for i, p in enumerate(fast_rules))
    object.__setattr__(operation, "fast_rules", mutated)
    try:
        report = sg.gradcheck(function, *SMALL_VALUES)
    finally:
        object.__setattr__(operation, "fast_rules", fast_rules)
    assert not report
    assert report.max_error > 0.3


def four_steps(net, x, t, lr, steps, report):
    """Mini-batch (here: all), gradient, update, again; the loss before the steps in `report`."""
    losses = {}
    for step in range(steps + 1):
        if step in report:
            losses[step] = net.loss(x, t), net.accuracy(x, t)
        grads = net.gradient(x, t)
        for name in ("W1", "b1", "W2", "b2"):
            net.params[name] -= lr * grads[name]
    return losses


def test_c24_four_steps_on_xor():
    x, t = data.xor()
    np.random.seed(0)
    net = TwoLayerNet(2, 8, 2, weight_init_std=1.0)
    losses = four_steps(net, x, t, 0.5, 1000, (0, 1, 2, 10, 100, 1000))
    expected = {0: 4.2026184848, 1: 1.8628522877, 2: 2.3988982269, 10: 0.3245285748,
                100: 0.0357344052, 1000: 0.0022628023}
    for step, loss in expected.items():
        assert losses[step][0] == pytest.approx(loss, rel=1e-6 if step <= 100 else 0.02)
    assert net.predict(x).argmax(axis=1).tolist() == [0, 1, 1, 0]


def test_c24_four_steps_on_the_spiral():
    x, t = data.spiral(seed=0)
    np.random.seed(1)
    net = TwoLayerNet(2, 100, 3)
    losses = four_steps(net, x, t, 1.0, 10000, (0, 100, 1000, 10000))
    assert losses[0][0] == pytest.approx(1.0985621, rel=1e-6)
    assert losses[100][0] == pytest.approx(0.7054640, rel=1e-6)
    assert losses[1000][0] == pytest.approx(0.1014303, rel=0.02)
    assert losses[10000][0] == pytest.approx(0.0200130, rel=0.02)
    accuracies = [losses[step][1] for step in (0, 100, 1000, 10000)]
    same(accuracies, [0.3167, 0.56, 0.97, 0.9933], atol=5e-5)


def test_c24_the_other_way_is_uphill():
    x, t = data.xor()
    np.random.seed(0)
    net = TwoLayerNet(2, 8, 2)
    before = net.loss(x, t)
    four_steps(net, x, t, -0.5, 50, ())
    assert net.loss(x, t) > before


def test_c24_parameters_and_layers_share_one_truth():
    x, t = data.xor()
    np.random.seed(0)
    net = TwoLayerNet(2, 8, 2)
    before = net.loss(x, t)
    for _ in range(20):
        grads = net.gradient(x, t)
        for name in net.params:
            net.params[name] = net.params[name] - 0.5 * grads[name]
    assert net.loss(x, t) < before
    assert net.layers["Affine1"].W is net.params["W1"]
    with pytest.raises(ShapeError):
        net.params["W1"] = np.zeros((3, 3))


def test_c25_real_digits(real_mnist):
    """The example script is the training of C25: a row at steps 0, 80, 160, … 9920."""
    (x_train, t_train), (x_test, _) = data.mnist(real_mnist).split()
    assert (len(x_train), len(x_test)) == (8000, 2000)
    np.random.seed(0)
    net = TwoLayerNet(784, 50, 10)
    assert sum(array.size for array in net.params.values()) == 39_760
    assert abs(net.loss(x_train[:100], t_train[:100]) - 2.30) < 0.01
    script = ROOT / "examples" / "chapter" / "train_neuralnet.py"
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "SEEGRAD_MNIST": str(real_mnist)},
    )  # fmt: skip
    rows = [tuple(map(float, line.split())) for line in done.stdout.splitlines()]
    assert len(rows) == 125
    assert rows[1000 // 80 + 1][1] >= 0.92
    assert rows[-1][1] >= 0.94
    assert rows[-1][0] > 0.99


def test_c25_the_digits_in_the_package_stand_in_without_the_files():
    train, test = data.digits().split()
    np.random.seed(0)
    net = TwoLayerNet(64, 50, 10)
    for _ in range(3000):
        rows = np.random.choice(len(train), 100)
        grads = net.gradient(train.x[rows], train.t[rows])
        for name in net.params:
            net.params[name] -= 0.1 * grads[name]
    assert net.accuracy(*test) >= 0.95
    assert net.accuracy(*train) >= 0.98
