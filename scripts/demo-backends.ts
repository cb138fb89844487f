import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";

/** A backend that an example expects to be there. */
export interface DemoBackend {
  /** The Service's name. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

/** The fields read of an EndpointSlice; anything may be missing, as people edit these files. */
interface Slice {
  readonly kind?: unknown;
  readonly metadata?: { readonly labels?: Readonly<Record<string, unknown>> };
  readonly endpoints?: readonly { readonly addresses?: readonly unknown[] }[];
  readonly ports?: readonly { readonly port?: unknown }[];
}

/** The loopback endpoints in the EndpointSlices of a folder's YAML files, each once. Throws when a file cannot be read. */
export function demoBackends(folder: string): DemoBackend[] {
  const backends = new Map<string, DemoBackend>();
  for (const file of readdirSync(folder).filter((name) => /\.ya?ml$/.test(name))) {
    for (const document of parseAllDocuments(readFileSync(join(folder, file), "utf8"))) {
      // What is not of this shape has nothing at the places read.
      for (const backend of ofSlice((document.toJS() ?? {}) as Slice)) {
        backends.set(`${backend.host}:${backend.port}`, backend);
      }
    }
  }
  return [...backends.values()];
}

function ofSlice({ kind, metadata, endpoints = [], ports = [] }: Slice): DemoBackend[] {
  const name = metadata?.labels?.["kubernetes.io/service-name"];
  if (kind !== "EndpointSlice" || typeof name !== "string") return [];
  return endpoints.flatMap(({ addresses = [] }) =>
    addresses.flatMap((host) =>
      ports.flatMap(({ port }) =>
        typeof host === "string" && host.startsWith("127.") && typeof port === "number"
          ? [{ name, host, port }]
          : [],
      ),
    ),
  );
}
