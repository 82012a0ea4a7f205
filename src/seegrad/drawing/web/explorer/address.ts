// The view in the address: step, what is open, language, theme, quiz, overlay.

import type { Session } from "./session.ts";

/** Takes over what the page's address asks for. */
export function readAddress(session: Session) {
  const asked = new URLSearchParams(location.hash.slice(1));
  const [lang, theme] = [asked.get("lang"), asked.get("theme")];
  if (asked.has("step")) session.step = Number(asked.get("step"));
  if (asked.has("open")) {
    session.open = new Set(asked.get("open")?.split(",").filter(Boolean));
    session.auto = false;
  }
  if (lang === "ko" || lang === "en") session.language = lang;
  if (theme === "dark" || theme === "light") session.theme = theme;
  if (asked.has("quiz")) session.quiz = asked.get("quiz") === "1";
  if (asked.has("overlay")) session.overlay = asked.get("overlay") ?? "";
}

/** Writes what differs from the first view. `last`: the number of steps. */
export function writeAddress(session: Session, last: number) {
  const { scene } = session;
  const said = new URLSearchParams();
  if (session.step < last) said.set("step", String(session.step));
  const open = [...session.open].sort().join(",");
  if (open !== [...scene.open].sort().join(",")) said.set("open", open);
  if (session.language !== (scene.language ?? "en")) said.set("lang", session.language);
  if (session.theme) said.set("theme", session.theme);
  if (session.quiz && !scene.blanks?.length) said.set("quiz", "1");
  if (session.overlay !== (scene.painted ?? "")) said.set("overlay", session.overlay);
  const text = said.toString();
  try {
    history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
  } catch {
    // a page shown inside another one may not keep an address
  }
}
