import { bool, defineFeature } from "@sluice/feature-api";

/** TLS that the gateway passes on to the backend without ending it. */
export const sslPassthrough = defineFeature({
  id: "ssl-passthrough",
  title: "TLS passthrough",
  scope: "domain",
  onInvalid: "ignore",
  requires: [
    "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
    "envoy.extensions.filters.network.rbac.v3.RBAC",
  ],
  keys: {
    "ssl-passthrough": bool({
      doc: "`true` passes TLS connections that name the host (by SNI) on to the backend of its path `/`, unopened: the client sees the backend's own certificate, and client certificates reach the backend. The operator has to allow it (`--ssl-passthrough true`); else it has no effect and is reported. Ready endpoints of the Service take the connections, whatever `backend-protocol` says; without a rule for `/` they are closed, reported. Over https nothing else holds for the host: a certificate in `tls`, other paths and other annotations are void, address lists among them, and reported; the address lists of the gateway hold. Plain HTTP is routed as for any host, with the redirect to https where `tls` names the host. A wildcard host stands for one label; connections for deeper names are closed. The backend sees the gateway's address. Where the oldest Ingress of the host is of another namespace it has no effect, reported. Each host that comes or goes is an update of the https listener; connections of other hosts live on.",
      example: "true",
      default: "false",
      nginx:
        "Works for wildcard hosts as well. The operator's flag is `--ssl-passthrough`, not `--enable-ssl-passthrough`. A host that several Ingresses share is passed on if the oldest that has the annotation says so; ingress-nginx asks the oldest Ingress of the host alone. Without a path `/` connections are closed; ingress-nginx sends them to its default backend.",
    }),
  },
  parse: (values): { readonly passesTls: true } | undefined =>
    values["ssl-passthrough"] === true ? { passesTls: true } : undefined,
  passesTls: (policy) => policy.passesTls,
});
