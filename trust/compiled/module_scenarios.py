"""M2: networks with parts in lists, tuples, dicts and modules, and what is done with them.

The same operations in a random order on three twins: eager, compiled, and by hand with PyTorch's
derivatives. What is compared is read by the way to each part, not by the names that are tested.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import seegrad as sg
from seegrad import nn, optim
from seegrad.errors import GradientError
from trust.compiled.random_networks import WIDTH, Net, Plan, at
from trust.harness.isolation import folder
from trust.harness.row import Found, Run, first, row

try:
    import torch
except ImportError:  # the outside judge is not needed for the others
    torch = None  # type: ignore[assignment]

RULES: dict[str, Callable[[Any], optim.Optimizer]] = {
    "SGD": lambda p: optim.SGD(p, lr=0.05),
    "Momentum": lambda p: optim.Momentum(p, lr=0.05),
    "Adam": lambda p: optim.Adam(p, lr=0.01, eps=1e-3),
}


def loss_of(net: Any, x: Any, t: Any) -> Any:
    return ((net(x) - t) ** 2).mean()


class Twin:
    """A network with its optimizer, used eagerly or through compiled functions."""

    def __init__(self, net: Net, rule: str, compiled: bool) -> None:
        self.rule, self.compiled = rule, compiled
        self.take(net, RULES[rule](net.parameters()))

    def take(self, net: Net, opt: optim.Optimizer) -> None:
        """Go on with this network and optimizer."""
        self.net, self.opt = net, opt

        def step(x: Any, t: Any) -> Any:
            opt.zero_grad()
            loss = loss_of(net, x, t)
            loss.backward()
            opt.step()
            return loss

        def back(x: Any, t: Any) -> Any:
            opt.zero_grad()
            loss = loss_of(net, x, t)
            loss.backward()
            return loss

        wrap: Any = sg.compile if self.compiled else (lambda f: f)
        self.step, self.back, self.look = wrap(step), wrap(back), wrap(lambda x: net(x))


@dataclass
class Judge:
    """The same numbers as PyTorch's tensors; the rules of the optimizers written out."""

    plan: Plan
    rule: str
    values: dict[Any, Any]
    training: bool = True
    frozen: set[Any] = field(default_factory=set)
    kept: dict[Any, Any] = field(default_factory=dict)
    steps: int = 0

    def forward(self, x: Any) -> Any:
        v, x = self.values, torch.tensor(x)
        for number, _ in self.plan.holder.ways():
            match self.plan.kinds[number]:
                case "affine":
                    x = x @ v[number, "W"] + v[number, "b"]
                case "matrix":
                    x = x @ v[number, ""]
                case "scale":
                    x = x * v[number, ""]
                case "shift":
                    x = x + v[number, ""]
                case "norm":
                    names = ("running_mean", "running_var", "gamma", "beta")
                    own = [v[number, name] for name in names]
                    x = torch.nn.functional.batch_norm(x, *own, training=self.training)
            x = torch.tanh(x)
        return x

    def back(self, x: Any, t: Any) -> tuple[float, dict[Any, Any]]:
        """The loss, and its derivative by everything that is not frozen."""
        learnt = {k: v for k, v in self.values.items() if v.requires_grad and k not in self.frozen}
        loss = ((self.forward(x) - torch.tensor(t)) ** 2).mean()
        found = torch.autograd.grad(loss, list(learnt.values()))
        return float(loss.detach()), dict(zip(learnt, found))

    def step(self, x: Any, t: Any) -> float:
        loss, gradients = self.back(x, t)
        self.steps += 1
        for name, g in gradients.items():
            m, v = self.kept.get(name, (0 * g, 0 * g))
            if self.rule == "Adam":
                m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
                root = (v / (1 - 0.999**self.steps)).sqrt() + 1e-3
                change = 0.01 * m / (1 - 0.9**self.steps) / root
            else:
                m = (0.9 * m if self.rule == "Momentum" else 0.0) + g
                change = 0.05 * m
            self.kept[name] = m, v
            self.values[name] = (self.values[name].detach() - change).requires_grad_()
        return loss

    def put(self, name: Any, value: Any) -> None:
        self.values[name] = torch.tensor(value, requires_grad=self.values[name].requires_grad)


def _tensor(leaf: Any) -> Any:
    return torch.tensor(np.array(leaf.value), requires_grad=leaf.requires_grad)


