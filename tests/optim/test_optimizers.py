"""Every rule against PyTorch's over many steps; clipping, decay, state, schedules."""

from __future__ import annotations

import math

import numpy as np
import pytest

import seegrad as sg
from seegrad import optim
from seegrad.errors import DTypeError, GradientError, ShapeError, ValueRangeError

RULES = {
    "SGD": (optim.SGD, "SGD", {}, {}),
    "SGD decayed": (optim.SGD, "SGD", {"weight_decay": 0.1}, {"weight_decay": 0.1}),
    "Momentum": (optim.Momentum, "SGD", {}, {"momentum": 0.9}),
    "Nesterov": (optim.Nesterov, "SGD", {"momentum": 0.8}, {"momentum": 0.8, "nesterov": True}),
    "AdaGrad": (optim.AdaGrad, "Adagrad", {}, {}),
    "RMSprop": (optim.RMSprop, "RMSprop", {"decay": 0.9}, {"alpha": 0.9}),
    "Adam": (optim.Adam, "Adam", {}, {}),
    "Adam decayed": (optim.Adam, "Adam", {"weight_decay": 0.1}, {"weight_decay": 0.1}),
    "AdamW": (optim.AdamW, "AdamW", {}, {}),
    "Adadelta": (optim.Adadelta, "Adadelta", {}, {}),
    "Adamax": (optim.Adamax, "Adamax", {"weight_decay": 0.1}, {"weight_decay": 0.1}),
    "RAdam": (optim.RAdam, "RAdam", {"betas": (0.8, 0.9)}, {"betas": (0.8, 0.9)}),
    "RAdam usual": (optim.RAdam, "RAdam", {}, {}),
    "NAdam": (optim.NAdam, "NAdam", {"momentum_decay": 0.1}, {"momentum_decay": 0.1}),
}


def two_leaves(dtype=np.float64):
    chance = np.random.default_rng(0)
    return [
        sg.tensor(chance.standard_normal((3, 2)), dtype, name="W"),
        sg.tensor(chance.standard_normal(2), dtype, name="b"),
    ]


def loss_of(x, leaves, xp):
    return ((xp.tanh(x @ leaves[0] + leaves[1]) - 0.3) ** 2).sum()


