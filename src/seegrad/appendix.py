"""The rest of the table of contents: names from the upper floors (compiling, drawing, training).

Read when one of them is asked for, or when a graph is to be shown. Nothing is defined here.
"""

from seegrad import data as data
from seegrad import nn as nn
from seegrad import optim as optim
from seegrad import training as training
from seegrad.compiler.compile import Compiled as Compiled
from seegrad.compiler.compile import compile as compile
from seegrad.compiler.vmap import vmap as vmap
from seegrad.drawing.derivation import explain as explain
from seegrad.drawing.notebook import widget as widget
from seegrad.drawing.playing import playground as playground
from seegrad.drawing.recording import film as film
from seegrad.drawing.sentence import Derivation as Derivation
from seegrad.drawing.showing import draw as draw
from seegrad.drawing.showing import show as show
from seegrad.onnx.export import export_onnx as export_onnx
from seegrad.onnx.importing import ImportedNetwork as ImportedNetwork
from seegrad.onnx.importing import import_onnx as import_onnx
from seegrad.training.saving import load as load
from seegrad.training.saving import save as save
