"""Where everything goes: nested layered layout, left to right, in plain arithmetic.

Boxes, open groups and wires with label sizes go in; rectangles, paths and label points come out.
`web/layout.js` is the same algorithm line by line and gives the same coordinates; change both.
Nothing here knows what a box means, how it is drawn, or which groups are open.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import sqrt

Point = tuple[float, float]

BOX_GAP = 16.0  # free height between two boxes of a column
WIRE_GAP = 8.0  # the same beside a passing wire or a label
WIRE_HEIGHT = 16.0  # a passing wire with its backward arrow
GAP_LEAST, GAP_MOST = 20.0, 88.0  # free width between columns
GAP_SLOPE = 0.4  # how it grows with the climb of the wires in it
PAD, HEAD = 14.0, 22.0  # inside a group: margin, and room for its caption
MARGIN = 16.0  # around the whole picture
PORT_STEP = 18.0  # between two arguments of one box
SIDE_STEP = 14.0  # the same when one of them is the main line and runs through the middle
SPINE, INNER, LOOSE = 1024.0, 16.0, 1.0  # how strongly a piece of wire wants to be straight
TURN = 14.0  # height of the bend of a wire that runs backward between groups


@dataclass(frozen=True)
class Place:
    """A thing that takes room: a box, or an open group (whose size follows from its members)."""

    id: str
    parent: str = ""  # the id of the open group around it; "" is the picture itself
    width: float = 0.0  # of a group: the least width (its caption)
    height: float = 0.0
    shape: str = "box"  # "box", "circle" or "dot"; wires end on the outline
    group: bool = False
    lead: int = 0  # of two inputs, the one with more of it gets the level line


@dataclass(frozen=True)
class Route:
    """A wire to be laid, and the room its label asks for; width 0 means no label."""

    id: str
    source: str
    target: str
    position: int = 0  # the argument's place at the target: arguments keep their order
    width: float = 0.0
    above: float = 0.0
    below: float = 0.0


@dataclass(frozen=True)
class Rect:
    """Left, top, width, height."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Plan:
    """The finished layout."""

    places: dict[str, Rect]
    paths: dict[str, tuple[Point, ...]]
    labels: dict[str, Point]  # the point of the wire that the label stands on
    width: float
    height: float
    crossings: int


@dataclass
class _Edge:
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


@dataclass
class _Level:
    """One group's inside (or the whole picture), laid out for itself."""

    id: str
    members: list[int] = field(default_factory=list)  # indices of places, in their order
    w: list[float] = field(default_factory=list)
    h: list[float] = field(default_factory=list)
    gap: list[float] = field(default_factory=list)
    entry: dict[int, int] = field(default_factory=dict)  # wire → item
    exit: dict[int, int] = field(default_factory=dict)
    edges: list[_Edge] = field(default_factory=list)
    rank: list[int] = field(default_factory=list)
    x: list[float] = field(default_factory=list)
    y: list[float] = field(default_factory=list)
    left: list[float] = field(default_factory=list)  # of each column
    right: list[float] = field(default_factory=list)
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


def arrange(places: Sequence[Place], routes: Sequence[Route]) -> Plan:
    """Lay out `places` and `routes`; both keep their order, which decides every tie."""
    index = {place.id: i for i, place in enumerate(places)}
    parent = [index[p.parent] if p.parent else -1 for p in places]
    depth = _depths(parent)
    ends = [(index[r.source], index[r.target]) for r in routes]
    out_offset, in_offset, far = _ports(places, routes, ends)
    levels = _split(places, routes, ends, parent, depth)
    order = sorted(levels, key=lambda i: (-depth[i] if i >= 0 else 1, i))
    size: dict[int, _Level] = {}
    for i in order:
        level = levels[i]
        for j, member in enumerate(level.members):
            place = places[member]
            if place.group:
                level.w[j], level.h[j] = size[member].width, size[member].height
        _offsets(level, size, out_offset, in_offset)
        for edge in level.edges:
            edge.far = far[edge.key]
        _lay(level)
        _frame(level, places[i].width if i >= 0 else 0.0, i < 0)
        size[i] = level
    return _collect(places, routes, levels, order)


def _depths(parent: list[int]) -> list[int]:
    depth = [-1] * len(parent)
    for i in range(len(parent)):
        chain, at = [], i
        while at >= 0 and depth[at] < 0:
            chain.append(at)
            at = parent[at]
        base = depth[at] if at >= 0 else 0
        for node in reversed(chain):
            base += 1
            depth[node] = base
    return depth


