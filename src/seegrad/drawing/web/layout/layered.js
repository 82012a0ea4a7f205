// @ts-nocheck Written from layout/layered.py by tools/python_to_js.py: change that file.
import { all, any, bisectRight, has, insert, len, max, min, range, reversed, sort, truthy } from "../python.js";

export const BOX_GAP = 16;

export const WIRE_GAP = 8;

export const WIRE_HEIGHT = 16;

export const GAP_LEAST = 20;
export const GAP_MOST = 88;

export const GAP_SLOPE = 0.4;

export const SPINE = 1024;
export const INNER = 16;
export const LOOSE = 1;

export const TURN = 14;

/** @type {any} */
export const Edge = class {
  constructor(key, u, v, uOffset = 0, vOffset = 0, width = 0, above = 0, below = 0, labelled = false, back = false, path = [], labelAt = -1, spine = false, far = 0, turns = new Map()) {
    Object.assign(this, { key, u, v, uOffset, vOffset, width, above, below, labelled, back, path, labelAt, spine, far, turns });
  }
};

/** @type {any} */
export const Level = class {
  constructor(id, members = [], w = [], h = [], gap = [], entry = new Map(), exit = new Map(), edges = [], rank = [], x = [], y = [], left = [], right = [], extent = 0, width = 0, height = 0, top = 0, side = 0, crossings = 0) {
    Object.assign(this, { id, members, w, h, gap, entry, exit, edges, rank, x, y, left, right, extent, width, height, top, side, crossings });
  }
  /** @returns {any} */
  item(w, h, gap) {
    this.w.push(w);
    this.h.push(h);
    this.gap.push(gap);
    return (this.w.length - 1);
  }
};

/** @returns {any} */
export function heightAt(level, edge, i) {
  let path, y;
  path = edge.path;
  y = level.y[path[i]];
  y = y + ((i === 0) ? edge.uOffset : 0);
  y = y + ((i === (path.length - 1)) ? edge.vOffset : 0);
  return (y + ((path[i] === edge.labelAt) ? ((edge.above - edge.below) / 2) : 0));
}

/** @returns {any} */
export function half(x) {
  let doubled, whole;
  doubled = ((x * 2) + 0.5);
  whole = Math.trunc(doubled);
  return (((whole > doubled) ? (whole - 1) : whole) / 2);
}

/** @returns {any} */
export function even(x) {
  let half;
  half = Math.trunc((x / 2));
  return Number((((half * 2) >= x) ? (half * 2) : ((half * 2) + 2)));
}

/** @returns {any} */
export function lay(level) {
  let down, layers, n, ranksOfLabel, up;
  n = level.w.length;
  _turnBack(level, n);
  ranksOfLabel = _rank(level, n);
  [up, down] = _thread(level, ranksOfLabel);
  layers = _order(level, up, down);
  _heights(level, layers, up, down);
  _columns(level, layers, up, down);
}

/** @returns {any} */
export function _turnBack(level, n) {
  let at, e, edge, i, j, out, ready, root, stack, state, waiting;
  waiting = Array(n).fill(0);
  out = range(n).map((_) => []);
  for ([e, edge] of level.edges.entries()) {
    out[edge.u].push(e);
    waiting[edge.v] = waiting[edge.v] + 1;
  }
  ready = range(n).filter((i) => (waiting[i] === 0));
  for (i of ready) {
    for (e of out[i]) {
      j = level.edges[e].v;
      waiting[j] = waiting[j] - 1;
      if ((waiting[j] === 0)) {
        ready.push(j);
      }
    }
  }
  if ((ready.length === n)) {
    return undefined;
  }
  state = Array(n).fill(0);
  for (root = 0; root < n; root += 1) {
    if (truthy(state[root])) {
      continue;
    }
    state[root] = 1;
    stack = [[root, 0]];
    while (stack.length) {
      [i, at] = stack.pop();
      if ((at === out[i].length)) {
        state[i] = 2;
        continue;
      }
      stack.push([i, (at + 1)]);
      edge = level.edges[out[i][at]];
      if ((state[edge.v] === 1)) {
        edge.back = true;
      } else {
        if ((state[edge.v] === 0)) {
          state[edge.v] = 1;
          stack.push([edge.v, 0]);
        }
      }
    }
  }
}

