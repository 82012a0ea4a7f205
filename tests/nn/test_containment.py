"""What a module holds in lists, tuples and dicts, what it refuses to hold, and what is saved."""

from __future__ import annotations

import collections
import dataclasses
import functools
import types
import warnings

import numpy as np
import pytest

import seegrad as sg
from seegrad import data, nn, optim
from seegrad.errors import DTypeError, GradientError, ShapeError, ValueRangeError
from seegrad.training.network_check import check_network
from seegrad.training.trainer import Trainer


class Keeper(nn.Module):
    """Holds one thing."""

    def __init__(self, thing=None, **more):
        self.thing = thing
        for name, value in more.items():
            setattr(self, name, value)

    def forward(self, x):
        return x


class Two(nn.Module):
    """Two dictionaries with one key, parameters in nested containers, one of them shared."""

    def __init__(self):
        self.a = {"lin": nn.Affine(2, 2, dtype=float)}
        self.b = {"lin": nn.Affine(2, 2, dtype=float)}
        self.scales = [sg.tensor(np.ones(2)), (sg.tensor([2.0]), {"k": sg.tensor([1.0, 0.5])})]
        self.tied = self.scales[0]

    def forward(self, x):
        x = self.b["lin"](self.a["lin"](x)) * self.scales[0] * self.scales[1][0]
        return x * self.tied + self.scales[1][1]["k"]


NAMES = ["scales.0", "scales.1.0", "scales.1.1.k", "a.lin.W", "a.lin.b", "b.lin.W", "b.lin.b"]


def w(*values):
    return sg.tensor(list(values) or [1.0])


def test_names_are_the_way_to_the_parameter():
    net = Two()
    assert [name for name, _ in net.named_parameters()] == NAMES
    assert list(net.state_dict()) == NAMES
    assert net.a["lin"].name == "a.lin"
    assert net.b["lin"].W.name == "b.lin.W"
    assert net.scales[1][1]["k"].name == "scales.1.1.k"


def test_two_dictionaries_with_one_key_are_saved_and_loaded_apart(tmp_path):
    net, other, x = Two(), Two(), np.ones((3, 2))
    assert not np.allclose(net(x).value, other(x).value)
    sg.load(other, sg.save(net, tmp_path / "net.safetensors"))
    assert np.array_equal(net(x).value, other(x).value)


@pytest.mark.parametrize("compiled", [False, True])
def test_parameters_in_containers_are_trained(compiled):
    net = Two()
    opt = optim.SGD(net.parameters(), lr=0.1)
    before = net.state_dict()

    def step(x):
        opt.zero_grad()
        loss = (net(x) ** 2).sum()
        loss.backward()
        opt.step()
        return loss

    (sg.compile(step) if compiled else step)(np.random.default_rng(0).normal(size=(4, 2)))
    after = net.state_dict()
    assert [n for n in NAMES if np.array_equal(before[n], after[n])] == []


def test_boxes_and_watched_values_are_told_apart():
    net, x = Two(), np.ones((1, 2))
    assert {str(n.frame) for n in net(x).graph.operations} == {"two", "two/a.lin", "two/b.lin"}
    quick = sg.compile(lambda x: net(x))
    quick.watch("a.lin.out", "b.lin.out")
    quick(x)
    first = net.a["lin"](x)
    np.testing.assert_allclose(quick.watched["a.lin.out"], first.value)
    np.testing.assert_allclose(quick.watched["b.lin.out"], net.b["lin"](first).value)


def test_a_shared_tensor_is_replaced_wherever_it_stands():
    net, x = Two(), np.ones((3, 2))
    reports = check_network(net, lambda y, t: ((y - t) ** 2).sum(), x, x * 0.5)
    assert list(reports) == NAMES
    assert all(reports.values())
    with pytest.raises(ValueRangeError, match="two values"), net.using(
        {"scales.0": np.ones(2), "tied": np.zeros(2)}
    ):
        pass


KEYS = [{"a.b": w()}, {(0, 1): w()}, {"": w()}, {True: w()}, {np.int64(1): w()}, {0: w(), "0": w()}]


@pytest.mark.parametrize("keys", KEYS, ids=lambda d: repr([*d]))
def test_keys_that_give_no_name_are_refused_where_they_are_set(keys):
    net = Keeper(1)
    with pytest.raises(ValueRangeError, match=r"key"):
        net.thing = [keys]
    assert net.thing == 1


def test_keys_of_what_is_no_part_may_be_anything():
    assert Keeper({(0, 1): 2, "a.b": [1.0], None: np.ones(2)}).parameters() == []


@dataclasses.dataclass
class Record:
    layer: object


class Slotted:
    __slots__ = ("weight",)

    def __init__(self):
        self.weight = w()


class OfTheClass(nn.Module):
    weight = w()

    def forward(self, x):
        return x * self.weight


