import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type EchoBackend, startEcho } from "./echo-server.ts";

const USAGE = `usage: node packages/echo-backend/src/cli.ts --listen HOST:PORT [--name NAME] [--listen … --name …]
         [--tls-cert FILE --tls-key FILE] [--abrupt]

Echoes what it gets: HTTP/1.1, HTTP/2 without TLS, WebSocket and gRPC on one port. The first --name is of the first
--listen and so on; the last one serves for the rest. SIGTERM and SIGINT end it when all requests are answered, with
--abrupt at once, as a program that knows no signals.`;

/** Starts the backends and returns when they listen; the process then lives as long as they do. */
async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      listen: { type: "string", multiple: true, default: [] },
      name: { type: "string", multiple: true, default: ["echo"] },
      "tls-cert": { type: "string" },
      "tls-key": { type: "string" },
      abrupt: { type: "boolean", default: false },
    },
  });
  if (values.listen.length === 0) throw new Error("--listen is missing");
  const { "tls-cert": cert, "tls-key": key } = values;
  const tls = cert && key ? { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") } : undefined;
  const backends = await Promise.all(
    values.listen.map(async (text, at) => {
      const [, v6, plain, port] = /^(?:\[(.+)\]|([^:]+)):(\d+)$/.exec(text) ?? [];
      const host = v6 ?? plain;
      if (host === undefined) throw new Error(`--listen takes HOST:PORT, not ${text}`);
      const name = values.name[at] ?? values.name.at(-1) ?? "echo";
      return startEcho({ name, host, port: Number(port), ...(tls && { tls }) });
    }),
  );
  for (const { name, host, port } of backends) console.log(`${name} listens on ${host}:${port}`);
  // Without a handler the kernel ends a process at once.
  if (!values.abrupt) endOnSignal(backends);
}

/** The second signal does not wait. */
function endOnSignal(backends: readonly EchoBackend[]): void {
  let asked = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      for (const backend of backends) void (asked ? backend.kill() : backend.close());
      asked = true;
    });
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(`echo-backend: ${error instanceof Error ? error.message : error}\n\n${USAGE}`);
  process.exitCode = 1;
});
