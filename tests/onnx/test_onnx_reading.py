"""Reading ONNX files: values beside them, old versions, functions; nothing is just believed."""

from __future__ import annotations

import os

import numpy as np
import pytest

import seegrad as sg
from seegrad.errors import FormatError, SeegradWarning

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
helper = onnx.helper
F = np.float32
FLOAT = onnx.TensorProto.FLOAT
W = np.arange(6, dtype=F).reshape(3, 2)


def info(name, shape=None, kind=FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def product(weights, opset=20):
    """x @ w, with w as it is passed."""
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])], "g",
        [info("x", ["N", 3])], [info("y")], [weights],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)


def beside(location, dims=(3, 2), kind=FLOAT, **said):
    tensor = onnx.TensorProto(name="w", data_type=kind, dims=dims)
    tensor.data_location = onnx.TensorProto.EXTERNAL
    for key, value in {"location": location, **said}.items():
        tensor.external_data.add(key=key, value=str(value))
    return tensor


def written(tmp_path, made, name="model.onnx"):
    (tmp_path / name).write_bytes(made.SerializeToString())
    return tmp_path / name


X = np.ones((1, 3), F)


@pytest.mark.parametrize("said", [{}, {"offset": 8}, {"offset": 8, "length": 24}], ids=str)
def test_values_in_a_file_beside_the_model_are_read(said, tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "w.bin").write_bytes(bytes(said.get("offset", 0)) + W.tobytes())
    net = sg.import_onnx(written(tmp_path, product(beside("deep/w.bin", **said))))
    np.testing.assert_array_equal(np.asarray(net(X)), X @ W)
    assert [name for name, _ in net.named_parameters()] == ["w"]


def test_what_onnx_itself_keeps_beside_is_read(tmp_path):
    made = product(onnx.numpy_helper.from_array(np.tile(W, (1, 400)), "w"))
    onnx.save_model(made, tmp_path / "m.onnx", save_as_external_data=True, location="m.data")
    assert (tmp_path / "m.data").exists()
    np.testing.assert_array_equal(sg.import_onnx(tmp_path / "m.onnx")(X), X @ np.tile(W, (1, 400)))


@pytest.mark.parametrize("place", ["/etc/hostname", "../secret", "a/../../secret", "", "link",
                                   "folder/secret", "missing", "folder", "..\\secret", "C:secret",
                                   "pipe"])  # fmt: skip
def test_values_that_lie_elsewhere_are_refused(place, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "secret").write_bytes(W.tobytes())
    (home / "link").symlink_to(tmp_path / "secret")
    (home / "folder").symlink_to(tmp_path)
    os.mkfifo(home / "pipe")
    with pytest.raises(FormatError, match="where they are not read"):
        sg.import_onnx(written(home, product(beside(place))))


@pytest.mark.parametrize("tensor", [
    beside("w", dims=(3, 3)), beside("w", dims=(2**40, 2)), beside("w", length=20),
    beside("w", offset=4), beside("w", offset=-4), beside("w", offset="four"),
    beside("w", dims=(-3, -2)),
], ids=str)  # fmt: skip
def test_sizes_are_checked_before_anything_is_read(tensor, tmp_path):
    (tmp_path / "w").write_bytes(W.tobytes())
    with pytest.raises(FormatError, match="damaged"):
        sg.import_onnx(written(tmp_path, product(tensor)))


def test_a_small_file_cannot_be_read_a_thousand_times(tmp_path):
    (tmp_path / "w").write_bytes(bytes(2**16))
    made = product(beside("w", dims=(3, 2)))
    for i in range(1000):
        more = made.graph.initializer.add()
        more.CopyFrom(beside("w", dims=(2**14,)))
        more.name = f"w{i}"
    with pytest.raises(FormatError, match="damaged"):
        sg.import_onnx(written(tmp_path, made))


# --------------------------------------------------------------- versions and functions


def test_an_old_model_is_read_as_onnx_converts_it_and_says_so(tmp_path):
    nodes = [
        helper.make_node("Squeeze", ["x"], ["s"], axes=[1]),      # an attribute, until version 13
        helper.make_node("Softmax", ["s"], ["y"]),                # over all from axis 1, until 13
    ]  # fmt: skip
    graph = helper.make_graph(nodes, "g", [info("x", [2, 1, 3, 4])], [info("y", [2, 3, 4])])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 9)], ir_version=4)
    with pytest.warns(SeegradWarning, match="version 9; read as onnx converts it to 13"):
        net = sg.import_onnx(written(tmp_path, made))
    x = np.random.default_rng(0).normal(size=(2, 1, 3, 4)).astype(F)
    runtime = pytest.importorskip("onnxruntime").InferenceSession(made.SerializeToString())
    np.testing.assert_allclose(net(x), runtime.run(None, {"x": x})[0], rtol=1e-6)


def test_a_model_that_brings_the_converter_down_is_refused(tmp_path):
    """Numbers that are said to be a text: onnx's own converter dies of these."""
    pad = helper.make_node("Pad", ["x"], ["y"], mode="reflect", pads=[0, 1, 0, 1])
    graph = helper.make_graph([pad], "g", [info("x", [2, 3])], [info("y", [2, 5])])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 6)], ir_version=3)
    next(one for one in made.graph.node[0].attribute if one.name == "pads").type = 2
    with pytest.raises(FormatError, match="old version"):
        sg.import_onnx(written(tmp_path, made))