@pytest.mark.parametrize("name", RULES)
def test_twenty_steps_equal_pytorch(name):
    torch = pytest.importorskip("torch")
    ours, theirs, words, their_words = RULES[name]
    leaves = two_leaves()
    others = [torch.tensor(np.array(leaf.value), requires_grad=True) for leaf in leaves]
    opt = ours(leaves, lr=0.05, **words)
    other = getattr(torch.optim, theirs)(others, lr=0.05, **their_words)
    x = np.random.default_rng(1).standard_normal((4, 3))
    for _ in range(20):
        opt.zero_grad()
        loss_of(x, leaves, np).backward()
        opt.step()
        other.zero_grad()
        loss_of(torch.tensor(x), others, torch).backward()
        other.step()
    for leaf, expected in zip(leaves, others):
        np.testing.assert_allclose(leaf.value, expected.detach(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", RULES)
def test_float32_stays_float32(name):
    leaves = two_leaves(np.float32)
    opt = RULES[name][0](leaves, lr=0.01, clip_norm=1.0)
    loss_of(np.ones((1, 3), np.float32), leaves, np).backward()
    opt.step()
    kept = [value for values in opt.slots.values() for value in values if value.shape]
    assert {value.dtype for value in [*leaves, *kept]} == {np.dtype(np.float32)}


def test_rows_that_nobody_asks_for_stay_as_in_pytorch():
    torch = pytest.importorskip("torch")
    chance = np.random.default_rng(0)
    start, far = chance.standard_normal((9, 4)), chance.standard_normal((5, 4))
    table = sg.tensor(start, name="W")
    other = torch.nn.Embedding(9, 4, sparse=True, dtype=torch.float64)
    other.weight.data.copy_(torch.tensor(start))
    ours = optim.SparseAdam([table], lr=0.05, eps=1e-14)
    theirs = torch.optim.SparseAdam(list(other.parameters()), lr=0.05, eps=1e-14)
    for _ in range(20):
        rows = chance.integers(0, 8, 5)                  # the last one never
        ours.zero_grad()
        ((sg.take(table, rows, axis=0) - far) ** 3).sum().backward()
        ours.step()
        theirs.zero_grad()
        ((other(torch.tensor(rows)) - torch.tensor(far)) ** 3).sum().backward()
        theirs.step()
    np.testing.assert_allclose(table.value, other.weight.detach(), rtol=1e-6)
    np.testing.assert_array_equal(table.value[8], start[8])


def test_clipping_by_norm_equals_pytorch():
    torch = pytest.importorskip("torch")
    for bound in (0.1, 100.0):
        leaves = two_leaves()
        others = [torch.tensor(np.array(leaf.value), requires_grad=True) for leaf in leaves]
        x = np.ones((4, 3))
        loss_of(x, leaves, np).backward()
        loss_of(torch.tensor(x), others, torch).backward()
        torch.nn.utils.clip_grad_norm_(others, bound)
        before = [leaf.value for leaf in leaves]
        optim.SGD(leaves, lr=1.0, clip_norm=bound).step()
        for leaf, old, other in zip(leaves, before, others):
            np.testing.assert_allclose(old - leaf.value, other.grad, rtol=1e-5)


def test_clipping_by_value():
    leaf = sg.tensor([1.0, 1.0])
    (leaf * np.array([5.0, -0.1])).sum().backward()
    optim.SGD([leaf], lr=1.0, clip_value=0.5).step()
    np.testing.assert_allclose(leaf.value, [0.5, 1.1])


def test_a_parameter_without_a_gradient_stays():
    used, unused = sg.tensor(1.0), sg.tensor(2.0)
    opt = optim.Adam([used, unused], lr=0.1)
    (used * 3).backward()
    opt.step()
    assert used.item() != 1
    assert unused.item() == 2


def test_the_gradient_is_subtracted():
    leaf = sg.tensor(3.0)
    opt = optim.SGD([leaf], lr=0.25)
    (leaf * leaf).backward()
    opt.step()
    assert leaf.item() == 3 - 0.25 * 6


def test_a_graph_recorded_before_a_step_keeps_its_values():
    leaf = sg.tensor(3.0)
    loss = leaf * leaf
    loss.backward()
    optim.SGD([leaf], lr=1.0).step()
    assert loss.item() == 9
    assert loss.graph.edges[0].value == 3


def test_the_learning_rate_is_a_leaf_that_is_read_each_step():
    leaf = sg.tensor(1.0)
    opt = optim.SGD([leaf], lr=0.1)
    rate = opt.lr
    leaf.backward()
    opt.lr = 0.5
    assert opt.lr is rate
    opt.step()
    assert leaf.item() == 0.5


def test_misuse_is_named():
    leaf = sg.tensor(1.0)
    with pytest.raises(ValueRangeError, match="nothing to optimise"):
        optim.SGD([], lr=0.1)
    with pytest.raises(DTypeError, match="only leaves"):
        optim.SGD([leaf * 2], lr=0.1)
    with pytest.raises(DTypeError, match="only leaves"):
        optim.SGD([np.ones(2)], lr=0.1)
    for lr in (0, -1, math.nan, math.inf):
        with pytest.raises(ValueRangeError, match="lr"):
            optim.SGD([leaf], lr=lr)
    with pytest.raises(ValueRangeError, match="momentum"):
        optim.Momentum([leaf], momentum=1.0)
    with pytest.raises(ValueRangeError, match="beta2"):
        optim.Adam([leaf], betas=(0.9, 1.5))
    with pytest.raises(ValueRangeError, match="clip_norm"):
        optim.SGD([leaf], clip_norm=0)
    with pytest.raises(ValueRangeError, match="weight_decay"):
        optim.SGD([leaf], weight_decay=-1)
    with pytest.raises(GradientError, match="no parameter has a gradient"):
        optim.SGD([leaf]).step()


@pytest.mark.parametrize("name", RULES)
def test_state_goes_out_and_comes_back_bit_for_bit(name):
    x = np.random.default_rng(1).standard_normal((4, 3))

    def run(leaves, opt, count):
        for _ in range(count):
            opt.zero_grad()
            loss_of(x, leaves, np).backward()
            opt.step()

    ours, words = RULES[name][0], RULES[name][2]
    leaves = two_leaves()
    opt = ours(leaves, lr=0.05, **words)
    run(leaves, opt, 5)
    again = [sg.tensor(leaf.value, name=leaf.name) for leaf in leaves]
    other = ours(again, lr=0.7, **words)
    other.load_state_dict(opt.state_dict())
    run(leaves, opt, 5)
    run(again, other, 5)
    for leaf, expected in zip(again, leaves):
        assert np.array_equal(leaf.value, expected.value)


def test_state_of_another_rule_or_shape_is_refused():
    leaves = two_leaves()
    adam = optim.Adam(leaves)
    with pytest.raises(ValueRangeError, match="another optimizer"):
        adam.load_state_dict(optim.SGD(leaves).state_dict())
    with pytest.raises(ShapeError, match=r"\(3, 2\)"):
        adam.load_state_dict(optim.Adam([sg.tensor(np.ones(6)), leaves[1]]).state_dict())


@pytest.mark.parametrize(("factor", "expected"), [
    (optim.constant(), [1, 1, 1, 1, 1]),
    (optim.stepwise(2, 0.1), [1, 1, 0.1, 0.1, 0.01]),
    (optim.exponential(0.5), [1, 0.5, 0.25, 0.125, 0.0625]),
    (optim.cosine(4), [1, 0.5 + math.sqrt(0.125), 0.5, 0.5 - math.sqrt(0.125), 0]),
    (optim.cosine(2, least=0.2), [1, 0.6, 0.2, 0.2, 0.2]),
    (optim.warmed_up(3, optim.exponential(0.5)), [0.25, 0.5, 0.75, 1, 0.5]),
])
def test_schedules(factor, expected):
    assert [factor(step) for step in range(5)] == pytest.approx(expected, abs=1e-12)


def test_a_schedule_sets_the_learning_rate():
    opt = optim.SGD([sg.tensor(1.0)], lr=0.4)
    schedule = optim.Schedule(opt, optim.stepwise(1, 0.5))
    seen = [opt.lr.item()]
    for _ in range(2):
        schedule.step()
        seen.append(opt.lr.item())
    assert seen == [0.4, 0.2, 0.1]
    with pytest.raises(ValueRangeError):
        optim.cosine(0)
