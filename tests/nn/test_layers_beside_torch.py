"""Stacked recurrence, caches, Transformers, pools, pads and sizes beside PyTorch's layers."""

from __future__ import annotations

import numpy as np
import pytest

import seegrad as sg
from seegrad import nn
from seegrad.errors import (
    CallError,
    DTypeError,
    IndexRangeError,
    SeegradError,
    ShapeError,
    ValueRangeError,
)
from seegrad.nn.torch_names import load_torch_state

torch = pytest.importorskip("torch", reason="torch is not installed")

R = np.random.default_rng(3)
F = np.float64
LINES = R.normal(size=(2, 3, 11))
PICTURES = R.normal(size=(2, 3, 7, 10))
VOLUMES = R.normal(size=(2, 2, 5, 4, 6))
SEQUENCES = R.normal(size=(3, 5, 4))
X = {1: LINES, 2: PICTURES, 3: VOLUMES}


def filled(theirs, ours):
    """Put our values into PyTorch's parameters, in their order."""
    with torch.no_grad():
        for target, values in zip(theirs, ours, strict=True):
            target.copy_(torch.tensor(np.array(values)))


def agree(mine, theirs, x, pairs=(), atol=1e-10):
    """Equal values and derivatives, eager and compiled; pairs: (ours, theirs, a view of theirs)."""
    given, like = sg.tensor(x), torch.tensor(x, requires_grad=True)
    out, wanted = mine(given), theirs(like)
    wanted = wanted[0] if isinstance(wanted, tuple) else wanted
    np.testing.assert_allclose(out.value, wanted.detach().numpy(), atol=atol)
    weights = np.random.default_rng(0).normal(size=out.shape)
    (out * weights).sum().backward()
    (wanted * torch.tensor(weights)).sum().backward()
    np.testing.assert_allclose(given.grad, like.grad.numpy(), atol=atol)
    for ours, other, view in pairs:
        np.testing.assert_allclose(ours.grad, view(other.grad.numpy()), atol=atol)
    slope = sg.compile(sg.grad(lambda v: (mine(v) * weights).sum()))(x)
    np.testing.assert_allclose(np.asarray(slope), like.grad.numpy(), atol=atol)
    return out


WINDOWS = {
    "Conv3d": (3, 2, 4, 3, {"stride": (1, 2, 1), "padding": 1, "groups": 2}),
    "ConvTranspose1d": (1, 3, 4, 3, {"stride": 2, "padding": 1}),
    "ConvTranspose3d": (3, 2, 4, 2, {"stride": 2, "groups": 2}),
}


@pytest.mark.parametrize("name", WINDOWS)
def test_windows_with_weights(name):
    axes, *sizes, settings = WINDOWS[name]
    layer = getattr(nn, name)(*sizes, dtype=F, **settings)
    theirs = getattr(torch.nn, name)(*sizes, **settings).double()
    filled(theirs.parameters(), [layer.W.value, layer.b.value])
    pairs = [(layer.W, theirs.weight, np.asarray), (layer.b, theirs.bias, np.asarray)]
    agree(layer, theirs, X[axes], pairs)
    assert type(layer).__name__ in repr(layer)


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("ceil", [False, True])
@pytest.mark.parametrize("sizes", [(2, None, 0), (3, 2, 1), (3, 3, 0), (2, 3, 0), (3, 2, 0)])
def test_pools(axes, ceil, sizes):
    size, stride, padding = sizes
    for kind in ("MaxPool", "AvgPool"):
        mine = getattr(nn, f"{kind}{axes}d")(size, stride, padding, ceil_mode=ceil)
        theirs = getattr(torch.nn, f"{kind}{axes}d")(size, stride, padding, ceil_mode=ceil)
        agree(mine, theirs, X[axes])
    mine = getattr(nn, f"AvgPool{axes}d")(
        size, stride, padding, count_padding=False, ceil_mode=ceil
    )
    theirs = getattr(torch.nn, f"AvgPool{axes}d")(
        size, stride, padding, count_include_pad=False, ceil_mode=ceil
    )
    agree(mine, theirs, X[axes])


