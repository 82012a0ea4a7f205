"""Those who follow a run, one a file: a table of contents.

A callback is told what happens and may ask the trainer to stop; it computes nothing for it. The
protocol, `Callback`, stands beside the `Trainer` that calls it; libraries of others are imported in
the one file that is named after them, when they are used.
"""

from seegrad.text import public
from seegrad.training.callbacks.early_stopping import EarlyStopping as EarlyStopping
from seegrad.training.callbacks.lines import Lines as Lines
from seegrad.training.callbacks.mlflow import MLflow as MLflow
from seegrad.training.callbacks.progress_bar import progress as progress
from seegrad.training.callbacks.recorder import Recorder as Recorder
from seegrad.training.callbacks.tensorboard import TensorBoard as TensorBoard
from seegrad.training.callbacks.wandb import WandB as WandB
from seegrad.training.history import Row as Row
from seegrad.training.history import row_in_words as row_in_words
from seegrad.training.trainer import Callback as Callback

__all__ = public(globals())
