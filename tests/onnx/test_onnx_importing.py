"""ONNX models from elsewhere: the same numbers as onnxruntime, and no harm from hostile files."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

import seegrad as sg
from seegrad import nn, optim
from seegrad.drawing.display import scene_of
from seegrad.errors import FormatError
from seegrad.onnx.operators import READERS
from seegrad.training import Trainer, check_network, import_onnx

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
helper = onnx.helper
FLOAT = onnx.TensorProto.FLOAT


def model(nodes, constants=(), shape=("N", 3), opset=20):
    """A model from x (float) to y out of nodes (operator, inputs, outputs, attributes)."""
    made = [helper.make_node(op, i.split(), o.split(), **more) for op, i, o, more in nodes]
    graph = helper.make_graph(
        made,
        "g",
        [helper.make_tensor_value_info("x", FLOAT, list(shape))],
        [helper.make_tensor_value_info("y", FLOAT, None)],
        [onnx.numpy_helper.from_array(np.asarray(a), name) for name, a in dict(constants).items()],
    )
    ids = [helper.make_opsetid("", opset)]
    return helper.make_model(graph, opset_imports=ids, ir_version=9)


def kept(made, tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(made.SerializeToString())
    return path


def both(made, x, tmp_path):
    path = kept(made, tmp_path)
    session = runtime.InferenceSession(str(path))
    return import_onnx(path)(x), session.run(None, {"x": x})[0]


rng = np.random.default_rng(0)
F = np.float32
W34, B4 = rng.normal(size=(3, 4)).astype(F), rng.normal(size=4).astype(F)
I64 = np.int64

MODELS = {
    "gemm": (
        [("Gemm", "x w b", "h", {"transB": 1, "alpha": 0.5}), ("Relu", "h", "y", {})],
        {"w": W34.T.copy(), "b": B4},
        (2, 3),
    ),
    "batch norm": (
        [("BatchNormalization", "x s b m v", "y", {"epsilon": 0.01})],
        {n: np.abs(rng.normal(size=3)).astype(F) for n in "sbmv"},
        (2, 3, 4),
    ),
    "layer norm": (
        [("LayerNormalization", "x s b", "y", {"axis": -1})],
        {"s": np.ones(4, F) * 2, "b": B4},
        (2, 3, 4),
    ),
    "picture": (
        [
            ("Conv", "x w b", "c", {"pads": [1, 1, 1, 1], "strides": [2, 2]}),
            ("MaxPool", "c", "p", {"kernel_shape": [2, 2]}),
            ("Flatten", "p", "y", {}),
        ],
        {"w": rng.normal(size=(4, 2, 3, 3)).astype(F), "b": B4},
        (2, 2, 8, 8),
    ),
    "grouped and global": (
        [
            ("Conv", "x w", "c", {"group": 2, "dilations": [2, 1]}),
            ("AveragePool", "c", "a", {"kernel_shape": [2, 2], "count_include_pad": 1}),
            ("GlobalAveragePool", "a", "y", {}),
        ],
        {"w": rng.normal(size=(4, 1, 2, 2)).astype(F)},
        (2, 2, 7, 7),
    ),
    "transposed": (
        [("ConvTranspose", "x w b", "y", {"strides": [2], "output_padding": [1], "pads": [1, 1]})],
        {"w": rng.normal(size=(3, 4, 3)).astype(F), "b": B4},
        (2, 3, 5),
    ),
    "shapes computed": (
        [
            ("Shape", "x", "s", {}),
            ("Gather", "s zero", "n", {"axis": 0}),
            ("Unsqueeze", "n axis", "n1", {}),
            ("Concat", "n1 rest", "to", {"axis": 0}),
            ("Reshape", "x to", "y", {}),
        ],
        {"zero": np.asarray(0, I64), "axis": np.array([0], I64), "rest": np.array([-1], I64)},
        (2, 3, 2),
    ),
    "cut and joined": (
        [
            ("Slice", "x a b c d", "back", {}),
            ("Split", "back", "l r", {"num_outputs": 2, "axis": 1}),
            ("Concat", "r l", "j", {"axis": 1}),
            ("Transpose", "j", "t", {}),
            ("Pad", "t p f", "y", {}),
        ],
        {
            "a": np.array([-1], I64), "b": np.array([-9], I64), "c": np.array([1], I64),
            "d": np.array([-1], I64), "p": np.array([1, 0, 0, 2], I64), "f": np.asarray(3, F),
        },
        (2, 4),
    ),
    "reductions": (
        [
            ("ReduceMean", "x a", "m", {"keepdims": 1}),
            ("Sub", "x m", "d", {}),
            ("ReduceL2", "d", "n", {"keepdims": 0}),
            ("Clip", "n  hi", "y", {}),
        ],
        {"a": np.array([1], I64), "hi": np.asarray(2, F)},
        (2, 3),
    ),
    "choices": (
        [
            ("Greater", "x z", "g", {}),
            ("Where", "g x z", "w", {}),
            ("ArgMax", "x", "i", {"axis": 1, "keepdims": 1}),
            ("Cast", "i", "f", {"to": FLOAT}),
            ("Max", "w f x", "m", {}),
            ("Gelu", "m", "e", {"approximate": "tanh"}),
            ("Dropout", "e", "y", {}),
        ],
        {"z": np.asarray(0, F)},
        (2, 3),
    ),
    "constants and spreads": (
        [
            ("Constant", "", "c", {"value_floats": [1.0, 2.0, 3.0]}),
            ("ConstantOfShape", "s", "z", {}),
            ("Expand", "c s", "e", {}),
            ("Sum", "x e z", "u", {}),
            ("Softmax", "u", "y", {"axis": 0}),
        ],
        {"s": np.array([2, 1], I64)},
        (2, 3),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_models_from_elsewhere_give_what_onnxruntime_gives(name, tmp_path):
    nodes, constants, shape = MODELS[name]
    nodes = [(op, i.replace("  ", " "), o, more) for op, i, o, more in nodes]
    made = model(nodes, constants, ["N", *shape[1:]])
    for node in made.graph.node:
        if node.op_type == "Clip":
            node.input[:] = ["n", "", "hi"]
    x = np.random.default_rng(1).normal(size=shape).astype(F)
    ours, theirs = both(made, x, tmp_path)
    ours = np.asarray(ours)
    assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_out_and_back_is_the_same_network(tmp_path):
    net = nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Affine(48, 5), nn.LayerNorm(5), nn.GELU(), nn.Affine(5, 4), nn.Softmax(),
    )  # fmt: skip
    path = sg.export_onnx(net, tmp_path / "net.onnx", example=np.zeros((1, 1, 8, 8)))
    again = sg.import_onnx(path)
    x = np.random.default_rng(2).normal(size=(5, 1, 8, 8))
    np.testing.assert_allclose(again(x), net.eval()(x), rtol=1e-5, atol=1e-6)
    assert {name for name, _ in net.named_parameters()} <= {*again.state_dict()}
    second = sg.import_onnx(sg.export_onnx(again, tmp_path / "again.onnx", example=x))
    np.testing.assert_allclose(second(x), again(x), rtol=1e-5, atol=1e-6)


def test_what_came_in_can_be_seen_checked_and_trained(tmp_path):
    net = nn.Sequential(nn.Affine(2, 8), nn.Tanh(), nn.Affine(8, 2))
    again = sg.import_onnx(sg.export_onnx(net, tmp_path / "n.onnx", example=np.zeros((1, 2))))
    loss = nn.SoftmaxWithLoss()
    data = sg.data.moons()
    value = loss(again(data.x[:3]), data.t[:3])
    value.backward()
    svg = sg.draw(value, tmp_path / "n.svg", open="none").read_text("utf-8")
    assert "imported" in svg
    assert all(check_network(again, loss, data.x[:3], data.t[:3]).values())
    trainer = Trainer(again, optim.Adam(again.parameters(), lr=0.05))
    history = trainer.fit(data, epochs=20, batch=50)
    assert history.last["train_accuracy"] > 0.85


def test_parameters_stand_in_the_box_of_the_steps_that_use_them(tmp_path):
    nodes = [
        ("MatMul", "x onnx::w", "h", {"name": "/fc/MatMul"}),
        ("Add", "h b", "z", {"name": "/fc/Add"}), ("Mul", "z b", "y", {"name": "/head/Mul"}),
    ]  # fmt: skip
    net = import_onnx(kept(model(nodes, {"onnx::w": np.eye(3, dtype=F), "b": B4[:3]}), tmp_path))
    scene = scene_of(net(np.ones((2, 3), F)).sum().graph)
    names = {"": "", **{group.id: group.name for group in scene.groups}}
    leaves = {box.name: names[box.group] for box in scene.boxes if not box.sign}
    assert leaves == {"x": "", "onnx__w": "fc", "b": "imported", "": ""}
    assert [name for name, _ in net.named_parameters()] == ["onnx__w", "b"]


def refused(made, tmp_path, match):
    raw = made if isinstance(made, bytes) else made.SerializeToString()
    (tmp_path / "hostile.onnx").write_bytes(raw)
    with pytest.raises(FormatError, match=match):
        import_onnx(tmp_path / "hostile.onnx")


RELU = [("Relu", "x", "y", {})]


def test_shapes_larger_than_the_file_are_refused(tmp_path):
    for dims in ([2**40], [2**31, 2**31, 2**31], [10, 10]):
        made = model([("Add", "x w", "y", {})], {"w": np.ones(3, F)})
        made.graph.initializer[0].dims[:] = dims
        refused(made, tmp_path, "damaged")


def test_damaged_and_foreign_files_are_refused(tmp_path):
    whole = model([("Add", "x w", "y", {})], {"w": np.ones(3, F)}).SerializeToString()
    for raw in (b"", b"\x00" * 40, b"PK\x03\x04" + whole, whole[:-20], whole[: len(whole) // 2]):
        refused(raw, tmp_path, "damaged|not known|old version")
    with pytest.raises(FormatError, match="cannot read"):
        import_onnx(tmp_path / "missing.onnx")
    for at in range(0, len(whole), 3):
        flipped = bytearray(whole)
        flipped[at] ^= 0x55
        (tmp_path / "flipped.onnx").write_bytes(flipped)
        try:
            import_onnx(tmp_path / "flipped.onnx")
        except FormatError:
            continue


def test_what_is_not_read_is_said(tmp_path):
    refused(model(RELU, opset=0), tmp_path, "old version")
    refused(model([("Relu", "later", "y", {}), ("Relu", "x", "later", {})]), tmp_path, "before it")
    refused(model([("Relu", "x", "z", {})]), tmp_path, "before it is made")
    refused(model([("NonZero", "x", "y", {})]), tmp_path, "not known")
    made = model(RELU)
    made.graph.node[0].domain = "com.example"
    refused(made, tmp_path, "not known here")
    branch = model(RELU).graph
    branch.node[0].input[0] = "nowhere"
    nested = model([("If", "c", "y", {"then_branch": branch, "else_branch": branch})],
                   {"c": np.asarray(True)})  # fmt: skip
    refused(nested, tmp_path, "damaged")
    path = kept(model([("AveragePool", "x", "y", {"kernel_shape": [2], "dilations": [2],
                                                     "auto_pad": "SAME_UPPER"})],
                      shape=(1, 1, 5)), tmp_path)  # fmt: skip
    with pytest.raises(FormatError, match="as the file says"):
        import_onnx(path)(np.zeros((1, 1, 5), F))
    with pytest.raises(FormatError, match="number of inputs"):
        import_onnx(kept(model(RELU), tmp_path))(1.0, 2.0)
    huge = model([("ConstantOfShape", "s", "z", {}), ("Add", "x z", "y", {})],
                 {"s": np.array([2**40], I64)})  # fmt: skip
    with pytest.raises((sg.SeegradError, MemoryError)):
        import_onnx(kept(huge, tmp_path))(np.zeros((1, 3), F))


@pytest.mark.parametrize("sides", [{}, {"detect_negative": 0}, {"detect_positive": 0}], ids=str)
def test_infinities_of_either_side(sides, tmp_path):
    made = model([("IsInf", "x", "i", sides), ("Cast", "i", "y", {"to": FLOAT})])
    x = np.array([[np.inf, -np.inf, 1], [np.nan, 0, -np.inf]], F)
    ours, theirs = both(made, x, tmp_path)
    np.testing.assert_array_equal(np.asarray(ours), theirs)


def test_the_former_place_of_the_readers_still_answers_and_says_so():
    former = importlib.import_module("seegrad.training.onnx_operators")
    with pytest.warns(DeprecationWarning, match=r"moved to seegrad\.onnx\.operators"):
        assert former.READERS is READERS
