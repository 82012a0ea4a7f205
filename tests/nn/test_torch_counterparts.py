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
    "huber": (nn.HuberLoss(0.7), lambda: torch.nn.HuberLoss(delta=0.7), SHARES),
    "smooth": (nn.SmoothL1Loss(0.7), lambda: torch.nn.SmoothL1Loss(beta=0.7), SHARES),
    "kl": (nn.KLDivLoss(), lambda: torch.nn.KLDivLoss(reduction="batchmean"), SHARES),
    "nll": (nn.NLLLoss(), lambda: torch.nn.NLLLoss(), LABELS),
    "plain": (nn.CrossEntropyLoss(), lambda: torch.nn.CrossEntropyLoss(), LABELS),
    "weight": (nn.CrossEntropyLoss(WEIGHT),
               lambda: torch.nn.CrossEntropyLoss(torch.tensor(WEIGHT)), LABELS),
    "ignored": (nn.CrossEntropyLoss(ignore_index=2),
                lambda: torch.nn.CrossEntropyLoss(ignore_index=2), LABELS),
    "all": (nn.CrossEntropyLoss(WEIGHT, 2, 0.1, "sum"),
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
        lambda: nn.HuberLoss(0.0)(X, X),
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
