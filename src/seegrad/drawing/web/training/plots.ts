// Plots that a reader moves with sliders: parts of a drawing that are there at some settings alone.
// A part says when, as `data-when="rate:2 step:5+"`: where the slider called rate is at 2 and that
// called step at 5 or beyond. All parts came with the page; nothing is computed here.

/** Is a part there at these settings? */
export function isThere(when: string, settings: Map<string, number>): boolean {
  return when.split(" ").every((each) => {
    const [name, wanted] = each.split(":");
    const now = settings.get(name) ?? 0;
    return wanted.endsWith("+") ? now >= Number.parseInt(wanted, 10) : now === Number(wanted);
  });
}

/** A plot with its sliders; `asked` are settings from the page's address, `tell` keeps new ones. */
export function plotted(
  place: HTMLElement,
  asked: URLSearchParams,
  tell: (key: string, value: string) => void,
) {
  const sliders = [...place.querySelectorAll<HTMLInputElement>("input[type=range]")];
  const parts = [...place.querySelectorAll<SVGElement>("[data-when]")];
  const key = (slider: HTMLInputElement) => `${place.dataset.plot}.${slider.name}`;

  const show = () => {
    const settings = new Map(sliders.map((slider) => [slider.name, slider.valueAsNumber]));
    for (const part of parts) {
      part.classList.toggle("off", !isThere(part.dataset.when ?? "", settings));
    }
    for (const slider of sliders) {
      const words: string[] = JSON.parse(slider.dataset.words ?? "[]");
      const said = words[slider.valueAsNumber] ?? slider.value;
      slider.setAttribute("aria-valuetext", said);
      const told = slider.parentElement?.querySelector("output");
      if (told) told.textContent = said;
    }
  };

  for (const slider of sliders) {
    const before = asked.get(key(slider));
    if (before !== null) slider.value = before;
    slider.addEventListener("input", show);
    slider.addEventListener("change", () => tell(key(slider), slider.value));
  }
  show();
}
