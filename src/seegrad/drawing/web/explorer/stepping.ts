// Stepping through the picture: what is known after so many steps, what the step lights up,
// the dots that run along its wires.

import { element } from "../draw.ts";
import { BACKWARD } from "../scene/steps.js";
import type { StepFormulas } from "../step_formulas.ts";
import type { Step } from "../scene.ts";
import { nameNode, nameOf } from "./naming.ts";
import type { Picture } from "./picture.ts";
import { calm, idOf, QUICK } from "./picture.ts";
import type { Session } from "./session.ts";

/** Milliseconds between the steps of what plays by itself. */
const PACE = 1100;
/** More dots at once are no help. */
const MOST_DOTS = 40;

export class Stepping {
  readonly #session: Session;
  readonly #picture: Picture;
  readonly #formulas: StepFormulas;
  #timer = 0;

  constructor(session: Session, picture: Picture, formulas: StepFormulas) {
    this.#session = session;
    this.#picture = picture;
    this.#formulas = formulas;
    session.on("draw", () => session.tell("step", false));
    session.on("step", (run) => this.#show(run));
  }

  get last() {
    return this.#picture.steps.length;
  }

  get playing() {
    return this.#timer !== 0;
  }

  /** The step that is shown; null where everything is known. */
  get now(): Step | null {
    return this.#picture.steps[this.#session.step] ?? null;
  }

  go(step: number) {
    const before = this.#session.step;
    this.#picture.go(Math.max(0, Math.min(step, this.last)));
    this.#session.tell("step", this.#session.step === before + 1);
    this.#session.tell("address", undefined);
  }

  on() {
    this.go(this.#session.step + 1);
  }

  back() {
    this.go(this.#session.step - 1);
  }

  play() {
    if (this.playing) {
      clearInterval(this.#timer);
      this.#timer = 0;
    } else {
      if (!this.now) this.go(0);
      this.#timer = window.setInterval(() => {
        if (this.now) this.on();
        else this.play();
      }, PACE);
    }
    this.#session.tell("step", false);
  }

  /** What is known after the first steps; after all of them, everything. */
  #show(run: boolean) {
    const picture = this.#picture;
    const now = this.now;
    const done = (at: number | undefined) => !now || (at ?? 0) <= picture.time;
    const back = !!now && BACKWARD.includes(now.phase);
    for (const node of picture.all("[data-wire]")) {
      const id = idOf(node);
      const lit = !!now?.wires.includes(id);
      const [value, grad] = picture.known.get(id) ?? [];
      node.classList.toggle("novalue", !done(value));
      node.classList.toggle("nograd", !done(grad));
      node.classList.toggle("lit", lit && !back);
      node.classList.toggle("litback", lit && back);
    }
    for (const node of picture.all("[data-box]")) {
      node.classList.toggle("lit", !!now && now.box === idOf(node));
    }
    this.#markFactors(now);
    this.#nameNodes(done);
    this.letter(now ? [now.box] : []);
    picture.camera.follow(now?.box ?? "");
    if (run && now && !calm()) this.#runDots(now, back);
  }

  /** Edges are marked as the factors of the formula below that they bring. */
  #markFactors(now: Step | null) {
    const backward = now?.phase === "backward";
    for (const { id, source, target, position } of this.#picture.view.wires) {
      const node = this.#picture.find(id);
      if (!node) continue;
      for (const kind of [...node.classList]) if (/^f\d$/.test(kind)) node.classList.remove(kind);
      node.classList.toggle("upstream", backward && source === now.box);
      const rules = this.#session.box(target)?.rules ?? [];
      const factor = rules.length > 1 && backward && target === now.box;
      if (factor) node.classList.add(`f${position ?? 0}`);
    }
  }

  /** What a screen reader says of each box now. */
  #nameNodes(done: (at: number | undefined) => boolean) {
    const picture = this.#picture;
    const session = this.#session;
    const first = new Map<string, [number, number]>();
    for (const { id, source, origin } of picture.view.wires) {
      const [value, grad] = picture.known.get(id) ?? [Infinity, Infinity];
      const [v, g] = first.get(origin ?? source) ?? [Infinity, Infinity];
      first.set(origin ?? source, [Math.min(v, value), Math.min(g, grad)]);
    }
    const asked = picture.blanks.size > 0;
    for (const node of picture.all("[data-box],[data-group]")) {
      const thing = session.box(idOf(node)) ?? session.group(idOf(node));
      if (!thing) continue;
      const [v, g] = first.get(thing.id) ?? [Infinity, Infinity];
      const known = { value: done(v), grad: !asked && done(g) };
      const name = nameOf(thing, known, (key) => session.say(key));
      const note = picture.notes.get(thing.id);
      nameNode(node, note ? `${name}, ${note}` : name);
    }
  }

  /** Letters over the nodes without a name that the formula below speaks of. */
  letter(ids: string[]) {
    const picture = this.#picture;
    const session = this.#session;
    for (const old of picture.all(".letter")) old.remove();
    if (session.overlay) return;
    const named = new Set(ids);
    for (const wire of session.scene.wires) {
      if (ids.includes(wire.target)) named.add(this.#nodeBefore(wire.source));
    }
    for (const id of named) {
      const box = session.box(id);
      const rect = picture.plan.places.get(id);
      if (box?.kind !== "operation" || box.name || !rect || !picture.find(id)) continue;
      const text = element("text", {
        class: "letter",
        "aria-hidden": "true",
        x: rect.x + rect.width / 2,
        y: rect.y - 5,
      });
      text.textContent = this.#formulas.letterText(id);
      picture.drawn.append(text);
    }
  }

  /** What stands before a fork. */
  #nodeBefore(id: string): string {
    const { wires } = this.#session.scene;
    return wires.find((wire) => wire.kind === "trunk" && wire.target === id)?.source ?? id;
  }

  /** A dot runs along each lit wire, the way its number goes. */
  #runDots(step: Step, back: boolean) {
    for (const id of step.wires.slice(0, MOST_DOTS)) {
      const node = this.#picture.find(id);
      const path = node?.querySelector(back ? ".back" : ".fore");
      if (node && path instanceof SVGPathElement) runDot(node, path, back);
    }
  }
}

/** A dot with its number; the number stands at the wire when the dot has arrived. */
function runDot(node: SVGElement, path: SVGPathElement, back: boolean) {
  const length = path.getTotalLength();
  const label = node.querySelector(back ? "text.grad" : "text.value");
  const words = element("text", {
    class: "carried",
    y: back ? 20 : -8,
  });
  words.textContent = label?.textContent ?? "";
  const kind = back ? "runner back-runner" : "runner";
  const dot = element(
    "g",
    { class: kind, "aria-hidden": "true" },
    element("circle", { r: 4 }),
    words,
  );
  node.append(dot);
  node.classList.add("arriving");
  const began = performance.now();
  const tick = (time: number) => {
    const part = Math.min(1, (time - began) / (QUICK * 1.6));
    const at = path.getPointAtLength(length * (back ? 1 - part : part));
    dot.setAttribute("transform", `translate(${at.x} ${at.y})`);
    if (part < 1 && dot.isConnected) requestAnimationFrame(tick);
    else {
      dot.remove();
      node.classList.remove("arriving");
    }
  };
  requestAnimationFrame(tick);
}
