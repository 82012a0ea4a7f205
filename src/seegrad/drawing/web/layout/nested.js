// @ts-nocheck Written from layout/nested.py by tools/python_to_js.py: change that file.
import { BOX_GAP, Edge, Level, TURN, WIRE_GAP, WIRE_HEIGHT, even, half, heightAt, lay } from "../layout/layered.js";
import { GUTTER, wrap } from "../layout/rows.js";
import { enumerate, extend, has, insert, len, range, reversed, sorted, truthy } from "../python.js";

export const PAD = 14;
export const HEAD = 22;

export const MARGIN = 16;

export const PORT_STEP = 18;

export const SIDE_STEP = 14;

/** @type {any} */
export const Place = class {
  constructor(id, parent = "", width = 0, height = 0, shape = "box", group = false, lead = 0) {
    Object.assign(this, { id, parent, width, height, shape, group, lead });
  }
};

/** @type {any} */
export const Route = class {
  constructor(id, source, target, position = 0, width = 0, above = 0, below = 0) {
    Object.assign(this, { id, source, target, position, width, above, below });
  }
};

/** @type {any} */
export const Rect = class {
  constructor(x, y, width, height) {
    Object.assign(this, { x, y, width, height });
  }
};

/** @type {any} */
export const Plan = class {
  constructor(places, paths, labels, width, height, crossings) {
    Object.assign(this, { places, paths, labels, width, height, crossings });
  }
};

/** @returns {any} */
export function arrange(places, routes, room = Infinity) {
  let around, depth, edge, ends, far, i, inOffset, index, j, level, levels, member, order, outOffset, parent, place, size;
  index = new Map(Array.from(enumerate(places)).map(([i, place]) => [place.id, i]));
  parent = places.map((p) => (p.parent ? index.get(p.parent) : -1));
  depth = _depths(parent);
  ends = routes.map((r) => [index.get(r.source), index.get(r.target)]);
  [outOffset, inOffset, far] = _ports(places, routes, ends);
  levels = _split(places, routes, ends, parent, depth);
  order = sorted(levels.keys(), { key: (i) => [((i >= 0) ? -depth[i] : 1), i] });
  size = new Map([]);
  for (i of order) {
    level = levels.get(i);
    for ([j, member] of level.members.entries()) {
      place = places[member];
      if (place.group) {
        [level.w[j], level.h[j]] = [size.get(member).width, size.get(member).height];
      }
    }
    _offsets(level, size, outOffset, inOffset);
    for (edge of level.edges) {
      edge.far = far[edge.key];
    }
    lay(level);
    around = ((i >= 0) ? depth[i] : 0);
    wrap(level, Math.max(((room - (2 * MARGIN)) - ((2 * (PAD + GUTTER)) * around)), 160));
    _frame(level, ((i >= 0) ? places[i].width : 0), (i < 0));
    size.set(i, level);
  }
  return _collect(places, routes, levels, order);
}

/** @returns {any} */
export function _depths(parent) {
  let at, base, chain, depth, i, node;
  depth = Array(parent.length).fill(-1);
  for (i = 0; i < parent.length; i += 1) {
    chain = [];
    at = i;
    while (((at >= 0) && (depth[at] < 0))) {
      chain.push(at);
      at = parent[at];
    }
    base = ((at >= 0) ? depth[at] : 0);
    for (node of reversed(chain)) {
      base = base + 1;
      depth[node] = base;
    }
  }
  return depth;
}

/** @returns {any} */
export function _ports(places, routes, ends) {
  let arguments_, coming, deepest, distance, far, i, inOffset, j, k, leaving, main, outOffset, place, u, v;
  leaving = places.map((_) => []);
  coming = places.map((_) => []);
  for ([k, [u, v]] of ends.entries()) {
    leaving[u].push(k);
    coming[v].push(k);
  }
  far = _distances(places, ends, leaving, coming);
  outOffset = Array(routes.length).fill(0);
  inOffset = Array(routes.length).fill(0);
  for ([i, place] of places.entries()) {
    if ((truthy(place.group) || (place.shape === "dot"))) {
      continue;
    }
    _spread(place, leaving[i], -1, outOffset);
    arguments_ = sorted(coming[i], { key: (k) => [routes[k].position, k] });
    main = -1;
    deepest = -1;
    for ([j, k] of arguments_.entries()) {
      distance = far[ends[k][0]];
      if ((distance >= deepest)) {
        main = ((distance > deepest) ? j : -1);
        deepest = distance;
      }
    }
    _spread(place, arguments_, main, inOffset);
  }
  return [outOffset, inOffset, ends.map(([u, _]) => far[u])];
}

