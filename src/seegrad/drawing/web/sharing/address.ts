// The view in the page's address: step, what is open and pinned, where one looks, language, theme,
// quiz, overlay. Of many pictures on a page each has keys that begin with its own name.

import type { Camera } from "../explorer/camera.ts";
import { sizeOf } from "../values/summarize.ts";
import type { Options, Session } from "../explorer/session.ts";

/** Milliseconds without a movement after which it is written down. */
const REST = 250;
/** Every key that one picture may have. */
const KEYS = ["step", "open", "pin", "at", "lang", "theme", "quiz", "overlay", "given"];
/** Numbers that were changed; more of them are not kept. */
const MOST_GIVEN = 64;

/** What the page's address says. */
export const asked = () => new URLSearchParams(location.hash.slice(1));

export class Address {
  readonly #prefix: string;
  readonly #kept: boolean;
  #timer = 0;

  constructor({ alone, address }: Options) {
    this.#prefix = address ? `${address}.` : "";
    this.#kept = !!alone || !!address;
  }

  #value(key: string) {
    return this.#kept ? asked().get(this.#prefix + key) : null;
  }

  /** Takes over what the address asks for. */
  read(session: Session) {
    const [step, open, lang, theme] = ["step", "open", "lang", "theme"].map((k) => this.#value(k));
    if (step !== null && Number.isFinite(Number(step))) session.step = Number(step);
    if (open !== null) {
      session.open = new Set(open.split(",").filter(Boolean));
      session.auto = false;
    }
    if (lang === "ko" || lang === "en") session.language = lang;
    if (theme === "dark" || theme === "light") session.theme = theme;
    session.pinned = this.#value("pin") ?? "";
    session.quiz = session.quiz || this.#value("quiz") === "1";
    session.overlay = this.#value("overlay") ?? session.overlay;
    for (const each of this.#value("given")?.split(" ") ?? []) {
      const [at, ...numbers] = each.split(",").map(Number);
      const { nodes, inputs } = session.scene.program ?? {};
      const mine = nodes && Object.values(inputs ?? {}).includes(at);
      if (mine && numbers.length === sizeOf(nodes[at].shape) && numbers.every(Number.isFinite)) {
        session.given.set(at, numbers);
      }
    }
  }

  /** Looks where the address says. */
  look(camera: Camera) {
    const [k, x, y] = (this.#value("at") ?? "").split(",").map(Number);
    if ([k, x, y].every(Number.isFinite) && k > 0) camera.look(k, x, y);
  }

  writeSoon(session: Session, camera: Camera, last: number) {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.write(session, camera, last), REST);
  }

  /** Writes what differs from the first view. `last`: the number of steps. */
  write(session: Session, camera: Camera, last: number) {
    if (!this.#kept) return;
    const { scene, options } = session;
    const said = new Map<string, string>();
    if (session.step < last) said.set("step", String(session.step));
    const open = [...session.open].sort().join(",");
    if (open !== [...scene.open].sort().join(",")) said.set("open", open);
    if (session.pinned) said.set("pin", session.pinned);
    if (!camera.following) said.set("at", camera.seenAt.join(","));
    const given = session.runs ? [] : [...session.given].map(([at, x]) => [at, ...Array.from(x)]);
    if (given.flat().length <= MOST_GIVEN) said.set("given", given.map(String).join(" "));
    if (session.quiz && !scene.blanks?.length) said.set("quiz", "1");
    if (session.overlay !== (scene.painted ?? "")) said.set("overlay", session.overlay);
    if (!options.page && session.language !== (scene.language ?? "en")) {
      said.set("lang", session.language);
    }
    if (!options.page && session.theme) said.set("theme", session.theme);
    const whole = asked();
    for (const key of KEYS) whole.delete(this.#prefix + key);
    for (const [key, value] of said) whole.set(this.#prefix + key, value);
    keep(whole);
  }
}

/** Writes the page's address; what has no value (an anchor) goes. */
export function keep(said: URLSearchParams) {
  for (const [key, value] of [...said]) if (!value && !key.endsWith("open")) said.delete(key);
  const text = String(said).replaceAll("%2C", ",");
  try {
    history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
  } catch {
    // a page shown inside another one may not keep an address
  }
}
