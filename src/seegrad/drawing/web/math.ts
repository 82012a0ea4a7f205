// Formulas: the part of LaTeX that the op table uses, set as MathML by the browser.
// Unknown commands come out as their name. No numbers are computed here.

const MATHML = "http://www.w3.org/1998/Math/MathML";

const SYMBOLS: Record<string, string> = {
  cdot: "·",
  times: "×",
  partial: "∂",
  sum: "∑",
  prod: "∏",
  int: "∫",
  leftarrow: "←",
  to: "→",
  rightarrow: "→",
  le: "≤",
  leq: "≤",
  ge: "≥",
  geq: "≥",
  ne: "≠",
  neq: "≠",
  infty: "∞",
  land: "∧",
  lor: "∨",
  lnot: "¬",
  neg: "¬",
  oplus: "⊕",
  pm: "±",
  lfloor: "⌊",
  rfloor: "⌋",
  lceil: "⌈",
  rceil: "⌉",
  top: "⊤",
  odot: "⊙",
  circ: "∘",
  approx: "≈",
  equiv: "≡",
  mid: "∣",
  lVert: "‖",
  rVert: "‖",
  Vert: "‖",
  lvert: "|",
  rvert: "|",
  vert: "|",
  ldots: "…",
  dots: "…",
  cdots: "⋯",
  div: "÷",
  bmod: "mod",
  colon: ":",
  ast: "∗",
  star: "⋆",
  "|": "‖",
  "{": "{",
  "}": "}",
  langle: "⟨",
  rangle: "⟩",
};

const LETTERS: Record<string, string> = {
  alpha: "α",
  beta: "β",
  gamma: "γ",
  delta: "δ",
  epsilon: "ε",
  varepsilon: "ε",
  zeta: "ζ",
  eta: "η",
  theta: "θ",
  kappa: "κ",
  lambda: "λ",
  mu: "μ",
  nu: "ν",
  xi: "ξ",
  pi: "π",
  rho: "ρ",
  sigma: "σ",
  tau: "τ",
  phi: "φ",
  varphi: "φ",
  chi: "χ",
  psi: "ψ",
  omega: "ω",
  Gamma: "Γ",
  Delta: "Δ",
  Theta: "Θ",
  Lambda: "Λ",
  Sigma: "Σ",
  Phi: "Φ",
  Psi: "Ψ",
  Omega: "Ω",
  ell: "ℓ",
};
const SPACES = new Set([
  ",",
  ";",
  "!",
  ":",
  " ",
  "quad",
  "qquad",
  "left",
  "right",
  "big",
  "bigl",
  "bigr",
  "Big",
  "limits",
  "displaystyle",
  "textstyle",
  "nolimits",
]);
const UPRIGHT = new Set([
  "mathrm",
  "operatorname",
  "text",
  "textrm",
  "mathbf",
  "mathsf",
  "mathit",
  "mathbb",
  "mathcal",
]);

function tokens(text: string): string[] {
  return text.match(/\\[A-Za-z]+|\\.|[0-9]+(?:\.[0-9]+)?|\s+|./gsu) ?? [];
}

class Reader {
  private readonly tokens: string[];
  private at = 0;

  constructor(text: string) {
    this.tokens = tokens(text);
  }