/** @returns {any} */
export function _distances(places, ends, leaving, coming) {
  let far, k, ready, u, v, waiting;
  far = places.map((place) => place.lead);
  waiting = coming.map((wires) => wires.length);
  ready = range(leaving.length).filter((i) => (waiting[i] === 0));
  for (u of ready) {
    for (k of leaving[u]) {
      v = ends[k][1];
      far[v] = Math.max(far[v], (far[u] + 1));
      waiting[v] = waiting[v] - 1;
      if ((waiting[v] === 0)) {
        ready.push(v);
      }
    }
  }
  return far;
}

/** @returns {any} */
export function _spread(place, wires, main, offset) {
  let j, k, middle, n, step;
  n = wires.length;
  step = Math.min(PORT_STEP, ((place.height - 12) / Math.max((n - 1), 1)));
  middle = ((n - 1) / 2);
  if (((main >= 0) && ((Math.max(main, ((n - 1) - main)) * SIDE_STEP) <= ((place.height / 2) - 8)))) {
    step = SIDE_STEP;
    middle = Number(main);
  }
  for ([j, k] of wires.entries()) {
    offset[k] = half(((j - middle) * step));
  }
}

/** @returns {any} */
export function _split(places, routes, ends, parent, depth) {
  let a, b, entering, group, i, inside, k, level, levels, place, port, route, slot, source, target;
  levels = new Map([[-1, new Level("")]]);
  for ([i, place] of places.entries()) {
    if (truthy(place.group)) {
      levels.set(i, new Level(place.id));
    }
  }
  slot = Array(places.length).fill(0);
  for ([i, place] of places.entries()) {
    level = levels.get(parent[i]);
    level.members.push(i);
    slot[i] = level.item(place.width, place.height, BOX_GAP);
  }
  for ([k, [source, target]] of ends.entries()) {
    route = routes[k];
    a = source;
    b = target;
    entering = [];
    while ((parent[a] !== parent[b])) {
      if (((parent[b] < 0) || ((parent[a] >= 0) && (depth[a] >= depth[b])))) {
        level = levels.get(parent[a]);
        port = level.item(0, WIRE_HEIGHT, WIRE_GAP);
        level.exit.set(k, port);
        level.edges.push(new Edge(k, slot[a], port));
        a = parent[a];
      } else {
        entering.push([parent[b], slot[b]]);
        b = parent[b];
      }
    }
    level = levels.get(parent[a]);
    if ((a !== b)) {
      level.edges.push(new Edge(k, slot[a], slot[b], 0, 0, route.width, route.above, route.below, (route.width > 0)));
    }
    for ([group, inside] of entering) {
      level = levels.get(group);
      port = level.item(0, WIRE_HEIGHT, WIRE_GAP);
      level.entry.set(k, port);
      level.edges.push(new Edge(k, port, inside));
    }
  }
  return levels;
}

/** @returns {any} */
export function _offsets(level, size, outOffset, inOffset) {
  let count, edge, inner, member, port;
  count = level.members.length;
  for (edge of level.edges) {
    if ((edge.u < count)) {
      member = level.members[edge.u];
      inner = size.get(member);
      if ((inner == null)) {
        edge.uOffset = outOffset[edge.key];
      } else {
        port = inner.exit.get(edge.key);
        edge.uOffset = ((inner.y[port] + inner.top) - (inner.height / 2));
      }
    }
    if ((edge.v < count)) {
      member = level.members[edge.v];
      inner = size.get(member);
      if ((inner == null)) {
        edge.vOffset = inOffset[edge.key];
      } else {
        port = inner.entry.get(edge.key);
        edge.vOffset = ((inner.y[port] + inner.top) - (inner.height / 2));
      }
    }
  }
}

/** @returns {any} */
export function _frame(level, leastWidth, outermost) {
  let height, q, width;
  width = level.extent;
  height = 0;
  for (q = 0; q < level.h.length; q += 1) {
    height = Math.max(height, (level.y[q] + (level.h[q] / 2)));
  }
  if (outermost) {
    [level.side, level.top] = [MARGIN, MARGIN];
    level.width = even((width + (2 * MARGIN)));
    level.height = even((height + (2 * MARGIN)));
  } else {
    level.width = even(Math.max((width + (2 * PAD)), leastWidth));
    level.side = ((level.width - width) / 2);
    level.top = (PAD + HEAD);
    level.height = even(((height + (2 * PAD)) + HEAD));
  }
}

