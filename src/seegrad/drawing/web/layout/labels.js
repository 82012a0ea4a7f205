// @ts-nocheck Written from layout/labels.py by tools/python_to_js.py: change that file.
import { has, same, slice, truthy } from "../python.js";
import { ON_WIRE, lines, shownShape } from "../values/summary.js";
import { short } from "../values/user_text.js";

/** @returns {any} */
export function constantText(box) {
  let summary, texts;
  summary = box.value;
  if ((box.name || (summary == null))) {
    return (short(box.name) ? short(box.name) : "·");
  }
  texts = ((same(summary.shape, [])) ? lines(summary) : [shownShape(summary.shape)]);
  return texts[0];
}

/** @returns {any} */
export function shapeLine(summary, heat = false) {
  let plain, text;
  if ((same(summary.shape, []))) {
    return "";
  }
  text = shownShape(summary.shape);
  plain = (heat ? heat : (summary.numbers.length ? (summary.size <= ON_WIRE) : summary.numbers));
  return (truthy(plain) ? text : `${text} ${summary.dtype}`);
}

/** @returns {any} */
export function pictured(summary, most = ON_WIRE) {
  return ((summary != null) && (summary.size > most));
}

/** @returns {any} */
export function label(wire, name, blank = false, heat = false, most = ON_WIRE) {
  let above, below, top;
  above = [];
  below = [];
  top = "";
  if (wire.above) {
    above = [wire.above];
  } else {
    if ((wire.value != null)) {
      top = shapeLine(wire.value, heat);
      above = _lines(wire.value, heat, most);
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
      below = _lines(wire.grad, heat, most, true);
    }
  }
  if (blank) {
    below = [""];
  }
  return [above, below, top];
}

/** @returns {any} */
export function _lines(summary, heat, most, backward = false) {
  let found;
  found = Array.from(lines(summary, backward));
  if ((!heat || !pictured(summary, most))) {
    return found;
  }
  return (pictured(summary) ? slice(found, 2, undefined) : []);
}

/** @returns {any} */
export function wireNames(scene) {
  let leaving, results;
  leaving = new Set(scene.wires.filter((wire) => (wire.kind === "output")).map((wire) => wire.source));
  results = scene.boxes.filter((box) => ((box.kind === "operation") && box.name));
  return new Map(results.filter((box) => (!has(leaving, box.id))).map((box) => [box.id, short(box.name)]));
}

/** @returns {any} */
export function bareSources(scene) {
  let constants;
  constants = scene.boxes.filter((box) => (box.kind === "constant"));
  return new Set(constants.filter((box) => (!box.value || (!truthy(box.value.shape) && !box.name))).map((box) => box.id));
}

/** @type {any} */
export const Labels = class {
  constructor(scene, heat = false) {
    [this.blanks, this.heat] = [scene.blanks, heat];
    this.most = (scene.maps ? 1 : ON_WIRE);
    this.runs = ((scene.moments.length > 0) || (scene.rate > 0));
    [this.names, this.bare] = [wireNames(scene), bareSources(scene)];
  }
  /** @returns {any} */
  of(wire) {
    let name, source;
    source = (wire.origin ? wire.origin : wire.source);
    if ((has(this.bare, source))) {
      return null;
    }
    name = (this.names.get(source) ?? "");
    return label(wire, name, (has(this.blanks, wire.id)), this.heat, this.most);
  }
  /** @returns {any} */
  heats(wire) {
    let seen, value;
    if ((!truthy(this.heat) || (has(this.bare, (wire.origin ? wire.origin : wire.source))))) {
      return [null, null];
    }
    value = ((!wire.above && pictured(wire.value, this.most)) ? wire.value : null);
    seen = (wire.backward && !wire.below && (!has(this.blanks, wire.id)));
    return [value, ((seen && pictured(wire.grad, this.most)) ? wire.grad : null)];
  }
};
