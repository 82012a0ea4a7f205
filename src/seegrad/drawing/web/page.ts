// What a page calls: mount() puts an explorer into an element. No state lives outside of it.

import { Explorer } from "./explorer/explorer.ts";
import type { Options, SceneData } from "./explorer/session.ts";
import { Playground } from "./training/playground.ts";

/** `data`: a scene as scene/scene.py writes it. */
export function mount(root: HTMLElement, data: SceneData, options: Options = {}) {
  if (data.program?.train) return new Playground(root, data, options);
  return new Explorer(root, data, options);
}
