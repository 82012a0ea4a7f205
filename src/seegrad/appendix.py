"""The rest of the table of contents: names from the upper floors (training, files).

Read when one of them is asked for. Nothing is defined here.
"""

from seegrad import data as data
from seegrad import nn as nn
from seegrad import optim as optim
from seegrad import training as training
from seegrad.chapter.playground import playground as playground
from seegrad.nn.torch_names import to_torch_state as to_torch_state
from seegrad.onnx.export import export_onnx as export_onnx
from seegrad.onnx.importing import ImportedNetwork as ImportedNetwork
from seegrad.onnx.importing import import_onnx as import_onnx
from seegrad.training.runs.in_use import load_run as load_run
from seegrad.training.saving import load as load
from seegrad.training.saving import save as save
