// The words of both languages.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { TRAINING_WORDS } from "../../../src/seegrad/drawing/web/training/words.ts";
import { WORDS } from "../../../src/seegrad/drawing/web/words.ts";

test("both languages have the same words, and no word is missing", () => {
  for (const words of [...Object.values(WORDS), ...Object.values(TRAINING_WORDS)]) {
    assert.equal(words.filter((each) => each.trim()).length, 2);
  }
  const web = fileURLToPath(new URL("../../../src/seegrad/drawing/web/", import.meta.url));
  const pages = readdirSync(web, { recursive: true }).filter((file) => file.endsWith(".ts"));
  const asked = pages.flatMap((file) => [...readFileSync(join(web, file), "utf8").matchAll(/(?:say|check|button)\("(\w+)"/g)]
    .map((found) => found[1]));
  assert.ok(asked.length > 25);
  assert.deepEqual(asked.filter((key) => !(key in WORDS)), []);
});

test("what the explorer alone says is not among the words of training", () => {
  const web = fileURLToPath(new URL("../../../src/seegrad/drawing/web/", import.meta.url));
  const pages = readdirSync(web, { recursive: true })
    .filter((file) => file.endsWith(".ts") && !file.startsWith("training"));
  const asked = pages.flatMap((file) => [...readFileSync(join(web, file), "utf8").matchAll(/(?:say|check|button)\("(\w+)"/g)]
    .map((found) => found[1]));
  assert.deepEqual(asked.filter((key) => key in TRAINING_WORDS), []);
});
