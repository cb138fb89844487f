import { isDeepStrictEqual } from "node:util";
import type { Feature, References } from "@sluice/feature-api";
import type { Certificate, Route } from "@sluice/model";
import { type ObjectKey, parseObjectKey } from "@sluice/model";
import { compareAge } from "./age.ts";
import { type CertificateResult, secretCertificate } from "./certificate.ts";
import type { TranslateContext } from "./context.ts";
import { type HostCertificate, hostCertificate } from "./host-certificate.ts";
import { ANY_HOST } from "./host-name.ts";
import { INGRESSES_BY_TLS_HOST } from "./indexes.ts";
import { isOurs } from "./ingress-class.ts";
import type { IngressUnits, SharedPolicies } from "./ingress-units.ts";
import { type HostResult, virtualHost } from "./virtual-host.ts";

/** The derivations of one host, and of the certificates that hosts use. */
export interface HostUnits {
  readonly virtualHost: (host: string) => HostResult;
  readonly hostCertificate: (host: string) => HostCertificate;
  /** By `namespace/secret`; undefined when the Secret does not exist or cannot be used. */
  readonly certificate: (name: string) => Certificate | undefined;
}

export function hostUnits(
  context: TranslateContext,
  ingresses: IngressUnits,
  references: (namespace: string) => References,
): HostUnits {
  const { store, settings } = context;
  const { graph } = store;
  const byTlsHost = store.index(INGRESSES_BY_TLS_HOST);

  const parsed = graph.derive<CertificateResult | undefined>("certificate", (name) => {
    const slash = name.indexOf("/");
    const secret = store.get("Secret", name.slice(0, slash), name.slice(slash + 1));
    return secret === undefined ? undefined : secretCertificate(secret);
  });

  const certificateOfHost = graph.derive<HostCertificate>(
    "host-certificate",
    (host) =>
      hostCertificate({
        host,
        ingresses: byTlsHost
          .get(host)
          .map((key) => {
            // Keys come from the store's own indexes.
            const { namespace, name } = parseObjectKey(key as ObjectKey);
            return store.get("Ingress", namespace, name);
          })
          .filter((ingress) => ingress !== undefined)
          .filter((ingress) => isOurs(ingress, context))
          .sort(compareAge),
        parsed,
        now: settings.now(),
      }),
    { equals: isDeepStrictEqual },
  );

  const host: (host: string) => HostResult = graph.derive("virtual-host", (name) => {
    const certificate = certificateOfHost(name);
    const domain = ingresses.domain(name);
    return virtualHost(
      {
        host: name,
        ingresses: ingresses.ofHost(name),
        certificate: certificate.certificate,
        hostRoutes: hostRoutes(context.byScope.domain, domain),
        hostless: () => host(ANY_HOST).virtualHost?.routes ?? [],
        facts: {
          hostHasCertificate: certificate.named,
          domainPolicies: domain.policies,
          domainDenied: domain.denied,
          servicePolicies: ingresses.service,
          references,
        },
      },
      context,
    );
  });

  return {
    virtualHost: host,
    hostCertificate: certificateOfHost,
    certificate(name) {
      const result = parsed(name);
      return result?.ok ? result.certificate : undefined;
    },
  };
}

function hostRoutes(features: readonly Feature[], domain: SharedPolicies): Route[] {
  return features.flatMap((feature) => {
    const policy = domain.policies[feature.id];
    if (policy === undefined || feature.hostRoutes === undefined) return [];
    const origins = domain.origins[feature.id] ?? [];
    const [first] = origins;
    const prefix = first === undefined ? "" : `${first.object.namespace}/${first.object.name}/`;
    return feature.hostRoutes(policy).map(({ name, path, answer }) => ({
      name: `${prefix}${name}`,
      origins,
      match: { path, conditions: [] },
      action: answer,
      policies: {},
    }));
  });
}
