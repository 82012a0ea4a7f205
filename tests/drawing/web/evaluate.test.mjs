// The evaluator of the lowering forms and the training loop on programs written by hand.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FUNCTIONS, evaluate, plainNumber, unknownForm } from "../../../src/seegrad/drawing/web/evaluate.ts";
import { Trainer } from "../../../src/seegrad/drawing/web/training/trainer.ts";

const leaf = (shape, data, dtype = "float64") => ({ form: "leaf", shape, dtype, data });
const scalar = (tree, names, inputs, shape, attrs = {}) =>
  ({ form: "Scalar", tree, names, inputs, shape, attrs, dtype: "float64" });

test("scalar trees are computed element by element, broadcast", () => {
  const program = { nodes: [leaf([2, 1], [1, 2]), leaf([3], [10, 20, 30]),
    scalar(["add", ["multiply", "a", "b"], "c"], ["a", "b"], [0, 1], [2, 3], { c: 0.5 })] };
  assert.deepEqual(Array.from(evaluate(program)[2].data), [10.5, 20.5, 30.5, 20.5, 40.5, 60.5]);
});

test("what is edited takes the place of what came", () => {
  const program = { nodes: [leaf([], [3]), scalar(["multiply", "a", "a"], ["a"], [0], [])] };
  assert.equal(evaluate(program, new Map([[0, [5]]]))[1].data[0], 25);
  assert.equal(evaluate(program)[1].data[0], 9);
});

test("sums run over their axes, and NaN is not lost in a maximum", () => {
  const sum = { form: "Reduce", kind: "sum", inputs: [0], shape: [2], dtype: "float64", attrs: { axis: [1] } };
  const most = { ...sum, kind: "max" };
  const values = evaluate({ nodes: [leaf([2, 2], [1, 2, 3, "nan"]), sum, most] });
  assert.deepEqual(Array.from(values[1].data), [3, NaN]);
  assert.deepEqual(Array.from(values[2].data), [2, NaN]);
});

test("a float32 value is rounded where it is stored", () => {
  const program = { nodes: [leaf([], [0.1], "float32")] };
  assert.equal(evaluate(program)[0].data[0], Math.fround(0.1));
});

test("functions agree with what is known of them", () => {
  assert.ok(Math.abs(FUNCTIONS.erf(1) - 0.8427007929497149) < 1e-15);
  assert.ok(Math.abs(FUNCTIONS.erf(-3) + 0.9999779095030014) < 1e-15);
  assert.equal(FUNCTIONS.mod(-1, 3), 2);
  assert.equal(FUNCTIONS.round(2.5), 2);
  assert.ok(Number.isNaN(FUNCTIONS.maximum(NaN, 1)));
  assert.equal(FUNCTIONS.logaddexp(-1000, -1000), -1000 + Math.log(2));
});

test("a form that is not known is named, not run", () => {
  const program = { nodes: [leaf([], [1]), { form: "Oracle", inputs: [0], shape: [], dtype: "float64" }] };
  assert.equal(unknownForm(program), "Oracle");
  assert.throws(() => evaluate(program), /Oracle/);
  assert.deepEqual(["nan", "inf", "-inf", 2, "text"].map(plainNumber), [NaN, Infinity, -Infinity, 2, NaN]);
});

test("training moves the parameter to the mean of what it is shown", () => {
  // loss = Σ (w − x)² over a batch of two rows; its derivative Σ 2(w − x)
  const nodes = [leaf([2, 1], [0, 0]), leaf([2], [0, 0]), leaf([1], [5]),
    scalar(["subtract", "w", "x"], ["w", "x"], [2, 0], [2, 1]),
    scalar(["multiply", "d", "d"], ["d"], [3], [2, 1]),
    { form: "Reduce", kind: "sum", inputs: [4], shape: [], dtype: "float64", attrs: { axis: [0, 1] } },
    scalar(["multiply", 2, "d"], ["d"], [3], [2, 1]),
    { form: "Reduce", kind: "sum", inputs: [6], shape: [1], dtype: "float64", attrs: { axis: [0] } }];
  const plan = { x: 0, t: 1, parameters: [[2, 7]], loss: 5, data: { x: [[1], [3]], t: [0, 0] }, classes: 1 };
  const first = new Trainer({ nodes, train: plan }), second = new Trainer({ nodes, train: plan });
  assert.equal(first.loss, 20); // of the first rows: (5 − 1)² + (5 − 3)²
  for (let i = 0; i < 400; i++) first.step(0.02);
  for (let i = 0; i < 400; i++) second.step(0.02);
  const [w] = first.given.get(2);
  assert.ok(Math.abs(w - 2) < 0.5, String(w));
  assert.deepEqual(first.losses, second.losses);
  assert.equal(first.count, 400);
});
