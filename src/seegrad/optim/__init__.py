"""Optimizers and schedules: a table of contents.

Gradients come in; `optimizer` clips and decays them and keeps the state, `sgd` and `adaptive` are
the rules, `registry` has them by name, `schedules` change the learning rate. No loop of training is
here.
"""

from __future__ import annotations

from seegrad.optim.adaptive import AdaGrad, Adam, AdamW, RMSprop
from seegrad.optim.optimizer import Optimizer
from seegrad.optim.registry import RULES
from seegrad.optim.schedules import (
    Schedule,
    constant,
    cosine,
    exponential,
    stepwise,
    warmed_up,
)
from seegrad.optim.sgd import SGD, Momentum, Nesterov

__all__ = [
    "RULES",
    "SGD",
    "AdaGrad",
    "Adam",
    "AdamW",
    "Momentum",
    "Nesterov",
    "Optimizer",
    "RMSprop",
    "Schedule",
    "constant",
    "cosine",
    "exponential",
    "stepwise",
    "warmed_up",
]
