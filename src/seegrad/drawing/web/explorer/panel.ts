// The panel beside the picture: what is known of the thing that is pinned.

import { facts } from "../facts.ts";
import { html, iconButton, textButton } from "../html.ts";
import { editor } from "../live/editor.ts";
import type { Group } from "../scene.ts";
import type { Picture } from "./picture.ts";
import type { Session } from "./session.ts";

export class Panel {
  readonly aside: HTMLElement;
  readonly #session: Session;
  readonly #picture: Picture;

  constructor(session: Session, picture: Picture) {
    this.#session = session;
    this.#picture = picture;
    this.aside = html("section", { class: "panel", hidden: "" });
    session.on("draw", () => this.show());
  }

  pin(id: string) {
    this.#session.pinned = id;
    this.show();
    this.#picture.camera.follow(this.#session.wire(id)?.source ?? id);
    this.#session.tell("address", undefined);
  }

  /** The keyboard goes to what was opened; Escape brings it back. */
  focus() {
    this.aside.querySelector<HTMLElement>(".do-close")?.focus();
  }

  unpin() {
    const session = this.#session;
    const back = this.aside.contains(document.activeElement) ? session.pinned : "";
    session.pinned = "";
    session.tell("address", undefined);
    if (back) this.#picture.focusOn(back);
    if (session.pathOnly) this.togglePath();
    else this.show();
  }

  /** Only the path of what is pinned, or everything again. */
  togglePath() {
    this.#session.pathOnly = !this.#session.pathOnly;
    this.#session.tell("draw", true);
    this.#picture.camera.fit();
  }

  toggleGroup(id: string) {
    const open = new Set(this.#session.open);
    if (!open.delete(id)) open.add(id);
    this.#session.setOpen(open);
    this.#picture.camera.frame(id);
    this.#picture.focusOn(id);
  }

  /** The panel as the session has it now. */
  show() {
    const session = this.#session;
    const aside = this.aside;
    for (const node of this.#picture.all(".pinned")) node.classList.remove("pinned");
    const inner = session.pinned ? this.#told(session.pinned) : [];
    if (inner.length) {
      this.#picture.find(session.pinned)?.classList.add("pinned");
      aside.replaceChildren(...inner);
    }
    aside.setAttribute("aria-label", session.say("details"));
    if (aside.hidden === !inner.length) return;
    aside.hidden = !inner.length;
    this.#picture.camera.measure();
  }

  #told(id: string): Element[] {
    const session = this.#session;
    const wire = session.wire(id);
    const box = session.box(wire ? wire.source : id);
    const group = session.group(id);
    if (!box && !group) return [];
    const title = box ? box.name || box.sign || box.kind : (group?.name ?? "");
    const made: Element[] = [
      iconButton("close", "✕", session.say("close"), () => this.unpin()),
      html("h2", {}, title),
    ];
    if (group) made.push(...this.#ofGroup(group));
    if (box?.title) made.push(html("p", { class: "title" }, box.title));
    const thing = wire ?? box;
    const say = (key: string) => session.say(key);
    const asked = wire ? this.#picture.blanks.has(wire.id) : session.quiz;
    if (thing?.value) made.push(...facts(say, "value", thing.value));
    if (thing?.grad && !asked) made.push(...facts(say, "derivative", thing.grad));
    const { program } = session.scene;
    const editable = program?.why
      ? box?.kind === "input" || box?.kind === "parameter"
      : box && program && (box.id in program.inputs || program.fixed?.[box.id]);
    if (box && program && editable) made.push(editor(session, program, box));
    return made;
  }

  #ofGroup({ id, note = "" }: Group): HTMLElement[] {
    const session = this.#session;
    const checks: Record<string, string> = {
      "=": `✓ ${session.say("same")}`,
      "≠": `✗ ${session.say("different")}`,
      NaN: session.say("ownRule"),
    };
    const words = checks[note] ?? note;
    const isOpen = session.open.has(id);
    const turn = textButton(isOpen ? "closeAll" : "openAll", isOpen ? "▾" : "▸", () =>
      this.toggleGroup(id),
    );
    return [...(words ? [html("p", { class: "note" }, words)] : []), turn];
  }
}
