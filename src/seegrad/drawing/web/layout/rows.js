// @ts-nocheck Written from layout/rows.py by tools/python_to_js.py: change that file.
import { even } from "../layout/layered.js";
import { BACK } from "../layout/theme.js";
import { any, enumerate, max, min, range, reversed, slice, sorted } from "../python.js";

export const TRACK = 16;

export const [GUTTER, BETWEEN] = [14, 6];

export const HEAD = 24;

export const DEAR = 24;

export class Piece {
  constructor(edge, at, leaves) {
    this.edge = edge;
    this.at = at;
    this.leaves = leaves;
  }
}

/** @returns {any} */
export function wrap(level, room) {
  let column, count, crossing, edge, i, leaves, lows, q, shift, starts, tops;
  count = level.right.length;
  if (((count < 2) || (level.extent <= room) || any(level.edges.map((edge) => edge.back)))) {
    return undefined;
  }
  crossing = range(count).map((_) => []);
  for (edge of level.edges) {
    for (i = 0; i < (edge.path.length - 1); i += 1) {
      q = edge.path[i];
      shift = ((q === edge.labelAt) ? ((edge.above - edge.below) / 2) : 0);
      leaves = (level.y[q] + ((i === 0) ? edge.uOffset : shift));
      crossing[level.rank[q]].push(new Piece(edge, i, leaves));
    }
  }
  [tops, lows] = [Array(count).fill(1e+09), Array(count).fill(0)];
  for (q = 0; q < level.rank.length; q += 1) {
    column = level.rank[q];
    tops[column] = Math.min(tops[column], (level.y[q] - (level.h[q] / 2)));
    lows[column] = Math.max(lows[column], (level.y[q] + (level.h[q] / 2)));
  }
  starts = _starts(level, tops, lows, crossing.map((each) => each.length), room);
  if ((starts.length > 1)) {
    _move(level, starts, tops, lows, crossing);
  }
}

/** @returns {any} */
export function _starts(level, tops, lows, wires, room) {
  let at, begin, best, count, end, low, price, start, starts, top, width;
  count = wires.length;
  [best, begin] = [Array((count + 1)).fill(0), Array((count + 1)).fill(0)];
  for (end = 1; end < (count + 1); end += 1) {
    best[end] = 1e+15;
    [top, low] = [tops[(end - 1)], lows[(end - 1)]];
    for (start = (end - 1); start > -1; start += -1) {
      [top, low] = [Math.min(top, tops[start]), Math.max(low, lows[start])];
      width = (level.right[(end - 1)] - level.left[start]);
      if (((width > room) && (start < (end - 1)))) {
        break;
      }
      width = width + ((start > 0) ? (GUTTER + (TRACK * wires[(start - 1)])) : 0);
      width = width + ((end < count) ? (HEAD + (TRACK * wires[(end - 1)])) : 0);
      price = (((best[start] + low) - top) + (Math.max(0, (width - room)) * 1024));
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
export function _move(level, starts, tops, lows, crossing) {
  let back, between, column, count, dx, dy, edge, end, floor, inset, k, low, n, out, piece, pieces, q, r, start, top;
  count = tops.length;
  level.extent = 0;
  [dx, dy] = [Array(count).fill(0), Array(count).fill(0)];
  floor = 0;
  for (r = 0; r < starts.length; r += 1) {
    [start, end] = [starts[r], (((r + 1) < starts.length) ? starts[(r + 1)] : count)];
    inset = ((r > 0) ? (GUTTER + (TRACK * crossing[(start - 1)].length)) : 0);
    [top, low] = [min(slice(tops, start, end)), max(slice(lows, start, end))];
    for (column = start; column < end; column += 1) {
      [dx[column], dy[column]] = [(inset - level.left[start]), (floor - top)];
    }
    edge = (level.right[(end - 1)] + dx[(end - 1)]);
    floor = floor + (low - top);
    if (((r + 1) === starts.length)) {
      level.extent = Math.max(level.extent, edge);
      continue;
    }
    pieces = sorted(crossing[(end - 1)], { key: (piece) => [piece.leaves, piece.edge.key] });
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
