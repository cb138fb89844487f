import { createServer } from "node:net";
import type { Settings } from "../config/settings.ts";
import { OperatorError } from "../operator-error.ts";

/**
 * Throws an {@link OperatorError} if somebody has one of the ports that Envoy is to listen on. Envoy itself would refuse the
 * listener and run on without it, or, if the other one is an Envoy too, share the port and so its connections.
 */
export async function checkPorts(settings: Settings): Promise<void> {
  for (const [flag, port] of [
    ["--http-port", settings.httpPort],
    ["--https-port", settings.httpsPort],
  ] as const) {
    const code = await refusal(settings.listenAddress, port);
    // What Node may not, Envoy may have the right to.
    if (code === undefined || code === "EACCES") continue;
    const reason = code === "EADDRINUSE" ? "is taken" : `cannot be listened on (${code})`;
    throw new OperatorError("listen", `Port ${port} of ${settings.listenAddress} ${reason}.`, {
      hint: `End what listens there, or choose another one with ${flag} PORT.`,
    });
  }
}

function refusal(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(undefined)));
  });
}
