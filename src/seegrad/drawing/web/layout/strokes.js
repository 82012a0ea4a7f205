// @ts-nocheck Written from layout/strokes.py by tools/python_to_js.py: change that file.
import { BACK, HEAT_WIDTH } from "../layout/theme.js";
import { has, number, setdefault } from "../python.js";
import { Box } from "../scene/scene.js";
import { SPOILT, heatHeight, heatMap } from "../values/heat_map.js";

export const BEND = 15;

export const CORNER = 6;

/** @returns {any} */
export function curve(points) {
  let after, before, bow, i, mid, nx, ny, on, parts, stop, x, y;
  [x, y] = points[0];
  parts = [`M${number(x)} ${number(y)}`];
  before = x;
  for (i = 1; i < points.length; i += 1) {
    [nx, ny] = points[i];
    after = points[Math.min((i + 1), (points.length - 1))];
    if (((nx === x) && (Math.abs((ny - y)) > BEND))) {
      stop = (ny - ((ny > y) ? CORNER : -CORNER));
      on = (nx + ((after[0] > nx) ? CORNER : -CORNER));
      parts.push(`V${number(stop)}Q${number(nx)} ${number(ny)} ${number(on)} ${number(ny)}`);
    } else {
      if ((nx === x)) {
        bow = number((x + (Math.abs((ny - y)) * ((x >= before) ? 0.7 : -0.7))));
        parts.push(`C${bow} ${number(y)} ${bow} ${number(ny)} ${number(nx)} ${number(ny)}`);
      } else {
        if (((ny === y) && (after[0] === nx) && (Math.abs((after[1] - ny)) > BEND))) {
          stop = (nx - ((nx > x) ? CORNER : -CORNER));
          on = (ny + ((after[1] > ny) ? CORNER : -CORNER));
          parts.push(`H${number(stop)}Q${number(nx)} ${number(ny)} ${number(nx)} ${number(on)}`);
        } else {
          if ((ny === y)) {
            parts.push(`H${number(nx)}`);
          } else {
            mid = number(((x + nx) / 2));
            parts.push(`C${mid} ${number(y)} ${mid} ${number(ny)} ${number(nx)} ${number(ny)}`);
          }
        }
      }
    }
    before = ((nx !== x) ? x : before);
    x = nx;
    y = ny;
  }
  return parts.join("");
}

/** @returns {any} */
export function outline(rect, circle, y, right) {
  let off, radius, reach;
  if (!circle) {
    return (right ? (rect.x + rect.width) : rect.x);
  }
  radius = (rect.height / 2);
  off = Math.min(Math.abs(((y - rect.y) - radius)), radius);
  reach = Math.sqrt(((radius * radius) - (off * off)));
  return ((rect.x + radius) + (right ? reach : -reach));
}

/** @type {any} */
export const Strokes = class {
  constructor(forward, backward) {
    Object.assign(this, { forward, backward });
  }
};

/** @returns {any} */
export function strokes(path, source, target, roundSource, roundTarget) {
  let dx, dy, first, i, last, nx, ny, px, py, shifted, x, y;
  shifted = [];
  for (i = 0; i < path.length; i += 1) {
    [x, y] = path[i];
    dx = 0;
    dy = BACK;
    [px, py] = path[Math.max((i - 1), 0)];
    [nx, ny] = path[Math.min((i + 1), (path.length - 1))];
    if (((px === x) && (Math.abs((y - py)) > BEND))) {
      dx = ((y > py) ? -BACK : BACK);
      dy = ((nx > x) ? BACK : -BACK);
    } else {
      if (((nx === x) && (Math.abs((ny - y)) > BEND))) {
        dx = ((ny > y) ? -BACK : BACK);
        dy = ((x > px) ? BACK : -BACK);
      }
    }
    shifted.push([(x + dx), (y + dy)]);
  }
  first = shifted[0][1];
  last = shifted.at(-1)[1];
  shifted[0] = [(outline(source, roundSource, first, true) + 2), first];
  shifted[(shifted.length - 1)] = [(outline(target, roundTarget, last, false) - 2), last];
  return new Strokes(path, shifted);
}

/** @returns {any} */
export function isCircle(box, rect) {
  let drawn;
  drawn = ((box instanceof Box) && (has(["operation", "culprit"], box.kind)));
  return (drawn && (rect.width === rect.height));
}

/** @returns {any} */
export function heatStrokes(summary, x, y) {
  let at, box, c, cells, high, kind, paths, r, step, wide;
  cells = heatMap(summary);
  paths = new Map([]);
  for (r = 0; r < cells.length; r += 1) {
    wide = (HEAT_WIDTH / cells[r].length);
    high = (heatHeight(summary) / cells.length);
    for (c = 0; c < cells[r].length; c += 1) {
      step = cells[r][c];
      if ((step === 0)) {
        continue;
      }
      kind = ((step > 0) ? `more${step}` : `less${-step}`);
      at = `M${number((x + (c * wide)))} ${number((y + (r * high)))}`;
      box = `${at}h${number(wide)}v${number(high)}h${number(-wide)}z`;
      setdefault(paths, ((step === SPOILT) ? "cell bad" : `cell ${kind}`), []).push(box);
    }
  }
  return Array.from(paths.entries()).map(([kind, boxes]) => [kind, Array.from(boxes).join("")]);
}
