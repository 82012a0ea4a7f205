// Where everything goes: nested layered layout, left to right, in plain arithmetic.
// The twin of layout/nested.py, line by line: same cases, same coordinates. Change both.
// Here the levels are cut out, put into one another and joined; one of them is layered.js's affair.
// Nothing here knows what a box means, how it is drawn, or which groups are open.

import { BOX_GAP, TURN, WIRE_GAP, WIRE_HEIGHT, addItem, even, half, lay, newEdge, newLevel } from "./layered.js";

/**
 * @typedef {{id: string, parent?: string, width?: number, height?: number,
 *   shape?: string, group?: boolean, lead?: number}} Place
 * @typedef {{id: string, source: string, target: string, position?: number,
 *   width?: number, above?: number, below?: number}} Route
 * @typedef {[number, number]} Point
 * @typedef {{x: number, y: number, width: number, height: number}} Rect
 * @typedef {{places: Map<string, Rect>, paths: Map<string, Point[]>, labels: Map<string, Point>,
 *   width: number, height: number, crossings: number}} Plan
 * @typedef {import("./layered.js").Edge} Edge
 * @typedef {import("./layered.js").Level} Level
 */

const PAD = 14, HEAD = 22;
const MARGIN = 16;
const PORT_STEP = 18, SIDE_STEP = 14;
/** @param {Place[]} places @param {Route[]} routes @returns {Plan} */
export function arrange(places, routes) {
  const index = new Map(places.map((place, i) => [place.id, i]));
  const at = (/** @type {string} */ id) => /** @type {number} */ (index.get(id));
  const parent = places.map((p) => (p.parent ? at(p.parent) : -1));
  const depth = depths(parent);
  /** @type {[number, number][]} */
  const ends = routes.map((r) => [at(r.source), at(r.target)]);
  const [outOffset, inOffset, far] = ports(places, routes, ends);
  const levels = split(places, routes, ends, parent, depth);
  const order = [...levels.keys()].sort((a, b) => {
    const da = a >= 0 ? -depth[a] : 1, db = b >= 0 ? -depth[b] : 1;
    return da - db || a - b;
  });
  /** @type {Map<number, Level>} */
  const size = new Map();
  for (const i of order) {
    const level = /** @type {Level} */ (levels.get(i));
    level.members.forEach((member, j) => {
      if (places[member].group) {
        const inner = /** @type {Level} */ (size.get(member));
        level.w[j] = inner.width;
        level.h[j] = inner.height;
      }
    });
    offsets(level, size, outOffset, inOffset);
    for (const edge of level.edges) edge.far = far[edge.key];
    lay(level);
    frame(level, i >= 0 ? places[i].width ?? 0 : 0, i < 0);
    size.set(i, level);
  }
  return collect(places, routes, levels, order);
}

/** @param {number[]} parent */
function depths(parent) {
  const depth = parent.map(() => -1);
  for (let i = 0; i < parent.length; i++) {
    const chain = [];
    let at = i;
    while (at >= 0 && depth[at] < 0) {
      chain.push(at);
      at = parent[at];
    }
    let base = at >= 0 ? depth[at] : 0;
    for (const node of chain.reverse()) depth[node] = ++base;
  }
  return depth;
}

/** @param {Place[]} places @param {Route[]} routes @param {[number, number][]} ends */
function ports(places, routes, ends) {
  /** @type {number[][]} */
  const leaving = places.map(() => []);
  /** @type {number[][]} */
  const coming = places.map(() => []);
  ends.forEach(([u, v], k) => {
    leaving[u].push(k);
    coming[v].push(k);
  });
  const far = distances(places, ends, leaving, coming);
  const outOffset = routes.map(() => 0), inOffset = routes.map(() => 0);
  places.forEach((place, i) => {
    if (place.group || place.shape === "dot") return;
    spread(place, leaving[i], -1, outOffset);
    const args = [...coming[i]].sort(
      (a, b) => (routes[a].position ?? 0) - (routes[b].position ?? 0) || a - b);
    let main = -1, deepest = -1;
    args.forEach((k, j) => {
      const distance = far[ends[k][0]];
      if (distance >= deepest) {
        main = distance > deepest ? j : -1;
        deepest = distance;
      }
    });
    spread(place, args, main, inOffset);
  });
  return [outOffset, inOffset, ends.map(([u]) => far[u])];
}

/** @param {Place[]} places @param {[number, number][]} ends @param {number[][]} leaving
 * @param {number[][]} coming */
