"""Whole modules from PyTorch: equal, trained alike, drawn, checked, compiled, exported."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

import seegrad as sg
from seegrad.tree import flatten

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
from tests.interop.torch_models import MODELS, made  # noqa: E402

NAMES = list(MODELS)


@cache
def pair(name: str) -> tuple[Any, Any, tuple[Any, ...]]:
    """The module, the network made of it, the example."""
    module, example = made(name)
    return module, sg.from_torch(module, *example), example


def arrays(example: Any) -> list[Any]:
    return [x.numpy() for x in example]


def numbers(out: Any) -> list[Any]:
    """The results that have a fraction, in order."""
    leaves = flatten(out)[0] if not torch.is_tensor(out) else [out]
    kinds = [(x.is_floating_point() if torch.is_tensor(x) else x.dtype.kind == "f") for x in leaves]
    return [x for x, floating in zip(leaves, kinds) if floating]


def loss_of(out: Any) -> Any:
    return sum((x * x).mean() for x in numbers(out))


@pytest.mark.parametrize("name", NAMES)
def test_it_is_equal_in_results_and_gradients(name):
    module, net, example = pair(name)
    assert net.verified.modes == ("eval", "train")
    assert net.verified.output <= 1e-5
    assert net.verified.gradient <= 1e-4
    wanted = {n for n, p in module.named_parameters() if p.requires_grad}
    assert set(net.verified.gradients) == wanted
    assert {n for n, _ in net.named_parameters()} == wanted
    net.eval()
    module.eval()
    if not net.verified.draws:
        for mine, theirs in zip(numbers(net(*arrays(example))), numbers(module(*example))):
            np.testing.assert_allclose(mine.value, theirs.detach().numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_compiled_is_eager(name):
    _, net, example = pair(name)
    net.eval()
    if net.verified.draws:
        pytest.skip("it draws other numbers at every call")
    eager = numbers(net(*arrays(example)))
    compiled = numbers(sg.compile(lambda *xs: net(*xs))(*arrays(example)))
    for a, b in zip(eager, compiled, strict=True):
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_drawn_and_every_node_checks(name, tmp_path):
    _, net, example = pair(name)
    net.eval()
    loss = loss_of(net(*arrays(example)))
    assert sg.draw(loss, tmp_path / "net.svg").stat().st_size > 1000
    reports = sg.gradcheck_nodes(loss, largest=2)
    finite = {node: r for node, r in reports.items() if np.all(np.isfinite(node.value))
              and node.op.name in sg.TABLE}  # fmt: skip
    # what is closed by a mask is −∞, where no difference can be taken; a loop is of float32
    assert finite
    assert [str(r) for r in finite.values() if not r] == []


@pytest.mark.parametrize("name", NAMES)
def test_another_batch_is_taken(name):
    module, net, example = pair(name)
    net.eval()
    module.eval()
    if net.verified.draws:
        pytest.skip("it draws random numbers of its own")
    wider = tuple(torch.cat([x, x.flip(0), x[:1]]) for x in example)
    for mine, theirs in zip(numbers(net(*arrays(wider))), numbers(module(*wider)), strict=True):
        np.testing.assert_allclose(np.asarray(mine), theirs.detach().numpy(), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_exported_to_onnx(name, tmp_path):
    pytest.importorskip("onnx", reason="onnx is not installed")
    runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    _, net, example = pair(name)
    net.eval()
    if net.verified.draws:
        pytest.skip("ONNX has no form for numbers from a key")
    file = sg.export_onnx(
        net, tmp_path / "net.onnx", tuple(arrays(example)), dynamic_batch="bag" not in name
    )
    session = runtime.InferenceSession(file, providers=["CPUExecutionProvider"])
    feed = {one.name: x for one, x in zip(session.get_inputs(), arrays(example))}
    for mine, theirs in zip(numbers(net(*arrays(example))), session.run(None, feed)):
        np.testing.assert_allclose(np.asarray(mine), theirs, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_twenty_steps_have_the_same_losses_compiled_too(name):
    module, net, example = pair(name)
    if net.verified.draws:
        pytest.skip("it draws random numbers of its own")
    module.train()
    net.train()
    rate = 0.0002 if name == "resnet20" else 0.01  # float32 drifts apart in a deep network
    theirs = torch.optim.SGD(module.parameters(), lr=rate)
    mine = sg.optim.SGD(net.parameters(), lr=rate)

    @sg.compile
    def step(*xs):
        mine.zero_grad()
        loss = loss_of(net(*xs))
        loss.backward()
        mine.step()
        return loss

    for _ in range(20):
        theirs.zero_grad()
        loss = loss_of(module(*example))
        loss.backward()
        theirs.step()
        assert float(step(*arrays(example))) == pytest.approx(loss.item(), rel=1e-4)
    for key, value in sg.to_torch_state(net).items():
        np.testing.assert_allclose(value, module.state_dict()[key].numpy(), rtol=1e-3, atol=1e-4)
