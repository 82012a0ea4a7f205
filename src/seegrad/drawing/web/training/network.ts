// The network as columns of neurons: a line for each weight, as wide as |w|, and on each neuron
// what it makes of the plane. It is built once for a network; a training changes widths, pictures.

import { element } from "../draw.ts";
import { shown } from "../values/summary.js";
import { CELLS } from "./charts.ts";
import type { Seen, Trainer } from "./trainer.ts";

const [WIDE, HIGH] = [560, 300];
const [LEFT, TOP] = [40, 12];
/** Neurons of one column; of a wider layer the first are drawn, and how many more there are. */
const MOST = 12;
const PER_WEIGHT = 1.6;
const WIDEST = 9;
/** Fields of a neuron's small picture from side to side. */
const SMALL = CELLS / 3;

type Line = { layer: number; at: number; path: SVGElement; title: SVGElement };
type Neuron = { column: number; row: number; picture: SVGElement };

export class NeuronPicture {
  readonly svg: SVGElement;
  readonly #trainer: Trainer;
  readonly #lines: Line[] = [];
  readonly #neurons: Neuron[] = [];
  readonly #pen = document.createElement("canvas");

  constructor(trainer: Trainer, label: string) {
    this.#trainer = trainer;
    this.svg = element("svg", {
      class: "neurons",
      viewBox: `0 0 ${WIDE} ${HIGH}`,
      role: "img",
      "aria-label": label,
    });
    this.#pen.width = this.#pen.height = SMALL;
    const { program, plan } = trainer;
    const shapes = (plan.layers ?? []).map(([, weights]) => program.nodes[weights].shape);
    if (!shapes.length) return;
    const sizes = [...shapes.map(([inputs]) => inputs), shapes[shapes.length - 1][1]];
    const tallest = Math.min(MOST, Math.max(...sizes));
    const side = Math.min(34, (HIGH - 2 * TOP) / tallest - 6);
    const x = (column: number) => LEFT + (column / (sizes.length - 1)) * (WIDE - 2 * LEFT);
    const y = (column: number, row: number) => {
      const many = Math.min(sizes[column], MOST);
      return HIGH / 2 + (row - (many - 1) / 2) * Math.min(54, (HIGH - 2 * TOP) / many);
    };
    shapes.forEach(([inputs, outputs], layer) => {
      for (let i = 0; i < Math.min(inputs, MOST); i++) {
        for (let j = 0; j < Math.min(outputs, MOST); j++) {
          this.#line(layer, i * outputs + j, [
            x(layer),
            y(layer, i),
            x(layer + 1),
            y(layer + 1, j),
          ]);
        }
      }
    });
    sizes.forEach((size, column) => {
      for (let row = 0; row < Math.min(size, MOST); row++) {
        this.#neuron(column, row, x(column), y(column, row), side);
      }
      if (size > MOST) this.#more(x(column), `+${size - MOST}`);
    });
  }

  #line(layer: number, at: number, [x1, y1, x2, y2]: number[]) {
    const title = element("title");
    const mid = (x1 + x2) / 2;
    const path = element(
      "path",
      { d: `M${x1} ${y1}C${mid} ${y1} ${mid} ${y2} ${x2} ${y2}` },
      title,
    );
    this.#lines.push({ layer, at, path, title });
    this.svg.append(path);
  }

  #neuron(column: number, row: number, x: number, y: number, side: number) {
    const place = { x: x - side / 2, y: y - side / 2, width: side, height: side };
    const picture = element("image", { ...place, preserveAspectRatio: "none" });
    this.#neurons.push({ column, row, picture });
    this.svg.append(element("rect", { ...place }), picture);
  }

  #more(x: number, words: string) {
    const text = element("text", { x, y: HIGH - 2 });
    text.textContent = words;
    this.svg.append(text);
  }

  /** Weights as they are now, and what each neuron makes of the fields. */
  show(seen: Seen[], look: CSSStyleDeclaration) {
    const weights = (this.#trainer.plan.layers ?? []).map(([, at]) => this.#trainer.given.get(at));
    for (const { layer, at, path, title } of this.#lines) {
      const w = weights[layer]?.[at] ?? 0;
      const width = Math.min(WIDEST, 0.3 + PER_WEIGHT * Math.abs(w));
      path.setAttribute("class", w < 0 ? "minus" : "plus");
      path.setAttribute("stroke-width", Number.isFinite(w) ? width.toFixed(2) : "0.3");
      title.textContent = `w = ${shown(w)}`;
    }
    if (!seen.length) return;
    const [more, less] = ["--cool", "--accent"].map((name) => look.getPropertyValue(name).trim());
    for (const { column, row, picture } of this.#neurons) {
      const all = seen.map(({ columns, scores }) => (columns[column] ?? scores)[row]);
      picture.setAttribute("href", this.#painted(all, more, less));
    }
  }

  /** What a neuron makes of the plane, small: its sign by colour, its size by strength. */
  #painted(all: number[], more: string, less: string): string {
    const pen = this.#pen.getContext("2d");
    if (!pen) return "";
    const most = Math.max(...all.map(Math.abs).filter(Number.isFinite), 1e-12);
    pen.clearRect(0, 0, SMALL, SMALL);
    for (let i = 0; i < SMALL * SMALL; i++) {
      const [row, column] = [Math.floor(i / SMALL) * 3 + 1, (i % SMALL) * 3 + 1];
      const value = all[row * CELLS + column];
      pen.fillStyle = value < 0 ? less : more;
      pen.globalAlpha = Number.isFinite(value) ? 0.85 * (Math.abs(value) / most) : 0;
      pen.fillRect(i % SMALL, Math.floor(i / SMALL), 1, 1);
    }
    return this.#pen.toDataURL();
  }
}
