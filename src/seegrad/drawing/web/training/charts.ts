// What is drawn of a training: the decision boundary from the network's own scores, the loss.

import { element } from "../draw.ts";
import { shown } from "../values/summary.js";
import { classOf } from "./trainer.ts";
import type { Seen } from "./trainer.ts";
import type { Data } from "../evaluate.ts";

/** Fields of the boundary from side to side. */
export const CELLS = 36;
const EDGE = 0.3;

/** The middle of each field over the data, row by row from the top left. */
export function fields({ x }: Data): number[][] {
  const [[left, right], [low, high]] = ends(x);
  return Array.from({ length: CELLS * CELLS }, (_, i) => [
    left + (((i % CELLS) + 0.5) / CELLS) * (right - left),
    high - ((Math.floor(i / CELLS) + 0.5) / CELLS) * (high - low),
  ]);
}

function ends(x: number[][]): number[][] {
  return [0, 1].map((d) => {
    const all = x.map((point) => point[d]);
    return [Math.min(...all) - EDGE, Math.max(...all) + EDGE];
  });
}

/** Classes by colour; the points of odd classes are rings. */
export function drawBoundary(
  canvas: HTMLCanvasElement,
  { x, t }: Data,
  seen: Seen[],
  look: CSSStyleDeclaration,
) {
  const pen = canvas.getContext("2d");
  if (!pen) return;
  const { width, height } = canvas;
  const ink = ["--cool", "--accent", "--soft", "--wrong"].map(
    (name) => look.getPropertyValue(name).trim() || "gray",
  );
  const side = width / CELLS;
  pen.clearRect(0, 0, width, height);
  seen.forEach(({ scores }, i) => {
    const label = classOf(scores);
    pen.fillStyle = ink[label % ink.length];
    pen.globalAlpha = 0.06 + 0.34 * certainty(scores);
    pen.fillRect((i % CELLS) * side, Math.floor(i / CELLS) * side, side, side);
  });
  pen.globalAlpha = 1;
  const [[left, right], [low, high]] = ends(x);
  x.forEach(([px, py], i) => {
    pen.fillStyle = pen.strokeStyle = ink[t[i] % ink.length];
    pen.lineWidth = width / 200;
    pen.beginPath();
    const at = ((px - left) / (right - left)) * width;
    pen.arc(at, height - ((py - low) / (high - low)) * height, width / 90, 0, 7);
    if (t[i] % 2) pen.stroke();
    else pen.fill();
  });
}

/** From 0, all classes alike, to 1: how sure the scores are. */
function certainty(scores: number[]): number {
  const most = Math.max(...scores);
  const sum = scores.reduce((total, score) => total + Math.exp(score - most), 0);
  return (1 / sum - 1 / scores.length) / (1 - 1 / scores.length) || 0;
}

const [WIDE, HIGH] = [300, 120];
const POINTS = 150;

/** The loss over the steps, from zero to its highest; a gap where it is no number. */
export function lossCurve(losses: number[]): SVGElement {
  const wide = Math.max(1, Math.ceil(losses.length / POINTS));
  const means = Array.from({ length: Math.ceil(losses.length / wide) }, (_, i) => {
    const part = losses.slice(i * wide, (i + 1) * wide);
    return part.reduce((sum, loss) => sum + loss, 0) / part.length;
  });
  const most = Math.max(...means.filter(Number.isFinite), 1e-12);
  let path = "",
    apart = true;
  means.forEach((loss, i) => {
    const x = (i / Math.max(means.length - 1, 1)) * WIDE,
      y = HIGH - (loss / most) * (HIGH - 8);
    if (Number.isFinite(loss)) path += `${apart ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`;
    apart = !Number.isFinite(loss);
  });
  const size = { viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: "none" };
  return element(
    "svg",
    { class: "curve", ...size, "aria-hidden": "true", "data-most": shown(most) },
    element("path", { class: "floor", d: `M0 ${HIGH}H${WIDE}` }),
    element("path", { class: "loss", d: path || "M0 0" }),
  );
}
