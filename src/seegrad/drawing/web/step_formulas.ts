// What a step says, as formulas: values by letters, the chain rule, then the numbers put in.
// Gives MathML elements; nothing is drawn here.

import { filled, indexed, make, math, number, partial, placed, sign, word } from "./math.ts";
import { lines, shown, shownShape } from "./values/summary.js";
import { sizeOf } from "./values/summarize.ts";
import type { Piece } from "./math.ts";
import type { ArraySummary, Box, Group, Scene, Step, View, Wire } from "./scene.ts";

const ATOM = 100;
/** Factors beside a dot: what holds less tightly goes into brackets. */
const FACTOR = 20;

export class StepFormulas {
  readonly scene: Scene;
  readonly #letters: string;

  constructor(scene: Scene) {
    this.scene = scene;
    this.#letters = scene.letters ?? "hLyη";
  }

  #box(id: string | undefined) {
    return this.scene.boxes.find((box) => box.id === id);
  }

  /** One of the letters that no box has. */
  #free(at: number) {
    return make("mi", this.#letters[at]);
  }

  /** The arguments of an operation. */
  into(id: string) {
    return this.scene.wires.filter((wire) => wire.target === id);
  }

  /** The box whose value a wire carries: before a fork stands the one that it came from. */
  #origin(id: string): Box | undefined {
    const box = this.#box(id);
    if (box?.kind !== "fork") return box;
    const trunk = this.scene.wires.find((wire) => wire.target === id);
    return trunk && this.#origin(trunk.source);
  }

  /** The letter for a box's value in formulas. */
  #letter(id: string): Piece {
    const box = this.#origin(id);
    if (box?.letter) return { parts: filled(box.letter, () => undefined), precedence: ATOM };
    if (box?.kind === "constant" && box.value && !box.value.shape.length) {
      return number(lines(box.value)[0]);
    }
    const place = box && this.#place(box);
    if (place) return atom(indexed(this.#free(0), place));
    const out = box && this.#leadsOut(box);
    return out && this.#byItself(out)
      ? { parts: this.#result(), precedence: ATOM }
      : atom(this.#free(2));
  }

  /** The same as plain text, to stand over a node. */
  letterText(id: string): string {
    const box = this.#origin(id);
    const place = box && this.#place(box);
    if (!place) return box?.name || (this.#letter(id).parts[0].textContent ?? "");
    return this.#letters[0] + `${place}`.replace(/./g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[+digit]);
  }

  /** What a wire carries, as plain text that no other wire has: x, h₁, h₁ (2). */
  wireText(wire: Wire): string {
    const mark = this.#branch(wire);
    return this.letterText(wire.source) + (mark && ` (${mark})`);
  }

  /** The number of an operation without a name, from 1; 0 for what leads out. */
  #place(box: Box): number {
    if (box.name || this.#leadsOut(box)) return 0;
    return this.scene.boxes.filter((each) => each.kind === "operation").indexOf(box) + 1;
  }

  #leadsOut(box: Box) {
    return this.scene.wires.find((wire) => wire.source === box.id && wire.kind === "output");
  }

  /** Is it the result itself that is differentiated, so that 1 comes in from the right? */
  #byItself(out: Wire) {
    return !out.value?.shape.length && (!out.grad || out.grad.numbers?.[0] === 1);
  }

  /** What is differentiated: the result, or an L further on when a derivative was sent in. */
  #result(): Node[] {
    const out = this.scene.wires.find((wire) => wire.kind === "output");
    const box = this.#box(out?.target);
    if (box?.letter && out && this.#byItself(out)) return filled(box.letter, () => undefined);
    return [this.#free(1)];
  }

  /** ∂L/∂x, by a box. */
  #slope(id: string): Element {
    return partial(this.#result(), this.#letter(id).parts);
  }

  /** ∂L/∂x⁽²⁾, by a wire: each branch behind a fork has a name of its own. */
  #branchSlope(wire: Wire): Element {
    const mark = this.#branch(wire),
      { parts } = this.#letter(wire.source);
    const lower = mark ? [make("msup", make("mrow", ...parts), make("mtext", `(${mark})`))] : parts;
    return partial(this.#result(), lower);
  }

  /** Which branch of its fork a wire is: 2, and 2.1 where it parts again; "" without a fork. */
  #branch(wire: Wire): string {
    const fork = this.#box(wire.source);
    if (fork?.kind !== "fork") return "";
    const branches = this.scene.wires.filter((each) => each.source === fork.id);
    const place = branches.findIndex((each) => each.id === wire.id) + 1;
    const before = this.into(fork.id)[0];
    const outer = before && this.#branch(before);
    return outer ? `${outer}.${place}` : String(place);
  }

  /** A number, or the shape of an array. */
  #numberIn(summary: ArraySummary | undefined): Piece {
    if (!summary) return word("?");
    const single = sizeOf(summary.shape) === 1 && summary.numbers?.length;
    return single ? number(shown(summary.numbers?.[0] ?? NaN)) : word(shownShape(summary.shape));
  }

  #edge(wire: Wire | undefined, part: "value" | "gradient", piece: Piece): Piece {
    return wire ? { ...piece, edge: wire.id, part } : piece;
  }

  /** The wire that a box's value leaves by. */
  #leaving(box: Box): Wire | undefined {
    return this.scene.wires.find((wire) => wire.source === box.id);
  }

  /** A template of an operation: by letters, or by numbers. */
  #told(box: Box, template: string, g: Piece, byNumbers: boolean): Node[] {
    const out = this.#leaving(box);
    return filled(template, (name) => {
      if (name === "g") return this.#edge(out, "gradient", g);
      if (name === "out") {
        const own = byNumbers ? this.#numberIn(box.value) : this.#letter(box.id);
        return this.#edge(out, "value", own);
      }
      const wire = this.into(box.id).find((each) => each.argument === name);
      if (!wire) return undefined;
      const piece = byNumbers ? this.#numberIn(wire.value) : this.#letter(wire.source);
      return this.#edge(wire, "value", piece);
    });
  }

  /** y = f(x) in letters, then with the numbers put in. */
  forward(box: Box): Element {
    const out = this.#leaving(box);
    const name = placed(this.#edge(out, "value", this.#letter(box.id)));
    const value = placed(this.#edge(out, "value", this.#numberIn(box.value)));
    if (!box.forward) return math(name, sign("="), value);
    const letters = this.#told(box, box.forward, word(""), false);
    const numbers = this.#told(box, box.forward, word(""), true);
    return math(name, sign("="), ...letters, sign("="), ...numbers, sign("="), value);
  }

  /** upstream × local derivative = downstream, in letters, then with the numbers put in;
   * without an answer, the letters alone; where steps meet 0·∞, the number alone. */
  chainRule(box: Box, wire: Wire, answer: boolean): Element {
    const left = placed(this.#edge(wire, "gradient", atom(this.#branchSlope(wire))));
    const found = placed(this.#edge(wire, "gradient", this.#numberIn(wire.grad)));
    const rule = !wire.inner && box.rules?.[wire.position ?? 0];
    if (!rule) return answer ? math(left, sign("="), found) : math(left);
    const letters = this.#told(box, rule, atom(this.#slope(box.id)), false);
    if (!answer) return math(left, sign("="), ...letters);
    const numbers = this.#told(box, rule, this.#numberIn(box.grad), true);
    const whole = wire.grad && sizeOf(wire.grad.shape) > 1;
    const answered = whole ? [sign("→"), found] : [sign("="), found];
    const said = text(numbers) === text([found]);
    return math(left, sign("="), ...letters, sign("="), ...numbers, ...(said ? [] : answered));
  }

  /** The branches' derivatives and their sum; without an answer, the letters alone. */
  sum(box: Box, answer: boolean): Element {
    const branches = this.scene.wires.filter((wire) => wire.source === box.id && wire.backward);
    const terms = branches.flatMap((wire, i) => [
      ...(i ? [sign("+")] : []),
      placed(this.#edge(wire, "gradient", this.#numberIn(wire.grad)), i ? FACTOR : 0),
    ]);
    const trunk = this.into(box.id)[0];
    const total = placed(this.#edge(trunk, "gradient", this.#numberIn(box.grad)));
    const names = branches.flatMap((wire, i) => [
      ...(i ? [sign("+")] : []),
      placed(this.#edge(wire, "gradient", atom(this.#branchSlope(wire)))),
    ]);
    const whole = trunk ? [this.#branchSlope(trunk), sign("=")] : [];
    if (answer && trunk?.inner) return math(...whole, total);
    const numbers = answer ? [sign("="), ...terms, sign("="), total] : [];
    return math(...whole, ...names, ...numbers);
  }

  /** A closed box: the rules that it states itself where it does, else the numbers that pass. */
  group(step: Step, id: string, view: View): Element[] {
    const passing = view.wires.filter((wire) => step.wires.includes(wire.id));
    const box = this.scene.groups.find((each) => each.id === id);
    const ruled = step.phase === "backward" && box?.rules ? passing : [];
    const told = ruled.flatMap((wire) => this.#stated(box as Group, wire, view) ?? []);
    if (told.length) {
      return box?.where ? [...told, math(...this.#where(box, box.where))] : told;
    }
    const part = step.phase === "forward" ? "value" : "gradient";
    const facts = passing.slice(0, 4).map((wire) => {
      const piece = this.#numberIn(part === "value" ? wire.value : wire.grad);
      return placed(this.#edge(wire, part, piece));
    });
    return [math(...facts.flatMap((fact, i) => (i ? [sign(","), fact] : [fact])))];
  }

  /** What fills the holes of a closed box's rules: the letters around it, or the numbers. */
  #around(group: Group, view: View, up: Wire | undefined, byNumbers: boolean) {
    return (name: string) => {
      if (name === "g") {
        const above = atom(partial(this.#result(), this.#inner(up)));
        return this.#edge(up, "gradient", byNumbers ? this.#numberIn(up?.grad) : above);
      }
      const out = name === "out";
      const from = group.rules?.find((rule) => rule[1] === name)?.[0] ?? "";
      const wire = out ? up : this.#entering(group, from, view);
      const letter = out ? { parts: this.#inner(up), precedence: ATOM } : this.#letter(from);
      return this.#edge(wire, "value", byNumbers ? this.#numberIn(wire?.value) : letter);
    };
  }

  /** The wire by which a box's value comes into a closed one. */
  #entering(group: Group, from: string, view: View): Wire | undefined {
    return view.wires.find(
      (wire) => wire.target === group.id && this.#origin(wire.origin ?? "")?.id === from,
    );
  }

  /** ∂L/∂a = ∂L/∂L · (y − t)/N, then the numbers, by what a closed box says itself. */
  #stated(group: Group, wire: Wire, view: View): Element | undefined {
    const from = this.#origin(wire.origin ?? "")?.id;
    const rules = group.rules?.filter((rule) => rule[0] === from) ?? [];
    const rule = rules.length === 1 ? rules[0][2] : null;
    if (!rule) return undefined;
    const up = view.wires.find((each) => each.source === group.id);
    const letters = filled(rule, this.#around(group, view, up, false));
    const left = this.#edge(
      wire,
      "gradient",
      atom(this.#branchSlope({ ...wire, source: wire.origin ?? "" })),
    );
    const found = placed(this.#edge(wire, "gradient", this.#numberIn(wire.grad)));
    const single = [wire, up].every((each) => each?.value && sizeOf(each.value.shape) === 1);
    const put = single && !group.where;
    const numbers = put ? filled(rule, this.#around(group, view, up, true)) : [];
    return math(
      placed(left),
      sign("="),
      ...letters,
      ...(put ? [sign("="), ...numbers, sign("=")] : [sign(single ? "=" : "→")]),
      found,
    );
  }

  #where(group: Group, where: string): Node[] {
    return filled(where, this.#around(group, { wires: [] } as unknown as View, undefined, false));
  }

  /** The letter of what leaves a closed box. */
  #inner(up: Wire | undefined): Node[] {
    return up?.origin ? this.#letter(up.origin).parts : [this.#free(2)];
  }

  /** W ← W − η ∂L/∂W, of the first parameter. */
  update(): Element {
    const pace = this.scene.rate ?? 0,
      rate = number(shown(pace));
    const parameter = this.scene.boxes.find(
      (box) => ["parameter", "input"].includes(box.kind) && box.grad,
    );
    const name = () => (parameter ? this.#letter(parameter.id).parts : [make("mi", "W")]);
    const slope = partial(this.#result(), name());
    const rule = [...name(), sign("←"), ...name(), sign("−"), this.#free(3), slope];
    if (parameter?.value && parameter.grad && !parameter.value.shape.length) {
      const value = parameter.value.numbers?.[0] ?? 0,
        grad = parameter.grad.numbers?.[0] ?? 0;
      const moved = [placed(rate), sign("·"), placed(this.#numberIn(parameter.grad), FACTOR)];
      const after = placed(number(shown(value - pace * grad)));
      const before = placed(number(shown(value)));
      return math(...rule, sign("="), before, sign("−"), ...moved, sign("="), after);
    }
    return math(...rule, sign(","), this.#free(3), sign("="), placed(rate));
  }
}

const text = (nodes: Node[]) => nodes.map((node) => node.textContent).join("");

const atom = (element: Element): Piece => ({ parts: [element], precedence: ATOM });
