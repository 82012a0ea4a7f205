// What of a playground can be chosen, and what is chosen in the page's address.

import { keep } from "../sharing/address.ts";
import type { SceneData } from "../unpack.ts";
import type { Choice, Choices } from "../evaluate.ts";

/** What the address keeps of a playground. `steps`: of a run at one learning rate. */
export type Kept = { choice: Choice | null; rate: number | null; steps: number };

const KEYS = ["data", "width", "depth", "activation", "rate", "steps"] as const;
const MOST_STEPS = 5000;

/** The scenes that travel packed, by the names that `nameOf` gives. */
export async function unpacked({ nets }: Choices): Promise<Record<string, string>> {
  const bytes = Uint8Array.from(atob(nets), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

export const nameOf = ({ width, depth, activation }: Choice) => `${width} ${depth} ${activation}`;

/** A network's scene on the data that are chosen. */
export function sceneOf(text: string, choices: Choices, choice: Choice, rate: number): SceneData {
  const scene: SceneData = JSON.parse(text);
  if (scene.program?.train) {
    Object.assign(scene.program.train, { data: choices.data[choice.data], choices, rate });
  }
  return scene;
}

/** What the address asks for, as far as there is such a thing. */
export function readKept(choices: Choices | undefined): Kept {
  const asked = new URLSearchParams(location.hash.slice(1));
  const rate = Number(asked.get("rate"));
  const steps = Math.min(MOST_STEPS, Math.floor(Number(asked.get("steps"))) || 0);
  const kept: Kept = { choice: null, rate: rate > 0 && rate < Infinity ? rate : null, steps };
  if (!choices || !KEYS.slice(0, 4).some((key) => asked.has(key))) return kept;
  const { first, widths, depths, activations, data } = choices;
  const one = <T>(all: T[], key: keyof Choice, other: T) =>
    all.find((each) => String(each) === asked.get(key)) ?? other;
  kept.choice = {
    data: one(Object.keys(data), "data", first.data),
    width: one(widths, "width", first.width),
    depth: one(depths, "depth", first.depth),
    activation: one(activations, "activation", first.activation),
  };
  return kept;
}

/** Writes it beside what else the address keeps. */
export function writeKept({ choice, rate, steps }: Kept) {
  const said = new URLSearchParams(location.hash.slice(1));
  for (const key of KEYS) said.delete(key);
  for (const [key, item] of Object.entries(choice ?? {})) said.set(key, String(item));
  if (rate) said.set("rate", String(rate));
  if (steps > 0) said.set("steps", String(steps));
  keep(said);
}
