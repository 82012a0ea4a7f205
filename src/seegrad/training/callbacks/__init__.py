"""Those who follow a run, one a file: a table of contents.

A callback is told what happens and may ask the trainer to stop; it computes nothing for it. The
protocol, `Callback`, stands beside the `Trainer` that calls it; libraries of others are imported in
the one file that is named after them, when they are used.
"""

from __future__ import annotations

from seegrad.training.callbacks.early_stopping import EarlyStopping
from seegrad.training.callbacks.lines import Lines
from seegrad.training.callbacks.mlflow import MLflow
from seegrad.training.callbacks.progress_bar import progress
from seegrad.training.callbacks.recorder import Recorder
from seegrad.training.callbacks.tensorboard import TensorBoard
from seegrad.training.callbacks.wandb import WandB
from seegrad.training.history import Row, row_in_words
from seegrad.training.trainer import Callback

__all__ = [
    "Callback",
    "EarlyStopping",
    "Lines",
    "MLflow",
    "Recorder",
    "Row",
    "TensorBoard",
    "WandB",
    "progress",
    "row_in_words",
]
