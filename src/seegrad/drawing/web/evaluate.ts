// A small evaluator of the closed set of lowering forms: it knows forms, never operations.
// What it runs is a program written by scene/page_program.py; arrays are flat, in C order.

export type Tree = string | number | [string, ...Tree[]];
// biome-ignore lint/suspicious/noExplicitAny: each form has attributes of its own
type Attributes = Record<string, any>;
export type Instruction = {
  form: string;
  shape: number[];
  dtype: string;
  inputs?: number[];
  data?: number[] | Numbers;
  names?: string[];
  tree?: Tree;
  kind?: string;
  attrs?: Attributes;
};
export type Data = { x: number[][]; t: number[] };
/** How a program is trained: its leaves for x and t, each parameter with its derivative, of a chain
 * of layers what goes into each and its weights, the data; what there is to choose from. */
export type TrainingPlan = {
  x: number;
  t: number;
  parameters: [number, number][];
  loss: number;
  scores?: number;
  layers?: [number, number][];
  data: Data;
  choices?: Choices;
  classes: number;
  oneHot?: boolean;
  seed?: number;
  rate?: number;
};

/** One network on one set of data. */
export type Choice = { data: string; width: number; depth: number; activation: string };
/** What can be chosen; `nets` are scenes by "width depth activation", packed. */
export type Choices = {
  data: Record<string, Data>;
  widths: number[];
  depths: number[];
  activations: string[];
  nets: string;
  first: Choice;
};

/** The value, the derivative, and what the steps inside a composite give in its place. */
export type Places = [number, number | null, (number | null)?];

export type Program = {
  train?: TrainingPlan;
  nodes: Instruction[];
  /** Until it is unpacked: the instructions without their inputs, which nodes name by place. */
  kinds?: Instruction[];
  wires: Record<string, Places>;
  boxes: Record<string, Places>;
  inputs: Record<string, number>;
  /** Why nothing can be changed here; there are no instructions then. */
  why?: string;
  /** Boxes whose number cannot be changed here, and the operation that is why. */
  fixed?: Record<string, string>;
  parameters?: string[];
  loss?: number;
};
type Numbers = Float64Array | Float32Array;
export type Value = { shape: number[]; data: Numbers };

export const FUNCTIONS: Record<string, (...x: number[]) => number> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  negative: (a) => -a,
  power,
  mod,
  floor_divide: (a, b) => Math.floor(a / b),
  maximum: (a, b) => Math.max(a, b),
  minimum: (a, b) => Math.min(a, b),
  round,
  exp2: (a) => 2 ** a,
  erf,
  hypot: (a, b) => Math.hypot(a, b),
  logaddexp,
  equal: (a, b) => +(a === b),
  not_equal: (a, b) => +(a !== b),
  less: (a, b) => +(a < b),
  less_equal: (a, b) => +(a <= b),
  greater: (a, b) => +(a > b),
  greater_equal: (a, b) => +(a >= b),
  logical_and: (a, b) => +!!(a && b),
  logical_or: (a, b) => +!!(a || b),
  logical_xor: (a, b) => +(!!a !== !!b),
  logical_not: (a) => +!a,
  isnan: (a) => +Number.isNaN(a),
  isinf: (a) => +(Math.abs(a) === Infinity),
  isfinite: (a) => +Number.isFinite(a),
  where: (c, a, b) => (c ? a : b),
};

/** Those that JavaScript has by their own names, and by others that begin with "arc". */
const OWN =
  "sqrt cbrt abs sign floor ceil trunc exp expm1 log log2 log10 log1p sin cos tan sinh cosh tanh";
const ARCS = "sin cos tan tan2 sinh cosh tanh";
const own = Math as unknown as typeof FUNCTIONS;
for (const name of OWN.split(" ")) FUNCTIONS[name] = own[name];
for (const name of ARCS.split(" ")) FUNCTIONS[`arc${name}`] = own[`a${name}`];

/** C's pow where JavaScript's differs: 1 to any power is 1. */
function power(a: number, b: number) {
  if (a === 1) return 1;
  if (a === -1 && Math.abs(b) === Infinity) return 1;
  return a ** b;
}

