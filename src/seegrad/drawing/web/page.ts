// What a page calls: mount() puts an explorer into an element. No state lives outside of it.

import { Explorer } from "./explorer/explorer.ts";
import type { Options, SceneData } from "./explorer/session.ts";

/** `data`: a scene as scene/scene.py writes it. */
export function mount(root: HTMLElement, data: SceneData, options: Options = {}) {
  return new Explorer(root, data, options);
}