/** @returns {any} */
export function _rank(level, n) {
  let ahead, backward, behind, e, edge, edges, entries, exits, i, last, least, loose, order, rank, reach, u, v, waiting;
  edges = level.edges;
  entries = new Set(level.entry.values());
  exits = new Set(level.exit.values());
  backward = any(edges.map((edge) => edge.back));
  ahead = range(n).map((_) => []);
  behind = range(n).map((_) => []);
  waiting = Array(n).fill(0);
  for ([e, edge] of edges.entries()) {
    [u, v] = (edge.back ? [edge.v, edge.u] : [edge.u, edge.v]);
    ahead[u].push([v, e]);
    behind[v].push([u, e]);
    waiting[v] = waiting[v] + 1;
  }
  rank = Array(n).fill(0);
  least = ((truthy(entries) ? 1 : 0) + (backward ? 1 : 0));
  for (i = 0; i < n; i += 1) {
    if ((!has(entries, i))) {
      rank[i] = least;
    }
  }
  order = range(n).filter((i) => (waiting[i] === 0));
  for (u of order) {
    for ([v, e] of ahead[u]) {
      rank[v] = Math.max(rank[v], (rank[u] + _span(edges[e])));
      waiting[v] = waiting[v] - 1;
      if ((waiting[v] === 0)) {
        order.push(v);
      }
    }
  }
  reach = Array(n).fill(0);
  for (u of reversed(order)) {
    for ([v, e] of ahead[u]) {
      reach[u] = Math.max(reach[u], (reach[v] + _span(edges[e])));
    }
  }
  _markSpine(level, reach, behind, ahead);
  loose = Array(n).fill(false);
  for (u of order) {
    loose[u] = ((!has(entries, u)) && all(behind[u].map(([p, _]) => (truthy(loose[p]) ? (ahead[p].length === 1) : loose[p]))));
  }
  for (u of reversed(order)) {
    if ((truthy(loose[u]) && ahead[u].length)) {
      rank[u] = min(ahead[u].map(([v, e]) => (rank[v] - _span(edges[e]))));
    }
  }
  last = 0;
  for (i = 0; i < n; i += 1) {
    last = Math.max(last, ((has(exits, i)) ? rank[i] : (rank[i] + 1)));
  }
  for (i of exits) {
    rank[i] = (last + (backward ? 1 : 0));
  }
  level.rank = rank;
  return rank;
}

/** @returns {any} */
export function _span(edge) {
  return ((edge.labelled && !edge.back) ? 2 : 1);
}

/** @returns {any} */
export function _markSpine(level, reach, behind, ahead) {
  let _, best, chosen, e, edge, edges, farthest, first, n, nearer, u, v;
  edges = level.edges;
  n = reach.length;
  chosen = Array(n).fill(-1);
  for (v = 0; v < n; v += 1) {
    for ([_, e] of behind[v]) {
      edge = edges[e];
      best = edges[Math.max(chosen[v], 0)];
      nearer = ((edge.far === best.far) && (edge.vOffset < best.vOffset));
      if ((!edge.back && ((chosen[v] < 0) || (edge.far > best.far) || nearer))) {
        chosen[v] = e;
      }
    }
  }
  for (u = 0; u < n; u += 1) {
    first = -1;
    farthest = -1;
    for ([v, e] of ahead[u]) {
      if ((!edges[e].back && (reach[v] > farthest))) {
        first = e;
        farthest = reach[v];
      }
    }
    if (((first >= 0) && (chosen[edges[first].v] === first))) {
      edges[first].spine = true;
    }
  }
}

