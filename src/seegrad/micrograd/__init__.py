"""micrograd's names over the one graph: a table of contents.

`from seegrad.micrograd.engine import Value` and `from seegrad.micrograd.nn import MLP` stand where
micrograd has them.
"""

from __future__ import annotations

from seegrad.micrograd.drawing import draw_dot, trace
from seegrad.micrograd.engine import Value
from seegrad.micrograd.nn import MLP, Layer, Module, Neuron

__all__ = ["MLP", "Layer", "Module", "Neuron", "Value", "draw_dot", "trace"]
