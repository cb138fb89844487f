/**
 * `make run`: the backends of examples/quickstart, and the gateway in front of them, until Ctrl-C or until one of
 * them ends. Children are in process groups of their own, so that Ctrl-C reaches this process alone, which lets the
 * gateway drain while its backends still answer. When this process is killed the kernel asks them to end.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { get } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { dieWithParent } from "../envoy/src/die-with-parent.ts";
import { type DemoBackend, demoBackends } from "./demo-backends.ts";

const ROOT = join(import.meta.dirname, "..");
const EXAMPLE = join("examples", "quickstart");

interface Ports {
  readonly http: number;
  readonly https: number;
  readonly debug: number;
}

async function main(): Promise<number> {
  const ports = readPorts();
  const backends = demoBackends(join(ROOT, EXAMPLE));
  const problem = await firstProblem(ports, backends);
  if (problem !== undefined) return fail(problem);

  const signals = new Signals();
  const echo = start(
    "the demo backends",
    "packages/echo-backend/src/cli.ts",
    backendArguments(backends),
    "ignore",
  );
  const gateway = start("the gateway", "packages/controller/src/cli.ts", gatewayArguments(ports), "inherit");
  const ended = Promise.race([echo.ended, gateway.ended]);
  const first = await Promise.race([serving(ports).then(() => "serving" as const), ended, signals.next()]);
  if (first === "serving") console.log(invitation(ports));
  const why = first === "serving" ? await Promise.race([ended, signals.next()]) : first;

  const stopping = gateway.stop();
  void signals.next().then(() => gateway.stop());
  await stopping;
  await echo.stop();
  return why === "signal"
    ? 0
    : fail(`${why} ended by itself, so all else was stopped; its last words stand above.`);
}

function readPorts(): Ports {
  const { values } = parseArgs({
    options: {
      "http-port": { type: "string", default: "8080" },
      "https-port": { type: "string", default: "8443" },
      "debug-port": { type: "string", default: "15080" },
    },
  });
  return {
    http: Number(values["http-port"]),
    https: Number(values["https-port"]),
    debug: Number(values["debug-port"]),
  };
}

/** What would fail later with less clear words: a port that is none, or that somebody has. */
async function firstProblem(ports: Ports, backends: readonly DemoBackend[]): Promise<string | undefined> {
  for (const [name, port] of Object.entries(ports)) {
    const variable = `${name.toUpperCase()}_PORT`;
    if (!Number.isInteger(port) || port < 1 || port > 65535) return `${variable} must be a port, 1 to 65535.`;
    const refused = await refusal(name === "debug" ? "127.0.0.1" : "0.0.0.0", port);
    if (refused !== undefined) return `Port ${port} ${refused}. Choose another: make run ${variable}=…`;
  }
  for (const { host, port, name } of backends) {
    const refused = await refusal(host, port);
    if (refused !== undefined)
      return `Port ${port} of ${name} ${refused}. Change it in ${EXAMPLE}/backends.yaml.`;
  }
  return undefined;
}

function refusal(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code === "EADDRINUSE" ? "is taken" : `cannot be listened on (${error.code})`);
    });
    probe.listen(port, host, () => probe.close(() => resolve(undefined)));
  });
}

function backendArguments(backends: readonly DemoBackend[]): string[] {
  return backends.flatMap(({ host, port, name }) => ["--listen", `${host}:${port}`, "--name", name]);
}

function gatewayArguments({ http, https, debug }: Ports): string[] {
  const listen = [
    "--http-port",
    String(http),
    "--https-port",
    String(https),
    "--debug-address",
    `127.0.0.1:${debug}`,
  ];
  // Long enough for a demo; a browser's idle connections would hold the default's full time.
  return ["run", EXAMPLE, "--drain-seconds", "2", ...listen];
}

interface Child {
  /** Resolves to its name when it has ended. */
  readonly ended: Promise<string>;
  /** Asks it to end, and waits. Asking again hurries it. */
  stop(): Promise<void>;
}

function start(name: string, script: string, args: readonly string[], output: "inherit" | "ignore"): Child {
  const [command, ...rest] = dieWithParent(process.execPath, [join(ROOT, script), ...args]);
  const child: ChildProcess = spawn(command, rest, {
    cwd: ROOT,
    stdio: ["ignore", output, "inherit"],
    detached: true,
  });
  const ended = new Promise<string>((resolve) => {
    child.on("error", (error) => console.error(`quickstart: ${error.message}`));
    child.on("close", () => resolve(name));
  });
  return {
    ended,
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

/** Resolves when the control plane is ready and Envoy answers; what it answers is up to the example, which people edit. */
async function serving({ http, debug }: Ports): Promise<void> {
  while ((await status(`http://127.0.0.1:${debug}/readyz`)) !== 200) await delay(50);
  while ((await status(`http://127.0.0.1:${http}/`)) === undefined) await delay(50);
}

/** Without keeping the connection, for which the gateway would wait at its end. */
function status(url: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const sent = get(url, { agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on("error", () => resolve(undefined));
  });
}

/** Signals that ask to stop, one at a time. */
class Signals {
  #waiting: (() => void)[] = [];

  constructor() {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, () => {
        const waiting = this.#waiting;
        this.#waiting = [];
        for (const resolve of waiting) resolve();
      });
    }
  }

  /** The first signal after this call. */
  next(): Promise<"signal"> {
    return new Promise((resolve) => this.#waiting.push(() => resolve("signal")));
  }
}

function invitation({ http, https, debug }: Ports): string {
  return `
Sluice is serving. Try:

  curl -H 'Host: demo.localhost' http://127.0.0.1:${http}/hello
  curl -H 'Host: demo.localhost' -H 'x-canary: always' http://127.0.0.1:${http}/hello
  curl -k --resolve demo.localhost:${https}:127.0.0.1 https://demo.localhost:${https}/v2

Look inside:  http://127.0.0.1:${debug}/
Change it:    edit ${EXAMPLE}/canary.yaml or ingress.yaml and ask again; it is in force when you have saved
Stop:         Ctrl-C
`;
}

function fail(sentence: string): number {
  console.error(`quickstart: ${sentence}`);
  return 1;
}

process.exitCode = await main();