/** @returns {any} */
export function _thread(level, rank) {
  let a, ao, b, bo, down, edge, final, first, i, inCount, last, levelShift, lone, n, outCount, path, pieces, r, u, up, v, weight;
  pieces = [];
  n = rank.length;
  outCount = Array(n).fill(0);
  inCount = Array(n).fill(0);
  for (edge of level.edges) {
    outCount[edge.u] = outCount[edge.u] + 1;
    inCount[edge.v] = inCount[edge.v] + 1;
  }
  for (edge of level.edges) {
    u = edge.u;
    v = edge.v;
    if (edge.back) {
      [path, first, final] = _backwardPath(level, edge, rank);
    } else {
      path = [u];
      first = (rank[u] + 1);
      final = (rank[v] - 1);
    }
    for (r = first; r < (final + 1); r += 1) {
      path.push(_passing(level, edge));
      rank.push(r);
    }
    if (edge.back) {
      path.push(edge.path[0]);
    }
    path.push(v);
    levelShift = ((edge.above - edge.below) / 2);
    lone = ((inCount[u] === 0) && (outCount[u] === 1));
    for (i = 0; i < (len(path) - 1); i += 1) {
      a = path[i];
      b = path[(i + 1)];
      ao = ((i === 0) ? edge.uOffset : ((a === edge.labelAt) ? levelShift : 0));
      last = (i === (len(path) - 2));
      bo = (last ? edge.vOffset : ((b === edge.labelAt) ? levelShift : 0));
      if (edge.spine) {
        weight = SPINE;
      } else {
        if ((((i > 0) && !last) || ((i === 0) && lone && !last))) {
          weight = INNER;
        } else {
          weight = LOOSE;
        }
      }
      if ((rank[a] < rank[b])) {
        pieces.push([a, b, ao, bo, weight]);
      } else {
        pieces.push([b, a, bo, ao, weight]);
      }
    }
    edge.path = path;
  }
  up = rank.map((_) => []);
  down = rank.map((_) => []);
  for ([a, b, ao, bo, weight] of pieces) {
    down[a].push([b, ao, bo, weight]);
    up[b].push([a, bo, ao, weight]);
  }
  return [up, down];
}

/** @returns {any} */
export function _passing(level, edge) {
  if ((edge.labelled && (edge.labelAt < 0))) {
    edge.labelAt = level.item(edge.width, (edge.above + edge.below), WIRE_GAP);
    return edge.labelAt;
  }
  return level.item(0, WIRE_HEIGHT, WIRE_GAP);
}

/** @returns {any} */
export function _backwardPath(level, edge, rank) {
  let path, r, turnIn, turnOut, u, v;
  u = edge.u;
  v = edge.v;
  turnOut = level.item(TURN, (TURN + 4), BOX_GAP);
  rank.push((rank[u] + 1));
  turnIn = level.item(TURN, (TURN + 4), BOX_GAP);
  rank.push((rank[v] - 1));
  path = [u, turnOut];
  for (r = rank[u]; r > (rank[v] - 1); r += -1) {
    path.push(_passing(level, edge));
    rank.push(r);
  }
  edge.path = [turnIn];
  return [path, 1, 0];
}

