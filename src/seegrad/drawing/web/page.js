// The explorer: one picture that is stepped, opened, searched, edited and asked about.
// It touches only the element it is given; no state lives outside of mount().

import { arrange } from "./layout/nested.js";
import { fit } from "./layout/measure.js";
import { fold, isGroup } from "./scene.js";
import { walk } from "./steps.js";
import { draw, element } from "./draw.js";
import { math } from "./math.js";
import { lines, summarize, shown, shownShape, sizeOf } from "./values/summary.js";
import { evaluate, plainNumber, unknownForm } from "./evaluate.js";
import { Trainer, drawBoundary, drawCurve } from "./train.js";
import { WORDS } from "./words.js";
import { ICONS, html, icon } from "./html.js";
import { exact, facts } from "./facts.js";
import { Camera } from "./camera.js";
import { StepFormulas } from "./step_formulas.js";
import { savePng, saveSvg, svgText } from "./exporting.js";

/**
 * @typedef {import("./scene.js").Scene} Scene
 * @typedef {import("./scene.js").View} View
 * @typedef {import("./scene.js").Box} Box
 * @typedef {import("./scene.js").Wire} Wire
 * @typedef {import("./values/summary.js").ArraySummary} ArraySummary
 * @typedef {import("./layout/nested.js").Plan} Plan
 * @typedef {import("./steps.js").Step} Step
 */

const QUICK = 200;
const BACKWARD = new Set(["backward", "sum", "seed"]);

/** Numbers that JSON cannot hold come as words. @param {ArraySummary | undefined} summary */
function revive(summary) {
  if (!summary) return;
  const fixed = /** @type {any} */ (summary);
  for (const key of ["low", "high", "mean", "norm"]) if (key in fixed) fixed[key] = plainNumber(fixed[key]);
  if (fixed.numbers) fixed.numbers = fixed.numbers.map(plainNumber);
  if (!fixed.shape.length && fixed.numbers && !fixed.bad) {
    const [x] = fixed.numbers;
    Object.assign(fixed, { low: x, high: x, mean: x, norm: Math.abs(x) });
  }
  if (fixed.grid) fixed.grid = fixed.grid.map((/** @type {any[]} */ row) => row.map(plainNumber));
}

/**
 * @param {HTMLElement} root
 * @param {any} data a scene as scene/scene.py writes it
 * @param {{fragment?: boolean, quiz?: boolean, step?: number, sheet?: string,
 *   changed?: (state: any) => void}} [options]
 */
export function mount(root, data, options = {}) {
  const explorer = new Explorer(root, data, options);
  explorer.start();
  return explorer;
}

export class Explorer {
  /** @param {HTMLElement} root @param {any} data @param {any} options */
  constructor(root, data, options) {
    this.root = root;
    this.options = options;
    /** @type {Scene} */
    this.scene = { blanks: [], overlays: [], moments: [], ...data, boxes: data.boxes ?? [],
      wires: data.wires ?? [], groups: data.groups ?? [], open: data.open ?? [] };
    const summaries = data.readings ?? [];
    summaries.forEach(revive);
    this.summaries = summaries;
    for (const thing of /** @type {any[]} */ ([...this.scene.boxes, ...this.scene.wires])) {
      if (typeof thing.value === "number") thing.value = summaries[thing.value];
      if (typeof thing.grad === "number") thing.grad = summaries[thing.grad];
    }
    this.open = new Set(this.scene.open);
    this.language = this.scene.language === "ko" ? "ko" : "en";
    this.theme = "";
    this.step = Infinity;
    this.quiz = false;
    this.pinned = "";
    this.overlay = data.painted ?? "";
    this.constants = true;
    this.pathOnly = false;
    this.moment = -1;
    this.playing = 0;
    /** @type {Map<string, string>} */
    this.answers = new Map();
    this.graded = false;
    /** @type {Map<number, ArrayLike<number>>} */
    this.given = new Map();
    this.recorded = this.keep();
    this.stepFormulas = new StepFormulas(this.scene);
    this.frames = 0;
    /** @type {Trainer | null} */
    this.trainer = null;
    /** @type {HTMLElement | null} */
    this.training = null;
  }

  /** @param {string} key */
  say(key) {
    return WORDS[this.language][key] ?? key;
  }

  /** The summaries as they came, to go back to. */
  keep() {
    return new Map([...this.scene.boxes, ...this.scene.wires].map((thing) =>
      [thing.id, [thing.value, thing.grad]]));
  }

  get calm() {
    return matchMedia("(prefers-reduced-motion: reduce)").matches;
  }

  // ------------------------------------------------------------------ building

  start() {
    if (this.options.fragment) this.readFragment();
    this.quiz = this.quiz || !!this.options.quiz || !!this.scene.blanks?.length;
    if (typeof this.options.step === "number") this.step = this.options.step;
    this.root.classList.add("sg");
    this.canvas = /** @type {SVGSVGElement} */ (element("svg", { class: "canvas", role: "group" }));
    this.picture = element("g", { class: "camera" });
    this.canvas.append(this.picture);
    this.layer = html("div", { class: "layer" });
    this.tip = html("div", { class: "tip", hidden: "" });
    const map = element("svg", { class: "map", "aria-hidden": "true", preserveAspectRatio: "none" });
    this.stage = html("div", { class: "stage" }, this.canvas, this.layer, map, this.tip);
    this.camera = new Camera(this.stage, this.picture, this.layer, map);
    this.says = html("div", { class: "says", "aria-live": "polite" });
    this.panel = html("aside", { class: "panel", hidden: "" });
    this.more = html("div", { class: "drawer", hidden: "" });
    this.bar = html("div", { class: "bar", role: "toolbar" });
    const body = html("div", { class: "body" }, this.stage, this.panel);
    this.root.replaceChildren(body, this.says, this.more, this.bar);
    this.buildBar();
    this.listen();
    this.render(false);
    this.camera.home();
    if (this.scene.program?.train) this.showTraining();
    else if (this.scene.moments?.length) this.toggleMore();
  }

