// The walk through a picture: forward node by node, then backward, then the update.
// The twin of scene/steps.py: which values and derivatives are known after each step.

import { isGroup } from "./scene.ts";
import type { Scene, View } from "./scene.ts";
export type Step = { phase: string; box: string; wires: string[] };

export function walk(scene: Scene, view: View): Step[] {
  const place: Map<string, number> = new Map();
  scene.boxes.forEach((box, i) => place.set(view.stands.get(box.id) ?? box.id, i));
  const kinds = new Map(view.boxes.map((box) => [box.id, isGroup(box) ? "operation" : box.kind]));
  const order = view.boxes
    .map((box) => box.id)
    .sort((a, b) => (place.get(a) ?? 0) - (place.get(b) ?? 0));

  const out: Map<string, string[]> = new Map(order.map((id) => [id, []]));
  const back: Map<string, string[]> = new Map(order.map((id) => [id, []]));
  for (const wire of view.wires) {
    out.get(wire.source)?.push(wire.id);
    if (wire.backward) back.get(wire.target)?.push(wire.id);
  }
  const targets = new Map(view.wires.map((wire) => [wire.id, wire.target]));
  const leaving = (id: string) => {
    const found = [...(out.get(id) ?? [])];
    for (const wire of found) {
      const next = targets.get(wire) ?? "";
      if (kinds.get(next) === "fork") found.push(...(out.get(next) ?? []));
    }
    return found;
  };
  const given = order.filter(
    (id) => !["operation", "fork", "output"].includes(kinds.get(id) ?? ""),
  );

  const steps: Step[] = [{ phase: "start", box: "", wires: given.flatMap(leaving) }];
  for (const id of order) {
    if (kinds.get(id) === "operation")
      steps.push({ phase: "forward", box: id, wires: leaving(id) });
  }
  const flowing = [...back].filter(([id]) => kinds.get(id) === "output").flatMap(([, ids]) => ids);
  if (!view.wires.some((wire) => wire.backward && (wire.grad || wire.below))) return steps;
  steps.push({ phase: "seed", box: "", wires: flowing });
  for (const id of [...order].reverse()) {
    const wires = back.get(id) ?? [];
    const kind = kinds.get(id);
    if (!wires.length || kind === "output") continue;
    steps.push({ phase: kind === "fork" ? "sum" : "backward", box: id, wires });
  }
  if (scene.rate) steps.push({ phase: "update", box: "", wires: [] });
  return steps;
}