function distances(places, ends, leaving, coming) {
  const far = places.map((place) => place.lead ?? 0), waiting = coming.map((wires) => wires.length);
  /** @type {number[]} */
  const ready = [];
  for (let i = 0; i < leaving.length; i++) if (waiting[i] === 0) ready.push(i);
  for (let at = 0; at < ready.length; at++) {
    const u = ready[at];
    for (const k of leaving[u]) {
      const v = ends[k][1];
      far[v] = Math.max(far[v], far[u] + 1);
      if (--waiting[v] === 0) ready.push(v);
    }
  }
  return far;
}

/** @param {Place} place @param {number[]} wires @param {number} main @param {number[]} offset */
function spread(place, wires, main, offset) {
  const n = wires.length, height = place.height ?? 0;
  let step = Math.min(PORT_STEP, (height - 12) / Math.max(n - 1, 1)), middle = (n - 1) / 2;
  if (main >= 0 && Math.max(main, n - 1 - main) * SIDE_STEP <= height / 2 - 8) {
    step = SIDE_STEP;
    middle = main;
  }
  wires.forEach((k, j) => {
    offset[k] = half((j - middle) * step);
  });
}

/**
 * @param {Place[]} places @param {Route[]} routes @param {[number, number][]} ends
 * @param {number[]} parent @param {number[]} depth
 * @returns {Map<number, Level>}
 */
function split(places, routes, ends, parent, depth) {
  /** @type {Map<number, Level>} */
  const levels = new Map([[-1, newLevel("")]]);
  const get = (/** @type {number} */ i) => /** @type {Level} */ (levels.get(i));
  places.forEach((place, i) => {
    if (place.group) levels.set(i, newLevel(place.id));
  });
  const slot = places.map((place, i) => {
    const level = get(parent[i]);
    level.members.push(i);
    return addItem(level, place.width ?? 0, place.height ?? 0, BOX_GAP);
  });
  ends.forEach(([source, target], k) => {
    let a = source, b = target;
    /** @type {[number, number][]} */
    const entering = [];
    while (parent[a] !== parent[b]) {
      if (parent[b] < 0 || (parent[a] >= 0 && depth[a] >= depth[b])) {
        const level = get(parent[a]);
        const port = addItem(level, 0, WIRE_HEIGHT, WIRE_GAP);
        level.exit.set(k, port);
        level.edges.push(newEdge(k, slot[a], port));
        a = parent[a];
      } else {
        entering.push([parent[b], slot[b]]);
        b = parent[b];
      }
    }
    if (a !== b) get(parent[a]).edges.push(newEdge(k, slot[a], slot[b], routes[k]));
    for (const [group, inside] of entering) {
      const level = get(group);
      const port = addItem(level, 0, WIRE_HEIGHT, WIRE_GAP);
      level.entry.set(k, port);
      level.edges.push(newEdge(k, port, inside));
    }
  });
  return levels;
}

/**
 * @param {Level} level @param {Map<number, Level>} size
 * @param {number[]} outOffset @param {number[]} inOffset
 */
function offsets(level, size, outOffset, inOffset) {
  const count = level.members.length;
  for (const edge of level.edges) {
    if (edge.u < count) {
      const inner = size.get(level.members[edge.u]);
      if (!inner) edge.uOffset = outOffset[edge.key];
      else {
        const port = /** @type {number} */ (inner.exit.get(edge.key));
        edge.uOffset = inner.y[port] + inner.top - inner.height / 2;
      }
    }
    if (edge.v < count) {
      const inner = size.get(level.members[edge.v]);
      if (!inner) edge.vOffset = inOffset[edge.key];
      else {
        const port = /** @type {number} */ (inner.entry.get(edge.key));
        edge.vOffset = inner.y[port] + inner.top - inner.height / 2;
      }
    }
  }
}

/** @param {Level} level @param {number} leastWidth @param {boolean} outermost */
function frame(level, leastWidth, outermost) {
  const width = level.right.length ? level.right[level.right.length - 1] : 0;
  let height = 0;
  for (let q = 0; q < level.h.length; q++) height = Math.max(height, level.y[q] + level.h[q] / 2);
  if (outermost) {
    level.side = level.top = MARGIN;
    level.width = even(width + 2 * MARGIN);
    level.height = even(height + 2 * MARGIN);
  } else {
    level.width = even(Math.max(width + 2 * PAD, leastWidth));
    level.side = (level.width - width) / 2;
    level.top = PAD + HEAD;
    level.height = even(height + 2 * PAD + HEAD);
  }
}

/** @param {Place[]} places @param {Route[]} routes @param {Map<number, Level>} levels
 * @param {number[]} order @returns {Plan} */
