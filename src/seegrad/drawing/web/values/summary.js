// Numbers as people read them: the twin of `shown` and `lines` in values/summary.py.
// No drawing here.

/**
 * @typedef {{shape: number[], dtype: string, numbers?: number[], grid?: number[][],
 *   low?: number, high?: number, mean?: number, norm?: number, bad?: number}} ArraySummary
 */

const DIGITS = 4;
export const ON_WIRE = 12;
export const KEPT = 256;
const SUPERSCRIPT = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const FIGURE_SPACE = "\u2007";

/** A number for people: 220, not 220.00000000000003. @param {number} x */
export function shown(x) {
  if (Number.isNaN(x)) return "NaN";
  if (x === 0) return "0";
  const sign = x < 0 ? "−" : "", size = Math.abs(x);
  if (size === Infinity) return `${sign}∞`;
  if (Number.isInteger(size) && size < 1e9) return sign + String(size);
  const [digits, power] = size.toExponential(DIGITS - 1).split("e");
  const exponent = Number(power);
  if (exponent >= 6 || exponent < -4) {
    const raised = String(exponent).replace("-", "⁻").replace(/\d/g, (d) => SUPERSCRIPT[Number(d)]);
    return `${sign}${strip(digits)}×10${raised}`;
  }
  if (exponent >= DIGITS) return sign + size.toFixed(0);
  return sign + strip(Number(`${digits}e${power}`).toFixed(DIGITS - 1 - exponent));
}

/** @param {string} text */
function strip(text) {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** @param {number[]} shape */
export function shownShape(shape) {
  return shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
}

/** @param {number[]} shape */
export function sizeOf(shape) {
  return shape.reduce((n, side) => n * side, 1);
}

/** What stands on a wire. @param {ArraySummary} summary @param {boolean} [backward] */
export function lines(summary, backward = false) {
  const size = sizeOf(summary.shape);
  if (size === 0) return ["[ ]"];
  if (size <= ON_WIRE && summary.numbers?.length) return table(summary, summary.numbers);
  const spread = `${shown(summary.low ?? 0)} … ${shown(summary.high ?? 0)}`;
  const fact = backward ? `‖·‖ ${shown(summary.norm ?? 0)}` : `μ ${shown(summary.mean ?? 0)}`;
  return summary.bad ? [spread, fact, `NaN/∞: ${summary.bad}`] : [spread, fact];
}

/** @param {ArraySummary} summary @param {number[]} numbers */
function table(summary, numbers) {
  const texts = numbers.map((x) => (summary.dtype === "bool" ? (x ? "T" : "F") : shown(x)));
  if (!summary.shape.length) return texts;
  let width = summary.shape[summary.shape.length - 1];
  if (summary.shape.length === 1 && width > 6) width = Math.ceil(width / (width <= 8 ? 2 : 3));
  const rows = [];
  for (let i = 0; i < texts.length; i += width) rows.push(texts.slice(i, i + width));
  if (rows.length === 1) return [`[${rows[0].join(", ")}]`];
  const wide = Math.max(...texts.map((text) => text.length));
  return rows.map((row) => row.map((text) => text.padStart(wide, FIGURE_SPACE)).join("  "));
}

/** The summary of an array held in the page. @param {number[]} shape @param {string} dtype
 * @param {ArrayLike<number>} data @returns {ArraySummary} */
export function summarize(shape, dtype, data) {
  const n = data.length;
  let low = Infinity, high = -Infinity, top = 0, good = 0;
  for (let i = 0; i < n; i++) {
    const x = data[i];
    if (!Number.isFinite(x)) continue;
    good++;
    if (x < low) low = x;
    if (x > high) high = x;
    top = Math.max(top, Math.abs(x));
  }
  let mean = 0, square = 0;
  for (let i = 0; i < n; i++) {
    const x = data[i];
    if (!Number.isFinite(x)) continue;
    mean += x / good;
    if (top > 0) square += (x / top) * (x / top);
  }
  /** @type {ArraySummary} */
  const summary = { shape, dtype, bad: n - good };
  if (good) Object.assign(summary, { low, high, mean, norm: top * Math.sqrt(square) });
  if (n <= KEPT) summary.numbers = Array.from(data);
  else summary.grid = gridOf(shape, data);
  return summary;
}

const GRID = 24;

/** Block means for the heat-map. @param {number[]} shape @param {ArrayLike<number>} data */
function gridOf(shape, data) {
  let width = shape.length ? shape[shape.length - 1] : 1, height = data.length / width;
  if (height === 1) {
    width = Math.ceil(data.length / GRID);
    height = Math.ceil(data.length / width);
  }
  const rows = Math.min(GRID, height), columns = Math.min(GRID, width);
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
