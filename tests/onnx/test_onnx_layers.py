"""Recurrence, norms, resizing and rarer operators of ONNX, as onnxruntime and PyTorch have them."""

from __future__ import annotations

import numpy as np
import pytest

import seegrad as sg
from seegrad.errors import FormatError
from seegrad.training import import_onnx

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
helper = onnx.helper
F, I64 = np.float32, np.int64
rng = np.random.default_rng(0)


def drawn(*shape):
    return rng.normal(size=shape).astype(F)


def recurrent(kind, gates, ways=1, more=(), **attributes):
    """(operator, names of inputs, attributes, constants, shape of x) of a recurrent model."""
    constants = {
        "w": drawn(ways, gates * 4, 3), "r": drawn(ways, gates * 4, 4),
        "b": drawn(ways, gates * 8), "h": drawn(ways, 2, 4), "c": drawn(ways, 2, 4),
    }  # fmt: skip
    names = {"": "x w r b", "h": "x w r b  h", "c": "x w r b  h c", "bare": "x w r"}
    return kind, names[more or ""], {"hidden_size": 4, **attributes}, constants, (5, 2, 3)


CASES = {
    "RNN": recurrent("RNN", 1),
    "RNN with relu": recurrent("RNN", 1, activations=["Relu"]),
    "RNN both ways": recurrent("RNN", 1, 2, direction="bidirectional"),
    "GRU": recurrent("GRU", 3, more="h", linear_before_reset=1),
    "GRU, reset before the product": recurrent("GRU", 3),
    "GRU backwards": recurrent("GRU", 3, more="bare", direction="reverse"),
    "LSTM": recurrent("LSTM", 4, more="c"),
    "LSTM both ways": recurrent("LSTM", 4, 2, more="c", direction="bidirectional"),
    "InstanceNormalization": (
        "InstanceNormalization", "x s b", {}, {"s": drawn(3), "b": drawn(3)}, (2, 3, 4, 5)),
    "GroupNormalization": ("GroupNormalization", "x s b", {"num_groups": 2},
                           {"s": drawn(4), "b": drawn(4)}, (2, 4, 3)),
    "LRN": ("LRN", "x", {"size": 3, "alpha": 0.1}, {}, (2, 5, 3, 3)),
    "DepthToSpace": ("DepthToSpace", "x", {"blocksize": 2}, {}, (2, 8, 2, 3)),
    "DepthToSpace by columns": (
        "DepthToSpace", "x", {"blocksize": 2, "mode": "CRD"}, {}, (2, 8, 2, 3)),
    "SpaceToDepth": ("SpaceToDepth", "x", {"blocksize": 2}, {}, (2, 2, 4, 6)),
    "Celu": ("Celu", "x", {"alpha": 0.7}, {}, (3, 4)),
    "HardSigmoid": ("HardSigmoid", "x", {"alpha": 0.3}, {}, (3, 4)),
    "HardSwish": ("HardSwish", "x", {}, {}, (3, 4)),
    "Mish": ("Mish", "x", {}, {}, (3, 4)),
    "PRelu": ("PRelu", "x s", {}, {"s": drawn(4)}, (3, 4)),
    "Selu": ("Selu", "x", {}, {}, (3, 4)),
    "Softsign": ("Softsign", "x", {}, {}, (3, 4)),
    "ThresholdedRelu": ("ThresholdedRelu", "x", {"alpha": 0.5}, {}, (3, 4)),
    "Mean": ("Mean", "x s", {}, {"s": drawn(4)}, (3, 4)),
    "ReduceL1": ("ReduceL1", "x a", {}, {"a": np.array([1], I64)}, (3, 4)),
    "ReduceSumSquare": ("ReduceSumSquare", "x", {"keepdims": 0}, {}, (3, 4)),
    "Trilu": ("Trilu", "x k", {"upper": 0}, {"k": np.asarray(-1, I64)}, (3, 4)),
    "Trilu upwards": ("Trilu", "x", {}, {}, (2, 3, 4)),
    "GatherND": ("GatherND", "x i", {}, {"i": np.array([[0, 1], [2, 0]], I64)}, (3, 2, 4)),
    "GatherElements": ("GatherElements", "x i", {"axis": 1},
                       {"i": np.array([[2, 0], [1, 3]], I64)}, (3, 4)),
    "ScatterND": ("ScatterND", "x i u", {}, {"i": np.array([[2], [0]], I64), "u": drawn(2, 4)},
                  (3, 4)),
    "ScatterND, added": ("ScatterND", "x i u", {"reduction": "add"},
                         {"i": np.array([[2, 1], [2, 1]], I64), "u": drawn(2)}, (3, 4)),
    "ScatterElements": ("ScatterElements", "x i u", {"axis": 1},
                        {"i": np.array([[2, 0], [1, 3]], I64), "u": drawn(2, 2)}, (3, 4)),
    "ScatterElements, added": ("ScatterElements", "x i u", {"axis": 1, "reduction": "add"},
                               {"i": np.array([[2, 2], [1, 3]], I64), "u": drawn(2, 2)}, (3, 4)),
    "Pad by reflection": ("Pad", "x p", {"mode": "reflect"},
                          {"p": np.array([0, 1, 0, 2], I64)}, (3, 4)),
    "Pad with the edge": ("Pad", "x p  a", {"mode": "edge"},
                          {"p": np.array([2, 1], I64), "a": np.array([1], I64)}, (3, 4)),
    "Pad by less than nothing": ("Pad", "x p", {}, {"p": np.array([-1, 1, 0, -2], I64)}, (3, 4)),
    "MaxPool up to the end": (
        "MaxPool", "x", {"kernel_shape": [3], "strides": [2], "ceil_mode": 1}, {}, (1, 2, 6)),
    "AveragePool up to the end": (
        "AveragePool", "x", {"kernel_shape": [3], "strides": [2], "ceil_mode": 1}, {}, (1, 2, 6)),
    "Conv, as large as before": (
        "Conv", "x w", {"auto_pad": "SAME_UPPER", "strides": [2, 1]}, {"w": drawn(3, 2, 4, 2)},
        (1, 2, 7, 6)),
    "MaxPool, as large as before": (
        "MaxPool", "x", {"kernel_shape": [2, 2], "auto_pad": "SAME_LOWER"}, {}, (1, 2, 5, 4)),
}  # fmt: skip
for _mode in ("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"):
    for _kind in ("linear", "nearest"):
        CASES[f"Resize {_kind} {_mode}"] = (
            "Resize", "x   n", {"mode": _kind, "coordinate_transformation_mode": _mode},
            {"n": np.array([1, 2, 7, 3], I64)}, (1, 2, 4, 5))  # fmt: skip