def _closure():
    inner = w()
    return lambda x: x * inner


HIDDEN = {
    "a set": lambda: {w()},
    "a frozen set": lambda: frozenset([nn.Dropout()]),
    "a deque": lambda: collections.deque([nn.Affine(1, 1)]),
    "a proxy": lambda: types.MappingProxyType({"a": w()}),
    "a dataclass": lambda: Record(nn.Affine(1, 1)),
    "an object in a list": lambda: [Record([w()])],
    "slots": Slotted,
    "an array of objects": lambda: np.array([w(), None], dtype=object),
    "a closure": _closure,
    "a compiled closure": lambda: sg.compile(_closure()),
    "a partial": lambda: functools.partial(np.add, w()),
    "a method": lambda: nn.Affine(1, 1).forward,
}


@pytest.mark.parametrize("what", HIDDEN)
@pytest.mark.parametrize("use", ["parameters", "state_dict", "eval"])
def test_what_no_name_reaches_is_refused(what, use):
    net = nn.Sequential(Keeper(HIDDEN[what]()))
    with pytest.raises(ValueRangeError, match="neither trained nor saved") as caught:
        getattr(net, use)()
    assert "keeper1.thing" in str(caught.value)


def test_a_parameter_of_the_class_is_refused():
    with pytest.raises(ValueRangeError, match="neither trained nor saved"):
        OfTheClass().parameters()


@pytest.mark.parametrize("once", [lambda: (w() for _ in range(2)), lambda: map(w, [1.0, 2.0])])
def test_what_can_be_walked_through_once_is_refused(once):
    with pytest.raises(DTypeError, match=r"list\(thing\)"):
        Keeper(once()).parameters()


def test_what_is_known_or_frozen_may_lie_anywhere():
    net = Keeper(w())
    net.opt = optim.SGD(net.parameters(), lr=0.1)
    net.seen = {net.thing}
    net.call = lambda x: net.thing * x
    teacher = nn.Affine(1, 1).eval()
    teacher.W.requires_grad = teacher.b.requires_grad = False
    net.teach = Record(teacher)
    assert [*net.parameters()] == [net.thing]


def test_dictionaries_tuples_and_slots_of_every_class_are_walked():
    class WithSlots(Keeper):
        __slots__ = ("extra",)

    pair = collections.namedtuple("pair", "left right")
    cycle = [w()]
    cycle.append(cycle)
    net = WithSlots(pair(w(), w()), a=collections.OrderedDict(x=w()),
                    b=collections.defaultdict(list, y=[w()]), c=cycle, extra=w())  # fmt: skip
    names = ["thing.0", "thing.1", "a.x", "b.y.0", "c.0", "extra"]
    assert [name for name, _ in net.named_parameters()] == names
    with net.using({"thing.1": 5.0, "b.y.0": 6.0, "extra": 7.0}):
        assert (net.thing.right, net.b["y"], net.extra) == (5.0, [6.0], 7.0)
        assert type(net.thing) is pair
    assert isinstance(net.extra, sg.Tensor)


