"""What ONNX's operators mean to the last setting: dtypes, attributes, versions; or refused."""

from __future__ import annotations

import numpy as np
import pytest

import seegrad as sg
from seegrad.errors import FormatError

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
helper = onnx.helper
F, D, I32, I64, U8 = np.float32, np.float64, np.int32, np.int64, np.uint8


def read(tmp_path, operator, inputs, attributes=(), opset=20, outs=("y",)):
    """A network of one operator, whose first input is open."""
    code = helper.np_dtype_to_tensor_dtype
    names = [f"x{i}" for i in range(len(inputs))]
    graph = helper.make_graph(
        [helper.make_node(operator, names, outs, **dict(attributes))],
        "g",
        [helper.make_tensor_value_info("x0", code(inputs[0].dtype), inputs[0].shape)],
        [helper.make_tensor_value_info(out, onnx.TensorProto.FLOAT, None) for out in outs],
        [onnx.numpy_helper.from_array(a, n) for a, n in zip(inputs[1:], names[1:])],
    )
    ids = [helper.make_opsetid("", opset)]
    made = helper.make_model(graph, opset_imports=ids, ir_version=10)
    (tmp_path / "m.onnx").write_bytes(made.SerializeToString())
    return sg.import_onnx(tmp_path / "m.onnx")


