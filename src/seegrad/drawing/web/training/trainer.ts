// Training in the page: mini-batches through the program, parameters moved against their
// derivative. Nothing is drawn here.

import { evaluate, only, plainNumber } from "../evaluate.ts";

import type { Program, TrainingPlan, Value } from "../evaluate.ts";

/** The mean of so many losses, against the first loss, tells whether a run diverges. */
const RECENT = 20;
const TOO_HIGH = 4;

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

/** What the network makes of a row: what goes into each layer, and the scores. */
export type Seen = { columns: number[][]; scores: number[] };

export class Trainer {
  readonly program: TrainedProgram;
  readonly plan: TrainingPlan;
  readonly given = new Map<number, ArrayLike<number>>();
  readonly losses: number[] = [];
  /** Has it two inputs, so that a boundary can be drawn? */
  readonly flat: boolean;
  values: Value[];
  readonly #random: () => number;
  readonly #batch: number;
  readonly #width: number;
  readonly #forward: Program;

  constructor(program: TrainedProgram) {
    this.program = program;
    this.plan = program.train;
    const { x, t, parameters, scores, layers = [], data, seed = 1 } = this.plan;
    for (const [leaf] of parameters) {
      this.given.set(leaf, Array.from(program.nodes[leaf].data ?? [], plainNumber));
    }
    this.#random = generator(seed);
    [this.#batch, this.#width] = program.nodes[x].shape;
    this.flat = this.#width === 2 && scores !== undefined;
    this.#forward = only(program, [...layers.map(([at]) => at), ...(scores ? [scores] : [])]);
    this.given.set(x, this.#inputs(data.x));
    this.given.set(t, this.#targets(data.t.slice(0, this.#batch)));
    this.values = evaluate(program, this.given);
  }

  get count() {
    return this.losses.length;
  }

  get loss() {
    return this.values[this.plan.loss].data[0];
  }

  /** Has it come to numbers that are none, or does the loss grow far above the first? */
  get diverged() {
    if (!Number.isFinite(this.loss)) return true;
    const late = this.losses.slice(-RECENT);
    const mean = late.reduce((sum, loss) => sum + loss, 0) / RECENT;
    return late.length === RECENT && mean > TOO_HIGH * Math.max(this.losses[0], 0.1);
  }

  #inputs(rows: number[][]) {
    const data = new Float64Array(this.#batch * this.#width);
    for (let i = 0; i < this.#batch; i++) data.set(rows[i % rows.length], i * this.#width);
    return data;
  }

  #targets(labels: number[]) {
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
    const chosen = Array.from({ length: this.#batch }, () => Math.floor(this.#random() * x.length));
    this.given.set(this.plan.x, this.#inputs(chosen.map((i) => x[i])));
    this.given.set(this.plan.t, this.#targets(chosen.map((i) => t[i])));
    this.values = evaluate(this.program, this.given);
    this.losses.push(this.loss);
    for (const [leaf, gradient] of this.plan.parameters) {
      const before = this.given.get(leaf) as ArrayLike<number>,
        g = this.values[gradient].data;
      this.given.set(
        leaf,
        Float64Array.from(g, (slope, i) => before[i] - rate * slope),
      );
    }
  }

  /** What it makes of each row, without training. */
  look(rows: number[][]): Seen[] {
    const found: Seen[] = [],
      given = new Map(this.given),
      { scores, layers = [] } = this.plan;
    for (let start = 0; start < rows.length; start += this.#batch) {
      given.set(this.plan.x, this.#inputs(rows.slice(start, start + this.#batch)));
      const values = evaluate(this.#forward, given);
      const row = (at: number, i: number) => {
        const wide = values[at].shape[1] ?? 1;
        return Array.from(values[at].data.slice(i * wide, (i + 1) * wide));
      };
      for (let i = 0; i < Math.min(this.#batch, rows.length - start); i++) {
        found.push({
          columns: layers.map(([at]) => row(at, i)),
          scores: scores === undefined ? [] : row(scores, i),
        });
      }
    }
    return found;
  }

  accuracy() {
    if (this.plan.scores === undefined) return NaN;
    const { x, t } = this.plan.data,
      rows = x.slice(0, 512);
    const found = this.look(rows).map(({ scores }) => classOf(scores));
    return found.filter((label, i) => label === t[i]).length / rows.length;
  }
}

/** The class that scores stand for. */
export function classOf(scores: number[]): number {
  return scores.length === 1 ? +(scores[0] > 0) : scores.indexOf(Math.max(...scores));
}
