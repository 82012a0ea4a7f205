"""One level of a picture, laid out for itself: columns, the order within them, heights, widths.

Its items are boxes, finished groups, and the pieces of the wires that pass. Which items there are
is `nested.py`'s affair; the page's code is written from this (`tools/python_to_js.py`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

BOX_GAP = 16.0  # free height between two boxes of a column
WIRE_GAP = 8.0  # the same beside a passing wire or a label
WIRE_HEIGHT = 16.0  # a passing wire with its backward arrow
GAP_LEAST, GAP_MOST = 20.0, 88.0  # free width between columns
GAP_SLOPE = 0.4  # how it grows with the climb of the wires in it
SPINE, INNER, LOOSE = 1024.0, 16.0, 1.0  # how strongly a piece of wire wants to be straight
TURN = 14.0  # height of the bend of a wire that runs backward between groups


@dataclass
class Edge:
    """A wire's piece inside one level; `u` and `v` are indices of the level's items."""

    key: int
    u: int
    v: int
    u_offset: float = 0.0
    v_offset: float = 0.0
    width: float = 0.0
    above: float = 0.0
    below: float = 0.0
    labelled: bool = False
    back: bool = False
    path: list[int] = field(default_factory=list)
    label_at: int = -1
    spine: bool = False
    far: int = 0  # how far the wire's source is from the inputs
    turns: dict[int, tuple[float, float, float]] = field(default_factory=dict)
    """Where the path goes on in the next row: the tracks right of this, between, left of that."""


@dataclass
class Level:
    """One group's inside (or the whole picture), laid out for itself."""

    id: str
    members: list[int] = field(default_factory=list)  # indices of places, in their order
    w: list[float] = field(default_factory=list)
    h: list[float] = field(default_factory=list)
    gap: list[float] = field(default_factory=list)
    entry: dict[int, int] = field(default_factory=dict)  # wire → item
    exit: dict[int, int] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    rank: list[int] = field(default_factory=list)
    x: list[float] = field(default_factory=list)
    y: list[float] = field(default_factory=list)
    left: list[float] = field(default_factory=list)  # of each column
    right: list[float] = field(default_factory=list)
    extent: float = 0.0  # the width of its columns
    width: float = 0.0
    height: float = 0.0
    top: float = 0.0  # where the members begin
    side: float = 0.0
    crossings: int = 0

    def item(self, w: float, h: float, gap: float) -> int:
        self.w.append(w)
        self.h.append(h)
        self.gap.append(gap)
        return len(self.w) - 1


def height_at(level: Level, edge: Edge, i: int) -> float:
    """The height of a wire at a place of its path."""
    path = edge.path
    y = level.y[path[i]]
    y += edge.u_offset if i == 0 else 0.0
    y += edge.v_offset if i == len(path) - 1 else 0.0
    return y + ((edge.above - edge.below) / 2 if path[i] == edge.label_at else 0.0)


def half(x: float) -> float:
    """x rounded to a multiple of one half, the same way in every language."""
    doubled = x * 2 + 0.5
    whole = int(doubled)
    return (whole - 1 if whole > doubled else whole) / 2


def even(x: float) -> float:
    """The least even whole number that is not below x."""
    half = int(x / 2)
    return float(half * 2 if half * 2 >= x else half * 2 + 2)


def lay(level: Level) -> None:
    """Ranks, order in the columns, heights, columns: the four steps of a layered layout."""
    n = len(level.w)
    _turn_back(level, n)
    ranks_of_label = _rank(level, n)
    up, down = _thread(level, ranks_of_label)
    layers = _order(level, up, down)
    _heights(level, layers, up, down)
    _columns(level, layers, up, down)


def _turn_back(level: Level, n: int) -> None:
    """Mark the wires that close a cycle (only groups can); they will run backward."""
    waiting = [0] * n
    out: list[list[int]] = [[] for _ in range(n)]
    for e, edge in enumerate(level.edges):
        out[edge.u].append(e)
        waiting[edge.v] += 1
    ready = [i for i in range(n) if waiting[i] == 0]
    for i in ready:
        for e in out[i]:
            j = level.edges[e].v
            waiting[j] -= 1
            if waiting[j] == 0:
                ready.append(j)
    if len(ready) == n:
        return
    state = [0] * n  # 0 new, 1 open, 2 done
    for root in range(n):
        if state[root]:
            continue
        state[root] = 1
        stack = [(root, 0)]
        while stack:
            i, at = stack.pop()
            if at == len(out[i]):
                state[i] = 2
                continue
            stack.append((i, at + 1))
            edge = level.edges[out[i][at]]
            if state[edge.v] == 1:
                edge.back = True
            elif state[edge.v] == 0:
                state[edge.v] = 1
                stack.append((edge.v, 0))


