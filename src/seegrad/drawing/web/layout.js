// Where everything goes: nested layered layout, left to right, in plain arithmetic.
// The twin of ../layout.py, line by line: same cases, same coordinates. Change both.
// Nothing here knows what a box means, how it is drawn, or which groups are open.

/**
 * @typedef {{id: string, parent?: string, width?: number, height?: number,
 *   shape?: string, group?: boolean, lead?: number}} Place
 * @typedef {{id: string, source: string, target: string, position?: number,
 *   width?: number, above?: number, below?: number}} Route
 * @typedef {[number, number]} Point
 * @typedef {{x: number, y: number, width: number, height: number}} Rect
 * @typedef {{places: Map<string, Rect>, paths: Map<string, Point[]>, labels: Map<string, Point>,
 *   width: number, height: number, crossings: number}} Plan
 * @typedef {{key: number, u: number, v: number, uOffset: number, vOffset: number, width: number,
 *   above: number, below: number, labelled: boolean, back: boolean, path: number[],
 *   labelAt: number, spine: boolean, far: number}} Edge
 * @typedef {{id: string, members: number[], w: number[], h: number[], gap: number[],
 *   entry: Map<number, number>, exit: Map<number, number>, edges: Edge[], rank: number[],
 *   x: number[], y: number[], left: number[], right: number[], width: number, height: number,
 *   top: number, side: number, crossings: number}} Level
 * @typedef {[number, number, number, number][][]} Links
 * @typedef {[number, number, number][][]} Sides
 */

const BOX_GAP = 16;
const WIRE_GAP = 8;
const WIRE_HEIGHT = 16;
const GAP_LEAST = 20, GAP_MOST = 88, GAP_SLOPE = 0.4;
const PAD = 14, HEAD = 22;
const MARGIN = 16;
const PORT_STEP = 18, SIDE_STEP = 14;
const SPINE = 1024, INNER = 16, LOOSE = 1;
const TURN = 14;

/** @param {string} id @returns {Level} */
const newLevel = (id) => ({
  id, members: [], w: [], h: [], gap: [], entry: new Map(), exit: new Map(), edges: [], rank: [],
  x: [], y: [], left: [], right: [], width: 0, height: 0, top: 0, side: 0, crossings: 0,
});

/** @param {Level} level @param {number} w @param {number} h @param {number} gap */
function addItem(level, w, h, gap) {
  level.w.push(w);
  level.h.push(h);
  level.gap.push(gap);
  return level.w.length - 1;
}

/** @param {number} key @param {number} u @param {number} v @param {Route} [route] @returns {Edge} */
const newEdge = (key, u, v, route) => ({
  key, u, v, uOffset: 0, vOffset: 0, width: route?.width ?? 0, above: route?.above ?? 0,
  below: route?.below ?? 0, labelled: (route?.width ?? 0) > 0, back: false, path: [],
  labelAt: -1, spine: false, far: 0,
});

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

/** @param {number} x */
function half(x) {
  return Math.floor(x * 2 + 0.5) / 2;
}

