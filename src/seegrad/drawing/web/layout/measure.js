// @ts-nocheck Written from layout/measure.py by tools/python_to_js.py: change that file.
import { Labels, constantText } from "../layout/labels.js";
import { Place, Route, arrange } from "../layout/nested.js";
import { CIRCLE, FONT, HEAT_WIDTH, LINE, ROOM, SIGN, SMALL, textWidth } from "../layout/theme.js";
import { extend, has, len, max, truthy } from "../python.js";
import { bundled } from "../scene/bundles.js";
import { Group, fold } from "../scene/scene.js";
import { heatHeight } from "../values/heat_map.js";
import { short } from "../values/user_text.js";

export const BLANK = 64;

export const NUMBER = 76;

export const PLAIN_BELOW = 8;

/** @returns {any} */
export function _room(text, size) {
  let half;
  half = Math.trunc(((textWidth(text, size) * ROOM) / 2));
  return Number(((half * 2) + 2));
}

/** @returns {any} */
export function placeOf(box, arguments_ = 1) {
  let height, width;
  if ((box instanceof Group)) {
    return _closed(box, arguments_);
  }
  if ((box.kind === "fork")) {
    return new Place(box.id, box.group, 8, 8, "dot");
  }
  if ((box.kind === "output")) {
    width = (box.name ? (_room(short(box.name), FONT) + 12) : 4);
    return new Place(box.id, box.group, width, (box.name ? 28 : 4));
  }
  if ((box.kind === "constant")) {
    return new Place(box.id, box.group, (_room(constantText(box), FONT) + 8), 24);
  }
  if ((has(["input", "parameter"], box.kind))) {
    width = Math.max((_room(short(box.name), FONT) + 20), 36);
    return new Place(box.id, box.group, width, 32, undefined, undefined, ((box.kind === "input") ? 1 : 0));
  }
  width = _room(box.sign, signSize(box.sign));
  height = Math.max(CIRCLE, ((14 * arguments_) + 16));
  if (((width <= (CIRCLE - 4)) && (height === CIRCLE))) {
    return new Place(box.id, box.group, CIRCLE, CIRCLE, "circle");
  }
  return new Place(box.id, box.group, Math.max((width + 16), CIRCLE), height);
}

/** @returns {any} */
export function signSize(sign) {
  return ((len(sign) <= 1) ? SIGN : (FONT + 2));
}

/** @returns {any} */
export function _closed(group, arguments_) {
  let height, texts;
  texts = [_room(group.sign, signSize(group.sign)), _room(short(group.name), SMALL), _room(group.rule, SMALL)];
  height = ((30 + (group.sign ? LINE : 0)) + (group.rule ? LINE : 0));
  height = Math.max((height + 6), ((14 * arguments_) + 16));
  return new Place(group.id, group.parent, Math.max((max(texts) + 24), 64), height);
}

/** @returns {any} */
export function routeOf(wire, labels) {
  let above, below, ends, found, grad, high, low, rows, text, top, value, width;
  ends = [wire.id, wire.source, wire.target, wire.position];
  found = labels.of(wire);
  if ((found == null)) {
    return new Route(...ends);
  }
  [above, below, top] = found;
  [value, grad] = labels.heats(wire);
  width = (truthy(top) ? _room(top, SMALL) : 0);
  for (text of [...above, ...below]) {
    width = Math.max(width, _room(text, FONT));
  }
  width = ((has(labels.blanks, wire.id)) ? Math.max(width, BLANK) : width);
  width = ((truthy(labels.runs) && (width > 0)) ? Math.max((width * 1.2), NUMBER) : width);
  if ((truthy(value) || truthy(grad))) {
    width = Math.max(width, HEAT_WIDTH);
  }
  if ((!truthy(width) && !wire.backward)) {
    return new Route(...ends);
  }
  rows = (len(above) + (truthy(top) ? 1 : 0));
  high = (truthy(rows) ? (6 + (LINE * rows)) : 8);
  low = PLAIN_BELOW;
  if ((wire.backward || truthy(below))) {
    low = (14 + (LINE * (truthy(grad) ? len(below) : Math.max(len(below), 1))));
  }
  high = high + (truthy(value) ? (heatHeight(value) + 4) : 0);
  low = low + (truthy(grad) ? (heatHeight(grad) + 4) : 0);
  return new Route(...ends, Math.max((width + 8), 40), high, low);
}

/** @returns {any} */
export function fit(scene, view, heat = false) {
  let counts, labels, places, wire;
  counts = new Map([]);
  for (wire of view.wires) {
    counts.set(wire.target, ((counts.get(wire.target) ?? 0) + 1));
  }
  places = view.groups.map((g) => new Place(g.id, g.parent, (_room(short(g.name), SMALL) + 36), undefined, undefined, true));
  extend(places, view.boxes.map((box) => placeOf(box, (counts.get(box.id) ?? 0))));
  labels = new Labels(scene, heat);
  return [places, view.wires.map((wire) => routeOf(wire, labels))];
}

/** @returns {any} */
export function laid(scene, room = Infinity, heat = false) {
  let places, routes, view;
  view = bundled(fold(scene));
  [places, routes] = fit(scene, view, heat);
  return [view, arrange(places, routes, room)];
}
