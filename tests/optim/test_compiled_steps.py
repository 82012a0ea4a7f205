"""Every rule, and every layer that keeps state, in a compiled step: the same numbers as eager."""

from __future__ import annotations

import numpy as np
import pytest

import seegrad as sg
from seegrad import nn, optim

RULES = {
    "SGD": (optim.SGD, {}),
    "SGD, clipped by norm and decayed": (optim.SGD, {"clip_norm": 0.1, "weight_decay": 0.01}),
    "SGD, clipped by value": (optim.SGD, {"clip_value": 0.01}),
    "Momentum": (optim.Momentum, {}),
    "Nesterov": (optim.Nesterov, {}),
    "AdaGrad": (optim.AdaGrad, {}),
    "RMSprop": (optim.RMSprop, {}),
    "Adam": (optim.Adam, {}),
    "AdamW": (optim.AdamW, {}),
    "SparseAdam": (optim.SparseAdam, {}),
}


def trained(rule, words, compiled, middle):
    nn.seed(0)
    net = nn.Sequential(nn.Affine(2, 6, dtype=float), *middle(), nn.Affine(6, 2, dtype=float))
    opt, loss = rule(net.parameters(), lr=0.05, **words), nn.SoftmaxWithLoss()

    def step(x, t):
        opt.zero_grad()
        value = loss(net(x), t)
        value.backward()
        opt.step()
        return value

    run = sg.compile(step) if compiled else step
    losses = []
    for epoch in range(3):
        opt.lr = 0.05 / (epoch + 1)
        for x, t in sg.data.batches(*sg.data.moons(20), 15, seed=epoch):
            losses.append(float(np.asarray(run(x, t))))
    return losses, {**net.state_dict(), **opt.state_dict()}


@pytest.mark.parametrize("name", RULES)
def test_a_compiled_step_equals_an_eager_one(name):
    rule, words = RULES[name]
    expected, kept = trained(rule, words, False, lambda: [nn.Tanh()])
    losses, came = trained(rule, words, True, lambda: [nn.Tanh()])
    np.testing.assert_allclose(losses, expected, rtol=1e-9)
    for key, value in kept.items():
        np.testing.assert_allclose(came[key], value, rtol=1e-7, atol=1e-10, err_msg=key)


@pytest.mark.parametrize("middle", [
    lambda: [nn.BatchNorm(6, dtype=float), nn.ReLU()],
    lambda: [nn.GELU(), nn.Dropout(0.3, seed=1), nn.LayerNorm(6, dtype=float)],
], ids=["running means", "a random key"])
def test_kept_state_goes_on_in_a_compiled_step(middle):
    expected, kept = trained(optim.SGD, {}, False, middle)
    losses, came = trained(optim.SGD, {}, True, middle)
    np.testing.assert_allclose(losses, expected, rtol=1e-9)
    for key, value in kept.items():
        np.testing.assert_allclose(came[key], value, rtol=1e-7, atol=1e-10, err_msg=key)
