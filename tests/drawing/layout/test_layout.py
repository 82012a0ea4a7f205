"""The layout keeps its promises on random nested graphs, and its JavaScript twin agrees."""

from __future__ import annotations

import json
import random
import subprocess
from itertools import pairwise, product
from math import inf, isfinite
from pathlib import Path

import pytest
from pictures import NODE, needs_node

from seegrad import drawing
from seegrad.drawing.layout import layered, nested
from seegrad.drawing.layout.nested import Place, Plan, Rect, Route, arrange

WEB = Path(drawing.__file__).parent / "web"


def random_case(seed: int, cyclic: bool = False) -> tuple[list[Place], list[Route]]:
    """A random nested picture; wires run forward between boxes, but may tie groups in a knot."""
    draw = random.Random(seed)
    places: list[Place] = []
    groups = [""]
    for g in range(draw.randrange(0, 6)):
        name = f"층{g}"
        places.append(Place(name, draw.choice(groups), draw.randrange(40, 200), group=True))
        groups.append(name)
    count = draw.randrange(1, 40)
    shapes = (("circle", 44, 44), ("box", 72, 32), ("dot", 6, 6), ("box", 60, 96))
    for i in range(count):
        shape, width, height = draw.choice(shapes)
        where = draw.choice(groups) if cyclic else groups[min(i * len(groups) // count, 9)]
        places.append(Place(f"n{i}", where, width, height, shape, lead=draw.randrange(2)))
    routes: list[Route] = []
    for i in range(1, count):
        for position in range(draw.randrange(0, 4)):
            source = draw.randrange(max(0, i - 12), i)
            label = draw.choice(((0, 0, 0), (48, 18, 18), (96, 34, 50)))
            ends = (f"n{source}", f"n{i}")
            routes.append(Route(f"w{len(routes)}", *ends, position, *label))
    return places, routes


CASES = [random_case(seed, cyclic) for seed in range(30) for cyclic in (False, True)]
ROOMS = [inf, 480.0]  # what is wider is cut into rows


def inside(inner: Rect, outer: Rect) -> bool:
    return (
        inner.x >= outer.x
        and inner.y >= outer.y
        and inner.x + inner.width <= outer.x + outer.width
        and inner.y + inner.height <= outer.y + outer.height
    )


def meet(a: Rect, b: Rect) -> bool:
    return (
        a.x < b.x + b.width
        and b.x < a.x + a.width
        and a.y < b.y + b.height
        and b.y < a.y + a.height
    )


def label_rects(plan: Plan, routes: list[Route]) -> dict[str, Rect]:
    sizes = {route.id: route for route in routes}
    return {
        key: Rect(
            x - sizes[key].width / 2,
            y - sizes[key].above,
            sizes[key].width,
            sizes[key].above + sizes[key].below,
        )
        for key, (x, y) in plan.labels.items()
    }


def strokes(path: tuple[nested.Point, ...]) -> list[Rect]:
    """The boxes that the strokes of a wire stay within (a climb stays between its two ends)."""
    return [
        Rect(min(ax, bx), min(ay, by), abs(ax - bx), abs(ay - by))
        for (ax, ay), (bx, by) in pairwise(path)
    ]


def ancestors(place: Place, by_id: dict[str, Place]) -> set[str]:
    found: set[str] = set()
    while place.parent:
        found.add(place.parent)
        place = by_id[place.parent]
    return found


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("case", CASES)
def test_boxes_and_labels_keep_apart(case: tuple[list[Place], list[Route]], room: float) -> None:
    places, routes = case
    plan = arrange(places, routes, room)
    by_id = {place.id: place for place in places}
    around = {place.id: ancestors(place, by_id) for place in places}
    for i, a in enumerate(places):
        if a.parent:
            assert inside(plan.places[a.id], plan.places[a.parent])
        for b in places[i + 1 :]:
            if a.id not in around[b.id] and b.id not in around[a.id]:
                assert not meet(plan.places[a.id], plan.places[b.id]), (a.id, b.id)
    labels = label_rects(plan, routes)
    whole = Rect(0, 0, plan.width, plan.height)
    for i, (key, rect) in enumerate(labels.items()):
        assert inside(rect, whole)
        for other in list(labels.values())[i + 1 :]:
            assert not meet(rect, other), key
        for place in places:
            apart = not meet(rect, plan.places[place.id])
            assert apart or (place.group and inside(rect, plan.places[place.id])), (key, place.id)


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("case", CASES)
def test_wires_do_not_cross_boxes_or_foreign_labels(
    case: tuple[list[Place], list[Route]], room: float
) -> None:
    places, routes = case
    plan = arrange(places, routes, room)
    by_id = {place.id: place for place in places}
    labels = label_rects(plan, routes)
    for route in routes:
        own = {route.source, route.target}
        around = set().union(*(ancestors(by_id[end], by_id) for end in own))
        for stroke in strokes(plan.paths[route.id]):
            for place in places:
                if place.id not in own and place.id not in around:
                    assert not meet(stroke, plan.places[place.id]), (route.id, place.id)
            for key, rect in labels.items():
                assert key == route.id or not meet(stroke, rect), (route.id, key)


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("case", CASES)
def test_wires_run_from_outline_to_outline(
    case: tuple[list[Place], list[Route]], room: float
) -> None:
    places, routes = case
    plan = arrange(places, routes, room)
    for route in routes:
        start, end = plan.paths[route.id][0], plan.paths[route.id][-1]
        source, target = plan.places[route.source], plan.places[route.target]
        assert source.x + source.width / 2 <= start[0] <= source.x + source.width
        assert target.x <= end[0] <= target.x + target.width / 2
        assert source.y <= start[1] <= source.y + source.height
        assert target.y <= end[1] <= target.y + target.height
        if route.width:
            assert route.id in plan.labels or route.source == route.target
            x, y = plan.labels[route.id]
            assert any(
                stroke.height == 0
                and stroke.y == y
                and stroke.x <= x <= stroke.x + stroke.width
                for stroke in strokes(plan.paths[route.id])
            ), route.id


@pytest.mark.parametrize("case", CASES)
def test_arguments_keep_their_order(case: tuple[list[Place], list[Route]]) -> None:
    places, routes = case
    plan = arrange(places, routes)
    shapes = {place.id: place.shape for place in places}
    for place in places:
        coming = sorted((r for r in routes if r.target == place.id), key=lambda r: r.position)
        tops = [plan.paths[route.id][-1][1] for route in coming]
        assert tops == sorted(tops)
        if shapes[place.id] != "dot":
            assert len(set(tops)) == len(tops)


def test_long_chain_does_not_drift() -> None:
    places = [Place("x", "", 48, 32)]
    routes = []
    for i in range(60):
        places += [Place(f"W{i}", "", 48, 32), Place(f"dot{i}", "", 44, 44, "circle")]
        before = f"dot{i - 1}" if i else "x"
        routes.append(Route(f"a{i}", before, f"dot{i}", 0, 56, 18, 22))
        routes.append(Route(f"b{i}", f"W{i}", f"dot{i}", 1, 56, 18, 22))
    plan = arrange(places, routes)
    climbs = [
        abs(plan.paths[f"a{i}"][0][1] - plan.paths[f"a{i}"][-1][1]) for i in range(60)
    ]
    assert max(climbs) <= 9  # the first argument's port, no more
    heights = [plan.places[f"dot{i}"].y for i in range(60)]
    assert max(heights) - min(heights) <= 9
    assert plan.height < 160  # the side inputs stay beside the line


def test_transposing_neighbours_helps_dense_graphs() -> None:
    draw = random.Random(7)
    places = [Place(f"{side}{i}", "", 40, 40) for side in "ab" for i in range(12)]
    pairs = [(i, j) for i in range(12) for j in range(12) if draw.random() < 0.4]
    routes = [Route(f"{i}-{j}", f"a{i}", f"b{j}", i) for i, j in pairs]
    kept = layered._exchange
    try:
        layered._exchange = lambda *_: 0
        plain = arrange(places, routes).crossings
    finally:
        layered._exchange = kept
    assert arrange(places, routes).crossings < plain


def test_a_box_of_one_wire_begins_where_its_wire_comes_in() -> None:
    """And no row is left with next to nothing."""
    widths = {"x": 40, "net": 250, "t": 40, "loss": 120, "L": 20}
    places = [Place(name, "", width, 40) for name, width in widths.items()]
    ends = [("x", "net"), ("net", "loss"), ("t", "loss"), ("loss", "L")]
    routes = [Route(f"w{i}", *pair, i // 2, 60, 24, 24) for i, pair in enumerate(ends)]
    one, plan = arrange(places, routes), arrange(places, routes, 520.0)
    assert one.places["t"].x > one.places["net"].x
    assert plan.width <= 520
    assert plan.places["x"].y == plan.places["net"].y
    assert plan.places["net"].y < plan.places["loss"].y == plan.places["L"].y
    assert plan.places["t"].x < plan.places["loss"].x
    wire = [x for x, _ in plan.paths["w2"]]
    assert wire == sorted(wire)  # never back to the left
    assert any(b < a for (a, _), (b, _) in pairwise(plan.paths["w1"]))


def test_nothing_and_one_thing() -> None:
    assert arrange([], []).width == 2 * nested.MARGIN
    assert arrange([Place("x", "", 40, 40)], []).places["x"] == Rect(16, 16, 40, 40)


@needs_node
def test_the_twin_gives_the_same_coordinates() -> None:
    keys = ("id", "parent", "width", "height", "shape", "group", "lead")
    request = [
        {
            "places": [{key: getattr(place, key) for key in keys} for place in places],
            "routes": [vars(route) for route in routes],
            "room": room if isfinite(room) else None,
        }
        for places, routes in CASES
        for room in ROOMS
    ]
    command = [*NODE, str(Path(__file__).parent / "run_layout.mjs"), str(WEB / "layout/nested.js")]
    ran = subprocess.run(
        command, input=json.dumps(request), capture_output=True, text=True, check=True
    )
    told = iter(json.loads(ran.stdout))
    for (places, routes), room in product(CASES, ROOMS):
        plan, answer = arrange(places, routes, room), next(told)
        assert answer["size"] == [plan.width, plan.height]
        assert answer["crossings"] == plan.crossings
        assert answer["labels"] == {key: list(point) for key, point in plan.labels.items()}
        assert answer["paths"] == {key: [list(p) for p in path] for key, path in plan.paths.items()}
        for key, rect in plan.places.items():
            assert answer["places"][key] == [rect.x, rect.y, rect.width, rect.height]