/** @returns {any} */
export function _collect(places, routes, levels, order) {
  let across, at, border, crossings, edge, entries, exits, i, inward, j, joined, k, labels, level, member, mid, origin, outward, ox, oy, paths, piece, points, rects, root, route, x, y;
  rects = new Map([]);
  labels = new Map([]);
  outward = routes.map((_) => []);
  across = routes.map((_) => []);
  inward = routes.map((_) => []);
  origin = new Map([[-1, [0, 0]]]);
  crossings = 0;
  for (i of reversed(order)) {
    level = levels.get(i);
    crossings = crossings + level.crossings;
    ox = (origin.get(i)[0] + level.side);
    oy = (origin.get(i)[1] + level.top);
    for ([j, member] of level.members.entries()) {
      x = ((ox + level.x[j]) - (level.w[j] / 2));
      y = ((oy + level.y[j]) - (level.h[j] / 2));
      rects.set(places[member].id, new Rect(x, y, level.w[j], level.h[j]));
      if (places[member].group) {
        origin.set(member, [x, y]);
      }
    }
    exits = level.exit;
    entries = level.entry;
    for (edge of level.edges) {
      points = _walk(level, edge, places, ox, oy);
      if ((edge.labelAt >= 0)) {
        at = edge.labelAt;
        mid = (level.y[at] + ((edge.above - edge.below) / 2));
        labels.set(routes[edge.key].id, [(ox + level.x[at]), (oy + mid)]);
      }
      if ((exits.get(edge.key) === edge.v)) {
        border = (origin.get(i)[0] + level.width);
        points.push([border, points.at(-1)[1]]);
        outward[edge.key].push(points);
      } else {
        if ((entries.get(edge.key) === edge.u)) {
          insert(points, 0, [origin.get(i)[0], points[0][1]]);
          inward[edge.key].push(points);
        } else {
          across[edge.key] = points;
        }
      }
    }
  }
  paths = new Map([]);
  for ([k, route] of routes.entries()) {
    joined = [];
    for (piece of reversed(outward[k])) {
      extend(joined, piece);
    }
    extend(joined, across[k]);
    for (piece of inward[k]) {
      extend(joined, piece);
    }
    paths.set(route.id, _tidy(joined));
  }
  root = levels.get(-1);
  return new Plan(rects, paths, labels, root.width, root.height, crossings);
}

/** @returns {any} */
export function _walk(level, edge, places, ox, oy) {
  let back, bend, between, column, count, enters, far, half, headingLeft, i, left, near, out, path, points, q, right, side, x, y;
  path = edge.path;
  count = level.members.length;
  points = [];
  headingLeft = false;
  for ([i, q] of path.entries()) {
    column = level.rank[q];
    x = level.x[q];
    y = heightAt(level, edge, i);
    left = level.left[column];
    right = level.right[column];
    if ((i === 0)) {
      points.push([((x + (level.w[q] / 2)) - _inset(level, places, q, edge.uOffset, count)), y]);
      points.push([right, y]);
    } else {
      if ((i === (len(path) - 1))) {
        points.push([left, y]);
        points.push([((x - (level.w[q] / 2)) + _inset(level, places, q, edge.vOffset, count)), y]);
      } else {
        if ((edge.back && ((i === 1) || (i === (len(path) - 2))))) {
          near = heightAt(level, edge, (i - 1));
          far = heightAt(level, edge, (i + 1));
          half = ((near <= far) ? (TURN / 2) : (-TURN / 2));
          [side, bend] = ((i === 1) ? [left, x] : [right, x]);
          extend(points, [[side, (y - half)], [bend, (y - half)], [bend, (y + half)], [side, (y + half)]]);
          headingLeft = (i === 1);
        } else {
          extend(points, (truthy(headingLeft) ? [[right, y], [left, y]] : [[left, y], [right, y]]));
        }
      }
    }
    if ((has(edge.turns, i))) {
      [out, between, back] = edge.turns.get(i);
      enters = heightAt(level, edge, (i + 1));
      extend(points, [[out, points.at(-1)[1]], [out, between], [back, between], [back, enters]]);
    }
  }
  return points.map(([x, y]) => [(ox + x), (oy + y)]);
}

/** @returns {any} */
export function _inset(level, places, q, offset, count) {
  let radius;
  if (((q >= count) || (places[level.members[q]].shape !== "circle"))) {
    return 0;
  }
  radius = (level.h[q] / 2);
  return (radius - Math.sqrt(Math.max(((radius * radius) - (offset * offset)), 0)));
}

/** @returns {any} */
export function _tidy(points) {
  let forward, kept, x, y;
  kept = [];
  for ([x, y] of points) {
    if ((kept.length && (kept.at(-1)[0] === x) && (kept.at(-1)[1] === y))) {
      continue;
    }
    if (((kept.length > 1) && (kept.at(-1)[1] === y && y === kept.at(-2)[1]))) {
      forward = (kept.at(-1)[0] >= kept.at(-2)[0]);
      if ((forward === (x >= kept.at(-1)[0]))) {
        kept.pop();
      }
    }
    kept.push([x, y]);
  }
  return Array.from(kept);
}
