// The picture on its stage: folded, laid out and drawn from the session whenever it says so.
// What is lit, marked or written over it is the other parts' concern: they come after a drawing.

import { draw, element } from "../draw.ts";
import { html } from "../html.ts";
import { firstScreen, screen } from "../layout/levels.js";
import { bundled } from "../scene/bundles.js";
import { fold } from "../scene/scene.js";
import { known, stepAt, walk } from "../scene/steps.js";
import type { Plan, Rect, Scene, Step, View } from "../scene.ts";
import { Camera } from "./camera.ts";
import type { Session } from "./session.ts";
import { blanksOf, visibleScene } from "./visible.ts";

/** The size of paper, and of a window that is not known yet. */
const PAPER = [720, 900];

/** Milliseconds of a movement. */
export const QUICK = 200;

export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

export class Picture {
  readonly stage: HTMLElement;
  readonly layer: HTMLElement;
  readonly camera: Camera;
  view: View = { boxes: [], wires: [], groups: [], stands: new Map() };
  plan: Plan;
  steps: Step[] = [];
  /** From when on the value and the derivative of each wire are known. */
  known = new Map<string, [number, number]>();
  /** The time of the walk that is shown, the same however the picture is folded. */
  time = Infinity;
  #timed = Infinity;
  /** The derivatives that are asked for. */
  blanks = new Set<string>();
  /** What an overlay says of a box. */
  notes = new Map<string, string>();
  drawn: SVGElement = element("g");
  readonly #session: Session;
  readonly #root: HTMLElement;
  readonly canvas: SVGElement;
  readonly #moved: SVGElement;
  #opened = new Set<string>();
  #laid = "";
  #maps = false;
  #paper = false;

  constructor(session: Session, root: HTMLElement) {
    this.#session = session;
    this.#root = root;
    this.canvas = element("svg", { class: "canvas", role: "group" });
    this.#moved = element("g", { class: "camera" });
    this.canvas.append(this.#moved);
    this.layer = html("div", { class: "layer" });
    const map = element("svg", {
      class: "map",
      "aria-hidden": "true",
      preserveAspectRatio: "none",
    });
    this.stage = html("div", { class: "stage" }, this.canvas, this.layer, map);
    this.camera = new Camera(this.stage, this.#moved, this.layer, map);
    this.plan = this.camera.plan;
    session.on("draw", (move) => this.#render(move));
  }

  #render(move: boolean) {
    const before = new Map(this.plan.places);
    this.camera.measure();
    this.blanks = blanksOf(this.#session);
    const scene = { ...visibleScene(this.#session), blanks: this.blanks, open: this.#session.open };
    this.#layOut(scene);
    this.drawn = draw(scene, this.view, this.plan);
    const focused = this.#moved.contains(document.activeElement) ? document.activeElement : null;
    this.#moved.replaceChildren(this.drawn);
    if (focused) this.focusOn(idOf(focused));
    this.#keepTime();
    this.canvas.setAttribute("aria-label", scene.title || this.#session.say("picture"));
    if (move && !calm()) this.#glide(before);
    this.camera.show(
      this.plan,
      [...this.view.boxes, ...this.view.groups].map(({ id }) => id),
    );
    if (this.#opened !== this.#session.open && this.camera.following) this.camera.home();
    this.#opened = this.#session.open;
  }

  /** What is seen of the scene in this window, and where. */
  #layOut(scene: Omit<Scene, "open" | "blanks">) {
    const session = this.#session;
    const [wide, high] = this.#window;
    if (session.runs && this.#laid === this.#layout) {
      this.view = bundled(fold({ ...scene, open: session.open }));
      scene.maps = this.#maps;
      return;
    }
    let shown = session.auto
      ? firstScreen(scene, wide, high, true)
      : screen(scene, wide, high, true);
    // among text it is moved sideways alone: what rows can't make legible is one row
    if (!this.#paper && shown.scale < (session.options.least ?? 0))
      shown = screen(shown.scene, Infinity, high, true);
    if (session.auto) {
      session.open = new Set(shown.scene.open);
      session.scene.open = [...session.open];
    }
    scene.maps = this.#maps = shown.scene.maps;
    this.view = shown.view;
    this.plan = shown.plan;
    this.#laid = this.#layout;
  }

  get #window() {
    const { width, height } = this.camera.room();
    return this.#paper || !height ? PAPER : [width, height];
  }

  /** What a layout depends on, where numbers that run on must not change it. */
  get #layout() {
    const { open, constants, pathOnly, pinned } = this.#session;
    return [...open, constants, pathOnly && pinned, ...this.#window].join(" ");
  }

  /** The walk through what is seen now, at the time at which it was. */
  #keepTime() {
    const session = this.#session;
    const steps = this.steps;
    const began = !steps.length;
    if (session.step !== this.#timed) this.time = steps[session.step]?.time ?? Infinity;
    this.steps = walk(session.scene, this.view);
    this.known = known(session.scene, this.view);
    if (began) this.time = this.steps[session.step]?.time ?? Infinity;
    this.go(this.time === Infinity ? Infinity : stepAt(this.steps, this.time), this.time);
  }

  /** Shows this step; at its own time, if no other is given. */
  go(step: number, time = this.steps[step]?.time ?? Infinity) {
    this.#session.step = Math.min(step, this.steps.length);
    this.time = time;
    this.#timed = this.#session.step;
  }

  /** The window has another size: what it may choose, it chooses again. */
  refit() {
    this.camera.measure();
    const changed = this.#laid !== this.#layout;
    if (this.#session.auto && changed) this.#session.tell("draw", false);
    if (this.camera.following) this.camera.home();
  }

  /** Laid out for paper, or for its window again. */
  print(paper: boolean) {
    this.#paper = paper;
    this.#session.tell("draw", false);
  }

  /** The element of a box, a group or a wire. */
  find(id: string): SVGElement | null {
    const key = CSS.escape(id);
    const kinds = ["box", "group", "wire"].map((kind) => `[data-${kind}="${key}"]`);
    return this.drawn.querySelector(kinds.join(","));
  }

  all(selector: string): Iterable<SVGElement> {
    return this.drawn.querySelectorAll<SVGElement>(selector);
  }

  /** The keyboard stays where it was, or in the picture. */
  focusOn(id: string) {
    (this.find(id) ?? this.#root).focus({ preventScroll: true });
  }

  /** Boxes glide from where they were. */
  #glide(before: Map<string, Rect>) {
    for (const node of this.all("[data-box],[data-group]")) {
      const id = idOf(node);
      const old = before.get(id);
      const now = this.plan.places.get(id);
      const timing = { duration: QUICK, easing: "ease-out" };
      if (old && now) {
        const from = `translate(${old.x - now.x}px, ${old.y - now.y}px)`;
        node.animate([{ transform: from }, { transform: "none" }], timing);
      } else node.animate([{ opacity: 0 }, { opacity: 1 }], timing);
    }
    const late = [{ opacity: 0 }, { opacity: 0 }, { opacity: 1 }];
    for (const node of this.all(".wire")) node.animate(late, { duration: QUICK * 1.5 });
  }
}

/** What a drawn element stands for. */
export function idOf(node: Element): string {
  const { box, group, wire } = (node as SVGElement).dataset;
  return box ?? group ?? wire ?? "";
}
