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
from trust.harness.sampling import inputs_of

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

KEYS = "ONNX's generators keep a state of their own: none takes a key, which our numbers come from"
SYSTEMS = "ONNX has no operator that solves linear systems or factorises matrices"
SPECIAL = "ONNX has no operator that gives these functions"
WITHOUT = {
    **dict.fromkeys(("bernoulli", "normal", "split_key", "uniform"), KEYS),
    **dict.fromkeys(("gammaln", "polygamma", "erfcx", "erfinv", "log_ndtr", "ndtri"), SPECIAL),
    **dict.fromkeys(("i0", "i0e", "i1", "i1e", "ive", "nextafter"), SPECIAL),
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


class WithItself(nn.Module):
    """A layer of two inputs, called with what comes in and something made of it."""

    def __init__(self, layer):
        self.layer = layer

    def forward(self, x):
        return self.layer(x, x * x + 1)


LAYERS = {
    "affine": (lambda: nn.Affine(6, 4), (6,)),
    "affine without bias": (lambda: nn.Affine(6, 4, bias=False), (2, 6)),
    "affine of one row": (lambda: nn.Sequential(nn.Flatten(), nn.Affine(12, 4)), (3, 4)),
    "relu": (nn.ReLU, (5,)),
    "leaky": (lambda: nn.LeakyReLU(0.2), (5,)),
    "elu": (lambda: nn.ELU(0.7), (5,)),
    "silu": (nn.SiLU, (5,)),
    "softplus": (nn.Softplus, (5,)),
    "celu": (lambda: nn.CELU(0.8), (5,)),
    "selu": (nn.SELU, (5,)),
    "mish": (nn.Mish, (5,)),
    "hardsigmoid": (nn.Hardsigmoid, (5,)),
    "hardswish": (nn.Hardswish, (5,)),
    "hardtanh": (lambda: nn.Hardtanh(-0.5, 2.0), (5,)),
    "relu6": (nn.ReLU6, (5,)),
    "softsign": (nn.Softsign, (5,)),
    "tanhshrink": (nn.Tanhshrink, (5,)),
    "logsigmoid": (nn.LogSigmoid, (5,)),
    "hardshrink": (nn.Hardshrink, (5,)),
    "softshrink": (nn.Softshrink, (5,)),
    "log softmax": (nn.LogSoftmax, (5,)),
    "glu": (nn.GLU, (6,)),
    "prelu": (lambda: nn.PReLU(3), (3, 4)),
    "rms_norm": (lambda: nn.RMSNorm(5), (3, 5)),
    "instance_norm": (lambda: nn.InstanceNorm(3), (3, 4, 4)),
    "sigmoid": (nn.Sigmoid, (5,)),
    "tanh": (nn.Tanh, (5,)),
    "gelu": (nn.GELU, (5,)),
    "gelu by tanh": (lambda: nn.GELU(approximate=True), (5,)),
    "softmax": (nn.Softmax, (5,)),
    "softmax over the batch": (lambda: nn.Softmax(axis=0), (5,)),
    "batch_norm": (lambda: nn.BatchNorm(5), (5,)),
    "layer_norm": (lambda: nn.LayerNorm(5), (3, 5)),
    "dropout": (lambda: nn.Dropout(0.5), (5,)),
    "flatten": (nn.Flatten, (2, 3)),
    "conv1d": (lambda: nn.Conv1d(2, 4, 3, stride=2, padding=1), (2, 7)),
    "conv2d": (lambda: nn.Conv2d(2, 4, 3, stride=2, padding=1, groups=2), (2, 7, 8)),
    "conv2d dilated": (lambda: nn.Conv2d(2, 3, 2, padding="same", dilation=2), (2, 5, 5)),
    "transposed": (lambda: nn.ConvTranspose2d(4, 2, 3, stride=2, padding=1), (4, 5, 5)),
    "max_pool": (lambda: nn.MaxPool2d(2), (2, 6, 7)),
    "max_pool padded": (lambda: nn.MaxPool2d(3, 2, 1), (2, 6, 7)),
    "max_pool1d": (lambda: nn.MaxPool1d(2), (2, 6)),
    "avg_pool": (lambda: nn.AvgPool2d(3, 2, 1), (2, 6, 7)),
    "avg_pool of what is there": (lambda: nn.AvgPool2d(3, 2, 1, count_padding=False), (2, 6, 7)),
    "avg_pool1d": (lambda: nn.AvgPool1d(3, 1), (2, 6)),
    "global": (nn.GlobalAvgPool, (3, 4, 5)),
    "global max": (nn.GlobalMaxPool, (3, 4, 5)),
    "batch_norm2d": (lambda: nn.BatchNorm2d(3), (3, 4, 4)),
    "group_norm": (lambda: nn.GroupNorm(2, 4), (4, 3, 3)),
    "attention": (lambda: nn.MultiHeadAttention(8, 2), (5, 8)),
    "transformer": (lambda: nn.TransformerBlock(8, 2, causal=True), (5, 8)),
    "positions": (lambda: nn.Positions(5, 8), (5, 8)),
    "residual": (lambda: nn.Residual(nn.Affine(5, 5), nn.Tanh()), (5,)),
    "rnn": (lambda: nn.RNN(3, 4), (6, 3)),
    "lstm": (lambda: nn.LSTM(3, 4, last=True), (6, 3)),
    "gru": (lambda: nn.GRU(3, 4), (6, 3)),
    "stacked both ways": (lambda: nn.LSTM(3, 4, num_layers=2, bidirectional=True), (5, 3)),
    "long both ways": (lambda: nn.GRU(3, 4, bidirectional=True), (12, 3)),
    "conv3d": (lambda: nn.Conv3d(2, 4, 2, stride=2, padding=1), (2, 4, 5, 6)),
    "transposed1d": (lambda: nn.ConvTranspose1d(2, 3, 3, stride=2), (2, 5)),
    "transposed3d": (lambda: nn.ConvTranspose3d(2, 3, 2, stride=2), (2, 3, 4, 3)),
    "max_pool up to the end": (lambda: nn.MaxPool2d(3, 2, ceil_mode=True), (2, 6, 8)),
    "max_pool3d": (lambda: nn.MaxPool3d(2), (2, 4, 5, 6)),
    "avg_pool up to the end": (lambda: nn.AvgPool2d(3, 2, 1, ceil_mode=True), (2, 6, 8)),
    "avg_pool3d": (lambda: nn.AvgPool3d(2), (2, 4, 5, 6)),
    "batch_norm1d": (lambda: nn.BatchNorm1d(3), (3, 4)),
    "batch_norm3d": (lambda: nn.BatchNorm3d(3), (3, 4, 2, 2)),
    **{
        f"adaptive {kind} {axes}d": (
            lambda kind=kind, axes=axes: getattr(nn, f"Adaptive{kind}Pool{axes}d")(2),
            (2, 5, 4, 6)[: axes + 1],
        )
        for kind in ("Avg", "Max") for axes in (1, 2, 3)
    },
    **{
        f"{kind} {axes}d": (
            lambda kind=kind, axes=axes: getattr(nn, f"{kind}Pad{axes}d")(1),
            (2, 5, 4, 6)[: axes + 1],
        )
        for kind in ("Zero", "Reflection", "Replication", "Circular") for axes in (1, 2, 3)
    },
    **{
        f"constant pad {axes}d": (
            lambda axes=axes: getattr(nn, f"ConstantPad{axes}d")(1, 0.5), (2, 5, 4, 6)[: axes + 1]
        )
        for axes in (1, 2, 3)
    },
    "upsample": (lambda: nn.Upsample(scale=2), (2, 3, 4)),
    "upsample to a size": (lambda: nn.Upsample((5, 3)), (2, 3, 4)),
    "bilinear": (lambda: nn.Upsample(scale=1.5, mode="bilinear"), (2, 3, 4)),
    "pixel shuffle": (lambda: nn.PixelShuffle(2), (4, 3, 2)),
    "pixel unshuffle": (lambda: nn.PixelUnshuffle(2), (2, 4, 2)),
    "identity": (lambda: nn.Sequential(nn.Identity(), nn.ReLU()), (3,)),
    "two inputs": (lambda: WithItself(nn.Bilinear(3, 3, 2)), (3,)),
    "cosine": (lambda: WithItself(nn.CosineSimilarity()), (3,)),
    "distance": (lambda: WithItself(nn.PairwiseDistance()), (3,)),
    "encoder": (
        lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), 2), (5, 8)),
    "decoder": (
        lambda: WithItself(nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, 16), 2)), (5, 8)),
}  # fmt: skip


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


def test_what_cannot_be_written_is_said(tmp_path):
    with pytest.raises(FormatError, match="no form in ONNX"):
        export_onnx(lambda x: sg.inv(x), tmp_path / "a.onnx", np.zeros((3, 3)), dynamic_batch=False)
    with pytest.raises(FormatError, match="batch of another size"):
        export_onnx(lambda x: x + np.ones((4, 3)), tmp_path / "a.onnx", np.zeros((4, 3)))
    with pytest.raises(FormatError, match="depends on the size of the batch"):
        export_onnx(lambda x: x * (1 / len(x)), tmp_path / "a.onnx", np.zeros((4, 3)))
    with pytest.raises(FormatError, match="one name for each"):
        export_onnx(lambda x: x + 1, tmp_path / "a.onnx", np.zeros(3), input_names=["a", "b"])
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
