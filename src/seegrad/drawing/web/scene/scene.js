// @ts-nocheck Written from scene/scene.py by tools/python_to_js.py: change that file.
import { has, removesuffix, replace } from "../python.js";

export class Box {
  /** @param {string} id @param {string} kind @param {string} [sign] @param {string} [name] @param {string} [group] @param {import("../values/summary.js").ArraySummary | null} [value] @param {import("../values/summary.js").ArraySummary | null} [grad] @param {string} [title] @param {(string)[]} [rules] */
  constructor(id, kind, sign = "", name = "", group = "", value = null, grad = null, title = "", rules = []) {
    this.id = id;
    this.kind = kind;
    this.sign = sign;
    this.name = name;
    this.group = group;
    this.value = value;
    this.grad = grad;
    this.title = title;
    this.rules = rules;
  }
}

export class Group {
  /** @param {string} id @param {string} name @param {string} [parent] @param {string} [sign] @param {string} [rule] @param {string} [kind] @param {string} [note] */
  constructor(id, name, parent = "", sign = "", rule = "", kind = "module", note = "") {
    this.id = id;
    this.name = name;
    this.parent = parent;
    this.sign = sign;
    this.rule = rule;
    this.kind = kind;
    this.note = note;
  }
}

export class Wire {
  /** @param {string} id @param {string} source @param {string} target @param {number} [position] @param {string} [kind] @param {import("../values/summary.js").ArraySummary | null} [value] @param {import("../values/summary.js").ArraySummary | null} [grad] @param {boolean} [backward] @param {string} [argument] @param {string} [above] @param {string} [below] */
  constructor(id, source, target, position = 0, kind = "edge", value = null, grad = null, backward = false, argument = "", above = "", below = "") {
    this.id = id;
    this.source = source;
    this.target = target;
    this.position = position;
    this.kind = kind;
    this.value = value;
    this.grad = grad;
    this.backward = backward;
    this.argument = argument;
    this.above = above;
    this.below = below;
  }
}

export class Scene {
  /** @param {(import("../scene/scene.js").Box)[]} [boxes] @param {(import("../scene/scene.js").Wire)[]} [wires] @param {(import("../scene/scene.js").Group)[]} [groups] @param {Set<string>} [open] @param {(any)[]} [overlays] @param {string} [painted] @param {Set<string>} [blanks] @param {string} [title] @param {string} [language] @param {Map<string, any>} [program] @param {(Map<string, any>)[]} [moments] @param {number} [rate] @param {(string)[]} [note] */
  constructor(boxes = [], wires = [], groups = [], open = new Set(), overlays = [], painted = "", blanks = new Set(), title = "", language = "en", program = new Map(), moments = [], rate = 0, note = []) {
    this.boxes = boxes;
    this.wires = wires;
    this.groups = groups;
    this.open = open;
    this.overlays = overlays;
    this.painted = painted;
    this.blanks = blanks;
    this.title = title;
    this.language = language;
    this.program = program;
    this.moments = moments;
    this.rate = rate;
    this.note = note;
  }
  /** @param {(string)[]} groups @returns {import("../scene/scene.js").Scene} */
  opened(groups) {
    return replace(this, { open: new Set(groups) });
  }
}

export class View {
  /** @param {(import("../scene/scene.js").Box | import("../scene/scene.js").Group)[]} boxes @param {(import("../scene/scene.js").Wire)[]} wires @param {(import("../scene/scene.js").Group)[]} groups @param {Map<string, string>} stands */
  constructor(boxes, wires, groups, stands) {
    this.boxes = boxes;
    this.wires = wires;
    this.groups = groups;
    this.stands = stands;
  }
}

/** @param {import("../scene/scene.js").Scene} scene @returns {import("../scene/scene.js").View} */
export function fold(scene) {
  let box, boxes, closed, group, inside, outer, parent, seenAs, stands, visible, wires;
  parent = new Map(Array.from(scene.groups).map((group) => [group.id, group.parent]));
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
  wires = Array.from(Array.from(scene.wires).filter((wire) => (stands.get(wire.source) !== stands.get(wire.target))).map((wire) => replace(wire, { source: stands.get(wire.source), target: stands.get(wire.target) })));
  return new View(Array.from(boxes), wires, Array.from(visible), stands);
}
