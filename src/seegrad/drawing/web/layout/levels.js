// @ts-nocheck Written from layout/levels.py by tools/python_to_js.py: change that file.
import { fit } from "../layout/measure.js";
import { arrange } from "../layout/nested.js";
import { max, replace, sum } from "../python.js";
import { bundled } from "../scene/bundles.js";
import { fold } from "../scene/scene.js";

export const TRIES = 4;

export const LEAST_AREA = 3600;

export const HOPELESS = 3;

export const WORTH = 1.15;

/** @type {any} */
export const Screen = class {
  constructor(scene, view, plan, level, scale) {
    Object.assign(this, { scene, view, plan, level, scale });
  }
};

/** @returns {any} */
export function depths(scene) {
  let found, group;
  found = new Map([["", -1]]);
  for (group of scene.groups) {
    found.set(group.id, (found.get(group.parent) + 1));
  }
  return found;
}

/** @returns {any} */
export function lastLevel(scene) {
  let deep;
  deep = depths(scene);
  return max(scene.groups.filter((g) => (g.kind !== "composite")).map((g) => (deep.get(g.id) + 1)), { default_: 0 });
}

/** @returns {any} */
export function atLevel(scene, level) {
  let deep, seen;
  deep = depths(scene);
  seen = scene.groups.filter((g) => ((g.kind !== "composite") && (deep.get(g.id) < level))).map((g) => g.id);
  return replace(scene, { open: new Set(seen) });
}

/** @returns {any} */
export function _least(scene, level) {
  let box, count, deep, group, inside, opened;
  deep = depths(scene);
  opened = new Map([["", true]]);
  count = 0;
  for (group of scene.groups) {
    inside = opened.get(group.parent);
    opened.set(group.id, (inside ? ((group.kind !== "composite") ? (deep.get(group.id) < level) : (group.kind !== "composite")) : inside));
    if ((inside && !opened.get(group.id))) {
      count = count + 1;
    }
  }
  for (box of scene.boxes) {
    if (((box.kind !== "fork") && opened.get(box.group))) {
      count = count + 1;
    }
  }
  return count;
}

/** @returns {any} */
export function firstScreen(scene, width, height, heat, most = 99) {
  let closed, level, mapped, opened, places, plan, routes, scale, seen, view;
  for (level = Math.min(lastLevel(scene), most); level > 0; level += -1) {
    if (((_least(scene, level) * LEAST_AREA) > (width * height))) {
      continue;
    }
    opened = atLevel(scene, level);
    view = bundled(fold(opened));
    [places, routes] = fit(opened, view, heat);
    if ((_area(places, routes) > (width * height))) {
      continue;
    }
    plan = fitted(places, routes, width, height, 1, ((HOPELESS * width) * height));
    scale = _scale(plan, width, height);
    if ((scale >= 1)) {
      return new Screen(opened, view, plan, level, scale);
    }
  }
  closed = atLevel(scene, 0);
  seen = screen(closed, width, height, heat, 1);
  if ((heat && (seen.scale < 1))) {
    mapped = screen(replace(closed, { maps: true }), width, height, heat, 1);
    seen = ((mapped.scale > seen.scale) ? mapped : seen);
  }
  return replace(seen, { level: 0 });
}

/** @returns {any} */
export function window(scene, width, height, heat, most = 99) {
  if (scene.auto) {
    return firstScreen(scene, width, height, heat, most);
  }
  return screen(scene, width, height, heat);
}

/** @returns {any} */
export function screen(scene, width, height, heat, worth = WORTH) {
  let places, plan, routes, view;
  view = bundled(fold(scene));
  [places, routes] = fit(scene, view, heat);
  plan = fitted(places, routes, width, height, worth);
  return new Screen(scene, view, plan, -1, _scale(plan, width, height));
}

/** @returns {any} */
export function fitted(places, routes, width, height, worth = 1, most = Infinity) {
  let _, best, least, plan, room, scale, wide;
  best = arrange(places, routes);
  if (((best.width <= width) || ((best.width * best.height) > most))) {
    return best;
  }
  least = (worth * _scale(best, width, height));
  for (wide of [width, Math.sqrt((((best.width * best.height) * width) / Math.max(height, 1)))]) {
    room = Math.max(wide, width);
    for (_ = 0; _ < TRIES; _ += 1) {
      plan = arrange(places, routes, room);
      scale = _scale(plan, width, height);
      if ((scale > least)) {
        best = plan;
        least = scale;
      }
      if (((plan.width <= wide) || (room < 120))) {
        break;
      }
      room = room - (plan.width - wide);
    }
    if (((best.width <= width) && (best.height <= height))) {
      break;
    }
  }
  return best;
}

/** @returns {any} */
export function _scale(plan, width, height) {
  return Math.min(1, (width / Math.max(plan.width, 1)), (height / Math.max(plan.height, 1)));
}

/** @returns {any} */
export function _area(places, routes) {
  let boxes;
  boxes = sum(places.filter((place) => !place.group).map((place) => (place.width * place.height)));
  return (boxes + sum(routes.map((route) => (route.width * (route.above + route.below)))));
}
