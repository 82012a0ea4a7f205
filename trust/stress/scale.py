"""S1, S2, S4: depth, width, thousands of steps, threads and forks.

Each is measured in an interpreter of its own, so that what one leaves behind is nobody else's.
"""

from __future__ import annotations

import gc
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

import seegrad as sg
from seegrad.graph.mode import in_mode
from trust.harness.isolation import memory, most_memory, run_apart
from trust.harness.row import Found, Run, first, row
from trust.stress import worker_loss

MB = 2**20


def _peak() -> int:
    return most_memory(os.getpid())


# --------------------------------------------------------------- S1


def chain(nodes: int, free: str) -> dict[str, Any]:
    """A chain of so many nodes, forward and backward, freed from one end or the other.

    Seconds are the processor's: others may be at work beside.
    """
    started, before = time.process_time(), memory()
    x = sg.tensor(1.0)
    y = x
    for i in range(nodes):
        y = y * 1.0 if i % 2 else y + 0.0
    forward = time.process_time() - started
    y.backward()
    seconds, right = time.process_time() - started, float(x.grad) == 1.0
    taken = memory() - before
    held = list(y.graph.nodes) if free == "any order" else []
    gc.disable()
    started = time.perf_counter()
    if free == "leaf first":
        del x, y
    elif free == "root first":
        del y, x
    else:
        order = np.random.default_rng(0).permutation(len(held))
        del x, y
        for i in order:
            held[i] = None  # type: ignore[call-overload]
    freed = time.perf_counter() - started
    return {"forward": forward, "seconds": seconds, "peak": _peak(), "bytes": taken,
            "right": right, "freed": freed, "left": memory() - before}  # fmt: skip


def fan(width: int) -> dict[str, Any]:
    """One value used so many times, and one op with so many inputs."""
    started = time.perf_counter()
    x = sg.tensor([1.0])
    sg.concatenate([x] * width).sum().backward()
    right = float(x.grad[0]) == width
    leaves = [sg.tensor(1.0) for _ in range(width)]
    sg.add_n(*leaves).backward()
    right &= all(float(leaf.grad) == 1.0 for leaf in leaves)
    x.grad = None
    total = x * 0.0
    for _ in range(width):
        total = total + x
    total.sum().backward()
    right &= float(x.grad[0]) == width
    return {"seconds": time.perf_counter() - started, "right": right, "peak": _peak()}


