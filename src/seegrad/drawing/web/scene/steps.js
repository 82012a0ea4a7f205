// @ts-nocheck Written from scene/steps.py by tools/python_to_js.py: change that file.
import { any, extend, has, reversed, sorted, truthy } from "../python.js";
import { Group } from "../scene/scene.js";

export class Step {
  /** @param {string} phase @param {string} [box] @param {(string)[]} [wires] */
  constructor(phase, box = "", wires = []) {
    this.phase = phase;
    this.box = box;
    this.wires = wires;
  }
}

/** @param {import("../scene/scene.js").Scene} scene @param {import("../scene/scene.js").View} view @returns {(import("../scene/steps.js").Step)[]} */
export function walk(scene, view) {
  let back, box, given, kinds, order, out, phase, seeds, steps, targets, wire;
  kinds = new Map(Array.from(view.boxes).map((b) => [b.id, ((b instanceof Group) ? "operation" : b.kind)]));
  order = viewOrder(scene, view);
  out = new Map(Array.from(order).map((box) => [box, []]));
  back = new Map(Array.from(order).map((box) => [box, []]));
  targets = new Map(Array.from(view.wires).map((wire) => [wire.id, wire.target]));
  for (wire of view.wires) {
    out.get(wire.source).push(wire.id);
    if (wire.backward) {
      back.get(wire.target).push(wire.id);
    }
  }
  /** @param {(string)[]} boxes @returns {(string)[]} */
  function leaving(boxes) {
    let found, wire;
    found = Array.from(boxes).flatMap((box) => Array.from(out.get(box)).map((wire) => wire));
    for (wire of found) {
      if ((kinds.get(targets.get(wire)) === "fork")) {
        extend(found, out.get(targets.get(wire)));
      }
    }
    return Array.from(found);
  }
  given = Array.from(order).filter((box) => (has(["input", "parameter", "constant"], kinds.get(box)))).map((box) => box);
  steps = [new Step("start", "", leaving(given))];
  extend(steps, Array.from(order).filter((box) => (kinds.get(box) === "operation")).map((box) => new Step("forward", box, leaving([box]))));
  if (!any(Array.from(view.wires).map((wire) => (wire.backward ? (truthy(wire.grad) ? wire.grad : wire.below) : wire.backward)))) {
    return Array.from(steps);
  }
  seeds = Array.from(order).filter((box) => (kinds.get(box) === "output")).flatMap((box) => Array.from(back.get(box)).map((wire) => wire));
  steps.push(new Step("seed", "", Array.from(seeds)));
  for (box of reversed(order)) {
    if ((truthy(back.get(box)) && (kinds.get(box) !== "output"))) {
      phase = ((kinds.get(box) === "fork") ? "sum" : "backward");
      steps.push(new Step(phase, box, Array.from(back.get(box))));
    }
  }
  if (scene.rate) {
    steps.push(new Step("update"));
  }
  return Array.from(steps);
}

/** @param {import("../scene/scene.js").Scene} scene @param {import("../scene/scene.js").View} view @returns {(string)[]} */
export function viewOrder(scene, view) {
  let box, i, last;
  last = new Map([]);
  for ([i, box] of scene.boxes.entries()) {
    last.set(view.stands.get(box.id), i);
  }
  return sorted(last.keys(), { key: (k) => last.get(k) });
}
