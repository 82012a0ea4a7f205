// A page of many pictures: each wakes when it comes into view, one switch for language and one for
// theme, the view of each in the page's address. Nothing is drawn here.

import type { Open, Opened, WakePlot } from "./page.ts";
import { speak } from "./html.ts";
import { asked, keep } from "./sharing/address.ts";
import type { Language, Theme } from "./explorer/session.ts";
import type { SceneData } from "./unpack.ts";

/** What is drawn at a place; `step`: the step it begins at; `whole`: all of it, however small. */
type Figure = { scene: SceneData; step?: number | null; whole?: boolean };

/** Pixels from the window at which a picture wakes. */
const NEAR = "400px";
/** How small a picture is shown to be seen whole. */
const LEAST = 0.7;

export class ReadingPage {
  readonly #body: HTMLElement;
  readonly #open: Open;
  readonly #figures: Record<string, Figure>;
  readonly #awake = new Map<HTMLElement, Opened>();
  #language: Language;
  #theme: Theme = "";

  /** Places have `data-scene`, a key in the page's pictures, and `data-figure`, a name in its
   * address; switches have `data-switch`. */
  constructor(body: HTMLElement, open: Open, wake: WakePlot = () => {}) {
    this.#body = body;
    this.#open = open;
    this.#figures = JSON.parse(document.getElementById("scenes")?.textContent ?? "{}");
    const told = asked();
    const known = (lang?: string | null) => lang === "en" || lang === "ko";
    this.#language = [told.get("lang"), body.dataset.lang, "en"].find(known) as Language;
    const theme = told.get("theme");
    if (theme === "dark" || theme === "light") this.#theme = theme;
    this.#dress();
    for (const button of body.querySelectorAll<HTMLElement>("[data-switch]")) {
      const isTheme = button.dataset.switch === "theme";
      button.addEventListener("click", () =>
        isTheme ? this.#switchTheme() : this.#switchLanguage(),
      );
    }
    this.#watch();
    for (const plot of this.#plots) wake(plot, told, (key, value) => this.#remember(key, value));
    this.#goToAsked(told);
  }

  get #places() {
    return this.#body.querySelectorAll<HTMLElement>("[data-figure]");
  }

  get #plots() {
    return this.#body.querySelectorAll<HTMLElement>("[data-plot]");
  }

  #watch() {
    const watcher = new IntersectionObserver(
      (seen) => {
        for (const { isIntersecting, target } of seen) {
          if (!isIntersecting || matchMedia("print").matches) continue;
          watcher.unobserve(target);
          this.#wake(target as HTMLElement);
        }
      },
      { rootMargin: NEAR },
    );
    for (const place of this.#places) watcher.observe(place);
  }

  #wake(place: HTMLElement) {
    if (this.#awake.has(place)) return;
    const { scene, step, whole } = this.#figures[place.dataset.scene ?? ""];
    const explorer = this.#open(place, scene, {
      step: step ?? undefined,
      address: place.dataset.figure,
      least: whole ? 0 : LEAST,
      language: this.#language,
      page: { language: () => this.#switchLanguage(), theme: () => this.#switchTheme() },
    });
    this.#awake.set(place, explorer);
  }

  /** Goes to the first picture that the address speaks of. */
  #goToAsked(told: URLSearchParams) {
    const names = [...told.keys()].map((key) => key.slice(0, key.lastIndexOf(".")));
    const place = [...this.#places, ...this.#plots].find(
      (each) => each.offsetParent && names.includes(each.dataset.figure ?? each.dataset.plot ?? ""),
    );
    place?.scrollIntoView({ block: "center" });
  }

  #dress() {
    this.#body.dataset.lang = this.#language;
    speak(this.#language);
    if (this.#theme) this.#body.dataset.theme = this.#theme;
    for (const place of this.#places) if (this.#theme) place.dataset.theme = this.#theme;
  }

  #write() {
    const said = asked();
    said.set("lang", this.#language);
    if (this.#theme) said.set("theme", this.#theme);
    keep(said);
  }

  /** Keeps what a reader has set in the page's address. */
  #remember(key: string, value: string) {
    const said = asked();
    said.set(key, value);
    keep(said);
  }

  #switchTheme() {
    const theme = this.#theme;
    const dark = theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    this.#theme = dark ? "light" : "dark";
    this.#dress();
    for (const explorer of this.#awake.values()) explorer.session.setTheme(this.#theme);
    this.#write();
  }

  /** The other language, at the same place of the text. */
  #switchLanguage() {
    const seen = this.#placeInText();
    this.#language = this.#language === "en" ? "ko" : "en";
    this.#dress();
    for (const explorer of this.#awake.values()) explorer.session.setLanguage(this.#language);
    seen?.();
    this.#write();
  }

  /** Comes back, in the other language, to the heading or figure that is at the top now. */
  #placeInText() {
    const articles = [...this.#body.querySelectorAll<HTMLElement>("article[lang]")];
    if (articles.length < 2) return undefined;
    const marks = articles.map((each) => [...each.querySelectorAll<HTMLElement>("h2, figure")]);
    const now = articles.findIndex((each) => each.lang === this.#language);
    const tops = marks[now].map((mark) => mark.getBoundingClientRect().top);
    const at = tops.findLastIndex((top) => top < innerHeight / 3);
    if (at < 0) return () => scrollTo({ top: 0 });
    return () => {
      const there = marks[1 - now][at];
      if (there) scrollBy({ top: there.getBoundingClientRect().top - tops[at] });
    };
  }
}
