import { type EchoBackend, startEcho } from "@sluice/echo-backend";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ingress, service, yamlOf } from "../support/manifests.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";
import { CORPUS, FAULTY_FEATURES } from "./faults.ts";
import { good, quarantined, refusals, revised, revisionAt } from "./support.ts";

/** One bad object never hurts another: 50 good Ingresses stay changeable whatever Envoy refuses beside them. */

const GOOD = Array.from({ length: 50 }, (_, index) => index);
/** Hosts of which the Ingresses are changed while something is refused. */
const CHANGED = [7, 23, 49];

/** On the host of the bad one. */
const neighbour = (revision: string, host = "bad.example.com", name = "neighbour") =>
  ingress({ name, host, paths: [{ path: "/neighbour", service: "good" }], annotations: revised(revision) });

const bad = (path: string, annotations: Record<string, string>, host = "bad.example.com", name = "bad") =>
  ingress({ name, host, paths: [{ path, service: "bad" }], annotations });

async function expectAllChangeable(gateway: TestGateway, revision: string): Promise<void> {
  for (const index of CHANGED) await gateway.apply(`good-${index}.yaml`, yamlOf(good(index, revision)));
  const found = await Promise.all(CHANGED.map((index) => revisionAt(gateway, `good${index}.example.com`)));
  expect(found).toEqual(CHANGED.map(() => revision));
}

describe.each([
  { variant: "delta", stateOfTheWorld: false },
  { variant: "state of the world", stateOfTheWorld: true },
])("on $variant", ({ stateOfTheWorld }) => {
  let gateway: TestGateway;
  let echo: EchoBackend;
  let revision = 0;

  beforeAll(async () => {
    echo = await startEcho({ name: "echo" });
    gateway = await startTestGateway({
      stateOfTheWorld,
      extraFeatures: FAULTY_FEATURES,
      manifests: {
        "services.yaml": yamlOf(
          ...service("good", [{ port: echo.port }]),
          ...service("bad", [{ port: echo.port }]),
        ),
        ...Object.fromEntries(GOOD.map((index) => [`good-${index}.yaml`, yamlOf(good(index, "0"))])),
      },
    });
  });

  afterAll(async () => {
    await gateway?.[Symbol.asyncDispose]();
    await echo?.kill();
  });

  it.each(CORPUS)("$name", async ({ annotations }) => {
    const [first, second, third] = [`${++revision}`, `${++revision}`, `${++revision}`];
    await gateway.apply("bad.yaml", yamlOf(bad("/old", revised(first)), neighbour(first)));
    expect(await revisionAt(gateway, "bad.example.com", "/old")).toBe(first);

    // Bad and good change in one write.
    await gateway.apply("bad.yaml", yamlOf(bad("/new", annotations), neighbour(second)));
    expect(quarantined(gateway)).toEqual(["bad"]);
    expect(refusals(gateway).bad).toMatch(/^Envoy refused what default\/bad asks for: \S/);
    expect(await revisionAt(gateway, "bad.example.com", "/old")).toBe(first);
    expect(await revisionAt(gateway, "bad.example.com", "/neighbour")).toBe(second);
    await expectAllChangeable(gateway, second);

    // Shifts the lines of the bad one, and changes the good one beside it.
    await gateway.apply("bad.yaml", yamlOf(neighbour(third), bad("/new", annotations)));
    expect(quarantined(gateway)).toEqual(["bad"]);
    expect(await revisionAt(gateway, "bad.example.com", "/old")).toBe(first);
    expect(await revisionAt(gateway, "bad.example.com", "/neighbour")).toBe(third);

    // Mending lifts it.
    await gateway.apply("bad.yaml", yamlOf(bad("/new", revised(third)), neighbour(third)));
    expect(quarantined(gateway)).toEqual([]);
    expect(refusals(gateway)).toEqual({});
    expect(await revisionAt(gateway, "bad.example.com", "/new")).toBe(third);
    expect(await revisionAt(gateway, "bad.example.com", "/old")).toBe(404);
    await gateway.remove("bad.yaml");
  });
});
