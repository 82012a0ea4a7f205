// The view as it is, saved as SVG or PNG.

import { element } from "./draw.js";
import { html } from "./html.js";

/** @typedef {import("./camera.js").Camera} Camera */
/** @typedef {import("./layout/nested.js").Plan} Plan */

/** The current view as SVG text with its colours written in. @param {Camera} camera
 * @param {string} [sheet] the picture's style sheet, where the document does not have it */
export function svgText({ plan, picture, layer, stage }, sheet) {
  const look = getComputedStyle(stage);
  const style = (sheet ?? document.querySelector("style[data-sg=picture]")?.textContent ?? "")
    .replace(/var\((--[\w-]+)\)/g, (/** @type {string} */ _, /** @type {string} */ name) => look.getPropertyValue(name).trim()).replace(/\.sg /g, "");
  const copy = /** @type {SVGElement} */ (picture.cloneNode(true));
  copy.removeAttribute("transform");
  for (const field of layer.querySelectorAll("input")) {
    if (!field.value) continue;
    const text = element("text", { class: "grad", x: parseFloat(field.style.left) + 30, y: parseFloat(field.style.top) + 15 });
    text.textContent = field.value;
    copy.append(text);
  }
  const svg = element("svg", { xmlns: "http://www.w3.org/2000/svg", class: "canvas", width: plan.width, height: plan.height,
    viewBox: `0 0 ${plan.width} ${plan.height}` },
    element("style"), element("rect", { width: "100%", height: "100%", fill: look.getPropertyValue("--paper").trim() }), copy);
  /** @type {Element} */ (svg.firstChild).textContent = style;
  return new XMLSerializer().serializeToString(svg);
}

/** @param {string} url @param {string} name */
function download(url, name) {
  html("a", { href: url, download: name }).click();
}

/** @param {string} svg */
function address(svg) {
  return `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
}

/** @param {string} svg */
export function saveSvg(svg) {
  download(address(svg), "graph.svg");
}

/** @param {string} svg @param {Plan} plan */
export function savePng(svg, plan) {
  const picture = new Image();
  picture.addEventListener("load", () => {
    const scale = Math.min(2, 8000 / Math.max(plan.width, plan.height));
    const canvas = /** @type {HTMLCanvasElement} */ (html("canvas"));
    canvas.width = plan.width * scale;
    canvas.height = plan.height * scale;
    canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
    download(canvas.toDataURL("image/png"), "graph.png");
  });
  picture.src = address(svg);
}
