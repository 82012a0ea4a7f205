"""Updates by rows: the bits of the whole update, and only where nothing else needs the sums."""

from __future__ import annotations

import numpy as np
import pytest

import seegrad as sg
from seegrad import nn, optim
from seegrad.compiler.lowering import lower

WORDS, WIDTH, BATCH = 400, 6, 16
CHANCE = np.random.default_rng(0)
LABELS = CHANCE.integers(0, 3, BATCH)
BATCHES = [CHANCE.integers(0, most, (BATCH, 4)) for most in (WORDS, 3, WORDS, 1)]


def made(rule=optim.SGD, **options):
    nn.seed(1)
    net = nn.Sequential(nn.Embedding(WORDS, WIDTH), nn.Flatten(), nn.Affine(4 * WIDTH, 3))
    opt, loss = rule(net.parameters(), lr=0.3, **options), nn.SoftmaxWithLoss()

    def step(x, t):
        opt.zero_grad()
        value = loss(net(x), t)
        value.backward()
        opt.step()
        return value

    return net, step


def by_rows(step):
    """Does the program keep sums that are zeros between runs?"""
    lowered = step.variants[0].executable.lowered
    written = {v.buffer for k in lowered.kernels for v in k.writes()}
    return bool(written & set(lowered.constants))


def run(threads, rule=optim.SGD, **options):
    net, step = made(rule, **options)
    compiled = sg.compile(step, threads=threads)
    losses = [compiled(x, LABELS).item() for x in BATCHES]
    losses += compiled.epoch(np.concatenate(BATCHES), np.tile(LABELS, 4), batch=BATCH).tolist()
    return compiled, losses, [np.array(p.value) for p in net.parameters()]


@pytest.mark.parametrize(
    ("rule", "threads"), [(optim.SGD, 1), (optim.SGD, 2), (optim.SparseAdam, 1)]
)
def test_the_bits_are_those_of_the_whole_update(rule, threads, monkeypatch):
    compiled, losses, values = run(threads, rule)
    assert by_rows(compiled)
    monkeypatch.setattr(lower, "sparse_updates", lambda kernels, constants: list(kernels))
    whole, expected, every = run(threads, rule)
    assert not by_rows(whole)
    assert losses == expected
    for a, b in zip(values, every):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(("rule", "options"), [
    (optim.Momentum, {}), (optim.Adam, {}), (optim.SGD, {"weight_decay": 0.1}),
    (optim.SGD, {"clip_norm": 1.0}),
])  # fmt: skip
def test_what_changes_other_rows_too_is_a_whole_update(rule, options):
    net, step = made(rule, **options)
    compiled = sg.compile(step)
    for x in BATCHES:
        compiled(x, LABELS)
    assert not by_rows(compiled)
    again, eager = made(rule, **options)
    for x in BATCHES:
        eager(x, LABELS)
    for a, b in zip(net.parameters(), again.parameters()):
        np.testing.assert_allclose(a.value, b.value, rtol=1e-5, atol=1e-6)


def test_a_gradient_that_is_looked_at_is_whole():
    net, step = made()
    compiled = sg.compile(lambda x, t: (step(x, t), net.parameters()[0].grad))
    found = compiled(BATCHES[0], LABELS)[1].value
    assert not by_rows(compiled)
    touched = np.zeros(WORDS, bool)
    touched[BATCHES[0]] = True
    assert found[touched].any(axis=1).all()
    assert not found[~touched].any()


def test_an_index_out_of_range_leaves_everything_as_it_was():
    net, step = made()
    compiled = sg.compile(step)
    compiled(BATCHES[0], LABELS)
    before = [np.array(p.value) for p in net.parameters()]
    with pytest.raises(IndexError):
        compiled(np.full((BATCH, 4), WORDS), LABELS)
    for p, value in zip(net.parameters(), before):
        np.testing.assert_array_equal(p.value, value)
    again, eager = made()
    for x in BATCHES[:2]:
        eager(x, LABELS)
    compiled(BATCHES[1], LABELS)
    np.testing.assert_allclose(net.parameters()[0].value, again.parameters()[0].value, rtol=1e-6)