/** @returns {any} */
export function _order(level, up, down) {
  let ahead, ao, b, behind, best, bo, forward, h, i, kept, key, layer, layers, links, mean, near, pos, q, r, rank, scale, sweep, sweeps, total;
  rank = level.rank;
  h = level.h;
  layers = range((max(rank, { default_: -1 }) + 1)).map((_) => []);
  for (q = 0; q < len(rank); q += 1) {
    layers[rank[q]].push(q);
  }
  layers = layers.filter((layer) => layer.length);
  for ([r, layer] of layers.entries()) {
    for (q of layer) {
      rank[q] = r;
    }
  }
  scale = Array.from(h).map((height) => (1 / (height + 4)));
  ahead = range(len(h)).map((a) => Array.from(down[a]).map(([b, ao, bo, _]) => [b, (ao * scale[a]), (bo * scale[b])]));
  behind = range(len(h)).map((a) => Array.from(up[a]).map(([b, ao, bo, _]) => [b, (ao * scale[a]), (bo * scale[b])]));
  pos = Array(len(h)).fill(0);
  /** @returns {any} */
  function settle() {
    let i, layer, q;
    for (layer of layers) {
      for ([i, q] of layer.entries()) {
        pos[q] = Number(i);
      }
    }
  }
  settle();
  total = _crossings(layers, ahead, pos);
  best = total;
  kept = layers.map((layer) => Array.from(layer));
  sweeps = ((len(h) < 3000) ? 10 : 4);
  for (sweep = 0; sweep < sweeps; sweep += 1) {
    if ((best === 0)) {
      break;
    }
    forward = ((sweep % 2) === 0);
    links = (forward ? behind : ahead);
    for (layer of (forward ? layers : reversed(layers))) {
      key = new Map([]);
      for (q of layer) {
        near = links[q];
        if (truthy(near)) {
          mean = 0;
          for ([b, ao, bo] of near) {
            mean = mean + ((pos[b] + bo) - (ao * 0.01));
          }
          key.set(q, (mean / len(near)));
        } else {
          key.set(q, pos[q]);
        }
      }
      sort(layer, { key: (k) => key.get(k) });
      for ([i, q] of layer.entries()) {
        pos[q] = Number(i);
      }
    }
    total = _crossings(layers, ahead, pos);
    if ((total < best)) {
      best = total;
      kept = layers.map((layer) => Array.from(layer));
    }
  }
  layers = kept;
  settle();
  if (((best > 0) && (len(h) < 3000))) {
    best = best - _exchange(layers, ahead, behind, pos);
  }
  level.crossings = best;
  return layers;
}

/** @returns {any} */
export function _crossings(layers, ahead, pos) {
  let _, a, ao, at, b, bo, ends, far, layer, seen, total;
  total = 0;
  for (layer of layers) {
    ends = [];
    for (a of layer) {
      for ([b, ao, bo] of ahead[a]) {
        ends.push([(pos[a] + ao), (pos[b] + bo)]);
      }
    }
    if ((ends.length < 2)) {
      continue;
    }
    sort(ends);
    seen = [];
    for ([_, far] of ends) {
      at = bisectRight(seen, far);
      total = total + (seen.length - at);
      insert(seen, at, far);
    }
  }
  return total;
}

/** @returns {any} */
export function _exchange(layers, ahead, behind, pos) {
  let _, a, b, before, gained, i, layer, now, then;
  gained = 0;
  for (_ = 0; _ < 6; _ += 1) {
    before = gained;
    for (layer of layers) {
      for (i = 0; i < (layer.length - 1); i += 1) {
        a = layer[i];
        b = layer[(i + 1)];
        if ((((len(ahead[a]) * len(ahead[b])) + (len(behind[a]) * len(behind[b]))) > 4096)) {
          continue;
        }
        now = (_pairs(ahead[a], ahead[b], pos) + _pairs(behind[a], behind[b], pos));
        then = (_pairs(ahead[b], ahead[a], pos) + _pairs(behind[b], behind[a], pos));
        if ((then < now)) {
          [layer[i], layer[(i + 1)]] = [b, a];
          [pos[a], pos[b]] = [Number((i + 1)), Number(i)];
          gained = gained + (now - then);
        }
      }
    }
    if ((gained === before)) {
      break;
    }
  }
  return gained;
}

/** @returns {any} */
export function _pairs(upper, lower, pos) {
  let _, count, p, po, q, qo;
  count = 0;
  for ([p, _, po] of upper) {
    for ([q, _, qo] of lower) {
      if (((pos[p] + po) > (pos[q] + qo))) {
        count = count + 1;
      }
    }
  }
  return count;
}

