// The scene as the page reads it, and what is seen of it: the twin of fold() in scene/scene.py.

/**
 * @typedef {import("./values/summary.js").ArraySummary} ArraySummary
 * @typedef {{id: string, kind: string, sign?: string, name?: string, group?: string,
 *   value?: ArraySummary, grad?: ArraySummary, title?: string, rules?: string[]}} Box
 * @typedef {{id: string, kind: string, name: string, parent?: string, sign?: string,
 *   rule?: string, note?: string}} Group
 * @typedef {{id: string, kind: string, source: string, target: string, position?: number,
 *   value?: ArraySummary, grad?: ArraySummary, backward?: boolean, argument?: string, above?: string,
 *   below?: string, origin?: string, goal?: string}} Wire
 * @typedef {{name: string, unit?: string, marks: Record<string, [number, string]>}} Overlay
 * @typedef {{boxes: Box[], wires: Wire[], groups: Group[], open: string[], blanks?: string[],
 *   overlays?: Overlay[], painted?: string, note?: string[], title?: string, language?: string, program?: any, moments?: any[],
 *   rate?: number}} Scene
 * @typedef {{boxes: (Box | Group)[], wires: Wire[], groups: Group[], stands: Map<string, string>}} View
 */

/** @param {Box | Group} box @returns {box is Group} */
export const isGroup = (box) => ["module", "composite", "stretch"].includes(box.kind);

/** The visible part: closed groups become boxes. @param {Scene} scene @param {Set<string>} open
 * @returns {View} */
export function fold(scene, open) {
  const parent = new Map(scene.groups.map((group) => [group.id, group.parent ?? ""]));
  /** @type {Map<string, [string, boolean]>} */
  const seenAs = new Map([["", ["", true]]]);
  /** @type {Group[]} */
  const visible = [];
  /** @type {Group[]} */
  const closed = [];
  for (const group of scene.groups) {
    const outer = /** @type {[string, boolean]} */ (seenAs.get(parent.get(group.id) ?? ""));
    if (!outer[1]) seenAs.set(group.id, outer);
    else if (open.has(group.id)) {
      seenAs.set(group.id, [group.id, true]);
      visible.push(group);
    } else {
      seenAs.set(group.id, [group.id, false]);
      closed.push(group);
    }
  }
  /** @type {(Box | Group)[]} */
  const boxes = [...closed];
  /** @type {Map<string, string>} */
  const stands = new Map();
  for (const box of scene.boxes) {
    const [inside, seen] = /** @type {[string, boolean]} */ (seenAs.get(box.group ?? ""));
    stands.set(box.id, seen ? box.id : inside);
    if (seen) boxes.push(box);
  }
  const at = (/** @type {string} */ id) => /** @type {string} */ (stands.get(id));
  const wires = scene.wires
    .filter((wire) => at(wire.source) !== at(wire.target))
    .map((wire) => ({ ...wire, source: at(wire.source), target: at(wire.target),
      origin: wire.source, goal: wire.target }));
  return { boxes, wires, groups: visible, stands };
}
