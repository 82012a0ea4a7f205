// @ts-nocheck Written from scene/scene.py by tools/python_to_js.py: change that file.
import { has, len, removesuffix, replace, truthy } from "../python.js";

/** @type {any} */
export const Box = class {
  constructor(id, kind, sign = "", name = "", group = "", value = null, grad = null, title = "", forward = null, rules = []) {
    Object.assign(this, { id, kind, sign, name, group, value, grad, title, forward, rules });
  }
};

/** @type {any} */
export const Group = class {
  constructor(id, name, parent = "", sign = "", rule = "", rules = [], where = null, kind = "module", note = "") {
    Object.assign(this, { id, name, parent, sign, rule, rules, where, kind, note });
  }
};

/** @type {any} */
export const Wire = class {
  constructor(id, source, target, position = 0, kind = "edge", value = null, grad = null, backward = false, argument = "", above = "", below = "", origin = "", inner = null) {
    Object.assign(this, { id, source, target, position, kind, value, grad, backward, argument, above, below, origin, inner });
  }
};

/** @type {any} */
export const Scene = class {
  constructor(boxes = [], wires = [], groups = [], open = new Set(), overlays = [], painted = "", blanks = new Set(), title = "", language = "en", program = new Map(), moments = [], rate = 0, note = [], auto = false, maps = false) {
    Object.assign(this, { boxes, wires, groups, open, overlays, painted, blanks, title, language, program, moments, rate, note, auto, maps });
  }
  /** @returns {any} */
  opened(groups) {
    return replace(this, { open: new Set(groups), auto: false });
  }
  /** @returns {any} */
  __repr__() {
    return `Scene(${this.title}, ${len(this.boxes)} boxes)`;
  }
  /** @returns {any} */
  _reprMimebundle_() {
    if (!truthy(canPresent("mimebundle"))) {
      return new Map([["text/plain", repr(this)]]);
    }
    return present("mimebundle", this, { None: options });
  }
};

/** @type {any} */
export const View = class {
  constructor(boxes, wires, groups, stands) {
    Object.assign(this, { boxes, wires, groups, stands });
  }
};

/** @returns {any} */
export function fold(scene) {
  let box, boxes, closed, group, inside, outer, parent, seenAs, stands, visible, wires;
  parent = new Map(scene.groups.map((group) => [group.id, group.parent]));
  seenAs = new Map([["", ""]]);
  visible = [];
  closed = [];
  for (group of scene.groups) {
    outer = seenAs.get(parent.get(group.id));
    if ((outer !== parent.get(group.id))) {
      seenAs.set(group.id, outer);
    } else {
      if ((has(scene.open, group.id))) {
        seenAs.set(group.id, group.id);
        visible.push(group);
      } else {
        seenAs.set(group.id, `${group.id}\0`);
        closed.push(group);
      }
    }
  }
  boxes = Array.from(closed);
  stands = new Map([]);
  for (box of scene.boxes) {
    inside = seenAs.get(box.group);
    if ((inside === box.group)) {
      stands.set(box.id, box.id);
      boxes.push(box);
    } else {
      stands.set(box.id, removesuffix(inside, "\0"));
    }
  }
  wires = scene.wires.filter((wire) => (stands.get(wire.source) !== stands.get(wire.target))).map((wire) => replace(wire, { source: stands.get(wire.source), target: stands.get(wire.target), origin: wire.source }));
  return new View(Array.from(boxes), wires, Array.from(visible), stands);
}
