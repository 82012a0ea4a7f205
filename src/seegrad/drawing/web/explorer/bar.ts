// The row of controls below the picture.

import { html, icon, iconButton } from "../html.ts";
import type { Actions } from "../input/actions.ts";
import type { Session } from "./session.ts";
import type { Stepping } from "./stepping.ts";

/** The signs of controls that have no icon. */
const SIGNS: Partial<Record<keyof Actions, string>> = {
  zoomOut: "−",
  zoomIn: "+",
  quiz: "?=",
  more: "⋯",
};

/** Language and theme, where the page has no switch for them. */
export function switches({ options }: Session): (keyof Actions)[] {
  return options.page ? [] : ["language", "dark"];
}

export function controls(session: Session, actions: Actions, keys: (keyof Actions)[]) {
  return keys.map((key) => {
    const other = session.language === "en" ? "한국어" : "English";
    const sign = key === "language" ? other : (SIGNS[key] ?? key);
    return iconButton(key, sign, session.say(key), actions[key]);
  });
}

export class Bar {
  readonly row: HTMLElement;
  #slider = html("input");
  #count = html("output");
  readonly #session: Session;
  readonly #stepping: Stepping;
  readonly #actions: Actions;

  constructor(session: Session, stepping: Stepping, actions: Actions) {
    this.#session = session;
    this.#stepping = stepping;
    this.#actions = actions;
    this.row = html("div", { class: "bar", role: "toolbar" });
    this.#build();
    session.on("language", () => this.#build());
    session.on("step", () => this.#show());
  }

  #group(kind: string, ...keys: (keyof Actions)[]) {
    return html("span", { class: kind }, ...controls(this.#session, this.#actions, keys));
  }

  #build() {
    const words = this.#session.say("step");
    this.row.setAttribute("aria-label", words);
    const attributes = { type: "range", min: "0", class: "slider", "aria-label": words };
    this.#slider = html("input", attributes);
    this.#slider.addEventListener("input", () => this.#stepping.go(Number(this.#slider.value)));
    this.#count = html("output", { class: "count" });
    this.row.replaceChildren(
      this.#group("walk", "first", "back", "play", "next", "last"),
      this.#slider,
      this.#count,
      this.#group("look wide", "zoomOut", "fit", "zoomIn"),
      this.#group("rest", "quiz"),
      this.#group("rest wide", ...switches(this.#session)),
      this.#group("rest", "more"),
    );
  }

  #show() {
    const { step } = this.#session;
    const { last } = this.#stepping;
    this.#slider.max = String(last);
    this.#slider.value = String(step);
    this.#slider.setAttribute("aria-valuetext", `${step} / ${last}`);
    this.#count.textContent = `${step} / ${last}`;
    const sign = icon(this.#stepping.playing ? "pause" : "play");
    this.row.querySelector(".do-play")?.replaceChildren(sign);
  }
}
