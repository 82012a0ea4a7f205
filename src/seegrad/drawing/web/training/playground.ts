// A network that trains in the page: its neurons, the boundary it draws, its loss, and below or
// beside them the explorer with every value and derivative. While it trains nothing moves.

import type { Choice, Choices } from "../evaluate.ts";
import { Explorer } from "../explorer/explorer.ts";
import type { Options } from "../explorer/session.ts";
import { unpack } from "../unpack.ts";
import type { SceneData } from "../unpack.ts";
import type { Scene } from "../scene.ts";
import { html } from "../html.ts";
import { put } from "../live/recompute.ts";
import { shown } from "../values/summary.js";
import { drawBoundary, fields, lossCurve } from "./charts.ts";
import { nameOf, readKept, sceneOf, unpacked, writeKept } from "./choices.ts";
import { Controls } from "./controls.ts";
import { NeuronPicture } from "./network.ts";
import { Trainer } from "./trainer.ts";
import type { TrainedProgram } from "./trainer.ts";

/** Milliseconds between two pictures of a training, and how many of them are spent training. */
const PACE = 120;
const BUSY = 50;

export class Playground {
  explorer!: Explorer;
  readonly #root: HTMLElement;
  readonly #options: Options;
  readonly #choices: Choices | undefined;
  readonly #nets: Promise<Record<string, string>> | null;
  #choice: Choice | null;
  #rate: number;
  /** The run so far has had one learning rate, so that it can be told in the address. */
  #steady = true;
  #data: SceneData;
  #trainer!: Trainer;
  #neurons!: NeuronPicture;
  #controls!: Controls;
  #timer = 0;
  readonly #row = html("div", { class: "controls" });
  readonly #told = html("output", { class: "trained", "aria-live": "off" });
  readonly #alert = html("p", { class: "diverged bad", role: "alert", hidden: "" });
  readonly #net = html("div", { class: "net" });
  readonly #boundary = html("canvas", { class: "boundary", width: "504", height: "504" });
  readonly #losses = html("div", { class: "losses" });
  readonly #graph = html("div", { class: "graph" });