def test_pools_with_dilation():
    agree(
        nn.MaxPool2d(3, 2, 1, ceil_mode=True, dilation=(2, 1)),
        torch.nn.MaxPool2d(3, 2, 1, dilation=(2, 1), ceil_mode=True),
        PICTURES,
    )
    with pytest.raises(ShapeError, match="padding alone"):
        nn.MaxPool2d(2, padding=2)(PICTURES)
    with pytest.raises(ShapeError, match="padding alone"):
        sg.max_pool(LINES, size=2, steps=1, padding=((0, 3),))


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_adaptive_pools(axes, size):
    for kind in ("AdaptiveAvgPool", "AdaptiveMaxPool"):
        theirs = getattr(torch.nn, f"{kind}{axes}d")(size)
        agree(getattr(nn, f"{kind}{axes}d")(size), theirs, X[axes])
    agree(nn.AdaptiveAvgPool2d((None, 4)), torch.nn.AdaptiveAvgPool2d((None, 4)), PICTURES)
    larger = nn.AdaptiveMaxPool2d((9, 3))
    agree(larger, torch.nn.AdaptiveMaxPool2d((9, 3)), PICTURES)


UPSAMPLED = [
    ({"scale": 2}, {"scale_factor": 2}),
    ({"size": (5, 13)}, {"size": (5, 13)}),
    ({"scale": 1.7}, {"scale_factor": 1.7}),
    ({"scale": (0.5, 3)}, {"scale_factor": (0.5, 3)}),
    ({"size": (5, 13), "mode": "nearest-exact"}, {"size": (5, 13), "mode": "nearest-exact"}),
    *(
        (
            {"mode": "bilinear", "align_corners": corners, ours: by},
            {"mode": "bilinear", "align_corners": corners, theirs: by},
        )
        for corners in (False, True)
        for ours, theirs, by in (
            ("size", "size", (5, 13)),
            ("scale", "scale_factor", 2),
            ("scale", "scale_factor", 1.3),
            ("size", "size", (1, 1)),
        )
    ),
]


@pytest.mark.parametrize("case", UPSAMPLED, ids=str)
def test_upsample(case):
    mine, theirs = case
    agree(nn.Upsample(**mine), torch.nn.Upsample(**theirs), PICTURES)


def test_upsample_of_lines_and_volumes():
    agree(nn.Upsample(7, mode="linear"), torch.nn.Upsample(7, mode="linear"), LINES)
    agree(
        nn.Upsample(scale=2, mode="trilinear", align_corners=True),
        torch.nn.Upsample(scale_factor=2, mode="trilinear", align_corners=True),
        VOLUMES,
    )
    for settings, kind in (
        ({}, ValueRangeError),
        ({"size": 2, "scale": 2}, ValueRangeError),
        ({"size": 2, "mode": "cubic"}, ValueRangeError),
        ({"size": 2, "mode": "trilinear"}, ShapeError),
        ({"scale": 0.01}, ValueRangeError),
        ({"size": 2, "align_corners": True}, ValueRangeError),
    ):
        with pytest.raises(kind):
            nn.Upsample(**settings)(PICTURES)
    with pytest.raises(SeegradError):
        nn.interpolate(np.ones((2, 3)), 2)


def test_pixels_shuffled_and_back():
    x = R.normal(size=(2, 12, 3, 4))
    agree(nn.PixelShuffle(2), torch.nn.PixelShuffle(2), x)
    back = nn.PixelUnshuffle(2)
    agree(back, torch.nn.PixelUnshuffle(2), R.normal(size=(2, 3, 4, 6)))
    np.testing.assert_array_equal(back(nn.PixelShuffle(2)(x)), x)
    with pytest.raises(ShapeError, match="no batch of pictures"):
        nn.PixelShuffle(5)(x)
    with pytest.raises(ShapeError, match="no batch of pictures"):
        back(np.ones((1, 1, 3, 4)))


PADS = ("ZeroPad", "ReflectionPad", "ReplicationPad", "CircularPad")


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("kind", PADS)
def test_pads(kind, axes):
    for padding in (1, tuple((2, 0, 1, 3, 1, 2)[: 2 * axes])):
        theirs = getattr(torch.nn, f"{kind}{axes}d")(padding)
        agree(getattr(nn, f"{kind}{axes}d")(padding), theirs, X[axes])
    agree(
        getattr(nn, f"ConstantPad{axes}d")(2, 1.5),
        getattr(torch.nn, f"ConstantPad{axes}d")(2, 1.5),
        X[axes],
    )
    with pytest.raises(ValueRangeError, match="each side"):
        getattr(nn, f"{kind}{axes}d")((1, 2, 3))


