// The picture's numbers computed again in the page, from the program that comes with the scene.

import { evaluate } from "../evaluate.ts";
import type { Places, Program, Value } from "../evaluate.ts";
import { READINGS } from "../explorer/session.ts";
import type { Reading, Session } from "../explorer/session.ts";
import { summarize } from "../values/summarize.ts";
import type { ArraySummary, Box, Wire } from "../scene.ts";

/** Computes everything from the numbers that are given now, and says so. */
export function recompute(session: Session, program: Program) {
  put(session, program, evaluate(program, session.given));
  if (["", "NaN"].includes(session.overlay)) session.overlay = session.isSpoilt ? "NaN" : "";
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
  const write = (thing: Partial<Box & Wire>, key: Reading, at: number | null = null) => {
    if (at === null) return;
    const set = (value: unknown) => Object.defineProperty(thing, key, { value, writable: true });
    const get = () =>
      key === "inner" && summary(at).bad === thing.grad?.bad ? undefined : summary(at);
    Object.defineProperty(thing, key, { configurable: true, enumerable: true, get, set });
  };
  for (const [things, places] of [
    [scene.wires, wires],
    [scene.boxes, boxes],
  ] as const) {
    for (const thing of things) {
      const spot: Places | undefined = places[thing.id];
      READINGS.forEach((key, i) => {
        write(thing, key, spot?.[i]);
      });
    }
  }
}
