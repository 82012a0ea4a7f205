// @ts-nocheck Written from scene/bundles.py by tools/python_to_js.py: change that file.
import { any, has, len, replace, setdefault, truthy } from "../python.js";
import { Group, Wire } from "../scene/scene.js";

export const MOST_PARALLEL = 3;

export const CROWDED = 48;

/** @returns {any} */
export function bundled(view) {
  let among, behind, boxes, crowded, folded, gone, kept, key, keys, led, most, pairs, source, wire, wires;
  folded = new Set(view.boxes.filter((box) => (box instanceof Group)).map((box) => box.id));
  behind = new Map([]);
  for (wire of view.wires) {
    if (((wire.kind === "trunk") && (has(folded, wire.source)) && (!has(folded, wire.target)))) {
      behind.set(wire.target, wire);
    }
  }
  pairs = new Map([]);
  keys = new Map([]);
  for (wire of view.wires) {
    source = _source(wire, behind);
    if ((((has(folded, source)) || (has(folded, wire.target))) && (!has(behind, wire.target)))) {
      key = `${source}\0${wire.target}`;
      keys.set(wire.id, key);
      setdefault(pairs, key, []).push(wire);
    }
  }
  most = ((len(keys.keys()) > CROWDED) ? 0 : MOST_PARALLEL);
  crowded = new Set(Array.from(pairs.entries()).filter(([key, wires]) => (len(wires) > most)).map(([key, wires]) => key));
  if (!truthy(crowded)) {
    return view;
  }
  kept = view.wires.filter((wire) => (!has(crowded, (keys.get(wire.id) ?? ""))));
  led = new Set(kept.map((wire) => wire.source));
  gone = new Set(Array.from(behind.keys()).filter((fork) => (!has(led, fork))));
  wires = kept.filter((wire) => (!has(gone, wire.target)));
  for ([key, among] of pairs.entries()) {
    if ((has(crowded, key))) {
      wires.push(_bundle(among, _source(among[0], behind)));
    }
  }
  boxes = view.boxes.filter((box) => (!has(gone, box.id)));
  return replace(view, { boxes: boxes, wires: Array.from(wires) });
}

/** @returns {any} */
export function _source(wire, behind) {
  let at;
  at = wire.source;
  while ((has(behind, at))) {
    at = behind.get(at).source;
  }
  return at;
}

/** @returns {any} */
export function _bundle(wires, source) {
  let backward, below, words;
  if ((wires.length === 1)) {
    return replace(wires[0], { source: source });
  }
  words = `× ${wires.length}`;
  backward = any(wires.map((wire) => wire.backward));
  below = (any(wires.map((wire) => (wire.backward && (wire.grad != null)))) ? words : "");
  return new Wire(`${wires[0].id}+`, source, wires[0].target, 0, "bundle", undefined, undefined, backward, undefined, words, below);
}
