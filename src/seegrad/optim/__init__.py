"""Optimizers and schedules: a table of contents."""

from __future__ import annotations

from seegrad.optim.adaptive import AdaGrad, Adam, AdamW, RMSprop
from seegrad.optim.descent import SGD, Momentum, Nesterov
from seegrad.optim.optimizer import Optimizer
from seegrad.optim.rules import RULES
from seegrad.optim.schedules import (
    Schedule,
    constant,
    cosine,
    exponential,
    stepwise,
    warmed_up,
)

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
