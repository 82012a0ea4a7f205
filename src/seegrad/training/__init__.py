"""Training: a table of contents.

`plan` checks what is asked, `trainer` goes through the passes, `stepping` makes the steps (eagerly,
compiled, fetched ahead), `evaluation` looks at the weights, `callbacks/` follow, `report/` tells
the run on a page. `checkpoints`, `saving` and `run_directory` are its files. `runs/` is
what a run is made of, and one that was made, in use. Rules of the update
are in `optim`, readers of data in `data`, files of ONNX in `onnx`.
"""

from __future__ import annotations

from seegrad.onnx import ImportedNetwork, export_onnx, import_onnx
from seegrad.training.callbacks import (
    Callback,
    EarlyStopping,
    Lines,
    MLflow,
    Recorder,
    TensorBoard,
    WandB,
    progress,
)
from seegrad.training.checkpoints import Checkpoints
from seegrad.training.history import History
from seegrad.training.network_check import check_network
from seegrad.training.report import Report
from seegrad.training.run_directory import RunFolder
from seegrad.training.runs import Run, load_run
from seegrad.training.saving import load, load_checkpoint, save, save_checkpoint
from seegrad.training.trainer import Trainer

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
    "Run",
    "RunFolder",
    "TensorBoard",
    "Trainer",
    "WandB",
    "check_network",
    "export_onnx",
    "import_onnx",
    "load",
    "load_checkpoint",
    "load_run",
    "progress",
    "save",
    "save_checkpoint",
]
