// @ts-nocheck Written from values/user_text.py by tools/python_to_js.py: change that file.
import { clean, len, slice } from "../python.js";

export const LONGEST = 28;

/** @returns {any} */
export function short(text, longest = LONGEST) {
  let fit;
  fit = clean(text);
  return ((len(fit) <= longest) ? fit : (slice(fit, undefined, (longest - 1)) + "…"));
}
