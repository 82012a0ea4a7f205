"""ONNX files by the official checker and onnxruntime: every op of the table, layers, networks."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import seegrad as sg
from seegrad import nn
from seegrad.cli import main
from seegrad.errors import FormatError, OpDefinitionError
from seegrad.graph.onnx_signature import Exchange, Literal, parse_exchange
from seegrad.training import export_onnx, import_onnx
from trust.harness.layer_samples import LAYERS
from trust.harness.sampling import inputs_of

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

KEYS = "ONNX's generators keep a state of their own: none takes a key, which our numbers come from"
SYSTEMS = "ONNX has no operator that solves linear systems or factorises matrices"
SPECIAL = "ONNX has no operator that gives these functions"
WITHOUT = {
    **dict.fromkeys(("bernoulli", "normal", "split_key", "uniform"), KEYS),
    **dict.fromkeys(("gammaln", "polygamma", "erfcx", "erfinv", "log_ndtr", "ndtri"), SPECIAL),
    **dict.fromkeys(("gcd", "i0", "i0e", "i1", "i1e", "ive", "lcm", "nextafter"), SPECIAL),
    **dict.fromkeys((
        "inv", "solve", "solve_triangular", "cholesky_lower", "stacked_eigh", "stacked_qr",
        "symmetric_eigenvalues", "stacked_svd", "svdvals", "stacked_slogdet", "pinv",
        "stacked_dft",
    ), SYSTEMS),
}  # fmt: skip
"""Ops that ONNX has no form for, and why."""


def run(path, *xs):
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    session = runtime.InferenceSession(str(path), options)
    given = {one.name: x for one, x in zip(session.get_inputs(), xs)}
    return session.run(None, given)


@pytest.mark.parametrize("op", sg.TABLE.values(), ids=lambda op: op.name)
def test_every_op_gives_the_same_in_onnxruntime_and_read_back(op, tmp_path):
    for number, case in enumerate(op.cases):
        xs = tuple(inputs_of(op, case, np.random.default_rng(0), np.float32))
        path = tmp_path / f"{number}.onnx"
        if op.name in WITHOUT:
            with pytest.raises(FormatError, match="no form in ONNX"):
                export_onnx(lambda *a, c=case: op(*a, **c.attrs), path, xs, dynamic_batch=False)
            continue
        export_onnx(lambda *a, c=case: op(*a, **c.attrs), path, xs, dynamic_batch=False)
        (found,), wanted = run(path, *xs), np.asarray(op(*xs, **case.attrs))
        assert (found.shape, found.dtype) == (wanted.shape, wanted.dtype)
        np.testing.assert_allclose(found, wanted, rtol=2e-5, atol=2e-6)
        again = np.asarray(import_onnx(path)(*xs))
        assert (again.shape, again.dtype) == (wanted.shape, wanted.dtype)
        np.testing.assert_allclose(again, wanted, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("name", LAYERS)
def test_layers_take_any_batch(name, tmp_path):
    make, shape = LAYERS[name]
    network = nn.Sequential(make())
    rng = np.random.default_rng(0)
    for layer in network.modules():
        if type(layer) is nn.BatchNorm:
            layer.running_mean.assign(rng.normal(size=5))
    example = rng.normal(size=(2, *shape)).astype(np.float32)
    path = sg.export_onnx(network, tmp_path / "layer.onnx", example)
    assert network.training
    network.eval()
    for count in (1, 2, 6):
        x = rng.normal(size=(count, *shape)).astype(np.float32)
        (found,) = run(path, x)
        np.testing.assert_allclose(found, np.asarray(network(x)), rtol=1e-5, atol=1e-6)


FUNCTIONS = {
    "sizes computed from the batch": lambda x: sg.broadcast_to(x[:1], (len(x), 3)) * len(x),
    "several of them": lambda x: sg.reshape(sg.tile(x, (2, 1)), (len(x), 2, 3)),
    "read backwards": lambda x: sg.flip(x, axis=0),
    "variance over the batch": lambda x: x - sg.var(x, axis=0, ddof=1),
    "mean over the batch": lambda x: sg.mean(x, axis=0) + sg.std(x),
    "the last row": lambda x: x[-1] + x[1:][0],
    "padded": lambda x: sg.pad(x, ((1, 2), (0, 0)), 1.0),
    "pairs": lambda x: sg.concatenate([x, x], axis=0),
    "integers": lambda x: (x > 0).sum(axis=0) + sg.astype(x, np.int64) // 2,
    "remainders": lambda x: x % 0.7 + x // 0.7,
    "outer": lambda x: sg.matmul(x, x.T),
    "sorted": lambda x: sg.sort(x, axis=0) * sg.argsort(x, axis=1),
    "quantiles": lambda x: sg.median(x, axis=1) + sg.quantile(x, 0.3, axis=1),
    "picked": lambda x: x[:, [2, 0, -1]] + x[[0, -2]].sum(),
    "picked by two": lambda x: sg.reshape(x, (len(x), 1, 3))[:, [0, 0], [[1, -1], [2, 2]]],
    "unfold": lambda x: sg.unfold(x, size=(2,)).sum(axis=1),
    "slope of sorted": sg.grad(lambda x: (sg.sort(x, axis=1) * np.arange(3.0)).sum()),
    "slope of picked": sg.grad(lambda x: (x[:, [2, 0, -1, 2]] ** 2).sum()),
    "slope of every other one, backwards": sg.grad(lambda x: (x[:, ::-2] ** 3).sum()),
    "slope of windows": sg.grad(lambda x: (sg.unfold(x, size=(2,)) ** 2).sum()),
    "slope of pooled": sg.grad(lambda x: (sg.max_pool(x[:, None], size=2, steps=1) ** 2).sum()),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_arrays_take_any_batch(name, tmp_path):
    function = FUNCTIONS[name]
    path = export_onnx(function, tmp_path / "f.onnx", np.zeros((4, 3)))
    for count in (2, 4, 9):
        x = np.random.default_rng(count).normal(size=(count, 3))
        (found,) = run(path, x)
        np.testing.assert_allclose(found, np.asarray(function(x)), rtol=1e-6, atol=1e-9)


def test_words_are_embedded(tmp_path):
    network = nn.Sequential(nn.Embedding(7, 4), nn.GRU(4, 3, last=True), nn.Affine(3, 7))
    path = export_onnx(network, tmp_path / "words.onnx", np.zeros((2, 5), np.int64))
    x = np.random.default_rng(0).integers(0, 7, (6, 5))
    np.testing.assert_allclose(run(path, x)[0], np.asarray(network(x)), rtol=1e-5, atol=1e-6)


def test_bags_of_words_are_put_together(tmp_path):
    network = nn.Sequential(nn.EmbeddingBag(7, 4), nn.Affine(4, 7))
    path = export_onnx(network, tmp_path / "bags.onnx", np.zeros((2, 5), np.int64))
    x = np.random.default_rng(0).integers(0, 7, (6, 5))
    np.testing.assert_allclose(run(path, x)[0], np.asarray(network(x)), rtol=1e-5, atol=1e-6)


def test_no_layer_is_forgotten():
    kinds = {it for name in nn.__all__ if isinstance(it := getattr(nn, name), type)}
    layers = {it for it in kinds if issubclass(it, nn.Module) and not it.__name__.endswith("Loss")}
    tried = {type(part) for make, _ in LAYERS.values() for part in make().modules()}
    assert layers - tried == {nn.Module, nn.Embedding, nn.EmbeddingBag, nn.Sequential} - tried


def test_gradients_can_be_exported_too(tmp_path):
    network = nn.Sequential(nn.Affine(3, 4), nn.Tanh(), nn.Affine(4, 1))
    slope = sg.grad(lambda x: network(x).sum())
    x = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    path = export_onnx(slope, tmp_path / "slope.onnx", x)
    np.testing.assert_allclose(run(path, x)[0], slope(x), rtol=1e-5, atol=1e-7)


def test_steps_can_be_exported_too(tmp_path):
    """What a picture network's weights move by, its convolutions and words included."""
    words, net = nn.Embedding(5, 36), nn.Sequential(nn.Conv2d(1, 2, 3, stride=2), nn.Flatten())

    def slopes(w, f, x):
        with words.using({"W": w}), net.using({"conv1.W": f}):
            return (net(sg.reshape(words(x), (len(x), 1, 6, 6))) ** 2).sum()

    both = sg.grad(slopes, argnums=(0, 1))
    x = np.random.default_rng(0).integers(0, 5, (7,))
    given = (words.W.value, net.state_dict()["conv1.W"], x)
    path = export_onnx(both, tmp_path / "s.onnx", given, dynamic_batch=False)
    for found, wanted in zip(run(path, *given), both(*given), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)


