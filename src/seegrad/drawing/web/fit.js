// What is seen of a scene, and how much room it asks for: the twin of fold() and fit() in Python.

import { CIRCLE, FONT, LINE, ROOM, SIGN, SMALL, short, textWidth } from "./theme.js";
import { ON_WIRE, lines, shownShape, sizeOf } from "./reading.js";

/**
 * @typedef {import("./reading.js").Reading} Reading
 * @typedef {import("./layout.js").Place} Place
 * @typedef {import("./layout.js").Route} Route
 * @typedef {{id: string, kind: string, sign?: string, name?: string, group?: string,
 *   value?: Reading, grad?: Reading, title?: string, rules?: string[]}} Box
 * @typedef {{id: string, kind: string, name: string, parent?: string, sign?: string,
 *   rule?: string, note?: string}} Group
 * @typedef {{id: string, kind: string, source: string, target: string, position?: number,
 *   value?: Reading, grad?: Reading, backward?: boolean, argument?: string, above?: string,
 *   below?: string, origin?: string, goal?: string}} Wire
 * @typedef {{name: string, unit?: string, marks: Record<string, [number, string]>}} Overlay
 * @typedef {{boxes: Box[], wires: Wire[], groups: Group[], open: string[], blanks?: string[],
 *   overlays?: Overlay[], painted?: string, note?: string[], title?: string, language?: string, program?: any, moments?: any[],
 *   rate?: number}} Scene
 * @typedef {{boxes: (Box | Group)[], wires: Wire[], groups: Group[], stands: Map<string, string>}} View
 */

const BLANK = 64;
const PLAIN_BELOW = 8;

/** @param {Box | Group} box @returns {box is Group} */
export const isGroup = (box) => ["module", "composite", "stretch"].includes(box.kind);

/** The visible part: closed groups become boxes. @param {Scene} scene @param {Set<string>} open
 * @returns {View} */
export function fold(scene, open) {
  const parent = new Map(scene.groups.map((group) => [group.id, group.parent ?? ""]));
  /** @type {Map<string, [string, boolean]>} */
  const seenAs = new Map([["", ["", true]]]);
  /** @type {Group[]} */
  const visible = [];
  /** @type {Group[]} */
  const closed = [];
  for (const group of scene.groups) {
    const outer = /** @type {[string, boolean]} */ (seenAs.get(parent.get(group.id) ?? ""));
    if (!outer[1]) seenAs.set(group.id, outer);
    else if (open.has(group.id)) {
      seenAs.set(group.id, [group.id, true]);
      visible.push(group);
    } else {
      seenAs.set(group.id, [group.id, false]);
      closed.push(group);
    }
  }
  /** @type {(Box | Group)[]} */
  const boxes = [...closed];
  /** @type {Map<string, string>} */
  const stands = new Map();
  for (const box of scene.boxes) {
    const [inside, seen] = /** @type {[string, boolean]} */ (seenAs.get(box.group ?? ""));
    stands.set(box.id, seen ? box.id : inside);
    if (seen) boxes.push(box);
  }
  const at = (/** @type {string} */ id) => /** @type {string} */ (stands.get(id));
  const wires = scene.wires
    .filter((wire) => at(wire.source) !== at(wire.target))
    .map((wire) => ({ ...wire, source: at(wire.source), target: at(wire.target),
      origin: wire.source, goal: wire.target }));
  return { boxes, wires, groups: visible, stands };
}

/** @param {string} text @param {number} size */
function room(text, size) {
  return Math.trunc((textWidth(text, size) * ROOM) / 2) * 2 + 2;
}

/** @param {Box} box */
export function constantText(box) {
  if (box.name || !box.value) return short(box.name ?? "") || "·";
  return box.value.shape.length ? shownShape(box.value.shape) : lines(box.value)[0];
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

/** @param {Reading} reading */
function shapeLine(reading) {
  if (!reading.shape.length) return "";
  const text = shownShape(reading.shape);
  const whole = reading.numbers?.length && sizeOf(reading.shape) <= ON_WIRE;
  return whole ? text : `${text} ${reading.dtype}`;
}

/** The lines above and below a wire, and the grey line on top. @param {Wire} wire
 * @param {string} name @param {boolean} blank @returns {[string[], string[], string]} */
export function label(wire, name, blank) {
  /** @type {string[]} */
  let above = [];
  /** @type {string[]} */
  let below = [];
  let top = "";
  if (wire.above) above = [wire.above];
  else if (wire.value) {
    top = shapeLine(wire.value);
    above = lines(wire.value);
    if (name && !wire.value.shape.length) above = [`${name} = ${above[0]}`];
    else if (name) top = `${name} ${top}`;
  } else if (name) above = [name];
  if (wire.below) below = [wire.below];
  else if (wire.grad && wire.backward) below = lines(wire.grad, true);
  if (blank) below = [""];
  return [above, below, top];
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

/** @param {Scene} scene @returns {Map<string, string>} */
export function wireNames(scene) {
  const leaving = new Set(scene.wires.filter((wire) => wire.kind === "output").map((wire) => wire.source));
  return new Map(scene.boxes.filter((box) => box.kind === "operation" && box.name && !leaving.has(box.id))
    .map((box) => [box.id, short(box.name ?? "")]));
}

/** @param {Scene} scene @returns {Set<string>} */
export function bareSources(scene) {
  return new Set(scene.boxes.filter((box) => box.kind === "constant" &&
    (!box.value || (!box.value.shape.length && !box.name))).map((box) => box.id));
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
