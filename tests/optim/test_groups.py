"""Groups of parameters, clipping, LBFGS and waiting for progress, beside PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

import seegrad as sg
from seegrad import nn, optim
from seegrad.errors import (
    CallError,
    DTypeError,
    GradientError,
    SeegradError,
    TraceError,
    ValueRangeError,
)

torch = pytest.importorskip("torch", reason="torch is not installed")

R = np.random.default_rng(2)
X, T = R.normal(size=(16, 4)), R.normal(size=(16, 2))
F = np.float64


def two_networks():
    mine = nn.Sequential(nn.Affine(4, 6, dtype=F), nn.Tanh(), nn.Affine(6, 2, dtype=F))
    theirs = torch.nn.Sequential(torch.nn.Linear(4, 6), torch.nn.Tanh(), torch.nn.Linear(6, 2))
    theirs = theirs.double()
    with torch.no_grad():
        for ours, other in ((mine[0], theirs[0]), (mine[2], theirs[2])):
            other.weight.copy_(torch.tensor(np.array(ours.W.value.T)))
            other.bias.copy_(torch.tensor(np.array(ours.b.value)))
    return mine, theirs


def equal(mine, theirs, rtol=1e-9):
    for ours, other in ((mine[0], theirs[0]), (mine[2], theirs[2])):
        np.testing.assert_allclose(ours.W.value.T, other.weight.detach(), rtol, 1e-11)
        np.testing.assert_allclose(ours.b.value, other.bias.detach(), rtol, 1e-11)


GROUPS = {
    "SGD": (optim.SGD, "SGD", {}, {"lr": 0.05, "weight_decay": 0.1}, {}),
    "Momentum": (optim.Momentum, "SGD", {}, {"momentum": 0.5, "lr": 0.01}, {"momentum": 0.9}),
    "Adam": (optim.Adam, "Adam", {}, {"betas": (0.7, 0.9), "eps": 1e-5}, {}),
    "AdamW": (optim.AdamW, "AdamW", {}, {"weight_decay": 0.3, "lr": 0.001}, {}),
    "NAdam": (optim.NAdam, "NAdam", {}, {"betas": (0.7, 0.9), "momentum_decay": 0.1}, {}),
    "RAdam": (optim.RAdam, "RAdam", {}, {"betas": (0.6, 0.9)}, {}),
}


@pytest.mark.parametrize("how", ["eager", "compiled"])
@pytest.mark.parametrize("name", GROUPS)
def test_groups_equal_pytorch(name, how):
    kind, their_name, words, second, their_words = GROUPS[name]
    mine, theirs = two_networks()
    opt = kind([{"params": mine[0].parameters()}, {"params": mine[2].parameters(), **second}],
               lr=0.02, **words)  # fmt: skip
    other = getattr(torch.optim, their_name)(
        [{"params": theirs[0].parameters()}, {"params": theirs[2].parameters(), **second}],
        lr=0.02, **their_words,
    )  # fmt: skip
    mine_schedule = optim.Schedule(opt, optim.stepwise(3, 0.5))
    their_schedule = torch.optim.lr_scheduler.StepLR(other, 3, 0.5)

    def step(x, t):
        opt.zero_grad()
        loss = nn.MSELoss()(mine(x), t)
        loss.backward()
        norm = optim.clip_norm(mine.parameters(), 0.5)
        opt.step()
        return loss, norm

    made = sg.compile(step) if how == "compiled" else step
    for _ in range(20):
        loss, norm = made(X, T)
        mine_schedule.step()
        other.zero_grad()
        wanted = torch.nn.MSELoss()(theirs(torch.tensor(X)), torch.tensor(T))
        wanted.backward()
        their_norm = torch.nn.utils.clip_grad_norm_(theirs.parameters(), 0.5)
        other.step()
        their_schedule.step()
        np.testing.assert_allclose(np.asarray(loss), wanted.item(), 1e-5)
        np.testing.assert_allclose(np.asarray(norm), their_norm.item(), 1e-5)
    equal(mine, theirs, 1e-4)                 # PyTorch's bound of a length has 1e-6 added
    if how == "compiled":
        assert len(made.variants) == 1        # rates are leaves: no new program for a new rate


def test_a_groups_rate_is_set_and_moves_with_the_others():
    mine, _ = two_networks()
    first = {"params": mine[0].parameters(), "lr": 0.1}
    rest = [{"params": [mine[2].W], "lr": 0.2}, {"params": mine[2].b}]
    opt = optim.SGD([first, *rest], lr=0.4)
    assert [round(group["lr"], 9) for group in opt.groups] == [0.1, 0.2, 0.4]
    assert opt.groups[2]["params"] == [mine[2].b]
    opt.lr = 0.0
    opt.lr = 0.05
    assert [round(group["lr"], 9) for group in opt.groups] == [0.05, 0.1, 0.2]
    assert "3 groups" in repr(opt)
    assert "weight_decay" not in repr(opt.groups[0])
    kept = opt.state_dict()
    assert {"lr", "lr.1", "lr.2"} <= kept.keys()
    opt.lr = 1.0
    opt.load_state_dict(kept)
    assert round(opt.groups[2]["lr"], 9) == 0.2


def test_the_trainer_takes_groups_and_keeps_them(tmp_path):
    def made():
        nn.seed(0)
        net = nn.Sequential(nn.Affine(2, 8), nn.ReLU(), nn.Affine(8, 2))
        groups = [{"params": net[0].parameters(), "lr": 0.05, "betas": (0.8, 0.99)},
                  {"params": net[2].parameters(), "weight_decay": 0.01}]  # fmt: skip
        opt = optim.Adam(groups, lr=0.01, clip_norm=1.0)
        return net, sg.training.Trainer(net, opt, seed=0)

    data = sg.data.moons()
    whole, trainer = made()
    trainer.fit(data, epochs=4, batch=25)
    first = made()[1]
    first.fit(data, epochs=2, batch=25)
    first.save(tmp_path / "c.safetensors")
    again, second = made()
    second.resume(tmp_path / "c.safetensors")
    second.fit(data, epochs=4, batch=25)
    for one, other in zip(whole.parameters(), again.parameters()):
        np.testing.assert_array_equal(one.value, other.value)
    eager, slow = made()
    slow.eager = True
    slow.fit(data, epochs=4, batch=25)
    for one, other in zip(whole.parameters(), eager.parameters()):
        np.testing.assert_allclose(one.value, other.value, 1e-3, 1e-5)


def test_clipping_by_value_and_what_has_no_gradient():
    leaf = sg.tensor(np.array([1.0, 1.0]))
    (leaf * np.array([5.0, -0.1])).sum().backward()
    optim.clip_value(leaf, 0.5)
    np.testing.assert_allclose(leaf.grad, [0.5, -0.1])
    assert optim.clip_norm([leaf], 100.0) == pytest.approx(np.hypot(0.5, 0.1))
    np.testing.assert_allclose(leaf.grad, [0.5, -0.1])
    with pytest.raises(GradientError, match="backward"):
        optim.clip_norm([sg.tensor(1.0)], 1.0)
    with pytest.raises(ValueRangeError, match="above 0"):
        optim.clip_norm([leaf], 0.0)


leaf = sg.tensor(np.ones(2), name="W")
REFUSED = {
    "a key": (lambda: optim.SGD([{"params": [leaf], "momentum": 1}]), ValueRangeError, "momentum"),
    "no params": (lambda: optim.SGD([{"lr": 1}]), ValueRangeError, "params"),
    "mixed": (lambda: optim.SGD([{"params": [leaf]}, leaf]), ValueRangeError, "dictionary"),
    "twice": (lambda: optim.SGD([{"params": [leaf]}, {"params": [leaf]}]), ValueRangeError, "W"),
    "a rate": (lambda: optim.SGD([{"params": [leaf], "lr": -1}]), ValueRangeError, "lr"),
    "betas": (
        lambda: optim.Adam([{"params": [leaf], "betas": (0.9, 1.0)}]), ValueRangeError, "beta2"),
    "none": (lambda: optim.SGD([{"params": []}]), ValueRangeError, "nothing"),
    "no list": (lambda: optim.SGD(leaf), DTypeError, "list"),
    "momentum of SGD": (lambda: optim.SGD([leaf], momentum=0.9), CallError, "Momentum"),
    "a word": (lambda: optim.Adam([leaf], amsgrad=True), CallError, "amsgrad"),
    "groups of LBFGS": (
        lambda: optim.LBFGS([{"params": [leaf]}, {"params": [sg.tensor(1.0)]}]),
        ValueRangeError, "one group"),
    "a search": (lambda: optim.LBFGS([leaf], line_search="armijo"), ValueRangeError, "wolfe"),
    "no closure": (lambda: optim.LBFGS([leaf]).step(), CallError, "closure"),
    "no backward": (lambda: optim.LBFGS([sg.tensor(1.0)]).step(lambda: sg.tensor(2.0)),
                    GradientError, "backward"),
    "a mode": (
        lambda: optim.ReduceLROnPlateau(optim.SGD([leaf]), "least"), ValueRangeError, "min, max"),
    "a factor": (
        lambda: optim.ReduceLROnPlateau(optim.SGD([leaf]), factor=1.0), ValueRangeError, "factor"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_is_said(name):
    call, kind, words = REFUSED[name]
    with pytest.raises(kind, match=words) as caught:
        call()
    assert isinstance(caught.value, SeegradError)


# ------------------------------------------------------------- LBFGS


@pytest.mark.parametrize("history", [3, 100])
def test_lbfgs_equals_pytorch(history):
    mine, theirs = two_networks()
    opt = optim.LBFGS(mine.parameters(), lr=0.3, iterations=4, history=history)
    other = torch.optim.LBFGS(theirs.parameters(), lr=0.3, max_iter=4, history_size=history)

    @sg.compile
    def slopes(x, t):
        opt.zero_grad()
        loss = nn.MSELoss()(mine(x), t)
        loss.backward()
        return loss

    def their_closure():
        other.zero_grad()
        loss = torch.nn.MSELoss()(theirs(torch.tensor(X)), torch.tensor(T))
        loss.backward()
        return loss

    for number in range(20):
        found, wanted = opt.step(lambda: slopes(X, T)), other.step(their_closure)
        np.testing.assert_allclose(np.asarray(found), wanted.item(), 1e-7, err_msg=str(number))
        if number == 7:                        # and go on from what was kept
            kept = opt.state_dict()
            opt = optim.LBFGS(mine.parameters(), lr=0.3, iterations=4, history=history)
            opt.load_state_dict(kept)
    equal(mine, theirs, 1e-4)


def test_lbfgs_searches_along_the_line():
    w = sg.tensor(np.array([-1.2, 1.0, 1.5]))
    opt = optim.LBFGS([w], iterations=200, line_search="strong_wolfe")
    calls = []

    def closure():
        opt.zero_grad()
        loss = (100 * (w[1:] - w[:-1] ** 2) ** 2 + (1 - w[:-1]) ** 2).sum()
        loss.backward()
        calls.append(loss.item())
        return loss

    opt.step(closure)
    np.testing.assert_allclose(w.value, np.ones(3), atol=1e-5)
    assert len(calls) < 120
    with pytest.raises(TraceError, match="not compiled"):
        sg.compile(lambda: opt.step(closure))()


# ------------------------------------------------------------- waiting for progress


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("threshold_mode", ["rel", "abs"])
def test_waiting_equals_pytorch(mode, threshold_mode):
    leaf, other = sg.tensor(1.0), torch.tensor(1.0, requires_grad=True)
    words = {"mode": mode, "threshold_mode": threshold_mode, "patience": 2, "factor": 0.5,
             "threshold": 0.05, "cooldown": 1, "min_lr": 0.01}  # fmt: skip
    opt, their = optim.SGD([leaf], lr=1.0), torch.optim.SGD([other], lr=1.0)
    mine = optim.ReduceLROnPlateau(opt, **words)
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(their, **words)
    chance = np.random.default_rng(0)
    figure, rates = 3.0, set()
    for _ in range(80):
        figure += chance.normal() * 0.1 + (-0.02 if mode == "min" else 0.02)
        mine.step(figure)
        theirs.step(figure)
        assert opt.lr.item() == pytest.approx(their.param_groups[0]["lr"], rel=1e-12)
        rates.add(opt.lr.item())
        kept = mine.state_dict()
        mine = optim.ReduceLROnPlateau(opt, **words)
        mine.load_state_dict(kept)
    assert len(rates) > 3