/** The remainder with the sign of b. */
function mod(a: number, b: number) {
  const r = a % b;
  return r !== 0 && r < 0 !== b < 0 ? r + b : r === 0 && b < 0 ? -0 : r;
}

/** Half to even. */
function round(a: number) {
  const low = Math.floor(a),
    rest = a - low;
  if (rest < 0.5) return low;
  if (rest > 0.5) return low + 1;
  return low % 2 === 0 ? low : low + 1;
}

function logaddexp(a: number, b: number) {
  if (a === b) return a + Math.LN2;
  const high = Math.max(a, b);
  return high === -Infinity ? high : high + Math.log1p(Math.exp(-Math.abs(a - b)));
}

/** The error function: its series near zero, a continued fraction far out. */
function erf(x: number) {
  const size = Math.abs(x);
  if (Number.isNaN(size)) return NaN;
  if (size > 6) return Math.sign(x);
  if (size < 2.5) {
    let term = x,
      sum = x;
    for (let n = 1; n < 80 && Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (size + fraction);
  return Math.sign(x) * (1 - Math.exp(-size * size) / (Math.sqrt(Math.PI) * (size + fraction)));
}

const count = (shape: number[]) => shape.reduce((n, side) => n * side, 1);

function stridesOf(shape: number[]) {
  const strides = new Array(shape.length).fill(0);
  for (let i = shape.length - 1, step = 1; i >= 0; step *= shape[i--]) strides[i] = step;
  return strides;
}

/** An array for results of this dtype; a float32 result is rounded where it is stored. */
function fresh(node: Instruction) {
  const n = count(node.shape);
  return node.dtype === "float32" ? new Float32Array(n) : new Float64Array(n);
}

/** For each element of `shape` in order, the place in an array with these strides. */
function places(shape: number[], strides: number[], start: number = 0) {
  const found = new Int32Array(count(shape));
  const at = shape.map(() => 0);
  const last = shape.length - 1;
  const wide = shape[last] ?? 1;
  const step = strides[last] ?? 0;
  let place = start;
  for (let i = 0; i < found.length; ) {
    for (let j = 0; j < wide; j++) found[i++] = place + j * step;
    for (let d = last - 1; d >= 0; d--) {
      place += strides[d];
      if (++at[d] < shape[d]) break;
      place -= strides[d] * shape[d];
      at[d] = 0;
    }
  }
  return found;
}

/** For each element its place in the array without these axes, and its place along one axis. */
const outside = (shape: number[], axes: Set<number>) => {
  const own = stridesOf(shape.map((side, i) => (axes.has(i) ? 1 : side)));
  return places(
    shape,
    own.map((step, i) => (axes.has(i) ? 0 : step)),
  );
};
const along = (shape: number[], axis: number) =>
  places(
    shape,
    shape.map((_, i) => +(i === axis)),
  );

/** Writes numbers to their places. */
function put<T extends Numbers>(out: T, into: Int32Array, data: Numbers) {
  for (let i = 0; i < into.length; i++) out[into[i]] = data[i];
  return out;
}

/** The sums of the numbers that have one place. */
function summed(node: Instruction, into: Int32Array, data: Numbers) {
  const sums = new Float64Array(count(node.shape));
  for (let i = 0; i < into.length; i++) sums[into[i]] += data[i];
  return rounded(node, sums);
}

/** The strides with which `from` is read when broadcast to `to`. */
function spreadStrides(from: number[], to: number[]) {
  const own = stridesOf(from),
    lead = to.length - from.length;
  return to.map((_, i) => (i < lead || from[i - lead] === 1 ? 0 : own[i - lead]));
}

/** A scalar expression, one operation at a time over all elements; of constants alone it is one
 * number. `known`: the names' numbers, of all elements or one. Nothing is evaluated as text. */
function scalar(tree: Tree, known: Record<string, Numbers>, n: number): Numbers {
  if (typeof tree === "number") return Float64Array.of(tree);
  if (typeof tree === "string") return known[tree];
  const f = FUNCTIONS[tree[0]];
  const [a, b = a, c = a] = tree.slice(1).map((part) => scalar(part, known, n));
  const [p, q, r] = [a, b, c].map((x) => +(x.length > 1));
  const out = new Float64Array(p + q + r ? n : Math.min(n, 1));
  const size = out.length;
  if (tree[0] === "multiply") for (let i = 0; i < size; i++) out[i] = a[i * p] * b[i * q];
  else if (tree[0] === "add") for (let i = 0; i < size; i++) out[i] = a[i * p] + b[i * q];
  else for (let i = 0; i < size; i++) out[i] = f(a[i * p], b[i * q], c[i * r]);
  return out;
}

const { add } = FUNCTIONS;
const FOLDS: Record<string, [number, (a: number, b: number) => number]> = {
  sum: [0, add],
  prod: [1, (a, b) => a * b],
  max: [-Infinity, FUNCTIONS.maximum],
  min: [Infinity, FUNCTIONS.minimum],
  all: [1, FUNCTIONS.logical_and],
  any: [0, FUNCTIONS.logical_or],
};

/** How each form is run. */
const FORMS: Record<string, (node: Instruction, x: Value[]) => Numbers> = {
  Scalar(node, inputs) {
    const n = count(node.shape);
    const known: Record<string, Numbers> = {};
    for (const [name, value] of Object.entries(node.attrs ?? {})) {
      known[name] = Float64Array.of(plainNumber(value));
    }
    (node.names ?? []).forEach((name, i) => {
      const x = inputs[i];
      const all = x.data.length === n || x.data.length === 1;
      known[name] = all
        ? x.data
        : pick(node, x, places(node.shape, spreadStrides(x.shape, node.shape)));
    });
    const out = scalar(node.tree as Tree, known, n);
    return out.length === n ? rounded(node, out) : fresh(node).fill(out[0]);
  },
  Reduce(node, [x]) {
    const into = outside(x.shape, new Set(node.attrs?.axis));
    const [start, fold] = FOLDS[node.kind ?? "sum"];
    const { data } = x;
    if (fold === add) return summed(node, into, data);
    const found = new Float64Array(count(node.shape)).fill(start);
    for (let i = 0; i < data.length; i++) found[into[i]] = fold(found[into[i]], data[i]);
    return rounded(node, found);
  },
  ArgReduce(node, [x]) {
    const flat = node.attrs?.axis === null || node.attrs?.axis === undefined;
    const shape = flat ? [x.data.length] : x.shape;
    const axis = flat ? 0 : node.attrs?.axis;
    const into = outside(shape, new Set([axis]));
    const places = along(shape, axis);
    const best = new Float64Array(count(node.shape)).fill(NaN);
    const out = fresh(node);
    const seen = new Uint8Array(best.length);
    for (let i = 0; i < x.data.length; i++) {
      const at = into[i];
      const value = x.data[i];
      const isFirstNaN = Number.isNaN(value) && !Number.isNaN(best[at]);
      const better = node.kind === "max" ? value > best[at] : value < best[at];
      if (!seen[at] || isFirstNaN || better) {
        best[at] = value;
        out[at] = places[i];
        seen[at] = 1;
      }
    }
    return out;
  },
  Scan(node, [x]) {
    const axis = node.attrs?.axis;
    const step = stridesOf(x.shape)[axis];
    const places = along(x.shape, axis);
    const sums = new Float64Array(x.data.length);
    for (let i = 0; i < sums.length; i++) sums[i] = x.data[i] + (places[i] ? sums[i - step] : 0);
    return rounded(node, sums);
  },
  Permute(node, [x]) {
    const own = stridesOf(x.shape),
      axes = node.attrs?.axes as number[];
    return pick(
      node,
      x,
      places(
        node.shape,
        axes.map((axis) => own[axis]),
      ),
    );
  },
  Reshape: (_, [x]) => x.data,
  Broadcast: (node, [x]) => pick(node, x, places(node.shape, spreadStrides(x.shape, node.shape))),
  Slice: (node, [x]) => pick(node, x, sliced(x.shape, node.attrs?.index)),
  Place: (node, [x]) => put(fresh(node), sliced(node.shape, node.attrs?.index), x.data),
  Pad(node, [x]) {
    const widths = node.attrs?.widths as [number, number][];
    const own = stridesOf(node.shape);
    const start = widths.reduce((sum, [before], i) => sum + before * own[i], 0);
    const out = fresh(node).fill(plainNumber(node.attrs?.value ?? 0));
    return put(out, places(x.shape, own, start), x.data);
  },
  Join(node, inputs) {
    const out = fresh(node);
    const axis = node.attrs?.axis;
    const own = stridesOf(node.shape);
    let start = 0;
    for (const x of inputs) {
      put(out, places(x.shape, own, start * own[axis]), x.data);
      start += x.shape[axis];
    }
    return out;
  },
  Gather: (node, [x, indices]) =>
    pick(node, x, lookup(x.shape, indices, node.attrs?.axis, node.shape)),
  Scatter: (node, [x, indices]) =>
    summed(node, lookup(node.shape, indices, node.attrs?.axis, x.shape), x.data),
  Window: (node, [x]) => pick(node, x, windowed(x.shape, node.attrs, node.shape)),
  Overlap: (node, [x]) => summed(node, windowed(node.shape, node.attrs, x.shape), x.data),
  OneHot(node, [x]) {
    const out = fresh(node),
      classes = node.attrs?.classes;
    for (let i = 0; i < x.data.length; i++) out[i * classes + x.data[i]] = 1;
    return out;
  },
  Product(node, [a, b]) {
    const lead = a.shape.length === 1,
      tail = b.shape.length === 1;
    const left = lead ? [1, ...a.shape] : a.shape,
      right = tail ? [...b.shape, 1] : b.shape;
    const n = left[left.length - 2],
      k = left[left.length - 1],
      m = right[right.length - 1];
    const batch =
      lead || tail
        ? node.shape.slice(0, node.shape.length - (+!lead + +!tail))
        : node.shape.slice(0, -2);
    const starts = [left, right].map((shape) => {
      const own = stridesOf(shape),
        outer = shape.slice(0, -2);
      const steps = spreadStrides(outer, batch),
        lengths = shape[shape.length - 1] * shape[shape.length - 2];
      return places(
        batch,
        steps.map((step) => step * (own.length ? lengths : 1)),
      );
    });
    const out = fresh(node);
    for (let at = 0; at < starts[0].length; at++) {
      const p = starts[0][at],
        q = starts[1][at];
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < m; j++) {
          let sum = 0;
          for (let r = 0; r < k; r++) sum += a.data[p + i * k + r] * b.data[q + r * m + j];
          out[(at * n + i) * m + j] = sum;
        }
      }
    }
    return out;
  },
  Contract(node, inputs) {
    const [terms, result] = String(node.attrs?.subscripts).replace(/\s/g, "").split("->");
    const sides: Map<string, number> = new Map();
    terms.split(",").forEach((term, j) =>
      [...term].forEach((letter, d) => {
        sides.set(letter, inputs[j].shape[d]);
      }),
    );
    const inner = [...sides.keys()].filter((letter) => !result.includes(letter));
    const letters = [...result, ...inner],
      shape = letters.map((letter) => sides.get(letter) ?? 1);
    const reads = terms.split(",").map((term, j) => {
      const own = stridesOf(inputs[j].shape);
      return places(
        shape,
        letters.map((l) => (term.includes(l) ? own[term.indexOf(l)] : 0)),
      );
    });
    const sums = new Float64Array(count(node.shape)),
      depth = count(inner.map((l) => sides.get(l) ?? 1));
    for (let i = 0; i < sums.length * depth; i++) {
      let product = 1;
      for (let j = 0; j < inputs.length; j++) product *= inputs[j].data[reads[j][i]];
      sums[Math.floor(i / depth)] += product;
    }
    return rounded(node, sums);
  },
};

