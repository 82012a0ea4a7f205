// Folding, walking and laying out small scenes; the words of both languages.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { curve } from "../../../src/seegrad/drawing/web/draw.ts";
import { fit } from "../../../src/seegrad/drawing/web/layout/measure.js";
import { fold } from "../../../src/seegrad/drawing/web/scene.ts";
import { arrange } from "../../../src/seegrad/drawing/web/layout/nested.js";
import { summarize } from "../../../src/seegrad/drawing/web/values/summary.js";
import { walk } from "../../../src/seegrad/drawing/web/steps.ts";
import { WORDS } from "../../../src/seegrad/drawing/web/words.ts";

const number = (x) => summarize([], "float64", [x]);
const wire = (id, source, target, position, value, grad) =>
  ({ id, kind: "edge", source, target, position, value: number(value), grad: number(grad), backward: true });
/** z = (x + y)·y with the sum in a group. */
const scene = () => ({
  boxes: [{ id: "x", kind: "input", name: "x" }, { id: "y", kind: "input", name: "y" },
    { id: "f", kind: "fork" }, { id: "p", kind: "operation", sign: "+", group: "g" },
    { id: "m", kind: "operation", sign: "×" }, { id: "z", kind: "output" }],
  wires: [wire("1", "x", "p", 0, 2, 3), { ...wire("2", "y", "f", 0, 3, 8), kind: "trunk" }, wire("3", "f", "p", 1, 3, 3),
    wire("4", "p", "m", 0, 5, 3), wire("5", "f", "m", 1, 3, 5), { ...wire("6", "m", "z", 0, 15, 1), kind: "output" }],
  groups: [{ id: "g", kind: "module", name: "sum" }],
  open: [],
});

test("a closed group stands for what is in it", () => {
  const closed = fold(scene(), new Set()), open = fold(scene(), new Set(["g"]));
  assert.equal(closed.stands.get("p"), "g");
  assert.equal(open.stands.get("p"), "p");
  assert.deepEqual(open.groups.map((group) => group.id), ["g"]);
  assert.ok(closed.boxes.some((box) => box.id === "g") && !closed.boxes.some((box) => box.id === "p"));
});

test("the walk goes forward in order and backward in reverse, sums at forks", () => {
  const whole = scene(), phases = walk(whole, fold(whole, new Set(["g"]))).map((s) => `${s.phase} ${s.box}`.trim());
  assert.deepEqual(phases, ["start", "forward p", "forward m", "seed", "backward m", "backward p", "sum f"]);
  const steps = walk(whole, fold(whole, new Set(["g"])));
  const told = steps.flatMap((step) => step.wires);
  for (const { id } of whole.wires) assert.equal(told.filter((each) => each === id).length, 2, id);
});

test("nothing overlaps, and every wire runs from left to right", () => {
  const whole = scene();
  for (const open of [new Set(), new Set(["g"])]) {
    const view = fold(whole, open), plan = arrange(...fit(whole, view));
    const rects = view.boxes.map((box) => plan.places.get(box.id));
    rects.forEach((a, i) => rects.slice(i + 1).forEach((b) => {
      const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
      assert.ok(apart);
    }));
    for (const path of plan.paths.values()) assert.ok(path[0][0] < path[path.length - 1][0]);
  }
});

test("a curve begins and ends where it should", () => {
  assert.equal(curve([[0, 0], [10, 0]]), "M0 0H10");
  assert.match(curve([[0, 0], [10, 20]]), /^M0 0C.* 10 20$/);
});

test("both languages have the same words, and no word is missing", () => {
  assert.deepEqual(Object.keys(WORDS.en).sort(), Object.keys(WORDS.ko).sort());
  const web = fileURLToPath(new URL("../../../src/seegrad/drawing/web/", import.meta.url));
  const pages = readdirSync(web, { recursive: true }).filter((file) => file.endsWith(".ts"));
  const asked = pages.flatMap((file) => [...readFileSync(join(web, file), "utf8").matchAll(/(?:say|check|button)\("(\w+)"/g)]
    .map((found) => found[1]));
  assert.ok(asked.length > 25);
  assert.deepEqual(asked.filter((key) => !(key in WORDS.en)), []);
});
