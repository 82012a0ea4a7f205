// The page's own script says what its steps say, without a browser: scenes come in, MathML goes
// out. The document below can only do what formulas need.
import { pathToFileURL } from "node:url";

class Text {
  constructor(text) { this.textContent = text; }
  markup() { return this.textContent.replaceAll("&", "&amp;").replaceAll("<", "&lt;"); }
}

class Element {
  constructor(name) { Object.assign(this, { name, attributes: {}, childNodes: [] }); }
  append(...inner) {
    for (const each of inner) {
      const node = typeof each === "string" ? new Text(each) : each;
      node.parent = this;
      this.childNodes.push(node);
    }
  }
  setAttribute(key, value) { this.attributes[key] = value; }
  getAttribute(key) { return this.attributes[key] ?? null; }
  get textContent() { return this.childNodes.map((each) => each.textContent).join(""); }
  *all() {
    for (const each of this.childNodes) if (each instanceof Element) { yield each; yield* each.all(); }
  }
  querySelectorAll(selector) {
    const key = selector.slice(1, -1);
    return [...this.all()].filter((each) => key in each.attributes);
  }
  replaceWith(other) {
    const { childNodes } = this.parent;
    childNodes[childNodes.indexOf(this)] = other;
    other.parent = this.parent;
  }
  markup() {
    const said = Object.entries(this.attributes).map(([key, value]) => ` ${key}="${value}"`).join("");
    return `<${this.name}${said}>${this.childNodes.map((each) => each.markup()).join("")}</${this.name}>`;
  }
}

globalThis.document = { createElementNS: (_, name) => new Element(name), importNode: (node) => node };
globalThis.DOMParser = class {
  parseFromString(text) {
    const root = new Element("root");
    const stack = [root];
    for (const [, close, name, said, empty, words] of text.matchAll(/<(\/?)(\w+)([^>]*?)(\/?)>|([^<]+)/g)) {
      if (words) stack.at(-1).append(words.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&"));
      else if (close) stack.pop();
      else {
        const made = new Element(name);
        for (const [, key, value] of said.matchAll(/([\w-]+)="([^"]*)"/g)) made.setAttribute(key, value);
        stack.at(-1).append(made);
        if (!empty) stack.push(made);
      }
    }
    return { documentElement: root.childNodes[0] };
  }
};

const folder = process.argv[2];
const load = (name) => import(pathToFileURL(`${folder}/${name}`).href);
const { Session } = await load("explorer/session.ts");
const { StepFormulas } = await load("step_formulas.ts");
const { evaluate } = await load("evaluate.ts");
const { put } = await load("live/recompute.ts");
const { fold } = await load("scene/scene.js");
const { walk } = await load("scene/steps.js");

/** What the line below the picture says at each step, as explorer/saying.ts asks for it. */
function lines(session) {
  const { scene } = session;
  const said = new StepFormulas(scene);
  const view = fold(scene);
  return walk(scene, view).flatMap((step) => {
    if (step.phase === "update") return [said.update()];
    const box = view.boxes.find((each) => each.id === step.box);
    if (!box) return [];
    if (view.boxes.includes(box) && scene.groups.some((group) => group.id === box.id)) return said.group(step, box.id, view);
    if (step.phase === "forward") return [said.forward(box)];
    if (step.phase === "sum") return [said.sum(box, true)];
    return said.into(box.id).filter((wire) => step.wires.includes(wire.id)).map((wire) => said.chainRule(box, wire, true));
  });
}

let text = "";
for await (const chunk of process.stdin) text += chunk;
const answers = JSON.parse(text).map(({ scene, given }) => {
  const session = new Session(scene, {});
  if (given) {
    for (const [at, numbers] of given) session.given.set(at, numbers);
    put(session, scene.program, evaluate(scene.program, session.given));
  }
  const told = (x) => (Number.isFinite(x) ? x : String(x));  // which JSON has no numbers for
  const exact = (summary) => (summary?.numbers?.length ? [summary.shape, summary.numbers.map(told), summary.dtype] : null);
  return {
    rate: session.scene.rate ?? 0, eta: (session.scene.letters ?? "hLyη").at(-1),
    lines: lines(session).map((line) => line.markup()),
    values: Object.fromEntries(session.scene.wires.map((wire) => [wire.id, [exact(wire.value), exact(wire.grad)]])),
  };
});
process.stdout.write(JSON.stringify(answers));
