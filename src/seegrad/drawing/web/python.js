// What Python has a word for and JavaScript has none: the ground of what tools/python_to_js.py
// writes. Nothing here knows a picture.

/** Is it true for Python? Empty containers are not. @param {any} x */
export function truthy(x) {
  if (typeof x !== "object" || x === null) return !!x;
  return Array.isArray(x) ? x.length > 0 : x instanceof Map || x instanceof Set ? x.size > 0 : true;
}

/** @param {any} x */
export function len(x) {
  return typeof x === "string" ? [...x].length : (x.length ?? x.size);
}

/** @param {any} container @param {any} x */
export function has(container, x) {
  return container.has ? container.has(x) : container.includes(x);
}

/** @param {any} x @param {number} [from] @param {number} [to] */
export function slice(x, from, to) {
  return typeof x === "string" ? [...x].slice(from, to).join("") : x.slice(from, to);
}

/** @param {number} a @param {number} [b] @param {number} [step] @returns {number[]} */
export function range(a, b, step = 1) {
  const start = b === undefined ? 0 : a, stop = b === undefined ? a : b;
  return Array.from({ length: Math.max(0, Math.ceil((stop - start) / step)) }, (_, i) => start + i * step);
}

/** Python's order of numbers, texts and arrays. @param {any} a @param {any} b @returns {number} */
export function compare(a, b) {
  if (Array.isArray(a)) {
    for (let i = 0; i < a.length && i < b.length; i++) {
      const found = compare(a[i], b[i]);
      if (found) return found;
    }
    return a.length - b.length;
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

/** @param {any} a @param {any} b */
export const same = (a, b) => compare(a, b) === 0;

/** @param {any[]} list @param {{key?: (x: any) => any}} [how] */
export function sort(list, { key } = {}) {
  return list.sort(key ? (a, b) => compare(key(a), key(b)) : compare);
}

/** @param {Iterable<any>} things @param {{key?: (x: any) => any}} [how] @returns {any[]} */
export function sorted(things, how) {
  return sort([...things], how);
}

/** @param {Iterable<any>} things @returns {any[]} */
export function reversed(things) {
  return [...things].reverse();
}

/** @param {any[]} list @param {Iterable<any>} more */
export function extend(list, more) {
  for (const x of more) list.push(x);
}

/** @param {any[]} list @param {number} at @param {any} x */
export function insert(list, at, x) {
  list.splice(at, 0, x);
}

/** @param {Map<any, any>} map @param {any} key @param {any} spare */
export function setdefault(map, key, spare) {
  if (!map.has(key)) map.set(key, spare);
  return map.get(key);
}

/** @param {string} text @param {string} end */
export function removesuffix(text, end) {
  return end && text.endsWith(end) ? text.slice(0, -end.length) : text;
}

/** @param {Iterable<number>} things */
export function sum(things) {
  let total = 0;
  for (const x of things) total += x;
  return total;
}

/** @param {Iterable<number>} things */
export function prod(things) {
  let total = 1;
  for (const x of things) total *= x;
  return total;
}

/** @typedef {{key?: (x: any) => any, default_?: any}} How */

/** @param {Iterable<any>} things @param {How} [how] */
export const max = (things, how) => extreme(things, 1, how);

/** @param {Iterable<any>} things @param {How} [how] */
export const min = (things, how) => extreme(things, -1, how);

/** @param {Iterable<any>} things @param {number} sign @param {How} [how] */
function extreme(things, sign, { key = (x) => x, default_ } = {}) {
  let found = default_, best;
  for (const x of things) {
    const value = key(x);
    if (best === undefined || sign * compare(value, best) > 0) [found, best] = [x, value];
  }
  return found;
}

/** @param {any[]} things */
export const any = (things) => things.some(truthy);

/** @param {any[]} things */
export const all = (things) => things.every(truthy);

/** @param {Iterable<any>} things */
export const enumerate = (things) => [...things].entries();

/** @param {...any[]} lists */
export function zip(...lists) {
  return range(Math.min(...lists.map(len))).map((i) => lists.map((list) => list[i]));
}

/** @param {any} thing @param {any} facts */
export function replace(thing, facts) {
  return Object.assign(Object.create(Object.getPrototypeOf(thing)), thing, facts);
}

/** How many of a sorted list are not above x. @param {number[]} list @param {number} x */
export function bisectRight(list, x) {
  let low = 0, high = list.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (x < list[mid]) high = mid;
    else low = mid + 1;
  }
  return low;
}

/** @param {string} letter */
export const ord = (letter) => /** @type {number} */ (letter.codePointAt(0));

/** A text of the page is clean already. @param {string} text */
export const clean = (text) => text ?? "";

/** The digits of a positive number, halves away from zero, and its power of ten.
 * @param {number} size @param {number} digits @returns {[string, number]} */
export function exponential(size, digits) {
  const [text, power] = size.toExponential(digits - 1).split("e");
  return [text, Number(power)];
}

/** A positive number with so many digits behind the point. @param {number} size @param {number} digits */
export const fixed = (size, digits) => size.toFixed(digits);

/** Without zeros at the end of a fraction. @param {string} text */
export const stripped = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);

/** A coordinate with at most two digits behind the point. @param {number} x */
export const number = (x) => String(Math.round(x * 100) / 100 || 0);