def _ports(
    places: Sequence[Place], routes: Sequence[Route], ends: list[tuple[int, int]]
) -> tuple[list[float], list[float], list[int]]:
    """The height at which each wire leaves its source and meets its target, from the centre;
    and how far each wire's source is from the inputs."""
    leaving: list[list[int]] = [[] for _ in places]
    coming: list[list[int]] = [[] for _ in places]
    for k, (u, v) in enumerate(ends):
        leaving[u].append(k)
        coming[v].append(k)
    far = _distances(places, ends, leaving, coming)
    out_offset, in_offset = [0.0] * len(routes), [0.0] * len(routes)
    for i, place in enumerate(places):
        if place.group or place.shape == "dot":
            continue
        _spread(place, leaving[i], -1, out_offset)
        arguments = sorted(coming[i], key=lambda k: (routes[k].position, k))
        main, deepest = -1, -1
        for j, k in enumerate(arguments):
            distance = far[ends[k][0]]
            if distance >= deepest:
                main = j if distance > deepest else -1
                deepest = distance
        _spread(place, arguments, main, in_offset)
    return out_offset, in_offset, [far[u] for u, _ in ends]


def _distances(
    places: Sequence[Place],
    ends: list[tuple[int, int]],
    leaving: list[list[int]],
    coming: list[list[int]],
) -> list[int]:
    """The longest way from an input to each box; boxes in a cycle stay at what is known."""
    far, waiting = [place.lead for place in places], [len(wires) for wires in coming]
    ready = [i for i in range(len(leaving)) if waiting[i] == 0]
    for u in ready:
        for k in leaving[u]:
            v = ends[k][1]
            far[v] = max(far[v], far[u] + 1)
            waiting[v] -= 1
            if waiting[v] == 0:
                ready.append(v)
    return far


def _spread(place: Place, wires: list[int], main: int, offset: list[float]) -> None:
    """Wires in order; the main line, if there is one and there is room, in the middle."""
    n = len(wires)
    step, middle = min(PORT_STEP, (place.height - 12) / max(n - 1, 1)), (n - 1) / 2
    if main >= 0 and max(main, n - 1 - main) * SIDE_STEP <= place.height / 2 - 8:
        step, middle = SIDE_STEP, float(main)
    for j, k in enumerate(wires):
        offset[k] = _half((j - middle) * step)


def _half(x: float) -> float:
    """x rounded to a multiple of one half, the same way in every language."""
    doubled = x * 2 + 0.5
    whole = int(doubled)
    return (whole - 1 if whole > doubled else whole) / 2


def _even(x: float) -> float:
    """The least even whole number that is not below x."""
    half = int(x / 2)
    return float(half * 2 if half * 2 >= x else half * 2 + 2)


def _split(
    places: Sequence[Place],
    routes: Sequence[Route],
    ends: list[tuple[int, int]],
    parent: list[int],
    depth: list[int],
) -> dict[int, _Level]:
    """Cut every wire at the borders of the groups that it leaves and enters."""
    levels: dict[int, _Level] = {-1: _Level("")}
    for i, place in enumerate(places):
        if place.group:
            levels[i] = _Level(place.id)
    slot = [0] * len(places)
    for i, place in enumerate(places):
        level = levels[parent[i]]
        level.members.append(i)
        slot[i] = level.item(place.width, place.height, BOX_GAP)
    for k, (source, target) in enumerate(ends):
        route = routes[k]
        a, b = source, target
        entering: list[tuple[int, int]] = []
        while parent[a] != parent[b]:
            if parent[b] < 0 or (parent[a] >= 0 and depth[a] >= depth[b]):
                level = levels[parent[a]]
                port = level.exit[k] = level.item(0.0, WIRE_HEIGHT, WIRE_GAP)
                level.edges.append(_Edge(k, slot[a], port))
                a = parent[a]
            else:
                entering.append((parent[b], slot[b]))
                b = parent[b]
        level = levels[parent[a]]
        if a != b:
            level.edges.append(
                _Edge(
                    k, slot[a], slot[b], 0.0, 0.0,
                    route.width, route.above, route.below, route.width > 0,
                )
            )  # fmt: skip
        for group, inside in entering:
            level = levels[group]
            port = level.entry[k] = level.item(0.0, WIRE_HEIGHT, WIRE_GAP)
            level.edges.append(_Edge(k, port, inside))
    return levels


def _offsets(
    level: _Level,
    size: dict[int, _Level],
    out_offset: list[float],
    in_offset: list[float],
) -> None:
    """Where each wire meets the items at its two ends: a port of a box, or of a finished group."""
    count = len(level.members)
    for edge in level.edges:
        if edge.u < count:
            member = level.members[edge.u]
            inner = size.get(member)
            if inner is None:
                edge.u_offset = out_offset[edge.key]
            else:
                port = inner.exit[edge.key]
                edge.u_offset = inner.y[port] + inner.top - inner.height / 2
        if edge.v < count:
            member = level.members[edge.v]
            inner = size.get(member)
            if inner is None:
                edge.v_offset = in_offset[edge.key]
            else:
                port = inner.entry[edge.key]
                edge.v_offset = inner.y[port] + inner.top - inner.height / 2


