"""If, Loop and Scan of ONNX files as cond, while_loop and scan: values, derivatives, refusals."""

from __future__ import annotations

import numpy as np
import pytest

import seegrad as sg
from seegrad.errors import SeegradError

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
helper, node = onnx.helper, onnx.helper.make_node
F, I64 = np.float32, np.int64
KINDS = {
    **dict.fromkeys(("i", "m"), onnx.TensorProto.INT64),
    **dict.fromkeys(("on", "again", "again2"), onnx.TensorProto.BOOL),
}


def info(name, shape=None):
    shape = [] if name in KINDS else shape
    return helper.make_tensor_value_info(name, KINDS.get(name, onnx.TensorProto.FLOAT), shape)


def graph(nodes, inputs, outputs, **constants):
    arrays = [onnx.numpy_helper.from_array(np.asarray(a), name) for name, a in constants.items()]
    return helper.make_graph(nodes, "g", [*map(info, inputs)], [*map(info, outputs)], arrays)


def model(nodes, outputs=("y",), shape=(2, 3), inputs=(), **constants):
    made = graph(nodes, [], outputs, **constants)
    made.input.extend([info("x", list(shape)), *map(info, inputs)])
    ids = [helper.make_opsetid("", 20)]
    return helper.make_model(made, opset_imports=ids, ir_version=9)


def read(made, tmp_path):
    (tmp_path / "m.onnx").write_bytes(made.SerializeToString())
    return sg.import_onnx(tmp_path / "m.onnx")


def by_onnxruntime(made, **feed):
    return runtime.InferenceSession(made.SerializeToString()).run(None, feed)


def close(a, b):
    a = np.asarray(a.data if isinstance(a, sg.Tensor) else a)
    assert (a.shape, a.dtype) == (b.shape, b.dtype)
    np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


X = np.random.default_rng(0).normal(size=(2, 3)).astype(F)
W = np.random.default_rng(1).normal(size=(3, 3)).astype(F)

CHOICE = [
    node("ReduceSum", ["x"], ["total"], keepdims=0),
    node("Greater", ["total", "zero"], ["c"]),
    node(
        "If", ["c"], ["y"],
        then_branch=graph([node("MatMul", ["x", "w"], ["b"])], [], ["b"], w=W),
        else_branch=graph([node("Mul", ["x", "w"], ["b"])], [], ["b"], w=W[0]),
    ),
]  # fmt: skip


def test_a_choice_by_numbers_is_one_in_the_graph(tmp_path):
    made = model(CHOICE, zero=F(0))
    net = read(made, tmp_path)
    for x in (np.abs(X), -np.abs(X)):
        (wanted,) = by_onnxruntime(made, x=x)
        close(net(x), wanted)
        close(sg.compile(net)(x), wanted)
        close(net(sg.tensor(x)), wanted)
    slope = sg.grad(lambda x: sg.sum(net(x)))
    np.testing.assert_allclose(slope(np.abs(X)), np.tile(W.sum(1), (2, 1)), rtol=1e-5)
    np.testing.assert_allclose(slope(-np.abs(X)), np.tile(W[0], (2, 1)), rtol=1e-6)


def test_arrays_of_both_sides_are_parameters_and_learn(tmp_path):
    net = read(model(CHOICE, zero=F(0)), tmp_path)
    assert [name for name, _ in net.named_parameters()] == ["w", "w_"]
    sg.sum(net(np.abs(X))).backward()
    slopes = {p.shape: p.grad for _, p in net.named_parameters()}
    assert np.abs(slopes[3, 3]).min() > 0
    assert slopes[3,] is None or not np.asarray(slopes[3,]).any()


def test_a_choice_by_shapes_is_made_here_where_the_sides_differ(tmp_path):
    nodes = [
        node("Shape", ["x"], ["s"]), node("Gather", ["s", "zero"], ["n"]),
        node("Equal", ["n", "one"], ["c"]),
        node("If", ["c"], ["y"],
             then_branch=graph([node("Squeeze", ["x", "axis"], ["b"])], [], ["b"],
                               axis=np.array([0], I64)),
             else_branch=graph([node("Identity", ["x"], ["b"])], [], ["b"])),
    ]  # fmt: skip
    net = read(model(nodes, shape=("N", 3), zero=I64(0), one=I64(1)), tmp_path)
    for run in (net, sg.compile(net)):
        assert run(X).shape == (2, 3)
        assert run(X[:1]).shape == (3,)


def repeat(nodes, outs, start="x", count=5, **constants):
    body = graph(nodes, ["i", "on", "c"], ["again", *outs])
    constants = {"most": I64(count), "yes": np.asarray(True), **constants}
    names = ["y", "rows"][: len(outs)]
    return model([node("Loop", ["most", "yes", start], names, body=body)], names, **constants)


GOES_ON = node("Identity", ["on"], ["again"])


