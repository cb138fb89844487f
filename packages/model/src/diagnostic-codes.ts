/**
 * Every code a diagnostic can have, with one sentence for the reference page.
 * Codes are stable: users filter and alert on them. A new one is added here and nowhere else.
 */
export const DIAGNOSTIC_CODES = {
  "file-unreadable": "A file or folder could not be read.",
  "file-syntax": "A file is not valid YAML or JSON; its last good objects stay in force.",
  "kind-unknown": "An object of a kind that Sluice does not read was skipped.",
  "object-invalid": "An object lacks a required field or has one of a wrong type; it is not in force.",
  "object-outdated":
    "An object has an API version that Kubernetes serves no more; it is read as its successor.",
  "object-duplicate":
    "One object is defined twice; the API server comes before files, and files in the order of their names.",
  "annotation-value": "An annotation has a value that cannot be used; that annotation is ignored.",
  "annotation-value-denied": "A protection has a value that cannot be used; its routes answer 503.",
  "annotation-conflict": "One annotation is set under several prefixes with different values.",
  "annotation-unknown": "An annotation under one of our prefixes is not known.",
  "annotation-secret":
    "A Secret that an annotation names does not exist, may not be named, or cannot be used.",
  "annotation-no-effect": "An annotation is understood but has no effect here.",
  "annotation-refused": "An annotation that injects foreign configuration is refused.",
  "annotation-unsupported": "The connected Envoy lacks an extension that an annotation needs.",
  "annotation-overruled": "Another Ingress, older than this one, decides a key that they share.",
  "ingress-class-missing": "An Ingress names no class and no class is the default; it is not served.",
  "ingress-gateway-missing":
    "The class of an Ingress points at a MseIngressConfig whose gateway does not serve it; it is not served.",
  "config-missing":
    "The MseIngressConfig by which a gateway is to be configured does not exist; it serves nothing.",
  "rule-conflict": "Two Ingresses have the same host, path and conditions; the oldest wins.",
  "rule-invalid": "A rule has a host or path that cannot be used; the rule is dropped.",
  "canary-without-main": "A canary has no main rule with the same host and path; it has no effect.",
  "canary-keys-unused": 'Canary annotations without canary "true" have no effect.',
  "canary-left-over":
    "A canary has a query key that Kruise Rollouts left from an earlier step; it changes who goes to the canary.",
  "canary-pods-shared":
    "The Service of the main rule selects the pods of a canary's Service as well: requests that stay reach them too.",
  "canary-weight": "The weights of the canaries of one rule add up to more than their total.",
  "service-missing": "A backend names a Service that does not exist; it answers 503.",
  "service-port-missing": "A backend names a port that its Service does not have; it answers 503.",
  "service-no-endpoints": "A Service has no ready endpoint; it answers 503.",
  "service-external-name": "A Service of type ExternalName is not allowed, or points where it must not.",
  "service-name-unresolved":
    "The name of a Service of type ExternalName has no address; the last known ones stay in force.",
  "host-refused":
    "A host outside the cluster is no name, or leads where the gateway must not connect; it gets no requests.",
  "host-unresolved": "A host outside the cluster has no address; the last known ones stay in force.",
  "subset-empty": "No ready pod matches a subset; traffic goes to all pods of the Service.",
  "endpoint-invalid": "An endpoint has an address that cannot be used; it is skipped.",
  "certificate-missing": "A TLS Secret does not exist; the default certificate is served.",
  "certificate-invalid": "A TLS Secret cannot be used; the default certificate is served.",
  "certificate-expired": "A certificate is past its end; it is served all the same.",
  "certificate-host": "A certificate is not valid for a host; the default certificate is served.",
  "passthrough-closed":
    "The TLS of a host is to be passed on, but no rule of it is for the path /; its TLS connections are closed.",
  "passthrough-overrides":
    "The TLS of a host is passed on; what else an Ingress says of it holds on plain HTTP alone.",
  "reference-denied": "A reference to another namespace is not allowed.",
  "config-value":
    "A field of a MseIngressConfig has a value that cannot be used; its last good value stays in force.",
  "config-value-denied":
    "An address list of a MseIngressConfig cannot be used and has no last good form; everybody is refused.",
  "config-conflict": "Two fields of a MseIngressConfig exclude each other; what was in force before stays.",
  "config-unknown": "A field of a MseIngressConfig is not known; it is ignored.",
  "config-adjusted": "A value of a MseIngressConfig is in force in another form than it was written in.",
  "config-no-effect": "A field of a MseIngressConfig is understood but has no effect here.",
  "config-reset": "A MseIngressConfig takes a reused gateway over; what it leaves out is reset.",
  "rate-limit-store":
    "The store that counts limits over all instances cannot be reached; each instance passes its part of them.",
  "resource-constraint": "A resource breaks a rule of Envoy's API; it was not sent.",
  "resource-refused": "Envoy refused a resource; its last accepted form stays in force.",
  "internal-error": "Sluice failed on this object; this is a bug of Sluice, please report it.",
} as const;

export type DiagnosticCode = keyof typeof DIAGNOSTIC_CODES;