class Scenario:
    """One network from its building on, and what its twins do not agree on."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng, self.plan = rng, Plan.drawn(rng)
        self.rule = str(rng.choice(list(RULES)))
        net = self.plan.build(rng)
        self.check_names(net)
        self.twins = [Twin(net, self.rule, False), Twin(copy.deepcopy(net), self.rule, True)]
        self.frozen: set[Any] = set()
        self.training = True
        drops = any(getattr(at(net, way), "p", 0) for _, way in self.plan.holder.ways())
        self.judge = None
        if torch is not None and not drops:
            values = {k: _tensor(leaf) for k, leaf in self.plan.leaves(net).items()}
            self.judge = Judge(self.plan, self.rule, values)

    def check_names(self, net: Net) -> None:
        """Every leaf once among the parameters and in what is saved."""
        leaves = {id(leaf) for leaf in self.plan.leaves(net).values()}
        learnt = {id(x) for x in self.plan.leaves(net).values() if x.requires_grad}
        assert sorted(learnt) == sorted(map(id, net.parameters())), "parameters() is not all"
        assert len(net.state_dict()) == len(leaves), "state_dict() is not all"

    def batch(self) -> tuple[Any, Any]:
        return self.rng.normal(size=(5, WIDTH)), self.rng.normal(size=(5, WIDTH))

    def agree(self, what: str, one: Any, other: Any) -> None:
        one, other = np.asarray(one), np.asarray(other)
        assert one.shape == other.shape, f"{what}: {one.shape} is not {other.shape}"
        close = np.allclose(one, other, rtol=1e-9, atol=1e-9)
        assert close, f"{what} differs by {np.abs(one - other).max():.1e}"

    def same_numbers(self) -> None:
        mine, others = (self.plan.leaves(twin.net) for twin in self.twins)
        for name, leaf in mine.items():
            self.agree(f"compiled: {name}", others[name].value, leaf.value)
            if self.judge is not None and name[1] != "key":
                self.agree(f"PyTorch: {name}", self.judge.values[name].detach(), leaf.value)

    # ------------------------------------------------------------- operations

    def train_steps(self) -> None:
        for _ in range(int(self.rng.integers(1, 4))):
            x, t = self.batch()
            mine, other = (twin.step(x, t).item() for twin in self.twins)
            self.agree("compiled loss", other, mine)
            if self.judge is not None:
                self.agree("PyTorch's loss", self.judge.step(x, t), mine)

    def backward(self) -> None:
        x, t = self.batch()
        mine, other = (twin.back(x, t).item() for twin in self.twins)
        self.agree("compiled loss", other, mine)
        leaves, others = (self.plan.leaves(twin.net) for twin in self.twins)
        right = None if self.judge is None else self.judge.back(x, t)[1]
        for name, leaf in leaves.items():
            g, h = leaf.grad, others[name].grad
            assert (g is None) == (h is None), f"compiled: {name} has a gradient, or none"
            assert (g is None) == (name in self.frozen or not leaf.requires_grad), f"{name}: {g}"
            if g is not None:
                self.agree(f"compiled gradient of {name}", h, g)
                if right is not None:
                    self.agree(f"PyTorch's gradient of {name}", right[name], g)

    def look(self, recording: bool = True) -> None:
        x, _ = self.batch()
        with nullcontext() if recording else sg.no_grad():
            mine, other = (twin.look(x).value for twin in self.twins)
        self.agree("compiled output", other, mine)
        if self.judge is not None:
            self.agree("PyTorch's output", self.judge.forward(x).detach(), mine)

    def look_without_recording(self) -> None:
        self.look(recording=False)

    def freeze(self) -> None:
        names = [k for k, leaf in self.plan.leaves(self.twins[0].net).items()
                 if leaf.requires_grad or k in self.frozen]  # fmt: skip
        name = names[int(self.rng.integers(len(names)))]
        frozen = self.frozen ^ {name}
        if len(frozen) < len(names):
            self.frozen = frozen
            self._apply_frozen()

    def _apply_frozen(self) -> None:
        for twin in self.twins:
            for name, leaf in self.plan.leaves(twin.net).items():
                if name in self.frozen or any(leaf is p for p in twin.opt.parameters):
                    leaf.requires_grad = name not in self.frozen
        if self.judge is not None:
            self.judge.frozen = set(self.frozen)

    def mode(self) -> None:
        self.training = not self.training
        for twin in self.twins:
            twin.net.train(self.training)
        if self.judge is not None:
            self.judge.training = self.training

    def save_and_load(self) -> None:
        """The eager one goes on as a fresh network that has read a file; the other reads too."""
        mine, other = self.twins
        fresh = self.plan.build(self.rng).train(self.training)
        opt = RULES[self.rule](fresh.parameters())
        with folder() as place:
            path = sg.save(mine.net, place / "net.safetensors")
            sg.load(fresh, path)
            sg.load(other.net, path)
        opt.load_state_dict(mine.opt.state_dict())
        mine.take(fresh, opt)
        self._apply_frozen()

    def load_others(self) -> None:
        """Other numbers by name, into networks that optimizers and compiled code have seen."""
        values = self.twins[0].net.state_dict()
        changed = {n: v * 0.9 if v.dtype.kind == "f" else v for n, v in values.items()}
        for twin in self.twins:
            twin.net.load_state_dict(changed)
        if self.judge is not None:
            for name, leaf in self.plan.leaves(self.twins[0].net).items():
                self.judge.put(name, np.array(leaf.value))

    def load_strange(self) -> None:
        """What another network has saved: refused unless all names and shapes are the same."""
        values = Plan.drawn(self.rng).build(self.rng).state_dict()
        net = self.twins[0].net
        own = net.state_dict()
        if {n: v.shape for n, v in own.items()} != {n: v.shape for n, v in values.items()}:
            try:
                net.load_state_dict(values)
            except sg.SeegradError:
                return
            raise AssertionError("another network was loaded")

    def deep_copy(self) -> None:
        for twin in self.twins:
            twin.take(*copy.deepcopy((twin.net, twin.opt)))

    def replace(self) -> None:
        """Another tensor in a parameter's place: no step before there is a new optimizer."""
        ways = [*self.plan.holder.ways()]
        number, way = ways[int(self.rng.integers(len(ways)))]
        kind = self.plan.kinds[number]
        if kind.endswith("dropout") or self.frozen:
            return
        attribute = {"affine": "W", "norm": "gamma"}.get(kind, "")
        *upper, last = (*way, attribute) if attribute else way
        shared = sum(other == number for other, _ in ways) > 1
        if isinstance(at(self.twins[0].net, tuple(upper)), tuple) or (shared and not attribute):
            return
        leaves = self.plan.leaves(self.twins[0].net)
        new = self.rng.uniform(0.5, 1.5, leaves[number, attribute].shape)
        for twin in self.twins:
            holder = at(twin.net, tuple(upper))
            if isinstance(holder, nn.Module):
                setattr(holder, last, sg.tensor(new))
            else:
                holder[last] = sg.tensor(new)
            self._refuses_a_step(twin)
            twin.take(twin.net, RULES[self.rule](twin.net.parameters()))
        if self.judge is not None:
            self.judge.put((number, attribute), new)
            self.judge.kept, self.judge.steps = {}, 0

    def _refuses_a_step(self, twin: Twin) -> None:
        state = twin.net.state_dict()
        try:
            twin.step(*self.batch())
        except GradientError as error:
            said = str(error)
        else:
            said = "no error"
        assert "the optimizer" in said, f"compiled={twin.compiled}, a stale optimizer: {said}"
        twin.net.load_state_dict(state)          # running means had moved


