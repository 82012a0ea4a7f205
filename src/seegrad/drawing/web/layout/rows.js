// @ts-nocheck Written from layout/rows.py by tools/python_to_js.py: change that file.
import { even, heightAt } from "../layout/layered.js";
import { BACK } from "../layout/theme.js";
import { all, any, enumerate, has, insert, len, max, min, range, reversed, slice, sort, truthy } from "../python.js";

export const TRACK = 16;

export const GUTTER = 14;
export const BETWEEN = 6;

export const HEAD = 24;

export const DEAR = 24;

export const RAGGED = 240;

export const LOW = 48;

export const BESIDE = 12;

/** @type {any} */
export const Piece = class {
  constructor(edge, at) {
    Object.assign(this, { edge, at });
  }
};

/** @returns {any} */
export function wrap(level, room) {
  let count, crossing, edge, i, later, lone, r, start, starts, wires;
  count = level.right.length;
  if (((count < 2) || (level.extent <= room) || any(level.edges.map((edge) => edge.back)))) {
    return undefined;
  }
  crossing = range(count).map((_) => []);
  wires = Array(level.rank.length).fill(0);
  for (edge of level.edges) {
    wires[edge.u] = wires[edge.u] + 1;
    wires[edge.v] = wires[edge.v] + 1;
    for (i = 0; i < (edge.path.length - 1); i += 1) {
      crossing[level.rank[edge.path[i]]].push(new Piece(edge, i));
    }
  }
  lone = crossing.map((each) => each.filter((p) => _isLone(level, p, wires, each)));
  lone = Array.from(enumerate(lone)).map(([i, each]) => ((each.length < crossing[i].length) ? each : []));
  starts = _starts(level, crossing, lone, room);
  for (r = (starts.length - 1); r > 0; r += -1) {
    start = starts[r];
    if (truthy(lone[(start - 1)])) {
      _bringDown(level, start, lone[(start - 1)], crossing);
      for (later = (r + 1); later < starts.length; later += 1) {
        starts[later] = starts[later] + 1;
      }
    }
  }
  if ((starts.length > 1)) {
    _move(level, starts, crossing);
  }
}

/** @returns {any} */
export function _isLone(level, piece, wires, crossing) {
  let u, y;
  u = piece.edge.u;
  y = heightAt(level, piece.edge, 1);
  if (((piece.at > 0) || (u >= level.members.length) || (level.h[u] > LOW) || (wires[u] > 1))) {
    return false;
  }
  return all(crossing.map((p) => ((p == piece) || (Math.abs((heightAt(level, p.edge, (p.at + 1)) - y)) >= level.h[u]))));
}

/** @returns {any} */
export function _bringDown(level, start, lone, crossing) {
  let piece, q, right, u;
  for (q = 0; q < level.rank.length; q += 1) {
    level.rank[q] = level.rank[q] + ((level.rank[q] >= start) ? 1 : 0);
  }
  right = (level.left[start] - BESIDE);
  insert(level.left, start, (right - max(lone.map((piece) => level.w[piece.edge.u]))));
  insert(level.right, start, right);
  for (piece of lone) {
    u = piece.edge.u;
    level.y[u] = (heightAt(level, piece.edge, 1) - piece.edge.uOffset);
    level.x[u] = (right - (level.w[u] / 2));
    level.rank[u] = start;
  }
  crossing[(start - 1)] = crossing[(start - 1)].filter((piece) => (!has(lone, piece)));
  insert(crossing, start, lone);
}

/** @returns {any} */
export function _spans(level) {
  let column, count, lows, q, tops;
  count = level.right.length;
  tops = Array(count).fill(1e+09);
  lows = Array(count).fill(0);
  for (q = 0; q < level.rank.length; q += 1) {
    column = level.rank[q];
    tops[column] = Math.min(tops[column], (level.y[q] - (level.h[q] / 2)));
    lows[column] = Math.max(lows[column], (level.y[q] + (level.h[q] / 2)));
  }
  return [tops, lows];
}

