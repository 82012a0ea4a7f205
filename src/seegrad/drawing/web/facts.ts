// A value looked at closely: its shape, its few numbers or many, a heat-map, how often each comes.

import { element } from "./draw.ts";
import { html } from "./html.ts";
import { shown, shownShape } from "./values/summary.js";
import { sizeOf } from "./values/summarize.ts";
import type { ArraySummary } from "./scene.ts";

/** What is known of a value or a derivative. */
export function facts(
  say: (key: string) => string,
  what: string,
  summary: ArraySummary,
): Element[] {
  const made: Element[] = [html("h3", { class: what }, say(what))];
  const size = sizeOf(summary.shape);
  made.push(html("p", { class: "shape" }, `${shownShape(summary.shape)} ${summary.dtype}`));
  if (size > 1) {
    const rows = [
      ["low", summary.low],
      ["high", summary.high],
      ["mean", summary.mean],
      ["norm", summary.norm],
    ];
    made.push(
      html(
        "dl",
        {},
        ...rows.flatMap(([key, x]) => [
          html("dt", {}, say(String(key))),
          html("dd", {}, shown(Number(x ?? 0))),
        ]),
        ...(summary.bad
          ? [html("dt", {}, say("bad")), html("dd", { class: "bad" }, String(summary.bad))]
          : []),
      ),
    );
  }
  if (summary.numbers?.length) made.push(numberTable(summary, summary.numbers));
  if (size > 3) made.push(heatMap(say, summary));
  if ((summary.numbers?.length ?? 0) > 7) made.push(histogram(say, summary.numbers ?? []));
  return made;
}

function numberTable(summary: ArraySummary, numbers: number[]) {
  const width = summary.shape.length ? summary.shape[summary.shape.length - 1] : 1;
  const table = html("table", { class: "numbers" });
  for (let i = 0; i < numbers.length; i += width) {
    table.append(
      html(
        "tr",
        {},
        ...numbers
          .slice(i, i + width)
          .map((x) =>
            html(
              "td",
              { title: String(x) },
              summary.dtype === "bool"
                ? x
                  ? "T"
                  : "F"
                : numbers.length === 1
                  ? exact(x)
                  : shown(x),
            ),
          ),
      ),
    );
  }
  return html("div", { class: "scroll" }, table);
}

function heatMap(say: (key: string) => string, summary: ArraySummary) {
  const width = summary.shape[summary.shape.length - 1] || 1;
  const grid: number[][] = summary.grid ?? [];
  if (!grid.length) {
    const numbers = summary.numbers ?? [];
    for (let i = 0; i < numbers.length; i += width) grid.push(numbers.slice(i, i + width));
  }
  const most = Math.max(...grid.flat().map((x) => (Number.isFinite(x) ? Math.abs(x) : 0)), 1e-300);
  const cell = Math.max(
    3,
    Math.min(18, Math.floor(240 / Math.max(...grid.map((row) => row.length)))),
  );
  const svg = element("svg", {
    class: "heat",
    role: "img",
    "aria-label": say("heat"),
    width: cell * grid[0].length,
    height: cell * grid.length,
  });
  grid.forEach((row, r) =>
    row.forEach((x, c) => {
      svg.append(
        element("rect", {
          x: c * cell,
          y: r * cell,
          width: cell,
          height: cell,
          class: Number.isFinite(x) ? (x < 0 ? "less" : "more") : "bad",
          "fill-opacity": Number.isFinite(x) ? Math.round((Math.abs(x) / most) * 100) / 100 : 1,
        }),
      );
    }),
  );
  return html("div", { class: "scroll" }, svg);
}

function histogram(say: (key: string) => string, numbers: number[]) {
  const fine = numbers.filter(Number.isFinite),
    low = Math.min(...fine),
    high = Math.max(...fine);
  const bins = new Array(16).fill(0);
  for (const x of fine) bins[Math.min(15, Math.floor(((x - low) / (high - low || 1)) * 16))]++;
  const most = Math.max(...bins, 1);
  const svg = element("svg", {
    class: "histogram",
    width: 240,
    height: 60,
    role: "img",
    "aria-label": say("histogram"),
  });
  bins.forEach((n, i) =>
    svg.append(
      element("rect", { x: i * 15, y: 60 - (n / most) * 58, width: 14, height: (n / most) * 58 }),
    ),
  );
  return svg;
}

/** Every digit of a number. */
export function exact(x: number) {
  return String(x).replace("-", "−").replace("Infinity", "∞");
}
