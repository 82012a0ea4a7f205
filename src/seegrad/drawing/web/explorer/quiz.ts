// The quiz: derivatives become blanks, answers are graded as numbers are shown, a hint tells the
// local rule.

import { html, textButton } from "../html.ts";
import { parseAnswer, readNumber } from "../live/typed_number.ts";
import type { Wire } from "../scene.ts";
import type { StepFormulas } from "../step_formulas.ts";
import { shown } from "../values/summary.js";
import type { Picture } from "./picture.ts";
import type { Session } from "./session.ts";
import type { Stepping } from "./stepping.ts";

export class Quiz {
  readonly #session: Session;
  readonly #picture: Picture;
  readonly #stepping: Stepping;
  readonly #formulas: StepFormulas;
  readonly #line: HTMLElement;
  readonly #answers = new Map<string, string>();
  #graded = false;
  /** The wire whose derivative was typed last, for which the hint is. */
  #at = "";

  /** `line`: the line below the picture, which tells the score and hints. */
  constructor(
    session: Session,
    picture: Picture,
    stepping: Stepping,
    formulas: StepFormulas,
    line: HTMLElement,
  ) {
    this.#session = session;
    this.#picture = picture;
    this.#stepping = stepping;
    this.#formulas = formulas;
    this.#line = line;
    session.on("draw", () => this.#layBlanks());
    session.on("step", () => {
      if (session.quiz && !stepping.now) this.#tellScore();
    });
  }

  toggle() {
    this.#session.quiz = !this.#session.quiz;
    this.#graded = false;
    this.#answers.clear();
    this.#at = "";
    this.#session.step = Infinity;
    this.#session.tell("draw", true);
    this.#session.tell("address", undefined);
  }

  #layBlanks() {
    const { layer, blanks, plan, view } = this.#picture;
    const held = layer.contains(document.activeElement);
    layer.replaceChildren();
    for (const wire of view.wires) {
      const spot = plan.labels.get(wire.id);
      if (blanks.has(wire.id) && spot) layer.append(this.#field(wire, spot));
    }
    if (this.#graded) this.#mark();
    if (held) layer.querySelector<HTMLElement>(`[data-blank="${this.#at}"]`)?.focus();
  }

  #field(wire: Wire, [x, y]: [number, number]) {
    const field = html("input", {
      class: "answer",
      inputmode: this.#shapeOf(wire.id) ? "text" : "decimal",
      placeholder: this.#shapeOf(wire.id) ? "( , )" : "",
      autocomplete: "off",
      "data-blank": wire.id,
      "aria-label": `∂ ${this.#asked(wire)}`,
    });
    field.value = this.#answers.get(wire.id) ?? "";
    field.style.left = `${x - 30}px`;
    field.style.top = `${y + 11}px`;
    field.addEventListener("input", () => {
      this.#answers.set(wire.id, field.value);
      field.classList.remove("right", "wrong");
      if (field.nextElementSibling?.matches(".verdict")) field.nextElementSibling.remove();
      if (this.#graded) this.#tellScore();
    });
    field.addEventListener("focus", () => {
      this.#at = wire.id;
      this.#tellScore();
    });
    field.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter") this.#grade();
      if (event.key === "Escape") field.blur();
    });
    return field;
  }

