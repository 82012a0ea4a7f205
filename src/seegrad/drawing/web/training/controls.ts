// The controls of a network that trains in the page, with its boundary and its loss.

import type { Session } from "../explorer/session.ts";
import { html, iconButton, textButton } from "../html.ts";
import { put } from "../live/recompute.ts";
import { shown } from "../values/summary.js";
import { drawBoundary, drawCurve } from "./charts.ts";
import { Trainer } from "./trainer.ts";
import type { TrainedProgram } from "./trainer.ts";

/** Milliseconds between two pictures of a training, and how many of them are spent training. */
const PACE = 120;
const BUSY = 60;

export class TrainingControls {
  readonly box: HTMLElement;
  private readonly session: Session;
  private readonly trainer: Trainer;
  private readonly rate: HTMLInputElement;
  private readonly told = html("output", { class: "trained" });
  private readonly boundary = canvas("boundary", 252);
  private readonly losses = canvas("losses", 120);
  private readonly go: HTMLButtonElement;
  private timer = 0;

  constructor(session: Session, program: TrainedProgram) {
    this.session = session;
    this.trainer = new Trainer(program);
    const words = session.say("rate");
    this.rate = html("input", {
      type: "number",
      step: "any",
      min: "0",
      class: "rate",
      value: String(program.train.rate ?? 0.5),
      "aria-label": words,
    });
    this.go = textButton("train", session.say("train"), () => this.toggle());
    const one = iconButton("next", "+1", session.say("next"), () => {
      this.step();
      this.show();
    });
    one.classList.add("one");
    this.boundary.hidden = !this.trainer.flat;
    this.box = html(
      "div",
      { class: "training" },
      this.go,
      one,
      html("label", {}, words, this.rate),
      this.told,
      this.boundary,
      this.losses,
    );
    queueMicrotask(() => this.show());
  }

  private step() {
    this.trainer.step(Number(this.rate.value) || 0);
  }

  private toggle() {
    if (this.timer) {
      clearInterval(this.timer);
      this.timer = 0;
    } else {
      this.timer = window.setInterval(() => {
        const until = performance.now() + BUSY;
        do this.step();
        while (performance.now() < until);
        this.show();
      }, PACE);
    }
    this.go.textContent = this.session.say(this.timer ? "stop" : "train");
  }

  private show() {
    const { session, trainer } = this;
    const told = [
      `${trainer.count} ${session.say("steps")}`,
      `${session.say("loss")} ${shown(trainer.loss)}`,
      `${session.say("accuracy")} ${shown(trainer.accuracy())}`,
    ];
    this.told.textContent = told.join(" · ");
    const look = getComputedStyle(this.box);
    if (trainer.flat) drawBoundary(this.boundary, trainer, look);
    drawCurve(this.losses, trainer.losses, look);
    put(session, trainer.program, trainer.values);
    session.given = new Map(trainer.given);
    session.tell("draw", false);
  }
}

function canvas(kind: string, height: number) {
  return html("canvas", { class: kind, width: "252", height: String(height) });
}
