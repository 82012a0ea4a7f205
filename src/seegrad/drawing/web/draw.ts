// One picture as SVG elements: the twin of export/svg.py, drawn with classes that page.css colours.

import { Labels, constantText } from "./layout/labels.js";
import { signSize } from "./layout/measure.js";
import { curve, heatStrokes, isCircle, strokes } from "./layout/strokes.js";
import { FONT, HEAT_WIDTH, LINE } from "./layout/theme.js";
import { heatHeight } from "./values/heat_map.js";
import { short } from "./values/user_text.js";
import { isGroup } from "./scene.ts";
import type { Point, Rect, Plan } from "./scene.ts";
import type { ArraySummary, Scene, View, Box, Group } from "./scene.ts";

const SVG = "http://www.w3.org/2000/svg";
const HEAD_LENGTH = 7,
  HEAD_HALF = 3,
  BACK_LENGTH = 9,
  BACK_HALF = 5;

export function element(
  name: string,
  attributes: Record<string, string | number> = {},
  ...inner: Node[]
) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...inner);
  return made;
}

function text(kind: string, x: number, y: number, words: string) {
  const made = element("text", { class: kind, x, y });
  made.textContent = words;
  return made;
}

function rectangle(kind: string, rect: Rect, radius: number) {
  return element("rect", { class: kind, ...rect, rx: radius });
}

/** The scene that is drawn: what is open and asked for are sets. */
type Shown = Omit<Scene, "open" | "blanks"> & { blanks: Set<string> };

/** Draws what is seen of a scene into a <g>. */
export function draw(scene: Shown, view: View, plan: Plan): SVGElement {
  const labels = new Labels(scene, true);
  const boxes = new Map(view.boxes.map((box) => [box.id, box]));
  const at = (id: string) => plan.places.get(id) as Rect;
  const circle = (id: string): boolean => isCircle(boxes.get(id), at(id));
  const whole = element("g");
  for (const group of view.groups) whole.append(drawGroup(group, at(group.id)));
  for (const wire of view.wires) {
    const { source, target } = wire;
    const { forward, backward }: { forward: Point[]; backward: Point[] } = strokes(
      plan.paths.get(wire.id),
      at(source),
      at(target),
      circle(source),
      circle(target),
    );
    const made = element("g", { class: `wire ${wire.kind}`, "data-wire": wire.id });
    if (wire.backward) made.append(drawBackward(backward));
    const fore: string = curve(forward);
    made.append(element("path", { class: "hit", d: fore }));
    made.append(element("path", { class: "fore", d: fore }));
    if (boxes.get(target)?.kind !== "fork") {
      const [x, y] = forward[forward.length - 1];
      const d = `M${x} ${y}l${-HEAD_LENGTH} ${-HEAD_HALF}v${2 * HEAD_HALF}z`;
      made.append(element("path", { class: "head", d }));
    }
    const spot = plan.labels.get(wire.id);
    const words: Label | null = labels.of(wire);
    if (spot && words) drawLabel(made, spot, words, labels.heats(wire), scene.blanks.has(wire.id));
    whole.append(made);
  }
  for (const box of view.boxes) whole.append(drawBox(box, at(box.id)));
  return whole;
}

function drawBackward([[x, y], ...rest]: Point[]) {
  const low: string = curve([[x + BACK_LENGTH, y], ...rest]);
  const head = `M${x} ${y}l${BACK_LENGTH} ${-BACK_HALF}v${2 * BACK_HALF}z`;
  return element(
    "g",
    { class: "backward" },
    element("path", { class: "back", d: low }),
    element("path", { class: "backhead", d: head }),
  );
}