function collect(places, routes, levels, order) {
  /** @type {Map<string, Rect>} */
  const rects = new Map();
  /** @type {Map<string, Point>} */
  const labels = new Map();
  /** @type {Point[][][]} */
  const outward = routes.map(() => []);
  /** @type {Point[][][]} */
  const inward = routes.map(() => []);
  /** @type {Point[][]} */
  const across = routes.map(() => []);
  /** @type {Map<number, Point>} */
  const origin = new Map([[-1, [0, 0]]]);
  let crossed = 0;
  for (const i of [...order].reverse()) {
    const level = /** @type {Level} */ (levels.get(i));
    const [gx, gy] = /** @type {Point} */ (origin.get(i));
    crossed += level.crossings;
    const ox = gx + level.side, oy = gy + level.top;
    level.members.forEach((member, j) => {
      const x = ox + level.x[j] - level.w[j] / 2, y = oy + level.y[j] - level.h[j] / 2;
      rects.set(places[member].id, { x, y, width: level.w[j], height: level.h[j] });
      if (places[member].group) origin.set(member, [x, y]);
    });
    for (const edge of level.edges) {
      const points = trace(level, edge, places, ox, oy);
      if (edge.labelAt >= 0) {
        const mid = level.y[edge.labelAt] + (edge.above - edge.below) / 2;
        labels.set(routes[edge.key].id, [ox + level.x[edge.labelAt], oy + mid]);
      }
      if (level.exit.get(edge.key) === edge.v) {
        points.push([gx + level.width, points[points.length - 1][1]]);
        outward[edge.key].push(points);
      } else if (level.entry.get(edge.key) === edge.u) {
        points.unshift([gx, points[0][1]]);
        inward[edge.key].push(points);
      } else across[edge.key] = points;
    }
  }
  /** @type {Map<string, Point[]>} */
  const paths = new Map();
  routes.forEach((route, k) => {
    /** @type {Point[]} */
    const joined = [];
    for (const piece of outward[k].reverse()) joined.push(...piece);
    joined.push(...across[k]);
    for (const piece of inward[k]) joined.push(...piece);
    paths.set(route.id, tidy(joined));
  });
  const root = /** @type {Level} */ (levels.get(-1));
  return { places: rects, paths, labels, width: root.width, height: root.height, crossings: crossed };
}

/** @param {Level} level @param {Edge} edge @param {Place[]} places @param {number} ox
 * @param {number} oy @returns {Point[]} */
function trace(level, edge, places, ox, oy) {
  const path = edge.path, count = level.members.length;
  /** @type {Point[]} */
  const points = [];
  const shift = (edge.above - edge.below) / 2;
  let headingLeft = false;
  path.forEach((q, i) => {
    const column = level.rank[q];
    const x = level.x[q], left = level.left[column], right = level.right[column];
    let y = level.y[q];
    if (i === 0) {
      y += edge.uOffset;
      points.push([x + level.w[q] / 2 - inset(level, places, q, edge.uOffset, count), y], [right, y]);
    } else if (i === path.length - 1) {
      y += edge.vOffset;
      points.push([left, y], [x - level.w[q] / 2 + inset(level, places, q, edge.vOffset, count), y]);
    } else if (edge.back && (i === 1 || i === path.length - 2)) {
      const near = level.y[path[i - 1]] + (i === 1 ? edge.uOffset : 0);
      const far = level.y[path[i + 1]] + (i > 1 ? edge.vOffset : 0);
      const bow = near <= far ? TURN / 2 : -TURN / 2, side = i === 1 ? left : right;
      points.push([side, y - bow], [x, y - bow], [x, y + bow], [side, y + bow]);
      headingLeft = i === 1;
    } else {
      if (q === edge.labelAt) y += shift;
      if (headingLeft) points.push([right, y], [left, y]);
      else points.push([left, y], [right, y]);
    }
  });
  return points.map(([x, y]) => [ox + x, oy + y]);
}

/** @param {Level} level @param {Place[]} places @param {number} q @param {number} offset
 * @param {number} count */
function inset(level, places, q, offset, count) {
  if (q >= count || places[level.members[q]].shape !== "circle") return 0;
  const radius = level.h[q] / 2;
  return radius - Math.sqrt(Math.max(radius * radius - offset * offset, 0));
}

/** @param {Point[]} points */
function tidy(points) {
  /** @type {Point[]} */
  const kept = [];
  for (const point of points) {
    const n = kept.length;
    if (n && kept[n - 1][0] === point[0] && kept[n - 1][1] === point[1]) continue;
    if (n > 1 && kept[n - 1][1] === point[1] && kept[n - 2][1] === point[1]) {
      if ((kept[n - 1][0] >= kept[n - 2][0]) === (point[0] >= kept[n - 1][0])) {
        kept[n - 1] = point;
        continue;
      }
    }
    kept.push(point);
  }
  return kept;
}