def _rank(level: Level, n: int) -> list[int]:
    """A column for every item: as far left as its inputs allow, lone inputs beside their user."""
    edges = level.edges
    entries, exits = set(level.entry.values()), set(level.exit.values())
    backward = any(edge.back for edge in edges)
    ahead: list[list[tuple[int, int]]] = [[] for _ in range(n)]
    behind: list[list[tuple[int, int]]] = [[] for _ in range(n)]
    waiting = [0] * n
    for e, edge in enumerate(edges):
        u, v = (edge.v, edge.u) if edge.back else (edge.u, edge.v)
        ahead[u].append((v, e))
        behind[v].append((u, e))
        waiting[v] += 1
    rank = [0] * n
    least = (1 if entries else 0) + (1 if backward else 0)
    for i in range(n):
        if i not in entries:
            rank[i] = least
    order = [i for i in range(n) if waiting[i] == 0]
    for u in order:
        for v, e in ahead[u]:
            rank[v] = max(rank[v], rank[u] + _span(edges[e]))
            waiting[v] -= 1
            if waiting[v] == 0:
                order.append(v)
    reach = [0] * n
    for u in reversed(order):
        for v, e in ahead[u]:
            reach[u] = max(reach[u], reach[v] + _span(edges[e]))
    _mark_spine(level, reach, behind, ahead)
    loose = [False] * n
    for u in order:
        loose[u] = u not in entries and all(loose[p] and len(ahead[p]) == 1 for p, _ in behind[u])
    for u in reversed(order):
        if loose[u] and ahead[u]:
            rank[u] = min(rank[v] - _span(edges[e]) for v, e in ahead[u])
    last = 0
    for i in range(n):
        last = max(last, rank[i] if i in exits else rank[i] + 1)
    for i in exits:
        rank[i] = last + (1 if backward else 0)
    level.rank = rank
    return rank


def _span(edge: Edge) -> int:
    return 2 if edge.labelled and not edge.back else 1


def _mark_spine(
    level: Level,
    reach: list[int],
    behind: list[list[tuple[int, int]]],
    ahead: list[list[tuple[int, int]]],
) -> None:
    """The wires that carry the main line: the deepest input, the farthest user."""
    edges, n = level.edges, len(reach)
    chosen = [-1] * n
    for v in range(n):
        for _, e in behind[v]:
            edge, best = edges[e], edges[max(chosen[v], 0)]
            nearer = edge.far == best.far and edge.v_offset < best.v_offset
            if not edge.back and (chosen[v] < 0 or edge.far > best.far or nearer):
                chosen[v] = e
    for u in range(n):
        first, farthest = -1, -1
        for v, e in ahead[u]:
            if not edges[e].back and reach[v] > farthest:
                first, farthest = e, reach[v]
        if first >= 0 and chosen[edges[first].v] == first:
            edges[first].spine = True


def _thread(
    level: Level, rank: list[int]
) -> tuple[list[list[tuple[int, float, float, float]]], ...]:
    """Give every wire an item in each column it passes; returns the links to both sides.

    A link is (neighbour, own offset, neighbour's offset, weight).
    """
    pieces: list[tuple[int, int, float, float, float]] = []
    n = len(rank)
    out_count, in_count = [0] * n, [0] * n
    for edge in level.edges:
        out_count[edge.u] += 1
        in_count[edge.v] += 1
    for edge in level.edges:
        u, v = edge.u, edge.v
        if edge.back:
            path, first, final = _backward_path(level, edge, rank)
        else:
            path, first, final = [u], rank[u] + 1, rank[v] - 1
        for r in range(first, final + 1):
            path.append(_passing(level, edge))
            rank.append(r)
        if edge.back:
            path.append(edge.path[0])
        path.append(v)
        level_shift = (edge.above - edge.below) / 2
        lone = in_count[u] == 0 and out_count[u] == 1
        for i in range(len(path) - 1):
            a, b = path[i], path[i + 1]
            ao = edge.u_offset if i == 0 else (level_shift if a == edge.label_at else 0.0)
            last = i == len(path) - 2
            bo = edge.v_offset if last else (level_shift if b == edge.label_at else 0.0)
            if edge.spine:
                weight = SPINE
            elif (i > 0 and not last) or (i == 0 and lone and not last):
                weight = INNER
            else:
                weight = LOOSE
            if rank[a] < rank[b]:
                pieces.append((a, b, ao, bo, weight))
            else:
                pieces.append((b, a, bo, ao, weight))
        edge.path = path
    up: list[list[tuple[int, float, float, float]]] = [[] for _ in rank]
    down: list[list[tuple[int, float, float, float]]] = [[] for _ in rank]
    for a, b, ao, bo, weight in pieces:
        down[a].append((b, ao, bo, weight))
        up[b].append((a, bo, ao, weight))
    return up, down


