// Recorded training steps: played, and scrubbed through by the curve of their loss.

import { plainNumber } from "../evaluate.ts";
import { calm } from "../explorer/picture.ts";
import type { Session } from "../explorer/session.ts";
import { html, icon, iconButton } from "../html.ts";
import { shown } from "../values/summary.js";
import { lossCurve } from "./charts.ts";

/** Milliseconds of a whole film, and the fewest and most between two moments. */
const WHOLE = 6000;
const [FASTEST, SLOWEST] = [60, 500];

export class FilmStrip {
  readonly box: HTMLElement;
  readonly #session: Session;
  #slider = html("input");
  readonly #title = html("output", { class: "moment-title" });
  #timer = 0;

  constructor(session: Session) {
    this.#session = session;
    this.box = html("div", { class: "film", role: "group" });
    if (session.moment < 0) session.moment = this.#last;
    this.#build();
    session.on("language", () => this.#build());
  }

  get #moments() {
    return this.#session.scene.moments ?? [];
  }

  get #last() {
    return this.#moments.length - 1;
  }

  #build() {
    const session = this.#session;
    const words = session.say("moment");
    this.box.setAttribute("aria-label", words);
    this.#slider = html("input", {
      type: "range",
      min: "0",
      max: String(this.#last),
      class: "moment",
      value: String(session.moment),
      "aria-label": words,
    });
    this.#slider.addEventListener("input", () => {
      this.#pause();
      this.#go(Number(this.#slider.value));
    });
    const losses = this.#moments.map(({ loss = NaN }) => plainNumber(loss));
    const known = losses.some(Number.isFinite);
    this.box.replaceChildren(
      iconButton("film", "play", session.say("playFilm"), () => this.#toggle()),
      html(
        "div",
        { class: known ? "track curved" : "track" },
        ...(known ? [lossCurve(losses)] : []),
        this.#slider,
      ),
      this.#title,
    );
    this.#tell();
  }

  #toggle() {
    if (this.#timer) return this.#pause();
    if (this.#session.moment >= this.#last) this.#go(0);
    const pace = Math.min(SLOWEST, Math.max(FASTEST, WHOLE / Math.max(this.#last, 1)));
    this.#timer = window.setInterval(
      () => {
        this.#go(this.#session.moment + 1);
        if (this.#session.moment >= this.#last) this.#pause();
      },
      calm() ? SLOWEST : pace,
    );
    this.#tell();
  }

  #pause() {
    clearInterval(this.#timer);
    this.#timer = 0;
    this.#tell();
  }

  #go(at: number) {
    this.#session.showMoment(Math.max(0, Math.min(this.#last, at)));
    this.#slider.value = String(this.#session.moment);
    this.#tell();
    this.#session.tell("address", undefined);
  }

  /** The moment's title and loss, and whether it plays. */
  #tell() {
    const { moment } = this.#session;
    const { title = String(moment), loss } = this.#moments[moment] ?? {};
    const words =
      loss === undefined ? "" : ` · ${this.#session.say("loss")} ${shown(plainNumber(loss))}`;
    this.#title.textContent = `${title}${words}`;
    this.#slider.setAttribute("aria-valuetext", this.#title.textContent);
    const sign = icon(this.#timer ? "pause" : "play");
    this.box.querySelector(".do-film")?.replaceChildren(sign);
  }
}
