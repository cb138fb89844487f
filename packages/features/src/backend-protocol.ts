import { type BackendSpeech, defineFeature, key } from "@sluice/feature-api";
import { type BackendProtocol, backendProtocolType } from "./support/backend-protocols.ts";

interface BackendProtocolPolicy {
  readonly protocol: BackendProtocol;
}

const SPEECH: Readonly<Record<BackendProtocol, BackendSpeech>> = {
  HTTP: { protocol: "http1" },
  HTTP2: { protocol: "http2" },
  HTTPS: { protocol: "http1", tls: true },
  GRPC: { protocol: "http2" },
  GRPCS: { protocol: "http2", tls: true },
  // Of the cluster for plain HTTP; HTTPS has one of its own.
  AUTO_HTTP: { protocol: "http1" },
};

/** What a Service's pods speak. */
export const backendProtocol = defineFeature({
  id: "backend-protocol",
  title: "Backend protocol",
  scope: "service",
  onInvalid: "ignore",
  keys: {
    "backend-protocol": key(backendProtocolType, {
      doc: "What the Service's pods speak. HTTP is HTTP/1.1; HTTP2 and GRPC are HTTP/2 without TLS; HTTPS is HTTP/1.1 over TLS; GRPCS is HTTP/2 over TLS; AUTO_HTTP is HTTPS for requests that came over https and HTTP for others. Any case. Another value stands for HTTP. How TLS is done say the `proxy-ssl-*` keys; without them any certificate is believed.",
      example: "GRPC",
      default:
        "HTTP2 for a port of the Service named grpc or http2 (or with that and - in front), or whose appProtocol says so; else HTTP",
      nginx:
        "HTTP2 is not known to ingress-nginx. FCGI is not known here: HTTP is used. ingress-nginx does not look at names of ports and appProtocol.",
      higress: "AUTO_HTTP is not known to Higress.",
    }),
  },
  // A bad value, which is reported, stands for HTTP, even where the port's name says something else.
  parse: (values): BackendProtocolPolicy => ({ protocol: values["backend-protocol"] ?? "HTTP" }),
  speaks: ({ protocol }) => SPEECH[protocol],
  httpsVariant: ({ protocol }) =>
    protocol === "AUTO_HTTP" ? { suffix: "https", policy: { protocol: "HTTPS" } } : undefined,
});
