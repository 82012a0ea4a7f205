"""Layers and losses beside PyTorch's of the same name: values and gradients."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import seegrad as sg
from seegrad import nn
from seegrad.errors import SeegradError

torch = pytest.importorskip("torch", reason="torch is not installed")

R = np.random.default_rng(11)
X = R.normal(size=(6, 5)) * 2
PICTURES = R.normal(size=(2, 3, 4, 4))
ACTIVATIONS = {
    "CELU": (nn.CELU(0.8), lambda: torch.nn.CELU(0.8)),
    "SELU": (nn.SELU(), lambda: torch.nn.SELU()),
    "Mish": (nn.Mish(), lambda: torch.nn.Mish()),
    "Hardsigmoid": (nn.Hardsigmoid(), lambda: torch.nn.Hardsigmoid()),
    "Hardswish": (nn.Hardswish(), lambda: torch.nn.Hardswish()),
    "Hardtanh": (nn.Hardtanh(-0.5, 2.0), lambda: torch.nn.Hardtanh(-0.5, 2.0)),
    "ReLU6": (nn.ReLU6(), lambda: torch.nn.ReLU6()),
    "Softsign": (nn.Softsign(), lambda: torch.nn.Softsign()),
    "Tanhshrink": (nn.Tanhshrink(), lambda: torch.nn.Tanhshrink()),
    "LogSigmoid": (nn.LogSigmoid(), lambda: torch.nn.LogSigmoid()),
    "Hardshrink": (nn.Hardshrink(), lambda: torch.nn.Hardshrink()),
    "Softshrink": (nn.Softshrink(), lambda: torch.nn.Softshrink()),
    "LogSoftmax": (nn.LogSoftmax(), lambda: torch.nn.LogSoftmax(-1)),
    "PReLU": (nn.PReLU(dtype=np.float64), lambda: torch.nn.PReLU(dtype=torch.float64)),
}


def both(mine, theirs, x):
    given, like = sg.tensor(x), torch.tensor(x, requires_grad=True)
    weights = np.random.default_rng(0).normal(size=np.shape(mine(given)))
    (mine(given) * weights).sum().backward()
    (theirs(like) * torch.tensor(weights)).sum().backward()
    np.testing.assert_allclose(mine(given).value, theirs(like).detach().numpy(), 1e-7, 1e-9)
    np.testing.assert_allclose(given.grad, like.grad.numpy(), 1e-7, 1e-9)
    np.testing.assert_allclose(sg.compile(mine)(x), mine(x), 1e-12, 1e-13)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name):
    mine, theirs = ACTIVATIONS[name]
    both(mine, theirs(), X)


def test_gated_and_normalised():
    both(nn.GLU(), torch.nn.GLU(), R.normal(size=(3, 8)))
    both(nn.RMSNorm(5, dtype=np.float64), torch.nn.RMSNorm(5, eps=1e-6, dtype=torch.float64), X)
    theirs = torch.nn.InstanceNorm2d(3, affine=True, dtype=torch.float64)
    both(nn.InstanceNorm(3, dtype=np.float64), theirs, PICTURES)
    theirs = torch.nn.PReLU(3, dtype=torch.float64)
    both(nn.PReLU(3, dtype=np.float64), theirs, PICTURES)


LABELS = np.array([0, 4, 2, 2, 1, 3])
SHARES = np.abs(R.normal(size=(6, 5)))
SHARES /= SHARES.sum(axis=1, keepdims=True)
WEIGHT = np.array([1.0, 2.0, 0.5, 1.5, 3.0])
LOSSES = {
    "huber": (nn.HuberLoss(delta=0.7), lambda: torch.nn.HuberLoss(delta=0.7), SHARES),
    "smooth": (nn.SmoothL1Loss(beta=0.7), lambda: torch.nn.SmoothL1Loss(beta=0.7), SHARES),
    "kl": (nn.KLDivLoss(), lambda: torch.nn.KLDivLoss(reduction="batchmean"), SHARES),
    "nll": (nn.NLLLoss(), lambda: torch.nn.NLLLoss(), LABELS),
    "plain": (nn.CrossEntropyLoss(), lambda: torch.nn.CrossEntropyLoss(), LABELS),
    "weight": (nn.CrossEntropyLoss(WEIGHT),
               lambda: torch.nn.CrossEntropyLoss(torch.tensor(WEIGHT)), LABELS),
    "ignored": (nn.CrossEntropyLoss(ignore_index=2),
                lambda: torch.nn.CrossEntropyLoss(ignore_index=2), LABELS),
    "all": (nn.CrossEntropyLoss(WEIGHT, 2, label_smoothing=0.1, reduction="sum"),
            lambda: torch.nn.CrossEntropyLoss(torch.tensor(WEIGHT), ignore_index=2,
                                              label_smoothing=0.1, reduction="sum"), LABELS),
    "smoothed": (nn.CrossEntropyLoss(WEIGHT, label_smoothing=0.2),
                 lambda: torch.nn.CrossEntropyLoss(torch.tensor(WEIGHT), label_smoothing=0.2),
                 LABELS),
    "soft": (nn.CrossEntropyLoss(label_smoothing=0.1),
             lambda: torch.nn.CrossEntropyLoss(label_smoothing=0.1), SHARES),
    "rows": (nn.CrossEntropyLoss(reduction="none"),
             lambda: torch.nn.CrossEntropyLoss(reduction="none"), LABELS),
}  # fmt: skip


@pytest.mark.parametrize("name", LOSSES)
def test_losses(name):
    mine, theirs, t = LOSSES[name]
    made = theirs()
    both(lambda x: mine(x, t), lambda x: made(x, torch.tensor(t)), X)


@pytest.mark.parametrize(
    "call",
    [
        lambda: nn.CrossEntropyLoss(reduction="average"),
        lambda: nn.CrossEntropyLoss(label_smoothing=1.5),
        lambda: nn.CrossEntropyLoss(WEIGHT[:3])(X, LABELS),
        lambda: nn.HuberLoss(delta=0.0)(X, X),
        lambda: nn.HuberLoss()(X, X[:, :1]),
        lambda: nn.KLDivLoss()(X, X[:, :1]),
        lambda: nn.NLLLoss()(X, SHARES),
        lambda: nn.NLLLoss()(X, LABELS[:, None]),
    ],
)
def test_what_cannot_be_is_a_named_error(call):
    with pytest.raises(SeegradError):
        call()


def test_methods_that_readers_of_torch_type():
    x = np.abs(X) + 0.1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in ("abs", "sqrt", "square", "sign", "exp", "log", "log1p", "expm1", "sin", "cos",
                     "tanh", "erf", "relu", "sigmoid"):  # fmt: skip
            theirs = getattr(torch.tensor(x), name)().numpy()
            np.testing.assert_allclose(getattr(sg.tensor(x), name)().value, theirs, 1e-12)
    for name in ("softmax", "log_softmax", "logsumexp"):
        theirs = getattr(torch.tensor(x), name)(1).numpy()
        np.testing.assert_allclose(getattr(sg.tensor(x), name)(1).value, theirs, 1e-12)
    np.testing.assert_allclose(sg.tensor(x).silu().value, sg.silu(x))
    assert sg.tensor(x).gelu().shape == sg.tensor(x).softplus().shape == x.shape


ROWS = R.normal(size=(2, 3, 4))
METHODS = {
    **{name: (lambda x, name=name: getattr(x, name)())
       for name in ("tan", "sinh", "cosh", "atan", "exp2", "reciprocal", "floor", "ceil", "trunc",
                    "neg", "isnan", "isinf", "isfinite", "t", "clone", "contiguous", "double",
                    "float", "half", "long", "bool", "cpu", "logical_not")},
    **{name: (lambda x, name=name: getattr(x, name)(x * 2 - 0.5))
       for name in ("add", "sub", "mul", "div", "maximum", "minimum", "eq", "ne", "lt", "le", "gt",
                    "ge", "view_as", "reshape_as", "expand_as", "type_as", "logical_and",
                    "logical_or")},
    "asin": lambda x: (x / 9).asin(),
    "acos": lambda x: (x / 9).acos(),
    "logs": lambda x: (x * x + 1).log2() + (x * x + 1).log10(),
    "pow": lambda x: x.pow(3),
    "rsqrt": lambda x: (x * x + 1).rsqrt(),
    "clamp": lambda x: x.clamp(min=-0.5) + x.clamp(max=0.5) + x.clamp(-0.1, 0.2),
    "view": lambda x: x.view(2, -1),
    "permute": lambda x: x.view(2, 3, 5).permute(2, 0, 1),
    "unsqueeze": lambda x: x.unsqueeze(1).unsqueeze(-1),
    "unflatten": lambda x: x.unflatten(0, (2, -1)),
    "expand": lambda x: x.unsqueeze(1).expand(-1, 7, -1),
    "movedim": lambda x: x.view(2, 3, 5).movedim(0, 2),
    "flip": lambda x: x.flip(0, 1),
    "roll": lambda x: x.roll(2, 1),
    "chunk": lambda x: x.chunk(4, 1)[1],
    "unbind": lambda x: x.unbind(1)[2],
    "select": lambda x: x.select(1, -1),
    "narrow": lambda x: x.narrow(1, 1, 3),
    "masked_fill": lambda x: x.masked_fill(x > 0, -2.0),
    "repeat_interleave": lambda x: x.repeat_interleave(2, 1),
    "triangles": lambda x: x.triu(1) + x.tril(-1),
    "amax": lambda x: x.amax(1) - x.amin(1),
    "mm": lambda x: x.mm(x.t()).matmul(x).mv(x[0]),
    "norm": lambda x: x.norm(),
}  # fmt: skip


@pytest.mark.parametrize("name", METHODS)
def test_methods_give_what_pytorchs_give(name):
    x = R.normal(size=(6, 5))
    if name in ("half", "float"):
        x = x.astype(np.float32).astype(np.float16).astype(float)
    mine, theirs = METHODS[name](sg.tensor(x)), METHODS[name](torch.tensor(x))
    np.testing.assert_allclose(np.asarray(mine), theirs.numpy(), 1e-12)
    if name not in ("long", "bool", "floor", "ceil", "trunc") and theirs.dtype.is_floating_point:
        given, like = sg.tensor(x), torch.tensor(x, requires_grad=True)
        METHODS[name](given).sum().backward()
        METHODS[name](like).sum().backward()
        np.testing.assert_allclose(given.grad, like.grad.numpy(), 1e-9, 1e-12)


def test_methods_that_take_places_or_say_no():
    x, places = R.normal(size=(3, 4)), np.array([[0, 2, 1, 0], [1, 1, 0, 2]])
    theirs = torch.tensor(x).gather(0, torch.tensor(places))
    np.testing.assert_array_equal(sg.tensor(x).gather(0, places).value, theirs)
    theirs = torch.tensor(x).index_select(1, torch.tensor([3, 0]))
    np.testing.assert_array_equal(sg.tensor(x).index_select(1, [3, 0]).value, theirs)
    one = sg.tensor(x)
    assert (one.dim(), one.numel(), one.is_floating_point()) == (2, 12, True)
    assert one.to("cpu") is one
    assert one.to(np.float32).dtype == np.float32
    with pytest.raises(SeegradError, match="device"):
        one.to("cuda")
    with pytest.raises(SeegradError, match="matrix"):
        sg.tensor(ROWS).t()
