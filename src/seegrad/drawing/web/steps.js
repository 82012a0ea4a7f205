// The walk through a picture: forward node by node, then backward, then the update.
// The twin of scene/steps.py: which values and derivatives are known after each step.

import { isGroup } from "./scene.js";

/**
 * @typedef {import("./scene.js").Scene} Scene
 * @typedef {import("./scene.js").View} View
 * @typedef {{phase: string, box: string, wires: string[]}} Step
 */

/** @param {Scene} scene @param {View} view @returns {Step[]} */
export function walk(scene, view) {
  /** @type {Map<string, number>} */
  const place = new Map();
  scene.boxes.forEach((box, i) => place.set(view.stands.get(box.id) ?? box.id, i));
  const kinds = new Map(view.boxes.map((box) => [box.id, isGroup(box) ? "operation" : box.kind]));
  const order = view.boxes.map((box) => box.id)
    .sort((a, b) => (place.get(a) ?? 0) - (place.get(b) ?? 0));
  /** @type {Map<string, string[]>} */
  const out = new Map(order.map((id) => [id, []]));
  /** @type {Map<string, string[]>} */
  const back = new Map(order.map((id) => [id, []]));
  for (const wire of view.wires) {
    out.get(wire.source)?.push(wire.id);
    if (wire.backward) back.get(wire.target)?.push(wire.id);
  }
  const targets = new Map(view.wires.map((wire) => [wire.id, wire.target]));
  const leaving = (/** @type {string} */ id) => {
    const found = [...(out.get(id) ?? [])];
    for (const wire of found) {
      const next = targets.get(wire) ?? "";
      if (kinds.get(next) === "fork") found.push(...(out.get(next) ?? []));
    }
    return found;
  };
  const given = order.filter((id) => !["operation", "fork", "output"].includes(kinds.get(id) ?? ""));
  /** @type {Step[]} */
  const steps = [{ phase: "start", box: "", wires: given.flatMap(leaving) }];
  for (const id of order) {
    if (kinds.get(id) === "operation") steps.push({ phase: "forward", box: id, wires: leaving(id) });
  }
  const flowing = [...back].filter(([id]) => kinds.get(id) === "output").flatMap(([, ids]) => ids);
  if (!view.wires.some((wire) => wire.backward && (wire.grad || wire.below))) return steps;
  steps.push({ phase: "seed", box: "", wires: flowing });
  for (const id of [...order].reverse()) {
    const wires = back.get(id) ?? [];
    const kind = kinds.get(id);
    if (!wires.length || kind === "output") continue;
    steps.push({ phase: kind === "fork" ? "sum" : "backward", box: id, wires });
  }
  if (scene.rate) steps.push({ phase: "update", box: "", wires: [] });
  return steps;
}