CASES["Resize by a factor"] = (
    "Resize", "x  f", {"nearest_mode": "floor", "coordinate_transformation_mode": "asymmetric"},
    {"f": np.array([1, 1, 2, 1.5], F)}, (1, 1, 3, 4))  # fmt: skip


def written(case, outputs=("y",), opset=20):
    kinds = [onnx.TensorProto.INT64 if n == "places" else onnx.TensorProto.FLOAT for n in outputs]
    operator, names, attributes, constants, shape = case
    names = names.split(" ")
    if operator == "GroupNormalization":
        opset = 21
    graph = helper.make_graph(
        [helper.make_node(operator, names, list(outputs), **attributes)],
        "g",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, list(shape))],
        [helper.make_tensor_value_info(name, kind, None) for name, kind in zip(outputs, kinds)],
        [onnx.numpy_helper.from_array(np.asarray(a), name)
         for name, a in constants.items() if name in names],
    )  # fmt: skip
    ids = [helper.make_opsetid("", opset)]
    return helper.make_model(graph, opset_imports=ids, ir_version=10).SerializeToString()


@pytest.mark.parametrize("name", CASES)
def test_each_gives_what_onnxruntime_gives_and_can_be_differentiated(name, tmp_path):
    case = CASES[name]
    several = {"LSTM": ("y", "h_end", "c_end"), "GRU": ("y", "h_end"), "RNN": ("y", "h_end")}
    raw = written(case, several.get(case[0], ("y",)))
    (tmp_path / "m.onnx").write_bytes(raw)
    net, x = import_onnx(tmp_path / "m.onnx"), drawn(*case[-1])
    found, expected = net(x), runtime.InferenceSession(raw).run(None, {"x": x})
    found = found if isinstance(found, tuple) else (found,)
    for ours, theirs in zip(found, expected, strict=True):
        ours = np.asarray(ours)
        assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
        np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=2e-6)
    leaf = sg.tensor(x)
    sg.sum(net(leaf)[0] if len(found) > 1 else net(leaf)).backward()
    assert leaf.grad.shape == x.shape


def test_the_first_few_and_where_they_were(tmp_path):
    case = ("TopK", "x k", {"axis": 0, "largest": 0}, {"k": np.array([2], I64)}, (4, 3))
    raw = written(case, ("values", "places"))
    (tmp_path / "m.onnx").write_bytes(raw)
    x = drawn(4, 3)
    expected = runtime.InferenceSession(raw).run(None, {"x": x})
    for ours, theirs in zip(import_onnx(tmp_path / "m.onnx")(x), expected, strict=True):
        np.testing.assert_array_equal(np.asarray(ours), theirs)


