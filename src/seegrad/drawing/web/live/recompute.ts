// The picture's numbers computed again in the page, from the program that comes with the scene.

import { evaluate } from "../evaluate.ts";
import type { Program, Value } from "../evaluate.ts";
import type { Session } from "../explorer/session.ts";
import { summarize } from "../values/summarize.ts";
import type { ArraySummary, Box, Wire } from "../scene.ts";

/** Computes everything from the numbers that are given now, and says so. */
export function recompute(session: Session, program: Program) {
  put(session, program, evaluate(program, session.given));
  session.tell("draw", false);
  const given = [...session.given].map(([at, numbers]) => [at, Array.from(numbers)]);
  session.options.changed?.({ given: Object.fromEntries(given) });
}

/** Writes computed values on boxes and wires; each is read off when it is first looked at. */
export function put({ scene }: Pick<Session, "scene">, program: Program, values: Value[]) {
  const { nodes, wires, boxes } = program;
  const made = new Map<number, ArraySummary>();
  const summary = (at: number) => {
    const known = made.get(at) ?? summarize(values[at].shape, nodes[at].dtype, values[at].data);
    made.set(at, known);
    return known;
  };
  const write = (thing: Box | Wire, key: "value" | "grad", at: number | null) => {
    if (at === null) return;
    const set = (value: unknown) => Object.defineProperty(thing, key, { value, writable: true });
    Object.defineProperty(thing, key, {
      configurable: true,
      enumerable: true,
      get: () => summary(at),
      set,
    });
  };
  for (const [things, places] of [
    [scene.wires, wires],
    [scene.boxes, boxes],
  ] as const) {
    for (const thing of things) {
      const spot: [number, number | null] | undefined = places[thing.id];
      if (!spot) continue;
      write(thing, "value", spot[0]);
      write(thing, "grad", spot[1]);
    }
  }
}
