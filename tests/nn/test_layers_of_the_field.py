"""Convolution, pooling, norms, attention and recurrence as layers, each against PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

import seegrad as sg
from seegrad import nn
from seegrad.errors import DTypeError, IndexRangeError, SeegradError, ShapeError, ValueRangeError
from seegrad.nn.layers import recurrent

CHANCE = np.random.default_rng(0)
PICTURES = CHANCE.standard_normal((3, 4, 7, 6))
SEQUENCES = CHANCE.standard_normal((3, 5, 8))
F = np.float64


def torch_of():
    return pytest.importorskip("torch")


def give(theirs, ours):
    """Put our values into PyTorch's parameters."""
    torch = torch_of()
    with torch.no_grad():
        for target, values in zip(theirs, ours):
            target.copy_(torch.tensor(np.array(values)))


def agree(layer, theirs, x, pairs, atol=1e-10):
    """Equal values and derivatives; `pairs`: (our parameter, their parameter, a view of theirs)."""
    torch = torch_of()
    ours, other = sg.tensor(x), torch.tensor(x, requires_grad=True)
    out, expected = layer(ours), theirs(other)
    expected = expected[0] if isinstance(expected, tuple) else expected
    np.testing.assert_allclose(out.value, expected.detach(), atol=atol)
    weights = CHANCE.standard_normal(out.shape)
    (out * weights).sum().backward()
    (expected * torch.tensor(weights)).sum().backward()
    np.testing.assert_allclose(ours.grad, other.grad, atol=atol)
    for mine, their, view in pairs:
        np.testing.assert_allclose(mine.grad, view(their.grad.numpy()), atol=atol)


def plain(a):
    return a


def turned(a):
    return a.T


@pytest.mark.parametrize("settings", [
    {}, {"stride": 2, "padding": 1}, {"dilation": 2, "groups": 2}, {"padding": "same"},
    {"bias": False, "stride": (1, 2)},
], ids=str)  # fmt: skip
def test_conv2d(settings):
    torch = torch_of()
    layer = nn.Conv2d(4, 6, 3, dtype=F, **settings)
    theirs = torch.nn.Conv2d(4, 6, 3, **settings).double()
    own = [p for p in (layer.W, layer.b) if p is not None]
    give(theirs.parameters(), [p.value for p in own])
    agree(layer, theirs, PICTURES, [(a, b, plain) for a, b in zip(own, theirs.parameters())])


def test_conv1d():
    torch = torch_of()
    layer = nn.Conv1d(5, 4, 3, padding=1, dtype=F)
    theirs = torch.nn.Conv1d(5, 4, 3, padding=1).double()
    give(theirs.parameters(), [layer.W.value, layer.b.value])
    agree(layer, theirs, SEQUENCES, [(layer.W, theirs.weight, plain)])


def test_conv_transpose2d():
    torch = torch_of()
    settings = {"stride": 2, "padding": 1, "groups": 2}
    layer = nn.ConvTranspose2d(4, 6, 3, more=1, dtype=F, **settings)
    theirs = torch.nn.ConvTranspose2d(4, 6, 3, output_padding=1, **settings).double()
    give(theirs.parameters(), [layer.W.value, layer.b.value])
    agree(layer, theirs, PICTURES, [(layer.W, theirs.weight, plain), (layer.b, theirs.bias, plain)])


SIMPLE = {
    "max pool": (nn.MaxPool2d(2), lambda t: t.nn.MaxPool2d(2)),
    "max pool, overlapping": (nn.MaxPool2d(3, 2, 1), lambda t: t.nn.MaxPool2d(3, 2, 1)),
    "average pool": (nn.AvgPool2d(3, 2, 1), lambda t: t.nn.AvgPool2d(3, 2, 1)),
    "batch norm of pictures": (
        nn.BatchNorm2d(4, dtype=F), lambda t: t.nn.BatchNorm2d(4).double()),
    "group norm": (nn.GroupNorm(2, 4, dtype=F), lambda t: t.nn.GroupNorm(2, 4).double()),
}  # fmt: skip


@pytest.mark.parametrize("name", SIMPLE)
def test_layers_without_drawn_weights(name):
    layer, make = SIMPLE[name]
    agree(layer, make(torch_of()), PICTURES, [])


