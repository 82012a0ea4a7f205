"""B2: requests for more than any machine has, each refused before anything is taken."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import seegrad as sg
from seegrad.ops import random
from trust.harness.row import Found, Run, first, row
from trust.text.invalid_calls import still_english

Request = tuple[str, Callable[[], Any]]
HUGE = 2**46


def requests() -> Iterator[Request]:
    """Forty and more requests; the inputs themselves are small."""
    x = sg.tensor([1.0, 2.0, 3.0])
    raw = np.ones(3)
    view = np.broadcast_to(1.0, (HUGE,))
    key = random.key(0)
    column, line = np.ones((2**20, 1)), np.ones((1, 2**20))
    tall, wide = sg.tensor(column), sg.tensor(line)
    yield "tensor of a stretched view", lambda: sg.tensor(view)
    yield "tensor of a long range", lambda: sg.tensor(range(10**15))
    yield "zeros by broadcast_to", lambda: sg.broadcast_to(x[0], (HUGE,))
    yield "broadcast_to, plain", lambda: sg.broadcast_to(raw, (HUGE, 3))
    yield "broadcast_to, many axes", lambda: sg.broadcast_to(raw, (2**20, 2**20, 2**20, 3))
    yield "one_hot, 10⁹ classes", lambda: sg.one_hot(np.arange(10**4), classes=10**9)
    yield "one_hot, 10¹² classes", lambda: sg.one_hot([0, 1], classes=10**12)
    yield "one_hot, 10³⁰ classes", lambda: sg.one_hot([0, 1], classes=10**30)
    yield "one_hot of a tensor", lambda: sg.one_hot(sg.tensor([1, 2]), classes=10**13)
    yield "tile", lambda: sg.tile(x, HUGE)
    yield "tile, plain", lambda: sg.tile(raw, (2**30, 2**30))
    yield "repeat", lambda: sg.repeat(x, HUGE)
    yield "repeat, plain", lambda: sg.repeat(raw, HUGE)
    yield "repeat, along an axis", lambda: sg.repeat(tall, 2**40, axis=1)
    yield "pad", lambda: sg.pad(x, widths=HUGE)
    yield "pad, plain", lambda: sg.pad(raw, widths=((0, HUGE),))
    yield "pad, three axes", lambda: sg.pad(np.ones((1, 1, 1)), widths=2**20)
    yield "outer", lambda: sg.outer(tall, wide)
    yield "outer, plain", lambda: sg.outer(column, line)
    yield "np.outer", lambda: np.outer(tall, wide)
    yield "column + row", lambda: tall + wide
    yield "column × row, plain", lambda: sg.multiply(column, line)
    yield "maximum of column and row", lambda: sg.maximum(tall, wide)
    yield "comparison of column and row", lambda: tall > wide
    yield "where of column and row", lambda: sg.where(tall > 0, wide, 0.0)
    yield "matmul of column and row", lambda: tall @ wide
    yield "matmul, plain", lambda: sg.matmul(column, line)
    yield "einsum", lambda: sg.einsum("ij,kl->ijkl", tall, wide)
    yield "einsum, plain", lambda: sg.einsum("i,j->ij", column[:, 0], line[0])
    yield "tensordot", lambda: sg.tensordot(tall, wide, axes=0)
    yield "np.tensordot", lambda: np.tensordot(tall, wide, 0)
    yield "diag", lambda: sg.diag(sg.tensor(column[:, 0]))
    yield "diag, far away", lambda: sg.diag(x, k=HUGE)
    yield "diag, plain", lambda: sg.diag(column[:, 0])
    yield "concatenate", lambda: sg.concatenate([view] * 4)
    yield "stack", lambda: sg.stack([view] * 4)
    yield "take by a long index", lambda: sg.take(x, np.broadcast_to(0, (HUGE,)))
    yield "take, plain", lambda: sg.take(column, np.broadcast_to(0, (2**40,)), axis=0)
    yield "index by long arrays", lambda: x[np.broadcast_to(0, (HUGE,))]
    yield "uniform numbers", lambda: random.uniform(key, shape=(HUGE,))
    yield "normal numbers", lambda: random.normal(key, shape=(2**30, 2**30))
    yield "coin flips", lambda: random.bernoulli(key, shape=(HUGE,))
    yield "jacobian", lambda: sg.jacobian(lambda a: a * 2)(column[:, 0])
    yield "hessian", lambda: sg.hessian(lambda a: (a * a).sum())(column[: 2**17, 0])
    yield "spiral", lambda: sg.data.spiral(10**12)
    yield "moons", lambda: sg.data.moons(10**13)
    yield "xor", lambda: sg.data.xor(10**13)
    yield "a layer", lambda: sg.nn.Affine(10**7, 10**7)
    yield "a layer, wider", lambda: sg.nn.Affine(1, 10**14)
    yield "broadcast in a gradient", lambda: sg.grad(lambda a: sg.tile(a, 2**44).sum())(raw)


@row(
    "B2",
    "huge requests: tile, pad, outer, one_hot with 10⁹ classes, layers, Jacobians …",
    "≥ 40, each refused in ≤ 0.1 s of processor by an error that says how much was asked, in"
    " English and Korean",
    count=1,
    sample=1,
)
def b2(run: Run) -> Found:
    faults, slowest, total = [], 0.0, 0
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for what, call in requests():
        total += 1
        started = time.process_time()
        try:
            call()
            faults.append(f"{what}: was not refused")
        except sg.SeegradError as error:
            if not (isinstance(error, MemoryError) and error.asked and error.came):
                faults.append(f"{what}: {error}")
            if english := still_english(error):
                faults.append(f"{what}: has no Korean for {english!r}")
        except Exception as error:
            faults.append(f"{what}: a bare {type(error).__name__}: {error}")
        taken = time.process_time() - started
        slowest = max(slowest, taken)
        if taken > 0.1 and run.timed:
            faults.append(f"{what}: refused only after {taken:.2f} s")
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    if grown > 300:
        faults.append(f"{grown} MB were taken on the way")
    figure = f"{total - len(faults)} of {total}, slowest {slowest * 1000:.0f} ms"
    return Found(figure, first(faults, 60))
