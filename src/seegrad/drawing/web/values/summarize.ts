// The summary of an array that the page has computed; Python's is in values/summary.py.

import type { ArraySummary as Summary } from "../scene.ts";
import { ArraySummary, GRID, KEPT } from "./summary.js";

export const sizeOf = (shape: number[]) => shape.reduce((size, side) => size * side, 1);

export function summarize(shape: number[], dtype: string, data: ArrayLike<number>): Summary {
  const n = data.length;
  let low = Infinity;
  let high = -Infinity;
  let top = 0;
  let good = 0;
  for (let i = 0; i < n; i++) {
    const x = data[i];
    if (!Number.isFinite(x)) continue;
    good++;
    if (x < low) low = x;
    if (x > high) high = x;
    top = Math.max(top, Math.abs(x));
  }
  let mean = 0;
  let square = 0;
  for (let i = 0; i < n; i++) {
    const x = data[i];
    if (!Number.isFinite(x)) continue;
    mean += x / good;
    if (top > 0) square += (x / top) * (x / top);
  }
  const summary: Summary = new ArraySummary(shape, dtype);
  summary.bad = n - good;
  if (good) Object.assign(summary, { low, high, mean, norm: top * Math.sqrt(square) });
  if (n <= KEPT) summary.numbers = Array.from(data);
  else summary.grid = gridOf(shape, data);
  return summary;
}

/** Block means for the heat-map. */
function gridOf(shape: number[], data: ArrayLike<number>): number[][] {
  let width = shape.length ? shape[shape.length - 1] : 1;
  let height = data.length / width;
  if (height === 1) {
    width = Math.ceil(data.length / GRID);
    height = Math.ceil(data.length / width);
  }
  const rows = Math.min(GRID, height);
  const columns = Math.min(GRID, width);
  const sums = Array.from({ length: rows }, () => new Float64Array(columns));
  const counts = Array.from({ length: rows }, () => new Float64Array(columns));
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i])) continue;
    const r = Math.floor((Math.floor(i / width) * rows) / height);
    const c = Math.floor(((i % width) * columns) / width);
    sums[r][c] += data[i];
    counts[r][c]++;
  }
  return sums.map((row, r) => Array.from(row, (sum, c) => sum / counts[r][c]));
}
