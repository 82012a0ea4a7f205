"""ONNX files, both ways: a table of contents.

Out: `export` traces a network, `writing` writes its graph with `forms` and `steps`, `words` puts
texts at its ends, `model` makes a file of it. In: `reading` makes a `model` of a file, `importing`
a network of that by `operators`, the table of what `readers` know. `package` is the onnx package
itself. How an op is called in ONNX stands at its definition.
"""

from __future__ import annotations

from seegrad.onnx.export import export_onnx
from seegrad.onnx.importing import ImportedNetwork, import_onnx

__all__ = ["ImportedNetwork", "export_onnx", "import_onnx"]
