import type { Diagnostic, Ingress } from "@sluice/model";
import { type CertificateResult, coversHost } from "./certificate.ts";
import { tlsHosts } from "./tls-hosts.ts";

/** Which certificate a host gets. */
export interface HostCertificate {
  /** True if any Ingress names TLS for the host, whatever became of its Secret. */
  readonly named: boolean;
  /** Absent: the default certificate. */
  readonly certificate?: string;
  readonly diagnostics: readonly Diagnostic[];
}

export interface HostCertificateInput {
  readonly host: string;
  /** Ingresses of ours whose `tls` names the host, oldest first. */
  readonly ingresses: readonly Ingress[];
  readonly parsed: (secretKey: string) => CertificateResult | undefined;
  readonly now: number;
}

/** The oldest Ingress decides. What cannot be used leaves the host on the default certificate, reported. */
export function hostCertificate(input: HostCertificateInput): HostCertificate {
  const [ingress] = input.ingresses;
  if (ingress === undefined) return { named: false, diagnostics: [] };
  const { namespace, name } = ingress.metadata;
  const secretName = tlsHosts(ingress).get(input.host);
  const finding = (
    code: Diagnostic["code"],
    message: string,
    expected: string,
    severity: Diagnostic["severity"] = "warning",
  ): Diagnostic => ({
    code,
    severity,
    origin: { object: { kind: "Ingress", namespace, name }, field: "spec.tls" },
    key: "spec.tls",
    ...(secretName === undefined ? {} : { value: secretName }),
    message,
    expected,
  });
  const fallback = (...diagnostics: Diagnostic[]): HostCertificate => ({ named: true, diagnostics });
  if (secretName === undefined)
    return fallback(
      finding(
        "certificate-missing",
        `spec.tls names ${input.host} without a secretName: the default certificate is served.`,
        "a secretName, or the default certificate on purpose",
        "info",
      ),
    );
  const result = input.parsed(`${namespace}/${secretName}`);
  if (result === undefined)
    return fallback(
      finding(
        "certificate-missing",
        `The Secret ${namespace}/${secretName} does not exist: ${input.host} gets the default certificate.`,
        "a Secret of type kubernetes.io/tls in the Ingress's namespace",
      ),
    );
  if (!result.ok)
    return fallback(
      finding(
        "certificate-invalid",
        `The Secret ${namespace}/${secretName} cannot be used, ${result.fault}: ${input.host} gets the default certificate.`,
        "tls.crt and tls.key in PEM, which belong together",
      ),
    );
  if (!coversHost(result.leaf, input.host))
    return fallback(
      finding(
        "certificate-host",
        `The certificate in ${namespace}/${secretName} is not valid for ${input.host}, which gets the default certificate.`,
        `a certificate for ${input.host}; this one is for ${result.leaf.subjectAltName ?? "no name"}`,
      ),
    );
  const expired = Date.parse(result.leaf.validTo) < input.now;
  return {
    named: true,
    certificate: result.certificate.name,
    diagnostics: expired
      ? [
          finding(
            "certificate-expired",
            `The certificate in ${namespace}/${secretName} ended on ${result.leaf.validTo}; it is served all the same.`,
            "a certificate that is still valid",
          ),
        ]
      : [],
  };
}