def _lay(level: _Level) -> None:
    """Ranks, order in the columns, heights, columns: the four steps of a layered layout."""
    n = len(level.w)
    _turn_back(level, n)
    ranks_of_label = _rank(level, n)
    up, down = _thread(level, ranks_of_label)
    layers = _order(level, up, down)
    _heights(level, layers, up, down)
    _columns(level, layers, up, down)


def _turn_back(level: _Level, n: int) -> None:
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


def _rank(level: _Level, n: int) -> list[int]:
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


def _span(edge: _Edge) -> int:
    return 2 if edge.labelled and not edge.back else 1


def _mark_spine(
    level: _Level,
    reach: list[int],
    behind: list[list[tuple[int, int]]],
    ahead: list[list[tuple[int, int]]],
) -> None:
    """The wires that carry the main line: the deepest input, the farthest user."""
    edges, n = level.edges, len(reach)
    chosen = [-1] * n
    for v in range(n):
        best = None
        for _, e in behind[v]:
            key = (-edges[e].far, edges[e].v_offset, e)
            if not edges[e].back and (best is None or key < best):
                best, chosen[v] = key, e
    for u in range(n):
        first = None
        for v, e in ahead[u]:
            farthest = (-reach[v], e)
            if not edges[e].back and (first is None or farthest < first):
                first = farthest
        if first is not None and chosen[edges[first[1]].v] == first[1]:
            edges[first[1]].spine = True


