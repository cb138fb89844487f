import { X509Certificate } from "node:crypto";

const BLOCK = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/** The certificates of a PEM text, each as PEM. What is no certificate is passed over. */
export function certificatesOf(pem: string): readonly string[] {
  return (pem.match(BLOCK) ?? []).map((block) => `${block}\n`);
}

/** The first certificate of a PEM text; `undefined` if it cannot be read. */
export function readCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

/** Whether one of the authorities in `bundle` has signed the certificate. Validity in time is not looked at. */
export function isSignedBy(certificate: X509Certificate, bundle: string): boolean {
  return certificatesOf(bundle).some((pem) => {
    const authority = readCertificate(pem);
    return (
      authority !== undefined && certificate.checkIssued(authority) && certificate.verify(authority.publicKey)
    );
  });
}
