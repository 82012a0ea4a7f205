// The picture on paper: whole, as large as the page is wide, without controls (page.css hides them).

import type { Picture } from "./picture.ts";

/** Lets go of the camera while the page is printed. */
export function printWell(picture: Picture, root: HTMLElement) {
  addEventListener("beforeprint", () => {
    if (!root.isConnected) return;
    const { width, height } = picture.plan;
    picture.canvas.setAttribute("viewBox", `0 0 ${width} ${height}`);
    picture.canvas.style.width = `${width}px`;
  });
  addEventListener("afterprint", () => {
    picture.canvas.removeAttribute("viewBox");
    picture.canvas.style.width = "";
  });
}
