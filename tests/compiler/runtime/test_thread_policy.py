"""Together or alone: the same bits either way, and the faster way is found and left again."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import seegrad as sg
from seegrad.compiler import target
from seegrad.compiler.runtime.thread_policy import LONG, SHORT, Pace


class Machine:
    """Steps that take so long together and alone, on a clock of its own."""

    def __init__(self, together: float, alone: float) -> None:
        self.pace, self.now = Pace(), 0.0
        self.together, self.alone = together, alone

    def shares(self, stretches: int) -> float:
        """The part of the time in which all threads worked."""
        spent = {True: 0.0, False: 0.0}
        for _ in range(stretches):
            together = self.pace.all_together(self.now)
            seconds = self.together if together else self.alone
            steps = max(1, int(0.002 / seconds))
            self.now += steps * seconds
            spent[together] += steps * seconds
            self.pace.note(together, seconds, self.now, steps)
        return spent[True] / sum(spent.values())


def test_undisturbed_threads_stay_together_but_for_one_trial() -> None:
    machine = Machine(50e-6, 90e-6)
    assert machine.shares(1000) > 0.998
    assert machine.shares(1000) == 1.0


def test_work_that_is_too_small_to_be_shared_out_is_found_to_be() -> None:
    machine = Machine(6e-6, 4e-6)
    machine.shares(20)
    assert machine.shares(2000) < 0.02


def test_calls_of_few_steps_are_not_taken_for_slow_threads() -> None:
    pace, now, spent = Pace(), 0.0, {True: 0.0, False: 0.0}
    for slices in range(3000):
        together = pace.all_together(now)
        steps = (1, 16, 183)[slices % 3]                # as an epoch's slices grow
        seconds = (2.7e-6 if together else 4.4e-6) + 9e-6 / steps
        now += steps * seconds
        spent[together] += steps * seconds
        pace.note(together, seconds, now, steps)
    assert spent[True] / sum(spent.values()) > 0.99


def test_one_thread_goes_on_where_the_others_come_late_and_they_return() -> None:
    machine = Machine(50e-6, 90e-6)
    machine.shares(100)
    machine.together, machine.alone = 3e-3, 180e-6
    machine.shares(20)
    assert machine.shares(2000) < 0.02
    machine.together, machine.alone = 50e-6, 90e-6
    machine.shares(math.ceil(LONG / 0.002) + 1)
    assert machine.shares(200) == 1.0


def test_threads_that_are_slow_for_another_reason_are_hardly_doubted() -> None:
    machine = Machine(50e-6, 300e-6)
    machine.shares(10)
    machine.together = 100e-6                       # as when memory is slower now
    machine.shares(200)
    assert machine.shares(2000) > 0.98
    assert machine.pace.rest == SHORT


@pytest.mark.skipif(not target.available(), reason="needs llvmlite")
@pytest.mark.parametrize("threads", [2, 3])
def test_one_thread_in_place_of_several_gives_the_same_bits(threads: int) -> None:
    chance = np.random.default_rng(0)
    x, t = chance.standard_normal((90, 64), dtype=np.float32), chance.integers(0, 7, 90)

    def trained(alone: bool) -> list[Any]:
        net = sg.nn.Sequential(
            sg.nn.Affine(64, 96, generator=np.random.default_rng(1)), sg.nn.Sigmoid(),
            sg.nn.Affine(96, 7, generator=np.random.default_rng(2)),
        )
        rule, criterion = sg.optim.Adam(net.parameters(), lr=0.01), sg.nn.SoftmaxWithLoss()

        @sg.compile(threads=threads)
        def step(x: Any, t: Any) -> Any:
            rule.zero_grad()
            loss = criterion(net(x), t)
            loss.backward()
            rule.step()
            return loss

        step(x, t)
        (segment,) = step.newest.executable.segments
        assert segment.threads == threads
        for _ in range(3):
            segment.pace.until = math.inf if alone else 0.0
            step(x, t)
        return [p.value for p in net.parameters()]

    for one, other in zip(trained(alone=False), trained(alone=True)):
        np.testing.assert_array_equal(one, other)
