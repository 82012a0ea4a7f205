// The picture on paper: whole, as large as the page is wide; page.css hides the controls.

import type { Picture } from "../explorer/picture.ts";

/** Lets go of the camera while the page is printed. */
export function printWell(picture: Picture, root: HTMLElement) {
  addEventListener("beforeprint", () => {
    if (!root.isConnected) return;
    picture.print(true);
    const { width, height } = picture.plan;
    picture.canvas.setAttribute("viewBox", `0 0 ${width} ${height}`);
    picture.canvas.style.width = `${width}px`;
  });
  addEventListener("afterprint", () => {
    picture.canvas.removeAttribute("viewBox");
    picture.canvas.style.width = "";
    picture.print(false);
  });
}
