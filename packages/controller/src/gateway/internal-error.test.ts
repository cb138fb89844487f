import { createStore, type Store } from "@sluice/store";
import { describe, expect, it } from "vitest";
import { internalErrorLog } from "./internal-error.ts";

describe("internalErrorLog", () => {
  const settled = () => new Promise<void>((resolve) => queueMicrotask(resolve));

  it("makes a failed derivation a diagnostic that names the object", async () => {
    const store: Store = createStore({ onError: () => {} });
    internalErrorLog(() => store)("ingress-rules", "Ingress/shop/web", new Error("oops"));
    await settled();
    expect(store.diagnostics()).toMatchObject([
      {
        code: "internal-error",
        severity: "error",
        origin: { object: { kind: "Ingress", namespace: "shop", name: "web" } },
        message: "Sluice failed on Ingress/shop/web (ingress-rules): oops",
      },
    ]);
  });

  it("tells one failure once and keeps the latest twenty", async () => {
    const store: Store = createStore({ onError: () => {} });
    const log = internalErrorLog(() => store);
    for (let n = 0; n < 30; n++) log("virtual-host", `host-${n}`, "no error object");
    log("virtual-host", "host-29", "again");
    await settled();
    const messages = store.diagnostics().map(({ message }) => message);
    expect(messages).toHaveLength(20);
    expect(messages).toContain("Sluice failed on host-29 (virtual-host): again");
    expect(messages).not.toContain("Sluice failed on host-9 (virtual-host): no error object");
  });
});
