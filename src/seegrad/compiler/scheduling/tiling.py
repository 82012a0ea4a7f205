"""How a product is cut: which way round, lanes along what, how large the tile, what is packed.

Costs are estimates in cycles; they only need to rank the ways. Nothing is written here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from seegrad.compiler.ir.buffer import View
from seegrad.compiler.ir.expression import Expression, Load, rebuild
from seegrad.compiler.ir.kernel import Matmul, Store
from seegrad.compiler.target import host

LINE = 64
"""Bytes of a cache line."""
NEAR, FAR = (64, 7), (2048, 8)
"""Sets of a first and a second cache of the usual build, and how many lines of each may be taken:
all eight ways, but in the first one is left to what the lines are multiplied by."""
BLOCK = 1 << 22
"""Bytes of the first factor that are packed at once."""
COPIED, TRANSPOSED, PICKED = 0.15, 0.6, 4.0
"""Cycles that packing costs for each element, by how it lies."""
SCATTERED = 4.0
"""Cycles for each result whose neighbours in a vector do not lie beside it."""
KIND = 0.01
"""What each further kind of tile, at ragged edges, counts of the whole: it is code to compile."""
CROWDED = 1.5
"""So many times longer it takes where what is used again has been driven out of the cache."""


def _exchanged(count: int) -> tuple[int, ...]:
    """So many axes, the last two in each other's place."""
    return (*range(count - 2), count - 1, count - 2)


def turned(product: Matmul) -> Matmul:
    """The same product with m and n exchanged: cᵀ = bᵀ aᵀ."""
    axes = _exchanged(len(product.space))
    done: dict[Expression, Expression] = {}

    def change(e: Expression) -> Expression | None:
        if isinstance(e, Load):
            done[e] = Load(e.view.permute(axes))
            return done[e]
        return None

    values = rebuild([s.value for s in product.stores], change)
    stores = [Store(s.view.permute(axes), x) for s, x in zip(product.stores, values)]
    return replace(
        product,
        space=tuple(product.space[i] for i in axes),
        stores=stores,
        a=product.b.permute(axes),
        b=product.a.permute(axes),
        deep=tuple((n, b, a) for n, a, b in product.deep),
    )


@dataclass(frozen=True)
class TileShape:
    """How a product is cut: lanes along "n" or "k", and a tile of rows × columns (or vectors).

    `block` is how many rows are gone through at once; the packed ones of a block are kept.
    """

    along: str
    rows: int
    columns: int
    cycles: float
    pack_a: bool = False
    pack_b: bool = False
    block: int = 0


def cuts(length: int, tile: int) -> list[tuple[int, int]]:
    """(size, how many) of the pieces that `length` is cut into."""
    full, rest = divmod(length, tile)
    return [(tile, full)] * bool(full) + [(rest, 1)] * bool(rest)


def lanes_to_use(length: int, lanes: int) -> int:
    """As many lanes as a short axis can fill, up to `lanes`."""
    while lanes > 1 and lanes // 2 >= length:
        lanes //= 2
    return lanes


def _tile_cycles(rows: int, columns: int) -> float:
    """Cycles of one step of k: two multiply-adds, two loads; latency if there are too few."""
    return max(rows * columns / 2, (rows + columns) / 2, 4)