  /** @param {string} key @param {string} sign an icon's name, or a text @param {() => void} act
   * @param {string} [kind] */
  button(key, sign, act, kind = "") {
    const made = html("button", { type: "button", class: `${kind} do-${key}`.trim(),
      title: this.say(key), "aria-label": this.say(key) }, sign in ICONS ? icon(sign) : sign);
    made.addEventListener("click", act);
    return made;
  }

  buildBar() {
    const bar = /** @type {HTMLElement} */ (this.bar);
    bar.setAttribute("aria-label", this.say("step"));
    this.slider = /** @type {HTMLInputElement} */ (html("input", { type: "range", min: "0",
      class: "slider", "aria-label": this.say("step") }));
    this.slider.addEventListener("input", () => this.go(Number(this.slider?.value)));
    this.count = html("output", { class: "count" });
    const playing = this.button("play", "play", () => this.play());
    bar.replaceChildren(
      html("span", { class: "walk" }, this.button("first", "first", () => this.go(0)),
        this.button("back", "back", () => this.go(this.step - 1)), playing,
        this.button("next", "next", () => this.go(this.step + 1)),
        this.button("last", "last", () => this.go(Infinity))),
      this.slider, this.count,
      html("span", { class: "look" }, this.button("zoomOut", "−", () => this.camera?.scale(0.8)),
        this.button("fit", "fit", () => this.camera?.fit()), this.button("zoomIn", "+", () => this.camera?.scale(1.25))),
      html("span", { class: "rest" }, this.button("quiz", "?=", () => this.toggleQuiz()),
        this.button("language", this.language === "en" ? "한" : "En", () => this.switchLanguage()),
        this.button("dark", "dark", () => this.switchTheme()),
        this.button("more", "⋯", () => this.toggleMore())),
    );
    this.root.lang = this.language;
  }

  toggleMore() {
    const more = /** @type {HTMLElement} */ (this.more);
    more.hidden = !more.hidden;
    if (!more.hidden) this.buildMore();
  }

