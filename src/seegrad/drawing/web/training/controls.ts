// The playground's row of controls: train, one step, back to the start, and what can be chosen.
// What they do is the playground's.

import type { Choice, Choices } from "../evaluate.ts";
import { html, iconButton, textButton } from "../html.ts";

export type Acts = {
  toggle: () => void;
  one: () => void;
  reset: () => void;
  choose: (choice: Choice) => void;
  setRate: (rate: number) => void;
};

export class Controls {
  readonly row: HTMLElement;
  readonly go: HTMLButtonElement;
  readonly #say: (key: string) => string;
  readonly #acts: Acts;

  constructor(
    say: (key: string) => string,
    acts: Acts,
    rate: number,
    choices: Choices | undefined,
    choice: Choice | null,
  ) {
    this.#say = say;
    this.#acts = acts;
    this.go = textButton("train", say("train"), acts.toggle);
    const one = iconButton("one", "+1", say("oneStep"), acts.one);
    this.row = html(
      "div",
      { class: "training", role: "group", "aria-label": say("train") },
      html(
        "span",
        { class: "run" },
        this.go,
        one,
        textButton("restart", say("restart"), acts.reset),
      ),
    );
    if (choices && choice) this.row.append(...this.#chosen(choices, choice));
    this.row.append(this.#rateField(rate));
  }

  #chosen(choices: Choices, choice: Choice) {
    const offered: [keyof Choice, (string | number)[]][] = [
      ["data", Object.keys(choices.data)],
      ["depth", choices.depths],
      ["width", choices.widths],
      ["activation", choices.activations],
    ];
    return offered.map(([key, all]) => {
      const words = this.#say(`choose ${key}`);
      const field = html(
        "select",
        { class: `choose ${key}` },
        ...all.map((each) => html("option", { value: String(each) }, this.#say(String(each)))),
      );
      field.value = String(choice[key]);
      field.addEventListener("change", () => {
        const picked = all[field.selectedIndex];
        this.#acts.choose({ ...choice, [key]: picked });
      });
      return html("label", {}, words, field);
    });
  }

  #rateField(rate: number) {
    const field = html("input", {
      type: "text",
      inputmode: "decimal",
      class: "rate",
      value: String(rate),
    });
    const problem = html("span", { class: "bad", role: "alert" });
    field.addEventListener("change", () => {
      const typed = Number(field.value.trim() || NaN);
      const right = typed > 0 && typed < Infinity;
      field.classList.toggle("wrong", !right);
      field.setAttribute("aria-invalid", String(!right));
      problem.textContent = right ? "" : this.#say("wrongRate");
      if (right) this.#acts.setRate(typed);
    });
    return html("label", {}, this.#say("rate"), field, problem);
  }
}
