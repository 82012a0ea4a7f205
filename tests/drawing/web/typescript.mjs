// Lets Node load the page's TypeScript in the tests: `node --import ./typescript.mjs …`.
import { readFileSync } from "node:fs";
import { register } from "node:module";
import { fileURLToPath } from "node:url";
import { isMainThread } from "node:worker_threads";
import { transformSync } from "esbuild";

if (isMainThread) register(import.meta.url);

export function load(url, context, next) {
  if (!url.endsWith(".ts")) return next(url, context);
  const { code } = transformSync(readFileSync(fileURLToPath(url), "utf8"), { loader: "ts", target: "es2022" });
  return { format: "module", source: code, shortCircuit: true };
}
