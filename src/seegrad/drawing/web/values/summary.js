// @ts-nocheck Written from values/summary.py by tools/python_to_js.py: change that file.
import { exponential, fixed, len, max, prod, range, slice, stripped, truthy } from "../python.js";

export const DIGITS = 4;

export const ON_WIRE = 12;

export const KEPT = 256;

export const GRID = 24;

export const _SUPERSCRIPT = "⁰¹²³⁴⁵⁶⁷⁸⁹";

export const _FIGURE_SPACE = "\u2007";

/** @type {any} */
export const ArraySummary = class {
  constructor(shape, dtype, numbers = [], grid = [], low = 0, high = 0, mean = 0, norm = 0, bad = 0) {
    Object.assign(this, { shape, dtype, numbers, grid, low, high, mean, norm, bad });
  }
  /** @returns {any} */
  get size() {
    return prod(this.shape);
  }
};

/** @returns {any} */
export function shown(x) {
  let digits, power;
  [digits, power] = shownDigits(x);
  return (truthy(power) ? `${digits}×10${superscript(power)}` : digits);
}

/** @returns {any} */
export function superscript(power) {
  let digits;
  digits = Array.from(String(Math.abs(power))).map((digit) => _SUPERSCRIPT[Math.trunc(digit)]).join("");
  return ((power < 0) ? `⁻${digits}` : digits);
}

/** @returns {any} */
export function shownDigits(x) {
  let digits, exponent, sign, size, text;
  if (truthy(Number.isNaN(x))) {
    return ["NaN", 0];
  }
  if ((x === 0)) {
    return ["0", 0];
  }
  sign = ((x < 0) ? "−" : "");
  size = Math.abs(x);
  if ((size === Infinity)) {
    return [(sign + "∞"), 0];
  }
  if (((size === Math.trunc(size)) && (size < 1e+09))) {
    return [`${sign}${Math.trunc(size)}`, 0];
  }
  [digits, exponent] = exponential(size, DIGITS);
  if (((exponent >= 6) || (exponent < -4))) {
    return [`${sign}${stripped(digits)}`, exponent];
  }
  if ((exponent >= DIGITS)) {
    return [`${sign}${fixed(size, 0)}`, 0];
  }
  text = fixed(Number(`${digits}e${exponent}`), ((DIGITS - 1) - exponent));
  return [`${sign}${stripped(text)}`, 0];
}

/** @returns {any} */
export function shownShape(shape) {
  let inner;
  inner = shape.map((n) => String(n)).join(", ");
  return ((shape.length === 1) ? `(${inner},)` : `(${inner})`);
}

/** @returns {any} */
export function lines(summary, backward = false) {
  let fact, spread, wrong;
  if ((summary.size === 0)) {
    return ["[ ]"];
  }
  if (((summary.size <= ON_WIRE) && summary.numbers.length)) {
    return _table(summary);
  }
  spread = `${shown(summary.low)} … ${shown(summary.high)}`;
  fact = (backward ? `‖·‖ ${shown(summary.norm)}` : `μ ${shown(summary.mean)}`);
  wrong = (summary.bad ? [`NaN/∞: ${summary.bad}`] : []);
  return [spread, fact, ...wrong];
}

/** @returns {any} */
export function _table(summary) {
  let body, rows, texts, wide, width;
  if ((summary.dtype === "bool")) {
    texts = summary.numbers.map((x) => (x ? "T" : "F"));
  } else {
    texts = summary.numbers.map((x) => shown(x));
  }
  if (!summary.shape.length) {
    return Array.from(texts);
  }
  width = summary.shape.at(-1);
  if (((summary.shape.length === 1) && (width > 6))) {
    width = -Math.floor(-width / ((width <= 8) ? 2 : 3));
  }
  rows = range(0, texts.length, width).map((i) => slice(texts, i, (i + width)));
  if ((rows.length === 1)) {
    return [(("[" + Array.from(rows[0]).join(", ")) + "]")];
  }
  wide = max(texts.map((text) => len(text)));
  body = rows.map((row) => Array.from(row).map((text) => text.padStart(wide, _FIGURE_SPACE)).join("  "));
  return Array.from(body);
}
