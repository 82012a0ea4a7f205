// The picture on its stage: folded, laid out and drawn from the session whenever it says so.
// What is lit, marked or written over it is the other parts' concern: they come after a drawing.

import { draw, element } from "../draw.ts";
import { html } from "../html.ts";
import { fit } from "../layout/measure.js";
import { arrange } from "../layout/nested.js";
import type { Plan, Rect } from "../layout/nested.js";
import { fold } from "../scene.ts";
import type { Scene, View } from "../scene.ts";
import { walk } from "../steps.ts";
import type { Step } from "../steps.ts";
import { Camera } from "./camera.ts";
import type { Session } from "./session.ts";
import { blanksOf, visibleScene } from "./visible.ts";

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
  /** The derivatives that are asked for. */
  blanks = new Set<string>();
  drawn: SVGElement = element("g");
  private readonly session: Session;
  private readonly root: HTMLElement;
  private readonly canvas: SVGElement;
  private readonly moved: SVGElement;
  private opened = new Set<string>();
  private laid = "";

  constructor(session: Session, root: HTMLElement) {
    this.session = session;
    this.root = root;
    this.canvas = element("svg", { class: "canvas", role: "group" });
    this.moved = element("g", { class: "camera" });
    this.canvas.append(this.moved);
    this.layer = html("div", { class: "layer" });
    const map = element("svg", {
      class: "map",
      "aria-hidden": "true",
      preserveAspectRatio: "none",
    });
    this.stage = html("div", { class: "stage" }, this.canvas, this.layer, map);
    this.camera = new Camera(this.stage, this.moved, this.layer, map);
    this.plan = this.camera.plan;
    session.on("draw", (move) => this.render(move));
  }

  private render(move: boolean) {
    const before = new Map(this.plan.places);
    const scene = visibleScene(this.session);
    this.blanks = blanksOf(this.session);
    this.view = fold(scene, this.session.open);
    this.lay(scene);
    this.drawn = draw(scene, this.view, this.plan, this.blanks);
    const focused = this.moved.contains(document.activeElement) ? document.activeElement : null;
    this.moved.replaceChildren(this.drawn);
    if (focused) this.focusOn(idOf(focused));
    this.steps = walk(scene, this.view);
    this.session.step = Math.min(this.session.step, this.steps.length);
    this.canvas.setAttribute("aria-label", scene.title || this.session.say("picture"));
    if (move && !calm()) this.glide(before);
    this.camera.show(
      this.plan,
      [...this.view.boxes, ...this.view.groups].map(({ id }) => id),
    );
    if (this.opened !== this.session.open && this.camera.following) this.camera.home();
    this.opened = this.session.open;
  }

  /** Lays out what is seen; where numbers run on it stays as it lies, with room for others. */
  private lay(scene: Scene) {
    const { runs, open, constants, pathOnly, pinned } = this.session;
    const key = [...open, constants, pathOnly && pinned].join(" ");
    if (runs && this.laid === key) return;
    const [places, routes] = fit(scene, this.view, this.blanks);
    if (runs)
      for (const route of routes) route.width = (route.width ?? 0) && roomy(route.width ?? 0);
    this.plan = arrange(places, routes);
    this.laid = key;
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
    (this.find(id) ?? this.root).focus({ preventScroll: true });
  }

  /** Boxes glide from where they were. */
  private glide(before: Map<string, Rect>) {
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

/** A label's width with room for numbers of more digits. */
function roomy(width: number) {
  return Math.max(width * 1.2, 84);
}

/** What a drawn element stands for. */
export function idOf(node: Element): string {
  const { box, group, wire } = (node as SVGElement).dataset;
  return box ?? group ?? wire ?? "";
}
