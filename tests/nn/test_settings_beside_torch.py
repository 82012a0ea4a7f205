"""What a layer or a loss takes by place means there what it means in PyTorch."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import seegrad as sg
from seegrad import nn
from seegrad.errors import CallError, ShapeError, ValueRangeError

torch = pytest.importorskip("torch", reason="torch is not installed")

GONE = {"size_average", "reduce"}
"""What PyTorch's losses have no use for any more."""
SAME = {
    "inputs": {"in_channels", "in_features", "input_size"},
    "outputs": {"out_channels", "out_features"},
    "left": {"in1_features"}, "right": {"in2_features"},
    "hidden": {"hidden_size", "dim_feedforward"},
    "size": {"kernel_size", "output_size"}, "scale": {"scale_factor"},
    "factor": {"upscale_factor", "downscale_factor"},
    "features": {"num_features", "normalized_shape", "num_parameters"},
    "groups": {"num_groups"}, "channels": {"num_channels"},
    "words": {"num_embeddings"}, "width": {"embedding_dim", "d_model"}, "heads": {"nhead"},
    "slope": {"negative_slope", "init"}, "bound": {"lambd"},
    "low": {"min_val"}, "high": {"max_val"}, "axis": {"dim"}, "keepdims": {"keepdim"},
    "layer": {"encoder_layer", "decoder_layer"},
}  # fmt: skip
"""Our words for PyTorch's."""
LAYERS = sorted(
    name for name, layer in vars(nn).items()
    if isinstance(layer, type) and issubclass(layer, nn.Module) and layer is not nn.Module
    and hasattr(torch.nn, name)
)  # fmt: skip


def by_place(layer):
    """The names of what a layer takes by place, or None where it takes any number of things."""
    settings = inspect.signature(layer).parameters.values()
    if any(s.kind is s.VAR_POSITIONAL for s in settings):
        return None
    return [s.name for s in settings if s.kind is not s.KEYWORD_ONLY and s.name not in GONE]


def theirs(name):
    """PyTorch's order; that of its recurrent layers stands in what they call."""
    layer = getattr(torch.nn, name)
    if name in ("RNN", "LSTM", "GRU"):
        _, mode, *rest = by_place(torch.nn.modules.rnn.RNNBase.__init__)
        assert mode == "mode"
        return rest
    return by_place(layer)


@pytest.mark.parametrize("name", LAYERS)
def test_places_mean_the_same(name):
    mine, other = by_place(getattr(nn, name)), theirs(name)
    if mine is None or other is None:
        return
    assert len(mine) <= len(other), mine
    for ours, their in zip(mine, other):
        assert their == ours or their in SAME.get(ours, ()), (mine, other)


CALLS = {
    "momentum=…": lambda: nn.BatchNorm2d(4, 1e-3, 0.01),
    "num_layers=…": lambda: nn.LSTM(8, 5, 2),
    "dilation=…": lambda: nn.ConvTranspose2d(4, 4, 3, 2, 1, 1),
    "ceil_mode=…": lambda: nn.MaxPool2d(3, 2, 1, 2),
    "count_padding=…": lambda: nn.AvgPool2d(3, 2, 1, True),
    "initial=…": lambda: nn.Embedding(10, 3, 0),
    "with_logits=…": lambda: nn.BCELoss(np.ones(3)),
    "delta=…": lambda: nn.HuberLoss(0.5),
    "beta=…": lambda: nn.SmoothL1Loss(0.5),
    "seed=…": lambda: nn.Dropout(0.5, True),
    "ReLU()": lambda: nn.ReLU(inplace=True),
    "inputs, outputs": lambda: nn.Conv2d(in_channels=1, out_channels=2, kernel_size=3),
}


@pytest.mark.parametrize("told", CALLS)
def test_what_has_no_place_is_told_by_its_name(told):
    with pytest.raises(CallError) as caught:
        CALLS[told]()
    assert told in caught.value.asked


def test_what_is_missing_is_told_by_python():
    with pytest.raises(TypeError, match="outputs"):
        nn.Linear(3)


def test_a_module_of_ones_own_is_asked_as_ours():
    class Scale(nn.Module):
        def __init__(self, size, *, start=1.0):
            self.factor = nn.parameter(np.full(size, start), "factor")

        def forward(self, x):
            return x * self.factor

    assert Scale(3, start=2.0)(np.ones(3)).value.tolist() == [2, 2, 2]
    with pytest.raises(CallError, match="start"):
        Scale(3, strat=2.0)
    with pytest.raises(CallError):
        Scale(3, 2.0)


@pytest.mark.parametrize("axes", [(), (0,), (2,), (0, 1), (1, 2), (-2, -1)])
def test_flatten_lays_out_the_axes_that_pytorch_lays_out(axes):
    x = np.arange(24.0).reshape(2, 3, 2, 2)
    there = torch.nn.Flatten(*axes)(torch.tensor(x)).numpy()
    np.testing.assert_array_equal(nn.Flatten(*axes)(x), there)
    compiled = sg.compile(nn.Flatten(*axes))
    np.testing.assert_array_equal(compiled(sg.tensor(x)).value, there)


def test_flatten_refuses_axes_that_are_not_there():
    with pytest.raises(ShapeError):
        nn.Flatten(2, 1)(np.ones((2, 3, 4)))
    with pytest.raises(ShapeError):
        nn.Flatten(1, 5)(np.ones((2, 3, 4)))


@pytest.mark.parametrize("how", ["none", "tanh"])
def test_gelu_takes_pytorchs_words(how):
    x = np.linspace(-3, 3, 7)
    there = torch.nn.GELU(how)(torch.tensor(x)).numpy()
    np.testing.assert_allclose(nn.GELU(how)(x), there, rtol=1e-12, atol=1e-15)
    with pytest.raises(ValueRangeError):
        nn.GELU("erf")
