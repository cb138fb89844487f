import { expect, test } from "vitest";
import { CLI_TIMEOUT_MS, runShell } from "../testing/run-cli.ts";

test("output that cannot be written is trouble, in one sentence", { timeout: CLI_TIMEOUT_MS }, async () => {
  const { status, stderr } = await runShell("sluice check examples/mistakes > /dev/full");
  expect(stderr).toBe("sluice: The output cannot be written: ENOSPC: no space left on device, write.\n");
  expect(status).toBe(2);
});

test("a log that cannot be written ends nothing", { timeout: CLI_TIMEOUT_MS }, async () => {
  const program = `
    import { createLogger } from "./packages/controller/src/logging/logger.ts";
    createLogger("info").info("lost");
    setTimeout(() => console.log("alive"), 50);`;
  const env = { PROGRAM: program };
  const { status, stdout } = await runShell(
    `"$SLUICE_TEST_NODE" --input-type=module --eval "$PROGRAM" 2> /dev/full`,
    { env },
  );
  expect(stdout).toBe("alive\n");
  expect(status).toBe(0);
});
