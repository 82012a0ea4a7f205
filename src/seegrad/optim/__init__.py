"""Optimizers and schedules: a table of contents.

Gradients come in; `groups` say which parameters have which settings, `clipping` holds gradients in
bounds, `optimizer` decays them and keeps the state. `sgd`, `adaptive` and `lbfgs` are the rules,
`registry` has them by name, `schedules` change the learning rate. No loop of training is here.
"""

from __future__ import annotations

from seegrad.optim.adaptive import (
    Adadelta,
    AdaGrad,
    Adam,
    Adamax,
    AdamW,
    NAdam,
    RAdam,
    RMSprop,
)
from seegrad.optim.clipping import clip_norm, clip_value
from seegrad.optim.groups import Group
from seegrad.optim.lbfgs import LBFGS
from seegrad.optim.optimizer import Optimizer
from seegrad.optim.registry import RULES
from seegrad.optim.schedules import (
    ReduceLROnPlateau,
    Schedule,
    constant,
    cosine,
    exponential,
    stepwise,
    warmed_up,
)
from seegrad.optim.sgd import SGD, Momentum, Nesterov

__all__ = [
    "LBFGS",
    "RULES",
    "SGD",
    "AdaGrad",
    "Adadelta",
    "Adam",
    "AdamW",
    "Adamax",
    "Group",
    "Momentum",
    "NAdam",
    "Nesterov",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "ReduceLROnPlateau",
    "Schedule",
    "clip_norm",
    "clip_value",
    "constant",
    "cosine",
    "exponential",
    "stepwise",
    "warmed_up",
]
