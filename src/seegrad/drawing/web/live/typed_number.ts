// A number as a person types it.

const NUMBER = /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i;

/** −3, 1/3, 2.2e-3; null if it is none. */
export function parseAnswer(text: string): number | null {
  const plain = text
    .trim()
    .replace(/−/g, "-")
    .replace(/,/g, "")
    .replace(/×10\^?/, "e");
  const parts = plain.split("/");
  if (!plain || parts.length > 2 || parts.some((part) => !NUMBER.test(part))) return null;
  return parts.length === 2 ? Number(parts[0]) / Number(parts[1]) : Number(parts[0]);
}
