import { isDeepStrictEqual } from "node:util";
import type { Feature, References } from "@sluice/feature-api";
import type { Certificate, Route } from "@sluice/model";
import { DEFAULT_CERTIFICATE, type ObjectKey, parseObjectKey } from "@sluice/model";
import { compareAge } from "./age.ts";
import { type CertificateResult, secretCertificate } from "./certificate.ts";
import type { TranslateContext } from "./context.ts";
import { type DefaultCertificate, defaultCertificate } from "./default-certificate.ts";
import { type HostCertificate, hostCertificate } from "./host-certificate.ts";
import { ANY_HOST, wildcardsAround } from "./host-name.ts";
import { INGRESSES_BY_TLS_HOST, ingressesByHost } from "./indexes.ts";
import type { IngressUnits, SharedPolicies } from "./ingress-units.ts";
import { type Claim, otherHosts } from "./other-hosts.ts";
import { hostPassthrough } from "./passthrough.ts";
import { type HostResult, hostOf, virtualHost } from "./virtual-host.ts";

/** The derivations of one host, and of the certificates that hosts use. */
export interface HostUnits {
  readonly virtualHost: (host: string) => HostResult;
  readonly hostCertificate: (host: string) => HostCertificate;
  /** By `namespace/secret`; undefined when the Secret does not exist or cannot be used. */
  readonly certificate: (name: string) => Certificate | undefined;
  /** The certificate for clients that name no host, or one without a certificate of its own. */
  readonly defaultCertificate: () => DefaultCertificate;
}

export function hostUnits(
  context: TranslateContext,
  ingresses: IngressUnits,
  references: (namespace: string) => References,
): HostUnits {
  const { store, settings } = context;
  const { graph } = store;
  const byTlsHost = store.index(INGRESSES_BY_TLS_HOST);
  const byHost = store.index(ingressesByHost(context.features));
  const others = otherHosts(context, ingresses);

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
          .filter(context.isOurs)
          .sort(compareAge),
        parsed,
        now: settings.now(),
      }),
    { equals: isDeepStrictEqual },
  );

  // A derivation of its own, so that a host runs again only when the certificate around it is another.
  const servedCertificate = graph.derive("served-certificate", (wildcard) => {
    const model = host(wildcard).virtualHost;
    return model?.passthrough === undefined ? model?.certificate : PASSED_ON;
  });
  const wildcardCertificate = (name: string): string | undefined => {
    if (name === ANY_HOST) return undefined;
    return wildcardsAround(name)
      .map((wildcard) =>
        byTlsHost.get(wildcard).length + byHost.get(wildcard).length === 0
          ? undefined
          : servedCertificate(wildcard),
      )
      .find((found) => found !== undefined);
  };

  const host: (host: string) => HostResult = graph.derive("virtual-host", (name) => {
    const claim = others.claim(name);
    return claim === undefined ? ruledHost(name) : otherHost(name, claim);
  });

  const hostless = (): readonly Route[] => host(ANY_HOST).virtualHost?.routes ?? [];

  const ruledHost = (name: string): HostResult => {
    const certificate = certificateOfHost(name);
    const domain = ingresses.domain(name);
    const { passthrough, diagnostics } = hostPassthrough(name, ingresses.ofHost(name), domain, context);
    const result = virtualHost(
      {
        host: name,
        ingresses: ingresses.ofHost(name),
        certificate: passthrough === undefined ? certificate.certificate : undefined,
        passthrough,
        hostRoutes: hostRoutes(context.byScope.domain, domain),
        hostless,
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
    return { ...result, diagnostics: [...result.diagnostics, ...diagnostics, ...others.findings(name)] };
  };

  const otherHost = (name: string, claim: Claim): HostResult => {
    const own = certificateOfHost(name);
    const certificate = own.named ? own.certificate : certificateOfHost(claim.of).certificate;
    const routes = claim.route === undefined ? host(claim.of).ownRoutes : [claim.route];
    return {
      ...hostOf({ host: name, certificate, hostless, passthrough: undefined }, routes),
      diagnostics: [],
      canaryServices: new Map(),
    };
  };

  return {
    virtualHost: (name) => withWildcard(host(name), wildcardCertificate(name)),
    hostCertificate: certificateOfHost,
    certificate(name) {
      const result = parsed(name);
      return result?.ok ? result.certificate : undefined;
    },
    defaultCertificate: () => defaultCertificate(settings, parsed),
  };
}

/** In place of a certificate's name, of which none is empty. */
const PASSED_ON = "";

/** Apart from the rest of a host, since wildcards may themselves be as another host is. */
function withWildcard(result: HostResult, around: string | undefined): HostResult {
  const { virtualHost: model } = result;
  if (model === undefined || around === undefined || around === model.certificate) return result;
  if (around === PASSED_ON) {
    const isEnded = model.certificate === undefined && model.passthrough === undefined;
    return isEnded ? { ...result, virtualHost: { ...model, certificate: DEFAULT_CERTIFICATE } } : result;
  }
  return { ...result, virtualHost: { ...model, wildcardCertificate: around } };
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
