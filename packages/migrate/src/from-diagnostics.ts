import type { Diagnostic, DiagnosticCode } from "@sluice/model";
import { protectionOf } from "./protections.ts";
import type { Judgement } from "./report.ts";

/** About what is in the cluster, not about the gateway: the same there and here. */
const NOT_OURS: ReadonlySet<DiagnosticCode> = new Set([
  "service-missing",
  "service-port-missing",
  "service-no-endpoints",
  "service-name-unresolved",
  "endpoint-invalid",
  "subset-empty",
  "certificate-missing",
  "certificate-expired",
  "certificate-invalid",
  "certificate-host",
  "canary-pods-shared",
  "canary-left-over",
  "ingress-class-missing",
  "ingress-gateway-missing",
  // As on ingress-nginx: what else an Ingress says of the host is void over TLS.
  "passthrough-overrides",
  // Both gateways serve the oldest.
  "rule-conflict",
  // Compared by the check itself.
  "annotation-conflict",
]);

const NO_EFFECT: ReadonlySet<DiagnosticCode> = new Set([
  "annotation-no-effect",
  "canary-keys-unused",
  "canary-without-main",
]);

/** What a finding of the translation says of a change of gateways; undefined if nothing. */
export function fromDiagnostic(diagnostic: Diagnostic, key: string): Judgement | undefined {
  const { code, message, expected, hint, severity, value = "" } = diagnostic;
  if (NOT_OURS.has(code) || code === "annotation-unknown") return undefined;
  const text = [message, ...(expected === undefined ? [] : [`Expected: ${expected}.`]), hint ?? ""]
    .filter(Boolean)
    .join(" ");
  if (code === "annotation-refused") {
    // The declaration of the snippets gives the directives as the value.
    const isProtection = key.endsWith("-snippet") && value !== "a snippet";
    return { outcome: "refused", text, ...(isProtection && { lost: value }) };
  }
  // Requests for the path of a rule that is dropped come to another rule, which may lack its protection, or to 404.
  if (
    code === "rule-invalid" ||
    code === "annotation-value-denied" ||
    code === "service-external-name" ||
    code === "internal-error"
  )
    return { outcome: "refused", text };
  if (NO_EFFECT.has(code)) {
    const lost = code === "annotation-no-effect" ? protectionOf(key, value) : undefined;
    return lost === undefined ? { outcome: "no-effect", text } : { outcome: "refused", text, lost };
  }
  if (severity === "info") return { outcome: "same", text };
  return { outcome: "differs", text };
}
