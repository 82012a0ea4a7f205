// Overlays: a measure of each node painted over the picture (gradient norm, NaN, time, checks).

import { element } from "../draw.ts";
import { shown } from "../values/summary.js";
import type { Picture } from "./picture.ts";
import type { Session } from "./session.ts";

/** Node → how strongly it is painted, from 0 to 1, and what is written. */
type Marks = Record<string, [number, string]>;

export class Overlays {
  readonly #session: Session;
  readonly #picture: Picture;

  constructor(session: Session, picture: Picture) {
    this.#session = session;
    this.#picture = picture;
    session.on("draw", () => this.paint());
  }

  get names(): string[] {
    const { boxes, overlays } = this.#session.scene;
    const names = (overlays ?? []).map((overlay) => overlay.name);
    if (boxes.some((box) => box.grad)) names.push("‖∂‖");
    if (boxes.some((box) => box.value?.bad || box.grad?.bad)) names.push("NaN");
    return names;
  }

  set(name: string) {
    this.#session.overlay = name;
    this.paint();
    this.#session.tell("step", false);
    this.#session.tell("address", undefined);
  }

  next() {
    const names = ["", ...this.names];
    this.set(names[(names.indexOf(this.#session.overlay) + 1) % names.length]);
  }

  #marks(): Marks {
    const { overlay, scene } = this.#session;
    const known = scene.overlays?.find((each) => each.name === overlay);
    if (known) return known.marks;
    return overlay === "NaN" ? this.#badMarks() : overlay === "‖∂‖" ? this.#normMarks() : {};
  }

  #badMarks(): Marks {
    const session = this.#session;
    const marks: Marks = {};
    for (const box of session.scene.boxes) {
      const bad = (box.value?.bad ?? 0) + (box.grad?.bad ?? 0);
      const born =
        box.value?.bad &&
        !session.scene.wires.some((wire) => wire.target === box.id && wire.value?.bad);
      if (bad) marks[box.id] = born ? [1, session.say("born")] : [0.4, `NaN/∞: ${bad}`];
    }
    return marks;
  }

  #normMarks(): Marks {
    const { boxes } = this.#session.scene;
    const marks: Marks = {};
    const norms = boxes.map((box) => box.grad?.norm ?? 0).filter((x) => x > 0);
    const low = Math.log10(Math.min(...norms));
    const high = Math.log10(Math.max(...norms));
    for (const box of boxes) {
      if (!box.grad) continue;
      const norm = box.grad.norm ?? 0;
      const level = norm > 0 ? (Math.log10(norm) - low + 0.15) / (high - low + 0.15) : 0;
      marks[box.id] = [level, shown(norm)];
    }
    return marks;
  }

  paint() {
    const picture = this.#picture;
    const session = this.#session;
    for (const old of picture.all(".mark")) old.remove();
    picture.stage.closest(".sg")?.classList.toggle("overlaid", !!session.overlay);
    const strongest = new Map<string, [number, string]>();
    for (const [id, mark] of Object.entries(this.#marks())) {
      const place = picture.view.stands.get(id) ?? id;
      const before = strongest.get(place);
      if (!before || before[0] < mark[0]) strongest.set(place, mark);
    }
    picture.notes = new Map([...strongest].map(([id, [, words]]) => [id, words]));
    for (const [id, [level, words]] of strongest) this.#mark(id, level, words);
  }

  #mark(id: string, level: number, words: string) {
    const node = this.#picture.find(id);
    const rect = this.#picture.plan.places.get(id);
    if (!node || !rect || node.matches(".fork, .output")) return;
    const bad = this.#session.overlay === "NaN" || words.startsWith("✗");
    const { x, y, width, height } = rect;
    const round = node.matches(".operation") ? Math.min(width, height) / 2 : 8;
    const shade = element("rect", {
      class: bad ? "mark shade bad" : "mark shade",
      x,
      y,
      width,
      height,
      rx: round,
      "fill-opacity": 0.08 + 0.6 * level,
    });
    const text = element("text", {
      class: "mark",
      "aria-hidden": "true",
      x: x + width / 2,
      y: y - 4,
    });
    text.textContent = words;
    node.insertBefore(shade, node.children[1] ?? null);
    this.#picture.drawn.append(text);
  }
}
