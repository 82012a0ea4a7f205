// @ts-nocheck Written from scene/steps.py by tools/python_to_js.py: change that file.
import { any, enumerate, extend, has, sorted, sum, truthy } from "../python.js";
import { Group } from "../scene/scene.js";

export const GIVEN = ["input", "parameter", "constant"];

export const BACKWARD = ["seed", "backward", "sum"];

/** @type {any} */
export const Step = class {
  constructor(phase, box = "", wires = [], time = 0) {
    Object.assign(this, { phase, box, wires, time });
  }
};

/** @type {any} */
export const Span = class {
  constructor(first, last) {
    Object.assign(this, { first, last });
  }
};

/** @returns {any} */
export function spans(scene, view) {
  let at, box, first, found, i;
  found = new Map([]);
  for ([i, box] of scene.boxes.entries()) {
    if ((has(view.stands, box.id))) {
      at = view.stands.get(box.id);
      first = ((has(found, at)) ? found.get(at).first : i);
      found.set(at, new Span(first, i));
    }
  }
  return new Map(sorted(found.entries(), { key: (item) => item[1].last }));
}

/** @returns {any} */
export function known(scene, view) {
  let before, count, found, goal, goals, grad, kinds, place, seen, source, value, wire;
  count = scene.boxes.length;
  place = new Map(Array.from(enumerate(scene.boxes)).map(([i, box]) => [box.id, i]));
  kinds = new Map(scene.boxes.map((box) => [box.id, box.kind]));
  before = new Map(scene.wires.filter((wire) => (wire.kind === "trunk")).map((wire) => [wire.target, wire.source]));
  goals = new Map(scene.wires.map((wire) => [wire.id, wire.target]));
  seen = spans(scene, view);
  found = new Map([]);
  for (wire of view.wires) {
    source = wire.origin;
    while ((has(before, source))) {
      source = before.get(source);
    }
    if ((!has(place, source))) {
      source = wire.source;
    }
    value = ((has(place, source)) ? (place.get(source) + 1) : (seen.get(source).last + 1));
    if ((has(GIVEN, (kinds.get(source) ?? "")))) {
      value = 0;
    }
    goal = (goals.get(wire.id) ?? "");
    grad = (((2 * count) + 1) - (truthy(goal) ? place.get(goal) : seen.get(wire.target).first));
    found.set(wire.id, [value, (((kinds.get(goal) ?? "") === "output") ? (count + 1) : grad)]);
  }
  return found;
}

/** @returns {any} */
export function walk(scene, view) {
  let back, box, count, kinds, out, phase, seeds, seen, span, steps, targets, wire;
  kinds = new Map(view.boxes.map((b) => [b.id, ((b instanceof Group) ? "operation" : b.kind)]));
  seen = new Map(Array.from(spans(scene, view).entries()).filter(([key, span]) => (has(kinds, key))));
  count = scene.boxes.length;
  out = new Map(Array.from(seen.keys()).map((box) => [box, []]));
  back = new Map(Array.from(seen.keys()).map((box) => [box, []]));
  targets = new Map(view.wires.map((wire) => [wire.id, wire.target]));
  for (wire of view.wires) {
    out.get(wire.source).push(wire.id);
    if (wire.backward) {
      back.get(wire.target).push(wire.id);
    }
  }
  /** @returns {any} */
  function leaving(boxes) {
    let found, wire;
    found = boxes.flatMap((box) => out.get(box));
    for (wire of found) {
      if ((kinds.get(targets.get(wire)) === "fork")) {
        extend(found, out.get(targets.get(wire)));
      }
    }
    return Array.from(found);
  }
  steps = [new Step("start", "", leaving(Array.from(seen.keys()).filter((box) => (has(GIVEN, kinds.get(box))))))];
  for ([box, span] of seen.entries()) {
    if ((kinds.get(box) === "operation")) {
      steps.push(new Step("forward", box, leaving([box]), (span.last + 1)));
    }
  }
  if (!any(view.wires.map((wire) => (wire.backward ? (wire.grad ? wire.grad : wire.below) : wire.backward)))) {
    return Array.from(steps);
  }
  seeds = Array.from(seen.keys()).filter((box) => (kinds.get(box) === "output")).flatMap((box) => back.get(box));
  steps.push(new Step("seed", "", Array.from(seeds), (count + 1)));
  for ([box, span] of sorted(seen.entries(), { key: (item) => -item[1].first })) {
    if ((back.get(box).length && (kinds.get(box) !== "output"))) {
      phase = ((kinds.get(box) === "fork") ? "sum" : "backward");
      steps.push(new Step(phase, box, Array.from(back.get(box)), (((2 * count) + 1) - span.first)));
    }
  }
  if (scene.rate) {
    steps.push(new Step("update", "", [], ((2 * count) + 2)));
  }
  return Array.from(steps);
}

/** @returns {any} */
export function stepAt(steps, time) {
  return Math.max((sum(steps.filter((step) => (step.time <= time)).map((step) => 1)) - 1), 0);
}
