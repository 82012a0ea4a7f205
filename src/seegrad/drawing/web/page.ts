// What a page calls: mount() puts an explorer into an element, read() wakes a page of many. No
// state lives outside of them. What a scene opens is said by the entry of each build.

import type { Explorer } from "./explorer/explorer.ts";
import type { Options } from "./explorer/session.ts";
import type { SceneData } from "./unpack.ts";
import { ReadingPage } from "./reading.ts";

/** A picture in a page: the explorer, or what stands around it. */
export type Opened = Pick<Explorer, "camera" | "session">;
export type Open = (root: HTMLElement, data: SceneData, options: Options) => Opened;
/** How a plot of a page becomes live: what was asked of it, and how it keeps what is set. */
export type WakePlot = (
  place: HTMLElement,
  asked: URLSearchParams,
  remember: (key: string, value: string) => void,
) => void;

/** The page's functions, for scenes that are opened so, and plots that are woken so. */
export function pageOf(open: Open, wake?: WakePlot) {
  return {
    /** `data`: a scene as scene/scene.py writes it. */
    mount(root: HTMLElement, data: SceneData, options: Options = {}) {
      const opened = open(root, data, options);
      if (options.alone) followFrame(opened);
      return opened;
    },
    /** Wakes the page that export/reading.py writes. */
    read: (body: HTMLElement) => new ReadingPage(body, open, wake),
  };
}

/** A page in a frame takes the theme that the text around it tells. */
function followFrame({ session }: Opened) {
  addEventListener("message", ({ data }) => {
    const told = data?.seegradTheme;
    if (told === "dark" || told === "light") session.setTheme(told);
  });
}
