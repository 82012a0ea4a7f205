// Wakes the report's graph, and keeps language and theme of page and graph the same.
const page = document.body;
const place = document.getElementById("graph");
const explorer = seegradPage.mount(place, JSON.parse(document.getElementById("scene").textContent));

function follow() {
  page.dataset.lang = explorer.session.language;
  document.documentElement.lang = explorer.session.language;
  if (explorer.session.theme) page.dataset.theme = explorer.session.theme;
}

for (const [id, act] of [["language", "switchLanguage"], ["theme", "switchTheme"]]) {
  document.getElementById(id).addEventListener("click", () => explorer[act]());
}
new MutationObserver(follow).observe(place, { attributes: true, attributeFilter: ["lang", "data-theme"] });