def test_pad_by_numpys_modes():
    x = R.normal(size=(3, 4))
    for mode in ("edge", "reflect", "symmetric", "wrap"):
        for widths in (2, ((1, 2), (0, 9))):
            wanted = np.pad(x, widths, mode=mode)
            np.testing.assert_array_equal(sg.pad(x, widths, mode=mode), wanted)
            np.testing.assert_array_equal(np.pad(sg.tensor(x), widths, mode=mode), wanted)
            assert sg.gradcheck(lambda v, w=widths, m=mode: sg.pad(v, w, mode=m), x)
    with pytest.raises(ValueRangeError, match="replicate"):
        sg.pad(x, 1, mode="mean")
    with pytest.raises(ShapeError, match="empty"):
        sg.pad(np.ones((0, 2)), 1, mode="wrap")


@pytest.mark.parametrize("axes", [1, 3])
def test_batch_norm(axes):
    x = X[axes]
    mine = getattr(nn, f"BatchNorm{axes}d")(x.shape[1], dtype=F)
    theirs = getattr(torch.nn, f"BatchNorm{axes}d")(x.shape[1]).double()
    agree(mine, theirs, x)
    filled(
        (theirs.running_mean, theirs.running_var), (mine.running_mean.value, mine.running_var.value)
    )
    agree(mine.eval(), theirs.eval(), x)
    rows = nn.BatchNorm1d(4, dtype=F)
    agree(rows, torch.nn.BatchNorm1d(4).double(), R.normal(size=(6, 4)))


# ------------------------------------------------------------- recurrence

GATES = {"RNN": 1, "LSTM": 4, "GRU": 3}


def stacked(kind, layers, both, hidden=3, **settings):
    mine = getattr(nn, kind)(4, hidden, num_layers=layers, bidirectional=both, dtype=F, **settings)
    theirs = getattr(torch.nn, kind)(
        4, hidden, layers, bidirectional=both, batch_first=True
    ).double()
    for number in range(layers):
        for end in ("", "_reverse")[: 1 + both]:
            own = (f"_l{number}" if number else "") + end
            with torch.no_grad():
                for name, word, turn in (
                    ("W", "weight_ih", True),
                    ("U", "weight_hh", True),
                    ("b", "bias_ih", False),
                    ("c", "bias_hh", False),
                ):
                    values = np.array(getattr(mine, name + own).value)
                    getattr(theirs, f"{word}_l{number}{end}").copy_(
                        torch.tensor(values.T.copy() if turn else values)
                    )
    return mine, theirs


@pytest.mark.parametrize("length", [5, 13])
@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("kind", GATES)
def test_stacks_both_ways(kind, both, length):
    x = R.normal(size=(2, length, 4))
    mine, theirs = stacked(kind, 2, both)
    end = "_l1_reverse" if both else "_l1"
    pairs = [
        (
            getattr(mine, f"U{end}"),
            getattr(theirs, f"weight_hh_l1{'_reverse' * both}"),
            np.transpose,
        ),
        (mine.W, theirs.weight_ih_l0, np.transpose),
    ]
    agree(mine, theirs, x, pairs)
    ways = 1 + both
    start = [R.normal(size=(2 * ways, 2, 3)) for _ in range(mine.states)]
    out, state = mine.run(x, tuple(start))
    given = tuple(map(torch.tensor, start))
    wanted, ended = theirs(torch.tensor(x), given if kind == "LSTM" else given[0])
    np.testing.assert_allclose(out.value, wanted.detach(), atol=1e-10)
    for ours, other in zip(state, ended if kind == "LSTM" else (ended,), strict=True):
        np.testing.assert_allclose(ours.value, other.detach(), atol=1e-10)
    mine.last = True
    both_ends = [ended[0] if kind == "LSTM" else ended][0][-ways:]
    np.testing.assert_allclose(
        mine.run(x, tuple(start))[0].value,
        np.concatenate(list(both_ends.detach()), axis=1),
        atol=1e-10,
    )


def test_a_stacks_names_state_and_dropout():
    net = nn.LSTM(4, 3, num_layers=2, bidirectional=True, dropout=0.5)
    names = [name for name, _ in net.named_parameters()]
    assert names[:5] == ["W", "U", "b", "c", "W_reverse"]
    assert "U_l1_reverse" in names
    assert len(names) == 16
    other = nn.LSTM(4, 3, num_layers=2, bidirectional=True, dropout=0.5)
    other.load_state_dict(net.state_dict())
    np.testing.assert_array_equal(net.eval()(SEQUENCES), other.eval()(SEQUENCES))
    assert not np.allclose(net.train()(SEQUENCES), other(SEQUENCES))
    assert repr(net).startswith("LSTM(")
    with pytest.raises(ShapeError, match=r"\(4, 3, 3\)"):
        net.run(SEQUENCES, (np.zeros((3, 3)),) * 2)
    with pytest.raises(ValueRangeError):
        nn.GRU(4, 3, num_layers=0)


