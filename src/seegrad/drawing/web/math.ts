// Formulas as MathML elements: templates that Python has printed, their holes filled with names and
// numbers. A filled hole says what it stands for: `data-edge` is the id of the wire, `data-part` is
// "value" or "gradient", so that the factor and its wire can be lit together. No formula is read.

const MATHML = "http://www.w3.org/1998/Math/MathML";
/** How tightly a negative number, a power of ten and anything else hold together (graph/op.py). */
const NEGATIVE = 15,
  SCALED = 20,
  ATOM = 100;

/** What fills a hole: elements, and how tightly their outermost operation holds them together. */
export type Piece = { parts: Node[]; precedence: number; edge?: string; part?: string };

export function make(name: string, ...inner: (Node | string)[]): Element {
  const element = document.createElementNS(MATHML, name);
  element.append(...inner);
  return element;
}

export const sign = (text: string) => make("mo", text);

/** A formula of its own. */
export const math = (...parts: Node[]) => make("math", ...parts);

/** ∂a/∂b. */
export function partial(upper: Node[], lower: Node[]): Element {
  const d = () => {
    const made = sign("∂");
    for (const side of ["lspace", "rspace"]) made.setAttribute(side, "0");
    return made;
  };
  return make("mfrac", make("mrow", d(), ...upper), make("mrow", d(), ...lower));
}

/** A letter with its number below. */
export const indexed = (letter: Element, below: number) =>
  make("msub", letter, make("mn", `${below}`));

export const word = (text: string): Piece => ({ parts: [make("mtext", text)], precedence: ATOM });

/** A number that is shown, digits and perhaps a power of ten. */
export function number(text: string): Piece {
  const negative = text.startsWith("−"),
    [digits, power] = text.replace("−", "").split("×10");
  const parts: Element[] = negative ? [minus()] : [];
  parts.push(make("mn", digits));
  if (power) parts.push(sign("×"), make("msup", make("mn", "10"), make("mn", lifted(power))));
  return { parts, precedence: negative ? NEGATIVE : power ? SCALED : ATOM };
}

function minus() {
  const made = sign("−");
  made.setAttribute("form", "prefix");
  for (const side of ["lspace", "rspace"]) made.setAttribute(side, "0");
  return made;
}

/** The digits of an exponent that was written above the line. */
export const lifted = (power: string) =>
  power.replace(/./g, (c) => (c === "⁻" ? "−" : `${"⁰¹²³⁴⁵⁶⁷⁸⁹".indexOf(c)}`));

/** A piece in its place, in brackets if it holds less tightly than is asked for there. */
export function placed({ parts, precedence, edge, part }: Piece, within = 0): Element {
  const inner = precedence < within ? [sign("("), ...parts, sign(")")] : parts;
  const made = make("mrow", ...inner);
  if (edge) made.setAttribute("data-edge", edge);
  if (part) made.setAttribute("data-part", part);
  return made;
}

/** A template with its holes filled; a hole that nobody fills shows its name. */
export function filled(template: string, fill: (name: string) => Piece | undefined): Node[] {
  const text = `<math xmlns="${MATHML}">${template}</math>`;
  const root = new DOMParser().parseFromString(text, "application/xml").documentElement;
  for (const hole of root.querySelectorAll("[data-hole]")) {
    const name = hole.getAttribute("data-hole") ?? "";
    const piece = fill(name) ?? word(name);
    hole.replaceWith(placed(piece, Number(hole.getAttribute("data-within"))));
  }
  return [...root.childNodes].map((node) => document.importNode(node, true));
}
