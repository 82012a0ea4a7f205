// One picture as SVG elements: the twin of export/svg.py, drawn with classes that page.css colours.

import { BACK, FONT, LINE } from "./layout/theme.js";
import { short } from "./values/user_text.js";
import { bareSources, constantText, label, wireNames } from "./layout/labels.js";
import { signSize } from "./layout/measure.js";
import { isGroup } from "./scene.ts";
import type { Point, Rect, Plan } from "./layout/nested.js";
import type { Scene, View, Box, Group, Wire } from "./scene.ts";

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

export function curve(points: Point[]) {
  let [x, y] = points[0],
    before = x,
    text = `M${x} ${y}`;
  for (const [nx, ny] of points.slice(1)) {
    if (ny === y) text += `H${nx}`;
    else if (nx === x) {
      const bow = x + Math.abs(ny - y) * (x >= before ? 0.7 : -0.7);
      text += `C${bow} ${y} ${bow} ${ny} ${nx} ${ny}`;
    } else {
      const mid = (x + nx) / 2;
      text += `C${mid} ${y} ${mid} ${ny} ${nx} ${ny}`;
    }
    if (nx !== x) before = x;
    [x, y] = [nx, ny];
  }
  return text;
}

function outline(rect: Rect, circle: boolean, y: number, right: boolean) {
  if (!circle) return right ? rect.x + rect.width : rect.x;
  const radius = rect.height / 2,
    off = Math.min(Math.abs(y - rect.y - radius), radius);
  const reach = Math.sqrt(radius * radius - off * off);
  return rect.x + radius + (right ? reach : -reach);
}

function text(kind: string, x: number, y: number, words: string) {
  const made = element("text", { class: kind, x, y });
  made.textContent = words;
  return made;
}

function rectangle(kind: string, rect: Rect, radius: number) {
  return element("rect", { class: kind, ...rect, rx: radius });
}

/** Draws what is seen of a scene into a <g>. */
export function draw(scene: Scene, view: View, plan: Plan, blanks: Set<string>): SVGElement {
  const names = wireNames(scene),
    bare = bareSources(scene);
  const boxes = new Map(view.boxes.map((box) => [box.id, box]));
  const at = (id: string) => plan.places.get(id) as Rect;
  const circle = (id: string) => {
    const rect = at(id);
    return (
      ["operation", "culprit"].includes(boxes.get(id)?.kind ?? "") && rect.width === rect.height
    );
  };
  const whole = element("g");
  for (const group of view.groups) whole.append(drawGroup(group, at(group.id)));
  for (const wire of view.wires) {
    const path = plan.paths.get(wire.id) as Point[];
    const made = element("g", { class: `wire ${wire.kind}`, "data-wire": wire.id });
    if (wire.backward) {
      const low = path.map(([x, y]) => [x, y + BACK] as Point);
      const last = low.length - 1;
      const tip = outline(at(wire.source), circle(wire.source), low[0][1], true) + 2;
      low[0] = [tip + BACK_LENGTH, low[0][1]];
      low[last] = [
        outline(at(wire.target), circle(wire.target), low[last][1], false) - 2,
        low[last][1],
      ];
      made.append(
        element(
          "g",
          { class: "backward" },
          element("path", { class: "back", d: curve(low) }),
          element("path", {
            class: "backhead",
            d: `M${tip} ${low[0][1]}l${BACK_LENGTH} ${-BACK_HALF}v${2 * BACK_HALF}z`,
          }),
        ),
      );
    }
    made.append(
      element("path", { class: "hit", d: curve(path) }),
      element("path", { class: "fore", d: curve(path) }),
    );
    if (boxes.get(wire.target)?.kind !== "fork") {
      const [x, y] = path[path.length - 1];
      made.append(
        element("path", {
          class: "head",
          d: `M${x} ${y}l${-HEAD_LENGTH} ${-HEAD_HALF}v${2 * HEAD_HALF}z`,
        }),
      );
    }
    const spot = plan.labels.get(wire.id),
      source = wire.origin ?? wire.source;
    if (spot && !bare.has(source)) {
      drawLabel(made, wire, spot, names.get(source) ?? "", blanks.has(wire.id));
    }
    whole.append(made);
  }
  for (const box of view.boxes) whole.append(drawBox(box, at(box.id)));
  return whole;
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

function drawLabel(made: SVGElement, wire: Wire, [x, y]: Point, name: string, blank: boolean) {
  const [above, below, top] = label(wire, name, blank);
  const first = y - 7 - LINE * (above.length - 1);
  const up = element("g", { class: "above" }),
    down = element("g", { class: "below" });
  if (top) up.append(text("shape", x, first - LINE, top));
  above.forEach((words, i) => up.append(text("value", x, first + LINE * i, words)));
  if (!blank) below.forEach((words, i) => down.append(text("grad", x, y + 25 + LINE * i, words)));
  else down.append(rectangle("blank", { x: x - 30, y: y + 11, width: 60, height: 20 }, 3));
  made.append(up, down);
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
