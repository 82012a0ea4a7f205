// Training in the page: mini-batches through the program, parameters moved against their
// derivative. Nothing is drawn here.

import { evaluate, plainNumber } from "../evaluate.ts";

import type { Program, TrainingPlan, Value } from "../evaluate.ts";

/** A small generator of its own, so that a page trains the same way each time. */
function generator(seed: number) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export type TrainedProgram = Program & { train: TrainingPlan };

export class Trainer {
  readonly program: TrainedProgram;
  readonly plan: TrainingPlan;
  readonly given = new Map<number, ArrayLike<number>>();
  readonly losses: number[] = [];
  /** Has it two inputs, so that a boundary can be drawn? */
  readonly flat: boolean;
  count = 0;
  values: Value[];
  private readonly random: () => number;
  private readonly batch: number;
  private readonly width: number;

  constructor(program: TrainedProgram) {
    this.program = program;
    this.plan = program.train;
    for (const [leaf] of this.plan.parameters) {
      this.given.set(leaf, (program.nodes[leaf].data ?? []).map(plainNumber));
    }
    this.random = generator(this.plan.seed ?? 1);
    [this.batch, this.width] = program.nodes[this.plan.x].shape;
    this.flat = this.width === 2 && this.plan.scores !== undefined;
    this.values = evaluate(program, this.given);
  }

  get loss() {
    return this.values[this.plan.loss].data[0];
  }

  inputs(rows: number[][]) {
    const data = new Float64Array(this.batch * this.width);
    for (let i = 0; i < this.batch; i++) data.set(rows[i % rows.length], i * this.width);
    return data;
  }

  targets(labels: number[]) {
    if (!this.plan.oneHot) return labels;
    const data = new Float64Array(labels.length * this.plan.classes);
    labels.forEach((label, i) => {
      data[i * this.plan.classes + label] = 1;
    });
    return data;
  }

  /** One mini-batch: forward, backward, update. */
  step(rate: number) {
    const { x, t } = this.plan.data;
    const chosen = Array.from({ length: this.batch }, () => Math.floor(this.random() * x.length));
    this.given.set(this.plan.x, this.inputs(chosen.map((i) => x[i])));
    this.given.set(this.plan.t, this.targets(chosen.map((i) => t[i])));
    this.values = evaluate(this.program, this.given);
    this.losses.push(this.loss);
    this.count++;
    for (const [leaf, gradient] of this.plan.parameters) {
      const before = this.given.get(leaf) as ArrayLike<number>,
        g = this.values[gradient].data;
      this.given.set(
        leaf,
        Float64Array.from(g, (slope, i) => before[i] - rate * slope),
      );
    }
  }

  /** The class of each row. */
  classes(rows: number[][]): number[] {
    const found: number[] = [],
      given = new Map(this.given),
      { scores: at } = this.plan;
    if (at === undefined) return found;
    for (let start = 0; start < rows.length; start += this.batch) {
      given.set(this.plan.x, this.inputs(rows.slice(start, start + this.batch)));
      const scores = evaluate(this.program, given)[at],
        wide = scores.shape[1] ?? 1;
      for (let i = 0; i < Math.min(this.batch, rows.length - start); i++) {
        const row = scores.data.slice(i * wide, (i + 1) * wide);
        found.push(wide === 1 ? +(row[0] > 0) : row.indexOf(Math.max(...row)));
      }
    }
    return found;
  }

  accuracy() {
    if (this.plan.scores === undefined) return NaN;
    const { x, t } = this.plan.data,
      rows = x.slice(0, 512);
    const found = this.classes(rows);
    return found.filter((label, i) => label === t[i]).length / rows.length;
  }
}
