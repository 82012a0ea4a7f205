// The form in which an input's numbers are changed: all of them, or of many one at a time.

import { plainNumber, unknownForm } from "../evaluate.ts";
import type { Program } from "../evaluate.ts";
import type { Session } from "../explorer/session.ts";
import { html, textButton } from "../html.ts";
import type { Box } from "../scene.ts";
import { recompute } from "./recompute.ts";
import { ownDigits } from "../unpack.ts";
import { readNumber } from "./typed_number.ts";

/** Of more numbers than these one is changed at a time. */
const MOST_FIELDS = 64;

/** The form, or the words that say why this box cannot be changed in the page. */
export function editor(session: Session, program: Program, box: Box) {
  const made = html("form", { class: "editor" }, html("h3", {}, session.say("edit")));
  const op = program.fixed?.[box.id] || unknownForm(program);
  const reason = program.why || (op && `${session.say("cannot")} ${op}`);
  if (reason) {
    made.append(html("p", { class: "fixed" }, reason));
    return made;
  }
  const at = program.inputs[box.id];
  const leaf = program.nodes[at];
  const now = Array.from(session.given.get(at) ?? leaf.data ?? [], plainNumber);
  const digits = leaf.dtype === "float32" ? ownDigits : (x: number) => x;
  const name = session.plainName(box.id);
  const many = now.length > MOST_FIELDS;
  const fields = (many ? now.slice(0, 1) : now).map((x, i) => {
    const label = now.length > 1 && !many ? `${name} ${i + 1}` : name;
    return numberField(label, digits(x));
  });
  const which = many ? placeField(session, now, fields[0], digits) : null;
  const table = html("div", { class: "fields" }, ...fields);
  const columns = many ? 1 : Math.min(leaf.shape.at(-1) ?? 1, 6);
  table.style.gridTemplateColumns = `repeat(${columns}, minmax(3.5em, 1fr))`;
  const problem = html("p", { class: "bad", role: "alert" });
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    const typed = fields.map((field) => readNumber(field.value));
    fields.forEach((field, i) => {
      field.classList.toggle("wrong", typeof typed[i] === "string");
    });
    const wrong = typed.find((each) => typeof each === "string");
    problem.textContent = wrong === undefined ? "" : session.say(wrong);
    if (wrong !== undefined) return;
    const first = which ? which.valueAsNumber - 1 : 0;
    typed.forEach((x, i) => {
      now[first + i] = x as number;
    });
    session.given.set(at, now);
    recompute(session, program);
    session.tell("address", undefined);
  });
  made.addEventListener("keydown", (event) => event.stopPropagation());
  const apply = html("button", { type: "submit", class: "text apply" }, session.say("apply"));
  const reset = textButton("reset", session.say("reset"), () => session.reset());
  if (which) made.append(html("label", {}, session.say("place"), which));
  made.append(table, problem, apply, reset);
  return made;
}

function numberField(label: string, x: number) {
  const value = String(x).replace("-", "−");
  return html("input", {
    type: "text",
    inputmode: "decimal",
    class: "field",
    "aria-label": label,
    value,
  });
}

/** Which of many numbers: its place in C order, from 1. */
function placeField(
  session: Session,
  numbers: number[],
  field: HTMLInputElement,
  digits: (x: number) => number,
) {
  const max = String(numbers.length);
  const which = html("input", { type: "number", class: "rate", min: "1", max, value: "1" });
  which.setAttribute("aria-label", session.say("place"));
  which.addEventListener("input", () => {
    const x = numbers[which.valueAsNumber - 1];
    if (x !== undefined) field.value = String(digits(x)).replace("-", "−");
  });
  return which;
}
