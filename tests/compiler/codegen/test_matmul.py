"""Products of every layout, compiled: packed or not, on wide and narrow registers and threads.

Whole numbers have one right answer, so nothing is forgiven there; others are held to the bound of
a sum: k roundings of the sum of the products' sizes.
"""

import sys
from dataclasses import replace

import numpy as np
import pytest

import seegrad as sg
from seegrad.compiler import target
from seegrad.compiler.codegen.matmul import factors as emitted
from seegrad.compiler.ir.kernel import Matmul
from seegrad.compiler.runtime import executable
from seegrad.compiler.scheduling import tiling

pytestmark = pytest.mark.skipif(not target.available(), reason="llvmlite is not installed")
LAYOUTS = {
    "ab": lambda a, b: a @ b,
    "abt": lambda a, b: a @ b.T,
    "atb": lambda a, b: a.T @ b,
    "atbt": lambda a, b: a.T @ b.T,
    "abtt": lambda a, b: (a @ b).T,
}
WIDTHS = {"wide": None, "32 bytes": 32, "16 bytes": 16, "8 bytes": 8}


@pytest.fixture(autouse=True)
def poisoned(monkeypatch):
    monkeypatch.setattr(executable, "POISON", True)


@pytest.fixture
def narrow(monkeypatch):
    """Have the emitters write for registers of so many bytes."""

    def set_width(size):
        if size is None:
            return
        host = replace(target.host(), bytes=size, registers=16)
        for name, module in list(sys.modules.items()):
            if name.startswith("seegrad.compiler") and hasattr(module, "host"):
                monkeypatch.setattr(module, "host", lambda: host)

    return set_width


@pytest.fixture
def ways(monkeypatch):
    """What was packed, for each product that was written."""
    seen = set()
    real = emitted.choose

    def spy(*given):
        turn, shape = real(*given)
        seen.add(("a" if shape.pack_a else "") + ("b" if shape.pack_b else "") or shape.along)
        return turn, shape

    monkeypatch.setattr(emitted, "choose", spy)
    return seen


def whole(chance, shape, dtype):
    return chance.integers(-8, 9, shape).astype(dtype)


def factors(layout, m, n, k):
    """Shapes of a and b so that the layout's product is m × n over k."""
    a = (k, m) if layout in ("atb", "atbt") else (m, k)
    b = (n, k) if layout in ("abt", "atbt") else (k, n)
    return a, b


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("width", WIDTHS)
def test_whole_numbers_come_out_exactly(layout, dtype, width, narrow):
    narrow(WIDTHS[width])
    chance = np.random.default_rng(len(layout))
    f = LAYOUTS[layout]
    for case in range(4):
        m, n, k = (int(x) for x in chance.integers(1, (45, 70, 90)))
        a, b = (whole(chance, s, dtype) for s in factors(layout, m, n, k))
        got = sg.compile(f, threads=1 + case % 3)(a, b)
        np.testing.assert_array_equal(got.value, f(a, b), err_msg=f"{m} {n} {k}")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("width", WIDTHS)