  #asked(wire: Wire) {
    const name = this.#formulas.wireText(this.#session.wire(wire.id) ?? wire);
    return this.#shapeOf(wire.id) ? `${name}: ${this.#session.say("shape")}` : name;
  }

  /** Of an array the shape of its derivative is asked for; "" of a number. */
  #shapeOf(wire: string): string {
    const shape = this.#session.wire(wire)?.grad?.shape ?? [];
    return shape.length ? shape.join(",") : "";
  }

  #truth(wire: string): number | undefined {
    return this.#session.wire(wire)?.grad?.numbers?.[0];
  }

  /** Is what was typed, shown as we show numbers, the number that is shown? */
  #isRight(wire: string) {
    const answer = this.#answers.get(wire) ?? "";
    const shape = this.#shapeOf(wire);
    if (shape) return answer.replace(/[()[\]\s]/g, "").replace(/,$/, "") === shape;
    const typed = parseAnswer(answer);
    const truth = this.#truth(wire);
    return typed !== null && truth !== undefined && shown(typed) === shown(truth);
  }

  #grade() {
    this.#graded = true;
    this.#mark();
    this.#tellScore();
  }

  #mark() {
    for (const field of this.#picture.layer.querySelectorAll("input")) {
      const empty = !field.value.trim();
      const right = this.#isRight(field.dataset.blank ?? "");
      const sign = html("span", { class: right ? "verdict right" : "verdict wrong" });
      sign.textContent = right ? "✓" : "✗";
      if (field.nextElementSibling?.matches(".verdict")) field.nextElementSibling.remove();
      if (!empty) {
        field.after(sign);
        sign.style.left = `${parseFloat(field.style.left) + 62}px`;
        sign.style.top = field.style.top;
      }
      field.classList.toggle("right", !empty && right);
      field.classList.toggle("wrong", !empty && !right);
      if (empty) field.removeAttribute("aria-invalid");
      else field.setAttribute("aria-invalid", String(!right));
    }
  }

  #tellScore() {
    const session = this.#session;
    const held = [...this.#line.children].indexOf(document.activeElement as Element);
    const all = [...this.#picture.blanks];
    const right = all.filter((id) => this.#isRight(id)).length;
    const score = `${session.say("right")}: ${right} / ${all.length}`;
    this.#line.replaceChildren(
      html("span", { class: "score" }, this.#graded ? score : session.say("blanks")),
      textButton("check", session.say("check"), () => this.#grade()),
      textButton("show", session.say("show"), () => this.#reveal()),
      ...this.#hint(),
    );
    (this.#line.children[held] as HTMLElement | undefined)?.focus();
  }

  #reveal() {
    for (const id of this.#picture.blanks) {
      const truth = this.#truth(id);
      const shape = this.#shapeOf(id);
      if (shape) this.#answers.set(id, `(${shape})`);
      else if (truth !== undefined) this.#answers.set(id, shown(truth));
    }
    this.#layBlanks();
    this.#grade();
  }

  /** What went wrong with an answer: the key of the words that name the mistake; "" unknown. */
  #mistake(goal: Wire): string {
    const answer = this.#answers.get(goal.id) ?? "";
    const typed = readNumber(answer);
    if (!this.#graded || !answer.trim() || this.#isRight(goal.id)) return "";
    if (this.#shapeOf(goal.id)) return "sameShape";
    if (typeof typed === "string") return typed;
    const truth = this.#truth(goal.id) ?? NaN;
    const upstream = this.#session.box(goal.target)?.grad?.numbers?.[0] ?? NaN;
    const others = this.#session.scene.wires.filter(
      (wire) => wire.target === goal.target && wire.id !== goal.id,
    );
    const same = (x: number | undefined) => x !== undefined && shown(x) === shown(typed);
    if (others.some((wire) => same(this.#truth(wire.id)))) return "swapped";
    if (others.some((wire) => same(wire.value?.numbers?.[0])) || same(truth / upstream)) {
      return "forgotUpstream";
    }
    if (same(upstream)) return "forgotLocal";
    return same(-truth) ? "wrongSign" : "";
  }

  /** The mistake in the answer that was typed last, and the local rule for it. */
  #hint(): HTMLElement[] {
    const session = this.#session;
    const goal = session.wire(this.#at);
    const box = session.box(goal?.target);
    this.#stepping.letter(box ? [box.id] : []);
    if (!goal) return [];
    const rule = box?.rules && this.#formulas.chainRule(box, goal, false);
    const otherwise = session.say(box?.kind === "fork" ? "sum" : "noHint");
    const mistake = this.#mistake(goal);
    return [
      ...(mistake ? [html("span", { class: "mistake" }, `✗ ${session.say(mistake)}`)] : []),
      html("span", { class: "hint" }, html("b", {}, session.say("hint")), " ", rule || otherwise),
    ];
  }
}