def test_pooling_along_one_axis():
    torch = torch_of()
    agree(nn.MaxPool1d(2), torch.nn.MaxPool1d(2), SEQUENCES, [])
    agree(nn.AvgPool1d(2), torch.nn.AvgPool1d(2), SEQUENCES, [])


def test_global_pooling_is_of_each_channel():
    torch = torch_of()
    whole = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())
    agree(nn.GlobalAvgPool(), whole, PICTURES, [])
    whole = torch.nn.Sequential(torch.nn.AdaptiveMaxPool2d(1), torch.nn.Flatten())
    agree(nn.GlobalMaxPool(), whole, PICTURES, [])
    for layer in (nn.GlobalAvgPool(), nn.GlobalMaxPool()):
        with pytest.raises(ShapeError, match="no places to pool"):
            layer(np.zeros((2, 3)))


def test_batch_norm_of_pictures_keeps_means_as_pytorch_and_uses_them():
    torch = torch_of()
    layer, theirs = nn.BatchNorm2d(4, dtype=F), torch.nn.BatchNorm2d(4).double()
    for _ in range(3):
        layer(PICTURES)
        theirs(torch.tensor(PICTURES))
    np.testing.assert_allclose(layer.running_mean.value, theirs.running_mean, atol=1e-12)
    np.testing.assert_allclose(layer.running_var.value, theirs.running_var, atol=1e-12)
    out, expected = layer.eval()(PICTURES), theirs.eval()(torch.tensor(PICTURES))
    np.testing.assert_allclose(out.value, expected.detach(), atol=1e-12)


def test_embedding():
    torch = torch_of()
    layer, theirs = nn.Embedding(10, 4, dtype=F), torch.nn.Embedding(10, 4).double()
    give(theirs.parameters(), [layer.W.value])
    words = CHANCE.integers(0, 10, (3, 7))
    out = layer(words)
    weights = CHANCE.standard_normal(out.shape)
    (out * weights).sum().backward()
    (theirs(torch.tensor(words)) * torch.tensor(weights)).sum().backward()
    np.testing.assert_allclose(layer.W.grad, theirs.weight.grad, atol=1e-12)


def test_positions_add_a_row_each_and_end():
    layer = nn.Positions(6, 8, dtype=F)
    np.testing.assert_allclose(layer(SEQUENCES).value, SEQUENCES + layer.W.value[:5])
    with pytest.raises(ShapeError, match="up to 6"):
        layer(np.zeros((1, 7, 8)))


def their_attention(layer, torch, heads):
    theirs = torch.nn.MultiheadAttention(8, heads, batch_first=True).double()
    inner = (layer.query, layer.key, layer.value)
    give(
        [theirs.in_proj_weight, theirs.in_proj_bias, theirs.out_proj.weight, theirs.out_proj.bias],
        [
            np.concatenate([p.W.value.T for p in inner]),
            np.concatenate([p.b.value for p in inner]),
            layer.out.W.value.T,
            layer.out.b.value,
        ],
    )
    return theirs


@pytest.mark.parametrize("causal", [False, True])
def test_attention(causal):
    torch = torch_of()
    layer = nn.MultiHeadAttention(8, heads=2, causal=causal, dtype=F)
    theirs = their_attention(layer, torch, 2)
    hidden = torch.triu(torch.ones(5, 5, dtype=bool), 1) if causal else None
    agree(
        layer,
        lambda x: theirs(x, x, x, attn_mask=hidden),
        SEQUENCES,
        [
            (layer.query.W, theirs.in_proj_weight, lambda g: g[:8].T),
            (layer.value.W, theirs.in_proj_weight, lambda g: g[16:].T),
            (layer.out.W, theirs.out_proj.weight, turned),
        ],
    )


def test_attention_to_another_sequence():
    torch = torch_of()
    layer = nn.MultiHeadAttention(8, heads=4, dtype=F)
    theirs = their_attention(layer, torch, 4)
    memory = CHANCE.standard_normal((3, 9, 8))
    m = torch.tensor(memory)
    out, (expected, _) = layer(SEQUENCES, memory), theirs(torch.tensor(SEQUENCES), m, m)
    np.testing.assert_allclose(out.value, expected.detach(), atol=1e-12)


def test_causal_attention_does_not_see_what_comes():
    layer = nn.TransformerBlock(8, heads=2, causal=True, dtype=F)
    other = SEQUENCES.copy()
    other[:, 3:] = 9.0
    np.testing.assert_allclose(layer(SEQUENCES).value[:, :3], layer(other).value[:, :3])
    assert not np.allclose(layer(SEQUENCES).value[:, 3:], layer(other).value[:, 3:])