  buildMore() {
    const more = /** @type {HTMLElement} */ (this.more);
    const search = /** @type {HTMLInputElement} */ (html("input", { type: "search", class: "search",
      placeholder: this.say("search"), "aria-label": this.say("search") }));
    const found = html("output", { class: "found" });
    search.addEventListener("input", () => {
      const hits = this.find(search.value);
      found.textContent = search.value ? `${hits.length} ${this.say("found")}` : "";
    });
    search.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.reveal(this.find(search.value));
      event.stopPropagation();
      if (event.key === "Escape") this.toggleMore();
    });
    const overlays = /** @type {HTMLSelectElement} */ (html("select", { class: "overlays",
      "aria-label": this.say("overlay") }, html("option", { value: "" }, this.say("none")),
      ...this.overlayNames().map((name) => html("option", { value: name },
        WORDS[this.language][`over ${name}`] ?? name))));
    overlays.value = this.overlay;
    overlays.addEventListener("change", () => this.setOverlay(overlays.value));
    const check = (/** @type {string} */ key, /** @type {boolean} */ on, /** @type {() => void} */ act) => {
      const input = /** @type {HTMLInputElement} */ (html("input", { type: "checkbox" }));
      input.checked = on;
      input.addEventListener("change", act);
      return html("label", {}, input, this.say(key));
    };
    more.replaceChildren(search, found,
      html("label", {}, `${this.say("overlay")} `, overlays),
      check("constants", this.constants, () => this.toggleConstants()),
      check("path", this.pathOnly, () => this.togglePath()),
      this.textButton("openAll", () => this.openAll()),
      this.textButton("closeAll", () => this.setOpen([])),
      this.textButton("svg", () => saveSvg(this.svgText())), this.textButton("png", () => savePng(this.svgText(), /** @type {Plan} */ (this.plan))),
      html("p", { class: "keys" }, this.say("keys")));
    if (this.scene.moments?.length) more.prepend(this.momentSlider());
  }

  /** @param {string} key @param {() => void} act */
  textButton(key, act) {
    const made = html("button", { type: "button", class: `text ${key}` }, this.say(key));
    made.addEventListener("click", act);
    return made;
  }

  // ------------------------------------------------------------------ drawing

  /** @returns {Scene} */
  visibleScene() {
    let { boxes, wires } = this.scene;
    if (!this.constants) {
      const gone = new Set(boxes.filter((box) => box.kind === "constant").map((box) => box.id));
      boxes = boxes.filter((box) => !gone.has(box.id));
      wires = wires.filter((wire) => !gone.has(wire.source));
    }
    if (this.pathOnly && this.pinned) {
      const kept = this.pathOf(this.pinned);
      boxes = boxes.filter((box) => kept.has(box.id));
      wires = wires.filter((wire) => kept.has(wire.source) && kept.has(wire.target));
    }
    return { ...this.scene, boxes, wires };
  }

  /** Everything before and after a thing. @param {string} pinned */
  pathOf(pinned) {
    const wire = this.scene.wires.find((each) => each.id === pinned);
    const inside = new Set(this.scene.groups.filter((g) => g.id === pinned).map((g) => g.id));
    for (const g of this.scene.groups) if (inside.has(g.parent ?? "")) inside.add(g.id);
    const seeds = wire ? [wire.source, wire.target] : inside.size
      ? this.scene.boxes.filter((box) => inside.has(box.group ?? "")).map((box) => box.id) : [pinned];
    const kept = new Set(seeds);
    const spread = (/** @type {"source" | "target"} */ from, /** @type {"source" | "target"} */ to) => {
      /** @type {Map<string, string[]>} */
      const next = new Map();
      for (const each of this.scene.wires) next.set(each[from], [...(next.get(each[from]) ?? []), each[to]]);
      const seen = new Set(seeds), ready = [...seeds];
      for (const at of ready) {
        for (const id of next.get(at) ?? []) {
          if (!seen.has(id)) {
            seen.add(id);
            ready.push(id);
          }
        }
      }
      seen.forEach((id) => kept.add(id));
    };
    spread("source", "target");
    spread("target", "source");
    return kept;
  }

  get blanks() {
    if (!this.quiz) return new Set();
    if (this.scene.blanks?.length) return new Set(this.scene.blanks);
    return new Set(this.scene.wires.filter((wire) => wire.kind !== "trunk" && wire.backward &&
      wire.grad && !wire.grad.shape.length).map((wire) => wire.id));
  }

  /** @param {boolean} [move] */
  render(move = true) {
    const before = new Map(this.plan ? this.plan.places : []);
    const scene = this.visibleScene();
    this.view = fold(scene, this.open);
    const [places, routes] = fit(scene, this.view, this.blanks);
    this.plan = arrange(places, routes);
    this.drawn = draw(scene, this.view, this.plan, this.blanks);
    const focused = this.picture?.contains(document.activeElement) ? document.activeElement : null;
    this.picture?.replaceChildren(this.drawn);
    if (focused) this.focusOn(focused.getAttribute("data-box") ?? focused.getAttribute("data-group") ?? "");
    this.steps = walk(scene, this.view);
    this.step = Math.min(this.step, this.steps.length);
    this.drawnScene = scene;
    this.canvas?.setAttribute("aria-label", scene.title || this.say("picture"));
    if (move && !this.calm) this.moveBoxes(before);
    this.layBlanks();
    this.paintOverlay();
    this.showStep(false);
    this.camera?.show(this.plan, [...this.view.boxes, ...this.view.groups].map(({ id }) => id));
    if (this.pinned) this.pin(this.pinned);
  }

  /** The keyboard stays where it was, or in the picture. @param {string} id */
  focusOn(id) {
    const key = CSS.escape(id), same = this.drawn?.querySelector(`[data-box="${key}"],[data-group="${key}"]`);
    (same instanceof SVGElement ? same : this.root).focus({ preventScroll: true });
  }

  /** Boxes glide from where they were. @param {Map<string, any>} before */
  moveBoxes(before) {
    for (const node of this.drawn?.querySelectorAll("[data-box],[data-group]") ?? []) {
      const id = node.getAttribute("data-box") ?? node.getAttribute("data-group") ?? "";
      const old = before.get(id), now = this.plan?.places.get(id);
      const glide = { duration: QUICK, easing: "ease-out" };
      if (old && now) {
        const from = `translate(${old.x - now.x}px, ${old.y - now.y}px)`;
        node.animate([{ transform: from }, { transform: "none" }], glide);
      } else node.animate([{ opacity: 0 }, { opacity: 1 }], glide);
    }
    for (const node of this.drawn?.querySelectorAll(".wire") ?? []) {
      node.animate([{ opacity: 0 }, { opacity: 0 }, { opacity: 1 }], { duration: QUICK * 1.5 });
    }
  }

  /** @param {number} step */
  go(step) {
    const last = this.steps?.length ?? 0, before = this.step;
    this.step = Math.max(0, Math.min(step, last));
    this.showStep(this.step === before + 1);
    this.writeFragment();
  }

  /** What is known after the first `step` steps; `step` equal to their number shows everything. */
  showStep(run = false) {
    const steps = this.steps ?? [], done = this.step >= steps.length;
    const values = new Set(), grads = new Set();
    for (const [i, step] of steps.entries()) {
      if (i > this.step && !done) break;
      const known = ["start", "forward"].includes(step.phase) ? values : grads;
      step.wires.forEach((wire) => known.add(wire));
    }
    const now = done ? null : steps[this.step];
    for (const node of this.drawn?.querySelectorAll("[data-wire]") ?? []) {
      const id = node.getAttribute("data-wire") ?? "";
      node.classList.toggle("novalue", !done && !values.has(id));
      node.classList.toggle("nograd", !done && !grads.has(id));
      const lit = !!now && now.wires.includes(id), back = !!now && BACKWARD.has(now.phase);
      node.classList.toggle("lit", lit && !back);
      node.classList.toggle("litback", lit && back);
    }
    for (const node of this.drawn?.querySelectorAll("[data-box]") ?? []) {
      node.classList.toggle("lit", !!now && now.box === node.getAttribute("data-box"));
    }
    if (this.slider) {
      this.slider.max = String(steps.length);
      this.slider.value = String(this.step);
      this.slider.setAttribute("aria-valuetext", `${this.step} / ${steps.length}`);
    }
    this.nameNodes(now ? [now.box] : []);
    if (this.count) this.count.textContent = `${this.step} / ${steps.length}`;
    this.explain(now);
    if (now) this.camera?.follow(now.box);
    if (run && now && !this.calm) this.runDots(now);
  }

  /** Letters over the nodes without a name that the formula below speaks of. @param {string[]} ids */
  nameNodes(ids) {
    for (const old of this.drawn?.querySelectorAll(".letter") ?? []) old.remove();
    if (this.overlay) return;
    const named = new Set(ids);
    for (const wire of this.scene.wires) if (ids.includes(wire.target)) named.add(this.nodeBefore(wire.source));
    for (const id of named) {
      const box = this.scene.boxes.find((each) => each.id === id), rect = this.plan?.places.get(id);
      const node = this.drawn?.querySelector(`[data-box="${CSS.escape(id)}"]`);
      if (box?.kind !== "operation" || box.name || !rect || !node) continue;
      const text = element("text", { class: "letter", x: rect.x + rect.width / 2, y: rect.y - 5 });
      text.textContent = this.stepFormulas.letter(id).replace(/_\{(\d+)\}/, (_, digits) => [...digits].map((d) => "₀₁₂₃₄₅₆₇₈₉"[Number(d)]).join(""));
      node.append(text);
    }
  }

  /** What stands before a fork. @param {string} id */
  nodeBefore(id) {
    return this.scene.wires.find((wire) => wire.kind === "trunk" && wire.target === id)?.source ?? id;
  }

  /** A dot runs along each lit wire, the way its number goes. @param {Step} step */
  runDots(step) {
    const back = BACKWARD.has(step.phase);
    for (const id of step.wires.slice(0, 40)) {
      const path = this.drawn?.querySelector(`[data-wire="${CSS.escape(id)}"] ${back ? ".back" : ".fore"}`);
      if (!(path instanceof SVGPathElement)) continue;
      const length = path.getTotalLength(), dot = element("circle", { class: back ? "runner back-runner" : "runner", r: 4 });
      path.parentElement?.append(dot);
      const began = performance.now(), time = QUICK * 1.6;
      const tick = (/** @type {number} */ t) => {
        const part = Math.min(1, (t - began) / time);
        const at = path.getPointAtLength(length * (back ? 1 - part : part));
        dot.setAttribute("cx", String(at.x));
        dot.setAttribute("cy", String(at.y));
        if (part < 1 && dot.isConnected) requestAnimationFrame(tick);
        else dot.remove();
      };
      requestAnimationFrame(tick);
    }
  }

  play() {
    if (this.playing) {
      clearInterval(this.playing);
      this.playing = 0;
    } else {
      if (this.step >= (this.steps?.length ?? 0)) this.go(0);
      this.playing = window.setInterval(() => {
        if (this.step >= (this.steps?.length ?? 0)) this.play();
        else this.go(this.step + 1);
      }, 1100);
    }
    this.bar?.querySelector(".do-play")?.replaceChildren(icon(this.playing ? "pause" : "play"));
  }

  // ------------------------------------------------------------------ saying

  /** @param {Step | null} step */
  explain(step) {
    const says = /** @type {HTMLElement} */ (this.says);
    if (this.quiz && !step) return this.explainQuiz();
    if (!step) {
      const notes = this.scene.note ?? [];
      says.replaceChildren(...(notes.length ? notes.map((line, i) => html("span", { class: i ? "note" : "problem" }, line))
        : [html("span", {}, this.say(this.steps?.some((each) => BACKWARD.has(each.phase)) ? "done" : "doneForward"))]));
      return undefined;
    }
    const box = this.view?.boxes.find((each) => each.id === step.box);
    const label = ["start", "seed", "sum", "update"].includes(step.phase) ? this.say(
      step.phase === "update" ? "updateSays" : step.phase) : this.say(step.phase);
    const inner = [html("span", { class: "phase" }, label)];
    if (box && isGroup(box)) inner.push(html("b", {}, [box.sign, box.name].filter(Boolean).join(" ")));
    for (const latex of this.formulas(step, box)) inner.push(html("span", { class: "formula" }, math(latex)));
    says.replaceChildren(...inner);
    return undefined;
  }

  /** @param {Step} step @param {Box | import("./scene.js").Group | undefined} box @returns {string[]} */
  formulas(step, box) {
    const { stepFormulas: said } = this;
    if (box && isGroup(box)) return [said.group(step, box.id, /** @type {View} */ (this.view))];
    if (box && step.phase === "forward") return [said.forward(box)];
    if (box && step.phase === "backward") {
      const wires = said.into(box.id).filter((wire) => step.wires.includes(wire.id));
      return wires.map((wire) => said.chainRule(box, wire, true));
    }
    if (box && step.phase === "sum") return [said.sum(box)];
    return step.phase === "update" ? [said.update()] : [];
  }

  // ------------------------------------------------------------------ quiz

  toggleQuiz() {
    this.quiz = !this.quiz;
    this.graded = false;
    this.answers.clear();
    this.go(Infinity);
    this.render();
    this.writeFragment();
  }

  layBlanks() {
    const layer = /** @type {HTMLElement} */ (this.layer), blanks = this.blanks;
    layer.replaceChildren();
    for (const wire of this.view?.wires ?? []) {
      const spot = this.plan?.labels.get(wire.id);
      if (!blanks.has(wire.id) || !spot) continue;
      const field = /** @type {HTMLInputElement} */ (html("input", { class: "answer", inputmode: "decimal",
        autocomplete: "off", "data-blank": wire.id,
        "aria-label": `∂ ${this.plainName(wire.origin ?? wire.source)}` }));
      field.value = this.answers.get(wire.id) ?? "";
      field.style.left = `${spot[0] - 30}px`;
      field.style.top = `${spot[1] + 11}px`;
      field.addEventListener("input", () => {
        this.answers.set(wire.id, field.value);
        field.classList.remove("right", "wrong");
        if (this.graded) this.explainQuiz();
      });
      field.addEventListener("focus", () => this.hint(wire));
      field.addEventListener("keydown", (event) => {
        event.stopPropagation();
        if (event.key === "Enter") this.grade();
        if (event.key === "Escape") field.blur();
      });
      layer.append(field);
    }
    if (this.graded) this.mark();
  }

  /** @param {string} id @returns {string} */
  plainName(id) {
    const box = this.scene.boxes.find((each) => each.id === id);
    return box?.name || box?.sign || id;
  }

  /** Is what was typed, shown as we show numbers, the number that is shown? @param {string} wire */
  isRight(wire) {
    const typed = parseAnswer(this.answers.get(wire) ?? "");
    const summary = this.scene.wires.find((each) => each.id === wire)?.grad;
    const truth = summary?.numbers?.[0];
    return typed !== null && truth !== undefined && shown(typed) === shown(truth);
  }

  grade() {
    this.graded = true;
    this.mark();
    this.explainQuiz();
  }

  mark() {
    for (const field of this.layer?.querySelectorAll("input") ?? []) {
      const id = field.dataset.blank ?? "", empty = !field.value.trim();
      field.classList.toggle("right", !empty && this.isRight(id));
      field.classList.toggle("wrong", !empty && !this.isRight(id));
      if (empty) field.removeAttribute("aria-invalid");
      else field.setAttribute("aria-invalid", String(!this.isRight(id)));
    }
  }

  explainQuiz() {
    const all = [...this.blanks], right = all.filter((id) => this.isRight(/** @type {string} */ (id))).length;
    const score = this.graded ? (this.language === "ko" ? `${this.say("right")} ${right} / ${all.length}`
      : `${right} of ${all.length} ${this.say("right")}`) : this.say("blanks");
    this.says?.replaceChildren(html("span", { class: "score" }, score),
      this.textButton("check", () => this.grade()), this.textButton("show", () => this.reveals()));
  }

  reveals() {
    for (const id of this.blanks) {
      const truth = this.scene.wires.find((wire) => wire.id === id)?.grad?.numbers?.[0];
      if (truth !== undefined) this.answers.set(/** @type {string} */ (id), shown(truth));
    }
    this.layBlanks();
    this.grade();
  }

  /** The local rule for the derivative that is asked for. @param {Wire} wire */
  hint(wire) {
    const goal = this.scene.wires.find((each) => each.id === wire.id);
    const box = this.scene.boxes.find((each) => each.id === goal?.target);
    this.explainQuiz();
    this.nameNodes(box ? [box.id] : []);
    const text = box?.rules && goal ? this.stepFormulas.chainRule(box, goal, false) : "";
    this.says?.append(html("span", { class: "hint" }, html("b", {}, this.say("hint")), " ",
      text ? math(text) : box?.kind === "fork" ? this.say("sum") : this.say("noHint")));
  }

  // ------------------------------------------------------------------ opening, pinning, finding

  /** @param {Iterable<string>} ids */
  setOpen(ids) {
    this.open = new Set(ids);
    this.render();
    if (this.camera?.following) this.camera.home();
    this.writeFragment();
  }

  openAll() {
    this.setOpen(this.scene.boxes.length <= 3000 ? this.scene.groups.map((g) => g.id)
      : this.scene.groups.filter((g) => !g.parent).map((g) => g.id));
  }

  /** @param {string} id */
  toggleGroup(id) {
    const open = new Set(this.open);
    if (open.has(id)) open.delete(id);
    else open.add(id);
    this.setOpen(open);
    this.focusOn(id);
  }

  toggleConstants() {
    this.constants = !this.constants;
    this.render();
  }

  togglePath() {
    this.pathOnly = !this.pathOnly;
    this.render();
    this.camera?.fit();
  }

  /** @param {string} words @returns {string[]} */
  find(words) {
    const wanted = words.trim().toLowerCase();
    const hits = !wanted ? [] : [...this.scene.boxes, ...this.scene.groups].filter((thing) =>
      [thing.name, thing.sign, "title" in thing ? thing.title : ""].some((text) => text?.toLowerCase().includes(wanted)));
    const ids = new Set(hits.map((thing) => thing.id));
    for (const node of this.drawn?.querySelectorAll("[data-box],[data-group]") ?? []) {
      node.classList.toggle("match", ids.has(node.getAttribute("data-box") ?? node.getAttribute("data-group") ?? ""));
    }
    return [...ids];
  }

  /** Opens what hides the first hit and brings it to the middle. @param {string[]} ids */
  reveal(ids) {
    if (!ids.length) return;
    const id = ids[(ids.indexOf(this.pinned) + 1) % ids.length];
    const thing = [...this.scene.boxes, ...this.scene.groups].find((each) => each.id === id);
    let group = (thing && "group" in thing ? thing.group : undefined) ??
      this.scene.groups.find((each) => each.id === id)?.parent ?? "";
    const open = new Set(this.open);
    while (group) {
      open.add(group);
      group = this.scene.groups.find((each) => each.id === group)?.parent ?? "";
    }
    this.open = open;
    this.pinned = id;
    this.render();
    this.camera?.centre(id);
    this.find(this.more?.querySelector("input")?.value ?? "");
  }

  /** @param {string} id */
  pin(id) {
    this.pinned = id;
    const panel = /** @type {HTMLElement} */ (this.panel);
    for (const node of this.drawn?.querySelectorAll(".pinned") ?? []) node.classList.remove("pinned");
    this.drawn?.querySelector(`[data-box="${CSS.escape(id)}"],[data-wire="${CSS.escape(id)}"]`)?.classList.add("pinned");
    const wire = this.scene.wires.find((each) => each.id === id);
    const box = this.scene.boxes.find((each) => each.id === (wire ? wire.source : id));
    const group = this.scene.groups.find((each) => each.id === id);
    if (!box && !group) return this.unpin();
    panel.hidden = false;
    const close = this.button("close", "✕", () => this.unpin());
    const title = box ? box.name || box.sign || box.kind : group?.name ?? "";
    panel.replaceChildren(close, html("h2", {}, title));
    if (group) {
      const note = group.note === "=" ? `✓ ${this.say("same")}` : group.note === "≠" ? `✗ ${this.say("different")}` : group.note ?? "";
      if (note) panel.append(html("p", { class: "note" }, note));
      panel.append(this.textButton(this.open.has(id) ? "closeAll" : "openAll", () => this.toggleGroup(id)));
      /** @type {HTMLElement} */ (panel.lastElementChild).textContent = this.open.has(id) ? "▾" : "▸";
    }
    if (box?.title) panel.append(html("p", { class: "title" }, box.title));
    const value = wire ? wire.value : box?.value, grad = wire ? wire.grad : box?.grad;
    const quizzed = wire && this.blanks.has(wire.id) || (!wire && this.quiz);
    if (value) panel.append(...facts((key) => this.say(key), "value", value));
    if (grad && !quizzed) panel.append(...facts((key) => this.say(key), "derivative", grad));
    if (box && this.scene.program?.inputs && box.id in this.scene.program.inputs) panel.append(this.editor(box));
    return undefined;
  }

  unpin() {
    this.pinned = "";
    if (this.panel) this.panel.hidden = true;
    if (this.scene.program?.train) this.showTraining();
    for (const node of this.drawn?.querySelectorAll(".pinned") ?? []) node.classList.remove("pinned");
    if (this.pathOnly) this.togglePath();
  }

  // ------------------------------------------------------------------ live numbers

  /** @param {Box} box */
  editor(box) {
    const program = this.scene.program, at = program.inputs[box.id];
    const made = html("form", { class: "editor" }, html("h3", {}, this.say("edit")));
    const odd = unknownForm(program);
    if (odd) {
      made.append(html("p", {}, `${this.say("cannot")} (${odd})`));
      return made;
    }
    const leaf = program.nodes[at], now = this.given.get(at) ?? leaf.data.map(plainNumber);
    if (now.length > 64) {
      made.append(html("p", {}, `${this.say("cannot")} (${shownShape(leaf.shape)})`));
      return made;
    }
    const width = leaf.shape.length ? leaf.shape[leaf.shape.length - 1] : 1;
    const table = html("div", { class: "fields" });
    table.style.gridTemplateColumns = `repeat(${Math.min(width, 6)}, minmax(3.5em, 1fr))`;
    const fields = Array.from(now, (x, i) => /** @type {HTMLInputElement} */ (html("input", {
      type: "text", inputmode: "decimal", value: String(x).replace("-", "−"), class: "field",
      "aria-label": `${this.plainName(box.id)} ${now.length > 1 ? i + 1 : ""}` })));
    table.append(...fields);
    const problem = html("p", { class: "bad", role: "alert" });
    const apply = () => {
      const typed = fields.map((field) => parseAnswer(field.value));
      fields.forEach((field, i) => field.classList.toggle("wrong", typed[i] === null));
      problem.textContent = typed.includes(null) ? this.say("notNumber") : "";
      if (!typed.includes(null)) this.edit(at, /** @type {number[]} */ (typed));
    };
    made.addEventListener("submit", (event) => {
      event.preventDefault();
      apply();
    });
    made.addEventListener("keydown", (event) => event.stopPropagation());
    made.append(table, problem, html("button", { type: "submit", class: "text apply" }, this.say("apply")),
      this.textButton("reset", () => this.reset()));
    return made;
  }

  /** @param {number} at @param {ArrayLike<number>} numbers */
  edit(at, numbers) {
    this.given.set(at, numbers);
    this.recompute();
  }

  recompute() {
    const program = this.scene.program, values = evaluate(program, this.given);
    this.put(values);
    this.render(false);
    this.options.changed?.({ given: Object.fromEntries([...this.given].map(([k, v]) => [k, Array.from(v)])) });
  }

  /** Writes computed values on boxes and wires. @param {import("./evaluate.js").Value[]} values */
  put(values) {
    const program = this.scene.program;
    /** @type {Map<number, ArraySummary>} */
    const summaries = new Map();
    const summary = (/** @type {number} */ at) => {
      if (!summaries.has(at)) summaries.set(at, summarize(values[at].shape, program.nodes[at].dtype, values[at].data));
      return summaries.get(at);
    };
    for (const [things, places] of /** @type {[any[], any][]} */ ([[this.scene.wires, program.wires], [this.scene.boxes, program.boxes]])) {
      for (const thing of things) {
        const spot = places[thing.id];
        if (!spot) continue;
        thing.value = summary(spot[0]);
        if (spot[1] !== null) thing.grad = summary(spot[1]);
      }
    }
  }

  reset() {
    this.given.clear();
    for (const thing of [...this.scene.boxes, ...this.scene.wires]) {
      const [value, grad] = this.recorded.get(thing.id) ?? [];
      thing.value = value;
      thing.grad = grad;
    }
    this.render(false);
  }

  // ------------------------------------------------------------------ recorded steps and training

  momentSlider() {
    const moments = this.scene.moments ?? [];
    const input = /** @type {HTMLInputElement} */ (html("input", { type: "range", min: "0", class: "moment",
      max: String(moments.length - 1), value: String(this.moment < 0 ? moments.length - 1 : this.moment), "aria-label": this.say("moment") }));
    const text = html("output", {}, "");
    input.addEventListener("input", () => {
      this.showMoment(Number(input.value));
      text.textContent = moments[this.moment]?.title ?? String(this.moment);
    });
    return html("label", { class: "moments" }, this.say("moment"), input, text);
  }

  /** @param {number} at */
  showMoment(at) {
    this.moment = at;
    const moment = this.scene.moments?.[at];
    if (!moment) return;
    for (const thing of [...this.scene.boxes, ...this.scene.wires]) {
      const spot = moment.readings?.[thing.id];
      if (!spot) continue;
      [thing.value, thing.grad] = spot.map((/** @type {number | null} */ at) =>
        (at === null ? undefined : this.summaries[at]));
    }
    this.render(false);
  }

  showTraining() {
    const panel = /** @type {HTMLElement} */ (this.panel);
    this.training ??= this.trainControls();
    panel.replaceChildren(html("h2", {}, this.say("train")), this.training);
    panel.hidden = false;
  }

  trainControls() {
    this.trainer ??= new Trainer(this.scene.program);
    const trainer = this.trainer;
    const rate = /** @type {HTMLInputElement} */ (html("input", { type: "number", step: "any", min: "0", class: "rate",
      value: String(this.scene.program.train.rate ?? 0.5), "aria-label": this.say("rate") }));
    const out = html("output", { class: "trained" });
    const boundary = /** @type {HTMLCanvasElement} */ (html("canvas", { class: "boundary", width: "252", height: "252" }));
    const curve_ = /** @type {HTMLCanvasElement} */ (html("canvas", { class: "losses", width: "252", height: "120" }));
    const show = () => {
      out.textContent = `${trainer.count} ${this.say("steps")} · ${this.say("loss")} ${shown(trainer.loss)} · ${this.say("accuracy")} ${shown(trainer.accuracy())}`;
      if (trainer.flat) drawBoundary(boundary, trainer, getComputedStyle(this.root));
      drawCurve(curve_, trainer.losses, getComputedStyle(this.root));
      this.put(trainer.values);
      this.given = new Map(trainer.given);
      this.render(false);
    };
    let timer = 0;
    const toggle = () => {
      if (timer) {
        clearInterval(timer);
        timer = 0;
      } else {
        timer = window.setInterval(() => {
          const until = performance.now() + 60;
          do trainer.step(Number(rate.value) || 0); while (performance.now() < until);
          show();
        }, 120);
      }
      go.textContent = this.say(timer ? "stop" : "train");
    };
    const go = this.textButton("train", toggle);
    const one = this.button("next", "+1", () => {
      trainer.step(Number(rate.value) || 0);
      show();
    }, "one");
    boundary.hidden = !trainer.flat;
    queueMicrotask(show);
    return html("div", { class: "training" }, go, one, html("label", {}, this.say("rate"), rate), out, boundary, curve_);
  }

  // ------------------------------------------------------------------ overlays

  overlayNames() {
    const names = (this.scene.overlays ?? []).map((overlay) => overlay.name);
    if (this.scene.boxes.some((box) => box.grad)) names.push("‖∂‖");
    if (this.scene.boxes.some((box) => box.value?.bad || box.grad?.bad)) names.push("NaN");
    return names;
  }

  /** @param {string} name */
  setOverlay(name) {
    this.overlay = name;
    this.paintOverlay();
    this.writeFragment();
  }

  /** @returns {Record<string, [number, string]>} */
  overlayMarks() {
    const known = this.scene.overlays?.find((overlay) => overlay.name === this.overlay);
    if (known) return known.marks;
    /** @type {Record<string, [number, string]>} */
    const marks = {};
    const norms = this.scene.boxes.map((box) => box.grad?.norm ?? 0).filter((x) => x > 0);
    const low = Math.log10(Math.min(...norms)), high = Math.log10(Math.max(...norms));
    for (const box of this.scene.boxes) {
      if (this.overlay === "NaN") {
        const bad = (box.value?.bad ?? 0) + (box.grad?.bad ?? 0);
        const born = box.value?.bad && !this.scene.wires.some((wire) => wire.target === box.id && wire.value?.bad);
        if (bad) marks[box.id] = [born ? 1 : 0.4, born ? this.say("born") : String(bad)];
      } else if (this.overlay === "‖∂‖" && box.grad) {
        const norm = box.grad.norm ?? 0;
        marks[box.id] = [norm > 0 ? (Math.log10(norm) - low + 0.15) / (high - low + 0.15) : 0, shown(norm)];
      }
    }
    return marks;
  }

  paintOverlay() {
    for (const old of this.drawn?.querySelectorAll(".mark") ?? []) old.remove();
    this.root.classList.toggle("overlaid", !!this.overlay);
    if (!this.overlay) return;
    const marks = this.overlayMarks();
    /** @type {Map<string, [number, string]>} */
    const seen = new Map();
    for (const [id, mark] of Object.entries(marks)) {
      const place = this.view?.stands.get(id) ?? id, before = seen.get(place);
      if (!before || before[0] < mark[0]) seen.set(place, mark);
    }
    for (const [id, [level, words]] of seen) {
      const node = this.drawn?.querySelector(`[data-box="${CSS.escape(id)}"]`), rect = this.plan?.places.get(id);
      if (!node || !rect || node.classList.contains("fork") || node.classList.contains("output")) continue;
      const bad = this.overlay === "NaN" || words.startsWith("✗");
      const shade = element("rect", { class: bad ? "mark shade bad" : "mark shade", x: rect.x, y: rect.y, width: rect.width, height: rect.height,
        rx: node.classList.contains("operation") ? Math.min(rect.width, rect.height) / 2 : 8, "fill-opacity": 0.08 + 0.6 * level });
      const text = element("text", { class: "mark", x: rect.x + rect.width / 2, y: rect.y - 4 });
      text.textContent = words;
      node.insertBefore(shade, node.children[1] ?? null);
      node.append(text);
    }
  }

  // ------------------------------------------------------------------ hands

  listen() {
    const stage = /** @type {HTMLElement} */ (this.stage);
    /** @type {Map<number, [number, number]>} */
    const fingers = new Map();
    let moved = false;
    const camera = /** @type {Camera} */ (this.camera), { map } = camera;
    for (const kind of ["pointerdown", "pointermove"]) {
      map.addEventListener(kind, (event) => {
        const at = /** @type {PointerEvent} */ (event);
        event.stopPropagation();
        if (at.buttons) camera.moveByMap(at);
      });
    }
    stage.addEventListener("wheel", (event) => {
      event.preventDefault();
      const box = stage.getBoundingClientRect();
      if (event.ctrlKey || event.metaKey || !event.shiftKey) {
        camera.scale(Math.exp(-event.deltaY / 400), event.clientX - box.left, event.clientY - box.top);
      } else {
        camera.pan(-event.deltaY - event.deltaX, 0);
      }
    }, { passive: false });
    stage.addEventListener("pointerdown", (event) => {
      if (event.target instanceof HTMLInputElement) return;
      fingers.set(event.pointerId, [event.clientX, event.clientY]);
      moved = false;
    });
    stage.addEventListener("pointermove", (event) => {
      const before = fingers.get(event.pointerId);
      if (!before) return this.hover(event);
      const [x, y] = before, dx = event.clientX - x, dy = event.clientY - y;
      if (!moved && Math.abs(dx) + Math.abs(dy) < 4) return undefined;
      if (!moved) stage.setPointerCapture(event.pointerId);
      moved = true;
      const box = stage.getBoundingClientRect();
      if (fingers.size === 2) {
        const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1] ?? before;
        const was = Math.hypot(x - other[0], y - other[1]), now = Math.hypot(event.clientX - other[0], event.clientY - other[1]);
        camera.scale(now / (was || 1), (event.clientX + other[0]) / 2 - box.left, (event.clientY + other[1]) / 2 - box.top);
      } else {
        camera.pan(dx, dy);
      }
      fingers.set(event.pointerId, [event.clientX, event.clientY]);
      return undefined;
    });
    for (const end of ["pointerup", "pointercancel", "pointerleave"]) {
      stage.addEventListener(end, (event) => {
        fingers.delete(/** @type {PointerEvent} */ (event).pointerId);
        if (end === "pointerleave" && this.tip) this.tip.hidden = true;
      });
    }
    stage.addEventListener("focusin", (event) => {
      const id = event.target instanceof Element ? event.target.getAttribute("data-box") : null;
      if (id) camera.follow(id);
    });
    stage.addEventListener("click", (event) => {
      if (!moved && event.target instanceof Element) this.touch(event.target);
    });
    this.root.addEventListener("keydown", (event) => this.key(event));
    if (this.options.fragment) {  // a page of its own: its keys are ours before anything has the focus
      document.addEventListener("keydown", (event) => {
        if (event.target === document.body) this.key(event);
      });
    }
    if (!this.root.hasAttribute("tabindex")) this.root.tabIndex = -1;
    if (typeof ResizeObserver === "function") {
      new ResizeObserver(() => {
        if (camera.following) camera.home();
      }).observe(stage);
    }
  }

  /** @param {Element} target */
  touch(target) {
    const group = target.closest("[data-group]")?.getAttribute("data-group");
    const box = target.closest("[data-box]")?.getAttribute("data-box");
    const wire = target.closest("[data-wire]")?.getAttribute("data-wire");
    if (group) {
      if (target.classList.contains("caption") || target === document.activeElement) this.toggleGroup(group);
    } else if (box && this.scene.groups.some((each) => each.id === box)) this.toggleGroup(box);
    else if (box || wire) this.pin(/** @type {string} */ (box || wire));
    else if (this.pinned && !this.pathOnly) this.unpin();
  }

  /** @param {PointerEvent} event */
  hover(event) {
    const tip = /** @type {HTMLElement} */ (this.tip), stage = this.stage?.getBoundingClientRect();
    const id = event.target instanceof Element ? event.target.closest("[data-wire]")?.getAttribute("data-wire") : null;
    const wire = this.scene.wires.find((each) => each.id === id);
    tip.hidden = !wire || !stage;
    if (!wire || !stage) return;
    const rows = [];
    const one = (/** @type {ArraySummary} */ r) => (sizeOf(r.shape) === 1 && r.numbers ? exact(r.numbers[0]) : `${shownShape(r.shape)} ${lines(r).join("  ")}`);
    if (wire.value) rows.push(html("div", { class: "value" }, `${this.say("value")} ${one(wire.value)}`));
    if (wire.grad && !this.blanks.has(wire.id)) rows.push(html("div", { class: "grad" }, `${this.say("derivative")} ${one(wire.grad)}`));
    tip.replaceChildren(...rows);
    tip.style.left = `${Math.min(event.clientX - stage.left + 14, stage.width - 200)}px`;
    tip.style.top = `${event.clientY - stage.top + 16}px`;
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const field = event.target instanceof HTMLInputElement && event.target !== this.slider || event.target instanceof HTMLSelectElement;
    if (field) return;
    const target = event.target instanceof Element ? event.target : this.root;
    const onButton = target instanceof HTMLButtonElement;
    /** @type {Record<string, () => void>} */
    const keys = {
      ArrowRight: () => this.go(this.step + 1), ArrowLeft: () => this.go(this.step - 1),
      Home: () => this.go(0), End: () => this.go(Infinity), "+": () => this.camera?.scale(1.25), "=": () => this.camera?.scale(1.25),
      "-": () => this.camera?.scale(0.8), 0: () => this.camera?.fit(), Escape: () => this.escape(), q: () => this.toggleQuiz(),
      l: () => this.switchLanguage(), d: () => this.switchTheme(), m: () => this.toggleMore(), "?": () => this.toggleMore(),
      "/": () => this.openSearch(), c: () => this.toggleConstants(), p: () => this.togglePath(), o: () => this.nextOverlay(),
    };
    if (!onButton) {
      keys[" "] = () => this.play();
      keys.Enter = () => this.touch(target);
    }
    const act = keys[event.key] ?? keys[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  escape() {
    if (this.more && !this.more.hidden) this.more.hidden = true;
    else this.unpin();
  }

  openSearch() {
    if (this.more?.hidden) this.toggleMore();
    this.more?.querySelector("input[type=search]")?.dispatchEvent(new Event("focus"));
    /** @type {HTMLInputElement | null | undefined} */ (this.more?.querySelector("input[type=search]"))?.focus();
  }

  nextOverlay() {
    const names = ["", ...this.overlayNames()];
    this.setOverlay(names[(names.indexOf(this.overlay) + 1) % names.length]);
  }

  switchLanguage() {
    this.language = this.language === "en" ? "ko" : "en";
    this.buildBar();
    if (!this.more?.hidden) this.buildMore();
    this.render(false);
    this.writeFragment();
  }

  switchTheme() {
    const dark = this.theme ? this.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    this.theme = dark ? "light" : "dark";
    this.root.dataset.theme = this.theme;
    this.writeFragment();
  }

  // ------------------------------------------------------------------ address and export

  readFragment() {
    const asked = new URLSearchParams(location.hash.slice(1));
    if (asked.has("step")) this.step = Number(asked.get("step"));
    if (asked.has("open")) this.open = new Set((asked.get("open") ?? "").split(",").filter(Boolean));
    if (asked.get("lang") === "ko" || asked.get("lang") === "en") this.language = /** @type {string} */ (asked.get("lang"));
    if (asked.get("theme") === "dark" || asked.get("theme") === "light") {
      this.theme = /** @type {string} */ (asked.get("theme"));
      this.root.dataset.theme = this.theme;
    }
    if (asked.has("quiz")) this.quiz = asked.get("quiz") === "1";
    if (asked.has("overlay")) this.overlay = asked.get("overlay") ?? "";
  }

  writeFragment() {
    if (!this.options.fragment) return;
    const said = new URLSearchParams();
    if (this.step < (this.steps?.length ?? 0)) said.set("step", String(this.step));
    const open = [...this.open].sort().join(","), began = [...this.scene.open].sort().join(",");
    if (open !== began) said.set("open", open);
    if (this.language !== (this.scene.language ?? "en")) said.set("lang", this.language);
    if (this.theme) said.set("theme", this.theme);
    if (this.quiz && !this.scene.blanks?.length) said.set("quiz", "1");
    if (this.overlay !== (this.scene.painted ?? "")) said.set("overlay", this.overlay);
    const text = said.toString();
    try {
      history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
    } catch {
      // a page shown inside another one may not keep an address
    }
  }

  svgText() {
    return svgText(/** @type {Camera} */ (this.camera), this.options.sheet);
  }
}

/** What a person typed as a number: −3, 1/3, 2.2e-3; null if it is none. @param {string} text */
export function parseAnswer(text) {
  const plain = text.trim().replace(/−/g, "-").replace(/,/g, "").replace(/×10\^?/, "e");
  const parts = plain.split("/");
  if (!plain || parts.length > 2 || parts.some((part) => !/^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i.test(part))) return null;
  return parts.length === 2 ? Number(parts[0]) / Number(parts[1]) : Number(parts[0]);
}
