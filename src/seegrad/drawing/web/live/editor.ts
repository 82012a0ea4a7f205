// The form in which an input's numbers are changed.

import { plainNumber, unknownForm } from "../evaluate.ts";
import type { Program } from "../evaluate.ts";
import type { Session } from "../explorer/session.ts";
import { html } from "../html.ts";
import type { Box } from "../scene.ts";
import { shownShape } from "../values/summary.js";
import { recompute } from "./recompute.ts";
import { parseAnswer } from "./typed_number.ts";

/** More numbers than these are no form. */
const MOST_FIELDS = 64;

export function editor(session: Session, program: Program, box: Box) {
  const at = program.inputs[box.id];
  const made = html("form", { class: "editor" }, html("h3", {}, session.say("edit")));
  const leaf = program.nodes[at];
  const now = session.given.get(at) ?? (leaf.data ?? []).map(plainNumber);
  const reason = unknownForm(program) || (now.length > MOST_FIELDS ? shownShape(leaf.shape) : "");
  if (reason) {
    made.append(html("p", {}, `${session.say("cannot")} (${reason})`));
    return made;
  }
  const fields = Array.from(now, (x, i) => {
    const name = `${session.plainName(box.id)} ${now.length > 1 ? i + 1 : ""}`.trim();
    const value = String(x).replace("-", "−");
    const field = { type: "text", inputmode: "decimal", value, class: "field" };
    return html("input", { ...field, "aria-label": name });
  });
  const table = html("div", { class: "fields" }, ...fields);
  const columns = Math.min(leaf.shape.at(-1) ?? 1, 6);
  table.style.gridTemplateColumns = `repeat(${columns}, minmax(3.5em, 1fr))`;
  const problem = html("p", { class: "bad", role: "alert" });
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    const typed = fields.map((field) => parseAnswer(field.value));
    fields.forEach((field, i) => field.classList.toggle("wrong", typed[i] === null));
    problem.textContent = typed.includes(null) ? session.say("notNumber") : "";
    if (typed.includes(null)) return;
    session.given.set(at, typed as number[]);
    recompute(session, program);
  });
  made.addEventListener("keydown", (event) => event.stopPropagation());
  const reset = html("button", { type: "button", class: "text reset" }, session.say("reset"));
  reset.addEventListener("click", () => session.reset());
  const apply = html("button", { type: "submit", class: "text apply" }, session.say("apply"));
  made.append(table, problem, apply, reset);
  return made;
}
