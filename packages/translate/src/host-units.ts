import { isDeepStrictEqual } from "node:util";
import type { References } from "@sluice/feature-api";
import type { Authority, Certificate, HostTls, Policies, RespondAction, Route } from "@sluice/model";
import { type ObjectKey, parseObjectKey } from "@sluice/model";
import { compareAge } from "./age.ts";
import { type AuthorityResult, secretAuthority } from "./authority.ts";
import { type CertificateResult, secretCertificate } from "./certificate.ts";
import type { TranslateContext } from "./context.ts";
import { type DefaultCertificate, defaultCertificate } from "./default-certificate.ts";
import { type HostCertificate, hostCertificate } from "./host-certificate.ts";
import { ANY_HOST, wildcardsAround } from "./host-name.ts";
import { hostRoutes } from "./host-routes.ts";
import { type AroundHost, chainAround, type HostTlsResult, hostTls, withWildcard } from "./host-tls.ts";
import { INGRESSES_BY_TLS_HOST, ingressesByHost } from "./indexes.ts";
import type { IngressUnits } from "./ingress-units.ts";
import { type Claim, otherHosts } from "./other-hosts.ts";
import { hostPassthrough } from "./passthrough.ts";
import { type HostResult, hostOf, virtualHost } from "./virtual-host.ts";

/** A client certificate can only be shown in a TLS handshake. */
const CERTIFICATE_DEMANDED: RespondAction = {
  kind: "respond",
  status: 403,
  reason: "the host demands a client certificate, which plain HTTP cannot show",
};

/** The derivations of one host, and of the certificates that hosts use. */
export interface HostUnits {
  readonly virtualHost: (host: string) => HostResult;
  readonly hostCertificate: (host: string) => HostCertificate;
  /** By `namespace/secret`; undefined when the Secret does not exist or cannot be used. */
  readonly certificate: (name: string) => Certificate | undefined;
  /** By name; undefined when its Secret does not exist or cannot be used. */
  readonly authority: (name: string) => Authority | undefined;
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

  const parsedAuthority = graph.derive<AuthorityResult | undefined>("authority", (name) => {
    const [namespace = "", secretName = ""] = name.split("/");
    const secret = store.get("Secret", namespace, secretName);
    return secret === undefined ? undefined : secretAuthority(secret);
  });

  const tlsOfHost = graph.derive<HostTlsResult>(
    "host-tls",
    (name) =>
      hostTls({
        host: name,
        features: context.byScope.domain,
        domain: ingresses.domain(name),
        certificate: certificateOfHost(name).certificate,
        references,
      }),
    { equals: isDeepStrictEqual },
  );

  // A derivation of its own, so that a host runs again only when the chain around it is another.
  const servedChain = graph.derive<AroundHost | undefined>(
    "served-chain",
    (wildcard) => chainAround(served(wildcard).virtualHost),
    { equals: isDeepStrictEqual },
  );
  const around = (name: string): AroundHost | undefined => {
    if (name === ANY_HOST) return undefined;
    return wildcardsAround(name)
      .map((wildcard) =>
        byTlsHost.get(wildcard).length + byHost.get(wildcard).length === 0
          ? undefined
          : servedChain(wildcard),
      )
      .find((found) => found !== undefined);
  };
  const served = (name: string): HostResult => withWildcard(host(name), around(name));

  const host: (host: string) => HostResult = graph.derive("virtual-host", (name) => {
    const claim = others.claim(name);
    return claim === undefined ? ruledHost(name) : otherHost(name, claim);
  });

  const hostless = (): readonly Route[] => host(ANY_HOST).virtualHost?.routes ?? [];

  const ruledHost = (name: string): HostResult => {
    const certificate = certificateOfHost(name);
    const domain = ingresses.domain(name);
    const tls = tlsOfHost(name);
    const { passthrough, diagnostics: ofPassthrough } = hostPassthrough(
      name,
      ingresses.ofHost(name),
      domain,
      context,
    );
    const result = virtualHost(
      {
        host: name,
        ingresses: ingresses.ofHost(name),
        certificate: passthrough === undefined ? certificate.certificate : undefined,
        passthrough,
        ...hostWide(name),
        // Its handshakes are not ours.
        ...(passthrough !== undefined && { tls: undefined }),
        hostRoutes: hostRoutes(context.byScope.domain, domain),
        hostless,
        facts: {
          hostHasCertificate: certificate.named,
          domainPolicies: domain.policies,
          domainDenied: [...domain.denied, ...tls.denied],
          ...(tls.tls?.clients?.mandatory && { withoutTls: CERTIFICATE_DEMANDED }),
          servicePolicies: ingresses.service,
          references,
        },
      },
      context,
    );
    const diagnostics = [
      ...result.diagnostics,
      ...tls.diagnostics,
      ...ofPassthrough,
      ...others.findings(name),
    ];
    return { ...result, diagnostics };
  };

  const otherHost = (name: string, claim: Claim): HostResult => {
    const own = certificateOfHost(name);
    const certificate = own.named ? own.certificate : certificateOfHost(claim.of).certificate;
    const routes = claim.route === undefined ? host(claim.of).ownRoutes : [claim.route];
    return {
      ...hostOf({ host: name, certificate, ...hostWide(claim.of), hostless, passthrough: undefined }, routes),
      diagnostics: [],
      canaryServices: new Map(),
    };
  };

  /** What a host, and those that are as it is, have for all requests. */
  const hostWide = (name: string): { tls?: HostTls; policies?: Policies } => {
    const { tls, denied } = tlsOfHost(name);
    const { policies, denied: alsoDenied } = ingresses.domain(name);
    const own = context.byScope.domain
      .filter(({ id, virtualHost }) => virtualHost !== undefined && policies[id] !== undefined)
      .filter(({ id }) => !denied.includes(id) && !alsoDenied.includes(id))
      .map(({ id }) => [id, policies[id]]);
    return {
      ...(tls !== undefined && { tls }),
      ...(own.length > 0 && { policies: Object.fromEntries(own) }),
    };
  };

  return {
    virtualHost: served,
    hostCertificate: certificateOfHost,
    certificate(name) {
      const result = parsed(name);
      return result?.ok ? result.certificate : undefined;
    },
    authority(name) {
      const result = parsedAuthority(name);
      return result?.ok ? result.authority : undefined;
    },
    defaultCertificate: () => defaultCertificate(settings, parsed),
  };
}