# ------------------------------------------------------------- attention

MASK = R.random((3, 1, 5, 5)) > 0.3
MASK |= np.eye(5, dtype=bool)


def transformer(kind, **settings):
    mine = getattr(nn, kind)(8, 2, 16, dropout=0.0, dtype=F, **settings)
    theirs = getattr(torch.nn, kind)(8, 2, 16, dropout=0.0, batch_first=True, **settings).double()
    blocks = [(mine.attention, theirs.self_attn)]
    norms = [(mine.norm1, theirs.norm1), (mine.norm2, theirs.norm2)]
    if kind.endswith("DecoderLayer"):
        blocks.append((mine.cross, theirs.multihead_attn))
        norms.append((mine.norm3, theirs.norm3))
    with torch.no_grad():
        for ours, other in blocks:
            inner = (ours.query, ours.key, ours.value)
            filled(
                (
                    other.in_proj_weight,
                    other.in_proj_bias,
                    other.out_proj.weight,
                    other.out_proj.bias,
                ),
                (
                    np.concatenate([one.W.value.T for one in inner]),
                    np.concatenate([one.b.value for one in inner]),
                    ours.out.W.value.T,
                    ours.out.b.value,
                ),
            )
        for ours, other in norms:
            ours.gamma.assign(R.normal(size=8))
            filled((other.weight, other.bias), (ours.gamma.value, ours.beta.value))
        first, *_, second = mine.network
        for ours, other in ((first, theirs.linear1), (second, theirs.linear2)):
            filled((other.weight, other.bias), (ours.W.value.T, ours.b.value))
    return mine, theirs


@pytest.mark.parametrize("settings", [{}, {"norm_first": True, "activation": "gelu"}], ids=str)
def test_encoder_and_decoder_layers(settings):
    x, memory = R.normal(size=(3, 5, 8)), R.normal(size=(3, 7, 8))
    mine, theirs = transformer("TransformerEncoderLayer", **settings)
    agree(mine, theirs, x)
    refused = torch.tensor(np.repeat(~MASK[:, 0], 2, axis=0))
    agree(lambda v: mine(v, allowed=MASK), lambda v: theirs(v, src_mask=refused), x)
    mine, theirs = transformer("TransformerDecoderLayer", **settings)
    later = torch.nn.Transformer.generate_square_subsequent_mask(5, dtype=torch.float64)
    like = torch.tensor(memory)
    agree(lambda v: mine(v, memory), lambda v: theirs(v, like, tgt_mask=later), x)
    agree(lambda v: mine(x, v), lambda v: theirs(torch.tensor(x), v, tgt_mask=later), memory)


def test_stacks_of_transformer_layers():
    layer = nn.TransformerEncoderLayer(8, 2, hidden=16, dropout=0.0)
    net = nn.TransformerEncoder(layer, 3, norm=nn.LayerNorm(8))
    assert len(net.layers) == 3
    assert net.layers[0] is layer
    assert not np.allclose(net.layers[1].attention.query.W.value, layer.attention.query.W.value)
    x = R.normal(size=(3, 5, 8)).astype(np.float32)
    by_hand = x
    for one in net.layers:
        by_hand = one(by_hand, MASK)
    np.testing.assert_allclose(net(x, allowed=MASK).value, net.norm(by_hand).value)
    assert net.count() == 3 * layer.count() + 16
    with pytest.raises(DTypeError, match="Sequential"):
        nn.TransformerEncoder(nn.Affine(8, 8), 2)
    with pytest.raises(ValueRangeError, match="relu"):
        nn.TransformerEncoderLayer(8, 2, activation="swoosh")


def test_step_by_step_with_a_cache_is_the_whole():
    blocks = [nn.TransformerBlock(8, 2, causal=True, dtype=F) for _ in range(2)]
    places, words = nn.Positions(9, 8, dtype=F), R.normal(size=(3, 9, 8))
    whole = places(words)
    for block in blocks:
        whole = block(whole)

    def step(x, caches):
        x, after = places(x, start=caches[0][2]), []
        for block, cache in zip(blocks, caches):
            x, cache = block.run(x, cache)
            after.append(cache)
        return x, after

    for call in (step, sg.compile(step)):
        caches, found = [block.cache(3, 9) for block in blocks], []
        for start, stop in ((0, 1), (1, 2), (2, 3), (3, 7), (7, 9)):
            out, caches = call(words[:, start:stop], caches)
            found.append(np.asarray(out))
        np.testing.assert_allclose(np.concatenate(found, axis=1), whole.value, atol=1e-12)
    layer = nn.MultiHeadAttention(8, 2)
    _, cache = layer.run(words[:, :4], layer.cache(3, 5))
    with pytest.raises(IndexRangeError, match="cache is full"):
        layer.run(words[:, :2], cache)
    with pytest.raises(ShapeError, match="between sequences"):
        layer.run(words[:2, :1], cache)


