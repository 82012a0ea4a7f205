// Formulas become MathML: checked as text, on a document that is no more than a tree.
import assert from "node:assert/strict";
import { test } from "node:test";

class Tree {
  constructor(localName) {
    Object.assign(this, { localName, children: [], attributes: {}, own: "" });
  }
  get textContent() {
    return this.own + this.children.map((child) => child.textContent).join("");
  }
  set textContent(text) {
    this.own = text;
  }
  append(...inner) {
    for (const child of inner) {
      child.parent?.children.splice(child.parent.children.indexOf(child), 1);
      child.parent = this;
      this.children.push(child);
    }
  }
  replaceChildren(...inner) {
    this.children = [];
    for (const child of inner) child.parent = undefined;
    this.append(...inner);
  }
  setAttribute(key, value) {
    this.attributes[key] = value;
  }
  toString() {
    return `<${this.localName}>${this.own}${this.children.join("")}</${this.localName}>`;
  }
}
globalThis.document = { createElementNS: (_, name) => new Tree(name) };
const { fillHoles, math, mathName, mathNumber } = await import("../../../src/seegrad/drawing/web/math.ts");

test("fractions, scripts and letters", () => {
  assert.equal(String(math("\\frac{\\partial L}{\\partial x}")),
    "<math><mfrac><mrow><mi>∂</mi><mi>L</mi></mrow><mrow><mi>∂</mi><mi>x</mi></mrow></mfrac></math>");
  assert.equal(String(math("x^2")), "<math><msup><mi>x</mi><mn>2</mn></msup></math>");
  assert.equal(String(math("h_{12}")), "<math><msub><mi>h</mi><mn>12</mn></msub></math>");
  assert.equal(String(math("(a)^2 + (b")),
    "<math><msup><mrow><mo>(</mo><mi>a</mi><mo>)</mo></mrow><mn>2</mn></msup><mo>+</mo><mo>(</mo><mi>b</mi></math>");
  assert.equal(math("\\sigma \\cdot \\nothing").textContent, "σ·nothing");
});

test("a user's name is a word, whatever is in it", () => {
  assert.equal(mathName("x"), "x");
  const name = "\\frac{1}{0} <b> 사과_1 $";
  const made = math(mathName(name));
  assert.equal(made.textContent, name);
  assert.ok(!String(made).includes("<mfrac>"));
  assert.equal(math("사과").textContent, "사과");
});

test("unfinished formulas end where they end", () => {
  for (const text of ["\\frac{", "x^", "}", "\\begin{cases} a & b", "_", "\\"]) assert.ok(math(text));
});

test("numbers and holes", () => {
  assert.equal(mathNumber("−1.5×10⁻⁵"), "-1.5 \\times 10^{-5}");
  assert.equal(fillHoles("$g \\cdot ${out}", (name) => `<${name}>`), "<g> \\cdot <out>");
});
