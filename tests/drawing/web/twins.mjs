// Runs the page's modules on cases read from standard input: what is written from the Python, and
// what is the page's own, must answer as Python does.
import { pathToFileURL } from "node:url";

const folder = process.argv[2];
const load = async (name) => import(pathToFileURL(`${folder}/${name}`).href);
const { ArraySummary, lines, shown } = await load("values/summary.js");
const { textWidth } = await load("layout/theme.js");
const { short } = await load("values/user_text.js");
const { Box, Group, Scene, Wire, fold } = await load("scene/scene.js");
const { fit } = await load("layout/measure.js");
const { firstScreen, screen } = await load("layout/levels.js");
const { curve, heatStrokes } = await load("layout/strokes.js");
const { known, walk } = await load("scene/steps.js");
const { FUNCTIONS, evaluate, plainNumber } = await load("evaluate.ts");

const { revive: reviveReading, unpack } = await load("unpack.ts");

let text = "";
for await (const chunk of process.stdin) text += chunk;

function revive(plain) {
  const summaries = (plain.readings ?? []).map((summary) => {
    for (const key of ["low", "high", "mean", "norm"]) if (key in summary) summary[key] = plainNumber(summary[key]);
    if (summary.numbers) summary.numbers = summary.numbers.map(plainNumber);
    if (summary.grid) summary.grid = summary.grid.map((row) => row.map(plainNumber));
    return Object.assign(new ArraySummary(), summary);
  });
  const scene = Object.assign(new Scene(), plain);
  for (const [list, Kind] of [["boxes", Box], ["wires", Wire], ["groups", Group]]) {
    scene[list] = (plain[list] ?? []).map((each) => Object.assign(new Kind(), each));
  }
  for (const thing of [...scene.boxes, ...scene.wires]) {
    if (typeof thing.value === "number") thing.value = summaries[thing.value];
    if (typeof thing.grad === "number") thing.grad = summaries[thing.grad];
  }
  return scene;
}

const answers = {
  shown: (numbers) => numbers.map((x) => shown(plainNumber(x))),
  widths: (texts) => texts.map((words) => textWidth(words, 13)),
  shorts: (texts) => texts.map((words) => short(words)),
  scenes: (scenes) => scenes.map((plain) => {
    const scene = revive(plain);
    const view = fold(scene);
    const [places, routes] = fit(scene, view);
    const labels = view.wires.map((wire) => (wire.value ? lines(wire.value) : []));
    return { places, routes, steps: walk(scene, view), known: Object.fromEntries(known(scene, view)), labels };
  }),
  screens: ([plain, windows]) => windows.map(([width, height]) => {
    const scene = revive(plain);
    return [firstScreen(scene, width, height, true), screen(scene, width, height, true)].map(({ view, plan, level, scale }) => ({
      level, scale, width: plan.width, height: plan.height,
      places: Object.fromEntries([...plan.places].map(([id, r]) => [id, [r.x, r.y, r.width, r.height]])),
      curves: view.wires.map((wire) => curve(plan.paths.get(wire.id))),
      heats: view.wires.map((wire) => (wire.value && wire.value.size > 12 ? heatStrokes(wire.value, 8, 16) : [])),
    }));
  }),
  unpacked: (scenes) => scenes.map((sent) => {
    unpack(sent);
    unpack(sent); // what is whole stays so
    const words = (numbers) => Array.from(numbers, (x) => (Number.isFinite(x) ? x : String(x)));
    return {
      readings: sent.readings.map((each) => reviveReading(each, sent.arrays)).map(({ shape, dtype, numbers, grid, norm, bad }) =>
        ({ shape, dtype, numbers: words(numbers), grid: grid.map(words), norm, bad })),
      nodes: (sent.program?.nodes ?? []).map((node) => (node.data ? { ...node, data: words(node.data) } : node)),
    };
  }),
  functions: () => Object.fromEntries(Object.entries(FUNCTIONS).map(([name, f]) => [name, f.length])),
  programs: (programs) => programs.map((program) => evaluate(program)
    .map((value) => Array.from(value.data, (x) => (Number.isFinite(x) ? x : String(x))))),
};
const result = {};
for (const [what, cases] of Object.entries(JSON.parse(text))) result[what] = answers[what](cases);
process.stdout.write(JSON.stringify(result));