@row(
    "S1",
    "chains of 10³ … 10⁶ nodes forward, backward and freed from either end; 10⁵ uses of one value",
    "10⁶ nodes in ≤ 10 s of processor and ≤ 1.5 GB",
    count=1_000_000,
    sample=20_000,
)
def s1(run: Run) -> Found:
    faults, largest = [], {"seconds": 0.0, "peak": 0, "bytes": 0}
    nodes = 1000
    while nodes <= run.count:
        for free in ("root first", "leaf first", "any order"):
            found = run_apart("trust.stress.scale:chain", nodes=nodes, free=free)
            largest = max(largest, found, key=lambda f: f["peak"])
            if not found["right"]:
                faults.append(f"{nodes} nodes: a wrong derivative")
            if run.timed and found["seconds"] > 10:
                faults.append(f"{nodes} nodes: {found['seconds']:.1f} s")
            if found["peak"] > 1.5e9:
                faults.append(f"{nodes} nodes: {found['peak'] / 1e9:.2f} GB")
        nodes *= 10
    wide = run_apart("trust.stress.scale:fan", width=max(run.count // 10, 1000))
    if not wide["right"]:
        faults.append("a wrong derivative where one value is used often")
    figure = (
        f"{nodes // 10:,} nodes: {largest['seconds']:.1f} s, {largest['peak'] / 1e9:.2f} GB,"
        f" {largest['bytes'] * 10 // nodes} bytes a node; fan of {max(run.count // 10, 1000):,}:"
        f" {wide['seconds']:.1f} s"
    )
    return Found(figure, first(faults))


# --------------------------------------------------------------- S2


def _network() -> tuple[Any, Any, Any, Any]:
    sg.nn.seed(0)
    net = sg.nn.Sequential(sg.nn.Affine(8, 16), sg.nn.Sigmoid(), sg.nn.Affine(16, 3))
    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(20, 8)), rng.integers(0, 3, 20)
    return net, sg.optim.Adam(net.parameters(), lr=0.01), x, t


def _step(net: Any, opt: Any, x: Any, t: Any) -> None:
    opt.zero_grad()
    sg.softmax_cross_entropy(net(x), t).backward()
    opt.step()


def _second_order(net: Any, opt: Any, x: Any, t: Any) -> None:
    sg.hvp(lambda v: (v * v * v).sum(), np.ones(5), np.ones(5))
    sg.hessian(lambda v: (v * v * v).sum())(np.ones(3))
    sg.grad(lambda v: sg.grad(lambda w: (w**4).sum())(v).sum())(np.ones(3))
    sg.jvp(sg.grad(lambda v: (v * v * v).sum()), (np.ones(3),), (np.ones(3),))


def _failing(net: Any, opt: Any, x: Any, t: Any) -> None:
    for wrong in (
        lambda: net(x[:, :3]),
        lambda: sg.tensor(x) @ sg.tensor(x),
        lambda: sg.softmax_cross_entropy(net(x), t + 7),
        lambda: (net(x) * 2).backward(),
        lambda: sg.grad(lambda v: v.sum() + missing)(x),  # type: ignore[name-defined]  # noqa: F821
    ):
        with suppress(sg.SeegradError, NameError):
            wrong()
    with suppress(sg.SeegradError), sg.debug():
        sg.log(sg.tensor([0.0]))


def _interrupted(net: Any, opt: Any, x: Any, t: Any) -> None:
    calls = 0

    def interrupt(node: Any, position: int, g: Any) -> None:
        nonlocal calls
        calls += 1
        if calls > 4:
            raise KeyboardInterrupt

    try:
        with in_mode(watch_gradient=interrupt):
            sg.softmax_cross_entropy(net(x), t).backward()
    except KeyboardInterrupt:
        pass
    else:
        raise RuntimeError("the interrupt was swallowed")


KINDS: dict[str, Callable[..., None]] = {
    "plain": _step, "higher order": _second_order, "exceptions": _failing,
    "interrupts": _interrupted,
}  # fmt: skip


def soak(steps: int, kind: str) -> dict[str, Any]:
    """So many steps without the garbage collector: how much memory is left behind."""
    parts, body = _network(), KINDS[kind]
    for _ in range(200):
        body(*parts)
    gc.collect()
    gc.disable()
    before = memory()
    for _ in range(steps):
        body(*parts)
    return {"grown": memory() - before, "garbage": gc.collect()}


@row(
    "S2",
    "training steps with the garbage collector off; with higher order, exceptions, Ctrl-C",
    "10,000 steps of each leave ≤ 5 MB behind",
    count=10_000,
    sample=100,
)
def s2(run: Run) -> Found:
    faults, told = [], []
    for kind in KINDS:
        found = run_apart("trust.stress.scale:soak", seconds=600, steps=run.count, kind=kind)
        told.append(f"{kind} {found['grown'] / MB:+.1f} MB")
        if found["grown"] > 5 * MB:
            faults.append(f"{kind}: {found['grown'] / MB:.1f} MB, {found['garbage']} in cycles")
    return Found(f"{run.count:,} steps each: {', '.join(told)}", first(faults))


# --------------------------------------------------------------- S4


def threads(count: int) -> dict[str, Any]:
    """Eight threads, so many gradients each, every one compared with the gradient made alone."""
    rng = np.random.default_rng(0)
    inputs = [rng.uniform(-1, 1, (4, 4)) for _ in range(8)]

    def loss(v: Any) -> Any:
        return (sg.tanh(v @ v) * sg.sigmoid(v)).sum() + sg.grad(lambda w: (w**3).sum())(v).sum()

    right = [sg.grad(loss)(x) for x in inputs]
    wrong: list[int] = []

    def work(i: int) -> None:
        for k in range(count):
            with sg.no_grad():
                loss(inputs[i])
            if not np.array_equal(sg.grad(loss)(inputs[i]), right[i]):
                wrong.append(k)

    workers = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return {"wrong": len(wrong)}


def forked() -> dict[str, Any]:
    """A child forked after use computes the same and ends."""
    net, opt, x, t = _network()
    for _ in range(20):
        _step(net, opt, x, t)
    right = np.array(net(x).value)
    started = time.perf_counter()
    child = os.fork()
    if child == 0:
        ok = np.array_equal(net(x).value, right)
        _step(net, opt, x, t)
        os._exit(0 if ok else 3)
    while time.perf_counter() - started < 20:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return {"seconds": time.perf_counter() - started, "status": status}
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return {"seconds": 20.0, "status": -1}


LOST = "a worker was lost (SIGKILL); the others have been stopped"


@row(
    "S4",
    "8 threads taking gradients at once; a fork after use; a data-parallel worker killed",
    "1,000 gradients a thread right; the child returns in ≤ 1 s; the others stop with a message in"
    " ≤ 10 s",
    count=1000,
    sample=20,
    seconds=600,
)
def s4(run: Run) -> Found:
    faults, told = [], "no MPI here"
    if wrong := run_apart("trust.stress.scale:threads", seconds=600, count=run.count)["wrong"]:
        faults.append(f"{wrong} gradients were wrong")
    child = run_apart("trust.stress.scale:forked")
    if child["status"] or (run.timed and child["seconds"] > 1):
        faults.append(f"the forked child: {child}")
    if run.timed and worker_loss.available():  # the tests of the workers have a case of their own
        slowest = 0.0
        for count in (2, 3, 4):
            end = worker_loss.lost_worker(count)
            slowest = max(slowest, end["seconds"])
            if end["seconds"] > 10 or end["code"] != 1 or end["left"] or LOST not in end["said"]:
                faults.append(f"{count} workers, one killed: {end}")
        told = f"2, 3 and 4 workers, one killed: the others stopped in {slowest:.1f} s"
    return Found(
        f"8 × {run.count:,} gradients right; child back in {child['seconds']:.2f} s; {told}"
        if not faults else "see below",
        first(faults),
    )  # fmt: skip
