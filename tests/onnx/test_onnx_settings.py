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
