"""Other batches than the example's: what the module gives, or a refusal that says which."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import seegrad as sg
from seegrad.errors import ShapeError

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
from torch import nn  # noqa: E402


class Rows(nn.Module):
    """A linear layer that is called in a way of its own, by the number of rows or not."""

    def __init__(self, way: Any) -> None:
        super().__init__()
        self.way = way
        self.layer = nn.Linear(4, 2)

    def forward(self, x):
        return self.way(self.layer, x)


EVERY = {0, 1, 2, 3, 5, 8, 10}
WAYS = {
    "a layer": (lambda layer, x: layer(x), EVERY),
    "by the size": (lambda layer, x: layer(x) / x.shape[0], EVERY),
    "numbers of rows": (lambda layer, x: layer(x) + torch.arange(x.shape[0])[:, None], EVERY),
    "squeezed": (lambda layer, x: layer(x).squeeze(0), EVERY),
    "len": (lambda layer, x: layer(x) / len(x), {5}),
    "int": (lambda layer, x: layer(x) / int(x.shape[0]), {5}),
    "float": (lambda layer, x: layer(x) * torch.tensor(float(x.shape[0])), {5}),
    "row by row": (lambda layer, x: torch.stack([layer(row) for row in x]), {5}),
    "in parts": (lambda layer, x: torch.cat([layer(part) for part in x.split(2)]), {5}),
    "unbound": (lambda layer, x: sum(x.unbind(0)), {5}),
    "a constant beside": (lambda layer, x: layer(x) + torch.ones(5, 2), {5}),
    "a branch": (lambda layer, x: layer(x) if x.shape[0] > 4 else -layer(x), {5, 8, 10}),
    "a remainder": (lambda layer, x: layer(x) if x.shape[0] % 5 == 0 else -layer(x), {0, 5, 10}),
    "one": (lambda layer, x: -layer(x) if x.shape[0] == 1 else layer(x), EVERY - {1}),
    "none": (lambda layer, x: x.new_ones(1, 2) if x.shape[0] == 0 else layer(x), EVERY - {0}),
    "the last": (lambda layer, x: x[-3:], {3, 5, 8, 10}),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_batch_of_another_size_is_right_or_refused(way):
    function, taken = WAYS[way]
    module = Rows(function).eval()
    net = sg.from_torch(module, torch.randn(5, 4))
    net.eval()
    for rows in sorted(EVERY):
        x = torch.randn(rows, 4)
        if rows not in taken:
            with pytest.raises(ShapeError, match="another shape than the network was read for"):
                net(x.numpy())
            continue
        theirs = module(x).detach().numpy()
        np.testing.assert_allclose(np.asarray(net(x.numpy())), theirs, rtol=1e-5, atol=1e-6)


def test_a_refusal_says_which_sizes_are_taken():
    refused = {"len": r"asked: \(5, 4\)\n", "a branch": r"asked: \(N, 4\), N > 4\n"}
    for way, said in refused.items():
        net = sg.from_torch(Rows(WAYS[way][0]), torch.randn(5, 4))
        with pytest.raises(ShapeError, match=said):
            net(np.ones((3, 4), np.float32))


def test_an_example_of_one_row_is_always_taken():
    x = torch.randn(1, 4)
    for function, _ in WAYS.values():
        module = Rows(function)
        if function is WAYS["a constant beside"][0]:
            continue
        net = sg.from_torch(module, x)
        np.testing.assert_allclose(
            np.asarray(net(x.numpy())), module(x).detach().numpy(), rtol=1e-5, atol=1e-6
        )


def test_sizes_that_the_module_takes_to_be_equal_are_equal():
    class Both(nn.Module):
        def forward(self, a, b):
            return a * 2 + b

    net = sg.from_torch(Both(), torch.randn(5, 4), torch.randn(5, 4))
    assert net(np.ones((3, 4), np.float32), np.ones((3, 4), np.float32)).shape == (3, 4)
    with pytest.raises(ShapeError, match=r"b has another .*\n.*\(N, 4\), N == 3\n"):
        net(np.ones((3, 4), np.float32), np.ones((2, 4), np.float32))


def test_without_verification_guards_are_looked_at_all_the_same():
    net = sg.from_torch(Rows(WAYS["a branch"][0]), torch.randn(5, 4), verify=False)
    with pytest.raises(ShapeError, match="N > 4"):
        net(np.ones((3, 4), np.float32))
