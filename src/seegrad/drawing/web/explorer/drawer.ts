// The drawer of rarer controls: search, overlays, what is hidden, saving, recorded steps.

import { savePng, saveSvg } from "../sharing/exporting.ts";
import { html, textButton } from "../html.ts";
import type { Actions } from "../input/actions.ts";
import { controls, switches } from "./bar.ts";
import type { Overlays } from "./overlays.ts";
import type { Picture } from "./picture.ts";
import { idOf } from "./picture.ts";
import type { Session } from "./session.ts";
import { found, hiding } from "./visible.ts";

export class Drawer {
  readonly box: HTMLElement;
  readonly #session: Session;
  readonly #picture: Picture;
  readonly #overlays: Overlays;
  readonly #actions: Actions;
  readonly #svgText: () => string;

  constructor(
    session: Session,
    picture: Picture,
    overlays: Overlays,
    actions: Actions,
    svgText: () => string,
  ) {
    this.#session = session;
    this.#picture = picture;
    this.#overlays = overlays;
    this.#actions = actions;
    this.#svgText = svgText;
    this.box = html("div", { class: "drawer", hidden: "" });
    session.on("language", () => {
      if (this.isOpen) this.#build();
    });
  }

  get isOpen() {
    return !this.box.hidden;
  }

  toggle() {
    this.box.hidden = !this.box.hidden;
    if (this.isOpen) this.#build();
  }

  openSearch() {
    if (!this.isOpen) this.toggle();
    this.box.querySelector<HTMLInputElement>(".search")?.focus();
  }

  #build() {
    const session = this.#session;
    const actions = this.#actions;
    const button = (key: string, act: () => void) => textButton(key, session.say(key), act);
    this.box.replaceChildren(
      ...this.#searchField(),
      this.#overlayField(),
      this.#check("constants", session.constants, actions.constants),
      this.#check("path", session.pathOnly, actions.path),
      button("openAll", () => session.openAll()),
      button("closeAll", () => session.setOpen([])),
      button("svg", () => saveSvg(this.#svgText())),
      button("png", () => savePng(this.#svgText(), this.#picture.plan)),
      button("present", actions.present),
      html(
        "span",
        { class: "narrow" },
        ...controls(session, actions, ["zoomOut", "fit", "zoomIn", ...switches(session)]),
      ),
      html("p", { class: "keys" }, session.say("keys")),
    );
  }

  #check(key: string, on: boolean, act: () => void) {
    const input = html("input", { type: "checkbox" });
    input.checked = on;
    input.addEventListener("change", act);
    return html("label", {}, input, this.#session.say(key));
  }

  #overlayField() {
    const session = this.#session;
    const words = session.say("overlay");
    const field = html(
      "select",
      { class: "overlays", "aria-label": words },
      html("option", { value: "" }, session.say("none")),
      ...this.#overlays.names.map((name) =>
        html("option", { value: name }, session.say(`over ${name}`, name)),
      ),
    );
    field.value = session.overlay;
    field.addEventListener("change", () => this.#overlays.set(field.value));
    return html("label", {}, `${words} `, field);
  }

  #searchField() {
    const words = this.#session.say("search");
    const field = html("input", {
      type: "search",
      class: "search",
      placeholder: words,
      "aria-label": words,
    });
    const count = html("output", { class: "found" });
    field.addEventListener("input", () => {
      const hits = this.#find(field.value);
      count.textContent = field.value ? `${hits.length} ${this.#session.say("found")}` : "";
    });
    field.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter") this.#reveal(field.value);
      if (event.key === "Escape") this.toggle();
    });
    return [field, count];
  }

  /** What is found, shown in the picture. */
  #find(words: string): string[] {
    const hits = found(this.#session, words);
    const ids = new Set(hits);
    for (const node of this.#picture.all("[data-box],[data-group]")) {
      node.classList.toggle("match", ids.has(idOf(node)));
    }
    return hits;
  }

  /** Opens what hides the next hit and brings it to the middle. */
  #reveal(words: string) {
    const session = this.#session;
    const hits = found(session, words);
    if (!hits.length) return;
    const id = hits[(hits.indexOf(session.pinned) + 1) % hits.length];
    session.pinned = id;
    session.setOpen([...session.open, ...hiding(session, id)]);
    this.#picture.camera.centre(id);
    this.#find(words);
  }
}
