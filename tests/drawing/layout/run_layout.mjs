// Lays out the cases read from standard input and prints the plans, for the test of the twins.
import { pathToFileURL } from "node:url";

const { arrange } = await import(pathToFileURL(process.argv[2]).href);
let text = "";
for await (const chunk of process.stdin) text += chunk;
const answers = JSON.parse(text).map(({ places, routes, room }) => {
  const plan = arrange(places, routes, room ?? Infinity);
  return {
    places: Object.fromEntries([...plan.places].map(([id, r]) => [id, [r.x, r.y, r.width, r.height]])),
    paths: Object.fromEntries(plan.paths),
    labels: Object.fromEntries(plan.labels),
    size: [plan.width, plan.height],
    crossings: plan.crossings,
  };
});
process.stdout.write(JSON.stringify(answers));
