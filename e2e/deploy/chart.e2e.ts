import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CRD_NAME } from "@sluice/mse-ingress-config";
import { execa } from "execa";
import { beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { requireTools } from "../cluster/src/tools.ts";
import { useCluster } from "../cluster/use-cluster.ts";
import {
  CHART,
  completeChart,
  helm,
  MANIFESTS,
  NAMESPACE,
  objectsOf,
  render,
  renderManifests,
} from "./chart.ts";
import { VALUE_SETS } from "./value-sets.ts";

const shared = useCluster({ controllerManager: false });

beforeAll(async () => {
  completeChart();
  const restricted = Object.fromEntries(
    ["enforce", "warn"].map((mode) => [`pod-security.kubernetes.io/${mode}`, "restricted"]),
  );
  await shared.cluster.api.apply(
    { apiVersion: "v1", kind: "Namespace", metadata: { name: NAMESPACE, labels: restricted } },
    ...["shop", "news"].map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } })),
    POD_MONITOR,
  );
  await shared.cluster.kubectl(["apply", "--server-side", "-f", join(CHART, "crds")]);
  for (const name of [POD_MONITOR.metadata.name, CRD_NAME])
    await shared.cluster.kubectl(["wait", "--for=condition=Established", `crd/${name}`, "--timeout=30s"]);
});

describe("what the API server says to the chart", () => {
  test.each(Object.entries(VALUE_SETS))("%s", async (_about, values) => {
    const manifest = await render(values);
    const objects = objectsOf(manifest);
    const { stdout, stderr } = await dryRun(manifest);
    // Warnings, as of a Pod that is not "restricted" or of a field that is not known, are there.
    expect(stderr).toBe("");
    expect(stdout.trim().split("\n")).toHaveLength(objects.length);
  });

  test("hears of a Pod that is not restricted", async () => {
    const manifest = await render({
      securityContext: { readOnlyRootFilesystem: true, allowPrivilegeEscalation: true },
    });
    expect((await dryRun(manifest)).stderr).toContain('would violate PodSecurity "restricted');
  });

  test("hears of a field that it does not know", async () => {
    const manifest = await render({ affinity: { nodeAffinities: {} } });
    await expect(dryRun(manifest)).rejects.toThrow(/nodeAffinities/);
  });
});

describe("values that make no sense are refused with words", () => {
  test.each<[string, Record<string, unknown>, RegExp]>([
    ["a key that is not known", { replica: 2 }, /additional properties 'replica' not allowed/],
    ["a gateway setting that is not known", { gateway: { sslRedirects: true } }, /'\/gateway'.*sslRedirects/],
    ["a topology that there is not", { topology: "ambient" }, /'\/topology'.*'sidecar', 'managed'/],
    ["a number as text", { replicas: "two" }, /'\/replicas': got string, want integer/],
    ["a number out of range", { gateway: { trustedHops: 17 } }, /'\/gateway\/trustedHops'.*16/],
    ["a digest without its algorithm", { image: { digest: "abc" } }, /'\/image\/digest'/],
    ["a namespace that is no name", { watchNamespace: ["Shop"] }, /'\/watchNamespace\/0'/],
    ["a flag without dashes", { controller: { extraArgs: ["kube"] } }, /'\/controller\/extraArgs\/0'/],
    [
      "a webhook that would answer anybody",
      { admission: { enabled: true } },
      /needs admission\.clientCA\.configMapName or \.secretName/,
    ],
    ["an authority that is none", { admission: { certificate: { caBundle: "LS0t" } } }, /caBundle/],
  ])("%s", async (_about, values, words) => {
    await expect(render(values)).rejects.toThrow(words);
  });

  test("every value is in the schema, and every one of the schema has a default", () => {
    const schema: SchemaNode = JSON.parse(readFileSync(join(CHART, "values.schema.json"), "utf8"));
    const values: unknown = parse(readFileSync(join(CHART, "values.yaml"), "utf8"));
    const { global: _, ...properties } = schema.properties ?? {};
    expect(pathsOfValues(values, { ...schema, properties })).toEqual(
      pathsOfSchema({ ...schema, properties }),
    );
  });
});

/**
 * They are generated and in git nevertheless: who has neither Helm nor Go applies them from there.
 */
test("the manifests in git are what the chart makes today, byte by byte; else run make manifests", async () => {
  const rendered = await renderManifests();
  expect(readdirSync(MANIFESTS).sort()).toEqual([...rendered.keys()].sort());
  for (const [name, text] of rendered) expect(readFileSync(join(MANIFESTS, name), "utf8"), name).toBe(text);
});

test("helm lint finds nothing", async () => {
  expect(await helm(["lint", CHART, "--strict"])).toContain("0 chart(s) failed");
});

/** The kind of the Prometheus operator, as far as the API server must know it to take an object. */
const POD_MONITOR = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "podmonitors.monitoring.coreos.com" },
  spec: {
    group: "monitoring.coreos.com",
    scope: "Namespaced",
    names: { kind: "PodMonitor", plural: "podmonitors", singular: "podmonitor" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      },
    ],
  },
};

function dryRun(manifest: string): Promise<{ stdout: string; stderr: string }> {
  const args = ["apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-"];
  return execa(requireTools().kubectl, args, {
    env: {
      KUBECONFIG: shared.cluster.kubeconfig,
      KUBECACHEDIR: join(shared.cluster.folder, "kubectl-cache"),
    },
    input: manifest,
  });
}

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
}

function pathsOfSchema({ properties }: SchemaNode, path = ""): string[] {
  if (properties === undefined || OPAQUE.some((pattern) => pattern.test(path))) return [path];
  return Object.entries(properties).flatMap(([name, node]) => pathsOfSchema(node, `${path}/${name}`));
}

/** As deep as the schema goes. */
function pathsOfValues(value: unknown, { properties }: SchemaNode, path = ""): string[] {
  if (properties === undefined || OPAQUE.some((pattern) => pattern.test(path))) return [path];
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
  const names = entries.map(([name]) => name);
  const inSchemaOrder = Object.keys(properties).filter((name) => names.includes(name));
  const unknown = names.filter((name) => !Object.hasOwn(properties, name));
  const byName = new Map<string, unknown>(entries);
  return [...inSchemaOrder, ...unknown].flatMap((name) =>
    pathsOfValues(byName.get(name), properties[name] ?? {}, `${path}/${name}`),
  );
}

/** What Kubernetes defines, and has no defaults for here. */
const OPAQUE = [/\/resources$/];
