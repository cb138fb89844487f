import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Settings } from "../config/settings.ts";
import { checkPorts } from "./port-check.ts";

let other: Server;
let port: number;

beforeEach(async () => {
  other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  // A TCP server has an address object while it listens.
  port = (other.address() as AddressInfo).port;
});

afterEach(() => void other.close());

test.each([
  ["--http-port", () => ({ httpPort: port, httpsPort: 0 })],
  ["--https-port", () => ({ httpPort: 0, httpsPort: port })],
])("a taken %s is refused, with what to do", async (flag, ports) => {
  const settings = Settings.parse({ listenAddress: "0.0.0.0", ...ports() });
  await expect(checkPorts(settings)).rejects.toMatchObject({
    message: `Port ${port} of 0.0.0.0 is taken.`,
    hint: expect.stringContaining(`${flag} PORT`),
  });
});

test("an address that the machine does not have is refused", async () => {
  const settings = Settings.parse({ listenAddress: "192.0.2.1", httpPort: 0, httpsPort: 0 });
  await expect(checkPorts(settings)).rejects.toThrow("cannot be listened on (EADDRNOTAVAIL)");
});

test("free ports are left free", async () => {
  await new Promise((resolve) => other.close(resolve));
  const settings = Settings.parse({ listenAddress: "127.0.0.1", httpPort: port, httpsPort: 0 });
  await checkPorts(settings);
  await checkPorts(settings);
});
