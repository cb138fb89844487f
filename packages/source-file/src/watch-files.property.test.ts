import { existsSync, lstatSync, renameSync, rmSync, symlinkSync, unlinkSync } from "node:fs";
import { createStore } from "@sluice/store";
import fc from "fast-check";
import { describe, it } from "vitest";
import { loadFiles } from "./load-files.ts";
import { findings, type Sandbox, sandbox, services, serviceYaml, until } from "./testing.ts";
import { watchFiles } from "./watch-files.ts";

const file = fc.constantFrom("a.yaml", "b.yaml", "sub/a.yaml", "sub/deep/c.yaml", "other/b.yaml");
const text = fc.oneof(
  fc
    .tuple(fc.constantFrom("x", "y", "z"), fc.constantFrom("ClusterIP", "NodePort"))
    .map(([n, t]) => serviceYaml(n, t)),
  fc.constant(""),
  fc.constant(`${serviceYaml("x")}---\n${serviceYaml("y", "NodePort")}`),
);
type Step = (box: Sandbox) => void;
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(file, text).map(
    ([name, content]): Step =>
      (box) => {
        if (!existsSync(box.path(name))) return void box.write(name, content);
        box.replace(name, content);
      },
  ),
  fc.tuple(file, text).map(
    ([name, content]): Step =>
      (box) =>
        void box.write(name, content),
  ),
  file.map(
    (name): Step =>
      (box) =>
        existsSync(box.path(name)) && unlinkSync(box.path(name)),
  ),
  fc.constantFrom("sub", "sub/deep", "other").map(
    (name): Step =>
      (box) =>
        rmSync(box.path(name), { recursive: true, force: true }),
  ),
  fc.constant<Step>((box) => {
    if (existsSync(box.path("sub")) && !existsSync(box.path("moved")))
      renameSync(box.path("sub"), box.path("moved"));
  }),
  fc.constant<Step>((box) => {
    const link = box.path("link.yaml");
    if (lstatSync(link, { throwIfNoEntry: false }) === undefined) symlinkSync(".target.yaml", link);
  }),
  text.map(
    (content): Step =>
      (box) =>
        void box.write(".target.yaml", content),
  ),
);
/** Steps that come in one burst, and the pause after it: when the watcher looks is a part of the input. */
const bursts = fc.array(fc.tuple(fc.array(step, { maxLength: 5 }), fc.nat({ max: 12 })), { maxLength: 6 });

describe("watching", () => {
  it("ends with what a fresh reading of the files gives, whatever happens to them", {
    timeout: 60_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(bursts, async (sequence) => {
        const box = sandbox();
        const store = createStore();
        const source = await watchFiles({ paths: [box.folder], store, settleMs: 5 });
        try {
          for (const [burst, pauseMs] of sequence) {
            for (const one of burst) one(box);
            await new Promise((resolve) => setTimeout(resolve, pauseMs));
          }
          const { objects, diagnostics } = loadFiles([box.folder]);
          const expected = createStore();
          expected.apply({ set: objects, removed: [] });
          expected.setDiagnostics("file", diagnostics);
          await until(
            store,
            (one) => `${services(one)}; ${findings(one)}`,
            `${services(expected)}; ${findings(expected)}`,
          );
        } finally {
          source.close();
          box.remove();
        }
      }),
      { numRuns: 40 },
    );
  });
});
