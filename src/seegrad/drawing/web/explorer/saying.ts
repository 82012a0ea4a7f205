// The line below the picture: what the step that is shown does, as words and as a formula.

import { html } from "../html.ts";
import { isGroup } from "../scene.ts";
import type { Box, Group } from "../scene.ts";
import type { StepFormulas } from "../step_formulas.ts";
import type { Step } from "../scene.ts";
import type { Picture } from "./picture.ts";
import type { Session } from "./session.ts";

export class Saying {
  readonly line: HTMLElement;
  readonly #session: Session;
  readonly #picture: Picture;
  readonly #said: StepFormulas;

  constructor(session: Session, picture: Picture, said: StepFormulas) {
    this.#session = session;
    this.#picture = picture;
    this.#said = said;
    this.line = html("div", { class: "says", "aria-live": "polite", tabindex: "0" });
    session.on("step", () => this.#explain());
  }

  #explain() {
    const session = this.#session;
    const picture = this.#picture;
    const step = picture.steps[session.step];
    if (step) this.line.replaceChildren(...this.#told(step));
    else if (!session.quiz) this.line.replaceChildren(...this.#end());
  }

  /** What is said where everything is known. */
  #end(): HTMLElement[] {
    const session = this.#session;
    const notes = session.scene.note ?? [];
    const born = notes.length || !session.isSpoilt ? undefined : this.#birth();
    if (born) {
      return [html("span", { class: "problem" }, `${session.say("bornAt")} ${born.sign}`)];
    }
    if (!notes.length) {
      return [html("span", {}, session.say(session.hasBackward ? "done" : "doneForward"))];
    }
    return notes.map((line, i) => html("span", { class: i ? "note" : "problem" }, line));
  }

  /** The operation at which a NaN or an infinity first came up. */
  #birth(): Box | undefined {
    const { boxes, wires } = this.#session.scene;
    const ill = new Set(wires.filter((wire) => wire.value?.bad).map((wire) => wire.target));
    return boxes.find((box) => box.kind === "operation" && box.value?.bad && !ill.has(box.id));
  }

  #told(step: Step): HTMLElement[] {
    const box = this.#picture.view.boxes.find((each) => each.id === step.box);
    const label = this.#session.say(step.phase === "update" ? "updateSays" : step.phase);
    const made = [html("span", { class: "phase" }, label)];
    if (box && isGroup(box)) {
      made.push(html("b", {}, [box.sign, box.name].filter(Boolean).join(" ")));
    }
    for (const formula of this.#formulas(step, box)) {
      if (step.phase === "backward" && box && !isGroup(box)) this.#markFactors(formula, box.id);
      made.push(html("span", { class: "formula" }, formula));
    }
    const undefinedInside = step.wires.some((id) => this.#session.wire(id)?.inner);
    if (undefinedInside && box && !isGroup(box))
      made.push(html("span", {}, this.#session.say("ownRule")));
    return made;
  }

  /** Factors are marked as the edges that bring them: what arrives, and each input by its place. */
  #markFactors(formula: Element, box: string) {
    for (const factor of formula.querySelectorAll("[data-edge]")) {
      const wire = this.#session.wire(factor.getAttribute("data-edge") ?? "");
      const isValue = factor.getAttribute("data-part") === "value";
      if (isValue && wire?.target === box) factor.classList.add(`f${wire.position ?? 0}`);
      if (!isValue && wire?.source === box) factor.classList.add("upstream");
    }
  }

  #formulas(step: Step, box: Box | Group | undefined): Element[] {
    const said = this.#said;
    const forward = step.phase === "forward";
    const answer = !this.#session.quiz;
    if (step.phase === "update") return [said.update()];
    if (!box) return [];
    if (isGroup(box)) return forward || answer ? said.group(step, box.id, this.#picture.view) : [];
    if (forward) return [said.forward(box)];
    if (step.phase === "sum") return [said.sum(box, answer)];
    const wires = said.into(box.id).filter((wire) => step.wires.includes(wire.id));
    return wires.map((wire) => said.chainRule(box, wire, answer));
  }
}