def _passing(level: Level, edge: Edge) -> int:
    """The item of a wire in a column that it passes: the first one holds its label."""
    if edge.labelled and edge.label_at < 0:
        edge.label_at = level.item(edge.width, edge.above + edge.below, WIRE_GAP)
        return edge.label_at
    return level.item(0.0, WIRE_HEIGHT, WIRE_GAP)


def _backward_path(level: Level, edge: Edge, rank: list[int]) -> tuple[list[int], int, int]:
    """Out to the right, round, back over the columns between, round again, and in."""
    u, v = edge.u, edge.v
    turn_out = level.item(TURN, TURN + 4, BOX_GAP)
    rank.append(rank[u] + 1)
    turn_in = level.item(TURN, TURN + 4, BOX_GAP)
    rank.append(rank[v] - 1)
    path = [u, turn_out]
    for r in range(rank[u], rank[v] - 1, -1):
        path.append(_passing(level, edge))
        rank.append(r)
    edge.path = [turn_in]
    return path, 1, 0


Links = list[list[tuple[int, float, float, float]]]


def _order(level: Level, up: Links, down: Links) -> list[list[int]]:
    """The order within each column: barycentre sweeps, then exchanges of neighbours."""
    rank, h = level.rank, level.h
    layers: list[list[int]] = [[] for _ in range(max(rank, default=-1) + 1)]
    for q in range(len(rank)):
        layers[rank[q]].append(q)
    layers = [layer for layer in layers if layer]
    for r, layer in enumerate(layers):
        for q in layer:
            rank[q] = r
    scale = [1 / (height + 4) for height in h]
    ahead = [[(b, ao * scale[a], bo * scale[b]) for b, ao, bo, _ in down[a]] for a in range(len(h))]
    behind = [[(b, ao * scale[a], bo * scale[b]) for b, ao, bo, _ in up[a]] for a in range(len(h))]
    pos = [0.0] * len(h)

    def settle() -> None:
        for layer in layers:
            for i, q in enumerate(layer):
                pos[q] = float(i)

    settle()
    total = _crossings(layers, ahead, pos)
    best, kept = total, [list(layer) for layer in layers]
    sweeps = 10 if len(h) < 3000 else 4
    for sweep in range(sweeps):
        if best == 0:
            break
        forward = sweep % 2 == 0
        links = behind if forward else ahead
        for layer in layers if forward else reversed(layers):
            key = {}
            for q in layer:
                near = links[q]
                if near:
                    mean = 0.0
                    for b, ao, bo in near:
                        mean += pos[b] + bo - ao * 0.01
                    key[q] = mean / len(near)
                else:
                    key[q] = pos[q]
            layer.sort(key=key.__getitem__)
            for i, q in enumerate(layer):
                pos[q] = float(i)
        total = _crossings(layers, ahead, pos)
        if total < best:
            best, kept = total, [list(layer) for layer in layers]
    layers = kept
    settle()
    if best > 0 and len(h) < 3000:
        best -= _exchange(layers, ahead, behind, pos)
    level.crossings = best
    return layers


Sides = list[list[tuple[int, float, float]]]


def _crossings(layers: list[list[int]], ahead: Sides, pos: list[float]) -> int:
    total = 0
    for layer in layers:
        ends = []
        for a in layer:
            for b, ao, bo in ahead[a]:
                ends.append((pos[a] + ao, pos[b] + bo))
        if len(ends) < 2:
            continue
        ends.sort()
        seen: list[float] = []
        for _, far in ends:
            at = bisect_right(seen, far)
            total += len(seen) - at
            seen.insert(at, far)
    return total


