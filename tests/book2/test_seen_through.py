"""Every network of the second volume, and a reader's own, as one graph that says what ran."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import seegrad as sg
from seegrad import book2
from seegrad.errors import GradientError

V, N, T = 7, 3, 4
chance = np.random.default_rng(1)
IDS, NEXT = chance.integers(0, V, (N, T)), chance.integers(0, V, (N, T))
ROWS = np.eye(V, dtype=int)
CORPUS = np.r_[np.arange(V), chance.integers(0, V, 60)]
F64 = np.float64

NETWORKS = {
    "TwoLayerNet": (lambda: book2.TwoLayerNet(2, 5, 3), (chance.random((4, 2)), [0, 1, 2, 0])),
    "SimpleCBOW": (lambda: book2.SimpleCBOW(V, 5, F64), (ROWS[IDS[:, :2]], ROWS[NEXT[:, 0]])),
    "SimpleSkipGram": (
        lambda: book2.SimpleSkipGram(V, 5, F64), (ROWS[IDS[:, :2]], ROWS[NEXT[:, 0]])
    ),
    "CBOW": (lambda: book2.CBOW(V, 5, 2, CORPUS, F64), (IDS, NEXT[:, 0])),
    "SkipGram": (lambda: book2.SkipGram(V, 5, 2, CORPUS, F64), (IDS, NEXT[:, 0])),
    "SimpleRnnlm": (lambda: book2.SimpleRnnlm(V, 5, 6, F64), (IDS, NEXT)),
    "Rnnlm": (lambda: book2.Rnnlm(V, 5, 6, F64), (IDS, NEXT)),
    "BetterRnnlm": (lambda: book2.BetterRnnlm(V, 5, 5, 0.4, F64), (IDS, NEXT)),
    "Seq2seq": (lambda: book2.Seq2seq(V, 5, 6, F64), (IDS, NEXT)),
    "PeekySeq2seq": (lambda: book2.PeekySeq2seq(V, 5, 6, F64), (IDS, NEXT)),
    "AttentionSeq2seq": (lambda: book2.AttentionSeq2seq(V, 5, 6, F64), (IDS, NEXT)),
    "AttentionBiSeq2seq": (lambda: book2.AttentionBiSeq2seq(V, 5, 6, F64), (IDS, NEXT)),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_the_graph_has_the_loss_and_the_gradients_that_ran(name):
    make, batch = NETWORKS[name]
    net = make()
    net.forward(*batch)                                # a state, where there is one
    net.backward()
    loss = net.forward(*batch)
    net.backward()
    before = copy.deepcopy(np.random.get_state()[1])
    states = [(p.h, p.c if hasattr(p, "c") else None)
              for _, p in book2.network.parts(net) if hasattr(p, "h")]  # fmt: skip
    graph = net.graph
    np.testing.assert_allclose(graph.outputs[0].value, loss, rtol=1e-12)
    params, grads = book2.remove_duplicate(net.params, net.grads)
    leaves = [leaf for leaf in graph.inputs if leaf.requires_grad and "." in leaf.name]
    for param, grad in zip(params, grads):
        alike = [x for x in leaves if x.shape == param.shape and np.array_equal(x.value, param)
                 and np.allclose(x.gradient, grad, rtol=1e-9, atol=1e-12)]  # fmt: skip
        assert len(alike) == 1
    assert len(leaves) == len(params)
    assert np.array_equal(before, np.random.get_state()[1])
    now = [(p.h, p.c if hasattr(p, "c") else None)
           for _, p in book2.network.parts(net) if hasattr(p, "h")]  # fmt: skip
    assert all(a is b for one, two in zip(states, now) for a, b in zip(one, two))
    net.backward()                                     # as if nobody had looked
    assert all(np.allclose(a, b) for a, b in zip(grads, book2.remove_duplicate(
        net.params, net.grads)[1]))  # fmt: skip


def test_layers_are_named_as_their_attributes():
    net = book2.Seq2seq(V, 5, 6)
    net.forward(IDS, NEXT)
    names = {leaf.name for leaf in net.graph.inputs}
    assert {"embed.W", "lstm.Wx", "affine.W"} <= names
    frames = {str(node.frame) for node in net.graph.operations}
    assert any("encoder" in frame for frame in frames)
    assert any("decoder" in frame for frame in frames)


def test_a_picture_is_made(tmp_path):
    net = book2.TwoLayerNet(2, 3, 2)
    net.forward(np.ones((1, 2)), np.array([1]))
    net.graph.save(tmp_path / "net.svg")
    assert "Affine1" in (tmp_path / "net.svg").read_text("utf-8")
    layer = book2.TimeRNN(np.ones((2, 2)), np.ones((2, 2)), np.zeros(2))
    layer.forward(np.ones((1, 3, 2)))
    layer.graph.save(tmp_path / "layer.svg")
    assert "step2" in (tmp_path / "layer.svg").read_text("utf-8")


def test_a_tied_matrix_is_one_leaf():
    net = book2.BetterRnnlm(V, 5, 5, 0.0, F64)
    net.forward(IDS, NEXT)
    square = [x for x in net.graph.inputs if x.shape in ((V, 5), (5, V))]
    assert len(square) == 1


@pytest.mark.parametrize("name", NETWORKS)
def test_a_copy_is_whole_and_tied_as_the_first_one(name):
    make, batch = NETWORKS[name]
    net = make()
    net.forward(*batch)
    net.backward()
    other = copy.deepcopy(net)
    for first, again in zip(net.params, other.params):
        assert np.array_equal(first, again)
        assert not np.shares_memory(first, again)
    assert len(book2.remove_duplicate(other.params, other.grads)[0]) == len(
        book2.remove_duplicate(net.params, net.grads)[0]
    )
    other.params[0] *= 1.5
    np.random.seed(0)
    before = net.forward(*batch)
    np.random.seed(0)
    assert other.forward(*batch) != before


class Own:
    """A reader's network without any base, in the book's manner."""

    def __init__(self):
        W = np.random.randn(V, 4)
        self.first, self.second = book2.MatMul(W), book2.MatMul(W)
        self.out, self.loss_layer = book2.MatMul(np.random.randn(4, V)), book2.SoftmaxWithLoss()
        self.params = self.first.params + self.second.params + self.out.params
        self.grads = self.first.grads + self.second.grads + self.out.grads

    def forward(self, contexts, target):
        h = (self.first.forward(contexts[:, 0]) + self.second.forward(contexts[:, 1])) * 0.5
        return self.loss_layer.forward(self.out.forward(h), target)

    def backward(self, dout=1):
        da = self.out.backward(self.loss_layer.backward(dout))
        da *= 0.5
        self.second.backward(da)
        self.first.backward(da)


class Seen(Own, book2.Network):
    """The same with the base that sees through it."""

    def forward(self, contexts, target):
        return super().forward(contexts, target)


def test_a_network_of_ones_own():
    batch = ROWS[IDS[:, :2]], ROWS[NEXT[:, 0]]
    for net in (Own(), Seen()):
        optimizer = book2.SGD(0.5)
        losses = []
        for _ in range(30):
            losses.append(net.forward(*batch))
            net.backward()
            optimizer.update(*book2.remove_duplicate(net.params, net.grads))
        assert losses[-1] < 0.5 * losses[0]
        assert len(net.first.graph.operations) == 1
    assert np.isclose(net.graph.outputs[0].value, net.forward(*batch))
    joined = net.forward(sg.tensor(np.asarray(batch[0], float)), batch[1])
    assert isinstance(joined, sg.Tensor)
    assert len(joined.graph.operations) > 4


def test_what_has_seen_nothing_says_so():
    for thing in (book2.Rnnlm(5, 2, 2), book2.MatMul(np.ones((2, 2))), book2.Seq2seq(5, 2, 2)):
        with pytest.raises(GradientError, match="not seen anything"):
            _ = thing.graph
    with pytest.raises(GradientError, match="forward"):
        book2.MatMul(np.ones((2, 2))).backward(np.ones((1, 2)))