def test_names_are_kept(tmp_path):
    network = nn.Sequential(nn.Affine(3, 4), nn.ReLU(), nn.Affine(4, 2))
    path = export_onnx(network, tmp_path / "n.onnx", np.zeros((1, 3)), output_names=["scores"])
    model = onnx.load(str(path))
    assert [one.name for one in model.graph.input] == ["x"]
    assert [one.name for one in model.graph.output] == ["scores"]
    kept = {one.name for one in model.graph.initializer}
    assert {"affine1.W", "affine1.b", "affine2.W", "affine2.b"} <= kept
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "N"
    assert any(node.name.startswith("net/affine1/") for node in model.graph.node)
    two = export_onnx(lambda a, b: (a + b, a * b), tmp_path / "two.onnx", (np.ones(3), np.ones(3)))
    assert [v.tolist() for v in run(two, np.full(2, 3.0), np.ones(2))] == [[4, 4], [3, 3]]


@pytest.mark.parametrize(
    "constant",
    [
        lambda n: np.broadcast_to(np.tri(3) == 0, (n, 3, 3)) * 1.0,
        lambda n: np.full((n, 1, 1), -np.inf),
        lambda n: np.arange(n, dtype=np.float32)[:, None, None],
        lambda n: (np.arange(2 * n) * 3 - 1).reshape(n, 2, 1),
    ],
)
def test_a_constant_as_long_as_the_batch_is_written_for_any_batch(constant, tmp_path):
    def network(x):
        return constant(len(x)) + x[:, :1, :1]

    path = export_onnx(network, tmp_path / "n.onnx", np.zeros((2, 3, 3)))
    again = import_onnx(path)
    for n in (1, 4, 20):
        x = np.arange(9.0 * n).reshape(n, 3, 3)
        np.testing.assert_array_equal(run(path, x)[0], network(x))
        np.testing.assert_array_equal(again(x), network(x))


