// Which parts of a plot are there at which settings.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isThere } from "../../../src/seegrad/drawing/web/training/plots.ts";

const at = (settings) => new Map(Object.entries(settings));

test("a part is there where all of its settings are met", () => {
  assert.ok(isThere("rate:2", at({ rate: 2, step: 0 })));
  assert.ok(!isThere("rate:2", at({ rate: 3, step: 0 })));
  assert.ok(isThere("rate:2 step:5+", at({ rate: 2, step: 5 })));
  assert.ok(isThere("rate:2 step:5+", at({ rate: 2, step: 12 })));
  assert.ok(!isThere("rate:2 step:5+", at({ rate: 2, step: 4 })));
  assert.ok(!isThere("rate:2 step:5", at({ rate: 2, step: 6 })));
});

test("a slider that is not there stands at 0", () => {
  assert.ok(isThere("rate:0", at({})));
  assert.ok(!isThere("rate:1+", at({})));
});
