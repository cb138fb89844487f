import type { LeaderStatus } from "@sluice/leader-election";
import type { KubernetesSource } from "@sluice/source-kubernetes";
import type { XdsTls } from "../../gateway/xds-tls.ts";
import { type Page, type ProcessTarget, plainText } from "../page.ts";

/** Alive: the event loop turns. */
export const healthz: Page = {
  of: "process",
  path: "/healthz",
  doc: "200 as long as the process is alive.",
  query: [],
  answer: () => plainText("ok\n"),
};

/** Ready: what nodes are served is complete. */
export const readyz: Page = {
  of: "process",
  path: "/readyz",
  doc: "200 once all sources have delivered and the first complete snapshot is served, 503 before, and without the MseIngressConfig of --mse-ingress-config; with verbose says what is missing, and whether the API server is away.",
  query: ["verbose"],
  answer(target, { query }) {
    const checks = readiness(target);
    const status = checks.every(({ ok }) => ok) ? 200 : 503;
    if (!query.has("verbose")) return plainText(status === 200 ? "ok\n" : "not ready\n", status);
    const lines = checks.map(({ name, ok, missing, note }) =>
      ok ? `[+] ${name}: ${note ?? "ok"}\n` : `[-] ${name}: ${missing}\n`,
    );
    return plainText(`${lines.join("")}${status === 200 ? "ready" : "not ready"}\n`, status);
  },
};

export interface ReadinessCheck {
  readonly name: string;
  readonly ok: boolean;
  /** What is missing, if it is not ok. */
  readonly missing?: string;
  /** What is worth knowing though it is ok. */
  readonly note?: string;
}

/** What makes the gateway ready, each with what it lacks. */
export function readiness({
  store,
  gateways,
  kubernetes,
  status,
  xdsTls,
  definitions,
}: Pick<
  ProcessTarget,
  "store" | "gateways" | "kubernetes" | "status" | "xdsTls" | "definitions"
>): ReadinessCheck[] {
  const unsynced = store.unsynced();
  const served = gateways.list();
  const closed = served.flatMap(({ name, controlPlane }) =>
    controlPlane
      .renderings()
      .filter(({ world }) => !world.isOpen)
      .map((rendering) => (served.length === 1 ? rendering.name : `${name} ${rendering.name}`)),
  );
  return [
    check("sources", store.isSynced(), `waiting for ${unsynced.length === 0 ? "any" : unsynced.join(", ")}`),
    ...(kubernetes === undefined ? [] : [apiServer(kubernetes)]),
    ...(status?.leader() === undefined ? [] : [leadership(status.leader())]),
    ...(xdsTls === undefined ? [] : [authority(xdsTls)]),
    ...unconfigured(definitions?.missing()),
    check("snapshot", closed.length === 0, `not complete for ${closed.join(", ")}`),
  ];
}

/** An API server that is away makes nobody unready: what it has told stays in force. */
function apiServer(source: KubernetesSource): ReadinessCheck {
  const name = "kubernetes";
  const missing = source.missing();
  const { connected, since, lastError, refused } = source.status();
  const away = connected
    ? []
    : [`the API server does not answer since ${new Date(since).toISOString()}: ${lastError}`];
  const words = [...away, ...refused];
  if (missing.length > 0)
    return { name, ok: false, missing: [`waiting for ${missing.join(", ")}`, ...words].join("; ") };
  return { name, ok: true, ...(words.length === 0 ? {} : { note: `ok, but ${words.join("; ")}` }) };
}

/** Before there is an authority no Envoy of another host is let in; once there is, it stays in force. */
function authority({ identity }: XdsTls): ReadinessCheck {
  const name = "xds-tls";
  const trouble = identity.trouble();
  if (identity.server.current() === undefined)
    return { name, ok: false, missing: trouble ?? "waiting for the certificate authority" };
  return { name, ok: true, ...(trouble === undefined ? {} : { note: `ok, but ${trouble}` }) };
}

/**
 * A gateway whose MseIngressConfig is not there answers 404 to everybody: load balancers are to take another, and a rollout with a
 * mistyped name is to stop.
 */
function unconfigured(missing: string | undefined): ReadinessCheck[] {
  if (missing === undefined) return [];
  return [{ name: "mse-ingress-config", ok: false, missing: `${missing} (--mse-ingress-config)` }];
}

/** Who does not lead serves as well as who does. */
function leadership(leader: LeaderStatus | undefined): ReadinessCheck {
  const who = leader?.holder === "" || leader === undefined ? "nobody" : leader.holder;
  const trouble = leader?.lastError === undefined ? "" : `; the Lease: ${leader.lastError}`;
  return {
    name: "leader",
    ok: true,
    note: `ok, ${leader?.leader ? "this replica" : `it is ${who}`}${trouble}`,
  };
}

function check(name: string, ok: boolean, missing: string): ReadinessCheck {
  return ok ? { name, ok } : { name, ok, missing };
}
