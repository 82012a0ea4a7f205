"""A file serves every batch as the network does: its example's own, the smallest, and others."""

from __future__ import annotations

import numpy as np
import pytest

import seegrad as sg
from seegrad.errors import FormatError

pytest.importorskip("onnx", reason="onnx is not installed")
runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")

ONES = np.ones(3, np.float32)
OTHERWISE = {
    "diagonal": (sg.diagonal, (3, 4)),
    "trace": (sg.trace, (3, 4)),
    "the last three": (lambda x: x[-3:], (2, 2)),
    "the first five": (lambda x: x[:5], (8, 3)),
    "as long": (lambda x: sg.convolve(x, ONES, mode="same"), (2,)),
    "a branch": (lambda x: x * 2 if x.shape[0] > 4 else x, (1, 3)),
    "a branch that the example does not take": (lambda x: x * 2 if len(x) > 4 else x, (8, 3)),
    "the smaller": (lambda x: x * min(x.shape[0], 4), (2, 3)),
    "one": (lambda x: x * (x.shape[0] == 1), (8, 3)),
    "running products": (lambda x: sg.cumprod(x, axis=0), (4, 3)),
    "running sums of exponentials": (lambda x: sg.logcumsumexp(x, axis=0), (4, 3)),
}
ALIKE = {
    "less the mean": (lambda x: x - sg.mean(x, axis=0), (8, 3)),
    "a row": (lambda x: x[1] + x, (8, 3)),
    "a slope of the mean": (sg.grad(lambda x: (x - x.mean(0)).sum() ** 2), (8, 3)),
    "a slope of the first row": (sg.grad(lambda x: ((x[:1] * x) ** 2).sum()), (8, 3)),
    "longer": (lambda x: sg.convolve(x, ONES, mode="full"), (4,)),
    "differences": (lambda x: x[1:] - x[:-1], (4, 3)),
}


def both(function, path, x):
    """What the function gives, and what the file does; None where it takes no such batch."""
    found = []
    session = runtime.InferenceSession(str(path))
    for run in (lambda: np.asarray(function(sg.tensor(x))),
                lambda: session.run(None, {session.get_inputs()[0].name: x})[0]):  # fmt: skip
        try:
            found.append(run())
        except Exception:
            found.append(None)
    return found


@pytest.mark.parametrize("name", OTHERWISE)
def test_a_graph_that_is_another_for_some_batches_is_refused(name, tmp_path):
    function, shape = OTHERWISE[name]
    example = np.random.default_rng(0).random(shape, np.float32)
    with pytest.raises(FormatError, match=r"(?s)depends on the size.*dynamic_batch=False"):
        sg.export_onnx(function, tmp_path / "f.onnx", example)
    assert not (tmp_path / "f.onnx").exists()
    path = sg.export_onnx(function, tmp_path / "f.onnx", example, dynamic_batch=False)
    mine, theirs = both(function, path, example)
    np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ALIKE)
def test_a_graph_that_says_the_same_for_every_batch_is_written(name, tmp_path):
    function, shape = ALIKE[name]
    path = sg.export_onnx(function, tmp_path / "f.onnx", np.zeros(shape, np.float32))
    for count in (shape[0], 1, 2, 3, 9):
        x = np.random.default_rng(count).random((count, *shape[1:]), np.float32)
        mine, theirs = both(function, path, x)
        assert (mine is None) == (theirs is None)
        if mine is not None:
            np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6)


def test_first_axes_of_several_sizes_are_no_batch(tmp_path):
    def scores(q, k):
        return sg.matmul(q, k.T)

    examples = np.ones((3, 8), np.float32), np.ones((4, 8), np.float32)
    with pytest.raises(FormatError, match=r"(?s)several sizes.*dynamic_batch=False"):
        sg.export_onnx(scores, tmp_path / "f.onnx", examples)
    path = sg.export_onnx(scores, tmp_path / "f.onnx", examples, dynamic_batch=False)
    (found,) = runtime.InferenceSession(str(path)).run(None, dict(zip("qk", examples)))
    assert found.shape == (3, 4)


def test_a_batch_that_the_network_refuses_is_not_in_the_file(tmp_path):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")

    class Branching(torch.nn.Module):
        def forward(self, x):
            return x * 2 if x.shape[0] > 4 else x

    net = sg.from_torch(Branching(), torch.ones(6, 3))
    with pytest.raises(FormatError, match=r"(?s)depends on the size.*dynamic_batch=False"):
        sg.export_onnx(net, tmp_path / "f.onnx", np.ones((6, 3), np.float32))


def test_a_name_is_given_once(tmp_path):
    example = np.ones((2, 3), np.float32)
    for names in ({"output_names": ["x"]}, {"input_names": ["y"], "output_names": ["y"]}):
        with pytest.raises(FormatError, match="a name stands for two values"):
            sg.export_onnx(lambda x: x * 2, tmp_path / "f.onnx", example, **names)
    path = sg.export_onnx(lambda y: y * 2, tmp_path / "f.onnx", example)
    assert [one.name for one in runtime.InferenceSession(str(path)).get_outputs()] == ["y_2"]
