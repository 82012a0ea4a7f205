// The picture's numbers computed again in the page, from the program that comes with the scene.

import { evaluate } from "../evaluate.ts";
import type { Program, Value } from "../evaluate.ts";
import type { Session } from "../explorer/session.ts";
import { summarize } from "../values/summarize.ts";
import type { ArraySummary } from "../scene.ts";

/** Computes everything from the numbers that are given now, and says so. */
export function recompute(session: Session, program: Program) {
  put(session, program, evaluate(program, session.given));
  session.tell("draw", false);
  const given = [...session.given].map(([at, numbers]) => [at, Array.from(numbers)]);
  session.options.changed?.({ given: Object.fromEntries(given) });
}

/** Writes computed values on boxes and wires. */
export function put({ scene }: Session, program: Program, values: Value[]) {
  const { nodes, wires, boxes } = program;
  const made = new Map<number, ArraySummary>();
  const summary = (at: number) => {
    const known = made.get(at) ?? summarize(values[at].shape, nodes[at].dtype, values[at].data);
    made.set(at, known);
    return known;
  };
  for (const [things, places] of [
    [scene.wires, wires],
    [scene.boxes, boxes],
  ] as const) {
    for (const thing of things) {
      const spot: [number, number | null] | undefined = places[thing.id];
      if (!spot) continue;
      thing.value = summary(spot[0]);
      if (spot[1] !== null) thing.grad = summary(spot[1]);
    }
  }
}