def test_transformer_block():
    torch = torch_of()
    layer = nn.TransformerBlock(8, heads=2, hidden=12, dtype=F)
    theirs = torch.nn.TransformerEncoderLayer(
        8, 2, 12, 0.0, "gelu", batch_first=True, norm_first=True
    ).double()
    inner = their_attention(layer.attention, torch, 2)
    theirs.self_attn = inner
    first, _, second = layer.network
    give(
        [theirs.linear1.weight, theirs.linear1.bias, theirs.linear2.weight, theirs.linear2.bias],
        [first.W.value.T, first.b.value, second.W.value.T, second.b.value],
    )
    agree(
        layer,
        theirs,
        SEQUENCES,
        [
            (first.W, theirs.linear1.weight, turned),
            (layer.norm1.gamma, theirs.norm1.weight, plain),
            (layer.attention.key.W, inner.in_proj_weight, lambda g: g[8:16].T),
        ],
    )


RECURRENT = {"RNN": nn.RNN, "LSTM": nn.LSTM, "GRU": nn.GRU}


def their_recurrent(layer, torch, name):
    theirs = getattr(torch.nn, name)(8, 6, batch_first=True).double()
    give(theirs.parameters(), [layer.W.value.T, layer.U.value.T, layer.b.value, layer.c.value])
    return theirs


@pytest.mark.parametrize("name", RECURRENT)
def test_recurrent_layers(name):
    torch = torch_of()
    layer = RECURRENT[name](8, 6, dtype=F)
    theirs = their_recurrent(layer, torch, name)
    agree(
        layer,
        theirs,
        SEQUENCES,
        [
            (layer.W, theirs.weight_ih_l0, turned),
            (layer.U, theirs.weight_hh_l0, turned),
            (layer.b, theirs.bias_ih_l0, plain),
            (layer.c, theirs.bias_hh_l0, plain),
        ],
    )


@pytest.mark.parametrize("name", RECURRENT)
def test_a_sequence_in_two_parts_is_the_whole(name):
    layer = RECURRENT[name](8, 6, dtype=F)
    whole, end = layer.run(SEQUENCES)
    first, state = layer.run(SEQUENCES[:, :2])
    second, last = layer.run(SEQUENCES[:, 2:], nn.detached(state))
    np.testing.assert_allclose(
        np.concatenate([first.value, second.value], axis=1), whole.value, atol=1e-14
    )
    for a, b in zip(end, last):
        np.testing.assert_allclose(a.value, b.value, atol=1e-14)
    layer.last = True
    np.testing.assert_allclose(layer(SEQUENCES).value, whole.value[:, -1])


@pytest.mark.parametrize("name", RECURRENT)
@pytest.mark.parametrize("last", [False, True])
def test_a_long_sequence_is_one_loop_and_gives_what_its_steps_do(name, last, monkeypatch):
    layer = RECURRENT[name](8, 6, last=last, dtype=F)
    x = CHANCE.standard_normal((3, recurrent.UNROLLED + 4, 8))

    def run():
        layer.zero_grad()
        y = layer(x)
        (y * y).sum().backward()
        return [y.value, *(p.grad for p in layer.parameters())], y

    def compiled():
        layer.zero_grad()
        y = layer(x)
        (y * y).sum().backward()
        return y

    scanned, y = run()
    assert sum(n.op.name == "scan" for n in y.graph.operations) == 1
    layer.zero_grad()
    native = [sg.compile(compiled)().value, *(p.grad for p in layer.parameters())]
    monkeypatch.setattr(recurrent, "UNROLLED", 100)
    unrolled, _ = run()
    for a, b, c in zip(scanned, unrolled, native):
        np.testing.assert_allclose(a, b, atol=1e-12)
        np.testing.assert_allclose(c, b, atol=1e-12)


@pytest.mark.parametrize("length", [1, 2, 3, 7, 12])
def test_any_length_of_a_sequence(length):
    x = sg.tensor(CHANCE.standard_normal((2, length, 8)))
    layer = nn.GRU(8, 3, dtype=F)
    layer(x).sum().backward()
    report = sg.gradcheck(lambda x: layer(x).sum(), x.value)
    assert report, str(report)
    assert x.grad.shape == x.shape


