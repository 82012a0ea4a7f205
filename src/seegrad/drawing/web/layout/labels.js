// @ts-nocheck Written from layout/labels.py by tools/python_to_js.py: change that file.
import { has, same, truthy } from "../python.js";
import { ON_WIRE, lines, shownShape } from "../values/summary.js";
import { short } from "../values/user_text.js";

/** @param {import("../scene/scene.js").Box} box @returns {string} */
export function constantText(box) {
  let summary, texts;
  summary = box.value;
  if ((box.name || (summary == null))) {
    return (short(box.name) ? short(box.name) : "·");
  }
  texts = ((same(summary.shape, [])) ? lines(summary) : [shownShape(summary.shape)]);
  return texts[0];
}

/** @param {import("../values/summary.js").ArraySummary} summary @returns {string} */
export function shapeLine(summary) {
  let text;
  if ((same(summary.shape, []))) {
    return "";
  }
  text = shownShape(summary.shape);
  return ((truthy(summary.numbers) && (summary.size <= ON_WIRE)) ? text : `${text} ${summary.dtype}`);
}

/** @param {import("../scene/scene.js").Wire} wire @param {string} name @param {boolean} [blank] @returns {[(string)[], (string)[], string]} */
export function label(wire, name, blank = false) {
  let above, below, top;
  above = [];
  below = [];
  top = "";
  if (wire.above) {
    above = [wire.above];
  } else {
    if ((wire.value != null)) {
      top = shapeLine(wire.value);
      above = Array.from(lines(wire.value));
      if ((name && (same(wire.value.shape, [])))) {
        above = [`${name} = ${above[0]}`];
      } else {
        if (name) {
          top = `${name} ${top}`;
        }
      }
    } else {
      if (name) {
        above = [name];
      }
    }
  }
  if (wire.below) {
    below = [wire.below];
  } else {
    if (((wire.grad != null) && wire.backward)) {
      below = Array.from(lines(wire.grad, true));
    }
  }
  if (blank) {
    below = [""];
  }
  return [above, below, top];
}

/** @param {import("../scene/scene.js").Scene} scene @returns {Map<string, string>} */
export function wireNames(scene) {
  let leaving, results;
  leaving = new Set(Array.from(scene.wires).filter((wire) => (wire.kind === "output")).map((wire) => wire.source));
  results = Array.from(scene.boxes).filter((box) => ((box.kind === "operation") && truthy(box.name))).map((box) => box);
  return new Map(Array.from(results).filter((box) => (!has(leaving, box.id))).map((box) => [box.id, short(box.name)]));
}

/** @param {import("../scene/scene.js").Scene} scene @returns {Set<string>} */
export function bareSources(scene) {
  let constants;
  constants = Array.from(scene.boxes).filter((box) => (box.kind === "constant")).map((box) => box);
  return new Set(Array.from(constants).filter((box) => (!truthy(box.value) || (!truthy(box.value.shape) && !truthy(box.name)))).map((box) => box.id));
}

export class Labels {
  /** @param {import("../scene/scene.js").Scene} scene */
  constructor(scene) {
    this.blanks = scene.blanks;
    [this.names, this.bare] = [wireNames(scene), bareSources(scene)];
    this.origin = new Map(Array.from(scene.wires).map((wire) => [wire.id, wire.source]));
  }
  /** @param {import("../scene/scene.js").Wire} wire @returns {[(string)[], (string)[], string] | null} */
  of(wire) {
    let source;
    source = this.origin.get(wire.id);
    if ((has(this.bare, source))) {
      return null;
    }
    return label(wire, (this.names.get(source) ?? ""), (has(this.blanks, wire.id)));
  }
}