def _sum_cycles(rows: int, columns: int, lanes: int) -> float:
    """Cycles for the sums across lanes of a tile: two shuffles and an addition for each pair."""
    cycles, left = 0.0, rows
    together = max(1, lanes // columns)
    while left > 0:
        many, group = min(left, together) * columns, lanes
        while group > 1:
            pairs = -(-many // 2)
            cycles, many, group = cycles + 3.0 * pairs, pairs, group // 2
        cycles += min(left, together) * (1.0 if columns & (columns - 1) == 0 else 2.0)
        left -= together
    return cycles


@lru_cache(maxsize=128)
def best_shape(m: int, n: int, k: int, lanes: int, along: str, registers: int) -> TileShape:
    """The tile with the fewest estimated cycles."""
    best: TileShape | None = None
    columns_of = -(-n // lanes) if along == "n" else n
    for columns in range(1, min(min(6, lanes) if along == "k" else 4, columns_of) + 1):
        for rows in range(1, min(14, m) + 1):
            held = columns if along == "n" else min(rows, columns)
            if rows * columns + held + 1 > registers:
                continue
            steps = k if along == "n" else -(-k // lanes)
            cycles = 0.0
            for r, many_rows in cuts(m, rows):
                for c, many_columns in cuts(columns_of, columns):
                    tile = steps * _tile_cycles(r, c) + 25 + r * c
                    tile += _sum_cycles(r, c, lanes) if along == "k" else 0
                    cycles += tile * many_rows * many_columns
            kinds = len(cuts(m, rows)) * len(cuts(columns_of, columns))
            cycles *= 1 + KIND * (kinds - 1)
            if best is None or cycles < best.cycles:
                best = TileShape(along, rows, columns, cycles, block=m)
    if best is None:
        return TileShape(along, 1, 1, float(m * n * k), block=m)
    return best


@lru_cache(maxsize=128)
def crowded(count: int, stride: int, cache: tuple[int, int]) -> bool:
    """Whether the lines of `count` numbers `stride` bytes apart fight for the same sets."""
    sets, ways = cache
    lines = {i * stride // LINE for i in range(min(count, 4 * sets))}
    taken = Counter(line % sets for line in lines)
    return max(taken.values(), default=0) > ways


def pack_cycles(view: View, axis: int, deep: int) -> float:
    """Cycles for each element to bring it into panels along `axis`, `deep` behind each other."""
    if view.neighbours(axis):
        return COPIED
    return TRANSPOSED if view.neighbours(deep) else PICKED


def choose(product: Matmul, m: int, n: int) -> tuple[bool, TileShape]:
    """Whether to turn the product round, and its shape, for a share of m × n."""
    found: list[tuple[float, bool, TileShape]] = []
    last = len(product.space)
    for turn in (False, True):
        rows, columns = (n, m) if turn else (m, n)
        a, b = product.a, product.b
        if turn:
            axes = _exchanged(last)
            a, b = b.permute(axes), a.permute(axes)
        apart = product.stores[0].view.strides[-2 if turn else -1] != 1
        times = product.depth // product.k if product.k else 1
        shape = _along_n(a, b, rows, columns, times)
        found.append((shape.cycles + SCATTERED * rows * columns * apart, turn, shape))
        dots = _along_k(a, b, rows, columns, times)
        if dots is not None:
            found.append((dots.cycles + 1.0 * rows * columns * apart, turn, dots))
    _, turn, shape = min(found, key=lambda x: x[0])
    return turn, shape


def _along_n(a: View, b: View, m: int, n: int, times: int = 1) -> TileShape:
    """Lanes along n; factors that do not lie so that this is quick are packed, unless they are
    windows: `times` is how often k is gone through."""
    k, size, last = a.shape[-1], a.dtype.itemsize, len(a.shape)
    lanes = lanes_to_use(n, host().lanes(size * 8))
    shape = best_shape(m, n, k * times, lanes, "n", host().registers)
    straight = n == 1 or b.neighbours(last - 1)
    if times > 1:
        cycles = shape.cycles + (0 if straight else n * k * times * PICKED)
        return replace(shape, cycles=cycles)
    cost_a = m * k * pack_cycles(a, last - 2, last - 1)
    block = max(1, BLOCK // max(1, shape.rows * k * size)) * shape.rows
    cost_b = n * k * pack_cycles(b, last - 1, last - 2)
    far = crowded(k, b.strides[-2] * size, FAR) and not b.gathered(last - 2)
    pack_b = k > 0 and (not straight or (far and cost_b < shape.cycles * (CROWDED - 1)))
    near = not a.gathered(last - 2) and crowded(shape.rows, a.strides[-2] * size, NEAR)
    far = not a.gathered(last - 1) and crowded(k, a.strides[-1] * size, FAR)
    pack_a = k > 0 and (near or far) and cost_a < shape.cycles * (CROWDED - 1)
    if not pack_a:
        block = m
    cycles = shape.cycles + pack_a * cost_a + pack_b * cost_b * -(-m // max(1, block))
    return replace(shape, cycles=cycles, pack_a=pack_a, pack_b=pack_b, block=block)


def _along_k(a: View, b: View, m: int, n: int, times: int = 1) -> TileShape | None:
    """Dot products, where both factors lie along k, which is gone through so many `times`."""
    k, size, last = a.shape[-1], a.dtype.itemsize, len(a.shape)
    if k < 2 or not (a.neighbours(last - 1) and b.neighbours(last - 2)):
        return None
    lanes = lanes_to_use(k, host().lanes(size * 8))
    shape = best_shape(m, n, -(-k // lanes) * lanes * times, lanes, "k", host().registers)
    if times == 1 and (
        crowded(shape.rows, a.strides[-2] * size, NEAR)
        or crowded(shape.columns, b.strides[-1] * size, NEAR)
    ):
        shape = replace(shape, cycles=shape.cycles * CROWDED)
    return shape


def panels(shape: TileShape, m: int, n: int, k: int, lanes: int) -> Sequence[int]:
    """How many elements the packed parts of a and of b take."""
    a = min(m, shape.block + shape.rows - 1) * k if shape.pack_a else 0
    b = min(shape.columns, -(-n // lanes)) * lanes * k if shape.pack_b else 0
    return a, b


def lanes_for(expressions: Iterable[Expression]) -> int:
    """How many lanes suit the widest number that is computed with."""
    floats, others = [1], [1]
    for e in expressions:
        (floats if e.dtype.kind == "f" else others).append(e.dtype.itemsize)
    widest = max(floats) if len(floats) > 1 else max(others)
    return max(1, host().bytes // max(widest, 4))
