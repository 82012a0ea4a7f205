"""Training: a table of contents."""

from __future__ import annotations

from seegrad.training.callbacks import Callback, EarlyStopping, Lines, Recorder
from seegrad.training.checking import check_network
from seegrad.training.checkpoints import Checkpoints
from seegrad.training.exchange import export_onnx
from seegrad.training.folder import RunFolder
from seegrad.training.history import History
from seegrad.training.imported import ImportedNetwork, import_onnx
from seegrad.training.mlflow_log import MLflow
from seegrad.training.progress import progress
from seegrad.training.report import Report
from seegrad.training.saving import load, load_checkpoint, save, save_checkpoint
from seegrad.training.tensorboard import TensorBoard
from seegrad.training.trainer import Trainer
from seegrad.training.wandb_log import WandB

__all__ = [
    "Callback",
    "Checkpoints",
    "EarlyStopping",
    "History",
    "ImportedNetwork",
    "Lines",
    "MLflow",
    "Recorder",
    "Report",
    "RunFolder",
    "TensorBoard",
    "Trainer",
    "WandB",
    "check_network",
    "export_onnx",
    "import_onnx",
    "load",
    "load_checkpoint",
    "progress",
    "save",
    "save_checkpoint",
]
