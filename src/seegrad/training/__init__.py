"""Training: a table of contents.

`plan` checks what is asked, `trainer` goes through the passes, `stepping` makes the steps (eagerly,
compiled, fetched ahead), `evaluation` looks at the weights, `callbacks/` follow, `report/` tells
the run on a page. `checkpoints`, `saving` and `run_directory` are its files. `runs/` is
what a run is made of, and one that was made, in use. Rules of the update
are in `optim`, readers of data in `data`, files of ONNX in `onnx`.
"""

from seegrad.onnx import ImportedNetwork as ImportedNetwork
from seegrad.onnx import export_onnx as export_onnx
from seegrad.onnx import import_onnx as import_onnx
from seegrad.text import public
from seegrad.training.callbacks import Callback as Callback
from seegrad.training.callbacks import EarlyStopping as EarlyStopping
from seegrad.training.callbacks import Lines as Lines
from seegrad.training.callbacks import MLflow as MLflow
from seegrad.training.callbacks import Recorder as Recorder
from seegrad.training.callbacks import TensorBoard as TensorBoard
from seegrad.training.callbacks import WandB as WandB
from seegrad.training.callbacks import progress as progress
from seegrad.training.checkpoints import Checkpoints as Checkpoints
from seegrad.training.history import History as History
from seegrad.training.network_check import check_network as check_network
from seegrad.training.report import Report as Report
from seegrad.training.run_directory import RunFolder as RunFolder
from seegrad.training.runs import Run as Run
from seegrad.training.runs import load_run as load_run
from seegrad.training.saving import load as load
from seegrad.training.saving import load_checkpoint as load_checkpoint
from seegrad.training.saving import save as save
from seegrad.training.saving import save_checkpoint as save_checkpoint
from seegrad.training.trainer import Trainer as Trainer

__all__ = public(globals())
