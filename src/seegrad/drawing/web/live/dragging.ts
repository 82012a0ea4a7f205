// Numbers dragged on the edge itself: sideways, and everything that depends on them flows.

import { plainNumber, unknownForm } from "../evaluate.ts";
import type { Picture } from "../explorer/picture.ts";
import { idOf } from "../explorer/picture.ts";
import type { Session } from "../explorer/session.ts";
import { recompute } from "./recompute.ts";

/** Pixels of a drag to the next number. */
const PIXELS = 3;

export class Dragging {
  readonly #session: Session;
  readonly #picture: Picture;
  #from = { x: 0, value: 0, step: 1, at: -1 };
  #frame = 0;

  constructor(session: Session, picture: Picture) {
    this.#session = session;
    this.#picture = picture;
    session.on("draw", () => this.#mark());
  }

  /** The place in the program of the one number that a wire brings from an input. */
  #placeOf(id: string): number | undefined {
    const wire = this.#session.wire(id);
    const { program } = this.#session.scene;
    if (!program?.inputs || !wire || wire.value?.shape.length || unknownForm(program)) {
      return undefined;
    }
    const trunk = this.#session.scene.wires.find((each) => each.target === wire.source);
    const source = trunk?.kind === "trunk" ? trunk.source : wire.source;
    return program.inputs[source];
  }

  #mark() {
    for (const node of this.#picture.all("[data-wire]")) {
      node.classList.toggle("live", this.#placeOf(idOf(node)) !== undefined);
    }
  }

  /** Begins where a number was pressed that can be changed; else says no. */
  begin(target: Element, x: number): boolean {
    const wire = target.matches("text.value") ? target.closest("[data-wire]") : null;
    const at = wire ? this.#placeOf(idOf(wire)) : undefined;
    const { program } = this.#session.scene;
    if (at === undefined || !program) return false;
    const given = this.#session.given.get(at)?.[0];
    const value = given ?? plainNumber(program.nodes[at].data?.[0] ?? 0);
    const size = Math.abs(value) || 1;
    this.#from = { x, value, step: 10 ** (Math.floor(Math.log10(size)) - 1), at };
    return true;
  }

  get active() {
    return this.#from.at >= 0;
  }

  move(x: number) {
    const { program } = this.#session.scene;
    const { value, step, at } = this.#from;
    const count = Math.round((x - this.#from.x) / PIXELS);
    const digits = Math.max(0, 2 - Math.floor(Math.log10(step)));
    const moved = Number((value + count * step).toFixed(Math.min(digits, 15)));
    this.#session.given.set(at, [moved]);
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => {
      if (program) recompute(this.#session, program);
    });
  }

  end() {
    this.#from.at = -1;
    this.#session.tell("address", undefined);
  }
}
