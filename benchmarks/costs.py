"""What trust costs: values copied and kept where they come in, and 0·∞ counted as 0.

Contenders are the same work with and without the safeguard, or beside NumPy's own copy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from unittest import mock

import numpy as np

import seegrad as sg
from benchmarks.harness import Result, Timing, finding, side_by_side
from seegrad.autodiff import backward_pass, chain_rule, nan_policy

SIZES = (10, 1000, 100_000)
KEPT, FREE = "with the safeguard", "without it"
Contenders = Mapping[str, Callable[[], object]]


def _best(t: Timing) -> float:
    """Of the fastest round: what is compared here differs by less than rounds do."""
    return min(t.seconds)


def _µs(t: Timing) -> str:
    return f"{_best(t) * 1e6:.2f} µs"


def _share(kept: Timing, free: Timing) -> str:
    """How much more the work takes with the safeguard."""
    more = (_best(kept) / _best(free) - 1) * 100
    return f"{more:+.1f} % ({_µs(kept)}, {_µs(free)} without)"


# --------------------------------------------------------------- what comes in and goes out


def _entering(size: int) -> Contenders:
    """An array that becomes a tensor: one that its owner may write to, and one that nobody may."""
    writable, frozen = np.ones(size), np.ones(size)
    frozen.setflags(write=False)
    return {"writable": lambda: sg.tensor(writable), "read-only": lambda: sg.tensor(frozen),
            "np.copy": lambda: np.copy(writable)}  # fmt: skip


def _network_step() -> Callable[[Any, Any], None]:
    """An eager training step of the book's network, on a mini-batch that is handed over."""
    sg.nn.seed(0)
    net = sg.nn.Sequential(sg.nn.Affine(784, 50), sg.nn.Sigmoid(), sg.nn.Affine(50, 10))
    optimizer = sg.optim.SGD(net.parameters(), lr=0.1)

    def step(x: Any, t: Any) -> None:
        optimizer.zero_grad()
        sg.softmax_cross_entropy(net(x), t).backward()
        optimizer.step()

    return step


@finding("GATE")
def gate() -> Result:
    """The copy at the gate, beside NumPy's; a training step on arrays to copy, and on others."""
    facts: dict[str, str] = {}
    for size in SIZES:
        ways = {t.name: t for t in side_by_side(_entering(size), 9)}
        facts[f"{size:,} numbers in"] = ", ".join(f"{n} {_µs(t)}" for n, t in ways.items())
    y = sg.tensor(np.ones(10)) * 2.0
    (out,) = side_by_side({"out": lambda: y.value}, 9)
    facts["a value out, read-only"] = _µs(out)
    rng = np.random.default_rng(0)
    x, t = rng.random((100, 784), np.float32), rng.integers(0, 10, 100)
    frozen = x.copy(), t.copy()
    for part in frozen:
        part.setflags(write=False)
    step = _network_step()
    timings = side_by_side({KEPT: lambda: step(x, t), FREE: lambda: step(*frozen)}, 15)
    facts["the copies of a mini-batch in a step"] = _share(*timings)
    title = "eager 784-50-10, batch 100: a mini-batch that is copied where it comes in, and one" \
        " that nobody can write to"  # fmt: skip
    return Result("GATE", title, timings, facts=facts)


# --------------------------------------------------------------- 0·∞


def _masked(x: Any) -> Any:
    return sg.where(x > 0, sg.log(x), 0.0).sum()


def _masked_of(x: Any) -> Any:
    return _masked(sg.tensor(x))


def _walks(make: Callable[[], Any]) -> Contenders:
    """The walk back through one graph, looking for 0·∞ and not looking."""
    out = make()
    seed = np.ones(out.shape, out.dtype)[()]

    def free() -> object:
        with np.errstate(all="ignore"):
            return chain_rule.walk_back([out], [seed], None, nan_policy.Policy())

    return {KEPT: lambda: backward_pass.backward([out], [seed]), FREE: free}


def _compiled(x: Any) -> Contenders:
    """A compiled derivative with the test in its loop, and with none."""
    kept, free = sg.compile(sg.grad(_masked)), sg.compile(sg.grad(_masked))
    kept(x)
    with mock.patch.object(nan_policy.Mending, "__call__", lambda self, gx, *_: gx):
        free(x)
    return {KEPT: lambda: kept(x), FREE: lambda: free(x)}


def _network_loss() -> Any:
    sg.nn.seed(0)
    net = sg.nn.Sequential(sg.nn.Affine(784, 50), sg.nn.Sigmoid(), sg.nn.Affine(50, 10))
    rng = np.random.default_rng(0)
    x, t = rng.random((100, 784), np.float32), rng.integers(0, 10, 100)
    return sg.softmax_cross_entropy(net(x), t)


def _small_chain() -> Any:
    leaf = y = sg.tensor(np.full(10, 0.5, np.float32))
    for _ in range(10):
        y = sg.sin(y) * leaf
    return y.sum()


@finding("MASKED")
def masked() -> Result:
    """Walks back with and without the rule; a masked logarithm whose corner is met, compiled."""
    facts: dict[str, str] = {}
    walks = {"backward of 784-50-10, batch 100": _network_loss,
             "backward of 21 operations on 10 numbers": _small_chain}  # fmt: skip
    for name, make in walks.items():
        facts[name] = _share(*side_by_side(_walks(make), 15))
    for size in SIZES[1:]:
        fine = np.random.default_rng(0).uniform(0.1, 2.0, size)
        corner = np.where(np.arange(size) % 7 == 0, 0.0, fine)
        with np.errstate(all="ignore"):
            met = _walks(partial(_masked_of, corner))
            facts[f"where(x > 0, log(x), 0), {size:,}, zeros met"] = _share(*side_by_side(met, 9))
            timings = side_by_side(_compiled(corner), 15)
        facts[f"the same, compiled, {size:,}"] = _share(*timings)
    title = f"the compiled derivative of where(x > 0, log(x), 0), {SIZES[-1]:,} numbers"
    return Result("MASKED", title, timings, facts=facts)
