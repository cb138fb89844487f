import { expect } from "vitest";
import type { SharedGateway } from "./use-gateway.ts";

/**
 * Expects that the only thing to say about an Ingress is that an annotation (without `mse.ingress.kubernetes.io/`)
 * has a bad value and is ignored: it names key and value, or the part of them that is bad, and what was expected.
 */
export function expectIgnored(
  shared: Pick<SharedGateway, "diagnostics">,
  ingressName: string,
  key: string,
  value: string,
): void {
  const found = shared.diagnostics(ingressName);
  expect(found).toMatchObject([
    {
      code: "annotation-value",
      severity: "warning",
      key: `mse.ingress.kubernetes.io/${key}`,
      expected: expect.stringMatching(/\w{2}/),
      message: expect.stringContaining(key),
    },
  ]);
  // What is bad may stand at the end of the key.
  expect(`${value} ${key}`).toContain(found[0]?.value?.trim());
}
