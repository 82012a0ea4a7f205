"""What every module does: names, parameters, boxes, state, modes."""

from __future__ import annotations

import numpy as np
import pytest

import seegrad as sg
from seegrad import nn
from seegrad.errors import DTypeError, ShapeError, ValueRangeError


def chapter_net(dtype=np.float32):
    return nn.Sequential(nn.Affine(4, 3, dtype=dtype), nn.Sigmoid(), nn.Affine(3, 2, dtype=dtype))


def test_layers_and_parameters_are_named_by_kind_and_number():
    net = chapter_net()
    assert list(net.layers) == ["affine1", "sigmoid1", "affine2"]
    names = ["affine1.W", "affine1.b", "affine2.W", "affine2.b"]
    assert [name for name, _ in net.named_parameters()] == names
    assert [value.name for value in net.parameters()] == names
    assert net["affine2"] is net[2]
    assert len(net[:2]) == 2
    assert net.count() == 4 * 3 + 3 + 3 * 2 + 2


def test_nested_networks_have_dotted_names_and_nested_boxes():
    net = nn.Sequential(nn.Sequential(nn.Affine(2, 2), nn.ReLU()), nn.Affine(2, 1))
    out = net(np.ones((1, 2)))
    frames = {str(node.frame) for node in out.graph.operations}
    assert frames == {"net/net1/affine1", "net/net1/relu1", "net/affine1"}


def test_a_module_of_ones_own_finds_what_is_inside():
    class Residual(nn.Module):
        def __init__(self):
            self.inner = [nn.Affine(3, 3), nn.Affine(3, 3)]
            self.scale = nn.parameter(1.0, "scale")
            self.ends = {"head": nn.Affine(3, 2)}

        def forward(self, x):
            for layer in self.inner:
                x = x + layer(x)
            return self.ends["head"](x) * self.scale

    net = Residual()
    names = {name for name, _ in net.named_parameters()}
    assert names == {
        "scale",
        "inner.0.W",
        "inner.0.b",
        "inner.1.W",
        "inner.1.b",
        "ends.head.W",
        "ends.head.b",
    }
    out = net(np.ones((2, 3)))
    assert {node.frame.path[0] for node in out.graph.operations} == {"residual"}
    out.sum().backward()
    assert all(value.grad is not None for value in net.parameters())


def test_a_shared_layer_counts_once_and_its_gradients_add():
    layer = nn.Affine(2, 2, initial="zeros")
    net = nn.Sequential(layer, layer)
    assert len(net.parameters()) == 2
    net(np.ones((1, 2))).sum().backward()
    assert layer.b.grad.tolist() == [1, 1]
    layer.W.assign(np.eye(2))
    net.zero_grad()
    assert layer.b.grad is None
    net(np.ones((1, 2))).sum().backward()
    assert layer.b.grad.tolist() == [2, 2]


def test_layers_that_carry_a_name_keep_it_and_never_hide_another():
    first = nn.Sequential(nn.Affine(2, 2), nn.Affine(2, 2))
    mixed = nn.Sequential(first[1], nn.Affine(2, 2), first[0])
    assert len(mixed.layers) == 3
    assert list(mixed) == [first[1], mixed[1], first[0]]


def test_parameters_are_float32_unless_asked_and_the_input_follows():
    net = chapter_net()
    assert {value.dtype for value in net.parameters()} == {np.dtype(np.float32)}
    for x in (np.ones((1, 4)), np.ones((1, 4), np.int64), sg.tensor(np.ones((1, 4)))):
        assert net(x).dtype == np.float32
    assert nn.Affine(4, 3, dtype=np.float64)(np.ones((1, 4), np.float32)).dtype == np.float64


def test_a_wrong_width_names_both_shapes_and_the_layer():
    net = nn.Sequential(nn.Affine(784, 50), nn.ReLU())
    with pytest.raises(ShapeError) as caught:
        net(np.zeros((5, 64)))
    text = str(caught.value)
    assert "affine1" in text
    assert "(784, 50)" in text
    assert "(5, 64)" in text
    with pytest.raises(ShapeError, match=r"Flatten\(\)"):
        net(np.zeros((5, 28, 28)))
    with pytest.raises(ShapeError):
        net(np.float32(3))


