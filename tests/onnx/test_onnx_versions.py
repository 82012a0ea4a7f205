"""Operators whose meaning changed between versions, as onnxruntime computes them."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import seegrad as sg

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
from onnx import helper  # noqa: E402

RNG = np.random.default_rng(0)
CUBE, PICTURE = (RNG.normal(size=s).astype(np.float32) for s in ((2, 3, 4), (1, 1, 6, 7)))
RAGGED = np.array([[[1, 5, 2], [9, 0, 3]]], np.float32)


def scales(*values):
    return np.array([1, 1, *values], np.float32)


REGION = (np.array([[0, 0, 4, 3]], np.float32), np.zeros(1, np.int64))
POOLED = {"output_height": 2, "output_width": 2}
OLD = [
    *(("Hardmax", 11, (x,), {"axis": axis}) for x in (CUBE, RAGGED) for axis in (-2, 0, 1, 2)),
    ("Hardmax", 7, (CUBE,), {}),
    ("Hardmax", 13, (CUBE,), {"axis": 1}),
    ("Softmax", 11, (CUBE,), {}),
    ("LogSoftmax", 7, (CUBE,), {"axis": 1}),
    *(("Upsample", 7, (PICTURE,), {"mode": mode, "scales": [1.0, 1.0, 2.0, 1.7]})
      for mode in ("nearest", "linear")),
    *(("Upsample", 9, (PICTURE, scales(1.3, 2.5)), {"mode": mode})
      for mode in ("nearest", "linear")),
    *(("Resize", 10, (PICTURE, scales(*by)), {"mode": mode})
      for by in ((2, 2.5), (0.6, 0.5), (0.45, 1.4)) for mode in ("nearest", "linear")),
    ("Resize", 11, (PICTURE, np.zeros(0, np.float32), scales(2.6, 0.5)), {"mode": "linear"}),
    *(("RoiAlign", version, (PICTURE, *REGION), {**POOLED, "sampling_ratio": ratio})
      for version in (10, 13, 16) for ratio in (0, 2)),
    ("Clip", 6, (CUBE,), {"max": 0.5}),
    ("Dropout", 10, (CUBE,), {"ratio": 0.3}),
    ("Pad", 2, (CUBE,), {"pads": [1, 0, 0, 0, 2, 0], "value": 1.5}),
    ("ReduceSum", 11, (CUBE,), {"axes": [-1], "keepdims": 0}),
    ("Slice", 1, (CUBE,), {"starts": [1], "ends": [-1], "axes": [1]}),
    ("Squeeze", 11, (CUBE[:1],), {"axes": [0]}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("operator", "version", "inputs", "settings"), OLD,
    ids=[f"{c[0]} {c[1]} {c[3]}" for c in OLD],
)  # fmt: skip
def test_an_operator_means_what_it_meant_in_its_version(
    operator, version, inputs, settings, tmp_path
):
    x, *rest = inputs
    kept = [onnx.numpy_helper.from_array(value, f"k{i}") for i, value in enumerate(rest)]
    node = helper.make_node(operator, ["x", *(one.name for one in kept)], ["y"], **settings)
    kind = onnx.TensorProto.FLOAT

    def written(shape):
        graph = helper.make_graph(
            [node], "one", [helper.make_tensor_value_info("x", kind, x.shape)],
            [helper.make_tensor_value_info("y", kind, shape)], kept,
        )  # fmt: skip
        ids = [helper.make_opsetid("", version)]
        path = tmp_path / "model.onnx"
        onnx.save(helper.make_model(graph, opset_imports=ids, ir_version=6), path)
        return path

    options = runtime.SessionOptions()
    options.log_severity_level = 4
    session = runtime.InferenceSession(str(written(None)), options)
    (theirs,) = session.run(None, {"x": x})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sg.errors.SeegradWarning)
        mine = sg.import_onnx(written(theirs.shape))(x)
    np.testing.assert_allclose(np.asarray(mine), theirs, rtol=1e-5, atol=1e-6)
