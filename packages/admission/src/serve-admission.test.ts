import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { AdmissionError } from "./admission-error.ts";
import type { AdmissionVerdict } from "./admission-review.ts";
import { serveAdmission } from "./serve-admission.ts";
import { type Authority, makeAuthority } from "./testing/authority.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-admission-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let server: Authority;
let clients: Authority;
beforeAll(async () => {
  [server, clients] = await Promise.all([makeAuthority("server CA"), makeAuthority("client CA")]);
});

/** Writes the files of a server that trusts `clients`. */
async function files(name: string) {
  const pair = await server.issue("localhost");
  const path = (suffix: string): string => join(folder, `${name}.${suffix}`);
  writeFileSync(path("crt"), pair.chain);
  writeFileSync(path("key"), pair.key);
  writeFileSync(path("ca"), clients.certificate);
  return { certificate: path("crt"), key: path("key"), clientCa: path("ca") };
}

async function serve(
  judge: () => AdmissionVerdict | undefined,
  onError: (error: unknown) => void = () => {},
) {
  const made = await serveAdmission({
    address: "127.0.0.1:0",
    tls: await files("served"),
    judge,
    onError,
  });
  onTestFinished(() => made.close());
  return made.url;
}

interface Call {
  readonly path?: string;
  readonly method?: string;
  readonly body?: string;
  readonly as?: { readonly chain: string; readonly key: string };
}

function call(url: string, { path = "/validate", method = "POST", body = "", as }: Call) {
  return new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    const identity = as === undefined ? {} : { cert: as.chain, key: as.key };
    const options = { method, ca: server.certificate, servername: "localhost", agent: false, ...identity };
    const sent = request(`${url}${path}`, options, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode, text }));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

const review = JSON.stringify({
  apiVersion: "admission.k8s.io/v1",
  kind: "AdmissionReview",
  request: { uid: "u1", operation: "CREATE", object: {} },
});

test("a client of the CA is answered", async () => {
  const url = await serve(() => ({ warnings: ["w"] }));
  const { status, text } = await call(url, { body: review, as: await clients.issue("api-server") });
  expect(status).toBe(200);
  expect(JSON.parse(text)).toMatchObject({ response: { uid: "u1", allowed: true, warnings: ["w"] } });
});

test("nobody else is: no certificate, and one of another CA", async () => {
  let asked = 0;
  const url = await serve(() => {
    asked++;
    return { warnings: [] };
  });
  await expect(call(url, { body: review })).rejects.toThrow();
  await expect(call(url, { body: review, as: await server.issue("api-server") })).rejects.toThrow();
  expect(asked).toBe(0);
});

test.each([
  [{ path: "/" }, 404],
  [{ method: "GET" }, 405],
  [{ body: "{}" }, 400],
  [{ body: "x".repeat(9 * 1024 * 1024) }, 413],
])("a wrong request %# gets %s", async (wrong, status) => {
  const url = await serve(() => ({ warnings: [] }));
  const answer = await call(url, { body: review, as: await clients.issue("c"), ...wrong });
  expect(answer.status).toBe(status);
});

test("before there is anything to judge by, the failure policy decides", async () => {
  const url = await serve(() => undefined);
  expect((await call(url, { body: review, as: await clients.issue("c") })).status).toBe(503);
});

test("a bug of ours is a 500, which the API server is told to ignore", async () => {
  const errors: unknown[] = [];
  const url = await serve(
    () => {
      throw new Error("bug");
    },
    (error) => errors.push(error),
  );
  expect((await call(url, { body: review, as: await clients.issue("c") })).status).toBe(500);
  expect(errors).toEqual([new Error("bug")]);
});

test("files that cannot be used are named, without what is in them", async () => {
  const tls = await files("broken");
  const start = (change: Partial<typeof tls>) =>
    serveAdmission({
      address: "127.0.0.1:0",
      tls: { ...tls, ...change },
      judge: () => ({ warnings: [] }),
      onError() {},
    });
  await expect(start({ key: join(folder, "absent") })).rejects.toThrow(/absent cannot be read: ENOENT/);
  const other = join(folder, "other.key");
  const { key } = await server.issue("other");
  writeFileSync(other, key);
  const failed: unknown = await start({ key: other }).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(AdmissionError);
  expect(String(failed)).toMatch(/broken.crt, its key and the CA of the clients cannot be used/);
  expect(String(failed)).not.toContain("BEGIN");
});

test("replaced files are taken without a restart, and half of a replacement changes nothing", async () => {
  const tls = await files("rotated");
  const errors: unknown[] = [];
  const made = await serveAdmission({
    address: "127.0.0.1:0",
    tls,
    judge: () => ({ warnings: [] }),
    onError: (error) => errors.push(error),
    filesEveryMs: 20,
  });
  onTestFinished(() => made.close());
  const strangers = await makeAuthority("next client CA");
  const stranger = await strangers.issue("c");
  const ask = (as: Call["as"]) =>
    call(made.url, { body: review, ...(as && { as }) }).then(
      ({ status }) => status,
      () => 0,
    );
  writeFileSync(tls.key, "half");
  await expect.poll(() => errors.length).toBe(1);
  expect(await ask(stranger)).toBe(0);
  expect(await ask(await clients.issue("c"))).toBe(200);
  const pair = await server.issue("localhost");
  writeFileSync(tls.certificate, pair.chain);
  writeFileSync(tls.key, pair.key);
  writeFileSync(tls.clientCa, strangers.certificate);
  await expect.poll(() => ask(stranger)).toBe(200);
  expect(await ask(await clients.issue("c"))).toBe(0);
});

test("an address in use is a sentence", async () => {
  const url = await serve(() => ({ warnings: [] }));
  const again = serveAdmission({
    address: new URL(url).host,
    tls: await files("again"),
    judge: () => ({ warnings: [] }),
    onError() {},
  });
  await expect(again).rejects.toThrow(/cannot be served on 127.0.0.1:\d+: .*EADDRINUSE/);
});
