"""What modules do beside computing: writing into tensors, no_grad, None, running statistics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import seegrad as sg
from seegrad.errors import FormatError
from seegrad.interop.pytorch.operators import READERS
from seegrad.interop.pytorch.operators.reader import Reader

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
from torch import nn  # noqa: E402


class Within(nn.Module):
    def __init__(self, way: Any) -> None:
        super().__init__()
        self.way = way
        self.layer = nn.Linear(4, 4)

    def forward(self, x):
        return self.way(self.layer(x), x)


def place(y, x):
    out = torch.zeros(5, 2, 4)
    out[:, 0] = y
    return out


def doubled(y, x):
    y[:, 1:3] *= 2
    return y


def added(y, x):
    y[1] += y[0]
    return y


def copied(y, x):
    return (y * 1).copy_(y * 2)


def by_mask(y, x):
    y[:, 0] = 0
    y[y > 0] = 1
    return y


def everywhere(y, x):
    out = torch.zeros_like(x)
    out[:, ::2] = y[:, :2]
    out[0] = x[1]
    out[..., -1] = 7.0
    return out


def through_views(y, x):
    out = y.clone()
    out.T[0] = x[:, 0]
    out.view(-1)[3] = 1
    out[:, [0, 2]] = x[:, :2]
    return out


def one_row(y, x):
    return torch.empty(x.shape[0], 4).copy_(y[0])


def without_grad(y, x):
    with torch.no_grad():
        z = torch.tanh(y)
        mean = z.mean(0)
    return z * y + mean


def without_grad_alone(y, x):
    with torch.no_grad():
        z = y * 2
    return z, y


def eigenvalues(y, x):
    return torch.linalg.eigvalsh(y[:4] @ y[:4].mT)


def eigenvectors(y, x):
    values, vectors = torch.linalg.eigh(y[:4] + y[:4].mT)
    return values, vectors.abs()


def chained(y, x):
    return torch.chain_matmul(y, x.T, y)


WAYS = [
    place, doubled, added, copied, by_mask, everywhere, through_views, one_row, without_grad,
    without_grad_alone, eigenvalues, eigenvectors, chained,
]  # fmt: skip


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_it_is_read_and_equal(way):
    torch.manual_seed(0)
    net = sg.from_torch(Within(way), torch.randn(5, 4))
    assert net.verified.modes == ("eval", "train")
    assert set(net.verified.gradients) == {"layer.weight", "layer.bias"}


@pytest.mark.parametrize("reduce", ["sum", "prod", "mean", "amax", "amin"])
@pytest.mark.parametrize("include_self", [False, True])
def test_scattered_values_are_put_together(reduce, include_self):
    def scattered(y, x):
        halves = torch.full((5, 4), 0.5)
        places = (x > 0).long()
        return halves.scatter_reduce(1, places, y, reduce, include_self=include_self)

    torch.manual_seed(1)
    net = sg.from_torch(Within(scattered), torch.randn(5, 4))
    assert net.verified.modes == ("eval", "train")


def test_exponential_draws_are_given_to_both():
    for hard in (False, True):
        gumbel = Within(lambda y, x, hard=hard: nn.functional.gumbel_softmax(y, hard=hard))
        net = sg.from_torch(gumbel, torch.randn(5, 4))
        assert net.verified.draws == 1
        shares = np.asarray(net(np.ones((200, 4), np.float32)))
        np.testing.assert_allclose(shares.sum(1), 1.0, rtol=1e-5)
        assert np.unique(shares.argmax(1)).size > 1


def test_results_that_are_none_stay_none():
    ways = (
        lambda y, x: (y, None), lambda y, x: {"y": y, "n": None}, lambda y, x: [y, (x, None)]
    )  # fmt: skip
    for way in ways:
        module = Within(way)
        x = torch.randn(3, 4)
        mine, theirs = sg.from_torch(module, x)(x.numpy()), module(x)
        assert type(mine) is type(theirs)
        one, other = (list(r.values()) if isinstance(r, dict) else list(r) for r in (mine, theirs))
        np.testing.assert_allclose(one[0], other[0].detach().numpy(), rtol=1e-5, atol=1e-6)
        assert one[1] is None or one[1][1] is None


@pytest.mark.parametrize("affine", [False, True])
def test_running_statistics_of_instances(affine):
    module = nn.InstanceNorm1d(3, affine=affine, track_running_stats=True)
    net = sg.from_torch(module, torch.randn(2, 3, 5))
    assert set(net.verified.kept) == {"running_mean", "running_var", "num_batches_tracked"}
    x = torch.randn(4, 3, 5)
    module.train()(x)
    net.train()
    net(x.numpy())
    for one in (module, net):
        one.eval()
    np.testing.assert_allclose(net(x.numpy()), module(x).detach().numpy(), rtol=1e-5, atol=1e-6)


def test_spectral_norms_are_read():
    old = nn.utils.spectral_norm(nn.Linear(4, 3))
    new = nn.utils.parametrizations.spectral_norm(nn.Linear(4, 3))
    for module in (old, new):
        assert sg.from_torch(module, torch.randn(5, 4)).verified.modes == ("eval", "train")


def test_where_no_step_differs_only_what_is_there_is_blamed(monkeypatch):
    from seegrad.interop.pytorch import verification

    monkeypatch.setattr(verification, "_alone", lambda *_: 0.0)
    wrong = Reader(lambda self: sg.tanh(self) * 1.1, frozenset({"self"}), frozenset())
    monkeypatch.setitem(READERS, "tanh", wrong)
    with pytest.raises(FormatError, match=r"what torch\.export wrote down") as found:
        sg.from_torch(nn.Tanh(), torch.randn(3, 2))
    assert "autograd.Function" not in str(found.value)


def test_readers_call_arguments_as_aten_does():
    """Each reader's first argument is one that ATen has, so that none is passed over."""
    for name, reader in READERS.items():
        base, _, overload = name.partition(".")
        packet = getattr(torch.ops.aten, base, None)
        if not isinstance(reader, Reader) or packet is None:
            continue
        schemas = [getattr(packet, one)._schema for one in ([overload] if overload else
                                                            packet.overloads())]  # fmt: skip
        assert any(schema.arguments[0].name in reader.takes for schema in schemas), name
