"""A compiled function may share its name with a method that it calls."""

from __future__ import annotations

import numpy as np

import seegrad as sg

weights = sg.tensor(np.ones((3, 2), np.float32), name="weights")
optimizer = sg.optim.SGD([weights], lr=0.1)


@sg.compile
def step(x):
    optimizer.zero_grad()
    loss = (x @ weights).sum()
    loss.backward()
    optimizer.step()
    return loss


def test_a_step_named_as_the_optimizers_is_traced_once():
    x = np.ones((4, 3), np.float32)
    first, second = float(step(x)), float(step(x))
    assert second < first
    assert len(step.variants) == 1
