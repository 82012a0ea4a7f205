// The pointer on the stage: the wheel, the hand, fingers, what is under it. Keys are elsewhere.

import { Dragging } from "../live/dragging.ts";
import { exact } from "../facts.ts";
import { isPresented } from "../sharing/presenting.ts";
import { html } from "../html.ts";
import type { Wire } from "../scene.ts";
import { lines, shownShape } from "../values/summary.js";
import { sizeOf } from "../values/summarize.ts";
import type { ArraySummary } from "../scene.ts";
import type { Camera } from "../explorer/camera.ts";
import type { Picture } from "../explorer/picture.ts";
import type { Session } from "../explorer/session.ts";

type Spot = [number, number];
/** Pixels that a press may wander and still be a press. */
const STEADY = 4;

export class Pointer {
  readonly #stage: HTMLElement;
  readonly #camera: Camera;
  readonly #root: HTMLElement;
  readonly #session: Session;
  readonly #picture: Picture;
  readonly #tip = html("div", { class: "tip", hidden: "" });
  readonly #fingers = new Map<number, Spot>();
  readonly #dragging: Dragging;
  #moved = false;

  constructor(
    session: Session,
    picture: Picture,
    root: HTMLElement,
    touch: (target: Element) => void,
  ) {
    this.#session = session;
    this.#root = root;
    this.#picture = picture;
    this.#dragging = new Dragging(session, picture);
    ({ stage: this.#stage, camera: this.#camera } = picture);
    this.#stage.append(this.#tip);
    this.#listen();
    this.#stage.addEventListener("click", (event) => {
      if (!this.#moved && event.target instanceof Element) touch(event.target);
    });
  }

  #listen() {
    const stage = this.#stage;
    const camera = this.#camera;
    for (const kind of ["pointerdown", "pointermove"] as const) {
      camera.map.addEventListener(kind, (event) => {
        event.stopPropagation();
        if (event.buttons) camera.moveByMap(event);
      });
    }
    stage.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    stage.addEventListener("pointerdown", (event) => {
      if (event.target instanceof HTMLInputElement) return;
      this.#moved = false;
      if (event.target instanceof Element && this.#dragging.begin(event.target, event.clientX)) {
        stage.setPointerCapture(event.pointerId);
        return;
      }
      this.#fingers.set(event.pointerId, [event.clientX, event.clientY]);
    });
    stage.addEventListener("pointermove", (event) => {
      if (this.#dragging.active) {
        this.#moved = true;
        this.#dragging.move(event.clientX);
      } else if (this.#fingers.has(event.pointerId)) this.#drag(event);
      else this.#hover(event);
    });
    for (const end of ["pointerup", "pointercancel", "pointerleave"] as const) {
      stage.addEventListener(end, (event) => {
        this.#fingers.delete(event.pointerId);
        if (end !== "pointerleave") this.#dragging.end();
        if (end === "pointerleave") this.#tip.hidden = true;
      });
    }
    stage.addEventListener("focusin", (event) => {
      const id = event.target instanceof Element ? event.target.getAttribute("data-box") : null;
      if (id) camera.follow(id);
    });
  }

  /** The wheel scrolls the page; with Ctrl or ⌘ (or on a page that is this picture alone) it
   * zooms, with Shift or sideways it moves the picture. */
  #wheel(event: WheelEvent) {
    const sideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
    const zooms = event.ctrlKey || event.metaKey || (this.#ownsWheel && !sideways);
    if (!zooms && !sideways) return;
    event.preventDefault();
    if (zooms) {
      const box = this.#stage.getBoundingClientRect();
      const [x, y] = [event.clientX - box.left, event.clientY - box.top];
      this.#camera.scale(Math.exp(-event.deltaY / 400), x, y);
    } else this.#camera.pan(-(event.deltaX || event.deltaY), 0);
  }

  get #ownsWheel() {
    const root = this.#root;
    return isPresented(root) || (!!this.#session.options.alone && window.parent === window);
  }

  #drag(event: PointerEvent) {
    const stage = this.#stage;
    const camera = this.#camera;
    const fingers = this.#fingers;
    const [x, y] = fingers.get(event.pointerId) as Spot;
    const now: Spot = [event.clientX, event.clientY];
    const [dx, dy] = [now[0] - x, now[1] - y];
    if (!this.#moved && Math.abs(dx) + Math.abs(dy) < STEADY) return;
    if (!this.#moved) stage.setPointerCapture(event.pointerId);
    this.#moved = true;
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    if (other && fingers.size === 2) {
      const box = stage.getBoundingClientRect();
      const before = Math.hypot(x - other[0], y - other[1]) || 1;
      const after = Math.hypot(now[0] - other[0], now[1] - other[1]);
      const middle = [(now[0] + other[0]) / 2 - box.left, (now[1] + other[1]) / 2 - box.top];
      camera.scale(after / before, middle[0], middle[1]);
    } else camera.pan(dx, event.pointerType === "touch" && !this.#ownsWheel ? 0 : dy);
    fingers.set(event.pointerId, now);
  }

  /** All digits of the wire under the pointer. */
  #hover(event: PointerEvent) {
    const tip = this.#tip;
    const target = event.target instanceof Element ? event.target.closest("[data-wire]") : null;
    const wire = this.#session.wire(target?.getAttribute("data-wire") ?? "");
    tip.hidden = !wire;
    if (!wire) return;
    const stage = this.#stage.getBoundingClientRect();
    tip.replaceChildren(...this.#told(wire));
    tip.style.left = `${Math.min(event.clientX - stage.left + 14, stage.width - 200)}px`;
    tip.style.top = `${event.clientY - stage.top + 16}px`;
  }

  #told({ id, value, grad }: Wire): HTMLElement[] {
    const session = this.#session;
    const rows = [];
    const row = (kind: string, key: string, summary: ArraySummary) =>
      html("div", { class: kind }, `${session.say(key)} ${digits(summary)}`);
    if (value) rows.push(row("value", "value", value));
    if (grad && !this.#picture.blanks.has(id)) rows.push(row("grad", "derivative", grad));
    return rows;
  }
}

function digits(summary: ArraySummary): string {
  if (sizeOf(summary.shape) === 1 && summary.numbers) return exact(summary.numbers[0]);
  return `${shownShape(summary.shape)} ${lines(summary).join("  ")}`;
}
