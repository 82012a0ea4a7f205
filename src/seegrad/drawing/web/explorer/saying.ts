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
  private readonly session: Session;
  private readonly picture: Picture;
  private readonly said: StepFormulas;

  constructor(session: Session, picture: Picture, said: StepFormulas) {
    this.session = session;
    this.picture = picture;
    this.said = said;
    this.line = html("div", { class: "says", "aria-live": "polite" });
    session.on("step", () => this.explain());
  }

  private explain() {
    const { session, picture } = this;
    const step = picture.steps[session.step];
    if (step) this.line.replaceChildren(...this.told(step));
    else if (!session.quiz) this.line.replaceChildren(...this.end());
  }

  /** What is said where everything is known. */
  private end(): HTMLElement[] {
    const { session } = this;
    const notes = session.scene.note ?? [];
    if (!notes.length) {
      return [html("span", {}, session.say(session.hasBackward ? "done" : "doneForward"))];
    }
    return notes.map((line, i) => html("span", { class: i ? "note" : "problem" }, line));
  }

  private told(step: Step): HTMLElement[] {
    const box = this.picture.view.boxes.find((each) => each.id === step.box);
    const label = this.session.say(step.phase === "update" ? "updateSays" : step.phase);
    const made = [html("span", { class: "phase" }, label)];
    if (box && isGroup(box)) {
      made.push(html("b", {}, [box.sign, box.name].filter(Boolean).join(" ")));
    }
    for (const formula of this.formulas(step, box)) {
      made.push(html("span", { class: "formula" }, formula));
    }
    return made;
  }

  private formulas(step: Step, box: Box | Group | undefined): Element[] {
    const { said } = this;
    if (step.phase === "update") return [said.update()];
    if (!box) return [];
    if (isGroup(box)) return [said.group(step, box.id, this.picture.view)];
    if (step.phase === "forward") return [said.forward(box)];
    if (step.phase === "sum") return [said.sum(box)];
    const wires = said.into(box.id).filter((wire) => step.wires.includes(wire.id));
    return wires.map((wire) => said.chainRule(box, wire, true));
  }
}