def _thread(
    level: _Level, rank: list[int]
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
            if edge.labelled and edge.label_at < 0:
                q = level.item(edge.width, edge.above + edge.below, WIRE_GAP)
                edge.label_at = q
            else:
                q = level.item(0.0, WIRE_HEIGHT, WIRE_GAP)
            rank.append(r)
            path.append(q)
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


def _backward_path(level: _Level, edge: _Edge, rank: list[int]) -> tuple[list[int], int, int]:
    """Out to the right, round, back over the columns between, round again, and in."""
    u, v = edge.u, edge.v
    turn_out = level.item(TURN, TURN + 4, BOX_GAP)
    rank.append(rank[u] + 1)
    turn_in = level.item(TURN, TURN + 4, BOX_GAP)
    rank.append(rank[v] - 1)
    path = [u, turn_out]
    for r in range(rank[u], rank[v] - 1, -1):
        if edge.labelled and edge.label_at < 0:
            q = level.item(edge.width, edge.above + edge.below, WIRE_GAP)
            edge.label_at = q
        else:
            q = level.item(0.0, WIRE_HEIGHT, WIRE_GAP)
        rank.append(r)
        path.append(q)
    edge.path = [turn_in]
    return path, 1, 0


Links = list[list[tuple[int, float, float, float]]]


def _order(level: _Level, up: Links, down: Links) -> list[list[int]]:
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


def _heights(level: _Level, layers: list[list[int]], up: Links, down: Links) -> None:
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

    def relax(r: int, links: Links, fixed: Sequence[bool] = ()) -> None:
        layer, offset = layers[r], steps[r]
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

    columns = range(len(layers))
    for _ in range(6 if len(h) < 3000 else 2):
        for r in columns:
            relax(r, up)
        for r in reversed(columns):
            relax(r, down)
    for r in columns:
        relax(r, up)
    anchored = [False] * len(h)
    for layer in layers:
        for q in layer:
            anchored[q] = len(up[q]) > 1 or any(anchored[b] or len(down[b]) > 1 for b, *_ in up[q])
    for r in reversed(columns):
        relax(r, down, anchored)
    least = None
    for q in range(len(h)):
        top = y[q] - h[q] / 2
        least = top if least is None or top < least else least
    shift = 0.0 if least is None else least
    level.y = [_half(value - shift) for value in y]


def _columns(level: _Level, layers: list[list[int]], up: Links, down: Links) -> None:
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
        width = _even(width)
        level.left.append(at)
        level.right.append(at + width)
        for q in layer:
            lone = q < count and not up[q]  # an input stands close to its user
            level.x[q] = at + width - level.w[q] / 2 if lone else at + width / 2
        at += width + _even(min(GAP_MOST, max(GAP_LEAST, GAP_LEAST / 2 + climb * GAP_SLOPE)))


def _frame(level: _Level, least_width: float, outermost: bool) -> None:
    width = level.right[-1] if level.right else 0.0
    height = 0.0
    for q in range(len(level.h)):
        height = max(height, level.y[q] + level.h[q] / 2)
    if outermost:
        level.side, level.top = MARGIN, MARGIN
        level.width = _even(width + 2 * MARGIN)
        level.height = _even(height + 2 * MARGIN)
    else:
        level.width = _even(max(width + 2 * PAD, least_width))
        level.side = (level.width - width) / 2
        level.top = PAD + HEAD
        level.height = _even(height + 2 * PAD + HEAD)


def _collect(
    places: Sequence[Place],
    routes: Sequence[Route],
    levels: dict[int, _Level],
    order: list[int],
) -> Plan:
    """Put the levels into one another, outermost first, and join the pieces of each wire."""
    rects: dict[str, Rect] = {}
    labels: dict[str, Point] = {}
    outward: list[list[list[Point]]] = [[] for _ in routes]
    across: list[list[Point]] = [[] for _ in routes]
    inward: list[list[list[Point]]] = [[] for _ in routes]
    origin: dict[int, Point] = {-1: (0.0, 0.0)}
    crossings = 0
    for i in reversed(order):
        level = levels[i]
        crossings += level.crossings
        ox, oy = origin[i][0] + level.side, origin[i][1] + level.top
        for j, member in enumerate(level.members):
            x, y = ox + level.x[j] - level.w[j] / 2, oy + level.y[j] - level.h[j] / 2
            rects[places[member].id] = Rect(x, y, level.w[j], level.h[j])
            if places[member].group:
                origin[member] = (x, y)
        exits, entries = level.exit, level.entry
        for edge in level.edges:
            points = _walk(level, edge, places, ox, oy)
            if edge.label_at >= 0:
                at = edge.label_at
                mid = level.y[at] + (edge.above - edge.below) / 2
                labels[routes[edge.key].id] = (ox + level.x[at], oy + mid)
            if exits.get(edge.key) == edge.v:
                border = origin[i][0] + level.width
                points.append((border, points[-1][1]))
                outward[edge.key].append(points)
            elif entries.get(edge.key) == edge.u:
                points.insert(0, (origin[i][0], points[0][1]))
                inward[edge.key].append(points)
            else:
                across[edge.key] = points
    paths: dict[str, tuple[Point, ...]] = {}
    for k, route in enumerate(routes):
        joined: list[Point] = []
        for piece in reversed(outward[k]):
            joined += piece
        joined += across[k]
        for piece in inward[k]:
            joined += piece
        paths[route.id] = _tidy(joined)
    root = levels[-1]
    return Plan(rects, paths, labels, root.width, root.height, crossings)


def _walk(
    level: _Level, edge: _Edge, places: Sequence[Place], ox: float, oy: float
) -> list[Point]:
    """The points of a wire within one level: level through a column, climbing between columns."""
    path, count = edge.path, len(level.members)
    points: list[Point] = []
    shift = (edge.above - edge.below) / 2
    heading_left = False
    for i, q in enumerate(path):
        column = level.rank[q]
        x, y = level.x[q], level.y[q]
        left, right = level.left[column], level.right[column]
        if i == 0:
            y += edge.u_offset
            points.append((x + level.w[q] / 2 - _inset(level, places, q, edge.u_offset, count), y))
            points.append((right, y))
        elif i == len(path) - 1:
            y += edge.v_offset
            points.append((left, y))
            points.append((x - level.w[q] / 2 + _inset(level, places, q, edge.v_offset, count), y))
        elif edge.back and (i == 1 or i == len(path) - 2):
            near = level.y[path[i - 1]] + (edge.u_offset if i == 1 else 0.0)
            far = level.y[path[i + 1]] + (edge.v_offset if i > 1 else 0.0)
            half = TURN / 2 if near <= far else -TURN / 2
            side, bend = (left, x) if i == 1 else (right, x)
            points += [(side, y - half), (bend, y - half), (bend, y + half), (side, y + half)]
            heading_left = i == 1
        else:
            y += shift if q == edge.label_at else 0.0
            points += [(right, y), (left, y)] if heading_left else [(left, y), (right, y)]
    return [(ox + x, oy + y) for x, y in points]


def _inset(level: _Level, places: Sequence[Place], q: int, offset: float, count: int) -> float:
    """How far inside its rectangle the outline of a circle is at this height."""
    if q >= count or places[level.members[q]].shape != "circle":
        return 0.0
    radius = level.h[q] / 2
    return radius - sqrt(max(radius * radius - offset * offset, 0.0))


def _tidy(points: list[Point]) -> tuple[Point, ...]:
    """Without repeated points and without points inside a level run."""
    kept: list[Point] = []
    for point in points:
        if kept and kept[-1] == point:
            continue
        if len(kept) > 1 and kept[-1][1] == point[1] == kept[-2][1]:
            forward = (kept[-1][0] >= kept[-2][0]) == (point[0] >= kept[-1][0])
            if forward:
                kept[-1] = point
                continue
        kept.append(point)
    return tuple(kept)
