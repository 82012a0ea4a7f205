// What is drawn of a training: the decision boundary from the network's own scores, the loss.

import type { Trainer } from "./trainer.ts";

export function drawBoundary(
  canvas: HTMLCanvasElement,
  trainer: Trainer,
  look: CSSStyleDeclaration,
) {
  const pen = canvas.getContext("2d"),
    { x, t } = trainer.plan.data,
    cells = 36;
  if (!pen) return;
  const low = [0, 1].map((d) => Math.min(...x.map((p: number[]) => p[d])) - 0.3);
  const high = [0, 1].map((d) => Math.max(...x.map((p: number[]) => p[d])) + 0.3);
  const at = (i: number, d: number) => low[d] + ((i + 0.5) / cells) * (high[d] - low[d]);
  const grid = Array.from({ length: cells * cells }, (_, i) => [
    at(i % cells, 0),
    at(cells - 1 - Math.floor(i / cells), 1),
  ]);
  const ink = ["--cool", "--accent", "--soft", "--wrong"].map(
    (name) => look.getPropertyValue(name).trim() || "gray",
  );
  const side = canvas.width / cells;
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.globalAlpha = 0.25;
  trainer.classes(grid).forEach((label, i) => {
    pen.fillStyle = ink[label % ink.length];
    pen.fillRect((i % cells) * side, Math.floor(i / cells) * side, side, side);
  });
  pen.globalAlpha = 1;
  pen.lineWidth = 1.5;
  x.forEach((p: number[], i: number) => {
    pen.fillStyle = ink[t[i] % ink.length];
    pen.beginPath();
    pen.arc(
      ((p[0] - low[0]) / (high[0] - low[0])) * canvas.width,
      canvas.height - ((p[1] - low[1]) / (high[1] - low[1])) * canvas.height,
      2,
      0,
      7,
    );
    pen.fill();
  });
}

export function drawCurve(canvas: HTMLCanvasElement, losses: number[], look: CSSStyleDeclaration) {
  const pen = canvas.getContext("2d"),
    { width, height } = canvas;
  if (!pen) return;
  pen.clearRect(0, 0, width, height);
  const wide = Math.max(1, Math.ceil(losses.length / 120)),
    shownOnes = [];
  for (let i = 0; i < losses.length; i += wide) {
    const part = losses.slice(i, i + wide);
    shownOnes.push(part.reduce((sum, loss) => sum + loss, 0) / part.length);
  }
  const most = Math.max(...shownOnes, 1e-9);
  pen.strokeStyle = look.getPropertyValue("--accent").trim() || "black";
  pen.beginPath();
  shownOnes.forEach((loss, i) => {
    const x = (i / Math.max(shownOnes.length - 1, 1)) * (width - 4) + 2,
      y = height - 2 - (loss / most) * (height - 6);
    if (i) pen.lineTo(x, y);
    else pen.moveTo(x, y);
  });
  pen.stroke();
}
