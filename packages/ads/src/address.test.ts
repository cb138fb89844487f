import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { grpcTarget, parseAddress, prepareSocket } from "./address.ts";

test.each([
  ["unix:/run/x.sock", "unix:/run/x.sock"],
  ["127.0.0.1:18000", "127.0.0.1:18000"],
  ["127.9.9.9:0", "127.9.9.9:0"],
  ["[::1]:18000", "[::1]:18000"],
  ["localhost:18000", "localhost:18000"],
])("%s is served", (text, target) => {
  expect(grpcTarget(parseAddress(text))).toBe(target);
});

test.each(["", "unix:", `unix:/${"x".repeat(107)}`, "18000", ":18000", "host", "127.0.0.1:65536", "::1:80"])(
  "%j is no address",
  (text) => {
    expect(() => parseAddress(text)).toThrow(
      expect.objectContaining({ code: "address-invalid", message: expect.stringContaining(`"${text}"`) }),
    );
  },
);

test.each(["0.0.0.0:18000", "10.0.0.1:18000", "[::]:18000", "control.example:18000", "[::ffff:10.0.0.1]:1"])(
  "%s is not served without mutual TLS",
  (text) => {
    expect(() => parseAddress(text)).toThrow(expect.objectContaining({ code: "address-not-local" }));
  },
);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-ads-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("the folder of a socket is made for its owner only", async () => {
  await prepareSocket(join(folder, "new", "xds.sock"));
  expect((await stat(join(folder, "new"))).mode & 0o777).toBe(0o700);
});

test("a socket that somebody listens on is left alone", async () => {
  const path = join(folder, "xds.sock");
  const server = createServer();
  await new Promise<void>((done) => server.listen(path, done));
  await expect(prepareSocket(path)).rejects.toMatchObject({ code: "address-in-use" });
  await new Promise((done) => server.close(done));
});

test("a file that is no socket is left alone", async () => {
  const path = join(folder, "xds.sock");
  await writeFile(path, "precious");
  await expect(prepareSocket(path)).rejects.toMatchObject({ code: "address-in-use" });
});
