"""Where everything goes: nested layered layout, left to right, in plain arithmetic.

Boxes, open groups and wires with label sizes go in; rectangles, paths and label points come out.
Here the levels are cut out, put into one another and joined; one of them is `layered.py`'s affair.
Nothing here knows what a box means, how it is drawn, or which groups are open; the page's code is
written from this (`tools/python_to_js.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, sqrt

from seegrad.drawing.layout.layered import (
    BOX_GAP,
    TURN,
    WIRE_GAP,
    WIRE_HEIGHT,
    Edge,
    Level,
    even,
    half,
    height_at,
    lay,
)
from seegrad.drawing.layout.rows import GUTTER, wrap

Point = tuple[float, float]

PAD, HEAD = 14.0, 22.0  # inside a group: margin, and room for its caption
MARGIN = 16.0  # around the whole picture
PORT_STEP = 18.0  # between two arguments of one box
SIDE_STEP = 14.0  # the same when one of them is the main line and runs through the middle


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


def arrange(places: Sequence[Place], routes: Sequence[Route], room: float = inf) -> Plan:
    """Lay out `places` and `routes`; both keep their order, which decides every tie.

    What is wider than `room` is cut into rows, outside and in every group.
    """
    index = {place.id: i for i, place in enumerate(places)}
    parent = [index[p.parent] if p.parent else -1 for p in places]
    depth = _depths(parent)
    ends = [(index[r.source], index[r.target]) for r in routes]
    out_offset, in_offset, far = _ports(places, routes, ends)
    levels = _split(places, routes, ends, parent, depth)
    order = sorted(levels, key=lambda i: (-depth[i] if i >= 0 else 1, i))
    size: dict[int, Level] = {}
    for i in order:
        level = levels[i]
        for j, member in enumerate(level.members):
            place = places[member]
            if place.group:
                level.w[j], level.h[j] = size[member].width, size[member].height
        _offsets(level, size, out_offset, in_offset)
        for edge in level.edges:
            edge.far = far[edge.key]
        lay(level)
        around = depth[i] if i >= 0 else 0
        wrap(level, max(room - 2 * MARGIN - 2 * (PAD + GUTTER) * around, 160.0))
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
        offset[k] = half((j - middle) * step)


def _split(
    places: Sequence[Place],
    routes: Sequence[Route],
    ends: list[tuple[int, int]],
    parent: list[int],
    depth: list[int],
) -> dict[int, Level]:
    """Cut every wire at the borders of the groups that it leaves and enters."""
    levels: dict[int, Level] = {-1: Level("")}
    for i, place in enumerate(places):
        if place.group:
            levels[i] = Level(place.id)
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
                level.edges.append(Edge(k, slot[a], port))
                a = parent[a]
            else:
                entering.append((parent[b], slot[b]))
                b = parent[b]
        level = levels[parent[a]]
        if a != b:
            level.edges.append(
                Edge(
                    k, slot[a], slot[b], 0.0, 0.0,
                    route.width, route.above, route.below, route.width > 0,
                )
            )  # fmt: skip
        for group, inside in entering:
            level = levels[group]
            port = level.entry[k] = level.item(0.0, WIRE_HEIGHT, WIRE_GAP)
            level.edges.append(Edge(k, port, inside))
    return levels


def _offsets(
    level: Level,
    size: dict[int, Level],
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


def _frame(level: Level, least_width: float, outermost: bool) -> None:
    width = level.extent
    height = 0.0
    for q in range(len(level.h)):
        height = max(height, level.y[q] + level.h[q] / 2)
    if outermost:
        level.side, level.top = MARGIN, MARGIN
        level.width = even(width + 2 * MARGIN)
        level.height = even(height + 2 * MARGIN)
    else:
        level.width = even(max(width + 2 * PAD, least_width))
        level.side = (level.width - width) / 2
        level.top = PAD + HEAD
        level.height = even(height + 2 * PAD + HEAD)


def _collect(
    places: Sequence[Place],
    routes: Sequence[Route],
    levels: dict[int, Level],
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
            joined.extend(piece)
        joined.extend(across[k])
        for piece in inward[k]:
            joined.extend(piece)
        paths[route.id] = _tidy(joined)
    root = levels[-1]
    return Plan(rects, paths, labels, root.width, root.height, crossings)


def _walk(
    level: Level, edge: Edge, places: Sequence[Place], ox: float, oy: float
) -> list[Point]:
    """The points of a wire within one level: level through a column, climbing between columns."""
    path, count = edge.path, len(level.members)
    points: list[Point] = []
    heading_left = False
    for i, q in enumerate(path):
        column = level.rank[q]
        x, y = level.x[q], height_at(level, edge, i)
        left, right = level.left[column], level.right[column]
        if i == 0:
            points.append((x + level.w[q] / 2 - _inset(level, places, q, edge.u_offset, count), y))
            points.append((right, y))
        elif i == len(path) - 1:
            points.append((left, y))
            points.append((x - level.w[q] / 2 + _inset(level, places, q, edge.v_offset, count), y))
        elif edge.back and (i == 1 or i == len(path) - 2):
            near, far = height_at(level, edge, i - 1), height_at(level, edge, i + 1)
            half = TURN / 2 if near <= far else -TURN / 2
            side, bend = (left, x) if i == 1 else (right, x)
            points.extend(
                [(side, y - half), (bend, y - half), (bend, y + half), (side, y + half)]
            )
            heading_left = i == 1
        else:
            points.extend([(right, y), (left, y)] if heading_left else [(left, y), (right, y)])
        if i in edge.turns:
            out, between, back = edge.turns[i]
            enters = height_at(level, edge, i + 1)
            points.extend(
                [(out, points[-1][1]), (out, between), (back, between), (back, enters)]
            )
    return [(ox + x, oy + y) for x, y in points]


def _inset(level: Level, places: Sequence[Place], q: int, offset: float, count: int) -> float:
    """How far inside its rectangle the outline of a circle is at this height."""
    if q >= count or places[level.members[q]].shape != "circle":
        return 0.0
    radius = level.h[q] / 2
    return radius - sqrt(max(radius * radius - offset * offset, 0.0))


def _tidy(points: list[Point]) -> tuple[Point, ...]:
    """Without repeated points and without points inside a level run."""
    kept: list[Point] = []
    for x, y in points:
        if kept and kept[-1][0] == x and kept[-1][1] == y:
            continue
        if len(kept) > 1 and kept[-1][1] == y == kept[-2][1]:
            forward = kept[-1][0] >= kept[-2][0]
            if forward == (x >= kept[-1][0]):
                kept.pop()
        kept.append((x, y))
    return tuple(kept)
