// A number as a person types it, or why it is none.

import { lifted } from "../math.ts";

const NUMBER = /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i;
const THOUSANDS = /^[-+]?\d{1,3}(,\d{3})+(\.\d*)?$/;

/** −3, 1/3, 2.2e-3, 2×10³, 1,000; else the key of the words that say what is wrong. */
export function readNumber(text: string): number | "notNumber" | "comma" | "tooLarge" {
  let plain = text
    .trim()
    .replace(/×10\^?([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]*)/, (_, power: string) => `e${lifted(power)}`)
    .replace(/−/g, "-");
  if (THOUSANDS.test(plain)) plain = plain.replace(/,/g, "");
  if (plain.includes(",")) return "comma";
  const parts = plain.split("/");
  if (!plain || parts.length > 2 || parts.some((part) => !NUMBER.test(part))) return "notNumber";
  const [above, below = 1] = parts.map(Number);
  const number = above / below;
  if (Number.isNaN(number)) return "notNumber";
  return Number.isFinite(number) ? number : "tooLarge";
}

/** The number, or null. */
export function parseAnswer(text: string): number | null {
  const read = readNumber(text);
  return typeof read === "number" ? read : null;
}
