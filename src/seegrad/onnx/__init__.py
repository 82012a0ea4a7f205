"""ONNX files, both ways: a table of contents.

Out: `export` traces a network, `writing` writes its graph with `forms` and `steps`, `words` puts
texts at its ends, `model` makes a file of it. In: `model` reads a file as plain data, `importing`
makes a network of it by `operators`, which knows `layers`, `picking` and `windows`; `values` is
what those share. How an op is called in ONNX stands at its definition.
"""

from __future__ import annotations

from seegrad.onnx.export import export_onnx
from seegrad.onnx.importing import ImportedNetwork, import_onnx

__all__ = ["ImportedNetwork", "export_onnx", "import_onnx"]
