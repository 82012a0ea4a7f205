// The scene as the page reads it, and what is seen of it: the twin of fold() in scene/scene.py.

import type { Program } from "./evaluate.ts";
import type { ArraySummary } from "./values/summary.js";
export type Box = {
  id: string;
  kind: string;
  sign?: string;
  name?: string;
  group?: string;
  value?: ArraySummary;
  grad?: ArraySummary;
  title?: string;
  rules?: string[];
};
export type Group = {
  id: string;
  kind: string;
  name: string;
  parent?: string;
  sign?: string;
  rule?: string;
  note?: string;
};
export type Wire = {
  id: string;
  kind: string;
  source: string;
  target: string;
  position?: number;
  value?: ArraySummary;
  grad?: ArraySummary;
  backward?: boolean;
  argument?: string;
  above?: string;
  below?: string;
  origin?: string;
  goal?: string;
};
export type Overlay = { name: string; unit?: string; marks: Record<string, [number, string]> };
/** A recorded training step: for each thing the places of its value and derivative. */
export type Moment = {
  loss?: number;
  title?: string;
  readings?: Record<string, (number | null)[]>;
};
export type Scene = {
  boxes: Box[];
  wires: Wire[];
  groups: Group[];
  open: string[];
  blanks?: string[];
  overlays?: Overlay[];
  painted?: string;
  note?: string[];
  title?: string;
  language?: string;
  program?: Program;
  moments?: Moment[];
  rate?: number;
};
export type View = {
  boxes: (Box | Group)[];
  wires: Wire[];
  groups: Group[];
  stands: Map<string, string>;
};

export const isGroup = (box: Box | Group): box is Group =>
  ["module", "composite", "stretch"].includes(box.kind);

/** The visible part: closed groups become boxes. */
export function fold(scene: Scene, open: Set<string>): View {
  const parent = new Map(scene.groups.map((group) => [group.id, group.parent ?? ""]));
  const seenAs: Map<string, [string, boolean]> = new Map([["", ["", true]]]);
  const visible: Group[] = [];
  const closed: Group[] = [];
  for (const group of scene.groups) {
    const outer = seenAs.get(parent.get(group.id) ?? "") as [string, boolean];
    if (!outer[1]) seenAs.set(group.id, outer);
    else if (open.has(group.id)) {
      seenAs.set(group.id, [group.id, true]);
      visible.push(group);
    } else {
      seenAs.set(group.id, [group.id, false]);
      closed.push(group);
    }
  }

  const boxes: (Box | Group)[] = [...closed];
  const stands: Map<string, string> = new Map();
  for (const box of scene.boxes) {
    const [inside, seen] = seenAs.get(box.group ?? "") as [string, boolean];
    stands.set(box.id, seen ? box.id : inside);
    if (seen) boxes.push(box);
  }
  const at = (id: string) => stands.get(id) as string;
  const wires = scene.wires
    .filter((wire) => at(wire.source) !== at(wire.target))
    .map((wire) => ({
      ...wire,
      source: at(wire.source),
      target: at(wire.target),
      origin: wire.source,
      goal: wire.target,
    }));
  return { boxes, wires, groups: visible, stands };
}