def test_a_child_that_ends_without_an_answer_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.executable", "/bin/false")
    graph = helper.make_graph(
        [helper.make_node("Tanh", ["x"], ["y"])], "g", [info("x", [2])], [info("y", [2])]
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 9)], ir_version=4)
    with pytest.raises(FormatError, match="came to no answer"):
        sg.import_onnx(written(tmp_path, made))


def test_slopes_before_version_7_are_one_for_each_channel(tmp_path):
    slope = np.array([0.5, 0.25, 0.125], F)
    graph = helper.make_graph(
        [helper.make_node("PRelu", ["x", "s"], ["y"])], "g", [info("x", [2, 3, 4, 3])],
        [info("y", [2, 3, 4, 3])], [onnx.numpy_helper.from_array(slope, "s")],
    )  # fmt: skip
    graph.input.append(info("s", [3]))
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 6)], ir_version=3)
    with pytest.warns(SeegradWarning, match="version 6"):
        net = sg.import_onnx(written(tmp_path, made))
    x = -np.ones((2, 3, 4, 3), F)
    np.testing.assert_array_equal(net(x), x * slope[:, None, None])


def with_branch(opset, operator, **attributes):
    branch = helper.make_graph(
        [helper.make_node(operator, ["x"], ["b"], **attributes)], "b", [], [info("b", [2, 3])]
    )
    graph = helper.make_graph(
        [helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)], "g",
        [info("x", [2, 3]), info("c", [], onnx.TensorProto.BOOL)], [info("y", [2, 3])],
    )  # fmt: skip
    ids = [helper.make_opsetid("", opset)]
    return helper.make_model(graph, opset_imports=ids, ir_version=6)


def test_an_old_model_with_branches_is_read_where_its_operators_have_not_changed(tmp_path):
    x = np.ones((2, 3), F)
    net = sg.import_onnx(written(tmp_path, with_branch(11, "Tanh")))
    np.testing.assert_allclose(net(x, True), np.tanh(x), rtol=1e-6)
    with pytest.raises(FormatError, match="old version"):
        sg.import_onnx(written(tmp_path, with_branch(11, "Softmax")))  # its default axis has


def called(depth, each, own=False):
    """A model of functions, each of which calls the next one some times."""
    ids = [helper.make_opsetid("", 20), helper.make_opsetid("own", 1)]
    made = []
    for i in range(depth):
        inner = "f0" if own else f"f{i + 1}"
        last = i == depth - 1 and not own
        nodes = [
            helper.make_node("Tanh" if last else inner, ["a" if j == 0 else f"v{j - 1}"],
                             ["b" if j == each - 1 else f"v{j}"], domain="" if last else "own")
            for j in range(each)
        ]  # fmt: skip
        made.append(helper.make_function("own", f"f{i}", ["a"], ["b"], nodes, ids))
    graph = helper.make_graph(
        [helper.make_node("f0", ["x"], ["y"], domain="own")], "g", [info("x", [2])],
        [info("y", [2])],
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=ids, ir_version=9, functions=made)


def test_functions_of_a_model_are_opened(tmp_path):
    x = np.array([0.5, -2], F)
    net = sg.import_onnx(written(tmp_path, called(2, 2)))
    np.testing.assert_allclose(net(x), np.tanh(np.tanh(np.tanh(np.tanh(x)))), rtol=1e-6)


def test_functions_that_would_grow_without_end_are_refused(tmp_path):
    with pytest.raises(FormatError, match="not read here"):
        sg.import_onnx(written(tmp_path, called(40, 4)))
    with pytest.raises(FormatError, match="damaged"):
        sg.import_onnx(written(tmp_path, called(1, 1, own=True)))


# --------------------------------------------------------------- all at once


def test_all_that_is_not_read_is_said_at_once_and_why(tmp_path):
    nodes = [
        helper.make_node("NonZero", ["x"], ["a"]), helper.make_node("Bernoulli", ["x"], ["b"]),
        helper.make_node("Fancy", ["x"], ["y"], domain="com.example"),
    ]  # fmt: skip
    graph = helper.make_graph(nodes, "g", [info("x", [2])], [info("y", [2])])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    with pytest.raises(FormatError, match="not known here") as caught:
        sg.import_onnx(written(tmp_path, made))
    came = caught.value.came
    assert "NonZero (the size of its result depends on the numbers)" in came
    assert "Bernoulli (random numbers without a key)" in came
    assert "com.example.Fancy" in came
    nodes = [
        helper.make_node("BatchNormalization", ["x", "s", "s", "s", "s"], ["a"], training_mode=1),
        helper.make_node("Resize", ["a", "", "f"], ["y"], mode="quartic"),
    ]  # fmt: skip
    one = [onnx.numpy_helper.from_array(np.ones(1, F), name) for name in "sf"]
    graph = helper.make_graph(nodes, "g", [info("x", [1])], [info("y", [1])], one)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    with pytest.raises(FormatError, match="not honoured") as caught:
        sg.import_onnx(written(tmp_path, made))
    assert "training_mode=1" in caught.value.came
    assert "mode=quartic" in caught.value.came
