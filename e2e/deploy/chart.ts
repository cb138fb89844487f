import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { DRAIN_SCRIPT } from "@sluice/data-plane";
import { mseIngressConfigCrd } from "@sluice/mse-ingress-config";
import { parseAllDocuments, stringify } from "yaml";
import { buildTools } from "../cluster/src/build-tools.ts";
import { requireHelm } from "../cluster/src/tools.ts";

const DEPLOY = join(import.meta.dirname, "../../deploy");

/** Folder of the chart. */
export const CHART = join(DEPLOY, "helm/sluice");
/** Folder of what is rendered from it for `kubectl apply`. */
export const MANIFESTS = join(DEPLOY, "manifests");
/** The namespace of the manifests. */
export const NAMESPACE = "sluice-system";

/** Writes the files of the chart that come from the sources; git does not have them. */
export function completeChart(): void {
  mkdirSync(join(CHART, "files"), { recursive: true });
  writeFileSync(join(CHART, "files/drain.sh"), DRAIN_SCRIPT);
  mkdirSync(join(CHART, "crds"), { recursive: true });
  writeFileSync(join(CHART, "crds/mseingressconfigs.yaml"), stringify(mseIngressConfigCrd()));
}

/** Builds Helm where it is missing. Throws a ClusterError that says what to install when Go is missing. */
export function ensureHelm(onProgress: (sentence: string) => void): Promise<void> {
  return buildTools({ names: ["helm"], onProgress });
}

/** Runs Helm, with no settings of the user's, and returns what it prints. Its error has Helm's words. */
export async function helm(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const home = mkdtempSync(join(tmpdir(), "sluice-helm-"));
  try {
    const { stdout } = await promisify(execFile)(requireHelm(), args, {
      env: { ...env, PATH: process.env.PATH, HOME: home },
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** Values as a file of values has them. */
export type Values = Readonly<Record<string, unknown>>;

/** Installs the chart of the checkout as release `sluice`, or upgrades it. Rejects with Helm's words. */
export async function release(
  verb: "install" | "upgrade",
  values: Values,
  kubeconfig: string,
): Promise<void> {
  await withValues(values, (file) =>
    helm([verb, "sluice", CHART, "--namespace", NAMESPACE, "--values", file], { KUBECONFIG: kubeconfig }),
  );
}

async function withValues<T>(values: Values, use: (file: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-values-"));
  try {
    const file = join(folder, "values.json");
    writeFileSync(file, JSON.stringify(values));
    return await use(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What `helm template` makes of the chart, as text. Rejects with Helm's words when the values are refused. */
export function render(values: Values, more: readonly string[] = []): Promise<string> {
  return withValues(values, (file) =>
    helm(["template", "sluice", CHART, "--namespace", NAMESPACE, "--values", file, ...more]),
  );
}

/** An object of a manifest; what else it has is looked at by the tests that know it. */
export interface ManifestObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** The objects of a manifest. */
export function objectsOf(manifest: string): ManifestObject[] {
  return parseAllDocuments(manifest).flatMap((document) => {
    const object: unknown = document.toJS();
    // Helm has checked that it is one; a document of comments alone is null.
    return object === null ? [] : [object as ManifestObject];
  });
}

const HEADER = "# Rendered from deploy/helm/sluice by `make manifests`: change the chart, not this file.\n";

/** Where the API server itself sees to it that nobody weakens the Pods. */
const NAMESPACE_OBJECT = {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: NAMESPACE, labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
};

/**
 * The files of deploy/manifests, by name. The CRD is a file of its own: it must be in force before an object of its kind
 * can be applied.
 */
export async function renderManifests(): Promise<ReadonlyMap<string, string>> {
  const [sidecar, managed] = await Promise.all(
    ["sidecar", "managed"].map((topology) => render({ topology })),
  );
  const withNamespace = (text = ""): string => `${HEADER}${stringify(NAMESPACE_OBJECT)}${text}`;
  return new Map([
    ["crds.yaml", `${HEADER}${stringify(mseIngressConfigCrd())}`],
    ["sidecar.yaml", withNamespace(sidecar)],
    ["managed.yaml", withNamespace(managed)],
  ]);
}
