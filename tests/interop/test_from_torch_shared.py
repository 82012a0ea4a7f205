"""What stands in several places of a PyTorch module or of its example: modules and tensors."""

from __future__ import annotations

import numpy as np
import pytest

import seegrad as sg

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
from torch import nn  # noqa: E402


class Twice(nn.Module):
    """A module under two names, and a part of a part under a third."""

    def __init__(self) -> None:
        super().__init__()
        self.a = self.b = nn.Sequential(nn.Linear(4, 4), nn.Tanh())
        self.inner = self.a[0]

    def forward(self, x):
        return self.inner(self.b(self.a(x)))


def repeated():
    layer = nn.Linear(4, 4)
    return {
        "first and last": nn.Sequential(layer, nn.ReLU(), layer),
        "three times": nn.Sequential(*[nn.Linear(4, 4)] * 3),
        "two names": Twice(),
    }


@pytest.mark.parametrize("name", repeated())
def test_a_module_in_several_places_has_its_parameters_once(name):
    module = repeated()[name]
    x = torch.randn(5, 4)
    net = sg.from_torch(module, x)
    names = [name for name, _ in module.named_parameters()]
    assert [name for name, _ in net.named_parameters()] == names
    assert set(sg.to_torch_state(net)) == set(module.state_dict())
    one, other = (net.a, net.b) if name == "two names" else (net["0"], net["2"])
    assert one is other

    theirs = torch.optim.SGD(module.parameters(), lr=0.1)
    mine = sg.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(3):
        theirs.zero_grad()
        (module(x) ** 2).mean().backward()
        theirs.step()
        mine.zero_grad()
        (net(x.numpy()) ** 2).mean().backward()
        mine.step()
    for key, value in module.state_dict().items():
        np.testing.assert_allclose(sg.to_torch_state(net)[key], value, rtol=1e-5, atol=1e-6)


class Sum(nn.Module):
    def forward(self, a, b):
        return a * 2 + b * 3


@pytest.mark.parametrize("named", [False, True])
def test_a_tensor_that_is_given_twice_is_two_inputs(named):
    x = torch.randn(3, 2)
    net = sg.from_torch(Sum(), x, keywords={"b": x}) if named else sg.from_torch(Sum(), x, x)
    assert set(net.verified.inputs) == {"a", "b"}
    a, b = np.ones((3, 2), np.float32), np.full((3, 2), 10, np.float32)
    found = net(a, b=b) if named else net(a, b)
    assert np.asarray(found).tolist() == [[32.0, 32.0]] * 3


def test_attention_to_itself():
    module = nn.MultiheadAttention(8, 2).eval()
    q = torch.randn(3, 2, 8)
    net = sg.from_torch(module, q, q, q)
    net.eval()
    k = torch.randn(4, 2, 8)
    for given in ((q, q, q), (q, k, k)):
        found, _ = net(*(x.numpy() for x in given))
        theirs, _ = module(*given)
        np.testing.assert_allclose(found, theirs.detach().numpy(), rtol=1e-5, atol=1e-6)


def test_a_step_with_a_size_among_its_arguments_is_looked_at_alone(monkeypatch):
    from seegrad.interop.pytorch.operators import READERS
    from seegrad.interop.pytorch.operators.reader import Reader

    class Halves(nn.Module):
        def forward(self, x):
            pairs = x.tanh()[:, None].expand(x.shape[0], 2, 3)
            return nn.functional.gelu(pairs.reshape(x.shape[0] * 2, 3))

    reader = READERS["gelu"]
    wrong = Reader(lambda self, approximate="none": sg.gelu(self) * 1.01, reader.takes, reader.asks)
    monkeypatch.setitem(READERS, "gelu", wrong)
    with pytest.raises(sg.errors.FormatError, match="gelu differs from PyTorch"):
        sg.from_torch(Halves(), torch.randn(5, 3))
