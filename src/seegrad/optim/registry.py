"""The rules of the update by name, for those who choose one with a word. No rule lives here."""

from __future__ import annotations

from collections.abc import Callable

from seegrad.optim.adaptive import (
    Adadelta,
    AdaGrad,
    Adam,
    Adamax,
    AdamW,
    NAdam,
    RAdam,
    RMSprop,
    SparseAdam,
)
from seegrad.optim.optimizer import Optimizer
from seegrad.optim.sgd import SGD, Momentum, Nesterov

RULES: dict[str, Callable[..., Optimizer]] = {
    "sgd": SGD,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "adagrad": AdaGrad,
    "rmsprop": RMSprop,
    "adam": Adam,
    "adamw": AdamW,
    "sparseadam": SparseAdam,
    "adadelta": Adadelta,
    "adamax": Adamax,
    "nadam": NAdam,
    "radam": RAdam,
}
"""Name → optimizer, called with parameters and `lr`."""
