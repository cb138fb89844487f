import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { get as getHttp } from "node:http";
import { get as getHttps } from "node:https";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const PORTS = ["--http-port", "18080", "--https-port", "18443", "--debug-port", "15081"];
const ALL_PORTS = [9001, 9002, 18080, 18443, 15081];

class Quickstart {
  readonly process: ChildProcess;
  readonly ended: Promise<number | null>;
  output = "";

  constructor() {
    this.process = spawn(process.execPath, ["scripts/quickstart.ts", ...PORTS], { cwd: ROOT });
    this.ended = once(this.process, "close").then(([code]) => code);
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.output += text;
      });
    }
  }

  /** Waits for the invitation, or for an early end, which leaves no invitation in the output. */
  async invitation(): Promise<string> {
    let over = false;
    void this.ended.then(() => {
      over = true;
    });
    while (!over && !this.output.includes("Stop:")) await delay(10);
    return this.output;
  }

  /** The process that it started for the gateway: told among its own children, for ids are shared with others. */
  gateway(): number {
    const { pid } = this.process;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").map(Number);
    const found = children.find((child) =>
      readFileSync(`/proc/${child}/cmdline`, "utf8").includes("controller/src/cli.ts"),
    );
    if (found === undefined) throw new Error("the quickstart has no gateway");
    return found;
  }
}

let quickstart: Quickstart | undefined;
afterEach(async () => {
  quickstart?.process.kill("SIGTERM");
  await quickstart?.ended;
  quickstart = undefined;
});

/** Which of the quickstart's ports somebody listens on, in this network namespace. */
function listening(): number[] {
  const lines = readFileSync("/proc/self/net/tcp", "utf8").split("\n");
  // Local address as HEX:PORT, remote address, and the state, of which 0A is LISTEN.
  const ports = lines.flatMap((line) => /^ *\d+: \w+:(\w{4}) \S+ 0A /.exec(line)?.[1] ?? []);
  return ALL_PORTS.filter((port) => ports.includes(port.toString(16).toUpperCase().padStart(4, "0")));
}

/** Does what a line of curl says, for a machine may lack curl: `-H`, `-k`, `--resolve` and a URL. Gives the body. */
async function curl(line: string): Promise<string> {
  const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
  const headers = words.filter((_, at) => words[at - 1] === "-H").map((text) => text.split(": "));
  const resolve = words[words.indexOf("--resolve") + 1]?.split(":") ?? [];
  const url = new URL(words.at(-1) ?? "");
  const resolved = words.includes("--resolve") ? { hostname: resolve[2], servername: resolve[0] } : {};
  const options = {
    ...resolved,
    headers: Object.fromEntries([["host", url.host], ...headers]),
    agent: false,
  };
  const sent =
    url.protocol === "https:"
      ? getHttps(url, { ...options, rejectUnauthorized: !words.includes("-k") })
      : getHttp(url, options);
  const [response] = await once(sent, "response");
  expect(response.statusCode).toBe(200);
  return (await response.toArray()).join("");
}

test("its curl lines do what they say, and Ctrl-C leaves nothing", async () => {
  quickstart = new Quickstart();
  const said = await quickstart.invitation();
  const lines = said.split("\n").flatMap((line) => /^ {2}(curl .*)$/.exec(line)?.[1] ?? []);
  expect(lines).toHaveLength(3);
  const answers: { backend: string; headers: Record<string, string> }[] = [];
  for (const line of lines) answers.push(JSON.parse(await curl(line)));
  // The first may go to either, as the canary has a share.
  expect(answers[0]?.backend).toMatch(/^echo-v[12]$/);
  expect(answers[1]?.backend).toBe("echo-v2");
  expect(answers[2]).toMatchObject({
    backend: "echo-v2",
    headers: { "x-gateway": "sluice", "x-forwarded-proto": "https" },
  });

  const [, inside = ""] = /Look inside: +(http:\S+)/.exec(said) ?? [];
  expect(await curl(`curl -H 'Accept: text/html' ${inside}`)).toContain("<html");
  expect(listening()).toEqual(ALL_PORTS);

  quickstart.process.kill("SIGINT");
  expect(await quickstart.ended).toBe(0);
  expect(listening()).toEqual([]);
});

test("when it is killed it leaves nothing, either", async () => {
  quickstart = new Quickstart();
  await quickstart.invitation();
  expect(listening()).toEqual(ALL_PORTS);
  quickstart.process.kill("SIGKILL");
  while (listening().length > 0) await delay(10);
});

test("a port that is taken is named, with what to do", async () => {
  const taken = createServer().listen(18080, "0.0.0.0");
  await once(taken, "listening");
  quickstart = new Quickstart();
  expect(await quickstart.ended).toBe(1);
  expect(quickstart.output).toContain("Port 18080 is taken. Choose another: make run HTTP_PORT=");
  taken.close();
  await once(taken, "close");
});

test("a gateway that is killed ends all, its Envoy too, with a clear message", async () => {
  quickstart = new Quickstart();
  await quickstart.invitation();
  process.kill(quickstart.gateway(), "SIGKILL");
  expect(await quickstart.ended).toBe(1);
  expect(quickstart.output).toContain("the gateway ended by itself");
  // Envoy hears of its parent's death by a signal, and needs a moment to end.
  while (listening().length > 0) await delay(20);
});
