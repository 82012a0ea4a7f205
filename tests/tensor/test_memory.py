"""Memory that returns by itself, chains of any length, many threads."""

from __future__ import annotations

import gc
import random
import sys
import threading
import tracemalloc
import weakref

import numpy as np
import pytest

import seegrad as sg


@pytest.fixture
def no_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def _first_order():
    x = sg.tensor(np.ones(100))
    y = (sg.sin(x) * x + x).sum()
    y.backward()
    return x, y


def _second_order():
    x = sg.tensor(np.ones(100))
    y = (x**3).sum()
    y.backward(as_graph=True)
    z = (x.grad * x).sum()
    x.grad = None
    z.backward()
    return x, y, z


def _transforms():
    return (sg.tensor(sg.hvp(lambda x: (x**3).sum(), np.ones(5), np.ones(5))),)


def _graph_was_looked_at():
    x, y = _first_order()
    assert y.graph.edges
    assert y.graph.text()
    return x, y


def _error_in_backward():
    x = sg.tensor(np.ones(100))
    try:
        with sg.debug():
            (sg.sqrt(x - 1)).sum().backward()
    except FloatingPointError:
        return (x,)
    raise AssertionError("the infinite derivative went unseen")


def _shapes_that_do_not_fit():
    x = sg.tensor(np.ones(100))
    try:
        x + np.ones(7)
    except ValueError:
        return (x,)
    raise AssertionError("the shapes fit")


def _checkpoint():
    x = sg.tensor(np.ones(100))
    y = sg.checkpoint(lambda v: (v * v).sum())(x)
    y.backward()
    return x, y


WORKS = [_first_order, _second_order, _transforms, _graph_was_looked_at, _checkpoint,
         _error_in_backward, _shapes_that_do_not_fit]  # fmt: skip


@pytest.mark.parametrize("work", WORKS)
def test_memory_returns_without_the_collector(no_collector, work):
    gone = [weakref.ref(node) for node in work()]
    assert all(ref() is None for ref in gone)


@pytest.mark.parametrize("work", WORKS)
def test_hundreds_of_steps_take_no_more_memory(no_collector, work):
    for _ in range(20):
        work()
    gc.collect()
    tracemalloc.start()
    for _ in range(300):
        work()
    assert gc.collect() == 0, "something waits for the collector"
    grown = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert grown < 50_000                       # caches that fill up; a node a step would be more


def test_values_go_with_the_graph(no_collector):
    x = sg.tensor(np.ones(10))
    y = sg.exp(x)
    ref = weakref.ref(y)
    z = y * 2
    del y
    assert ref() is not None, "the graph keeps it"
    del z
    assert ref() is None


# --------------------------------------------------------------- length


def _chain(n, step=lambda y: y + 1.0):
    x = sg.tensor(1.0)
    y = x
    for _ in range(n):
        y = step(y)
    return x, y


def test_a_chain_of_hundreds_of_thousands_of_nodes():
    limit = sys.getrecursionlimit()
    x, y = _chain(300_000, lambda y: -y)
    y.backward()
    assert x.grad == 1.0
    assert len(y.graph.nodes) == 300_001
    del y, x
    assert sys.getrecursionlimit() == limit


@pytest.mark.parametrize("order", ["outputs first", "inputs first", "middle first", "shuffled"])
def test_a_long_chain_is_freed_in_any_order(no_collector, order):
    x = sg.tensor(1.0)
    held = [x]
    for _ in range(50_000):
        held.append(held[-1] * 1.0)
    refs = [weakref.ref(node) for node in held[::5000]]
    del x
    if order == "outputs first":
        while held:
            held.pop()
    elif order == "inputs first":
        held.reverse()
        while held:
            held.pop()
    elif order == "middle first":
        del held[100:49_000]
        del held[:]
    else:
        random.Random(0).shuffle(held)
        while held:
            held.pop()
    assert all(ref() is None for ref in refs)


def test_long_graphs_of_other_shapes():
    x = sg.tensor(2.0)
    fan = sg.add_n(*[x * 1.0 for _ in range(100_000)])  # a fan-in of 10⁵
    fan.backward()
    assert x.grad == 100_000
    x.zero_grad()
    y = x
    for _ in range(20_000):  # every node used twice: 2²⁰⁰⁰⁰ paths
        y = y * 0.5 + y * 0.5
    y.backward()
    assert x.grad == 1.0
    x.zero_grad()
    y = sg.grad(lambda v: _repeat(sg.sin, v, 3000))(2.0)
    assert np.isfinite(y)


def _repeat(f, x, n):
    for _ in range(n):
        x = f(x)
    return x


def test_higher_derivatives_of_a_long_chain():
    _, y = _chain(3000, lambda v: v * 1.0)
    y.backward(as_graph=True)
    slope = sg.grad(sg.grad(lambda v: _repeat(lambda w: w * 1.0, v, 3000) ** 2))(3.0)
    assert slope == 2.0


# --------------------------------------------------------------- threads


def test_many_threads_at_once():
    """One set of leaves, shared by all; graphs, transforms and modes of their own."""
    w = sg.tensor(np.linspace(0.1, 1.0, 20))
    expected = [sg.grad(lambda v, k=k: (sg.sin(v * k) * v).sum())(w.value) for k in range(8)]
    wrong = []

    def work(k):
        for n in range(100):
            if n % 3 == 0:
                with sg.no_grad():
                    if (w * k).requires_grad:
                        wrong.append("recorded under no_grad")
            got = sg.grad(lambda v: (sg.sin(v * k) * v).sum())(w.value)
            leaf = sg.tensor(w.value)
            (sg.sin(leaf * k) * leaf).sum().backward()
            if not (np.array_equal(got, expected[k]) and np.array_equal(leaf.grad, expected[k])):
                wrong.append(k)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert wrong == []


def test_backward_through_one_graph_from_many_threads():
    w = sg.tensor(np.linspace(0.1, 1.0, 20))
    y = (sg.exp(w) * w).sum()
    found = []

    def work():
        for _ in range(50):
            _, pull = sg.vjp(lambda v: (sg.exp(v) * y.detach()).sum(), w.value)
            found.append(pull(1.0)[0])

    threads = [threading.Thread(target=work) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(found) == 400
    assert all(np.array_equal(f, found[0]) for f in found)
