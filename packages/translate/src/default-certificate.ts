import { type Certificate, DEFAULT_CERTIFICATE, type Diagnostic } from "@sluice/model";
import type { CertificateResult } from "./certificate.ts";
import type { TranslateSettings } from "./settings.ts";

export interface DefaultCertificate {
  readonly certificate: Certificate;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * The default certificate: that of the Secret which the settings name, as soon as it can be used, else the one in the
 * settings. `parsed` is a recorded read by `namespace/secret`.
 */
export function defaultCertificate(
  { defaultCertificate: fallback, defaultSecret: secret }: TranslateSettings,
  parsed: (name: string) => CertificateResult | undefined,
): DefaultCertificate {
  if (secret === undefined) return { certificate: fallback, diagnostics: [] };
  const { namespace, name, expected } = secret;
  const result = parsed(`${namespace}/${name}`);
  if (result?.ok)
    return { certificate: { ...result.certificate, name: DEFAULT_CERTIFICATE }, diagnostics: [] };
  if (result === undefined && !expected) return { certificate: fallback, diagnostics: [] };
  const what = result === undefined ? "does not exist" : `cannot be used, ${result.fault}`;
  return {
    certificate: fallback,
    diagnostics: [
      {
        code: result === undefined ? "certificate-missing" : "certificate-invalid",
        severity: "error",
        origin: { object: { kind: "Secret", namespace, name } },
        message: `The Secret ${namespace}/${name} ${what}: a self-signed certificate is the default one.`,
        expected:
          "a Secret of type kubernetes.io/tls, with tls.crt and tls.key in PEM, which belong together",
        hint: "It is named by --default-certificate.",
      },
    ],
  };
}