def test_residual_adds_what_came_in():
    inner = nn.Affine(4, 4, dtype=F)
    x = CHANCE.standard_normal((3, 4))
    np.testing.assert_allclose(nn.Residual(inner)(x).value, x + inner(x).value)
    wide = nn.Residual(nn.Affine(4, 6, dtype=F), shortcut=nn.Affine(4, 6, bias=False, dtype=F))
    assert wide(x).shape == (3, 6)
    assert len(wide.parameters()) == 3
    with pytest.raises(ShapeError, match="branches"):
        nn.Residual(nn.Affine(4, 6))(x)


def test_names_boxes_and_kinds_of_a_whole_network():
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                        nn.Affine(2 * 13 * 13, 10))  # fmt: skip
    assert [n for n, _ in net.named_parameters()] == [
        "conv1.W",
        "conv1.b",
        "affine1.W",
        "affine1.b",
    ]
    assert "conv1: Conv2d(1 → 2, 3×3)" in repr(net)
    out = net(np.zeros((2, 1, 28, 28), np.float32))
    assert out.shape == (2, 10)
    assert out.dtype == np.float32


def test_float32_stays_float32():
    net = nn.Sequential(nn.Embedding(5, 4), nn.Positions(6, 4), nn.TransformerBlock(4, 2),
                        nn.GRU(4, 3, last=True), nn.Affine(3, 2))  # fmt: skip
    loss = nn.SoftmaxWithLoss()(net(np.zeros((2, 6), int)), np.array([0, 1]))
    loss.backward()
    assert loss.dtype == np.float32
    assert {p.grad.dtype for p in net.parameters()} == {np.dtype(np.float32)}


REFUSED = {
    "channels last": (lambda: nn.Conv2d(3, 4, 3)(np.zeros((1, 8, 8, 3))), ShapeError, "moveaxis"),
    "no channels": (lambda: nn.Conv2d(1, 4, 3)(np.zeros((1, 8, 8))), ShapeError, "x[:, None]"),
    "flat pictures": (
        lambda: nn.Conv2d(1, 4, 3)(np.zeros((2, 784))), ShapeError, "reshape(-1, 1, 28, 28)"),
    "a window of 0": (lambda: nn.Conv2d(1, 4, 0), ValueRangeError, "size"),
    "three sizes": (lambda: nn.Conv2d(1, 4, (1, 2, 3)), ValueRangeError, "each axis"),
    "groups": (lambda: nn.Conv2d(3, 4, 3, groups=2), ValueRangeError, "equal parts"),
    "half a channel": (lambda: nn.Conv2d(1.5, 4, 3), ValueRangeError, "inputs"),
    "heads": (lambda: nn.MultiHeadAttention(8, 3), ValueRangeError, "equal parts"),
    "a flat input": (lambda: nn.MultiHeadAttention(8, 2)(np.zeros((5, 8))), ShapeError, "between"),
    "another width": (lambda: nn.GRU(4, 3)(np.zeros((2, 5, 6))), ShapeError, "does not fit"),
    "one sequence": (lambda: nn.GRU(4, 3)(np.zeros((5, 4))), ShapeError, "x[None]"),
    "no positions": (lambda: nn.GRU(4, 3)(np.zeros((2, 0, 4))), ShapeError, "at least one"),
    "a foreign state": (
        lambda: nn.LSTM(4, 3).run(np.zeros((2, 5, 4)), (np.zeros((2, 3)),)), ShapeError, "state"),
    "broken words": (lambda: nn.Embedding(4, 2)(np.zeros(3)), DTypeError, "whole numbers"),
    "an unknown word": (lambda: nn.Embedding(4, 2)(np.array([4])), IndexRangeError, "out of range"),
    "no picture": (lambda: nn.MaxPool2d(2)(np.zeros((3, 4))), ShapeError, "pictures"),
    "no places": (lambda: nn.GlobalAvgPool()(np.zeros((3, 4))), ShapeError, "no places"),
    "group norm": (lambda: nn.GroupNorm(3, 4), ValueRangeError, "equal parts"),
    "one value a channel": (
        lambda: nn.BatchNorm2d(4)(np.zeros((1, 4, 1, 1))), ShapeError, "variance"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_refused(name):
    call, kind, words = REFUSED[name]
    with pytest.raises(kind) as caught:
        call()
    assert isinstance(caught.value, SeegradError)
    assert words in str(caught.value)