@pytest.mark.parametrize("case", [
    recurrent("LSTM", 4, direction="sideways"),
    ("Resize", "x  f", {"mode": "quartic"}, {"f": np.array([1, 1, 2, 2], F)}, (1, 1, 3, 4)),
    ("ScatterND", "x i u", {"reduction": "median"},
     {"i": np.array([[2], [0]], I64), "u": drawn(2, 4)}, (3, 4)),
], ids=lambda case: case[0])  # fmt: skip
def test_settings_that_are_not_read_are_said(case, tmp_path):
    (tmp_path / "m.onnx").write_bytes(written(case))
    with pytest.raises(FormatError, match="a setting that is not honoured here"):
        import_onnx(tmp_path / "m.onnx")


# --------------------------------------------------------------- files that PyTorch writes


def theirs(torch):
    n = torch.nn

    class Texts(n.Module):
        """Words in, scores out, with something that reads sequences between."""

        def __init__(self, inner):
            super().__init__()
            self.embedding, self.inner, self.out = n.Embedding(11, 8), inner, n.Linear(8, 11)

        def forward(self, words):
            seen = self.inner(self.embedding(words))
            return self.out(seen[0] if isinstance(seen, tuple) else seen)

    class Block(n.Module):
        def __init__(self):
            super().__init__()
            self.inner = n.Sequential(
                n.Conv2d(6, 6, 3, padding=1, bias=False), n.BatchNorm2d(6), n.ReLU(),
                n.Conv2d(6, 6, 3, padding=1, groups=2), n.BatchNorm2d(6),
            )  # fmt: skip

        def forward(self, x):
            return torch.relu(x + self.inner(x))

    words = torch.tensor(np.random.default_rng(0).integers(0, 11, (3, 5)))
    pictures = torch.tensor(drawn(2, 3, 16, 16), requires_grad=True)
    return {
        "residual": (n.Sequential(
            n.Conv2d(3, 6, 7, 2, 3), n.BatchNorm2d(6), n.ReLU(), n.MaxPool2d(3, 2, 1), Block(),
            n.AdaptiveAvgPool2d(1), n.Flatten(), n.Linear(6, 5)), pictures),
        "up and down": (n.Sequential(
            n.Conv2d(3, 4, 3, padding=1), n.InstanceNorm2d(4), n.SiLU(),
            n.ConvTranspose2d(4, 4, 3, 2, 1, 1), n.Upsample(scale_factor=2, mode="bilinear"),
            n.AvgPool2d(2), n.PixelShuffle(2), n.ReflectionPad2d(1)), pictures),
        "LSTM": (Texts(n.LSTM(8, 8, batch_first=True)), words),
        "GRU both ways": (Texts(n.GRU(8, 4, bidirectional=True, batch_first=True)), words),
        "RNN of two layers": (Texts(n.RNN(8, 8, num_layers=2, batch_first=True)), words),
        "transformer": (Texts(
            n.TransformerEncoderLayer(8, 2, 16, batch_first=True, norm_first=True)), words),
    }  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "name", ["residual", "up and down", "LSTM", "GRU both ways", "RNN of two layers", "transformer"]
)
def test_models_from_pytorch_give_its_values_and_derivatives(name, tmp_path):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    torch.manual_seed(0)
    model, x = theirs(torch)[name]
    model.eval()
    for parameter in model.parameters():
        parameter.data += 0.1 * torch.randn(parameter.shape)  # equal arrays would become one
    file = tmp_path / "m.onnx"
    torch.onnx.export(
        model, (x,), str(file), dynamo=False, opset_version=17, input_names=["x"],
        dynamic_axes={"x": {0: "N"}},
    )  # fmt: skip
    net, leaf, expected = import_onnx(file), sg.tensor(x.detach().numpy()), model(x)
    out = net(leaf)
    np.testing.assert_allclose(np.asarray(out), expected.detach(), rtol=1e-4, atol=1e-5)
    sg.sum(out * out).backward()
    (expected * expected).sum().backward()
    if x.requires_grad:
        np.testing.assert_allclose(leaf.grad, x.grad, rtol=1e-3, atol=1e-4)
    given = dict(model.named_parameters())
    shared = [(own, p) for own, p in net.named_parameters() if own in given]
    assert x.requires_grad or len(shared) >= 2
    for own, parameter in shared:
        wanted = given[own].grad.numpy()
        np.testing.assert_allclose(parameter.grad, wanted, rtol=1e-3, atol=1e-4, err_msg=own)
