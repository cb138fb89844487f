import { expect, test } from "vitest";
import { createHandshakeLog } from "./handshake-log.ts";

test("of many refused handshakes the first is logged, and after a minute how many there were", () => {
  let now = 0;
  const logged: unknown[] = [];
  const log = createHandshakeLog({ warn: (fields: unknown) => void logged.push(fields) }, () => now);
  const [from, reason] = ["10.0.0.1", "CERT_HAS_EXPIRED"];
  for (let n = 0; n < 100; n++) log({ from, reason });
  log({ from, reason: "ECONNRESET" });
  now = 60_000;
  log({ from, reason });
  expect(logged).toEqual([
    { from, reason, before: 0 },
    { from, reason: "ECONNRESET", before: 0 },
    { from, reason, before: 99 },
  ]);
});
