// The summary of an array that the page has computed; Python's is in values/summary.py.

import type { ArraySummary as Summary } from "../scene.ts";
import { ArraySummary, GRID, KEPT } from "./summary.js";

export const sizeOf = (shape: number[]) => shape.reduce((size, side) => size * side, 1);

export function summarize(shape: number[], dtype: string, data: ArrayLike<number>): Summary {
  const n = data.length;
  let low = Infinity;
  let high = -Infinity;
  let good = 0;
  for (let i = 0; i < n; i++) {
    const x = data[i];
    if (!Number.isFinite(x)) continue;
    good++;
    if (x < low) low = x;
    if (x > high) high = x;
  }
  const top = Math.max(Math.abs(low), Math.abs(high));
  // against the largest, so that nothing overflows
  const unit = (good && top) || 1;
  let sum = 0;
  let square = 0;
  for (let i = 0; i < n; i++) {
    const part = data[i] / unit;
    if (!Number.isFinite(part)) continue;
    sum += part;
    square += part * part;
  }
  const summary: Summary = new ArraySummary(shape, dtype);
  summary.bad = n - good;
  if (good) {
    const mean = (sum / good) * unit;
    Object.assign(summary, { low, high, mean, norm: unit * Math.sqrt(square) });
  }
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
  const begins = Array.from({ length: columns + 1 }, (_, c) => Math.ceil((c * width) / columns));
  for (let row = 0; row * width < data.length; row++) {
    const r = Math.floor((row * rows) / height);
    for (let c = 0; c < columns; c++) {
      const end = Math.min(row * width + begins[c + 1], data.length);
      let sum = 0;
      let count = 0;
      for (let i = row * width + begins[c]; i < end; i++) {
        if (!Number.isFinite(data[i])) continue;
        sum += data[i];
        count++;
      }
      sums[r][c] += sum;
      counts[r][c] += count;
    }
  }
  return sums.map((row, r) => Array.from(row, (sum, c) => sum / counts[r][c]));
}
