// What of a scene is looked at: constants hidden, only the path of a thing, what a search finds,
// which derivatives are asked for. Nothing is drawn here.

import type { Scene } from "../scene.ts";
import type { Session } from "./session.ts";

/** The scene without what the reader has hidden. */
export function visibleScene(session: Session): Scene {
  const { scene, pinned } = session;
  let { boxes, wires } = scene;
  if (!session.constants) {
    const constants = boxes.filter((box) => box.kind === "constant");
    const gone = new Set(constants.map((box) => box.id));
    boxes = boxes.filter((box) => !gone.has(box.id));
    wires = wires.filter((wire) => !gone.has(wire.source));
  }
  if (session.pathOnly && pinned) {
    const kept = pathOf(scene, pinned);
    boxes = boxes.filter((box) => kept.has(box.id));
    wires = wires.filter((wire) => kept.has(wire.source) && kept.has(wire.target));
  }
  return { ...scene, boxes, wires };
}

/** Everything before and after a box, a wire or a group. */
function pathOf(scene: Scene, pinned: string) {
  const seeds = seedsOf(scene, pinned);
  return new Set([
    ...reached(scene, seeds, "source", "target"),
    ...reached(scene, seeds, "target", "source"),
  ]);
}

function seedsOf(scene: Scene, pinned: string): string[] {
  const wire = scene.wires.find((each) => each.id === pinned);
  if (wire) return [wire.source, wire.target];
  const inside = new Set(scene.groups.filter((g) => g.id === pinned).map((g) => g.id));
  for (const group of scene.groups) if (inside.has(group.parent ?? "")) inside.add(group.id);
  if (!inside.size) return [pinned];
  return scene.boxes.filter((box) => inside.has(box.group ?? "")).map((box) => box.id);
}

type End = "source" | "target";

function reached(scene: Scene, seeds: string[], from: End, to: End) {
  const next = new Map<string, string[]>();
  for (const wire of scene.wires) {
    const known = next.get(wire[from]);
    if (known) known.push(wire[to]);
    else next.set(wire[from], [wire[to]]);
  }
  const seen = new Set(seeds);
  for (const at of seen) for (const id of next.get(at) ?? []) seen.add(id);
  return seen;
}

/** Boxes and groups whose name, sign or title has these words. */
export function found({ scene }: Session, words: string): string[] {
  const wanted = words.trim().toLowerCase();
  if (!wanted) return [];
  const hits = [...scene.boxes, ...scene.groups].filter((thing) =>
    [thing.name, thing.sign, "title" in thing ? thing.title : ""].some((text) =>
      text?.toLowerCase().includes(wanted),
    ),
  );
  return hits.map((thing) => thing.id);
}

/** The groups that must be open for a box or group to be seen. */
export function hiding(session: Session, id: string): string[] {
  const outer: string[] = [];
  let group = session.box(id)?.group ?? session.group(id)?.parent ?? "";
  while (group) {
    outer.push(group);
    group = session.group(group)?.parent ?? "";
  }
  return outer;
}

/** The wires whose derivative is asked for in a quiz. */
export function blanksOf({ quiz, scene }: Session): Set<string> {
  if (!quiz) return new Set();
  if (scene.blanks?.length) return new Set(scene.blanks);
  const known = scene.wires.filter((wire) => wire.backward && wire.grad);
  return new Set(known.map((wire) => wire.id));
}
