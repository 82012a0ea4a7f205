"""Reading an ONNX file as plain data: nothing is computed, and no op of ours is known.

`source` is the file with what its errors share, `arrays` takes values out of it or from a file
beside it, `versions` has old operators and functions brought to those of today, `graphs` makes
steps, `texts` follows words that stand for classes, `file` puts it together.
"""

from __future__ import annotations

from seegrad.onnx.reading.file import read_model

__all__ = ["read_model"]
