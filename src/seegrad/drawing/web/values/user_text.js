// @ts-nocheck Written from values/user_text.py by tools/python_to_js.py: change that file.
import { fit } from "../layout/measure.js";
import { clean, len, slice } from "../python.js";

export const LONGEST = 28;

/** @param {string} text @param {number} [longest] @returns {string} */
export function short(text, longest = LONGEST) {
  let fit;
  fit = clean(text);
  return ((len(fit) <= longest) ? fit : (slice(fit, undefined, (longest - 1)) + "…"));
}
