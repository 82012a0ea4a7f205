// The row of controls below the picture.

import { html, icon, iconButton } from "../html.ts";
import type { Actions } from "../input/actions.ts";
import type { Session } from "./session.ts";
import type { Stepping } from "./stepping.ts";

export class Bar {
  readonly row: HTMLElement;
  slider: HTMLInputElement;
  private readonly session: Session;
  private readonly stepping: Stepping;
  private readonly actions: Actions;
  private count: HTMLOutputElement;

  constructor(session: Session, stepping: Stepping, actions: Actions) {
    this.session = session;
    this.stepping = stepping;
    this.actions = actions;
    this.row = html("div", { class: "bar", role: "toolbar" });
    this.slider = html("input");
    this.count = html("output");
    this.build();
    session.on("language", () => this.build());
    session.on("step", () => this.show());
  }

  private button(key: keyof Actions, sign: string) {
    return iconButton(key, sign, this.session.say(key), this.actions[key]);
  }

  private build() {
    const { session } = this;
    this.row.setAttribute("aria-label", session.say("step"));
    this.slider = html("input", {
      type: "range",
      min: "0",
      class: "slider",
      "aria-label": session.say("step"),
    });
    this.slider.addEventListener("input", () => this.stepping.go(Number(this.slider.value)));
    this.count = html("output", { class: "count" });
    const walk = (["first", "back", "play", "next", "last"] as const).map((key) =>
      this.button(key, key),
    );
    this.row.replaceChildren(
      html("span", { class: "walk" }, ...walk),
      this.slider,
      this.count,
      html(
        "span",
        { class: "look" },
        this.button("zoomOut", "−"),
        this.button("fit", "fit"),
        this.button("zoomIn", "+"),
      ),
      html(
        "span",
        { class: "rest" },
        this.button("quiz", "?="),
        this.button("language", session.language === "en" ? "한" : "En"),
        this.button("dark", "dark"),
        this.button("more", "⋯"),
      ),
    );
  }

  private show() {
    const { step } = this.session;
    const { last } = this.stepping;
    this.slider.max = String(last);
    this.slider.value = String(step);
    this.slider.setAttribute("aria-valuetext", `${step} / ${last}`);
    this.count.textContent = `${step} / ${last}`;
    const sign = icon(this.stepping.playing ? "pause" : "play");
    this.row.querySelector(".do-play")?.replaceChildren(sign);
  }
}
