import { features } from "@sluice/features";
import { protectionsIn } from "@sluice/features/nginx-protections";
import type { ConfigMap, Ingress, IngressPath, KubeObject } from "@sluice/model";
import type { TargetGateway } from "../controller-defaults.ts";
import { type MigrationInput, migrate } from "../migrate.ts";
import type { IngressReport, KeyReport, MigrationReport } from "../report.ts";

export interface IngressOptions {
  readonly name?: string;
  readonly host?: string;
  /** `TYPE PATH`; default `Prefix /`. */
  readonly paths?: readonly string[];
  readonly service?: string;
  readonly className?: string;
  readonly tls?: boolean;
}

/** An Ingress of class nginx; annotations without a prefix get that of ingress-nginx. */
export function ingress(
  annotations: Readonly<Record<string, string>>,
  options: IngressOptions = {},
): Ingress {
  const {
    name = "web",
    host = "a.example.com",
    paths = ["Prefix /"],
    service = "web",
    className = "nginx",
  } = options;
  return {
    kind: "Ingress",
    metadata: {
      namespace: "shop",
      name,
      labels: {},
      annotations: Object.fromEntries(
        Object.entries(annotations).map(([key, value]) => [
          key.includes("/") ? key : `nginx.ingress.kubernetes.io/${key}`,
          value,
        ]),
      ),
    },
    spec: {
      ...(className !== "" && { ingressClassName: className }),
      rules: [{ host, paths: paths.map((text) => pathOf(text, service)) }],
      tls: options.tls ? [{ hosts: [host], secretName: "tls" }] : [],
    },
  };
}

function pathOf(text: string, service: string): IngressPath {
  const [type = "", path = ""] = text.split(" ");
  const pathType = type === "Exact" ? "Exact" : type === "Prefix" ? "Prefix" : "ImplementationSpecific";
  return { path, pathType, backend: { service: { name: service, port: { number: 80 } } } };
}

export function controllerConfig(data: Readonly<Record<string, string>>): ConfigMap {
  return {
    kind: "ConfigMap",
    metadata: { namespace: "ingress-nginx", name: "ingress-nginx-controller", labels: {}, annotations: {} },
    data,
  };
}

export const GATEWAY: TargetGateway = {
  ingressClass: "mse",
  sslRedirect: true,
  trustedHops: 0,
  allowCrossNamespace: false,
  clientLimitStatus: 503,
  accessLog: false,
  tracing: false,
  streamIdle: 300,
};

/** Compares by the rules alone, without what the translation finds. */
export function compare(
  objects: readonly KubeObject[],
  options: Partial<MigrationInput> = {},
): MigrationReport {
  return migrate({ objects, features, diagnostics: [], gateway: GATEWAY, protectionsIn, ...options });
}

export function reportOf(report: MigrationReport, name = "web"): IngressReport {
  const found = report.ingresses.find(({ ingress: ref }) => ref.name === name);
  if (found === undefined) throw new Error(`There is no report on ${name}.`);
  return found;
}

/** The report on a key of the Ingress `web`. */
export function keyOf(report: MigrationReport, key: string, name = "web"): KeyReport {
  const found = reportOf(report, name).keys.find((each) => each.key === key || each.annotation === key);
  if (found === undefined) throw new Error(`There is no report on ${key}.`);
  return found;
}