def test_parts_of_larger_arrays_are_packed(dtype, width, narrow, ways, monkeypatch):
    """Lines that lie a power of two apart: every way of packing, several blocks of rows."""
    monkeypatch.setattr(tiling, "BLOCK", 1 << 16)
    narrow(WIDTHS[width])
    chance = np.random.default_rng(3)
    big = whole(chance, (640, 1024), dtype)
    other = whole(chance, (640, 1024), dtype)
    for m, n, k in ((61, 75, 530), (130, 37, 601)):
        for threads in (1, 3):
            parts = [
                lambda a, b: a[:m, :k] @ b[:k, :n],  # noqa: B023
                lambda a, b: a[:m, :k] @ b[:n, :k].T,  # noqa: B023
                lambda a, b: a[:k, :m].T @ b[:k, :n],  # noqa: B023
                lambda a, b: a[:k, :m].T @ b[:n, :k].T,  # noqa: B023
                lambda a, b: a[:m, : 2 * k : 2][:, : k // 2] @ b[: k // 2, : 3 * n : 3],  # noqa: B023
            ]
            for f in parts:
                got = sg.compile(f, threads=threads)(big, other)
                np.testing.assert_array_equal(got.value, f(big, other))
    assert "ab" in ways
    assert "b" in ways


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_large_products_stay_within_the_bound_of_a_sum(threads, ways):
    chance = np.random.default_rng(0)
    for dtype, exact in (("float32", np.float64), ("float64", np.longdouble)):
        for layout, f in LAYOUTS.items():
            shapes = factors(layout, 130, 120, 1024)
            a, b = (chance.standard_normal(s).astype(dtype) for s in shapes)
            got = sg.compile(f, threads=threads)(a, b).value
            want = f(a.astype(exact), b.astype(exact))
            room = 1024 * np.finfo(dtype).eps / 2 * f(abs(a), abs(b))
            assert np.all(abs(got - want) <= room), (dtype, layout)
    assert ways & {"a", "ab"} or target.host().registers < 32    # fewer: others are cheaper


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("width", WIDTHS)
def test_what_is_fused_behind_a_packed_product(threads, width, narrow):
    """Bias and activation, a gate, a sum of two results, an update in place."""
    narrow(WIDTHS[width])
    chance = np.random.default_rng(1)
    x, w = whole(chance, (70, 1024), "float32"), whole(chance, (45, 1024), "float32")
    bias, gate = whole(chance, 45, "float32"), whole(chance, (70, 45), "float32")
    kept = sg.tensor(np.zeros((70, 45), np.float32), requires_grad=True)

    @sg.compile(threads=threads)
    def step(x, w, bias, gate):
        z = x @ w.T + bias
        kept.assign(kept - 0.5 * z)
        return sg.maximum(z, 0) * gate, sg.where(z > 0, gate, -z)

    z = x @ w.T + bias
    for count in (1, 2):
        got = step(x, w, bias, gate)
        np.testing.assert_array_equal(got[0].value, np.maximum(z, 0) * gate)
        np.testing.assert_array_equal(got[1].value, np.where(z > 0, gate, -z))
        np.testing.assert_array_equal(kept.value, -0.5 * count * z)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_batches_of_products(dtype, threads):
    chance = np.random.default_rng(2)
    a, b = whole(chance, (2, 3, 33, 40), dtype), whole(chance, (3, 40, 21), dtype)
    cases = [
        (lambda a, b: a @ b, a, b),
        (lambda a, b: a @ sg.swapaxes(b, -1, -2), a, np.ascontiguousarray(b.swapaxes(-1, -2))),
        (lambda a, b: sg.swapaxes(a, -1, -2) @ b, np.ascontiguousarray(a.swapaxes(-1, -2)), b),
    ]
    for f, left, right in cases:
        got = sg.compile(f, threads=threads)(left, right)
        np.testing.assert_array_equal(got.value, a @ b)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("width", WIDTHS)
def test_rows_picked_by_an_index_are_read_where_they_lie(threads, width, narrow):
    """Along m, along k, along n: as an epoch picks its mini-batches."""
    narrow(WIDTHS[width])
    chance = np.random.default_rng(4)
    x, t = whole(chance, (50, 1024), "float32"), whole(chance, (50, 19), "float32")
    w = whole(chance, (1024, 23), "float32")
    rows = chance.integers(0, 50, (3, 37))

    def products(x, t, w):
        return x @ w, x.T @ t, t.T @ x, x @ x.T

    got = sg.compile(lambda x, t: products(x, t, w), threads=threads).epoch(
        x, t, batch=37, rows=rows
    )
    for step, picked in enumerate(rows):
        # In integers: OpenBLAS, which NumPy asks for floats, may be wrong on emulated processors.
        wanted = products(*(a.astype("int64") for a in (x[picked], t[picked], w)))
        for have, want in zip(got, wanted):
            np.testing.assert_array_equal(have[step], want)


def test_numbers_on_one_line_do_not_crowd_a_cache():
    """A row of a matrix is one line or two, however many numbers it has."""
    assert not tiling.crowded(13, 4, tiling.NEAR)
    assert not tiling.crowded(2048, 4, tiling.NEAR)
    assert not tiling.crowded(7, 4096, tiling.NEAR)
    assert tiling.crowded(8, 4096, tiling.NEAR)


def test_what_lies_side_by_side_is_not_packed(ways):
    """The gradient of a weight reads down the batch: its numbers are neighbours already."""
    chance = np.random.default_rng(1)
    a, b = (whole(chance, s, "float32") for s in ((32, 64), (32, 32)))
    got = sg.compile(lambda a, b: a.T @ b, threads=2)(a, b)
    np.testing.assert_array_equal(got.value, a.T @ b)
    assert not ways & {"a", "b", "ab"}


def _spaces(compiled):
    tasks = executable.tasks_of(compiled.newest.executable)
    return [t.kernel.space for t in tasks if isinstance(t.kernel, Matmul)]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("width", WIDTHS)
def test_a_batch_with_one_second_factor_is_one_product_of_all_rows(threads, width, narrow):
    narrow(WIDTHS[width])
    chance = np.random.default_rng(6)
    x, w, b = (whole(chance, s, "float32") for s in ((3, 5, 7, 6), (6, 9), (9,)))
    r = whole(chance, (3, 5, 7, 9), "float32")
    cases = (
        (lambda x, w, b, r: sg.relu(x @ w + b) * r, (105, 9)),
        (lambda x, w, b, r: (x[:, :, :1] @ w) * r[:, :, :1], (15, 9)),
        (lambda x, w, b, r: (x[:1] @ w) * r[:1], (35, 9)),
        (lambda x, w, b, r: sg.swapaxes(x, 0, 1) @ w, (5, 3, 7, 9)),
        (lambda x, w, b, r: (x[:, :, 1:] @ w) * r[:, :, 1:], (3, 5, 6, 9)),
        (lambda x, w, b, r: (x @ w) * sg.swapaxes(sg.reshape(r, (5, 3, 7, 9)), 0, 1),
         (3, 5, 7, 9)),
        (lambda x, w, b, r: x @ sg.reshape(sg.concatenate(w, w, w), (3, 1, 6, 9)), (3, 35, 9)),
    )  # fmt: skip
    for f, space in cases:
        compiled = sg.compile(f, threads=threads)
        got = compiled(x, w, b, r).value
        np.testing.assert_array_equal(got, np.asarray(f(x, w, b, r)))
        (found,) = _spaces(compiled)
        assert found == space


@pytest.mark.parametrize("threads", [1, 2])
def test_the_gradient_of_a_shared_weight_is_one_product(threads):
    chance = np.random.default_rng(7)
    x, w, g = (whole(chance, s, "float64") for s in ((4, 5, 6), (6, 3), (4, 5, 3)))
    slope = sg.compile(sg.grad(lambda w, x, g: ((x @ w) * g).sum()), threads=threads)
    np.testing.assert_array_equal(np.asarray(slope(w, x, g)), np.einsum("bnk,bnm->km", x, g))
    assert _spaces(slope) == [(6, 3)]
    eager = sg.grad(lambda w: ((x @ w) * g).sum())(w)
    np.testing.assert_array_equal(np.asarray(eager), np.einsum("bnk,bnm->km", x, g))
