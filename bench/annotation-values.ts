import { parseArgs } from "node:util";
import { planeOf } from "@sluice/controller/testing";
import { features } from "@sluice/features";
import type { KubeObject } from "@sluice/model";
import { endpoint, hugeValues, ingress, service, slice } from "@sluice/translate/testing";

/**
 * What the largest values of annotations cost: for each key, values of `--size` characters in many shapes, from the
 * object to resources and diagnostics, in milliseconds of CPU. `--key` measures one key alone. Exits with 1 if one
 * takes longer than `--limit`.
 */

const { values: options } = parseArgs({
  options: {
    size: { type: "string", default: "1000000" },
    limit: { type: "string", default: "50" },
    key: { type: "string" },
    top: { type: "string", default: "20" },
  },
});
const [size, limit, top] = [Number(options.size), Number(options.limit), Number(options.top)];

const WORLD: readonly KubeObject[] = [service("web"), slice("web-1", "web", [endpoint("10.0.0.1")])];

/** CPU of one Ingress with these annotations, in ms. */
function cost(annotations: Readonly<Record<string, string>>): number {
  const { store, plane } = planeOf(WORLD);
  const object = ingress("odd", { annotations, rules: [["a.test", [{}]]] });
  const start = process.cpuUsage();
  store.apply({ set: [object], removed: [] });
  plane.renderings();
  plane.diagnostics();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

const rows: { key: string; shape: string; ms: number }[] = [];
for (const { keys } of features)
  for (const [name, key] of Object.entries(keys)) {
    if (options.key !== undefined && options.key !== name) continue;
    // Rewriting reads the path as a pattern, limits act with a rate: what a key needs beside it is its family's own examples.
    for (const [shape, value] of Object.entries(hugeValues(key, size))) {
      const annotations = { ...companions(keys, name), [name.replace("*", "x-a")]: value };
      let ms = cost(annotations);
      // Other work, garbage and compilation make a run dearer, never cheaper.
      for (let again = 0; again < 3 && ms > limit / 2; again++) ms = Math.min(ms, cost(annotations));
      rows.push({ key: name, shape, ms });
    }
  }

/** The examples of a key's family, so that values are read that count only beside others. */
function companions(keys: (typeof features)[number]["keys"], without: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(keys)
      .filter(([name, { each }]) => !each && name !== without)
      .map(([name, { example }]) => [name, example]),
  );
}

rows.sort((a, b) => b.ms - a.ms);
const over = rows.filter(({ ms }) => ms > limit);
process.stdout.write(
  `${rows.length} values of ${size} characters; ${over.length} took more than ${limit} ms of CPU. The dearest:\n`,
);
for (const { key, shape, ms } of rows.slice(0, top))
  process.stdout.write(`${ms.toFixed(1).padStart(9)} ms  ${key} (${shape})\n`);
process.exitCode = over.length > 0 ? 1 : 0;