def test_what_is_no_layer_is_refused():
    with pytest.raises(DTypeError, match="brackets"):
        nn.Sequential(nn.Affine(2, 2), nn.ReLU)
    with pytest.raises(DTypeError, match="Module of your own"):
        nn.Sequential(np.tanh)
    for width in (0, -1, 2.5, True):
        with pytest.raises(ValueRangeError):
            nn.Affine(2, width)


def test_state_goes_out_and_comes_back():
    nn.seed(1)
    net, other = chapter_net(), chapter_net()
    assert not np.array_equal(net[0].W.value, other[0].W.value)
    values = net.state_dict()
    other.load_state_dict(values)
    x = np.ones((2, 4))
    assert np.array_equal(net(x).value, other(x).value)
    values["affine1.W"][:] = 7
    assert net[0].W.value.max() < 7


def test_state_of_another_network_is_refused_and_nothing_changes():
    net, wide = chapter_net(), nn.Sequential(nn.Affine(4, 5), nn.Sigmoid(), nn.Affine(5, 2))
    before = net.state_dict()
    with pytest.raises(ShapeError) as caught:
        net.load_state_dict(wide.state_dict())
    assert (
        "(4, 3)" in str(caught.value)
        or "(3, 2)" in str(caught.value)
        or "(3,)" in str(caught.value)
    )
    with pytest.raises(ValueRangeError, match="another network"):
        net.load_state_dict({"affine1.W": before["affine1.W"]})
    with pytest.raises(ValueRangeError, match=r"extra\.W"):
        net.load_state_dict({**before, "extra.W": np.ones(2)})
    after = net.state_dict()
    assert all(np.array_equal(before[name], after[name]) for name in before)
    net.load_state_dict({"affine1.b": np.ones(3), "extra.W": np.ones(2)}, strict=False)
    assert net[0].b.value.tolist() == [1, 1, 1]


def test_modes_reach_every_module():
    net = nn.Sequential(nn.Dropout(), nn.Sequential(nn.Dropout()))
    assert net.eval() is net
    assert [module.training for module in net.modules()] == [False] * 4
    net.train()
    assert all(module.training for module in net.modules())


def test_using_other_values_makes_the_network_a_function_of_them():
    net = chapter_net(np.float64)
    before = net(np.ones((1, 4))).value

    def of_weights(w):
        with net.using({"affine1.W": w}):
            return net(np.ones((1, 4))).sum()

    w = np.array(net[0].W.value, np.float64)
    assert sg.gradcheck(of_weights, np.zeros((4, 3)))
    slope = sg.grad(of_weights)(net[0].W.value)
    net(np.ones((1, 4))).sum().backward()
    np.testing.assert_allclose(slope, net[0].W.grad, rtol=1e-6)
    assert np.array_equal(before, net(np.ones((1, 4))).value)
    with pytest.raises(ValueRangeError, match="no value of this name"), net.using({"nix": w}):
        pass


def test_repr_shows_the_layers():
    assert repr(chapter_net()).splitlines()[1] == "  affine1: Affine(4 → 3)"
    assert "p=0.5" in repr(nn.Sequential(nn.Sequential(nn.Dropout())))


def test_seeds_repeat_first_values():
    nn.seed(3)
    first = chapter_net().state_dict()
    nn.seed(3)
    again = chapter_net().state_dict()
    assert all(np.array_equal(first[name], again[name]) for name in first)


@pytest.mark.parametrize(
    ("name", "deviation"),
    [
        ("he", np.sqrt(2 / 400)),
        ("xavier", np.sqrt(1 / 400)),
        ("normal", 0.01),
        ("zeros", 0),
        (0.3, 0.3),
    ],
)
def test_initialisers_have_the_deviation_they_say(name, deviation):
    weights = nn.Affine(400, 300, initial=name).W.value
    assert abs(weights.std() - deviation) <= 0.02 * deviation
    assert abs(weights.mean()) <= 0.02 * deviation


def test_an_unknown_initialiser_lists_the_known():
    with pytest.raises(ValueRangeError, match="he, xavier, normal, zeros"):
        nn.Affine(2, 2, initial="best")
