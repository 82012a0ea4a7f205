// @ts-nocheck Written from values/heat_map.py by tools/python_to_js.py: change that file.
import { range, slice, truthy } from "../python.js";

export const STEPS = 4;

export const SPOILT = 9;

export const ROWS = 6;
export const COLUMNS = 12;

/** @returns {any} */
export function heatMap(summary) {
  let blocks, c, columns, height, line, mean, r, rows, table, top, width;
  table = _tableOf(summary);
  if ((!table.length || !table[0].length)) {
    return [];
  }
  height = table.length;
  width = table[0].length;
  rows = Math.min(ROWS, height);
  columns = Math.min(COLUMNS, width);
  blocks = [];
  top = 0;
  for (r = 0; r < rows; r += 1) {
    line = [];
    for (c = 0; c < columns; c += 1) {
      mean = _mean(table, Math.floor((r * height) / rows), Math.floor(((r + 1) * height) / rows), Math.floor((c * width) / columns), Math.floor(((c + 1) * width) / columns));
      line.push(mean);
      if (truthy(Number.isFinite(mean))) {
        top = Math.max(top, Math.abs(mean));
      }
    }
    blocks.push(line);
  }
  return blocks.map((line) => line.map((mean) => _step(mean, top)));
}

/** @returns {any} */
export function heatHeight(summary) {
  let rows, width;
  width = (summary.shape.length ? summary.shape.at(-1) : 1);
  rows = (summary.grid.length ? summary.grid.length : Math.floor(summary.numbers.length / Math.max(width, 1)));
  return (8 * Math.min(rows, 3));
}

/** @returns {any} */
export function _tableOf(summary) {
  let numbers, width;
  if (!summary.numbers.length) {
    return summary.grid.map((row) => Array.from(row));
  }
  width = (summary.shape.length ? summary.shape.at(-1) : 1);
  numbers = summary.numbers;
  return range(0, numbers.length, width).map((i) => Array.from(slice(numbers, i, (i + width))));
}

/** @returns {any} */
export function _mean(table, top, low, left, right) {
  let c, r, total;
  total = 0;
  for (r = top; r < low; r += 1) {
    for (c = left; c < right; c += 1) {
      total = total + table[r][c];
    }
  }
  return (total / ((low - top) * (right - left)));
}

/** @returns {any} */
export function _step(mean, top) {
  let step;
  if (!truthy(Number.isFinite(mean))) {
    return SPOILT;
  }
  if ((mean === 0)) {
    return 0;
  }
  step = Math.trunc((((Math.abs(mean) / top) * STEPS) + 0.5));
  step = Math.max(step, 1);
  return ((mean < 0) ? -step : step);
}