  /** Reads up to `until` (not kept). */
  row(until?: string): Element[] {
    const items: Element[] = [];
    while (this.at < this.tokens.length) {
      const token = this.tokens[this.at];
      if (token === until) {
        this.at++;
        break;
      }
      if (token === "^" || token === "_") {
        this.at++;
        this.script(items, token);
        continue;
      }
      const item = this.atom();
      if (item?.localName === "mo" && /^[−+]$/.test(item.textContent ?? "")) {
        const before = items[items.length - 1];
        if (!before || (before.localName === "mo" && !/[)\]⌋⌉]/.test(before.textContent ?? ""))) {
          item.setAttribute("form", "prefix");
          item.setAttribute("lspace", "0");
          item.setAttribute("rspace", "0");
        }
      }
      if (item) items.push(item);
    }
    return items;
  }

  script(items: Element[], mark: string) {
    const base = items.pop() ?? make("mrow");
    const script = this.argument();
    const old = base.localName;
    const under = ["∑", "∏"].includes(base.textContent ?? "");
    if ((old === "msub" || old === "munder") && mark === "^") {
      const both = make(old === "msub" ? "msubsup" : "munderover");
      both.append(...base.children, script);
      items.push(both);
      return;
    }
    const outer = make(mark === "^" ? (under ? "mover" : "msup") : under ? "munder" : "msub");
    outer.append(base, script);
    items.push(outer);
  }

  /** One group or one token. */
  argument(): Element {
    while (/^\s+$/.test(this.tokens[this.at] ?? "")) this.at++;
    if (this.tokens[this.at] === "{") {
      this.at++;
      return wrap(this.row("}"));
    }
    return this.atom() ?? make("mrow");
  }

  /** The raw text of a braced group. */
  words() {
    if (this.tokens[this.at] !== "{") return this.tokens[this.at++] ?? "";
    let depth = 0,
      text = "";
    while (this.at < this.tokens.length) {
      const token = this.tokens[this.at++];
      if (token === "{" && depth++ === 0) continue;
      if (token === "}" && --depth === 0) break;
      text += token.startsWith("\\") && token.length === 2 ? token[1] : token;
    }
    return text;
  }

  atom(): Element | null {
    const token = this.tokens[this.at++] ?? " ";
    if (/^\s+$/.test(token) || token === "&") return null;
    if (token === "{") return wrap(this.row("}"));
    if (token === "}") return null;
    if (/^[0-9]/.test(token)) return make("mn", token);
    if (token === "(" && this.closes())
      return wrap([make("mo", "("), ...this.row(")"), make("mo", ")")]);
    if (!token.startsWith("\\")) {
      if (/\p{L}/u.test(token)) return this.word(token);
      return make("mo", token === "-" ? "−" : token === "*" ? "∗" : token);
    }
    const name = token.slice(1);
    if (name === "frac" || name === "tfrac" || name === "dfrac") {
      const fraction = make("mfrac");
      fraction.append(this.argument(), this.argument());
      return fraction;
    }
    if (name === "class") {
      const kind = this.words();
      const inner = this.argument();
      const marked = make("mrow");
      marked.setAttribute("class", kind);
      marked.append(inner);
      return marked;
    }
    if (name === "begin") return this.cases(this.words());
    if (name === "sqrt") {
      const root = make("msqrt");
      root.append(this.argument());
      return root;
    }
    if (UPRIGHT.has(name)) return upright(this.words());
    if (SPACES.has(name)) return null;
    if (name in LETTERS) return make("mi", LETTERS[name]);
    if (name in SYMBOLS)
      return make(name === "partial" || name === "top" ? "mi" : "mo", SYMBOLS[name]);
    if (name.length === 1 && !/[A-Za-z]/.test(name)) return make("mo", name);
    return upright(name);
  }

  /** Does a parenthesis that was just opened close within its group? Then it is as high as what
   * is in it. */
  closes() {
    for (let at = this.at, braces = 0, open = 1; at < this.tokens.length && braces >= 0; at++) {
      const token = this.tokens[at];
      braces += +(token === "{") - +(token === "}");
      open += +(token === "(") - +(token === ")");
      if (!open) return !braces;
    }
    return false;
  }

  /** A table of rows: cases, or a matrix. */
  cases(kind: string) {
    const table = make("mtable");
    let line = make("mtr"),
      cell = make("mtd");
    const flush = () => {
      line.append(cell);
      cell = make("mtd");
    };
    while (this.at < this.tokens.length) {
      const token = this.tokens[this.at];
      if (token === "\\end") {
        this.at++;
        this.words();
        break;
      }
      if (token === "&" || token === "\\\\") {
        this.at++;
        flush();
        if (token !== "&") {
          table.append(line);
          line = make("mtr");
        }
        continue;
      }

      const items: Element[] = [...cell.children];
      if (token === "^" || token === "_") {
        this.at++;
        this.script(items, token);
      } else {
        const item = this.atom();
        if (item) items.push(item);
      }
      cell.replaceChildren(...items);
    }
    flush();
    table.append(line);
    return wrap([
      make("mo", kind === "cases" ? "{" : "("),
      table,
      ...(kind === "cases" ? [] : [make("mo", ")")]),
    ]);
  }

  /** Letters that are not ASCII run together: 사과 is one name. */
  word(first: string) {
    let text = first;
    while (
      /^\p{L}$/u.test(this.tokens[this.at] ?? "") &&
      /\P{ASCII}/u.test(text) &&
      /\P{ASCII}/u.test(this.tokens[this.at])
    )
      text += this.tokens[this.at++];
    return text.length > 1 ? upright(text) : make("mi", text);
  }
}

function make(name: string, text?: string) {
  const element = document.createElementNS(MATHML, name);
  if (text !== undefined) element.textContent = text;
  return element;
}

function upright(text: string) {
  const element = make("mi", text);
  element.setAttribute("mathvariant", "normal");
  return element;
}

function wrap(items: Element[]) {
  if (items.length === 1) return items[0];
  const row = make("mrow");
  row.append(...items);
  return row;
}

/** A formula as a MathML element. */
export function math(latex: string) {
  const element = make("math");
  element.append(...new Reader(latex).row());
  return element;
}

/** A user's name inside a formula. */
export function mathName(name: string) {
  const safe = name.replace(/[\\{}$^_&#%~]/g, (c) => `\\${c}`);
  return [...name].length === 1 ? safe : `\\mathrm{${safe}}`;
}

/** A shown number inside a formula. */
export function mathNumber(text: string) {
  return text
    .replace("−", "-")
    .replace(
      /×10(.+)$/,
      (_, power) =>
        ` \\times 10^{${[...power]
          .map((c) => (c === "⁻" ? "-" : String("⁰¹²³⁴⁵⁶⁷⁸⁹".indexOf(c))))
          .join("")}}`,
    );
}

/** Fills the $holes of a template. */
export function fillHoles(template: string, fill: (name: string) => string) {
  return template.replace(/\$(?:\{(\w+)\}|(\w+))/g, (_, a, b) => fill(a ?? b));
}
