import { type DebugTarget, type Page, plainText } from "../page.ts";

/** Alive: the event loop turns. */
export const healthz: Page = {
  path: "/healthz",
  doc: "200 as long as the process is alive.",
  query: [],
  answer: () => plainText("ok\n"),
};

/** Ready: what nodes are served is complete. */
export const readyz: Page = {
  path: "/readyz",
  doc: "200 once all sources have delivered and the first complete snapshot is served, 503 before; with verbose says what is missing.",
  query: ["verbose"],
  answer(target, { query }) {
    const checks = readiness(target);
    const status = checks.every(({ missing }) => missing === undefined) ? 200 : 503;
    if (!query.has("verbose")) return plainText(status === 200 ? "ok\n" : "not ready\n", status);
    const lines = checks.map(({ name, missing }) =>
      missing === undefined ? `[+] ${name}: ok\n` : `[-] ${name}: ${missing}\n`,
    );
    return plainText(`${lines.join("")}${status === 200 ? "ready" : "not ready"}\n`, status);
  },
};

export interface ReadinessCheck {
  readonly name: string;
  /** What is missing; absent: nothing. */
  readonly missing?: string;
}

/** What makes the gateway ready, each with what it lacks. */
export function readiness({
  store,
  controlPlane,
}: Pick<DebugTarget, "store" | "controlPlane">): ReadinessCheck[] {
  const unsynced = store.unsynced();
  const closed = controlPlane.renderings().filter(({ world }) => !world.isOpen);
  return [
    {
      name: "sources",
      ...(store.isSynced()
        ? {}
        : { missing: unsynced.length === 0 ? "there is none" : `waiting for ${unsynced.join(", ")}` }),
    },
    {
      name: "snapshot",
      ...(closed.length === 0
        ? {}
        : { missing: `not complete for rendering ${closed.map(({ name }) => name).join(", ")}` }),
    },
  ];
}
