// Numbers as people read and type them, and the room that texts ask for.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAnswer, readNumber } from "../../../src/seegrad/drawing/web/live/typed_number.ts";
import { lines, shown, shownShape } from "../../../src/seegrad/drawing/web/values/summary.js";
import { sizeOf, summarize } from "../../../src/seegrad/drawing/web/values/summarize.ts";
import { textWidth } from "../../../src/seegrad/drawing/web/layout/theme.js";
import { short } from "../../../src/seegrad/drawing/web/values/user_text.js";

test("numbers are rounded to what the eye can use", () => {
  const cases = [[220.00000000000003, "220"], [3.3000000000000003, "3.3"], [-0.5, "−0.5"],
    [0, "0"], [-0, "0"], [1 / 3, "0.3333"], [1e-7, "1×10⁻⁷"], [-12345678.9, "−1.235×10⁷"],
    [NaN, "NaN"], [-Infinity, "−∞"], [1000000, "1000000"]];
  for (const [x, text] of cases) assert.equal(shown(x), text);
});

test("a typed answer is a number, a fraction, or nothing", () => {
  const cases = [["2.2", 2.2], ["−3", -3], [" 1/3 ", 1 / 3], ["2.2e-3", 2.2e-3], ["1,000", 1000],
    ["3×10^2", 300], ["2×10³", 2000], ["−1.5×10⁻⁴", -1.5e-4], ["-.5", -0.5], ["", null], ["1/2/3", null], ["alert(1)", null], ["1e", null],
    ["0x10", null], ["½", null]];
  for (const [text, x] of cases) assert.equal(parseAnswer(text), x, text);
});

test("what is no number says why", () => {
  assert.deepEqual(["1,5", "1e400", "1/0", "0/0", "x", "1,000"].map(readNumber),
    ["comma", "tooLarge", "tooLarge", "notNumber", "notNumber", 1000]);
});

test("an array is read whole while it is small, and summed up when it is large", () => {
  const small = summarize([2, 2], "float64", [1, -2, 3, NaN]);
  assert.deepEqual([small.low, small.high, small.bad], [-2, 3, 1]);
  assert.deepEqual(lines(small).length, 2);
  const large = summarize([100, 10], "float32", new Float32Array(1000).fill(0.5));
  assert.deepEqual([large.low, large.high], [0.5, 0.5]);
  assert.ok(Math.abs(large.mean - 0.5) < 1e-12);
  assert.ok(Math.abs(large.norm - Math.sqrt(250)) < 1e-9);
  assert.equal(lines(large).length, 2);
  assert.equal(summarize([0, 3], "float64", []).shape[0], 0);
});

test("shapes are written as Python writes them", () => {
  assert.deepEqual([[], [3], [2, 3]].map(shownShape), ["()", "(3,)", "(2, 3)"]);
  assert.deepEqual([[], [3], [2, 3], [0, 5]].map(sizeOf), [1, 3, 6, 0]);
});

test("wide letters take more room, and long names are cut between letters", () => {
  assert.ok(textWidth("사과", 13) > textWidth("ab", 13));
  assert.equal(textWidth("", 13), 0);
  assert.equal(textWidth("ab", 26), 2 * textWidth("ab", 13));
  assert.equal(short("🍎".repeat(40), 5), "🍎🍎🍎🍎…");
  assert.equal(short("x"), "x");
});