/** @returns {any} */
export function _starts(level, crossing, lone, room) {
  let at, begin, best, count, end, low, lows, price, spare, start, starts, top, tops, width, wires;
  [tops, lows] = _spans(level);
  wires = Array.from(enumerate(crossing)).map(([i, each]) => (len(each) - lone[i].length));
  spare = lone.map((each) => max(each.map((p) => (level.w[p.edge.u] + BESIDE)), { default_: 0 }));
  count = wires.length;
  best = Array((count + 1)).fill(0);
  begin = Array((count + 1)).fill(0);
  for (end = 1; end < (count + 1); end += 1) {
    best[end] = 1e+15;
    top = tops[(end - 1)];
    low = lows[(end - 1)];
    for (start = (end - 1); start > -1; start += -1) {
      [top, low] = [Math.min(top, tops[start]), Math.max(low, lows[start])];
      width = (level.right[(end - 1)] - level.left[start]);
      if (((width > room) && (start < (end - 1)))) {
        break;
      }
      width = width + ((start > 0) ? ((GUTTER + (TRACK * wires[(start - 1)])) + spare[(start - 1)]) : 0);
      width = width + ((end < count) ? (HEAD + (TRACK * wires[(end - 1)])) : 0);
      price = (((best[start] + low) - top) + (Math.max(0, (width - room)) * 1024));
      price = price + (RAGGED * (Math.max(0, (1 - (width / room))) ** 4));
      if ((start > 0)) {
        price = price + ((2 * BETWEEN) + ((TRACK + DEAR) * wires[(start - 1)]));
      }
      if ((price < best[end])) {
        [best[end], begin[end]] = [price, start];
      }
    }
  }
  starts = [];
  at = count;
  while ((at > 0)) {
    at = begin[at];
    starts.push(at);
  }
  return Array.from(reversed(starts));
}

/** @returns {any} */
export function _move(level, starts, crossing) {
  let back, between, column, count, dx, dy, edge, end, floor, inset, k, low, lows, n, out, piece, pieces, q, r, start, top, tops;
  [tops, lows] = _spans(level);
  count = len(tops);
  level.extent = 0;
  dx = Array(count).fill(0);
  dy = Array(count).fill(0);
  floor = 0;
  for (r = 0; r < starts.length; r += 1) {
    start = starts[r];
    end = (((r + 1) < starts.length) ? starts[(r + 1)] : count);
    inset = ((r > 0) ? (GUTTER + (TRACK * crossing[(start - 1)].length)) : 0);
    top = min(slice(tops, start, end));
    low = max(slice(lows, start, end));
    for (column = start; column < end; column += 1) {
      [dx[column], dy[column]] = [(inset - level.left[start]), (floor - top)];
    }
    edge = (level.right[(end - 1)] + dx[(end - 1)]);
    floor = floor + (low - top);
    if (((r + 1) === starts.length)) {
      level.extent = Math.max(level.extent, edge);
      continue;
    }
    pieces = crossing[(end - 1)];
    sort(pieces, { key: (p) => [heightAt(level, p.edge, p.at), p.edge.key] });
    n = pieces.length;
    for (k = 0; k < n; k += 1) {
      piece = pieces[k];
      out = ((edge + HEAD) + (TRACK * ((n - 1) - k)));
      between = (((floor + BETWEEN) + (TRACK * ((n - 1) - k))) + BACK);
      back = (TRACK * (n - k));
      piece.edge.turns.set(piece.at, [out, between, back]);
    }
    level.extent = Math.max(level.extent, ((edge + HEAD) + (TRACK * n)));
    floor = floor + ((2 * BETWEEN) + (TRACK * n));
  }
  for (q = 0; q < level.rank.length; q += 1) {
    level.x[q] = level.x[q] + dx[level.rank[q]];
    level.y[q] = level.y[q] + dy[level.rank[q]];
  }
  level.left = Array.from(enumerate(level.left)).map(([column, x]) => (x + dx[column]));
  level.right = Array.from(enumerate(level.right)).map(([column, x]) => (x + dx[column]));
  level.extent = even(level.extent);
}
