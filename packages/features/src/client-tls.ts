import { defineFeature, enumType, key, type ParseContext, raw } from "@sluice/feature-api";
import { type HostTls, TLS_VERSIONS } from "@sluice/model";
import { tlsCiphers } from "./support/tls-values.ts";

type ClientTlsPolicy = Pick<HostTls, "minVersion" | "maxVersion" | "ciphers">;

const VERSION = enumType(TLS_VERSIONS);
const HOSTS =
  "Holds for the hosts of this Ingress, whichever Ingress their rules are in; such a host is only served on connections that were opened for it by SNI (others get 421).";

/** Versions and cipher suites between clients and the gateway. */
export const clientTls = defineFeature({
  id: "client-tls",
  title: "TLS versions and ciphers",
  scope: "domain",
  onInvalid: "ignore",
  keys: {
    "tls-min-protocol-version": key(VERSION, {
      doc: `The lowest TLS version that clients may speak. ${HOSTS} A minimum above the maximum: both are ignored.`,
      example: "TLSv1.2",
      default: "that of the gateway, TLSv1.2; TLSv1.0 under a maximum that is lower",
      nginx: "ingress-nginx has no such annotation (its `ssl-protocols` is for all hosts).",
    }),
    "tls-max-protocol-version": key(VERSION, {
      doc: `The highest TLS version that clients may speak. ${HOSTS}`,
      example: "TLSv1.3",
      default: "that of the gateway, TLSv1.3",
      nginx: "ingress-nginx has no such annotation (its `ssl-protocols` is for all hosts).",
    }),
    "ssl-cipher": raw({
      doc: `Cipher suites up to TLS 1.2 by their OpenSSL names, separated by commas or colons; those of TLS 1.3 cannot be chosen. ${HOSTS} Unknown names and expressions such as \`ALL:!aNULL\` are dropped and reported; if none is left, the default counts.`,
      example: "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384",
      default: "Envoy's own list; MSE's twelve suites where TLS 1.0 or 1.1 is allowed",
      aliases: ["ssl-ciphers"],
      nginx: "Expressions of OpenSSL are not known.",
    }),
  },

  parse: (values, context): ClientTlsPolicy | undefined => {
    const policy = {
      ...versions(values["tls-min-protocol-version"], values["tls-max-protocol-version"], context),
      ...ciphers(values["ssl-cipher"], context),
    };
    return Object.keys(policy).length === 0 ? undefined : policy;
  },

  hostTls: (policy, { host }) =>
    host === "*"
      ? { key: keyOf(policy), fault: "a rule with a host: rules without one have no TLS of their own" }
      : policy,
});

function keyOf({ minVersion, maxVersion }: ClientTlsPolicy): string {
  if (minVersion !== undefined) return "tls-min-protocol-version";
  return maxVersion === undefined ? "ssl-cipher" : "tls-max-protocol-version";
}

function versions(
  min: HostTls["minVersion"],
  max: HostTls["maxVersion"],
  { report }: ParseContext,
): ClientTlsPolicy {
  const isCrossed =
    min !== undefined && max !== undefined && TLS_VERSIONS.indexOf(min) > TLS_VERSIONS.indexOf(max);
  if (!isCrossed)
    return {
      ...(min !== undefined && { minVersion: min }),
      ...(max !== undefined && { maxVersion: max }),
    };
  report.bad("tls-min-protocol-version", `a version that is not above tls-max-protocol-version (${max})`);
  report.bad("tls-max-protocol-version", `a version that is not below tls-min-protocol-version (${min})`);
  return {};
}

/** A long value of nothing but bad items is one mistake. */
const MAX_REPORTS = 10;

function ciphers(text: string | undefined, { report }: ParseContext): ClientTlsPolicy {
  if (text === undefined) return {};
  const { known, unknown } = tlsCiphers(text);
  for (const name of unknown.slice(0, MAX_REPORTS))
    report.bad(
      "ssl-cipher",
      "OpenSSL names of cipher suites that Envoy has, such as ECDHE-RSA-AES128-GCM-SHA256",
      name,
    );
  return known.length === 0 ? {} : { ciphers: known };
}