def test_what_cannot_be_written_is_said(tmp_path):
    with pytest.raises(FormatError, match="no form in ONNX"):
        export_onnx(lambda x: sg.inv(x), tmp_path / "a.onnx", np.zeros((3, 3)), dynamic_batch=False)
    with pytest.raises(FormatError, match="batch of another size"):
        export_onnx(lambda x: x + np.ones((4, 3)), tmp_path / "a.onnx", np.zeros((4, 3)))
    with pytest.raises(FormatError, match="depends on the size of the batch"):
        export_onnx(lambda x: x * (1 / len(x)), tmp_path / "a.onnx", np.zeros((4, 3)))
    with pytest.raises(FormatError, match="depends on the size of the batch"):
        export_onnx(lambda x: x + np.arange(len(x)) ** 2, tmp_path / "a.onnx", np.zeros(4))
    with pytest.raises(FormatError, match="one name for each"):
        export_onnx(lambda x: x + 1, tmp_path / "a.onnx", np.zeros(3), input_names=["a", "b"])
    with pytest.raises(FormatError, match=r"(?s)cannot write.*a folder that is there"):
        export_onnx(lambda x: x + 1, tmp_path / "none" / "a.onnx", np.zeros(3))
    assert not (tmp_path / "a.onnx").exists()


def test_the_calls_at_the_definitions_are_read():
    assert parse_exchange("Add") == Exchange("Add", None, ())
    one_hot = parse_exchange("OneHot(labels, classes, [0, 1])")
    assert one_hot.inputs == ("labels", "classes", Literal((0, 1)))
    assert parse_exchange("F(x, a=b, c=1)").attributes == (("a", "b"), ("c", 1))
    assert one_hot.named == {"labels", "classes"}
    with pytest.raises(ValueError, match="no call"):
        parse_exchange("1 + 2")
    with pytest.raises(OpDefinitionError, match="ONNX call"):
        replace(sg.TABLE["exp"], onnx="Exp(z)")


def test_the_command_writes_the_network_of_a_run(tmp_path, capsys):
    folder = tmp_path / "run"
    assert main(["train", "--data", "xor", "--steps", "3", "--out", str(folder)]) == 0
    assert main(["export", str(folder), "-o", str(tmp_path / "net.onnx"), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert facts["inputs"] == 2
    assert run(facts["file"], np.zeros((3, 2), np.float32))[0].shape == (3, facts["outputs"])
    assert main(["export", str(tmp_path / "none")]) == 2
    assert "none" in capsys.readouterr().err
