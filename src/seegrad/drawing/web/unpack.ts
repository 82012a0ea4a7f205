// A scene as it is sent (scene/packed.py, scene/scene.py), made whole: each formula, instruction
// and long array comes once and is named by its place.

import { plainNumber } from "./evaluate.ts";
import type { Instruction } from "./evaluate.ts";
import type { ArraySummary, Scene } from "./scene.ts";
import { ArraySummary as SummaryClass } from "./values/summary.js";

/** Values and derivatives are places in the list of readings. */
export type SceneData = Partial<Scene> & {
  readings?: (ArraySummary | number)[];
  formulas?: string[];
  arrays?: string[];
};

/** What JSON leaves out is filled in. */
export const whole = <T>(made: T, sent: Partial<T>): T => Object.assign(made as object, sent) as T;

const bytes = (text: string) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;

/** The numbers of an array that came in base64, its width before it. */
const unpackedArray = (text: string) =>
  new (text[0] === "f" ? Float32Array : Float64Array)(bytes(text.slice(1)));

/** A float32's own few digits: 0.1, not 0.10000000149. */
export function ownDigits(x: number): number {
  for (let n = 6; n < 9; n++) {
    const short = Number(x.toPrecision(n));
    if (Math.fround(short) === x) return short;
  }
  return x;
}

/** Formulas, instructions and the numbers of leaves in the places where they are meant; once. */
export function unpack(data: SceneData) {
  const formula = (place: unknown) =>
    (typeof place === "number" ? data.formulas?.[place] : place) as string | undefined;
  for (const box of data.boxes ?? []) {
    box.letter = formula(box.letter);
    box.forward = formula(box.forward);
    box.rules = box.rules?.map((place) => formula(place) ?? null);
  }
  for (const group of data.groups ?? []) {
    group.where = formula(group.where);
    group.rules = group.rules?.map(([from, name, place]) => [from, name, formula(place) ?? null]);
  }
  const { program, arrays = [] } = data;
  if (!program?.kinds) return;
  program.nodes = program.nodes.map((node: Instruction | number[]) => {
    if (Array.isArray(node)) {
      const [kind, ...inputs] = node;
      return { ...(program.kinds as Instruction[])[kind], inputs };
    }
    const { data } = node;
    return typeof data === "number" ? { ...node, data: unpackedArray(arrays[data]) } : node;
  });
  program.kinds = undefined;
}

/** A summary; a float64 alone is its number. Numbers that JSON cannot hold come as words, many of
 * them packed. */
export function revive(sent: ArraySummary | number, arrays: string[] = []): ArraySummary {
  const plain = typeof sent === "number" ? { dtype: "float64", numbers: [sent] } : sent;
  const summary: ArraySummary = whole(new SummaryClass([], ""), plain);
  for (const key of ["low", "high", "mean", "norm"] as const) {
    const number = summary[key];
    if (number !== undefined) summary[key] = plainNumber(number);
  }
  const numbers: unknown = summary.numbers;
  if (typeof numbers === "number") {
    // read when they are first looked at
    const get = () => {
      const value = Array.from(unpackedArray(arrays[numbers]), ownDigits);
      Object.defineProperty(summary, "numbers", { value });
      return value;
    };
    Object.defineProperty(summary, "numbers", { configurable: true, get });
  } else summary.numbers = summary.numbers?.map(plainNumber);
  if (!summary.shape.length && summary.numbers && !summary.bad) {
    const [x] = summary.numbers;
    Object.assign(summary, { low: x, high: x, mean: x, norm: Math.abs(x) });
  }
  const [width, top, cells] = (summary.grid ?? []) as unknown as [number, number, string];
  if (typeof cells === "string") {
    const steps = Array.from(new Int16Array(bytes(cells)), (n) =>
      n < -32767 ? NaN : (n / 32767) * top,
    );
    summary.grid = Array.from({ length: steps.length / width }, (_, i) =>
      steps.slice(i * width, (i + 1) * width),
    );
  }
  return summary;
}
