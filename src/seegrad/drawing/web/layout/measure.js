// How much room everything asks for: the twin of layout/measure.py.

import { bareSources, constantText, label, wireNames } from "./labels.js";
import { isGroup } from "../scene.ts";
import { CIRCLE, FONT, LINE, ROOM, SIGN, SMALL, textWidth } from "./theme.js";
import { short } from "../values/user_text.js";

/**
 * @typedef {import("../scene.ts").Scene} Scene
 * @typedef {import("../scene.ts").View} View
 * @typedef {import("../scene.ts").Box} Box
 * @typedef {import("../scene.ts").Group} Group
 * @typedef {import("../scene.ts").Wire} Wire
 * @typedef {import("./nested.js").Place} Place
 * @typedef {import("./nested.js").Route} Route
 */

const BLANK = 64;
const PLAIN_BELOW = 8;

/** @param {string} text @param {number} size */
function room(text, size) {
  return Math.trunc((textWidth(text, size) * ROOM) / 2) * 2 + 2;
}

/** @param {string} sign */
export function signSize(sign) {
  return [...sign].length <= 1 ? SIGN : FONT + 2;
}

/** @param {Box | Group} box @param {number} count @returns {Place} */
export function placeOf(box, count) {
  if (isGroup(box)) return closedPlace(box, count);
  const { id, group: parent = "", kind, name = "", sign = "" } = box;
  if (kind === "fork") return { id, parent, width: 8, height: 8, shape: "dot" };
  if (kind === "output") {
    const width = name ? room(short(name), FONT) + 12 : 4;
    return { id, parent, width, height: name ? 28 : 4 };
  }
  if (kind === "constant") return { id, parent, width: room(constantText(box), FONT) + 8, height: 24 };
  if (kind === "input" || kind === "parameter") {
    const width = Math.max(room(short(name), FONT) + 20, 36);
    return { id, parent, width, height: 32, lead: kind === "input" ? 1 : 0 };
  }
  const width = room(sign, signSize(sign)), height = Math.max(CIRCLE, 14 * count + 16);
  if (width <= CIRCLE - 4 && height === CIRCLE) {
    return { id, parent, width: CIRCLE, height: CIRCLE, shape: "circle" };
  }
  return { id, parent, width: Math.max(width + 16, CIRCLE), height };
}

/** @param {Group} group @param {number} count @returns {Place} */
function closedPlace(group, count) {
  const { sign = "", rule = "" } = group;
  const wide = Math.max(room(sign, signSize(sign)), room(short(group.name), SMALL), room(rule, SMALL));
  const height = 36 + (sign ? LINE : 0) + (rule ? LINE : 0);
  return { id: group.id, parent: group.parent ?? "", width: Math.max(wide + 24, 64),
    height: Math.max(height, 14 * count + 16) };
}

/** @param {Wire} wire @param {string} name @param {boolean} bare @param {boolean} blank
 * @returns {Route} */
function routeOf(wire, name, bare, blank) {
  const { id, source, target, position = 0 } = wire;
  if (bare) return { id, source, target, position };
  const [above, below, top] = label(wire, name, blank);
  let width = top ? room(top, SMALL) : 0;
  for (const text of [...above, ...below]) width = Math.max(width, room(text, FONT));
  if (blank) width = Math.max(width, BLANK);
  if (!width && !wire.backward) return { id, source, target, position };
  const rows = above.length + (top ? 1 : 0);
  const high = rows ? 6 + LINE * rows : 8;
  const low = wire.backward || below.length ? 14 + LINE * Math.max(below.length, 1) : PLAIN_BELOW;
  return { id, source, target, position, width: Math.max(width + 8, 40), above: high, below: low };
}

/** @param {Scene} scene @param {View} view @param {Set<string>} [blanks]
 * @returns {[Place[], Route[]]} */
export function fit(scene, view, blanks = new Set(scene.blanks)) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const wire of view.wires) counts.set(wire.target, (counts.get(wire.target) ?? 0) + 1);
  /** @type {Place[]} */
  const places = view.groups.map((g) => ({ id: g.id, parent: g.parent ?? "",
    width: room(short(g.name), SMALL) + 36, height: 0, group: true }));
  for (const box of view.boxes) places.push(placeOf(box, counts.get(box.id) ?? 0));
  const names = wireNames(scene), bare = bareSources(scene);
  const routes = view.wires.map((wire) => {
    const source = wire.origin ?? wire.source;
    return routeOf(wire, names.get(source) ?? "", bare.has(source), blanks.has(wire.id));
  });
  return [places, routes];
}
