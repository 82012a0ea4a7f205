// Keys: each does what a control does.

import { isPresented } from "../sharing/presenting.ts";
import type { Actions } from "./actions.ts";

const KEYS: Record<string, keyof Actions> = {
  ArrowRight: "next",
  ArrowLeft: "back",
  Home: "first",
  End: "last",
  "+": "zoomIn",
  "=": "zoomIn",
  "-": "zoomOut",
  0: "fit",
  Escape: "escape",
  q: "quiz",
  l: "language",
  d: "dark",
  m: "more",
  "?": "more",
  "/": "search",
  c: "constants",
  p: "path",
  o: "overlay",
  f: "present",
  PageDown: "next",
  PageUp: "back",
};

/** Listens to the keys of an element; with `alone` to those of the whole page, where nothing else
 * has the focus. `touch`: what Enter does with what has it, and `entered` after that. */
export function listenToKeys(
  root: HTMLElement,
  actions: Actions,
  touch: (target: Element) => void,
  entered: () => void,
  alone: boolean,
) {
  const press = (event: KeyboardEvent) => {
    const { target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || isField(target)) return;
    const key = event.key.length > 1 ? event.key : event.key.toLowerCase();
    let act: (() => void) | undefined = actions[KEYS[key]];
    // elsewhere these scroll the page
    if (key.startsWith("Page") && !alone && !isPresented(root)) act = undefined;
    if (!(target instanceof HTMLButtonElement)) {
      if (key === " ") act = actions.play;
      if (key === "Enter") {
        act = () => {
          touch(target instanceof Element ? target : root);
          entered();
        };
      }
    }
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  };
  root.addEventListener("keydown", press);
  if (!root.hasAttribute("tabindex")) root.tabIndex = -1;
  if (!alone) return;
  document.addEventListener("keydown", (event) => {
    if (event.target === document.body) press(event);
  });
}

/** Is it a field in which one types or chooses? The slider of the steps is none. */
function isField(target: EventTarget | null) {
  if (target instanceof HTMLInputElement) return !target.classList.contains("slider");
  return target instanceof HTMLSelectElement;
}
