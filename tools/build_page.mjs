// Builds the page's modules into two small files in src/seegrad/drawing/web/built: explorer.js, and
// training.js for pages that have playgrounds, films or plots too.
// Needs Node and esbuild (npm ci); nobody who only installs seegrad needs either. With --check
// nothing is written: it fails when a file that is there is not what its sources give.
// The first line names the sources by digest, so that a test sees a stale build without Node.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const web = join(dirname(fileURLToPath(import.meta.url)), "..", "src", "seegrad", "drawing", "web");
const hash = createHash("sha256");
const sources = readdirSync(web, { recursive: true })
  .filter((file) => /\.(ts|js)$/.test(file) && !file.startsWith("built"));
for (const name of sources.sort()) hash.update(readFileSync(join(web, name)));
const digest = hash.digest("hex").slice(0, 16);
// the standard functions that are called most, under a name of two letters each
const short = {
  "Math.max": "M0", "Math.min": "M1", "Math.abs": "M2", "Math.floor": "M3", "Math.trunc": "M4",
  "Math.sqrt": "M5", "Array.from": "A0",
  "Object.assign": "O0", "Object.entries": "O1", "Object.defineProperty": "O2",
  "Number.isFinite": "N0", "Number.isNaN": "N1",
};
const defines = Object.entries(short).map(([long, name]) => `--define:${long}=${name}`);
const named = Object.entries(short).map(([long, name]) => `${name}=${long}`).join(",");
mkdirSync(join(web, "built"), { recursive: true });
for (const name of ["explorer", "training"]) {
  const built = execFileSync(join(web, "../../../../node_modules/.bin/esbuild"), [
    join(web, name, "entry.ts"), "--bundle", "--minify", "--format=esm",
    "--charset=utf8", "--target=es2022", ...defines], { encoding: "utf8" });
  // a function around it, without what esbuild's own takes for exports that nobody reads so
  const [ends, mount, read] = /export\{(\S+) as mount,(\S+) as read\};\s*$/.exec(built);
  const inside = `const ${named};${built.slice(0, -ends.length)}return{mount:${mount},read:${read}}`;
  const script = `"use strict";var seegradPage=(()=>{${inside}})();\n`;
  const place = join(web, "built", `${name}.js`), text = `// ${digest}\n${script}`;
  if (!process.argv.includes("--check")) writeFileSync(place, text);
  else if (readFileSync(place, "utf8") !== text) {
    console.error(`built/${name}.js is not what its sources give: npm run build`);
    process.exit(1);
  }
}
