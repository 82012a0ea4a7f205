"""Modules by PyTorch's words: children, apply, to, freezing, buffers, hooks; and their summary."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import seegrad as sg
from seegrad import nn, optim
from seegrad.errors import DTypeError, SeegradError, ShapeError, ValueRangeError

X = np.random.default_rng(0).normal(size=(4, 3))


def network():
    return nn.Sequential(
        nn.Affine(3, 4), nn.BatchNorm(4), nn.ReLU(), nn.Residual(nn.Affine(4, 4)), nn.Affine(4, 2)
    )


def test_what_is_inside_comes_in_order():
    net = network()
    assert [name for name, _ in net.named_children()] == list(net.layers)
    assert net.children() == list(net)
    assert net.get_submodule("residual1.layers.affine1") is net[3].layers[0]
    assert net.get_submodule("") is net
    with pytest.raises(ValueRangeError, match=r"residual1\.layers"):
        net.get_submodule("residual2")
    assert [name for name, _ in net.named_buffers()] == [
        "batch_norm1.running_mean", "batch_norm1.running_var"
    ]  # fmt: skip
    assert len(net.buffers()) == 2
    seen = []
    assert net.apply(seen.append) is net
    assert seen[-1] is net
    assert set(map(id, seen)) == set(map(id, net.modules()))
    assert seen.index(net[3].layers[0]) < seen.index(net[3].layers) < seen.index(net[3])
    shared = nn.Affine(3, 3)
    twice = nn.Sequential(shared, nn.ReLU(), shared)
    assert len(twice.children()) == 2
    assert isinstance(nn.ModuleList([shared]), list)
    named = nn.Sequential({"first": nn.Affine(3, 4), "last": nn.Affine(4, 2)})
    assert [name for name, _ in named.named_parameters()] == [
        "first.W", "first.b", "last.W", "last.b"
    ]  # fmt: skip


def test_another_dtype_for_all():
    net = network()
    shared = nn.Sequential(net[0], nn.Identity())
    before = net(X).value
    assert net.double() is net
    assert {leaf.dtype for _, leaf in net.named_leaves()} == {np.dtype(np.float64)}
    assert shared[0].W is net[0].W
    assert net[0].W.name == "affine1.W"
    np.testing.assert_allclose(net(X).value, before, atol=1e-5)
    (net(X) ** 2).sum().backward()
    assert net[0].W.grad.dtype == np.float64
    assert net.float().half()[0].W.dtype == np.float16
    assert net.to("cpu") is net
    dropped = nn.Sequential(nn.Dropout(0.5), nn.Affine(3, 2)).to(np.float64)
    assert dropped[0].key.dtype.kind in "iu"
    for wrong in ("cuda", np.int64, "float1"):
        with pytest.raises(DTypeError, match="floating-point"):
            net.to(wrong)
    old = optim.SGD(network().parameters())
    net = old.network
    net.double()
    (net(X) ** 2).sum().backward()
    with pytest.raises(SeegradError, match="does not know"):
        old.step()


def test_frozen_and_thawed():
    net = network()
    names = [name for name, _ in net.named_parameters()]
    assert net[1].requires_grad_(False) is net[1]
    left = [name for name, _ in net.named_parameters()]
    assert set(names) - set(left) == {"batch_norm1.gamma", "batch_norm1.beta"}
    twin = copy.deepcopy(net)
    assert [name for name, _ in twin.requires_grad_().named_parameters()] == names
    net.requires_grad_(False)
    assert net.parameters() == []
    assert not net(X).requires_grad
    net.requires_grad_()
    assert [name for name, _ in net.named_parameters()] == names   # and no running mean among them


def test_buffers_and_parameters_by_name(tmp_path):
    class Centred(nn.Module):
        def __init__(self):
            self.register_buffer("middle", np.zeros(3))
            self.register_parameter("scale", nn.parameter(np.ones(3), "scale"))
            self.register_parameter("none", None)

        def forward(self, x):
            return (x - self.middle) * self.scale

    net = Centred()
    assert [name for name, _ in net.named_parameters()] == ["scale"]
    assert list(net.state_dict()) == ["middle", "scale"]
    net.middle.assign(X.mean(axis=0))
    sg.save(net, tmp_path / "c.safetensors")
    again = Centred()
    sg.load(again, tmp_path / "c.safetensors")
    np.testing.assert_array_equal(again(X).value, net(X).value)
    for call in (lambda: net.register_buffer("forward", X), lambda: net.register_buffer("a.b", X),
                 lambda: net.register_parameter("w", X)):  # fmt: skip
        with pytest.raises(SeegradError):
            call()


def test_hooks_are_part_of_what_is_computed():
    net = network().eval()
    plain = net(X).value
    seen = []
    first = net[0].register_forward_hook(lambda m, inputs, out: seen.append((m, len(inputs))))
    second = net[0].register_forward_hook(lambda m, inputs, out: out * 2)
    third = net.register_forward_pre_hook(lambda m, inputs: inputs[0] + 1)
    changed = net(X).value
    assert seen == [(net[0], 1)]
    first.remove()                                    # it would change something at every run
    compiled = sg.compile(net)
    np.testing.assert_allclose(np.asarray(compiled(X)), changed, atol=1e-6)
    for handle in (first, second, third, third):
        handle.remove()
    np.testing.assert_allclose(np.asarray(compiled(X)), plain, atol=1e-6)
    np.testing.assert_array_equal(net(X).value, plain)
    net[2].register_forward_hook(lambda m, inputs, out: None)
    with pytest.raises(DTypeError, match="function"):
        net.register_forward_hook(3)
    holder = nn.Affine(2, 2)
    net.register_forward_hook(lambda m, inputs, out: holder and None)
    assert len(net.parameters()) == len(network().parameters())  # no part of the network


def test_a_summary(monkeypatch):
    net = network()
    before = {name: value.value for name, value in net.named_leaves()}
    told = nn.summary(net, X)
    for name, value in net.named_leaves():
        np.testing.assert_array_equal(value.value, before[name])
    rows = {line.name: line for line in told.lines}
    assert rows["affine1"].output == "(4, 4)"
    assert rows["batch_norm1"].learnt == rows["batch_norm1"].kept == 8
    assert told.learnt == net.count() == sum(line.learnt for line in told.lines)
    text = str(told)
    assert "\x1b" not in text
    assert "Affine(3 → 4)" in text
    assert "(4, 2)" in text
    assert all(len(line) < 100 for line in text.splitlines())
    assert "&" not in told._repr_html_() or "<pre>" in told._repr_html_()
    shared = nn.Affine(3, 3)
    twice = nn.summary(nn.Sequential(shared, nn.ReLU(), shared), X)
    assert "×2" in str(twice)
    assert twice.learnt == 12
    sg.set_language("ko")
    try:
        assert "학습되는 수" in str(nn.summary(net))
    finally:
        sg.set_language("en")
    guessed = nn.summary(nn.Sequential(nn.Embedding(9, 4), nn.LSTM(4, 3, last=True)))
    assert guessed.lines[-1].output == "(1, 3)"
    masked = nn.summary(nn.Sequential(nn.TransformerBlock(8, 2)), np.ones((2, 5, 8)),
                        allowed=np.ones((5, 5), bool))  # fmt: skip
    assert masked.lines[1].output == "(2, 5, 8)"
    with pytest.raises(ShapeError, match="cannot be guessed"):
        nn.summary(nn.ReLU())
    with pytest.raises(DTypeError, match="network"):
        nn.summary(3)
    with pytest.raises(ShapeError, match="does not fit"):
        nn.summary(net, np.ones((2, 5)))
    assert all(module.hooks is None or not module.hooks.after for module in net.modules())
    from rich.console import Console

    console = Console(width=100, force_terminal=True, record=True)
    with console.capture() as shown:
        console.print(told)
    assert "\x1b" in shown.get()


NEW = {
    "lstm": (lambda: nn.LSTM(3, 4, num_layers=2, bidirectional=True, dropout=0.2), (2, 5, 3)),
    "encoder": (
        lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), 2), (2, 5, 8)),
    "conv3d": (lambda: nn.Conv3d(2, 3, 2), (1, 2, 3, 4, 3)),
    "batch_norm3d": (lambda: nn.BatchNorm3d(2), (2, 2, 3, 4, 3)),
    "transposed": (lambda: nn.ConvTranspose1d(2, 3, 2), (1, 2, 5)),
    "pools": (lambda: nn.Sequential(nn.AdaptiveMaxPool2d(3), nn.Upsample(scale=2, mode="bilinear"),
                                    nn.ReflectionPad2d(1), nn.PixelUnshuffle(2)), (1, 2, 7, 5)),
}  # fmt: skip


@pytest.mark.parametrize("name", NEW)
def test_they_are_saved_drawn_and_derived(name, tmp_path):
    make, shape = NEW[name]
    x = np.random.default_rng(1).normal(size=shape)
    net, again = make(), make()
    sg.save(net, tmp_path / "n.safetensors")
    sg.load(again, tmp_path / "n.safetensors")
    net.eval()
    again.eval()
    np.testing.assert_array_equal(net(x).value if isinstance(net(x), sg.Tensor) else net(x),
                                  np.asarray(again(x)))  # fmt: skip
    net.double()
    assert sg.gradcheck(lambda v: (net(v) ** 2).sum(), x)
    graph = net(sg.tensor(x)).graph
    sg.draw(graph, tmp_path / "n.svg")
    assert "<svg" in (tmp_path / "n.svg").read_text("utf-8")
