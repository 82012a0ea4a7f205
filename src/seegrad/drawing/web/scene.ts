// The types of what the page shows: the scene, what is seen of it, where it stands. What makes one
// from the other is written from the Python (scene/, layout/, values/: *.js).

import type { Program } from "./evaluate.ts";
import { Group as GroupClass } from "./scene/scene.js";

/** What is read off one array; an instance of the class in values/summary.js. */
export type ArraySummary = {
  shape: number[];
  dtype: string;
  numbers?: number[];
  grid?: number[][];
  low?: number;
  high?: number;
  mean?: number;
  norm?: number;
  bad?: number;
};
export type Box = {
  id: string;
  kind: string;
  sign?: string;
  name?: string;
  group?: string;
  value?: ArraySummary;
  grad?: ArraySummary;
  title?: string;
  /** Formulas as MathML, with holes: its name, what it computes, its derivative by each input. */
  letter?: string;
  forward?: string;
  rules?: (string | null)[];
};
export type Group = {
  id: string;
  kind: string;
  name: string;
  parent?: string;
  sign?: string;
  rule?: string;
  /** Of each input the box that it comes from, its name, and the derivative by it as MathML with
   * holes; and what other letters in them stand for. */
  rules?: [string, string, string | null][];
  where?: string;
  note?: string;
};
export type Wire = {
  id: string;
  kind: string;
  source: string;
  target: string;
  position?: number;
  value?: ArraySummary;
  grad?: ArraySummary;
  backward?: boolean;
  argument?: string;
  above?: string;
  below?: string;
  origin?: string;
  /** What the steps inside a composite give where they meet 0·∞ and its own rule does not. */
  inner?: ArraySummary;
};
export type Overlay = { name: string; unit?: string; marks: Record<string, [number, string]> };
/** A recorded training step: for each thing the places of its value and derivative. */
export type Moment = {
  loss?: number;
  title?: string;
  readings?: Record<string, (number | null)[]>;
};
export type Scene = {
  boxes: Box[];
  wires: Wire[];
  groups: Group[];
  open: string[];
  blanks?: string[];
  overlays?: Overlay[];
  painted?: string;
  note?: string[];
  title?: string;
  language?: string;
  program?: Program;
  moments?: Moment[];
  rate?: number;
  /** What stands in formulas for a value without a name, for what is differentiated, for what
   * comes out, and for the learning rate: letters that no box has. */
  letters?: string;
  /** May the window choose what is open? */
  auto?: boolean;
  /** Do heat-maps stand for all arrays? */
  maps?: boolean;
};
export type View = {
  boxes: (Box | Group)[];
  wires: Wire[];
  groups: Group[];
  stands: Map<string, string>;
};

export type Step = { phase: string; box: string; wires: string[]; time: number };
export type Point = [number, number];
export type Rect = { x: number; y: number; width: number; height: number };
export type Plan = {
  places: Map<string, Rect>;
  paths: Map<string, Point[]>;
  labels: Map<string, Point>;
  width: number;
  height: number;
  crossings: number;
};

export const isGroup = (box: Box | Group): box is Group => box instanceof GroupClass;