OPERATIONS: tuple[Callable[[Scenario], None], ...] = (
    Scenario.train_steps, Scenario.train_steps, Scenario.backward, Scenario.look,
    Scenario.look_without_recording, Scenario.freeze, Scenario.mode, Scenario.save_and_load,
    Scenario.load_others, Scenario.load_strange, Scenario.deep_copy, Scenario.replace,
)  # fmt: skip


def scenario_fault(seed: int, length: int = 10) -> str:
    """What went wrong in a scenario, and after what; nothing: nothing."""
    rng = np.random.default_rng(seed)
    done: list[str] = []
    try:
        scenario = Scenario(rng)
        for number in rng.integers(0, len(OPERATIONS), length):
            done.append(OPERATIONS[number].__name__)
            OPERATIONS[number](scenario)
            scenario.same_numbers()
    except Exception as error:
        said = " ".join(str(error).split())[:200]
        return f"seed {seed}: {type(error).__name__}: {said}, after {', '.join(done)}"
    return ""


@row(
    "M2",
    "random networks (lists, dicts, tuples, modules, shared and checkpointed parts) through steps,"
    " freezing, modes, files, copies and replaced parameters in every order: eager, compiled,"
    " loaded, PyTorch",
    "≥ 500: values, gradients, parameters equal to 1e-9, or a named error where promised",
    count=500,
    sample=8,
    seconds=1200,
)
def m2(run: Run) -> Found:
    faults, done = [], 0
    for seed in run.rng.integers(0, 2**31, run.count).tolist():
        if run.out_of_time():
            break
        done += 1
        if fault := scenario_fault(seed):
            faults.append(fault)
    judges = "" if torch is not None else " (PyTorch is not installed)"
    figure = f"{len(faults)} of {done:,} differ{judges}"
    return Found(figure, first(faults), whole=done == run.count)
