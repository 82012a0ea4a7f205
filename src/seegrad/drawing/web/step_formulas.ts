// What a step says, as formulas: values by letters, the chain rule, then the numbers put in.
// Gives LaTeX; nothing is drawn here.

import { fillHoles, mathName, mathNumber } from "./math.ts";
import { lines, shown, shownShape } from "./values/summary.js";
import { sizeOf } from "./values/summarize.ts";
import type { Scene, View, Box, Wire } from "./scene.ts";
import type { ArraySummary } from "./scene.ts";
import type { Step } from "./scene.ts";

export class StepFormulas {
  readonly scene: Scene;

  constructor(scene: Scene) {
    this.scene = scene;
  }

  /** The arguments of an operation. */
  into(id: string) {
    return this.scene.wires.filter((wire) => wire.target === id);
  }

  /** The letter for a box's value in formulas. */
  letter(id: string): string {
    const box = this.scene.boxes.find((each) => each.id === id);
    if (!box) return "y";
    if (box.kind === "fork") {
      const trunk = this.scene.wires.find((wire) => wire.target === id);
      return trunk ? this.letter(trunk.source) : "y";
    }
    if (box.name) return mathName(box.name);
    if (box.kind === "constant" && box.value && !box.value.shape.length) {
      return mathNumber(lines(box.value)[0]);
    }
    const out = this.scene.wires.find((wire) => wire.source === id && wire.kind === "output");
    if (out) return this.byItself(out) ? this.resultLetter() : "y";
    return `h_{${this.scene.boxes.filter((each) => each.kind === "operation").indexOf(box) + 1}}`;
  }

  /** Is it the result itself that is differentiated, so that 1 comes in from the right? */
  byItself(out: Wire) {
    return !out.value?.shape.length && (!out.grad || out.grad.numbers?.[0] === 1);
  }

  /** What is differentiated: the result, or an L further on when a derivative was sent in. */
  resultLetter() {
    const out = this.scene.wires.find((wire) => wire.kind === "output");
    const name = this.scene.boxes.find((box) => box.id === out?.target)?.name;
    return name && out && this.byItself(out) ? mathName(name) : "L";
  }

  numberIn(summary: ArraySummary | undefined) {
    if (!summary) return "?";
    if (sizeOf(summary.shape) === 1 && summary.numbers?.length) {
      const text = mathNumber(shown(summary.numbers[0]));
      return text.startsWith("-") ? `(${text})` : text;
    }
    return `\\text{${shownShape(summary.shape)}}`;
  }

  /** y = f(x) in letters, then with the numbers put in. */
  forward(box: Box) {
    const into = this.into(box.id);
    const sign = box.sign ?? "";
    const list = (word: (wire: Wire) => string) => {
      const words = into.map(word);
      const mark = { "×": "\\times", "·": "\\cdot" }[sign] ?? sign;
      if ((words.length === 2 && [...sign].length <= 1) || sign === "dot")
        return words.join(` ${mark === "dot" ? "\\cdot" : mark} `);
      if (sign === "/" && words.length === 1) return `\\frac{1}{${words[0]}}`;
      return `\\operatorname{${sign.replace(/[\\{}$^_&#%~]/g, "")}}(${words.join(", ")})`;
    };
    const letter = this.letter(box.id);
    return (
      `${letter} = ${list((wire) => this.letter(wire.source))}` +
      ` = ${list((wire) => this.numberIn(wire.value))} = ${this.numberIn(box.value)}`
    );
  }

