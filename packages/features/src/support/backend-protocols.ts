import { enumType } from "@sluice/feature-api";

/** What `backend-protocol` takes. */
export const BACKEND_PROTOCOLS = ["HTTP", "HTTP2", "HTTPS", "GRPC", "GRPCS", "AUTO_HTTP"] as const;

export type BackendProtocol = (typeof BACKEND_PROTOCOLS)[number];

export const backendProtocolType = enumType(BACKEND_PROTOCOLS, true);

/** Whether requests, or those of clients that use https, go to the backend over TLS. */
export function usesTls(protocol: BackendProtocol): boolean {
  return protocol === "HTTPS" || protocol === "GRPCS" || protocol === "AUTO_HTTP";
}