A = np.array
CASES = {
    "Div of integers": ("Div", [A([7, -7, 6], I32), A([2], I32)], {}, A([3, -3, 3], I32)),
    "Div of unsigned ones": ("Div", [A([7, 255], U8), A([2], U8)], {}, A([3, 127], U8)),
    "Pow with whole exponents": ("Pow", [A([2, 3], F), A([2], I64)], {}, A([4, 9], F)),
    "Pow of whole bases": ("Pow", [A([2, 3], I32), A([2], F)], {}, A([4, 9], I32)),
    "ReduceSum": ("ReduceSum", [A([[1, 2]], I32), A([1], I64)], {}, A([[3]], I32)),
    "CumSum": ("CumSum", [A([1, 2, 3], I32), A(0, I64)], {"reverse": 1}, A([6, 5, 3], I32)),
    "CumSum, exclusive": (
        "CumSum", [A([1, 2, 3], F), A(0, I64)], {"exclusive": 1}, A([0, 1, 3], F)),
    "Mod with the sign of a": (
        "Mod", [A([1e8, -7.5], D), A([3.3, 2], D)], {"fmod": 1}, np.fmod([1e8, -7.5], [3.3, 2])),
    "Mod of integers": ("Mod", [A([-7, 7], I32), A([3], I32)], {"fmod": 1}, A([-1, 1], I32)),
    "TopK of unsigned ones": ("TopK", [A([3, 0, 9], U8), A([2], I64)], {}, A([9, 3], U8)),
    "Einsum, implicit": (
        "Einsum", [np.ones((2, 3), F), np.ones((3, 4), F)], {"equation": "ij, jk"},
        np.full((2, 4), 3, F)),
    "ArgMax, the last": ("ArgMax", [A([2, 2, 1], F)], {"select_last_index": 1}, A([1], I64)),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_values_and_dtypes_are_those_of_onnx(name, tmp_path):
    operator, inputs, attributes, right = CASES[name]
    outs = ("y", "i") if operator == "TopK" else ("y",)
    net = read(tmp_path, operator, inputs, attributes, outs=outs)
    for run in (net, sg.compile(net)):
        found = run(inputs[0])
        found = np.asarray(found[0] if isinstance(found, tuple) else found)
        assert found.dtype == right.dtype
        np.testing.assert_allclose(found, right, rtol=1e-6)


def test_split_without_sizes_counts_its_results(tmp_path):
    x = np.arange(6, dtype=F)
    found = read(tmp_path, "Split", [x], opset=13, outs=("a", "b"))(x)
    np.testing.assert_array_equal(np.stack([np.asarray(a) for a in found]), [[0, 1, 2], [3, 4, 5]])


def test_einsum_is_differentiated_and_compiled(tmp_path):
    x = np.ones((2, 3), F)
    net = read(tmp_path, "Einsum", [x, np.ones((3, 4), F)], {"equation": "ij, jk"})
    slope = sg.grad(lambda x: sg.sum(net(x)))
    np.testing.assert_array_equal(slope(x), np.full((2, 3), 4, F))
    np.testing.assert_array_equal(sg.compile(slope)(x), np.full((2, 3), 4, F))


V = np.ones(3, F)
REFUSED = {
    "training_mode": ("BatchNormalization", [np.ones((2, 3), F), V, V, V, V]),
    "saturate": ("Cast", [V]),
    "nonsense": ("Relu", [V]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_setting_that_is_not_honoured_is_named(name, tmp_path):
    operator, inputs = REFUSED[name]
    given = {name: int(name != "saturate"), **({"to": 1} if operator == "Cast" else {})}
    with pytest.raises(FormatError, match=f"{name}="):
        read(tmp_path, operator, inputs, given)


def test_dropout_that_trains_is_refused(tmp_path):
    net = read(tmp_path, "Dropout", [V, A(0.5, F), A(True)])
    with pytest.raises(FormatError, match="training_mode=1"):
        net(V)


@pytest.mark.parametrize("kind", ["STRING", "BFLOAT16", "INT4"])
def test_a_dtype_that_is_not_read_is_named(kind, tmp_path):
    value = helper.make_tensor_value_info("x", getattr(onnx.TensorProto, kind), [2])
    out = helper.make_tensor_value_info("y", getattr(onnx.TensorProto, kind), [2])
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", [value], [out])
    ids = [helper.make_opsetid("", 21)]
    made = helper.make_model(graph, opset_imports=ids, ir_version=10)
    (tmp_path / "m.onnx").write_bytes(made.SerializeToString())
    with pytest.raises(FormatError, match="a type that is not read here") as caught:
        sg.import_onnx(tmp_path / "m.onnx")
    assert kind.lower() in caught.value.came


def test_an_input_of_another_kind_is_refused(tmp_path):
    with pytest.raises(FormatError, match="another dtype than the model"):
        read(tmp_path, "Relu", [V])(np.ones(3, I64))


RNG = np.random.default_rng(3)
P = RNG.normal(size=(1, 2, 5, 6)).astype(F)
SETTINGS = {
    "ConvTranspose, output_shape": ("ConvTranspose", [P, RNG.normal(size=(2, 3, 3, 3)).astype(F)], {
        "strides": [2, 2], "output_shape": [9, 12]}),
    "ConvTranspose, SAME_LOWER": ("ConvTranspose", [P, RNG.normal(size=(2, 3, 3, 3)).astype(F)], {
        "strides": [2, 2], "auto_pad": "SAME_LOWER"}),
    "AveragePool, dilations": ("AveragePool", [P], {
        "kernel_shape": [2, 2], "dilations": [2, 1], "pads": [1, 0, 1, 0]}),
    "AveragePool, ceil with padding counted": ("AveragePool", [P], {
        "kernel_shape": [2, 3], "strides": [2, 2], "ceil_mode": 1, "count_include_pad": 1,
        "pads": [0, 1, 0, 1]}),
    "MaxPool, places by columns": ("MaxPool", [P], {
        "kernel_shape": [2, 3], "pads": [1, 1, 0, 0], "storage_order": 1}),
    "GatherND, batch_dims": ("GatherND", [P, A([[[1], [-1]]], I64)], {"batch_dims": 2}),
    "ScatterND, max": ("ScatterND", [P, A([[0, 1], [0, 1]], I64), -np.abs(P).repeat(2, 0)[:, 0]], {
        "reduction": "max"}),
    "ScatterElements, min, twice": ("ScatterElements", [P, A([[[[1, 1]]]], I64), A([[[[9, -9]]]], F)
                                                       ], {"axis": 3, "reduction": "min"}),
    "OneHot, axis and values": ("OneHot", [A([1, -2, 9], I64), A(4, I64), A([2, 5], F)], {
        "axis": 0}),
    "CumSum, from the end without itself": ("CumSum", [P, A(1, I64)], {
        "reverse": 1, "exclusive": 1}),
    "Resize, cubic": ("Resize", [P, A([], F), A([1, 1, 1.5, 2], F)], {
        "mode": "cubic", "cubic_coeff_a": -0.5, "exclude_outside": 1}),
    "Resize, antialias": ("Resize", [P, A([], F), A([1, 1, 0.5, 0.5], F)], {
        "mode": "linear", "antialias": 1, "exclude_outside": 1}),
    "Resize, cropped": ("Resize", [P, A([0, 0, 0.1, 0.2, 1, 1, 1.3, 0.9], F), A([1, 1, 2, 2], F)], {
        "mode": "linear", "coordinate_transformation_mode": "tf_crop_and_resize",
        "extrapolation_value": 7.0}),
}  # fmt: skip


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_of_known_operators_give_what_onnxruntime_gives(name, tmp_path):
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    operator, inputs, attributes = SETTINGS[name]
    outs = ("y", "i") if operator == "MaxPool" else ("y",)
    if "antialias" in attributes:
        made = onnx.load(_kept(tmp_path, operator, inputs, attributes, outs))
        evaluator = pytest.importorskip("onnx.reference").ReferenceEvaluator
        expected = evaluator(made).run(None, {"x0": inputs[0]})
    else:
        path = _kept(tmp_path, operator, inputs, attributes, outs)
        expected = runtime.InferenceSession(str(path)).run(None, {"x0": inputs[0]})
    net = sg.import_onnx(tmp_path / "m.onnx")
    for run in (net, sg.compile(net)):
        found = run(inputs[0])
        found = found if isinstance(found, tuple) else (found,)
        for ours, theirs in zip(found, expected, strict=True):
            ours = np.asarray(ours)
            assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
            np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def _kept(tmp_path, operator, inputs, attributes, outs):
    read(tmp_path, operator, inputs, attributes, outs=outs)
    made = onnx.load(tmp_path / "m.onnx")
    for value in made.graph.output:
        value.type.tensor_type.elem_type = 7 if value.name == "i" else 1
    onnx.save(made, tmp_path / "m.onnx")
    return tmp_path / "m.onnx"
