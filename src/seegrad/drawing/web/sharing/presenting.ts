// Presenting: one figure fills the screen, stepped by keys or a clicker; Escape ends it.

import type { Camera } from "../explorer/camera.ts";

/** Begins, or ends. */
export function present(root: HTMLElement, camera: Camera) {
  const settle = () => {
    camera.largest = isPresented(root) ? 3 : 1.4;
    camera.home();
  };
  const begins = root.classList.toggle("presenting");
  root.focus();
  if (!begins) {
    if (document.fullscreenElement === root) document.exitFullscreen();
    settle();
    return;
  }
  // where the browser does not give the whole screen, the figure fills the window
  root.requestFullscreen?.().catch(() => undefined);
  const leave = () => {
    if (document.fullscreenElement === root) return;
    root.classList.remove("presenting");
    settle();
    root.removeEventListener("fullscreenchange", leave);
  };
  root.addEventListener("fullscreenchange", leave);
  settle();
}

export function isPresented(root: HTMLElement) {
  return root.classList.contains("presenting");
}
