"""Code for lesser processors than the one at hand: the same values as in eager.

Which processor code is made for is settled once a process, so each has one of its own, which
runs this file as a program.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from unittest import mock

import numpy as np
import pytest

import seegrad as sg
from seegrad.compiler import target
from seegrad.compiler.runtime import executable

pytestmark = pytest.mark.skipif(not target.available(), reason="needs llvmlite")
x86 = pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="x86 alone")

Case = tuple[str, Any, tuple[Any, ...]]
ODD = (3, 5, 7, 9)
"""Lengths of rows that leave lanes over in vectors of every width."""


def quotients() -> Iterator[Case]:
    """Sums over rows of what divides: lanes beyond a row's end must not come in."""
    rng = np.random.default_rng(0)

    def drawn(*shape: int) -> Any:
        return rng.uniform(1.5, 3, shape)

    for n in ODD:
        for shapes in (((2, 1), (1, n)), ((2, 1), (n,)), ((2, 1), (2, n)), ((n,), (n,))):
            pair = tuple(drawn(*s) for s in shapes)
            yield f"a / b of {shapes}", lambda a, b: (a / b).sum(-1), pair
            yield f"slopes of a / b of {shapes}", sg.grad(
                lambda a, b: (a / b).sum(), (0, 1)
            ), pair
        for name in ("mod", "floor_divide", "arctan2", "hypot"):
            op = getattr(sg, name)
            yield f"{name}, {n}", lambda a, b, op=op: op(a, b).sum(), (drawn(n), drawn(n))
        yield f"every second, {n}", lambda a, b: (a[::2] / b[::2]).sum(), (drawn(2 * n),) * 2
        yield f"tangents, {n}", lambda a, b: (sg.tan(a) / sg.tan(b)).max(), (drawn(n), drawn(n))
        whole = np.arange(1, n + 1)
        yield f"integers, {n}", lambda a, b: (a / b).sum(), (whole, whole)
        rows = rng.integers(0, n, n)
        yield (
            f"picked, {n}", lambda a, b, rows: (a[:, rows] / b[rows]).sum(1),
            (drawn(3, n), drawn(n), rows),
        )  # fmt: skip


def signs() -> Iterator[Case]:
    """Zeros of either sign and NaN, in every pair, in lanes and one by one."""
    some = np.array([0.0, -0.0, np.nan, 1.0, -1.0, np.inf, -np.inf])
    a, b = (x.reshape(-1) for x in np.meshgrid(some, some))
    for dtype in ("f4", "f8"):
        for n in (a.size, 5, 1):
            pair = (a[:n].astype(dtype), b[:n].astype(dtype))
            yield f"1 / maximum, {dtype}, {n}", lambda x, y: 1 / sg.maximum(x, y), pair
            yield f"1 / minimum, {dtype}, {n}", lambda x, y: 1 / sg.minimum(x, y), pair


def halves() -> Iterator[Case]:
    """Every float16 there is, widened, computed with and narrowed; and what lies between them."""
    some = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    yield "as float32", lambda x: x.astype(np.float32), (some,)
    yield "its negative", lambda x: -x, (some,)
    for name in ("add", "multiply", "divide", "maximum"):
        op = getattr(sg, name)
        yield f"{name} of float16", lambda a, b, op=op: op(a, b), (some, some[::-1].copy())
        yield f"{name} of five", lambda a, b, op=op: op(a, b), (some[-5:], some[:5])
    finite = some[np.isfinite(some)].astype(np.float64)
    middle = (finite[1:] + finite[:-1]) / 2
    beside = np.concatenate([middle, middle * (1 + 1e-12), middle * (1 - 1e-12)])
    yield "from float64", lambda x: x.astype(np.float16).astype(np.float64), (beside,)
    yield "from float32", lambda x: x.astype(np.float16), (beside.astype(np.float32),)


def differing(cases: Iterator[Case]) -> list[str]:
    """The cases in which compiled code differs from eager."""
    found = []
    for name, function, given in cases:
        wanted, got = (
            [np.asarray(x) for x in (out if isinstance(out, tuple) else (out,))]
            for out in (function(*given), sg.compile(function)(*given))
        )
        tolerance = 1e-12 if given[0].dtype == np.float64 else 0
        if any(not np.allclose(w, g, tolerance, 0, equal_nan=True) for w, g in zip(wanted, got)):
            found.append(name)
    return found


def main() -> None:
    """Print the width of vectors, and what differs."""
    with np.errstate(all="ignore"), mock.patch.object(executable, "POISON", True):
        print(target.host().bytes, target.host().fma)
        print(*differing(quotients()), *differing(signs()), *differing(halves()), sep="; ")


def apart(most: str) -> subprocess.CompletedProcess[str]:
    """This file as a program, on a processor with no more than that."""
    settings = {target.MAX_ISA: most, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        [sys.executable, __file__], env={**os.environ, **settings}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def test_on_the_processor_at_hand():
    with np.errstate(all="ignore"), mock.patch.object(executable, "POISON", True):
        assert differing(quotients()) + differing(signs()) + differing(halves()) == []


@x86
@pytest.mark.parametrize(("most", "width"), [("avx2", 32), ("sse", 16)])
def test_on_lesser_processors(most, width):
    done = apart(most)
    assert done.returncode == 0, done.stderr
    said, faults = done.stdout.splitlines()
    size, fma = said.split()
    assert int(size) == width or target.host().bytes < width
    assert most != "sse" or fma == "False"
    assert faults == ""


def test_an_unknown_set_of_instructions_is_refused():
    done = apart("mmx")
    assert done.returncode != 0
    for word in ("SEEGRAD_MAX_ISA names no set of instructions", "avx512, avx2, sse", "mmx"):
        assert word in done.stderr


if __name__ == "__main__":
    main()
