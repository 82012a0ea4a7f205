// The quiz: derivatives become blanks, answers are graded as numbers are shown, a hint tells the
// local rule.

import { html, textButton } from "../html.ts";
import { parseAnswer } from "../live/typed_number.ts";
import type { Wire } from "../scene.ts";
import type { StepFormulas } from "../step_formulas.ts";
import { shown } from "../values/summary.js";
import type { Picture } from "./picture.ts";
import type { Session } from "./session.ts";
import type { Stepping } from "./stepping.ts";

export class Quiz {
  private readonly session: Session;
  private readonly picture: Picture;
  private readonly stepping: Stepping;
  private readonly formulas: StepFormulas;
  private readonly line: HTMLElement;
  private readonly answers = new Map<string, string>();
  private graded = false;

  /** `line`: the line below the picture, which tells the score and hints. */
  constructor(
    session: Session,
    picture: Picture,
    stepping: Stepping,
    formulas: StepFormulas,
    line: HTMLElement,
  ) {
    this.session = session;
    this.picture = picture;
    this.stepping = stepping;
    this.formulas = formulas;
    this.line = line;
    session.on("draw", () => this.layBlanks());
    session.on("step", () => {
      if (session.quiz && !stepping.now) this.tellScore();
    });
  }

  toggle() {
    this.session.quiz = !this.session.quiz;
    this.graded = false;
    this.answers.clear();
    this.session.step = Infinity;
    this.session.tell("draw", true);
    this.session.tell("address", undefined);
  }

  private layBlanks() {
    const { layer, blanks, plan, view } = this.picture;
    layer.replaceChildren();
    for (const wire of view.wires) {
      const spot = plan.labels.get(wire.id);
      if (blanks.has(wire.id) && spot) layer.append(this.field(wire, spot));
    }
    if (this.graded) this.mark();
  }

  private field(wire: Wire, [x, y]: [number, number]) {
    const field = html("input", {
      class: "answer",
      inputmode: "decimal",
      autocomplete: "off",
      "data-blank": wire.id,
      "aria-label": `∂ ${this.session.plainName(wire.origin ?? wire.source)}`,
    });
    field.value = this.answers.get(wire.id) ?? "";
    field.style.left = `${x - 30}px`;
    field.style.top = `${y + 11}px`;
    field.addEventListener("input", () => {
      this.answers.set(wire.id, field.value);
      field.classList.remove("right", "wrong");
      if (this.graded) this.tellScore();
    });
    field.addEventListener("focus", () => this.hint(wire));
    field.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter") this.grade();
      if (event.key === "Escape") field.blur();
    });
    return field;
  }

  private truth(wire: string): number | undefined {
    return this.session.wire(wire)?.grad?.numbers?.[0];
  }

  /** Is what was typed, shown as we show numbers, the number that is shown? */
  private isRight(wire: string) {
    const typed = parseAnswer(this.answers.get(wire) ?? "");
    const truth = this.truth(wire);
    return typed !== null && truth !== undefined && shown(typed) === shown(truth);
  }

  private grade() {
    this.graded = true;
    this.mark();
    this.tellScore();
  }

  private mark() {
    for (const field of this.picture.layer.querySelectorAll("input")) {
      const empty = !field.value.trim();
      const right = this.isRight(field.dataset.blank ?? "");
      field.classList.toggle("right", !empty && right);
      field.classList.toggle("wrong", !empty && !right);
      if (empty) field.removeAttribute("aria-invalid");
      else field.setAttribute("aria-invalid", String(!right));
    }
  }

  private tellScore() {
    const { session } = this;
    const all = [...this.picture.blanks];
    const right = all.filter((id) => this.isRight(id)).length;
    const score =
      session.language === "ko"
        ? `${session.say("right")} ${right} / ${all.length}`
        : `${right} of ${all.length} ${session.say("right")}`;
    this.line.replaceChildren(
      html("span", { class: "score" }, this.graded ? score : session.say("blanks")),
      textButton("check", session.say("check"), () => this.grade()),
      textButton("show", session.say("show"), () => this.reveal()),
    );
  }

  private reveal() {
    for (const id of this.picture.blanks) {
      const truth = this.truth(id);
      if (truth !== undefined) this.answers.set(id, shown(truth));
    }
    this.layBlanks();
    this.grade();
  }

  /** The local rule for the derivative that is asked for. */
  private hint(wire: Wire) {
    const { session } = this;
    const goal = session.wire(wire.id);
    const box = session.box(goal?.target);
    this.tellScore();
    this.stepping.letter(box ? [box.id] : []);
    const rule = box?.rules && goal ? this.formulas.chainRule(box, goal, false) : undefined;
    const otherwise = session.say(box?.kind === "fork" ? "sum" : "noHint");
    this.line.append(
      html("span", { class: "hint" }, html("b", {}, session.say("hint")), " ", rule ?? otherwise),
    );
  }
}
