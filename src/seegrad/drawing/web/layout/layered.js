// One level of a picture, laid out for itself: columns, the order within them, heights, widths.
// The twin of layout/layered.py, line by line. Which items there are is nested.js's affair.

/**
 * @typedef {{key: number, u: number, v: number, uOffset: number, vOffset: number, width: number,
 *   above: number, below: number, labelled: boolean, back: boolean, path: number[],
 *   labelAt: number, spine: boolean, far: number}} Edge
 * @typedef {{id: string, members: number[], w: number[], h: number[], gap: number[],
 *   entry: Map<number, number>, exit: Map<number, number>, edges: Edge[], rank: number[],
 *   x: number[], y: number[], left: number[], right: number[], width: number, height: number,
 *   top: number, side: number, crossings: number}} Level
 * @typedef {[number, number, number, number][][]} Links
 * @typedef {[number, number, number][][]} Sides
 * @typedef {import("./nested.js").Route} Route
 * @typedef {import("./nested.js").Point} Point
 */

export const BOX_GAP = 16;
export const WIRE_GAP = 8;
export const WIRE_HEIGHT = 16;
const GAP_LEAST = 20, GAP_MOST = 88, GAP_SLOPE = 0.4;
const SPINE = 1024, INNER = 16, LOOSE = 1;
export const TURN = 14;

/** @param {string} id @returns {Level} */
export const newLevel = (id) => ({
  id, members: [], w: [], h: [], gap: [], entry: new Map(), exit: new Map(), edges: [], rank: [],
  x: [], y: [], left: [], right: [], width: 0, height: 0, top: 0, side: 0, crossings: 0,
});

/** @param {Level} level @param {number} w @param {number} h @param {number} gap */
export function addItem(level, w, h, gap) {
  level.w.push(w);
  level.h.push(h);
  level.gap.push(gap);
  return level.w.length - 1;
}

/** @param {number} key @param {number} u @param {number} v @param {Route} [route] @returns {Edge} */
export const newEdge = (key, u, v, route) => ({
  key, u, v, uOffset: 0, vOffset: 0, width: route?.width ?? 0, above: route?.above ?? 0,
  below: route?.below ?? 0, labelled: (route?.width ?? 0) > 0, back: false, path: [],
  labelAt: -1, spine: false, far: 0,
});

/** @param {number} x */
export function half(x) {
  return Math.floor(x * 2 + 0.5) / 2;
}

/** @param {number} x */
export function even(x) {
  const h = Math.trunc(x / 2);
  return h * 2 >= x ? h * 2 : h * 2 + 2;
}

/** @param {Level} level */
export function lay(level) {
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
  const n = layers.length;
  for (let round = h.length < 3000 ? 6 : 2; round > 0; round--) {
    for (let r = 0; r < n; r++) relax(layers[r], steps[r], y, up);
    for (let r = n - 1; r >= 0; r--) relax(layers[r], steps[r], y, down);
  }
  for (let r = 0; r < n; r++) relax(layers[r], steps[r], y, up);
  /** @type {boolean[]} */
  const anchored = new Array(h.length).fill(false);
  for (const layer of layers) {
    for (const q of layer) {
      anchored[q] = up[q].length > 1 || up[q].some(([b]) => anchored[b] || down[b].length > 1);
    }
  }
  for (let r = n - 1; r >= 0; r--) relax(layers[r], steps[r], y, down, anchored);
  let shift = h.length ? Infinity : 0;
  for (let q = 0; q < h.length; q++) shift = Math.min(shift, y[q] - h[q] / 2);
  level.y = y.map((value) => half(value - shift));
}

/** One column as near to where its wires pull as its order and the steps between allow.
 * @param {number[]} layer @param {number[]} offset @param {number[]} y @param {Links} links
 * @param {boolean[]} [fixed] */
function relax(layer, offset, y, links, fixed) {
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
