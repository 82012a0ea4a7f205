"""A mini-batch of one row: sums over an axis of length 1 reduce nothing."""

from __future__ import annotations

import numpy as np
import pytest

import seegrad as sg


def trained(compiled, rows, x, t):
    chance = np.random.default_rng(1)
    first = sg.nn.Affine(2, 4, generator=chance)
    net = sg.nn.Sequential(first, sg.nn.ReLU(), sg.nn.Affine(4, 2, generator=chance))
    criterion, optimizer = sg.nn.SoftmaxWithLoss(), sg.optim.SGD(net.parameters(), lr=0.1)

    def step(x, t):
        optimizer.zero_grad()
        loss = criterion(net(x), t)
        loss.backward()
        optimizer.step()
        return loss

    run = sg.compile(step) if compiled else step
    losses = [float(run(x[:rows], t[:rows])) for _ in range(3)]
    return losses, [p.value for p in net.parameters()]


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_few_rows_train_as_in_eager(rows):
    x, t = np.random.default_rng(0).normal(size=(3, 2)), np.array([0, 1, 0])
    losses, weights = trained(True, rows, x, t)
    wanted, right = trained(False, rows, x, t)
    np.testing.assert_allclose(losses, wanted, rtol=1e-5)
    for a, b in zip(weights, right):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