def test_a_number_of_turns_with_what_each_gives_beside(tmp_path):
    nodes = [
        GOES_ON, node("Cast", ["i"], ["f"], to=1), node("Sin", ["c"], ["s"]),
        node("Add", ["s", "f"], ["d"]), node("Mul", ["d", "w"], ["e"]),
    ]  # fmt: skip
    made = repeat(nodes, ["e", "s"], w=W[0])
    net = read(made, tmp_path)
    for run in (net, sg.compile(net)):
        for a, b in zip(run(X), by_onnxruntime(made, x=X), strict=True):
            close(a, b)

    def total(x):
        last, rows = net(x)
        return sg.sum(last) + sg.sum(rows * rows)

    step = 1e-2 * np.eye(1, 6, 2).reshape(2, 3).astype(F)
    by_hand = (float(total(X + step)) - float(total(X - step))) / 2e-2
    assert float(sg.grad(total)(X)[0, 2]) == pytest.approx(by_hand, rel=2e-2)


def test_a_carry_that_grows_is_written_turn_by_turn(tmp_path):
    nodes = [GOES_ON, node("Concat", ["c", "x"], ["d"], axis=0)]
    made = repeat(nodes, ["d"], count=3)
    close(read(made, tmp_path)(X), np.tile(X, (4, 1)))


UNTIL = [
    node("Mul", ["c", "two"], ["d"]), node("ReduceMax", ["d"], ["top"], keepdims=0),
    node("Less", ["top", "limit"], ["again"]),
]  # fmt: skip


@pytest.mark.parametrize("count", [0, 3, 100])
def test_until_a_number_is_reached(count, tmp_path):
    made = repeat(UNTIL, ["d"], count=count, two=F(2), limit=F(50))
    net = read(made, tmp_path)
    (wanted,) = by_onnxruntime(made, x=np.abs(X))
    for run in (net, sg.compile(net)):
        close(run(np.abs(X)), wanted)
    # the number of turns is bounded, so that there is a derivative from right to left
    factor = wanted[0, 0] / abs(X[0, 0])
    np.testing.assert_allclose(sg.grad(lambda x: sg.sum(net(x)))(np.abs(X)), factor, rtol=1e-5)


def test_a_number_of_turns_that_is_computed(tmp_path):
    body = graph([GOES_ON, node("Add", ["c", "x"], ["d"])], ["i", "on", "c"], ["again", "d"])
    made = model([node("Loop", ["m", "", "x"], ["y"], body=body)], inputs=["m"])
    net = read(made, tmp_path)
    close(net(X, I64(4)), 5 * X)
    close(sg.compile(net)(sg.tensor(X), sg.tensor(I64(4))), 5 * X)


def test_results_whose_number_depends_on_the_data_are_refused(tmp_path):
    net = read(repeat(UNTIL, ["d", "c"], two=F(2), limit=F(50)), tmp_path)
    with pytest.raises(SeegradError, match="cannot be computed") as caught:
        net(X)
    assert "depends on the data" in caught.value.came


WAYS = [(a, b, c) for a in (0, 1) for b in (0, 1) for c in (0, 1)]


@pytest.mark.parametrize("ways", WAYS, ids=str)
def test_each_row_may_lie_along_any_axis_and_go_backwards(ways, tmp_path):
    body = graph(
        [node("Mul", ["c", "a"], ["d"]), node("Add", ["d", "b"], ["e"]),
         node("Sub", ["e", "w"], ["out"])], ["c", "a", "b"], ["e", "out"],
    )  # fmt: skip
    made = model(
        [node("Transpose", ["x"], ["t"]),
         node("Scan", ["zero", "x", "t"], ["y", "rows"], body=body, num_scan_inputs=2,
              scan_input_axes=[0, 1], scan_input_directions=list(ways[:2]),
              scan_output_directions=[ways[2]], scan_output_axes=[1])],
        ("y", "rows"), zero=np.ones(3, F), w=W[0],
    )  # fmt: skip
    net = read(made, tmp_path)
    for run in (net, sg.compile(net)):
        for a, b in zip(run(X), by_onnxruntime(made, x=X), strict=True):
            close(a, b)


def test_loops_stand_inside_of_each_other_and_see_all_that_is_around(tmp_path):
    inner = graph([node("Identity", ["on2"], ["again2"]), node("Add", ["c2", "c"], ["d2"]),
                   node("Mul", ["d2", "w"], ["e2"])], [], ["again2", "e2"])  # fmt: skip
    inner.input.extend([helper.make_tensor_value_info("i2", 7, []),
                        helper.make_tensor_value_info("on2", 9, []), info("c2")])  # fmt: skip
    nodes = [GOES_ON, node("Loop", ["most", "yes", "x"], ["d"], body=inner)]
    made = repeat(nodes, ["d"], count=3, w=W[0])
    close(read(made, tmp_path)(X), by_onnxruntime(made, x=X)[0])


def test_a_body_that_reads_what_is_nowhere_is_damaged(tmp_path):
    with pytest.raises(SeegradError, match="damaged"):
        read(repeat([GOES_ON, node("Add", ["c", "nowhere"], ["d"])], ["d"]), tmp_path)


def test_what_came_in_goes_out_again(tmp_path):
    net = read(repeat([GOES_ON, node("Tanh", ["c"], ["s"])], ["s", "c"]), tmp_path)
    path = sg.export_onnx(net, tmp_path / "again.onnx", example=X, dynamic_batch=False)
    for a, b in zip(sg.import_onnx(path)(X), net(X), strict=True):
        np.testing.assert_array_equal(a, b)