def test_masks_reach_the_layers_that_take_them():
    net = nn.Sequential(
        nn.Affine(8, 8, dtype=F),
        nn.TransformerBlock(8, 2, dtype=F),
        nn.Residual(nn.MultiHeadAttention(8, 2, dtype=F)),
        nn.LayerNorm(8, dtype=F),
    )
    x = R.normal(size=(3, 5, 8))
    by_hand = net[1](net[0](x), MASK)
    by_hand = net[3](by_hand + net[2].layers[0](by_hand, allowed=MASK))
    np.testing.assert_allclose(net(x, allowed=MASK).value, by_hand.value)
    assert not np.allclose(net(x).value, by_hand.value)
    compiled = sg.compile(net)
    np.testing.assert_allclose(np.asarray(compiled(x, allowed=MASK)), by_hand.value, atol=1e-12)
    with pytest.raises(CallError, match="allowd"):
        net(x, allowd=MASK)
    with pytest.raises(TypeError):
        nn.Sequential(nn.ReLU())(x, allowed=MASK)


# ------------------------------------------------------------- and the rest


def test_bilinear_identity_and_bags():
    layer, theirs = nn.Bilinear(3, 4, 2, dtype=F), torch.nn.Bilinear(3, 4, 2).double()
    filled(theirs.parameters(), [layer.W.value, layer.b.value])
    x, z = R.normal(size=(5, 3)), R.normal(size=(5, 4))
    agree(
        lambda v: layer(v, z),
        lambda v: theirs(v, torch.tensor(z)),
        x,
        [(layer.W, theirs.weight, np.asarray)],
    )
    with pytest.raises(ShapeError, match="does not fit"):
        layer(x, x)
    assert nn.Identity()(sg.tensor(x)).value is not None
    words, flat = R.integers(0, 10, (4, 6)), R.integers(0, 10, 11)
    starts = np.array([0, 3, 3, 7])
    for mode in ("mean", "sum", "max"):
        mine, theirs = (
            nn.EmbeddingBag(10, 3, mode=mode, dtype=F),
            torch.nn.EmbeddingBag(10, 3, mode=mode),
        )
        theirs = theirs.double()
        filled(theirs.parameters(), [mine.W.value])
        np.testing.assert_allclose(mine(words).value, theirs(torch.tensor(words)).detach())
        out, wanted = mine(flat, offsets=starts), theirs(torch.tensor(flat), torch.tensor(starts))
        np.testing.assert_allclose(out.value, wanted.detach(), atol=1e-12)
        (out * out).sum().backward()
        (wanted * wanted).sum().backward()
        np.testing.assert_allclose(mine.W.grad, theirs.weight.grad, atol=1e-12)
    weighted = nn.EmbeddingBag(10, 3, mode="sum", dtype=F)
    filled(theirs.parameters(), [weighted.W.value])
    theirs.mode = "sum"
    shares = R.random((4, 6))
    np.testing.assert_allclose(
        weighted(words, weights=shares).value,
        theirs(torch.tensor(words), per_sample_weights=torch.tensor(shares)).detach(),
    )
    for call in (
        lambda: weighted(flat),
        lambda: weighted(flat, offsets=[1, 2]),
        lambda: weighted(flat, offsets=[0, 20]),
        lambda: nn.EmbeddingBag(3, 2, mode="median"),
        lambda: nn.EmbeddingBag(10, 3)(words, weights=shares),
    ):
        with pytest.raises(SeegradError):
            call()


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
def test_stacks_that_read_both_ways_take_pytorchs_state(name):
    theirs = getattr(torch.nn, name)(3, 4, num_layers=2, bidirectional=True, batch_first=True)
    ours = getattr(nn, name)(3, 4, num_layers=2, bidirectional=True)
    load_torch_state(ours, {k: v.detach().numpy() for k, v in theirs.state_dict().items()})
    x = R.standard_normal((2, 5, 3)).astype(np.float32)
    expected, _ = theirs(torch.from_numpy(x))
    np.testing.assert_allclose(ours(x).value, expected.detach().numpy(), rtol=1e-5, atol=1e-6)
    back = sg.to_torch_state(ours)
    assert set(back) == set(theirs.state_dict())
