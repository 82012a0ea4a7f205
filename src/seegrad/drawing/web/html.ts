// Pieces of HTML that the explorer is made of: elements and the signs of its controls.

import { element } from "./draw.ts";

export function html<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string> = {},
  ...inner: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...inner);
  return made;
}

/** What the whole page says of itself: its language, and its title in it. */
export function speak(language: string) {
  document.documentElement.lang = language;
  const title = document.body.dataset[language];
  if (!title) return;
  document.title = title;
  const heading = document.querySelector("h1.unseen");
  if (heading) heading.textContent = title;
}

/** The controls' signs, on a field of 16 by 16. */
export const ICONS: Record<string, string> = {
  first: "M3 3v10M13 3L5 8l8 5z",
  back: "M11 3L4 8l7 5z",
  play: "M4 2l9 6-9 6z",
  pause: "M5 3v10M11 3v10",
  next: "M5 3l7 5-7 5z",
  last: "M13 3v10M3 3l8 5-8 5z",
  fit: "M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4",
  dark: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zM8 3a5 5 0 0 1 0 10z",
};

export function icon(name: string) {
  const size = { viewBox: "0 0 16 16", width: 16, height: 16 };
  return element(
    "svg",
    { class: `icon ${name}`, ...size, "aria-hidden": "true" },
    element("path", { d: ICONS[name] }),
  );
}

/** A button with a sign (an icon's name, or a text) that says in words what it does. */
export function iconButton(key: string, sign: string, words: string, act: () => void) {
  const spoken = !(sign in ICONS) && /[\p{L}\d]/u.test(sign) ? `${sign}: ${words}` : words;
  const made = html(
    "button",
    { type: "button", class: `do-${key}`, title: words, "aria-label": spoken },
    sign in ICONS ? icon(sign) : sign,
  );
  made.addEventListener("click", act);
  return made;
}

/** A button with words on it. */
export function textButton(key: string, words: string, act: () => void) {
  const made = html("button", { type: "button", class: `text ${key}` }, words);
  made.addEventListener("click", act);
  return made;
}
