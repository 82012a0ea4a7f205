"""ai.onnx.ml: linear models, scalers and tables, as scikit-learn's converter writes them."""

from __future__ import annotations

import numpy as np
import pytest

import seegrad as sg
from seegrad.errors import FormatError

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
helper = onnx.helper
F, I64 = np.float32, np.int64
FLOAT, STRING = onnx.TensorProto.FLOAT, onnx.TensorProto.STRING
X = np.random.default_rng(0).normal(size=(5, 3)).astype(F)
WORDS = [b"setosa", b"versicolor", b"virginica"]


def learned(nodes, outputs, constants=()):
    """A model of nodes of either domain from x to outputs."""
    made = [
        helper.make_node(op, i.split(), o.split(), domain=domain, **more)
        for domain, op, i, o, more in nodes
    ]
    graph = helper.make_graph(
        made, "g", [helper.make_tensor_value_info("x", FLOAT, ["N", 3])], outputs, constants
    )
    ids = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(graph, opset_imports=ids, ir_version=9)


def read(made, tmp_path):
    (tmp_path / "m.onnx").write_bytes(made.SerializeToString())
    return sg.import_onnx(tmp_path / "m.onnx")


def by_onnxruntime(made):
    return runtime.InferenceSession(made.SerializeToString()).run(None, {"x": X})


ML = "ai.onnx.ml"
RNG = np.random.default_rng(1)
SCALED = (ML, "Scaler", "x", "s", {"offset": [0.5, 1.0, -1.0], "scale": [2.0, 0.5, 1.0]})
CLASSES = {
    "coefficients": RNG.normal(size=9).tolist(), "intercepts": [0.1, -0.2, 0.3], "multi_class": 1,
    "post_transform": "SOFTMAX",
}  # fmt: skip
TABLE = onnx.helper.make_empty_tensor_value_info("table")
TABLE.type.sequence_type.elem_type.map_type.key_type = STRING
TABLE.type.sequence_type.elem_type.map_type.value_type.tensor_type.elem_type = FLOAT


def pipeline():
    """A scaler, a classifier of classes with names, and a table by these names."""
    nodes = [
        SCALED,
        (ML, "LinearClassifier", "s", "label p", {**CLASSES, "classlabels_strings": WORDS}),
        ("", "Identity", "label", "output_label", {}),
        (ML, "Normalizer", "p", "q", {"norm": "L1"}),
        (ML, "ZipMap", "q", "table", {"classlabels_strings": WORDS}),
    ]
    return learned(nodes, [helper.make_tensor_value_info("output_label", STRING, ["N"]), TABLE])


def test_classes_with_names_are_counted_and_the_names_are_kept(tmp_path):
    made = pipeline()
    net, (words, rows) = read(made, tmp_path), by_onnxruntime(made)
    label, table = net(X)
    names = net.labels["output_label"]
    assert names == ("setosa", "versicolor", "virginica")
    assert [names[i] for i in np.asarray(label)] == list(words)
    wanted = np.array([[row[name] for name in names] for row in rows], F)
    np.testing.assert_allclose(np.asarray(table), wanted, rtol=1e-5)
    assert np.asarray(label).dtype == np.int64
    assert len({*words}) > 1


def test_weights_are_parameters_and_learn(tmp_path):
    net = read(pipeline(), tmp_path)
    names = [name for name, _ in net.named_parameters()]
    assert names == ["LinearClassifier.coefficients", "LinearClassifier.intercepts"]
    target = np.array([0, 1, 2, 0, 1])
    optimizer = sg.optim.Adam(net.parameters(), lr=0.1)

    def loss():
        return -sg.sum(sg.log(net(X)[1][np.arange(5), target] + 1e-9))

    first = float(loss())
    for _ in range(30):
        optimizer.zero_grad()
        value = loss()
        value.backward()
        optimizer.step()
    assert float(loss()) < first / 2


