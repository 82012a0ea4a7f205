// The explorer: one picture that is stepped, opened, searched, edited and asked about. It puts the
// parts together and gives each action its meaning; it touches only the element it is given.

import { svgText } from "../sharing/exporting.ts";
import { html, speak } from "../html.ts";
import { StepFormulas } from "../step_formulas.ts";
import type { Actions } from "../input/actions.ts";
import { Address } from "../sharing/address.ts";
import { Bar } from "./bar.ts";
import { LEGIBLE } from "./camera.ts";
import { Drawer } from "./drawer.ts";
import { recompute } from "../live/recompute.ts";
import { listenToKeys } from "../input/keyboard.ts";
import { Overlays } from "./overlays.ts";
import { Panel } from "./panel.ts";
import { Picture } from "./picture.ts";
import { Pointer } from "../input/pointer.ts";
import { Quiz } from "./quiz.ts";
import { isPresented, present } from "../sharing/presenting.ts";
import { printWell } from "../sharing/printing.ts";
import { Saying } from "./saying.ts";
import { Session } from "./session.ts";
import type { Language, Options } from "./session.ts";
import type { SceneData } from "../unpack.ts";
import { Stepping } from "./stepping.ts";

const other = (language: Language): Language => (language === "en" ? "ko" : "en");

export class Explorer {
  readonly session: Session;
  readonly #root: HTMLElement;
  readonly #picture: Picture;
  readonly #stepping: Stepping;
  readonly #address: Address;
  readonly #panel: Panel;
  readonly #drawer: Drawer;

  /** `below`: what stands between the picture and its row of keys. */
  constructor(
    root: HTMLElement,
    data: SceneData,
    options: Options,
    below: (session: Session) => HTMLElement[] = () => [],
  ) {
    this.#root = root;
    const session = new Session(data, options);
    this.session = session;
    this.#address = new Address(options);
    this.#address.read(session);
    const formulas = new StepFormulas(session.scene);
    this.#picture = new Picture(session, root);
    const overlays = new Overlays(session, this.#picture);
    this.#stepping = new Stepping(session, this.#picture, formulas);
    const saying = new Saying(session, this.#picture, formulas);
    const quiz = new Quiz(session, this.#picture, this.#stepping, formulas, saying.line);
    this.#panel = new Panel(session, this.#picture);
    const actions = this.#actions(quiz, overlays);
    const bar = new Bar(session, this.#stepping, actions);
    this.#drawer = new Drawer(session, this.#picture, overlays, actions, () => this.svgText());
    const touch = (target: Element) => this.#touch(target);
    new Pointer(session, this.#picture, root, touch);
    const entered = () => {
      if (session.pinned) this.#panel.focus();
    };
    listenToKeys(root, actions, touch, entered, !!options.alone);
    const body = html("div", { class: "body" }, this.#picture.stage, this.#panel.aside);
    root.classList.add("sg");
    root.classList.toggle("alone", !!options.alone);
    root.replaceChildren(body, saying.line, ...below(session), this.#drawer.box, bar.row);
    this.#follow();
    const { program } = session.scene;
    if (program && session.given.size) recompute(session, program);
    else session.tell("draw", false);
    this.camera.least = options.least ?? LEGIBLE;
    this.camera.measure();
    this.camera.home();
    this.#address.look(this.camera);
    printWell(this.#picture, root);
  }

  get camera() {
    return this.#picture.camera;
  }

  /** The current view as SVG text. */
  svgText() {
    return svgText(this.camera, this.session.options.sheet);
  }

  /** The root and the address keep to the session. */
  #follow() {
    const root = this.#root;
    const session = this.session;
    const dress = () => {
      root.lang = session.language;
      if (session.options.alone) speak(session.language);
      if (session.theme) root.dataset.theme = session.theme;
    };
    dress();
    session.on("language", dress);
    session.on("theme", dress);
    session.on("address", () => this.#address.write(session, this.camera, this.#stepping.last));
    this.camera.onMove = () => this.#address.writeSoon(session, this.camera, this.#stepping.last);
    const room = new ResizeObserver(() => this.#picture.refit());
    room.observe(this.#picture.stage);
  }

  #actions(quiz: Quiz, overlays: Overlays): Actions {
    const stepping = this.#stepping;
    const panel = this.#panel;
    const root = this.#root;
    const session = this.session;
    const { page } = session.options;
    return {
      first: () => stepping.go(0),
      back: () => stepping.back(),
      play: () => stepping.play(),
      next: () => stepping.on(),
      last: () => stepping.go(Infinity),
      zoomIn: () => this.camera.scale(1.25),
      zoomOut: () => this.camera.scale(0.8),
      fit: () => {
        this.camera.fit();
        this.camera.onMove();
      },
      quiz: () => quiz.toggle(),
      language: page?.language ?? (() => session.setLanguage(other(session.language))),
      dark: page?.theme ?? (() => session.setTheme(session.isDark ? "light" : "dark")),
      more: () => this.#drawer.toggle(),
      search: () => this.#drawer.openSearch(),
      constants: () => {
        session.constants = !session.constants;
        session.tell("draw", true);
      },
      path: () => panel.togglePath(),
      overlay: () => overlays.next(),
      present: () => present(root, this.camera),
      escape: () => {
        if (this.#drawer.isOpen) this.#drawer.toggle();
        else if (session.pinned) panel.unpin();
        else if (isPresented(root)) present(root, this.camera);
      },
    };
  }

  /** What a press, or Enter, does with what is drawn. */
  #touch(target: Element) {
    const panel = this.#panel;
    const session = this.session;
    const near = (kind: string) =>
      target.closest(`[data-${kind}]`)?.getAttribute(`data-${kind}`) ?? "";
    const [group, box, wire] = [near("group"), near("box"), near("wire")];
    if (group) {
      const meant = target.classList.contains("caption") || target === document.activeElement;
      if (meant) panel.toggleGroup(group);
    } else if (session.group(box)) panel.toggleGroup(box);
    else if (box || wire) panel.pin(box || wire);
    else if (session.pinned && !session.pathOnly) panel.unpin();
  }
}
