// Which part of the picture is seen, and how large; the small map of the whole.

import { element } from "../draw.ts";
import type { Plan, Rect } from "../scene.ts";

export const LEGIBLE = 0.75;
/** Pixels across, below which a screen is a phone's. */
const SMALL_SCREEN = 600;
const MAP_WIDTH = 200,
  MAP_HEIGHT = 80;

export class Camera {
  readonly stage: HTMLElement;
  /** What is moved, what of HTML moves with it, and the small map. */
  readonly picture: SVGElement;
  readonly layer: HTMLElement;
  readonly map: SVGElement;
  zoom = { k: 1, x: 0, y: 0 };
  /** Nobody has moved it: it may move when the room does. */
  following = true;
  plan = { places: new Map<string, Rect>(), width: 1, height: 1 } as Plan;
  /** How large a small picture becomes at first, and how small a large one that is shown whole. */
  largest = 1.4;
  least = 0;
  /** Called when the reader has moved it. */
  onMove: () => void = () => undefined;
  #seen: string[] = [];
  #followed = "";
  #room = { width: 0, height: 0 };

  constructor(stage: HTMLElement, picture: SVGElement, layer: HTMLElement, map: SVGElement) {
    this.stage = stage;
    this.picture = picture;
    this.layer = layer;
    this.map = map;
  }

  /** Another picture is there to be seen. `seen`: ids of boxes and groups. */
  show(plan: Plan, seen: string[]) {
    this.plan = plan;
    this.#seen = seen;
    this.drawMap();
    this.place();
  }

  /** How large, and the point of the picture that is in the middle. */
  get seenAt(): [number, number, number] {
    const { k, x, y } = this.zoom;
    const { width, height } = this.room();
    const middle = [(width / 2 - x) / k, (height / 2 - y) / k];
    return [Number(k.toFixed(3)), Math.round(middle[0]), Math.round(middle[1])];
  }

  /** Looks at a point of the picture, this large. */
  look(k: number, x: number, y: number) {
    const { width, height } = this.room();
    this.zoom = { k, x: width / 2 - x * k, y: height / 2 - y * k };
    this.following = false;
    this.place();
  }

  /** Looks how large the stage is now; to ask in the midst of changes costs a layout each time. */
  measure() {
    const { width, height } = this.stage.getBoundingClientRect();
    this.#room = { width, height };
  }

  /** The stage as it was measured last. */
  room() {
    return this.#room;
  }

  /** Brings a box to the middle, large enough to be read. */
  centre(id: string) {
    this.#lookAt(id, () => Math.max(this.zoom.k, LEGIBLE));
  }

