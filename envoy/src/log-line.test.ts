import { expect, test } from "vitest";
import { parseLogLine } from "./log-line.ts";

test.each([
  ["info main starting", "info", "main", "starting"],
  ["warning config gRPC stream closed", "warn", "config", "gRPC stream closed"],
  ["critical main two\\nlines\\n", "fatal", "main", "two\nlines"],
  ['error dns_cache \\"q\\" \\\\ \\303\\251', "error", "dns_cache", '"q" \\ é'],
  ["terminate called after", "error", "", "terminate called after"],
  ["", "error", "", ""],
])("%j", (line, level, component, message) => {
  expect(parseLogLine(line)).toEqual({ level, component, message });
});
