// A user's text as it is drawn: the twin of values/user_text.py.

const LONGEST = 28;

/** @param {string} text @param {number} [longest] */
export function short(text, longest = LONGEST) {
  const letters = [...text];
  return letters.length <= longest ? text : `${letters.slice(0, longest - 1).join("")}…`;
}