function drawGroup(group: Group, rect: Rect) {
  const made = element("g", {
    class: `group ${group.kind}`,
    "data-group": group.id,
    tabindex: 0,
    role: "button",
    "aria-expanded": "true",
  });
  made.append(
    rectangle("ground", rect, 10),
    text("caption start", rect.x + 12, rect.y + 19, `▾ ${short(group.name)}`),
  );
  if (group.note)
    made.append(
      text("note", rect.x + rect.width - 12, rect.y + 19, group.note === "=" ? "✓ =" : group.note),
    );
  return made;
}

/** The lines above and below a wire, and the one on top of them. */
type Label = [string[], string[], string];
type Heats = [ArraySummary | null, ArraySummary | null];

function drawLabel(made: SVGElement, [x, y]: Point, words: Label, heats: Heats, blank: boolean) {
  const [above, below, top] = words;
  const [value, grad] = heats;
  const up = element("g", { class: "above" });
  const down = element("g", { class: "below" });
  const first = y - (value ? heatHeight(value) + 10 : 7) - LINE * (above.length - 1);
  if (top) up.append(text("shape", x, first - LINE, top));
  above.forEach((line, i) => up.append(text("value", x, first + LINE * i, line)));
  if (value) up.append(...drawHeat(value, x, y - 6 - heatHeight(value)));
  const under = y + 25 + (grad ? heatHeight(grad) + 2 : 0);
  if (blank) down.append(rectangle("blank", { x: x - 30, y: y + 11, width: 60, height: 20 }, 3));
  else below.forEach((line, i) => down.append(text("grad", x, under + LINE * i, line)));
  if (grad) down.append(...drawHeat(grad, x, y + 14));
  made.append(up, down);
}

/** The small picture of an array, its middle at x. */
function drawHeat(summary: ArraySummary, x: number, y: number): SVGElement[] {
  const left = x - HEAT_WIDTH / 2;
  const cells: [string, string][] = heatStrokes(summary, left, y);
  const frame = { x: left, y, width: HEAT_WIDTH, height: heatHeight(summary) };
  return [
    rectangle("cell frame", frame, 0),
    ...cells.map(([kind, d]) => element("path", { class: kind, d })),
  ];
}

function drawBox(box: Box | Group, rect: Rect) {
  const x = rect.x + rect.width / 2,
    y = rect.y + rect.height / 2;
  const made = element("g", {
    class: `box ${isGroup(box) ? "closed " : ""}${box.kind}`,
    "data-box": box.id,
  });
  if (box.kind !== "fork" && (box.kind !== "output" || box.name)) {
    made.setAttribute("tabindex", "0");
    made.setAttribute("role", "button");
    if (isGroup(box)) made.setAttribute("aria-expanded", "false");
  }
  if (isGroup(box)) {
    made.append(rectangle("ground", rect, 10));
    const all: [string, string, number][] = [
      [box.sign ?? "", [...(box.sign ?? "")].length <= 1 ? "sign" : "word", LINE + 6],
      [`▸ ${short(box.name)}`, "caption", LINE],
      [box.rule ?? "", "rule", LINE],
    ];
    const rows = all.filter(([text]) => text);
    let at = rect.y + (rect.height - rows.reduce((sum, row) => sum + row[2], 0)) / 2;
    for (const [text_, kind, height] of rows) {
      made.append(text(kind, x, at + height * 0.75, text_), " ");
      at += height;
    }
    return made;
  }
  const { name = "", sign = "" } = box;
  if (box.kind === "fork") made.append(element("circle", { class: "dot", cx: x, cy: y, r: 3.5 }));
  else if (box.kind === "operation" || box.kind === "culprit") {
    const size = signSize(sign);
    made.append(
      rectangle("node", rect, Math.min(rect.width, rect.height, 44) / 2),
      text(size > FONT + 2 ? "sign" : "word", x, y + size * 0.34, sign),
    );
  } else if (box.kind === "constant")
    made.append(text("number", x, y + FONT * 0.36, constantText(box)));
  else {
    if (box.kind !== "output") made.append(rectangle("name", rect, 6));
    made.append(text("label", x, y + FONT * 0.36, short(name)));
  }
  return made;
}
