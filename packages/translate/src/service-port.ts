import type { Service, ServicePort, ServiceTarget } from "@sluice/model";

/** The port of a Service that a backend names; `first` is the first one. */
export function servicePort(service: Service, target: ServiceTarget): ServicePort | undefined {
  const { ports } = service.spec;
  const wanted = target.port;
  if (wanted === "first") return ports[0];
  return "number" in wanted
    ? ports.find((port) => port.port === wanted.number)
    : ports.find((port) => port.name === wanted.name);
}

const HTTP2_PROTOCOLS = new Set(["kubernetes.io/h2c", "h2c", "http2", "grpc"]);

/** What a port speaks by its name (`grpc`, `http2-admin`) or `appProtocol`, when no annotation says so. */
export function portProtocol(port: ServicePort | undefined): "http1" | "http2" {
  if (port === undefined) return "http1";
  if (port.appProtocol !== undefined) {
    if (HTTP2_PROTOCOLS.has(port.appProtocol.toLowerCase())) return "http2";
  }
  const head = port.name?.split("-", 1)[0];
  return head === "grpc" || head === "http2" ? "http2" : "http1";
}
