/** Metadata as an API server gives it. */
export function meta(
  name: string,
  version: string,
  more: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return {
    metadata: { name, namespace: "shop", uid: `uid-${name}`, resourceVersion: version, ...more },
  };
}

/** A Service whose type tells its versions apart. */
export function service(name: string, version: string, type = "ClusterIP"): object {
  return { ...meta(name, version), spec: { type, ports: [{ name: "http", port: 80 }] } };
}

/** An Ingress of our class for a host, with the Secret of its certificate. */
export function ingress(name: string, version: string, secretName: string): object {
  return {
    ...meta(name, version),
    spec: { ingressClassName: "mse", rules: [], tls: [{ hosts: [`${name}.example`], secretName }] },
  };
}

export function secret(name: string, version: string, text = "secret"): object {
  return { ...meta(name, version), type: "Opaque", data: { value: Buffer.from(text).toString("base64") } };
}
