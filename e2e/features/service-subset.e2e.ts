import { describe, expect, it } from "vitest";
import { expectIgnored } from "../support/bad-values.ts";
import { type EndpointSpec, ingress, pod, service, yamlOf } from "../support/manifests.ts";
import { countAnswers } from "../support/shares.ts";
import { useGateway } from "../support/use-gateway.ts";

/** Pods of the Service `app`, with labels. */
const PODS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  plain: { app: "app", version: "v1" },
  blank: { "opensergo.io/canary": "" },
  gray: { "opensergo.io/canary-gray": "gray", version: "v2" },
  other: { "opensergo.io/canary-gray": "other" },
  marked: { "opensergo.io/canary": "yes" },
};

/** Annotations → the pods that serve. */
const SUBSETS: readonly [
  title: string,
  annotations: Readonly<Record<string, string>>,
  pods: readonly string[],
][] = [
  ["no annotation: all", {}, ["blank", "gray", "marked", "other", "plain"]],
  ["blank: the base", { "service-subset": "" }, ["blank", "plain"]],
  ["base", { "service-subset": "base" }, ["blank", "plain"]],
  ["a name", { "service-subset": "gray" }, ["gray"]],
  ["labels in place of the rule", { "service-subset": "gray", "subset-labels": "version v1" }, ["plain"]],
  [
    "labels must all hold",
    { "service-subset": "gray", "subset-labels": "version v2\nopensergo.io/canary-gray gray" },
    ["gray"],
  ],
];

const BAD: readonly [key: string, value: string][] = [
  ["service-subset", "not a name"],
  ["service-subset", "x".repeat(60)],
  ["subset-labels", "version v1 v2"],
  ["subset-labels", "a/b/c v1"],
];

const ALL = Object.keys(PODS).sort();

const shared = useGateway({
  backends: Object.keys(PODS),
  objects: ({ get }) => [
    ...Object.entries(PODS).map(([name, labels]) => pod(name, labels)),
    ...service(
      "app",
      Object.keys(PODS).map((podName): EndpointSpec => ({ port: get(podName).port, podName })),
    ),
    ...SUBSETS.map(([, annotations], n) =>
      ingress({
        name: `s${n}`,
        host: `s${n}.example.com`,
        annotations,
        paths: [{ path: "/", service: "app" }],
      }),
    ),
    ...BAD.map(([key, value], n) =>
      ingress({
        name: `bad${n}`,
        host: `bad${n}.example.com`,
        annotations: { ...(key === "subset-labels" ? { "service-subset": "gray" } : {}), [key]: value },
        paths: [{ path: "/", service: "app" }],
      }),
    ),
    ingress({
      name: "labels-alone",
      host: "labels-alone.example.com",
      annotations: { "subset-labels": "version v1" },
      paths: [{ path: "/", service: "app" }],
    }),
    ingress({
      name: "nobody",
      host: "nobody.example.com",
      annotations: { "service-subset": "nobody" },
      paths: [{ path: "/", service: "app" }],
    }),
  ],
});

async function serving(name: string): Promise<string[]> {
  const { httpPort: port } = shared.gateway;
  return [...(await countAnswers({ port, host: `${name}.example.com`, count: 40 })).keys()].sort();
}

describe("service-subset", () => {
  it.each(SUBSETS.map(([title, , pods], n) => [title, pods, n] as const))("%s", async (_, pods, n) => {
    expect(await serving(`s${n}`)).toEqual(pods);
  });

  it("without a ready pod all pods of the Service serve, which is reported", async () => {
    expect(await serving("nobody")).toEqual(ALL);
    expect(shared.diagnostics("app")).toMatchObject([
      { code: "subset-empty", severity: "warning", message: expect.stringContaining("nobody") },
    ]);
  });

  it("labels alone have no effect, which is reported", async () => {
    expect(await serving("labels-alone")).toEqual(ALL);
    expect(shared.diagnostics("labels-alone")).toMatchObject([
      { code: "annotation-no-effect", key: "mse.ingress.kubernetes.io/subset-labels" },
    ]);
  });

  it.each(BAD.map((bad, n) => [...bad, n] as const))(
    "%s: %s is ignored and reported",
    async (key, value, n) => {
      expectIgnored(shared, `bad${n}`, key, value);
      expect(await serving(`bad${n}`)).toEqual(key === "subset-labels" ? ["gray"] : ALL);
    },
  );

  it("follows the labels of pods, and falls back when the last one is gone", async () => {
    const gray = SUBSETS.findIndex(([title]) => title === "a name");
    const label = (name: string) => pod(name, { "opensergo.io/canary-gray": "gray" });
    await shared.gateway.apply("labels.yaml", yamlOf(label("late")));
    const endpoints = (names: readonly string[]) =>
      yamlOf(
        ...service(
          "app",
          names.map(
            (podName): EndpointSpec => ({
              port: shared.get(podName === "late" ? "plain" : podName).port,
              podName,
            }),
          ),
        ).slice(1),
      );
    expect(await serving(`s${gray}`)).toEqual(["gray"]);
    // Slices of a file of their own take the name of those in the first one: both are of the Service.
    await shared.gateway.apply("late.yaml", endpoints(["late"]).replaceAll("name: app-", "name: late-"));
    expect(await serving(`s${gray}`)).toEqual(["gray", "plain"]);
    await shared.gateway.remove("late.yaml");
    expect(await serving(`s${gray}`)).toEqual(["gray"]);
  });
});
