// Measures and the estimated width of text: the twin of layout/theme.py. Colours are CSS variables.

export const FONT = 13, SMALL = 11, SIGN = 19;
export const LINE = 16;
export const CIRCLE = 44;
export const ROOM = 1.2;
export const BACK = 7;

/** Where a new width begins, and the width in em. @type {[number, number][]} */
const BREAKS = [
  [0x0000, 0], [0x0020, 0.3], [0x0021, 0.34], [0x0022, 0.42], [0x0023, 0.62], [0x0025, 0.86],
  [0x0026, 0.7], [0x0027, 0.28], [0x0028, 0.36], [0x002A, 0.52], [0x002B, 0.6], [0x002C, 0.3],
  [0x002D, 0.38], [0x002E, 0.3], [0x002F, 0.42], [0x0030, 0.575], [0x003A, 0.32], [0x003C, 0.6],
  [0x0040, 0.94], [0x0041, 0.66], [0x0049, 0.32], [0x004A, 0.56], [0x004D, 0.84], [0x004E, 0.72],
  [0x0057, 0.92], [0x0058, 0.64], [0x005B, 0.38], [0x0061, 0.57], [0x0066, 0.36], [0x0067, 0.58],
  [0x0069, 0.28], [0x006B, 0.56], [0x006C, 0.28], [0x006D, 0.9], [0x006E, 0.58], [0x0072, 0.4],
  [0x0073, 0.5], [0x0074, 0.4], [0x0075, 0.58], [0x0077, 0.82], [0x0078, 0.54], [0x007B, 0.4],
  [0x007E, 0.6], [0x007F, 0], [0x00A0, 0.62], [0x0300, 0], [0x0370, 0.62], [0x1100, 1],
  [0x1160, 0.62], [0x2007, 0.575], [0x2008, 0.3], [0x200B, 0], [0x2010, 0.62], [0x202A, 0],
  [0x202F, 0.3], [0x2030, 0.9], [0x2060, 0], [0x2070, 0.42], [0x20A0, 0.7], [0x20D0, 0],
  [0x2100, 0.8], [0x2190, 1], [0x2200, 0.72], [0x2300, 0.9], [0x2E80, 1], [0xA4D0, 0.62],
  [0xAC00, 1], [0xD7B0, 0.62], [0xF900, 1], [0xFB00, 0.62], [0xFE00, 0], [0xFE10, 1],
  [0xFE70, 0.62], [0xFF01, 1], [0xFF61, 0.55], [0xFFE0, 1], [0xFFE7, 0.62], [0x1D400, 0.62],
  [0x1F300, 1.2], [0x20000, 1], [0xE0000, 0],
];

/** @param {string} text @param {number} size */
export function textWidth(text, size) {
  let total = 0;
  for (const letter of text) {
    const code = /** @type {number} */ (letter.codePointAt(0));
    let low = 0, high = BREAKS.length;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (code < BREAKS[mid][0]) high = mid;
      else low = mid + 1;
    }
    total += BREAKS[low - 1][1];
  }
  return total * size;
}
