// The view as it is, saved as SVG or PNG.

import { element } from "../draw.ts";
import type { Camera } from "../explorer/camera.ts";
import { html } from "../html.ts";
import type { Plan } from "../scene.ts";

/** The current view as SVG text with its colours written in.
 * `sheet`: the style sheet of the picture, where the document does not have it. */
export function svgText({ plan, picture, layer, stage }: Camera, sheet?: string) {
  const look = getComputedStyle(stage);
  const style = (sheet ?? document.querySelector("style[data-sg=picture]")?.textContent ?? "")
    .replace(/var\((--[\w-]+)\)/g, (_: string, name: string) => look.getPropertyValue(name).trim())
    .replace(/\.sg /g, "");
  const copy = picture.cloneNode(true) as SVGElement;
  copy.removeAttribute("transform");
  for (const field of layer.querySelectorAll("input")) {
    if (!field.value) continue;
    const text = element("text", {
      class: "grad",
      x: parseFloat(field.style.left) + 30,
      y: parseFloat(field.style.top) + 15,
    });
    text.textContent = field.value;
    copy.append(text);
  }
  const svg = element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      class: "canvas",
      width: plan.width,
      height: plan.height,
      viewBox: `0 0 ${plan.width} ${plan.height}`,
    },
    element("style"),
    element("rect", {
      width: "100%",
      height: "100%",
      fill: look.getPropertyValue("--paper").trim(),
    }),
    copy,
  );
  (svg.firstChild as Element).textContent = style;
  return new XMLSerializer().serializeToString(svg);
}

function download(url: string, name: string) {
  html("a", { href: url, download: name }).click();
}

function address(svg: string) {
  return `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
}

export function saveSvg(svg: string) {
  download(address(svg), "graph.svg");
}

export function savePng(svg: string, plan: Plan) {
  const picture = new Image();
  picture.addEventListener("load", () => {
    const scale = Math.min(2, 8000 / Math.max(plan.width, plan.height));
    const canvas = html("canvas") as HTMLCanvasElement;
    canvas.width = plan.width * scale;
    canvas.height = plan.height * scale;
    canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
    download(canvas.toDataURL("image/png"), "graph.png");
  });
  picture.src = address(svg);
}
