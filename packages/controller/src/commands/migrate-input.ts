import { ApiError, createKubeApi, type KubeApi } from "@sluice/kubernetes-api";
import { isRawObject, narrowObject } from "@sluice/kubernetes-objects";
import type { Ingress, KubeObject } from "@sluice/model";
import { z } from "zod";
import type { Settings } from "../config/settings.ts";
import { withKubeConfig } from "../gateway/kubernetes-source.ts";
import { OperatorError } from "../operator-error.ts";
import type { Progress } from "../terminal/progress.ts";

export interface ClusterChoice {
  /** Absent: all namespaces. */
  readonly namespace?: string;
  /** `NAMESPACE/NAME` of the controller's ConfigMap. Absent: those with the labels of ingress-nginx are looked for. */
  readonly controllerConfig?: string;
}

const Page = z.object({
  metadata: z.object({ continue: z.string().optional() }).nullish(),
  items: z.array(z.unknown()).nullish(),
});

const PAGE_SIZE = "500";

/**
 * Reads what the check needs from an API server: Ingresses, IngressClasses, Services, and ConfigMaps that are named or labelled.
 * Nothing is written, and no Secret is read. Throws an {@link OperatorError} when Ingresses cannot be had.
 */
export async function readCluster(
  settings: Settings,
  choice: ClusterChoice,
  progress: Progress,
): Promise<readonly KubeObject[]> {
  const api = await withKubeConfig(settings, createKubeApi);
  try {
    return await readAll(api, choice, progress);
  } catch (cause) {
    if (cause instanceof OperatorError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OperatorError("kubeconfig", `The API server cannot be read: ${reason}`, {
      cause,
      hint: "It takes the rights to list ingresses (networking.k8s.io), ingressclasses, services, and to get configmaps.",
    });
  } finally {
    progress.clear();
    await api.close();
  }
}

async function readAll(
  api: KubeApi,
  choice: ClusterChoice,
  progress: Progress,
): Promise<readonly KubeObject[]> {
  const { namespace, controllerConfig } = choice;
  const within = namespace === undefined ? "" : `/namespaces/${encodeURIComponent(namespace)}`;
  const list = (path: string, apiVersion: string, kind: string, query = {}) =>
    listObjects(api, { path, query }, { apiVersion, kind }, progress);
  const networking = "networking.k8s.io/v1";
  const ingresses = await list(`/apis/${networking}${within}/ingresses`, networking, "Ingress");
  const classes = await orNone(list(`/apis/${networking}/ingressclasses`, networking, "IngressClass"));
  const services = await orNone(list(`/api/v1${within}/services`, "v1", "Service"));
  const labelled =
    controllerConfig === undefined
      ? await orNone(
          list("/api/v1/configmaps", "v1", "ConfigMap", {
            labelSelector: "app.kubernetes.io/name=ingress-nginx",
          }),
        )
      : [];
  const named = new Set([
    ...(controllerConfig === undefined ? [] : [controllerConfig]),
    ...ingresses.flatMap((object) => (object.kind === "Ingress" ? configMapsOf(object) : [])),
  ]);
  const configMaps = await Promise.all([...named].map((name) => configMap(api, name)));
  return [...ingresses, ...classes, ...services, ...labelled, ...configMaps.flat()];
}

/** ConfigMaps that annotations of an Ingress name, as `namespace/name`. */
function configMapsOf({ metadata: { namespace, annotations } }: Ingress): readonly string[] {
  return Object.entries(annotations).flatMap(([name, value]) => {
    if (!name.endsWith(".kubernetes.io/custom-headers") && !name.endsWith("higress.io/custom-headers"))
      return [];
    return value.includes("/") ? [value.trim()] : [`${namespace}/${value.trim()}`];
  });
}

async function configMap(api: KubeApi, name: string): Promise<readonly KubeObject[]> {
  const [namespace = "", own = ""] = name.split("/").map(encodeURIComponent);
  const signal = AbortSignal.timeout(60_000);
  const path = `/api/v1/namespaces/${namespace}/configmaps/${own}`;
  return orNone(
    api.json({ path, signal }).then((raw) => narrowed(raw, { apiVersion: "v1", kind: "ConfigMap" })),
  );
}

interface TypeOf {
  readonly apiVersion: string;
  readonly kind: string;
}

async function listObjects(
  api: KubeApi,
  request: { readonly path: string; readonly query: Readonly<Record<string, string>> },
  type: TypeOf,
  progress: Progress,
): Promise<readonly KubeObject[]> {
  const objects: KubeObject[] = [];
  let next: string | undefined;
  do {
    const query = { ...request.query, limit: PAGE_SIZE, ...(next !== undefined && { continue: next }) };
    const signal = AbortSignal.timeout(120_000);
    const page = Page.parse(await api.json({ path: request.path, query, signal }));
    for (const item of page.items ?? []) objects.push(...narrowed(item, type));
    progress.say(`Reading the cluster: ${objects.length} of kind ${type.kind} …`);
    next = page.metadata?.continue || undefined;
  } while (next !== undefined);
  return objects;
}

/** Items of a list leave out what they are. What cannot be read as an object is left out. */
function narrowed(raw: unknown, type: TypeOf): readonly KubeObject[] {
  if (!isRawObject(raw)) return [];
  const object = narrowObject({ ...raw, ...type }, { report: () => {} });
  return object === undefined ? [] : [object];
}

/** What may be refused or missing without keeping the Ingresses from being checked. */
async function orNone(objects: Promise<readonly KubeObject[]>): Promise<readonly KubeObject[]> {
  try {
    return await objects;
  } catch (error) {
    if (error instanceof ApiError && [403, 404].includes(error.status)) return [];
    throw error;
  }
}
