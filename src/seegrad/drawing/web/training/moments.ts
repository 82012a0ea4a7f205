// The slider over recorded training steps.

import type { Session } from "../explorer/session.ts";
import { html } from "../html.ts";

export function momentSlider(session: Session) {
  const moments = session.scene.moments ?? [];
  const last = moments.length - 1;
  const words = session.say("moment");
  const slider = html("input", {
    type: "range",
    min: "0",
    class: "moment",
    max: String(last),
    value: String(session.moment < 0 ? last : session.moment),
    "aria-label": words,
  });
  const title = html("output");
  slider.addEventListener("input", () => {
    session.showMoment(Number(slider.value));
    title.textContent = moments[session.moment]?.title ?? String(session.moment);
  });
  return html("label", { class: "moments" }, words, slider, title);
}
