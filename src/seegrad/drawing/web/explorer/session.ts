// What is looked at and what the reader has chosen: plain state, and who is told when it changes.
// Data goes one way: a choice changes the session, the session tells, the parts draw. No element
// of the document is touched here.

import type { Box, Group, Scene, Wire } from "../scene.ts";
import type { ArraySummary } from "../scene.ts";
import { Box as BoxClass, Group as GroupClass, Wire as WireClass } from "../scene/scene.js";
import { revive, unpack, whole } from "../unpack.ts";
import type { SceneData } from "../unpack.ts";
import { WORDS } from "../words.ts";

/** What may be told: draw anew (gliding or not), the step has changed (with dots that run or not),
 * the language or the theme has, something that the address keeps has. */
export type Events = {
  draw: boolean;
  step: boolean;
  language: undefined;
  theme: undefined;
  address: undefined;
};

export type Theme = "" | "dark" | "light";
export type Language = "en" | "ko";

export type Options = {
  /** The page is this one picture: wheel, keys and address are its own. */
  alone?: boolean;
  /** What the picture's part of the page's address begins with. */
  address?: string;
  /** The page has many pictures: language and theme are switched there, for all of them. */
  page?: { language: () => void; theme: () => void };
  /** How small it may be shown, to be seen whole. */
  least?: number;
  language?: Language;
  quiz?: boolean;
  step?: number;
  sheet?: string;
  changed?: (state: { given: Record<string, number[]> }) => void;
};

/** What is read off at a box or a wire, in the order in which its places come. */
export const READINGS = ["value", "grad", "inner"] as const;
export type Reading = (typeof READINGS)[number];
type Thing = (Box | Wire) & { inner?: ArraySummary };
type Recorded = Map<string, (ArraySummary | undefined)[]>;

function put(thing: Thing, readings: (ArraySummary | undefined)[]) {
  READINGS.forEach((what, i) => {
    thing[what] = readings[i];
  });
}

export class Session {
  readonly scene: Scene;
  readonly options: Options;
  /** The values and derivatives as they came, to go back to. */
  readonly recorded: Recorded;
  /** Numbers that were put in instead of the recorded ones, by their place in the program. */
  given = new Map<number, ArrayLike<number>>();
  open: Set<string>;
  language: Language;
  theme: Theme = "";
  /** May the window still choose what is open? Until the reader, or the address, has. */
  auto: boolean;
  step = Infinity;
  quiz = false;
  pinned = "";
  overlay: string;
  constants = true;
  pathOnly = false;
  moment = -1;
  readonly #summaries: ArraySummary[];
  readonly #listeners: { [E in keyof Events]: ((told: Events[E]) => void)[] } = {
    draw: [],
    step: [],
    language: [],
    theme: [],
    address: [],
  };

  constructor(data: SceneData, options: Options) {
    this.options = options;
    unpack(data);
    this.scene = {
      blanks: [],
      overlays: [],
      moments: [],
      ...data,
      boxes: (data.boxes ?? []).map((box) => whole<Box>(new BoxClass("", ""), box)),
      wires: (data.wires ?? []).map((wire) => whole<Wire>(new WireClass("", "", ""), wire)),
      groups: (data.groups ?? []).map((group) => whole<Group>(new GroupClass("", ""), group)),
      open: data.open ?? [],
    };
    this.auto = !!this.scene.auto;
    this.#summaries = (data.readings ?? []).map((sent) => revive(sent, data.arrays));
    for (const thing of this.things) {
      for (const what of READINGS) {
        const place: unknown = thing[what];
        if (typeof place === "number") thing[what] = this.#summaries[place];
      }
    }
    this.recorded = new Map(
      this.things.map((thing) => [thing.id, READINGS.map((what) => thing[what])]),
    );
    this.open = new Set(this.scene.open);
    this.language = options.language ?? (this.scene.language === "ko" ? "ko" : "en");
    this.overlay = data.painted ?? "";
    this.quiz = !!options.quiz || !!this.scene.blanks?.length;
    if (typeof options.step === "number") this.step = options.step;
  }

  on<E extends keyof Events>(event: E, act: (told: Events[E]) => void) {
    this.#listeners[event].push(act);
  }

  tell<E extends keyof Events>(event: E, told: Events[E]) {
    for (const act of this.#listeners[event]) act(told);
  }

  /** A word of the page in the reader's language. */
  say(key: string, other = key) {
    return WORDS[key]?.[this.language === "en" ? 0 : 1] ?? other;
  }

  get things(): Thing[] {
    return [...this.scene.boxes, ...this.scene.wires];
  }

  box(id: string | undefined): Box | undefined {
    return this.scene.boxes.find((each) => each.id === id);
  }

  wire(id: string | undefined): Wire | undefined {
    return this.scene.wires.find((each) => each.id === id);
  }

  group(id: string | undefined): Group | undefined {
    return this.scene.groups.find((each) => each.id === id);
  }

  /** What a person calls a box. */
  plainName(id: string): string {
    const box = this.box(id);
    return box?.name || box?.sign || id;
  }

  /** Do its numbers run on, so that nothing may move when they change? */
  get runs(): boolean {
    return !!this.scene.moments?.length || !!this.scene.program?.train;
  }

  /** Is a derivative known anywhere? */
  get hasBackward(): boolean {
    return this.scene.wires.some((wire) => wire.backward && (wire.grad || wire.below));
  }

  /** Has NaN or infinity come through to a result, or back to what it is differentiated by? */
  get isSpoilt(): boolean {
    const { boxes, wires } = this.scene;
    return (
      wires.some(({ kind, value, grad }) => kind === "output" && (value?.bad || grad?.bad)) ||
      boxes.some(({ kind, grad }) => (kind === "input" || kind === "parameter") && grad?.bad)
    );
  }

  setOpen(ids: Iterable<string>) {
    this.open = new Set(ids);
    this.auto = false;
    this.tell("draw", true);
    this.tell("address", undefined);
  }

  openAll() {
    const { boxes, groups } = this.scene;
    const opened = boxes.length <= 3000 ? groups : groups.filter((group) => !group.parent);
    this.setOpen(opened.map((group) => group.id));
  }

  /** Shows a recorded training step. */
  showMoment(at: number) {
    const readings = this.scene.moments?.[at]?.readings;
    this.moment = at;
    for (const thing of this.things) {
      const spot = readings?.[thing.id];
      if (!spot) continue;
      put(
        thing,
        spot.map((place) => this.#summaries[place ?? -1]),
      );
    }
    this.tell("draw", false);
  }

  /** Back to the numbers as they came. */
  reset() {
    this.given.clear();
    for (const thing of this.things) put(thing, this.recorded.get(thing.id) ?? []);
    this.tell("draw", false);
    this.tell("address", undefined);
  }

  get isDark() {
    if (this.theme) return this.theme === "dark";
    return matchMedia("(prefers-color-scheme: dark)").matches;
  }

  setTheme(theme: Theme) {
    this.theme = theme;
    this.tell("theme", undefined);
    this.tell("address", undefined);
  }

  setLanguage(language: Language) {
    this.language = language;
    this.tell("language", undefined);
    this.tell("draw", false);
    this.tell("address", undefined);
  }
}
