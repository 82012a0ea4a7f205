// Wakes each figure of the chapter when it comes into view. Nothing is drawn or computed here.
const scenes = JSON.parse(document.getElementById("scenes").textContent);

function wake(place) {
  const { scene, step } = scenes[place.dataset.figure];
  place.replaceChildren();
  const explorer = seegradPage.mount(place, scene, step === null ? {} : { step });
  if (place.classList.contains("whole")) explorer.camera.fit();
}

const watcher = new IntersectionObserver((seen) => {
  for (const { isIntersecting, target } of seen) {
    if (!isIntersecting) continue;
    watcher.unobserve(target);
    wake(target);
  }
}, { rootMargin: "400px" });
for (const place of document.querySelectorAll(".explorer")) watcher.observe(place);
