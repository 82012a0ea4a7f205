// What a screen reader says of a box: what stands on it, then its value and derivative as far as
// they are known, in the reader's language.

import { isGroup } from "../scene.ts";
import type { ArraySummary, Box, Group } from "../scene.ts";
import { lines, shownShape } from "../values/summary.js";

/** Which of its numbers may be told. */
export type Known = { value: boolean; grad: boolean };

export function nameOf(thing: Box | Group, known: Known, say: (key: string) => string): string {
  const words = isGroup(thing)
    ? [thing.sign, thing.name, thing.rule]
    : [thing.sign, thing.name, thing.title];
  const told = [words.filter((word) => word).join(" ")].filter((word) => word);
  if (!isGroup(thing)) {
    if (thing.value && known.value) told.push(`${say("value")} ${numbers(thing.value)}`);
    if (thing.grad && known.grad) told.push(`${say("derivative")} ${numbers(thing.grad)}`);
  }
  return told.join(", ") || say(thing.kind);
}

function numbers(summary: ArraySummary) {
  const shape = summary.shape.length ? `${shownShape(summary.shape)} ` : "";
  return shape + lines(summary).join("; ").replaceAll("\u2007", "");
}

/** Names a drawn box or group; what is written on it is in its name. */
export function nameNode(node: SVGElement, name: string) {
  if (node.hasAttribute("role")) node.setAttribute("aria-label", name);
  for (const text of node.children) {
    if (text.localName === "text") text.setAttribute("aria-hidden", "true");
  }
}
