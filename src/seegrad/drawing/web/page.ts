// What a page calls: mount() puts an explorer into an element, read() wakes a page of many. No
// state lives outside of them.

import { Explorer } from "./explorer/explorer.ts";
import { ReadingPage } from "./reading.ts";
import type { Options, SceneData } from "./explorer/session.ts";

/** `data`: a scene as scene/scene.py writes it. */
export function mount(root: HTMLElement, data: SceneData, options: Options = {}) {
  const explorer = new Explorer(root, data, options);
  if (options.alone) followFrame(explorer);
  return explorer;
}

/** Wakes the page that export/reading.py writes. */
export function read(body: HTMLElement) {
  return new ReadingPage(body);
}

/** A page in a frame takes the theme that the text around it tells. */
function followFrame({ session }: Explorer) {
  addEventListener("message", ({ data }) => {
    const told = data?.seegradTheme;
    if (told === "dark" || told === "light") session.setTheme(told);
  });
}
