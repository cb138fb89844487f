import { type EchoBackend, startEcho } from "@sluice/echo-backend";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { selfSigned } from "../support/certificate.ts";
import { steadyGets } from "../support/load.ts";
import { ingress, service, tlsSecret, yamlOf } from "../support/manifests.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";
import { CORPUS, FAULTY_FEATURES } from "./faults.ts";
import { strictlyBroken } from "./strict-certificate.ts";
import { good, quarantined, refusals, revised, revisionAt } from "./support.ts";

/** Control plane and Envoy start with everything bad there already, so that nothing was ever accepted. */

const GOOD = Array.from({ length: 50 }, (_, index) => index);

/** Of two hosts that claim one domain either can be refused when both are new: that is not the corpus' matter here. */
const COLD = CORPUS.filter(({ name }) => !name.includes("domain-of-another")).map((entry, index) => ({
  ...entry,
  host: `cold${index}.example.com`,
  service: `cold${index}`,
  bad: `bad${index}`,
}));

/** Several bad ones and good ones on one host, by turns. */
const CROWD = ["regex-script", undefined, "two-rewrites", undefined, undefined, "header-format", undefined];
const crowd = (revision: string) =>
  CROWD.map((fault, index) =>
    ingress({
      name: `${fault === undefined ? "good" : "bad"}-crowd${index}`,
      host: "crowd.example.com",
      paths: [{ path: `/${index}`, service: "good" }],
      annotations: fault === undefined ? revised(revision) : { "test-route": fault },
      createdAt: `2026-01-01T00:00:0${index}Z`,
    }),
  );
const BAD_IN_CROWD = CROWD.flatMap((fault, index) => (fault === undefined ? [] : [`bad-crowd${index}`]));

describe.each([
  { variant: "delta", stateOfTheWorld: false },
  { variant: "state of the world", stateOfTheWorld: true },
])("on $variant", ({ stateOfTheWorld }) => {
  let gateway: TestGateway;
  let echo: EchoBackend;

  const cold = ({ host, bad, service: name, annotations }: (typeof COLD)[number], revision: string) =>
    yamlOf(
      ...service(name, [{ port: echo.port }]),
      ingress({ name: bad, host, paths: [{ path: "/", service: name }], annotations }),
      ingress({
        name: `neighbour-of-${bad}`,
        host,
        paths: [{ path: "/neighbour", service: "good" }],
        annotations: revised(revision),
      }),
    );

  beforeAll(async () => {
    echo = await startEcho({ name: "echo" });
    const tls = (name: string) =>
      ingress({
        name,
        host: `${name}.example.com`,
        paths: [{ path: "/", service: "good" }],
        tls: [{ hosts: [`${name}.example.com`], secretName: name }],
        annotations: { "ssl-redirect": "false" },
      });
    gateway = await startTestGateway({
      stateOfTheWorld,
      extraFeatures: FAULTY_FEATURES,
      manifests: {
        "good-services.yaml": yamlOf(...service("good", [{ port: echo.port }])),
        "crowd.yaml": yamlOf(...crowd("first")),
        "tls.yaml": yamlOf(
          tlsSecret("sound", await selfSigned(["sound.example.com"])),
          tlsSecret("broken", await strictlyBroken("broken.example.com")),
          tls("sound"),
          tls("broken"),
        ),
        ...Object.fromEntries(GOOD.map((index) => [`good-${index}.yaml`, yamlOf(good(index, "first"))])),
        ...Object.fromEntries(COLD.map((entry) => [`${entry.bad}.yaml`, cold(entry, "first")])),
      },
    });
  });

  afterAll(async () => {
    await gateway?.[Symbol.asyncDispose]();
    await echo?.kill();
  });

  const expectAllGood = async (revision: string): Promise<void> => {
    for (const index of GOOD) expect(await revisionAt(gateway, `good${index}.example.com`)).toBe(revision);
    for (const { host } of COLD) expect(await revisionAt(gateway, host, "/neighbour")).toBe(revision);
    for (const [index, fault] of CROWD.entries())
      expect(await revisionAt(gateway, "crowd.example.com", `/${index}`)).toBe(
        fault === undefined ? revision : 404,
      );
  };

  it("serves all that is good", () => expectAllGood("first"));

  it("names all that is bad, with Envoy's words", () => {
    const names = [...COLD.map(({ bad }) => bad), ...BAD_IN_CROWD, "broken"].sort();
    expect(quarantined(gateway)).toEqual(names);
    const found = refusals(gateway);
    expect(Object.keys(found).sort()).toEqual(names);
    for (const name of names) expect(found[name]).toMatch(/^Envoy refused what default\/\S+ asks for: \S/);
  });

  it("serves the default certificate for one that is refused, and others with theirs", async () => {
    for (const name of ["sound", "broken"]) {
      const { status } = await gateway.request({ host: `${name}.example.com`, https: true });
      expect(status).toBe(200);
    }
  });

  it("serves changes of all that is good", async () => {
    for (const index of GOOD) await gateway.apply(`good-${index}.yaml`, yamlOf(good(index, "second")));
    for (const entry of COLD) await gateway.apply(`${entry.bad}.yaml`, cold(entry, "second"));
    await gateway.apply("crowd.yaml", yamlOf(...crowd("second")));
    await expectAllGood("second");
  });

  // On state of the world nobody knows what the client holds, and a search takes resources away for a moment.
  if (!stateOfTheWorld)
    it("loses no request when a control plane starts anew that knows of nothing", async () => {
      const { httpPort: port } = gateway;
      const [neighbour] = COLD;
      const loads = [
        steadyGets({ port, host: "good7.example.com", perSecond: 50 }),
        steadyGets({ port, host: neighbour?.host ?? "", perSecond: 50, path: "/neighbour" }),
      ];
      await gateway.stopControlPlane();
      await gateway.startControlPlane();
      await gateway.gateway.ads.when((nodes) => nodes().length > 0);
      await gateway.idle();
      for (const load of loads) {
        const { failures, requests } = await load.stop();
        expect(failures).toEqual([]);
        expect(requests).toBeGreaterThan(0);
      }
      await expectAllGood("second");
      expect(quarantined(gateway)).toContain("bad0");
    });

  it("gives an Envoy that joins only what another has accepted", async () => {
    await gateway.addEnvoy("second");
    const second = gateway.gateway.ads.nodes().find(({ info }) => info.id === "second");
    expect(Object.values(second?.types ?? {}).flatMap(({ refused }) => refused)).toEqual([]);
    await gateway.envoy().stop();
    await expectAllGood("second");
  });
});