/** Numbers that nothing else will write into, as the node has them. */
const rounded = (node: Instruction, own: Numbers) =>
  node.dtype === "float32" ? new Float32Array(own) : own;

function store(node: Instruction, data: ArrayLike<number>) {
  const out = fresh(node);
  out.set(data);
  return out;
}

function pick(node: Instruction, x: Value, from: Int32Array) {
  const out = fresh(node);
  for (let i = 0; i < out.length; i++) out[i] = x.data[from[i]];
  return out;
}

/** Where a slice reads: (start, length, step) for each axis. */
function sliced(shape: number[], index: [number, number, number][]) {
  const own = stridesOf(shape);
  const start = index.reduce((sum, [first], i) => sum + first * own[i], 0);
  return places(
    index.map(([, length]) => length),
    index.map(([, , step], i) => step * own[i]),
    start,
  );
}

/** Where each element of the windows (…, *size, *places) stands in the array of this shape. */
function windowed(shape: number[], attrs: Attributes = {}, result: number[]) {
  const own = stridesOf(shape),
    wide = attrs.steps.length,
    lead = shape.length - wide;
  return places(
    result,
    result.map((_, d) => {
      if (d < lead) return own[d];
      const axis = (d - lead) % wide;
      return own[lead + axis] * (d < lead + wide ? attrs.dilation : attrs.steps)[axis];
    }),
  );
}