def classes_of_a_network():
    """argmax → its name out of a constant of texts, as scikit-learn's networks are written."""
    nodes = [
        ("", "MatMul", "x w", "z", {}), ("", "Softmax", "z", "p", {}),
        ("", "ArgMax", "p", "best", {"axis": 1}),
        (ML, "ArrayFeatureExtractor", "names best", "word", {}),
        ("", "Reshape", "word to", "label", {}),
    ]  # fmt: skip
    constants = [
        onnx.numpy_helper.from_array(RNG.normal(size=(3, 3)).astype(F), "w"),
        onnx.numpy_helper.from_array(np.array([-1], I64), "to"),
        helper.make_tensor("names", STRING, [3], WORDS),
    ]
    return learned(nodes, [helper.make_tensor_value_info("label", STRING, ["N"])], constants)


def test_a_constant_of_texts_names_what_is_picked_from_it(tmp_path):
    made = classes_of_a_network()
    net = read(made, tmp_path)
    names = net.labels["label"]
    assert [names[i] for i in np.asarray(net(X))] == list(by_onnxruntime(made)[0])


def test_texts_that_are_computed_with_are_refused(tmp_path):
    made = classes_of_a_network()
    made.graph.node.add().CopyFrom(helper.make_node("Equal", ["word", "word"], ["same"]))
    with pytest.raises(FormatError, match="a type that is not read here"):
        read(made, tmp_path)


REGRESSIONS = {
    "one target": {"coefficients": [1.0, 2.0, 3.0], "intercepts": [0.5]},
    "two targets": {"coefficients": [1.0, 0.5] * 3, "intercepts": [0.5, 1.0], "targets": 2},
    "without intercepts": {"coefficients": [1.0, 2.0, 3.0]},
}


@pytest.mark.parametrize("name", REGRESSIONS)
def test_regressions(name, tmp_path):
    made = learned([(ML, "LinearRegressor", "x", "y", REGRESSIONS[name])],
                   [helper.make_tensor_value_info("y", FLOAT, None)])  # fmt: skip
    net, (wanted,) = read(made, tmp_path), by_onnxruntime(made)
    for run in (net, sg.compile(net)):
        np.testing.assert_allclose(np.asarray(run(X)), wanted, rtol=1e-5)


@pytest.mark.parametrize("after", ["NONE", "LOGISTIC", "SOFTMAX"])
@pytest.mark.parametrize("scores", [1, 2, 3])
def test_classifications(after, scores, tmp_path):
    more = {
        "coefficients": RNG.normal(size=3 * scores).tolist(), "post_transform": after,
        "intercepts": [0.1] * scores, "classlabels_ints": [7, 8, 9][: max(scores, 2)],
    }  # fmt: skip
    made = learned([(ML, "LinearClassifier", "x", "label p", more)], [
        helper.make_tensor_value_info("label", onnx.TensorProto.INT64, None),
        helper.make_tensor_value_info("p", FLOAT, None)])  # fmt: skip
    net = read(made, tmp_path)
    if scores == 1 and after != "LOGISTIC":
        with pytest.raises(FormatError, match="cannot be computed"):
            net(X)
        return
    for run in (net, sg.compile(net)):
        label, odds = run(X)
        wanted = by_onnxruntime(made)
        np.testing.assert_array_equal(np.asarray(label), wanted[0])
        np.testing.assert_allclose(np.asarray(odds), wanted[1], rtol=1e-5)


def test_what_has_no_derivative_is_refused_by_name(tmp_path):
    tree = {"nodes_featureids": [0]}
    made = learned([(ML, "TreeEnsembleRegressor", "x", "y", tree)],
                   [helper.make_tensor_value_info("y", FLOAT, None)])  # fmt: skip
    with pytest.raises(FormatError, match="not known here") as caught:
        read(made, tmp_path)
    assert "trees have no derivative" in caught.value.came


def test_what_scikit_learn_writes(tmp_path):
    converter = pytest.importorskip("skl2onnx", reason="skl2onnx is not installed")
    from sklearn.datasets import load_iris
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x, y = load_iris(return_X_y=True)
    x = x.astype(F)
    model = make_pipeline(StandardScaler(), MLPClassifier((6,), max_iter=2000, random_state=0))
    model.fit(x, np.array(["a", "b", "c"])[y])
    made = converter.to_onnx(model, x[:1])
    net = read(made, tmp_path)
    label, odds = net(x)
    names = net.labels[made.graph.output[0].name]
    assert [names[i] for i in np.asarray(label)] == list(model.predict(x))
    np.testing.assert_allclose(np.asarray(odds), model.predict_proba(x), rtol=1e-4, atol=1e-5)