/** @param {number} x */
function even(x) {
  const h = Math.trunc(x / 2);
  return h * 2 >= x ? h * 2 : h * 2 + 2;
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

/** @param {Level} level */
function lay(level) {
  const n = level.w.length;
  turnBack(level, n);
  rankItems(level, n);
  const [up, down] = thread(level);
  const layers = orderItems(level, up, down);
  heights(level, layers, up, down);
  columns(level, layers, up, down);
}

/** @param {Level} level @param {number} n */
function turnBack(level, n) {
  const waiting = new Array(n).fill(0);
  /** @type {number[][]} */
  const out = Array.from({ length: n }, () => []);
  level.edges.forEach((edge, e) => {
    out[edge.u].push(e);
    waiting[edge.v]++;
  });
  const ready = [];
  for (let i = 0; i < n; i++) if (waiting[i] === 0) ready.push(i);
  for (let at = 0; at < ready.length; at++) {
    for (const e of out[ready[at]]) if (--waiting[level.edges[e].v] === 0) ready.push(level.edges[e].v);
  }
  if (ready.length === n) return;
  const state = new Array(n).fill(0);
  for (let root = 0; root < n; root++) {
    if (state[root]) continue;
    state[root] = 1;
    /** @type {[number, number][]} */
    const stack = [[root, 0]];
    while (stack.length) {
      const [i, at] = /** @type {[number, number]} */ (stack.pop());
      if (at === out[i].length) {
        state[i] = 2;
        continue;
      }
      stack.push([i, at + 1]);
      const edge = level.edges[out[i][at]];
      if (state[edge.v] === 1) edge.back = true;
      else if (state[edge.v] === 0) {
        state[edge.v] = 1;
        stack.push([edge.v, 0]);
      }
    }
  }
}

/** @param {Level} level @param {number} n */
function rankItems(level, n) {
  const edges = level.edges;
  const entries = new Set(level.entry.values()), exits = new Set(level.exit.values());
  const backward = edges.some((edge) => edge.back);
  /** @type {[number, number][][]} */
  const ahead = Array.from({ length: n }, () => []);
  /** @type {[number, number][][]} */
  const behind = Array.from({ length: n }, () => []);
  const waiting = new Array(n).fill(0);
  edges.forEach((edge, e) => {
    const [u, v] = edge.back ? [edge.v, edge.u] : [edge.u, edge.v];
    ahead[u].push([v, e]);
    behind[v].push([u, e]);
    waiting[v]++;
  });
  /** @type {number[]} */
  const rank = new Array(n).fill(0);
  const least = (entries.size ? 1 : 0) + (backward ? 1 : 0);
  for (let i = 0; i < n; i++) if (!entries.has(i)) rank[i] = least;
  /** @type {number[]} */
  const order = [];
  for (let i = 0; i < n; i++) if (waiting[i] === 0) order.push(i);
  for (let at = 0; at < order.length; at++) {
    const u = order[at];
    for (const [v, e] of ahead[u]) {
      rank[v] = Math.max(rank[v], rank[u] + span(edges[e]));
      if (--waiting[v] === 0) order.push(v);
    }
  }
  const reach = new Array(n).fill(0);
  for (let at = order.length - 1; at >= 0; at--) {
    const u = order[at];
    for (const [v, e] of ahead[u]) reach[u] = Math.max(reach[u], reach[v] + span(edges[e]));
  }
  markSpine(level, reach, behind, ahead);
  const loose = new Array(n).fill(false);
  for (const u of order) {
    loose[u] = !entries.has(u) && behind[u].every(([p]) => loose[p] && ahead[p].length === 1);
  }
  for (let at = order.length - 1; at >= 0; at--) {
    const u = order[at];
    if (loose[u] && ahead[u].length) {
      let nearest = Infinity;
      for (const [v, e] of ahead[u]) nearest = Math.min(nearest, rank[v] - span(edges[e]));
      rank[u] = nearest;
    }
  }
  let last = 0;
  for (let i = 0; i < n; i++) last = Math.max(last, exits.has(i) ? rank[i] : rank[i] + 1);
  for (const i of exits) rank[i] = last + (backward ? 1 : 0);
  level.rank = rank;
}

/** @param {Edge} edge */
function span(edge) {
  return edge.labelled && !edge.back ? 2 : 1;
}

/**
 * @param {Level} level @param {number[]} reach
 * @param {[number, number][][]} behind @param {[number, number][][]} ahead
 */
function markSpine(level, reach, behind, ahead) {
  const edges = level.edges, n = reach.length;
  const chosen = new Array(n).fill(-1);
  for (let v = 0; v < n; v++) {
    let best = null;
    for (const [, e] of behind[v]) {
      const key = [-edges[e].far, edges[e].vOffset, e];
      if (!edges[e].back && (best === null || compare(key, best) < 0)) {
        best = key;
        chosen[v] = e;
      }
    }
  }
  for (let u = 0; u < n; u++) {
    let first = null;
    for (const [v, e] of ahead[u]) {
      const key = [-reach[v], e];
      if (!edges[e].back && (first === null || compare(key, first) < 0)) first = key;
    }
    if (first !== null && chosen[edges[first[1]].v] === first[1]) edges[first[1]].spine = true;
  }
}

/** @param {number[]} a @param {number[]} b */
function compare(a, b) {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1;
  return 0;
}

/** @param {Level} level @returns {[Links, Links]} */
function thread(level) {
  const rank = level.rank;
  /** @type {[number, number, number, number, number][]} */
  const pieces = [];
  const n = rank.length;
  const outCount = new Array(n).fill(0), inCount = new Array(n).fill(0);
  for (const edge of level.edges) {
    outCount[edge.u]++;
    inCount[edge.v]++;
  }
  const pass = (/** @type {Edge} */ edge, /** @type {number} */ r, /** @type {number[]} */ path) => {
    let q;
    if (edge.labelled && edge.labelAt < 0) {
      q = addItem(level, edge.width, edge.above + edge.below, WIRE_GAP);
      edge.labelAt = q;
    } else q = addItem(level, 0, WIRE_HEIGHT, WIRE_GAP);
    rank.push(r);
    path.push(q);
  };
  for (const edge of level.edges) {
    const { u, v } = edge;
    /** @type {number[]} */
    const path = [u];
    if (edge.back) {
      const turnOut = addItem(level, TURN, TURN + 4, BOX_GAP);
      rank.push(rank[u] + 1);
      const turnIn = addItem(level, TURN, TURN + 4, BOX_GAP);
      rank.push(rank[v] - 1);
      path.push(turnOut);
      for (let r = rank[u]; r >= rank[v]; r--) pass(edge, r, path);
      path.push(turnIn);
    } else {
      for (let r = rank[u] + 1; r < rank[v]; r++) pass(edge, r, path);
    }
    path.push(v);
    const shift = (edge.above - edge.below) / 2;
    const lone = inCount[u] === 0 && outCount[u] === 1;
    for (let i = 0; i < path.length - 1; i++) {
      const a = path[i], b = path[i + 1], last = i === path.length - 2;
      const ao = i === 0 ? edge.uOffset : a === edge.labelAt ? shift : 0;
      const bo = last ? edge.vOffset : b === edge.labelAt ? shift : 0;
      const weight = edge.spine ? SPINE
        : (i > 0 && !last) || (i === 0 && lone && !last) ? INNER : LOOSE;
      if (rank[a] < rank[b]) pieces.push([a, b, ao, bo, weight]);
      else pieces.push([b, a, bo, ao, weight]);
    }
    edge.path = path;
  }
  /** @type {Links} */
  const up = rank.map(() => []);
  /** @type {Links} */
  const down = rank.map(() => []);
  for (const [a, b, ao, bo, weight] of pieces) {
    down[a].push([b, ao, bo, weight]);
    up[b].push([a, bo, ao, weight]);
  }
  return [up, down];
}

/** @param {Level} level @param {Links} up @param {Links} down */
function orderItems(level, up, down) {
  const { rank, h } = level;
  let most = -1;
  for (const r of rank) most = Math.max(most, r);
  /** @type {number[][]} */
  let layers = Array.from({ length: most + 1 }, () => []);
  rank.forEach((r, q) => layers[r].push(q));
  layers = layers.filter((layer) => layer.length);
  layers.forEach((layer, r) => {
    for (const q of layer) rank[q] = r;
  });
  const scale = h.map((height) => 1 / (height + 4));
  /** @type {(links: Links) => Sides} */
  const sides = (links) => links.map((near, a) =>
    near.map(([b, ao, bo]) => [b, ao * scale[a], bo * scale[b]]));
  const ahead = sides(down), behind = sides(up);
  /** @type {number[]} */
  const pos = new Array(h.length).fill(0);
  const settle = () => {
    for (const layer of layers) layer.forEach((q, i) => { pos[q] = i; });
  };
  settle();
  let best = crossings(layers, ahead, pos), kept = layers.map((layer) => [...layer]);
  const sweeps = h.length < 3000 ? 10 : 4;
  /** @type {number[]} */
  const key = new Array(h.length).fill(0);
  for (let sweep = 0; sweep < sweeps && best > 0; sweep++) {
    const forward = sweep % 2 === 0;
    const links = forward ? behind : ahead;
    for (let step = 0; step < layers.length; step++) {
      const layer = layers[forward ? step : layers.length - 1 - step];
      for (const q of layer) {
        const near = links[q];
        if (near.length) {
          let mean = 0;
          for (const [b, ao, bo] of near) mean += pos[b] + bo - ao * 0.01;
          key[q] = mean / near.length;
        } else key[q] = pos[q];
      }
      layer.sort((a, b) => key[a] - key[b]);
      layer.forEach((q, i) => { pos[q] = i; });
    }
    const total = crossings(layers, ahead, pos);
    if (total < best) {
      best = total;
      kept = layers.map((layer) => [...layer]);
    }
  }
  layers = kept;
  settle();
  if (best > 0 && h.length < 3000) best -= exchange(layers, ahead, behind, pos);
  level.crossings = best;
  return layers;
}

/** @param {number[][]} layers @param {Sides} ahead @param {number[]} pos */
function crossings(layers, ahead, pos) {
  let total = 0;
  for (const layer of layers) {
    /** @type {Point[]} */
    const ends = [];
    for (const a of layer) for (const [b, ao, bo] of ahead[a]) ends.push([pos[a] + ao, pos[b] + bo]);
    if (ends.length < 2) continue;
    ends.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    /** @type {number[]} */
    const seen = [];
    for (const [, far] of ends) {
      let low = 0, high = seen.length;
      while (low < high) {
        const mid = (low + high) >> 1;
        if (far < seen[mid]) high = mid;
        else low = mid + 1;
      }
      total += seen.length - low;
      seen.splice(low, 0, far);
    }
  }
  return total;
}

/** @param {number[][]} layers @param {Sides} ahead @param {Sides} behind @param {number[]} pos */
function exchange(layers, ahead, behind, pos) {
  let gained = 0;
  for (let round = 0; round < 6; round++) {
    const before = gained;
    for (const layer of layers) {
      for (let i = 0; i < layer.length - 1; i++) {
        const a = layer[i], b = layer[i + 1];
        if (ahead[a].length * ahead[b].length + behind[a].length * behind[b].length > 4096) continue;
        const now = pairs(ahead[a], ahead[b], pos) + pairs(behind[a], behind[b], pos);
        const then = pairs(ahead[b], ahead[a], pos) + pairs(behind[b], behind[a], pos);
        if (then < now) {
          layer[i] = b;
          layer[i + 1] = a;
          pos[a] = i + 1;
          pos[b] = i;
          gained += now - then;
        }
      }
    }
    if (gained === before) break;
  }
  return gained;
}

/** @param {[number, number, number][]} upper @param {[number, number, number][]} lower
 * @param {number[]} pos */
function pairs(upper, lower, pos) {
  let count = 0;
  for (const [p, , po] of upper) for (const [q, , qo] of lower) if (pos[p] + po > pos[q] + qo) count++;
  return count;
}

/** @param {Level} level @param {number[][]} layers @param {Links} up @param {Links} down */
function heights(level, layers, up, down) {
  const { h, gap } = level;
  /** @type {number[]} */
  const y = new Array(h.length).fill(0);
  const steps = layers.map((layer) => {
    const offset = [0];
    let at = 0;
    for (let i = 1; i < layer.length; i++) {
      const a = layer[i - 1], b = layer[i];
      at += (h[a] + h[b]) / 2 + (gap[a] + gap[b]) / 2 + 1;
      offset.push(at);
    }
    layer.forEach((q, i) => { y[q] = offset[i] - at / 2; });
    return offset;
  });
  /** @type {(r: number, links: Links, fixed?: boolean[]) => void} */
  const relax = (r, links, fixed) => {
    const layer = layers[r], offset = steps[r];
    /** @type {[number, number, number][]} */
    const blocks = [];
    layer.forEach((q, i) => {
      const near = links[q];
      let goal = 0, weight = 0;
      if (fixed?.[q]) {
        goal = y[q];
        weight = 65536;
      } else if (near.length) {
        let count = 0, strongest = 0;
        for (const [b, ao, bo, pull] of near) {
          if (pull > strongest) {
            goal = count = 0;
            strongest = pull;
          }
          if (pull === strongest) {
            goal += y[b] + bo - ao;
            count++;
          }
          weight += pull;
        }
        goal /= count;
      } else {
        goal = y[q];
        weight = 0.0625;
      }
      let mean = goal - offset[i], mass = weight, count = 1;
      while (blocks.length && blocks[blocks.length - 1][0] > mean) {
        const [m, w, c] = /** @type {[number, number, number]} */ (blocks.pop());
        mean = (m * w + mean * mass) / (w + mass);
        mass += w;
        count += c;
      }
      blocks.push([mean, mass, count]);
    });
    let i = 0;
    for (const [mean, , count] of blocks) {
      for (let j = 0; j < count; j++) {
        y[layer[i]] = mean + offset[i];
        i++;
      }
    }
  };
  const n = layers.length;
  for (let round = h.length < 3000 ? 6 : 2; round > 0; round--) {
    for (let r = 0; r < n; r++) relax(r, up);
    for (let r = n - 1; r >= 0; r--) relax(r, down);
  }
  for (let r = 0; r < n; r++) relax(r, up);
  /** @type {boolean[]} */
  const anchored = new Array(h.length).fill(false);
  for (const layer of layers) {
    for (const q of layer) {
      anchored[q] = up[q].length > 1 || up[q].some(([b]) => anchored[b] || down[b].length > 1);
    }
  }
  for (let r = n - 1; r >= 0; r--) relax(r, down, anchored);
  let shift = h.length ? Infinity : 0;
  for (let q = 0; q < h.length; q++) shift = Math.min(shift, y[q] - h[q] / 2);
  level.y = y.map((value) => half(value - shift));
}

/** @param {Level} level @param {number[][]} layers @param {Links} up @param {Links} down */
function columns(level, layers, up, down) {
  level.x = new Array(level.w.length).fill(0);
  const count = level.members.length;
  let at = 0;
  for (const layer of layers) {
    let width = 0, climb = 0;
    for (const q of layer) {
      width = Math.max(width, level.w[q]);
      for (const [b, ao, bo] of down[q]) {
        climb = Math.max(climb, Math.abs(level.y[b] + bo - level.y[q] - ao));
      }
    }
    width = even(width);
    level.left.push(at);
    level.right.push(at + width);
    for (const q of layer) {
      const lone = q < count && !up[q].length;
      level.x[q] = lone ? at + width - level.w[q] / 2 : at + width / 2;
    }
    at += width + even(Math.min(GAP_MOST, Math.max(GAP_LEAST, GAP_LEAST / 2 + climb * GAP_SLOPE)));
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