  /** The whole picture where it can be read, else this box or group, as large as may be. */
  frame(id: string) {
    const { width, height } = this.#room;
    const whole = Math.min(width / this.plan.width, height / this.plan.height);
    if (whole >= 1) this.fit();
    else {
      this.#lookAt(id, (rect) => {
        const large = Math.min(width / (rect.width + 48), height / (rect.height + 48));
        return Math.min(this.largest, Math.max(whole, large));
      });
    }
  }

  #lookAt(id: string, zoom: (rect: Rect) => number) {
    const rect = this.plan.places.get(id);
    if (rect) this.look(zoom(rect), rect.x + rect.width / 2, rect.y + rect.height / 2);
  }

  place() {
    const { k, x, y } = this.zoom;
    this.picture.setAttribute("transform", `translate(${x} ${y}) scale(${k})`);
    this.layer.style.transform = `translate(${x}px, ${y}px) scale(${k})`;
    this.frameMap();
  }

  /** The whole picture, small, for when only a part of it is seen. */
  drawMap() {
    const { plan, map } = this;
    const scale = Math.min(MAP_WIDTH / plan.width, MAP_HEIGHT / plan.height);
    const boxes = this.#seen.map((id) => {
      const { x, y, width, height } = plan.places.get(id) as Rect;
      return `M${x} ${y}h${width}v${height}h${-width}z`;
    });
    map.setAttribute("viewBox", `0 0 ${plan.width} ${plan.height}`);
    map.setAttribute("width", String(plan.width * scale));
    map.setAttribute("height", String(Math.max(16, plan.height * scale)));
    map.replaceChildren(element("path", { d: boxes.join("") }), element("rect"));
  }

  /** A frame around what is seen; no map where everything is. */
  frameMap() {
    const stage = this.room(),
      { plan, map } = this;
    const { k, x, y } = this.zoom,
      low = Math.max(0, -x / k),
      high = Math.max(0, -y / k);
    const width = Math.min(plan.width, (stage.width - x) / k) - low,
      height = Math.min(plan.height, (stage.height - y) / k) - high;
    map.classList.toggle("away", width >= plan.width - 2 && height >= plan.height - 2);
    for (const [key, size] of Object.entries({
      x: low,
      y: high,
      width: Math.max(0, width),
      height: Math.max(0, height),
    })) {
      map.lastElementChild?.setAttribute(key, String(size));
    }
  }

  /** Brings the place under the pointer on the map to the middle. */
  moveByMap(event: PointerEvent) {
    const map = this.map.getBoundingClientRect();
    const { width, height } = this.plan;
    const [x, y] = [event.clientX - map.left, event.clientY - map.top];
    this.look(this.zoom.k, (x / map.width) * width, (y / map.height) * height);
    this.onMove();
  }

  /** The whole picture. */
  fit() {
    const { width, height } = this.#room;
    const { plan } = this;
    if (!width) return;
    const large = Math.min(this.largest, width / plan.width, height / plan.height);
    const k = Math.max(large, 0.02);
    this.following = true;
    this.zoom = { k, x: (width - plan.width * k) / 2, y: (height - plan.height * k) / 2 };
    this.place();
  }

  /** The first view: the whole picture where it can be read, else its left end, what is followed
   * or what failed. */
  home() {
    this.fit();
    const { width, height } = this.#room;
    const { plan, zoom } = this;
    if (!width || zoom.k >= this.least) return;
    const k = Math.min(1, Math.max(height / plan.height, zoom.k));
    const right = width - plan.width * k;
    const at = plan.places.get(this.#followed) ?? plan.places.get("culprit");
    const x = at ? width / 2 - (at.x + at.width / 2) * k : 0;
    this.zoom = {
      k,
      x: Math.min(Math.max(0, right / 2), Math.max(x, right)),
      y: (height - plan.height * k) / 2,
    };
    this.place();
  }

  /** Closer or farther, about a point. */
  scale(by: number, px?: number, py?: number) {
    const stage = this.room(),
      x = px ?? stage.width / 2,
      y = py ?? stage.height / 2;
    const k = Math.max(0.02, Math.min(8, this.zoom.k * by));
    this.zoom.x = x - ((x - this.zoom.x) * k) / this.zoom.k;
    this.zoom.y = y - ((y - this.zoom.y) * k) / this.zoom.k;
    this.zoom.k = k;
    this.following = false;
    this.place();
    this.onMove();
  }

  /** Moves by so many pixels. */
  pan(dx: number, dy: number) {
    this.zoom.x += dx;
    this.zoom.y += dy;
    this.following = false;
    this.place();
    this.onMove();
  }

  /** Keeps a box in sight; on a small screen also large enough to be read. */
  follow(id: string) {
    this.#followed = id;
    const small = this.room().width < SMALL_SCREEN && this.zoom.k < LEGIBLE;
    if (small || !this.#isSeen(id)) this.centre(id);
  }

  #isSeen(id: string) {
    const spot = this.plan.places.get(id);
    if (!spot) return true;
    const { k, x, y } = this.zoom;
    const { width, height } = this.room();
    const [left, top] = [spot.x * k + x, spot.y * k + y];
    const [right, low] = [left + spot.width * k, top + spot.height * k];
    return left >= 0 && top >= 0 && right <= width && low <= height;
  }
}
