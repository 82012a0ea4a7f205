"""Gradient checks say "right" of what is right alone."""

from __future__ import annotations

import numpy as np
import pytest

import seegrad as sg
from seegrad import nn
from seegrad.errors import GradientError


@pytest.mark.parametrize(
    "function",
    [nn.Dropout(0.5), lambda x: x * np.random.rand(6), lambda x: sg.checkpoint(nn.Dropout(0.5))(x)],
    ids=["dropout", "np.random", "checkpointed"],
)
@pytest.mark.parametrize("order", [1, 2])
def test_a_function_that_draws_is_refused_and_not_called_right(function, order):
    if isinstance(function, nn.Module):
        function.train()
    x = np.linspace(0.5, 2.0, 6)
    with pytest.raises(GradientError, match="gives other numbers when it is called again"):
        sg.gradcheck(function, x, order=order)
    if isinstance(function, nn.Module):
        function.eval()
        assert sg.gradcheck(function, x, order=order)


def test_masks_of_few_numbers_are_told_for_chance_though_they_often_come_again():
    for seed in range(50):
        with pytest.raises(GradientError, match="gives other numbers when it is called again"):
            sg.gradcheck(nn.Dropout(0.5, seed=seed), np.array([1.0, 2.0]))


def test_a_function_that_is_nan_twice_is_no_other():
    assert not sg.gradcheck(lambda x: x * np.nan, np.array([1.0]))
