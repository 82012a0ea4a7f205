// Training in the page: mini-batches through the program, parameters moved against their
// derivative, the decision boundary drawn from the network's own scores.

import { evaluate, plainNumber } from "./evaluate.js";

/** @typedef {import("./evaluate.js").Program} Program */

/** A small generator of its own, so that a page trains the same way each time. @param {number} seed */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export class Trainer {
  /** @param {any} program with `train`: {x, t, parameters: [[leaf, derivative]], loss, scores,
   *   data: {x: number[][], t: number[]}, classes, oneHot, seed} */
  constructor(program) {
    this.program = program;
    this.plan = program.train;
    /** @type {Map<number, ArrayLike<number>>} */
    this.given = new Map();
    for (const [leaf] of this.plan.parameters) {
      this.given.set(leaf, program.nodes[leaf].data.map(plainNumber));
    }
    this.random = generator(this.plan.seed ?? 1);
    this.count = 0;
    /** @type {number[]} */
    this.losses = [];
    this.batch = program.nodes[this.plan.x].shape[0];
    this.width = program.nodes[this.plan.x].shape[1];
    this.flat = this.width === 2 && this.plan.scores !== undefined;
    this.values = evaluate(program, this.given);
    this.loss = this.values[this.plan.loss].data[0];
  }

  /** @param {number[][]} rows */
  inputs(rows) {
    const data = new Float64Array(this.batch * this.width);
    for (let i = 0; i < this.batch; i++) data.set(rows[i % rows.length], i * this.width);
    return data;
  }

  /** @param {number[]} labels */
  targets(labels) {
    if (!this.plan.oneHot) return labels;
    const data = new Float64Array(labels.length * this.plan.classes);
    labels.forEach((label, i) => { data[i * this.plan.classes + label] = 1; });
    return data;
  }

  /** One mini-batch: forward, backward, update. @param {number} rate */
  step(rate) {
    const { x, t } = this.plan.data;
    const chosen = Array.from({ length: this.batch }, () => Math.floor(this.random() * x.length));
    this.given.set(this.plan.x, this.inputs(chosen.map((i) => x[i])));
    this.given.set(this.plan.t, this.targets(chosen.map((i) => t[i])));
    this.values = evaluate(this.program, this.given);
    this.loss = this.values[this.plan.loss].data[0];
    this.losses.push(this.loss);
    this.count++;
    for (const [leaf, gradient] of this.plan.parameters) {
      const before = /** @type {ArrayLike<number>} */ (this.given.get(leaf)), g = this.values[gradient].data;
      this.given.set(leaf, Float64Array.from(g, (slope, i) => before[i] - rate * slope));
    }
  }

  /** The class of each row. @param {number[][]} rows @returns {number[]} */
  classes(rows) {
    const found = [], given = new Map(this.given);
    for (let start = 0; start < rows.length; start += this.batch) {
      given.set(this.plan.x, this.inputs(rows.slice(start, start + this.batch)));
      const scores = evaluate(this.program, given)[this.plan.scores], wide = scores.shape[1] ?? 1;
      for (let i = 0; i < Math.min(this.batch, rows.length - start); i++) {
        const row = scores.data.slice(i * wide, (i + 1) * wide);
        found.push(wide === 1 ? +(row[0] > 0) : row.indexOf(Math.max(...row)));
      }
    }
    return found;
  }

  accuracy() {
    if (this.plan.scores === undefined) return NaN;
    const { x, t } = this.plan.data, rows = x.slice(0, 512);
    const found = this.classes(rows);
    return found.filter((label, i) => label === t[i]).length / rows.length;
  }
}

/** @param {HTMLCanvasElement} canvas @param {Trainer} trainer @param {CSSStyleDeclaration} look */
export function drawBoundary(canvas, trainer, look) {
  const pen = canvas.getContext("2d"), { x, t } = trainer.plan.data, cells = 36;
  if (!pen) return;
  const low = [0, 1].map((d) => Math.min(...x.map((/** @type {number[]} */ p) => p[d])) - 0.3);
  const high = [0, 1].map((d) => Math.max(...x.map((/** @type {number[]} */ p) => p[d])) + 0.3);
  const at = (/** @type {number} */ i, /** @type {number} */ d) => low[d] + ((i + 0.5) / cells) * (high[d] - low[d]);
  const grid = Array.from({ length: cells * cells }, (_, i) => [at(i % cells, 0), at(cells - 1 - Math.floor(i / cells), 1)]);
  const ink = ["--cool", "--accent", "--soft", "--wrong"].map((name) => look.getPropertyValue(name).trim() || "gray");
  const side = canvas.width / cells;
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.globalAlpha = 0.25;
  trainer.classes(grid).forEach((label, i) => {
    pen.fillStyle = ink[label % ink.length];
    pen.fillRect((i % cells) * side, Math.floor(i / cells) * side, side, side);
  });
  pen.globalAlpha = 1;
  pen.lineWidth = 1.5;
  x.forEach((/** @type {number[]} */ p, /** @type {number} */ i) => {
    pen.fillStyle = ink[t[i] % ink.length];
    pen.beginPath();
    pen.arc(((p[0] - low[0]) / (high[0] - low[0])) * canvas.width,
      canvas.height - ((p[1] - low[1]) / (high[1] - low[1])) * canvas.height, 2, 0, 7);
    pen.fill();
  });
}

/** @param {HTMLCanvasElement} canvas @param {number[]} losses @param {CSSStyleDeclaration} look */
export function drawCurve(canvas, losses, look) {
  const pen = canvas.getContext("2d"), { width, height } = canvas;
  if (!pen) return;
  pen.clearRect(0, 0, width, height);
  const wide = Math.max(1, Math.ceil(losses.length / 120)), shownOnes = [];
  for (let i = 0; i < losses.length; i += wide) {
    const part = losses.slice(i, i + wide);
    shownOnes.push(part.reduce((sum, loss) => sum + loss, 0) / part.length);
  }
  const most = Math.max(...shownOnes, 1e-9);
  pen.strokeStyle = look.getPropertyValue("--accent").trim() || "black";
  pen.beginPath();
  shownOnes.forEach((loss, i) => {
    const x = (i / Math.max(shownOnes.length - 1, 1)) * (width - 4) + 2, y = height - 2 - (loss / most) * (height - 6);
    if (i) pen.lineTo(x, y);
    else pen.moveTo(x, y);
  });
  pen.stroke();
}