/** Where `take` along an axis reads, element by element of the result. */
function lookup(shape: number[], indices: Value, axis: number, result: number[]) {
  const own = stridesOf(shape),
    wide = indices.shape.length;
  const steps = result.map((_, d) => (d < axis ? own[d] : d < axis + wide ? 0 : own[d - wide + 1]));
  const base = places(result, steps);
  const inner = stridesOf(indices.shape);
  const which = places(
    result,
    result.map((_, d) => (d >= axis && d < axis + wide ? inner[d - axis] : 0)),
  );
  for (let i = 0; i < base.length; i++) {
    const at = indices.data[which[i]];
    base[i] += (at < 0 ? at + shape[axis] : at) * own[axis];
  }
  return base;
}

/** Can the page run this? Otherwise the form it does not know. */
export function unknownForm(program: Program) {
  const odd = program.nodes?.find((node) => node.form !== "leaf" && !(node.form in FORMS));
  return odd ? odd.form : "";
}

const READ = new WeakMap<Instruction, Numbers>();

/** The recorded numbers of a leaf, read once: nothing writes into what was computed. */
function recorded(node: Instruction) {
  const known = READ.get(node) ?? store(node, Array.from(node.data ?? [], plainNumber));
  READ.set(node, known);
  return known;
}

/** Runs a program. `given` replaces the data of leaves. */
export function evaluate(
  program: Program,
  given: Map<number, ArrayLike<number>> = new Map(),
): Value[] {
  const values: Value[] = [];
  program.nodes.forEach((node, i) => {
    if (node.form === "leaf") {
      const data = given.get(i);
      values.push({ shape: node.shape, data: data ? store(node, data) : recorded(node) });
    } else {
      const inputs = (node.inputs ?? []).map((at) => values[at]);
      const run = FORMS[node.form];
      if (!run) throw new Error(`the form ${node.form} is not known`);
      values.push({ shape: node.shape, data: run(node, inputs) });
    }
  });
  return values;
}

/** The program with no more than these places need; all else that it computes is empty. */
export function only(program: Program, wanted: number[]): Program {
  const needed = new Set(wanted);
  for (let i = program.nodes.length - 1; i >= 0; i--) {
    if (needed.has(i)) for (const at of program.nodes[i].inputs ?? []) needed.add(at);
  }
  const empty: Instruction = { form: "leaf", shape: [0], dtype: "float64", data: [] };
  const kept = (node: Instruction, i: number) => needed.has(i) || node.form === "leaf";
  return { ...program, nodes: program.nodes.map((node, i) => (kept(node, i) ? node : empty)) };
}

export function plainNumber(x: number | string | boolean) {
  return typeof x !== "string"
    ? Number(x)
    : ({ nan: NaN, inf: Infinity, "-inf": -Infinity }[x] ?? NaN);
}