  /** upstream × local derivative = downstream, in letters, then with the numbers put in;
   * without an answer, the letters alone. */
  chainRule(box: Box, wire: Wire, answer: boolean) {
    const into = this.into(box.id);
    const result = this.resultLetter(),
      by = this.letter(wire.source);
    const left = `\\frac{\\partial ${result}}{\\partial ${by}}`;
    const rule = box.rules?.[wire.position ?? 0] ?? "";
    const upstream = `\\frac{\\partial ${result}}{\\partial ${this.letter(box.id)}}`;
    const ask = (g: string, word: (w: Wire) => string, out: string) =>
      fillHoles(rule, (name) => {
        if (name === "g") return g;
        if (name === "out") return out;
        const source = into.find((each) => each.argument === name);
        return source ? word(source) : name;
      });
    if (!rule) return answer ? `${left} = ${this.numberIn(wire.grad)}` : left;
    const letters = ask(upstream, (w) => this.letter(w.source), this.letter(box.id));
    if (!answer) return `${left} = ${letters}`;
    const whole = wire.grad && sizeOf(wire.grad.shape) > 1;
    const numbers = ask(
      this.numberIn(box.grad),
      (w) => this.numberIn(w.value),
      this.numberIn(box.value),
    );
    const found = this.numberIn(wire.grad);
    const answered = whole ? `\\to ${found}` : `= ${found.replace(/^\((.*)\)$/, "$1")}`;
    return `${left} = ${letters} = ${numbers} ${answered}`;
  }

  /** The branches' derivatives and their sum. */
  sum(box: Box) {
    const branches = this.scene.wires.filter((wire) => wire.source === box.id && wire.backward);
    const terms = branches.map((wire) => this.numberIn(wire.grad));
    return `${terms.join(" + ")} = ${this.numberIn(box.grad)}`;
  }

  /** A closed box: its own rule where it has one, else the numbers that pass. */
  group(step: Step, id: string, view: View) {
    const wires = view.wires.filter((wire) => step.wires.includes(wire.id));
    const group = this.scene.groups.find((each) => each.id === id);
    const facts = wires
      .slice(0, 4)
      .map((wire) => this.numberIn(step.phase === "forward" ? wire.value : wire.grad));
    const into = view.wires.filter((wire) => wire.target === id);
    if (step.phase !== "backward" || !group?.rule || into.length !== 1) return facts.join(",\\ ");
    const up = view.wires.find((wire) => wire.source === id);
    const rule = group.rule.replace(/²/g, "^2").replace(/·/g, "\\cdot ").replace(/−/g, "-");
    const result = this.resultLetter(),
      one = !up?.value?.shape.length;
    const known = { y: up?.value, x: into[0].value };
    const put = one ? rule.replace(/\b[xy]\b/g, (c) => this.numberIn(known[c as "x" | "y"])) : rule;
    return (
      `\\frac{\\partial ${result}}{\\partial ${this.letter(into[0].origin ?? "")}} = ` +
      `\\frac{\\partial ${result}}{\\partial y} \\cdot ${rule}` +
      ` = ${this.numberIn(up?.grad)} \\cdot ${put}` +
      ` ${one ? "=" : "\\to"} ${(facts[0] ?? "?").replace(/^\((-?[\d.]+)\)$/, "$1")}`
    );
  }

  /** W ← W − η ∂L/∂W, of the first parameter. */
  update() {
    const rate = this.scene.rate ?? 0;
    const parameter = this.scene.boxes.find(
      (box) => ["parameter", "input"].includes(box.kind) && box.grad,
    );
    const name = parameter ? this.letter(parameter.id) : "W";
    const slope = `\\frac{\\partial ${this.resultLetter()}}{\\partial ${name}}`;
    let text = `${name} \\leftarrow ${name} - \\eta ${slope}`;
    if (parameter?.value && parameter.grad && !parameter.value.shape.length) {
      const value = parameter.value.numbers?.[0] ?? 0,
        grad = parameter.grad.numbers?.[0] ?? 0;
      const moved = `${shown(rate)} \\cdot ${this.numberIn(parameter.grad)}`;
      const left = mathNumber(shown(value - rate * grad));
      text += ` = ${mathNumber(shown(value))} - ${moved} = ${left}`;
    } else text += `,\\ \\eta = ${shown(rate)}`;
    return text;
  }
}