  constructor(root: HTMLElement, data: SceneData, options: Options) {
    this.#root = root;
    this.#options = options;
    this.#data = data;
    const { choices, rate = 0.5 } = (data.program as TrainedProgram).train;
    const kept = options.alone ? readKept(choices) : null;
    this.#choices = choices;
    this.#choice = choices?.first ?? null;
    this.#rate = kept?.rate ?? rate;
    this.#nets = choices ? unpacked(choices) : null;
    root.classList.add("sg", "playground");
    const charts = html("div", { class: "charts" }, this.#boundary, this.#losses);
    const views = html("div", { class: "views" }, this.#told, this.#alert, this.#net, charts);
    root.replaceChildren(this.#row, html("div", { class: "body" }, views, this.#graph));
    this.#begin();
    const steps = kept?.steps ?? 0;
    if (kept?.choice) void this.#choose(kept.choice, steps);
    else this.#run(steps);
  }

  get camera() {
    return this.explorer.camera;
  }

  get session() {
    return this.explorer.session;
  }

  /** From the first weights, with the scene as it is now. */
  #begin() {
    const data = this.#data;
    const options = this.#options;
    const language = this.explorer?.session.language ?? options.language;
    this.#pause();
    unpack(data);
    this.#trainer = new Trainer(data.program as TrainedProgram);
    this.#steady = true;
    put({ scene: data as Scene }, this.#trainer.program, this.#trainer.values);
    const place = html("div");
    this.#graph.replaceChildren(place);
    this.explorer = new Explorer(place, data, { ...options, language, changed: undefined });
    const { session } = this.explorer;
    const { theme } = this.#root.dataset;
    if (theme === "dark" || theme === "light") session.setTheme(theme);
    session.on("draw", () => this.#takeEdits());
    session.on("language", () => this.#dress());
    session.on("theme", () => {
      this.#root.dataset.theme = session.theme;
      this.#show(false);
    });
    session.on("address", () => this.#keep());
    this.#dress();
  }

  /** Words, controls and the neurons' picture, in the reader's language. */
  #dress() {
    const { session } = this.explorer;
    const say = (key: string) => session.say(key);
    const acts = {
      toggle: () => (this.#timer ? this.#pause() : this.#run(Infinity)),
      one: () => this.#one(),
      reset: () => this.#reset(),
      choose: (choice: Choice) => void this.#choose(choice, 0),
      setRate: (rate: number) => this.#setRate(rate),
    };
    this.#root.lang = session.language;
    this.#controls = new Controls(say, acts, this.#rate, this.#choices, this.#choice);
    this.#row.replaceChildren(this.#controls.row);
    this.#neurons = new NeuronPicture(this.#trainer, say("neurons"));
    this.#net.replaceChildren(this.#neurons.svg);
    this.#net.hidden = !this.#trainer.plan.layers?.length;
    this.#boundary.hidden = !this.#trainer.flat;
    this.#boundary.setAttribute("role", "img");
    this.#boundary.setAttribute("aria-label", say("boundary"));
    this.#show(false);
  }

  /** A weight that was edited in the picture is trained on from there. */
  #takeEdits() {
    for (const [leaf] of this.#trainer.plan.parameters) {
      const edited = this.explorer.session.given.get(leaf);
      if (edited) this.#trainer.given.set(leaf, edited);
    }
  }

  async #choose(choice: Choice, steps: number) {
    const text = (await this.#nets)?.[nameOf(choice)];
    if (!text || !this.#choices) return;
    this.#choice = choice;
    this.#data = sceneOf(text, this.#choices, choice, this.#rate);
    this.#begin();
    this.#keep();
    this.#run(steps);
  }

  #setRate(rate: number) {
    this.#steady &&= rate === this.#rate || !this.#trainer.count;
    this.#rate = rate;
    this.#keep();
  }

  #reset() {
    this.#pause();
    this.#trainer = new Trainer(this.#trainer.program);
    this.explorer.session.given.clear();
    this.#steady = true;
    this.#dress();
    this.#keep();
  }

  /** Trains until so many steps are done, or it is stopped, or it diverges. */
  #run(until: number) {
    if (this.#trainer.count >= until || this.#trainer.diverged) return;
    this.#timer = window.setInterval(() => {
      const end = performance.now() + BUSY;
      while (performance.now() < end && this.#trainer.count < until && !this.#trainer.diverged) {
        this.#trainer.step(this.#rate);
      }
      if (this.#trainer.count >= until || this.#trainer.diverged) this.#pause();
      this.#show(true);
    }, PACE);
    this.#show(false);
  }

  #pause() {
    const ran = this.#timer > 0;
    clearInterval(this.#timer);
    this.#timer = 0;
    if (!ran) return;
    this.#show(false);
    this.#keep();
  }

  #one() {
    this.#pause();
    if (!this.#trainer.diverged) this.#trainer.step(this.#rate);
    this.#show(true);
    this.#keep();
  }

  /** What the training has come to; `graph`: its values and derivatives too. */
  #show(graph: boolean) {
    const trainer = this.#trainer;
    const alert = this.#alert;
    const { session } = this.explorer;
    const percent = `${shown(Math.round(1000 * trainer.accuracy()) / 10)} %`;
    this.#told.textContent = [
      `${trainer.count} ${session.say("steps")}`,
      `${session.say("loss")} ${shown(trainer.loss)}`,
      `${session.say("accuracy")} ${percent}`,
    ].join(" · ");
    alert.hidden = !trainer.diverged;
    alert.textContent = trainer.diverged ? session.say("diverged") : "";
    this.#controls.go.textContent = session.say(this.#timer ? "stop" : "train");
    this.#controls.go.disabled = trainer.diverged;
    this.#controls.row.classList.toggle("over", trainer.diverged);
    const look = getComputedStyle(this.#root);
    const { data } = trainer.plan;
    const seen = trainer.flat ? trainer.look(fields(data)) : [];
    if (trainer.flat) drawBoundary(this.#boundary, data, seen, look);
    this.#neurons.show(seen, look);
    this.#drawLosses();
    if (!graph) return;
    put(session, trainer.program, trainer.values);
    session.given = new Map(trainer.given);
    session.tell("draw", false);
  }

  #drawLosses() {
    const { losses } = this.#trainer;
    const curve = lossCurve(losses);
    const label = `${this.explorer.session.say("loss")} ${losses.map(shown).slice(-1)}`;
    this.#losses.setAttribute("role", "img");
    this.#losses.setAttribute("aria-label", label);
    const most = losses.length ? (curve.dataset.most ?? "") : "";
    this.#losses.replaceChildren(html("span", {}, most), curve, html("span", {}, label));
  }

  /** The address as it is now. */
  #keep() {
    if (!this.#options.alone) return;
    const { first } = this.#choices ?? {};
    const moved = this.#choice && JSON.stringify(this.#choice) !== JSON.stringify(first);
    writeKept({
      choice: moved ? this.#choice : null,
      rate: this.#rate === this.#trainer.plan.rate ? null : this.#rate,
      steps: this.#steady ? this.#trainer.count : 0,
    });
  }
}
