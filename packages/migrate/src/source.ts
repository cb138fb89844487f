import { ANNOTATION_PREFIXES } from "@sluice/feature-api";
import type { ConfigMap, Ingress, IngressClass, KubeObject, ObjectRef } from "@sluice/model";
import type { Dialect } from "./report.ts";

const NGINX = "nginx.ingress.kubernetes.io/";
const HIGRESS = ["higress.io/", "higress.ingress.kubernetes.io/"];
const MSE = "mse.ingress.kubernetes.io/";
/** With it the Higress console switches an annotation off. */
const DISABLED = "disabled.higress.io/";

/** The prefixes that each gateway reads, strongest first. */
const READ: Readonly<Record<Dialect, readonly string[]>> = {
  "ingress-nginx": [NGINX],
  higress: [...HIGRESS, NGINX],
};

/** Every prefix of an annotation that the report tells of. */
export const REPORTED_PREFIXES = [MSE, ...HIGRESS, NGINX, DISABLED] as const;

const CLASS_ANNOTATION = "kubernetes.io/ingress.class";

/** The prefix of an annotation that the report tells of, or undefined. */
export function prefixOf(annotation: string): string | undefined {
  return REPORTED_PREFIXES.find((prefix) => annotation.startsWith(prefix));
}

export function isSwitchedOff(annotation: string): boolean {
  return annotation.startsWith(DISABLED);
}

/** Whether the gateway that the Ingress comes from reads an annotation. */
export function readsAnnotation(dialect: Dialect, annotation: string): boolean {
  return READ[dialect].some((prefix) => annotation.startsWith(prefix));
}

/** What the gateway that an Ingress comes from reads of a key; `""` if nothing. */
export function sourceText(ingress: Ingress, dialect: Dialect, key: string): string {
  for (const prefix of READ[dialect]) {
    const text = ownText(ingress, prefix + key);
    if (text !== "") return text;
  }
  return "";
}

/** What counts of a key here, where the prefixes of this gateway are read as well; `""` if nothing. */
export function hereText(ingress: Ingress, key: string): string {
  for (const prefix of ANNOTATION_PREFIXES) {
    const text = ownText(ingress, prefix + key);
    if (text !== "") return text;
  }
  return "";
}

/** An annotation, trimmed; names of `Object.prototype` are nobody's. */
export function ownText({ metadata: { annotations } }: Ingress, name: string): string {
  return Object.hasOwn(annotations, name) ? (annotations[name] ?? "").trim() : "";
}

/** The class of an Ingress; the old annotation beats the field. `""`: none. */
export function classOf(ingress: Ingress): string {
  const old = ingress.metadata.annotations[CLASS_ANNOTATION]?.trim();
  return old || (ingress.spec.ingressClassName ?? "");
}

export interface SourceOptions {
  /** Takes every Ingress for one of this gateway. */
  readonly from?: Dialect;
}

/** Tells which gateway an Ingress was written for; undefined: for another one. */
export function dialects(
  objects: readonly KubeObject[],
  { from }: SourceOptions,
): (ingress: Ingress) => Dialect | undefined {
  if (from !== undefined) return () => from;
  const controllers = new Map(
    objects
      .filter((object): object is IngressClass => object.kind === "IngressClass")
      .map(({ metadata, spec }) => [metadata.name, spec.controller]),
  );
  return (ingress) => {
    const names = Object.keys(ingress.metadata.annotations);
    const has = (prefixes: readonly string[]) =>
      names.some((name) => prefixes.some((prefix) => name.startsWith(prefix)));
    const className = classOf(ingress);
    const controller = controllers.get(className) ?? className;
    // Another gateway whose class is nginx as well; the check knows none of its annotations.
    if (/^nginx\.(?:org|com)\//.test(controller) || has(["nginx.org/", "nginx.com/"])) return undefined;
    // Higress serves the class nginx too, and ingress-nginx reads none of its prefixes.
    if (controller.includes("higress") || has([...HIGRESS, DISABLED])) return "higress";
    if (controller.includes("nginx") || className === "" || has([NGINX])) return "ingress-nginx";
    return undefined;
  };
}

/** Names that charts and manifests of ingress-nginx have given its ConfigMap. */
const CONFIG_NAMES = ["ingress-nginx-controller", "nginx-configuration", "nginx-ingress-controller"];

/** ConfigMaps that hold settings of an ingress-nginx controller, by label or by name; the likeliest first. */
export function controllerConfigs(objects: readonly KubeObject[]): readonly ConfigMap[] {
  const isLikely = ({ metadata: { name, labels } }: ConfigMap): boolean =>
    CONFIG_NAMES.includes(name) ||
    (labels["app.kubernetes.io/name"] === "ingress-nginx" && name.endsWith("-controller"));
  return objects
    .filter((object): object is ConfigMap => object.kind === "ConfigMap" && isLikely(object))
    .sort((a, b) => CONFIG_NAMES.indexOf(b.metadata.name) - CONFIG_NAMES.indexOf(a.metadata.name));
}

export function refOf({ kind, metadata }: KubeObject): ObjectRef {
  return { kind, namespace: metadata.namespace, name: metadata.name };
}

/** The objects as this gateway would serve them: every Ingress of the source has its class. */
export function asServed(
  objects: readonly KubeObject[],
  className: string,
  isOurs: (ingress: Ingress) => boolean,
): readonly KubeObject[] {
  return objects.flatMap((object): readonly KubeObject[] => {
    // Classes and gateways of the cluster would decide otherwise.
    if (object.kind === "MseIngressConfig" || object.kind === "IngressClass") return [];
    if (object.kind !== "Ingress") return [object];
    if (!isOurs(object)) return [];
    const annotations = Object.fromEntries(
      Object.entries(object.metadata.annotations).filter(([name]) => name !== CLASS_ANNOTATION),
    );
    return [
      {
        ...object,
        metadata: { ...object.metadata, annotations },
        spec: { ...object.spec, ingressClassName: className },
      },
    ];
  });
}