/** @returns {any} */
export function _heights(level, layers, up, down) {
  let _, a, anchored, at, b, columns, gap, h, i, layer, least, offset, q, r, shift, steps, top, y;
  h = level.h;
  gap = level.gap;
  y = Array(len(h)).fill(0);
  steps = [];
  for (layer of layers) {
    offset = [0];
    at = 0;
    for (i = 1; i < layer.length; i += 1) {
      a = layer[(i - 1)];
      b = layer[i];
      at = at + ((((h[a] + h[b]) / 2) + ((gap[a] + gap[b]) / 2)) + 1);
      offset.push(at);
    }
    steps.push(offset);
    for ([i, q] of layer.entries()) {
      y[q] = (offset[i] - (at / 2));
    }
  }
  columns = range(layers.length);
  for (_ = 0; _ < ((len(h) < 3000) ? 6 : 2); _ += 1) {
    for (r of columns) {
      _relax(layers[r], steps[r], y, up);
    }
    for (r of reversed(columns)) {
      _relax(layers[r], steps[r], y, down);
    }
  }
  for (r of columns) {
    _relax(layers[r], steps[r], y, up);
  }
  anchored = Array(len(h)).fill(false);
  for (layer of layers) {
    for (q of layer) {
      anchored[q] = ((len(up[q]) > 1) || any(Array.from(up[q]).map(([b, ..._]) => (truthy(anchored[b]) ? anchored[b] : (len(down[b]) > 1)))));
    }
  }
  for (r of reversed(columns)) {
    _relax(layers[r], steps[r], y, down, anchored);
  }
  least = null;
  for (q = 0; q < len(h); q += 1) {
    top = (y[q] - (h[q] / 2));
    least = (((least == null) || (top < least)) ? top : least);
  }
  shift = ((least == null) ? 0 : least);
  level.y = Array.from(y).map((value) => half((value - shift)));
}

/** @returns {any} */
export function _relax(layer, offset, y, links, fixed = []) {
  let _, ao, b, blocks, bo, c, count, goal, i, m, mass, mean, near, pull, q, strongest, w, weight;
  blocks = [];
  for ([i, q] of layer.entries()) {
    near = links[q];
    if ((fixed.length && fixed[q])) {
      goal = y[q];
      weight = 65536;
    } else {
      if (truthy(near)) {
        goal = 0;
        weight = 0;
        count = 0;
        strongest = 0;
        for ([b, ao, bo, pull] of near) {
          if ((pull > strongest)) {
            goal = 0;
            count = 0;
            strongest = pull;
          }
          if ((pull === strongest)) {
            goal = goal + ((y[b] + bo) - ao);
            count = count + 1;
          }
          weight = weight + pull;
        }
        goal = goal / count;
      } else {
        goal = y[q];
        weight = 0.0625;
      }
    }
    mean = (goal - offset[i]);
    mass = weight;
    count = 1;
    while ((blocks.length && (blocks.at(-1)[0] > mean))) {
      [m, w, c] = blocks.pop();
      mean = (((m * w) + (mean * mass)) / (w + mass));
      mass = mass + w;
      count = count + c;
    }
    blocks.push([mean, mass, count]);
  }
  i = 0;
  for ([mean, _, count] of blocks) {
    for (_ = 0; _ < count; _ += 1) {
      y[layer[i]] = (mean + offset[i]);
      i = i + 1;
    }
  }
}

/** @returns {any} */
export function _columns(level, layers, up, down) {
  let _, ao, at, b, bo, climb, count, layer, lone, q, width;
  level.x = Array(level.w.length).fill(0);
  count = level.members.length;
  at = 0;
  for (layer of layers) {
    width = 0;
    climb = 0;
    for (q of layer) {
      width = Math.max(width, level.w[q]);
      for ([b, ao, bo, _] of down[q]) {
        climb = Math.max(climb, Math.abs((((level.y[b] + bo) - level.y[q]) - ao)));
      }
    }
    width = even(width);
    level.left.push(at);
    level.right.push((at + width));
    for (q of layer) {
      lone = ((q < count) && !truthy(up[q]));
      level.x[q] = (lone ? ((at + width) - (level.w[q] / 2)) : (at + (width / 2)));
    }
    level.extent = (at + width);
    at = at + (width + even(Math.min(GAP_MOST, Math.max(GAP_LEAST, ((GAP_LEAST / 2) + (climb * GAP_SLOPE))))));
  }
}
