// What is written on boxes and wires: the twin of layout/labels.py.

import { ON_WIRE, lines, shownShape, sizeOf } from "../values/summary.js";
import { short } from "../values/user_text.js";

/**
 * @typedef {import("../scene.ts").Scene} Scene
 * @typedef {import("../scene.ts").Box} Box
 * @typedef {import("../scene.ts").Wire} Wire
 * @typedef {import("../values/summary.js").ArraySummary} ArraySummary
 */

/** @param {Box} box */
export function constantText(box) {
  if (box.name || !box.value) return short(box.name ?? "") || "·";
  return box.value.shape.length ? shownShape(box.value.shape) : lines(box.value)[0];
}

/** @param {ArraySummary} summary */
function shapeLine(summary) {
  if (!summary.shape.length) return "";
  const text = shownShape(summary.shape);
  const whole = summary.numbers?.length && sizeOf(summary.shape) <= ON_WIRE;
  return whole ? text : `${text} ${summary.dtype}`;
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
