// What a page calls: mount() puts an explorer into an element, read() wakes a page of many. No
// state lives outside of them.

import type { Explorer } from "./explorer/explorer.ts";
import { ReadingPage } from "./reading.ts";
import type { Options, SceneData } from "./explorer/session.ts";
import { opened } from "./training/playground.ts";
import type { Playground } from "./training/playground.ts";

/** `data`: a scene as scene/scene.py writes it. */
export function mount(root: HTMLElement, data: SceneData, options: Options = {}) {
  const explorer = opened(root, data, options);
  if (options.alone) followFrame(explorer);
  return explorer;
}

/** Wakes the page that export/reading.py writes. */
export function read(body: HTMLElement) {
  return new ReadingPage(body);
}

/** A page in a frame takes the theme that the text around it tells. */
function followFrame(explorer: Explorer | Playground) {
  addEventListener("message", ({ data }) => {
    const told = data?.seegradTheme;
    if (told === "dark" || told === "light") explorer.session.setTheme(told);
  });
}
