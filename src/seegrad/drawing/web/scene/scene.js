// @ts-nocheck Written from scene/scene.py by tools/python_to_js.py: change that file.
import { has, len, removesuffix, replace, truthy } from "../python.js";

export class Box {
  constructor(id, kind, sign = "", name = "", group = "", value = null, grad = null, title = "", forward = null, rules = []) {
    this.id = id;
    this.kind = kind;
    this.sign = sign;
    this.name = name;
    this.group = group;
    this.value = value;
    this.grad = grad;
    this.title = title;
    this.forward = forward;
    this.rules = rules;
  }
}

export class Group {
  constructor(id, name, parent = "", sign = "", rule = "", rules = [], where = null, kind = "module", note = "") {
    this.id = id;
    this.name = name;
    this.parent = parent;
    this.sign = sign;
    this.rule = rule;
    this.rules = rules;
    this.where = where;
    this.kind = kind;
    this.note = note;
  }
}

export class Wire {
  constructor(id, source, target, position = 0, kind = "edge", value = null, grad = null, backward = false, argument = "", above = "", below = "", origin = "") {
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
    this.origin = origin;
  }
}

export class Scene {
  constructor(boxes = [], wires = [], groups = [], open = new Set(), overlays = [], painted = "", blanks = new Set(), title = "", language = "en", program = new Map(), moments = [], rate = 0, note = [], auto = false, maps = false) {
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
    this.auto = auto;
    this.maps = maps;
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
}

export class View {
  constructor(boxes, wires, groups, stands) {
    this.boxes = boxes;
    this.wires = wires;
    this.groups = groups;
    this.stands = stands;
  }
}

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