def test_a_computed_tensor_is_told_of_once():
    net = Keeper(w() * 2)
    with pytest.warns(UserWarning, match=r"thing was computed .* \.detach\(\)") as told:
        net.parameters()
    assert told[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net.parameters()
        Keeper((w() * 2).detach()).parameters()


def test_a_layer_and_an_attribute_of_one_name_are_refused():
    net = nn.Sequential(nn.Affine(1, 1))
    with pytest.raises(ValueRangeError, match="same name"):
        net.affine1 = nn.Affine(1, 1)


# ------------------------------------------------------------- loading


def test_an_error_lists_all_that_does_not_fit():
    net = Two()
    with pytest.raises(ValueRangeError) as caught:
        net.load_state_dict({"a.lin.W": np.ones((3, 3)), "x.y": np.ones(1), "z": np.ones(1)})
    text = str(caught.value)
    assert all(name in text for name in [*NAMES, "x.y", "z", "(3, 3)"])
    wrong = {name: np.ones((9, 9)) for name in NAMES}
    with pytest.raises(ShapeError) as caught:
        net.load_state_dict(wrong)
    assert all(name in str(caught.value) for name in NAMES)


@pytest.mark.parametrize(("value", "error", "words"), [
    (np.ones(2) + 1j, DTypeError, "kind"),
    (np.array(["a", "b"]), DTypeError, "kind"),
    (np.full(2, 1e300), ValueRangeError, "too large"),
])  # fmt: skip
def test_numbers_that_would_become_others_are_refused(value, error, words):
    net = Keeper(sg.tensor(np.ones(2, np.float32)))
    with pytest.raises(error, match=words):
        net.load_state_dict({"thing": value})
    assert net.thing.tolist() == [1, 1]
    net.load_state_dict({"thing": np.array([np.inf, 2.0])})
    assert net.thing.tolist() == [np.inf, 2]


def test_whole_numbers_keep_their_value():
    net = Keeper(sg.tensor(np.ones(2, np.int32), requires_grad=False))
    for value, error in ((np.array([0.5, 1.0]), DTypeError), (np.array([2**40, 1]), ValueError)):
        with pytest.raises(error):
            net.load_state_dict({"thing": value})


def test_a_network_is_no_state():
    with pytest.raises(DTypeError, match=r"other\.state_dict\(\)"):
        Two().load_state_dict(Two())


def test_a_shared_tensor_takes_one_value_under_any_of_its_names():
    net, values = Two(), Two().state_dict()
    values["tied"] = values.pop("scales.0") + 1
    net.load_state_dict(values)
    assert net.scales[0].tolist() == [2, 2]
    net.load_state_dict({**values, "scales.0": values["tied"]})
    with pytest.raises(ValueRangeError, match="two values"):
        net.load_state_dict({**values, "scales.0": values["tied"] + 1})
    untied = Two()
    untied.tied = sg.tensor(np.ones(2))
    with pytest.raises(ValueRangeError, match="missing: tied"):
        untied.load_state_dict(net.state_dict())


# ------------------------------------------------------------- after the optimizer, after compiling


def _step_of(net, opt, compiled):
    def step(x):
        opt.zero_grad()
        loss = (net(x) ** 2).sum()
        loss.backward()
        opt.step()
        return loss

    return sg.compile(step) if compiled else step


def _replaced(net):
    net.a["lin"].W = sg.tensor(np.ones((2, 2)))


def _in_a_list(net):
    net.scales[0] = net.tied = sg.tensor(np.ones(2))


def _another_layer(net):
    net.b["lin"] = nn.Affine(2, 2, dtype=float)


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(("change", "name"), [
    (_replaced, "a.lin.W"), (_in_a_list, "scales.0"), (_another_layer, "b.lin.W"),
])  # fmt: skip
def test_an_optimizer_is_not_stale_in_silence(change, name, compiled):
    net, x = Two(), np.ones((3, 2))
    opt = optim.Momentum(net.parameters(), lr=0.01)
    step = _step_of(net, opt, compiled)
    step(x)
    change(net)
    with pytest.raises(GradientError, match=name):
        step(x)
    _step_of(net, optim.SGD(net.parameters(), lr=0.01), compiled)(x)


def test_parameters_unfrozen_after_the_optimizer_are_told_of():
    net, x = Two(), np.ones((3, 2))
    net.tied.requires_grad = False
    opt = optim.SGD(net.parameters(), lr=0.01)
    step = _step_of(net, opt, compiled=False)
    step(x)
    net.tied.requires_grad = True
    with pytest.raises(GradientError, match=r"scales\.0.*unfrozen"):
        step(x)


def test_an_optimizer_of_some_parameters_trains_those_alone():
    net, x = Two(), np.ones((3, 2))
    before = net.state_dict()
    for some in (net.a["lin"].parameters(), [net.a["lin"].W, net.a["lin"].b]):
        _step_of(net, optim.SGD(some, lr=0.01), compiled=False)(x)
    after = net.state_dict()
    changed = [name for name in NAMES if not np.array_equal(before[name], after[name])]
    assert changed == ["a.lin.W", "a.lin.b"]


def test_loading_keeps_the_tensors_that_optimizers_and_compiled_code_hold():
    net, x = Two(), np.ones((3, 2))
    opt = optim.SGD(net.parameters(), lr=0.01)
    quick = sg.compile(lambda x: net(x))
    quick(x)
    net.load_state_dict({name: value * 2 for name, value in net.state_dict().items()})
    assert all(a is b for a, b in zip(opt.parameters, net.parameters()))
    np.testing.assert_allclose(quick(x).value, net(x).value)


def test_a_small_constant_that_is_assigned_later_is_read_anew():
    bare = sg.tensor(2.0, requires_grad=False)
    quick = sg.compile(lambda x: x * bare)
    assert quick(np.ones(1)).tolist() == [2]
    bare.assign(3.0)
    assert quick(np.ones(1)).tolist() == [3]


@pytest.mark.parametrize("eager", [False, True])
def test_the_trainer_trains_all_that_lies_in_containers(eager):
    nn.seed(0)
    net = nn.Sequential(Two())
    before = net.state_dict()
    x, t = data.moons(40)
    trainer = Trainer(net, optim.SGD(net.parameters(), lr=0.1), eager=eager)
    trainer.fit((x, t), epochs=1, batch=10)
    after = net.state_dict()
    assert [name for name in before if np.array_equal(before[name], after[name])] == []
    assert sorted(trainer.gradients()) == sorted(f"two1.{name}" for name in NAMES)
