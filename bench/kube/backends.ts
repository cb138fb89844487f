import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Address } from "./world.ts";

export interface Backend extends Address {
  readonly name: string;
  readonly server: Server;
}

/** A backend that names itself, on an address that an EndpointSlice may hold: the API server refuses loopback. */
export async function startBackend(name: string, host: string): Promise<Backend> {
  const server = createServer((_, response) => response.setHeader("x-backend", name).end());
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  // A listening TCP server has an address object.
  const { port } = server.address() as AddressInfo;
  return { name, host, port, server };
}