def _exchange(layers: list[list[int]], ahead: Sides, behind: Sides, pos: list[float]) -> int:
    """Swap neighbours while that removes crossings: the step that dense graphs need."""
    gained = 0
    for _ in range(6):
        before = gained
        for layer in layers:
            for i in range(len(layer) - 1):
                a, b = layer[i], layer[i + 1]
                if len(ahead[a]) * len(ahead[b]) + len(behind[a]) * len(behind[b]) > 4096:
                    continue
                now = _pairs(ahead[a], ahead[b], pos) + _pairs(behind[a], behind[b], pos)
                then = _pairs(ahead[b], ahead[a], pos) + _pairs(behind[b], behind[a], pos)
                if then < now:
                    layer[i], layer[i + 1] = b, a
                    pos[a], pos[b] = float(i + 1), float(i)
                    gained += now - then
        if gained == before:
            break
    return gained


def _pairs(
    upper: list[tuple[int, float, float]], lower: list[tuple[int, float, float]], pos: list[float]
) -> int:
    count = 0
    for p, _, po in upper:
        for q, _, qo in lower:
            if pos[p] + po > pos[q] + qo:
                count += 1
    return count


def _heights(level: Level, layers: list[list[int]], up: Links, down: Links) -> None:
    """Heights: every column keeps its order while the wires pull it straight."""
    h, gap = level.h, level.gap
    y = [0.0] * len(h)
    steps: list[list[float]] = []
    for layer in layers:
        offset, at = [0.0], 0.0
        for i in range(1, len(layer)):
            a, b = layer[i - 1], layer[i]
            at += (h[a] + h[b]) / 2 + (gap[a] + gap[b]) / 2 + 1
            offset.append(at)
        steps.append(offset)
        for i, q in enumerate(layer):
            y[q] = offset[i] - at / 2

    columns = range(len(layers))
    for _ in range(6 if len(h) < 3000 else 2):
        for r in columns:
            _relax(layers[r], steps[r], y, up)
        for r in reversed(columns):
            _relax(layers[r], steps[r], y, down)
    for r in columns:
        _relax(layers[r], steps[r], y, up)
    anchored = [False] * len(h)
    for layer in layers:
        for q in layer:
            anchored[q] = len(up[q]) > 1 or any(anchored[b] or len(down[b]) > 1 for b, *_ in up[q])
    for r in reversed(columns):
        _relax(layers[r], steps[r], y, down, anchored)
    least = None
    for q in range(len(h)):
        top = y[q] - h[q] / 2
        least = top if least is None or top < least else least
    shift = 0.0 if least is None else least
    level.y = [half(value - shift) for value in y]


def _relax(
    layer: list[int], offset: list[float], y: list[float], links: Links, fixed: Sequence[bool] = ()
) -> None:
    """One column as near to where its wires pull as its order and the steps between allow."""
    blocks: list[tuple[float, float, int]] = []
    for i, q in enumerate(layer):
        near = links[q]
        if fixed and fixed[q]:
            goal, weight = y[q], 65536.0
        elif near:
            goal, weight, count, strongest = 0.0, 0.0, 0, 0.0
            for b, ao, bo, pull in near:
                if pull > strongest:
                    goal, count, strongest = 0.0, 0, pull
                if pull == strongest:
                    goal += y[b] + bo - ao
                    count += 1
                weight += pull
            goal /= count
        else:
            goal, weight = y[q], 0.0625
        mean, mass, count = goal - offset[i], weight, 1
        while blocks and blocks[-1][0] > mean:
            m, w, c = blocks.pop()
            mean = (m * w + mean * mass) / (w + mass)
            mass += w
            count += c
        blocks.append((mean, mass, count))
    i = 0
    for mean, _, count in blocks:
        for _ in range(count):
            y[layer[i]] = mean + offset[i]
            i += 1


def _columns(level: Level, layers: list[list[int]], up: Links, down: Links) -> None:
    """Column by column from the left; the free room grows with the climb of the wires in it."""
    level.x = [0.0] * len(level.w)
    count = len(level.members)
    at = 0.0
    for layer in layers:
        width, climb = 0.0, 0.0
        for q in layer:
            width = max(width, level.w[q])
            for b, ao, bo, _ in down[q]:
                climb = max(climb, abs(level.y[b] + bo - level.y[q] - ao))
        width = even(width)
        level.left.append(at)
        level.right.append(at + width)
        for q in layer:
            lone = q < count and not up[q]  # an input stands close to its user
            level.x[q] = at + width - level.w[q] / 2 if lone else at + width / 2
        level.extent = at + width
        at += width + even(min(GAP_MOST, max(GAP_LEAST, GAP_LEAST / 2 + climb * GAP_SLOPE)))
