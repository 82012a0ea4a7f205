// @ts-nocheck Written from layout/theme.py by tools/python_to_js.py: change that file.
import { bisectRight, ord } from "../python.js";

export const FONT = 13;

export const SMALL = 11;

export const SIGN = 19;

export const LINE = 16;

export const CIRCLE = 44;

export const ROOM = 1.2;

export const HEAT_WIDTH = 48;

export const BACK = 7;

export const _BREAKS = [[0, 0], [32, 0.3], [33, 0.34], [34, 0.42], [35, 0.62], [37, 0.86], [38, 0.7], [39, 0.28], [40, 0.36], [42, 0.52], [43, 0.6], [44, 0.3], [45, 0.38], [46, 0.3], [47, 0.42], [48, 0.575], [58, 0.32], [60, 0.6], [64, 0.94], [65, 0.66], [73, 0.32], [74, 0.56], [77, 0.84], [78, 0.72], [87, 0.92], [88, 0.64], [91, 0.38], [97, 0.57], [102, 0.36], [103, 0.58], [105, 0.28], [107, 0.56], [108, 0.28], [109, 0.9], [110, 0.58], [114, 0.4], [115, 0.5], [116, 0.4], [117, 0.58], [119, 0.82], [120, 0.54], [123, 0.4], [126, 0.6], [127, 0], [160, 0.62], [768, 0], [880, 0.62], [4352, 1], [4448, 0.62], [8199, 0.575], [8200, 0.3], [8203, 0], [8208, 0.62], [8234, 0], [8239, 0.3], [8240, 0.9], [8288, 0], [8304, 0.42], [8352, 0.7], [8400, 0], [8448, 0.8], [8592, 1], [8704, 0.72], [8960, 0.9], [11904, 1], [42192, 0.62], [44032, 1], [55216, 0.62], [63744, 1], [64256, 0.62], [65024, 0], [65040, 1], [65136, 0.62], [65281, 1], [65377, 0.55], [65504, 1], [65511, 0.62], [119808, 0.62], [127744, 1.2], [131072, 1], [917504, 0]];

export const _STARTS = _BREAKS.map(([start, _]) => start);

export const _EMS = _BREAKS.map(([_, em]) => em);

/** @returns {any} */
export function textWidth(text, size) {
  let letter, total;
  total = 0;
  for (letter of text) {
    total = total + _EMS[(bisectRight(_STARTS, ord(letter)) - 1)];
  }
  return (total * size);
}
