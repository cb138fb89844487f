import { randomUUID } from "node:crypto";
import type { AddedService, AdsServer } from "@sluice/ads";
import type { Diagnostic } from "@sluice/model";
import {
  type AnswerCounts,
  type Census,
  type Mode,
  type NodeCounts,
  rateLimitService,
  rateLimits,
  startCensus,
} from "@sluice/ratelimit";
import { refuseGateway } from "@sluice/xds-identity/names";
import type { Settings } from "../config/settings.ts";
import type { Gateways } from "../gateway/gateways.ts";
import type { Logger } from "../logging/logger.ts";
import { type LimitStoreInUse, openLimitStore, storeName } from "./limit-store.ts";

/** What is measured of the limits over all instances. */
export interface MeasuredRateLimits {
  readonly counts: Readonly<AnswerCounts>;
  readonly store: Pick<LimitStoreInUse, "mode" | "answeredAlone">;
  /** Envoys that share the limits of each gateway, those of other control planes included. */
  instances(): NodeCounts;
}

/** The rate limit service of this process, on the addresses of ADS. */
export interface ServedRateLimits {
  readonly service: AddedService;
  readonly measured: MeasuredRateLimits;
  /** To be called once there are both; the numbers of Envoys are followed from then on. */
  attach(parts: { readonly gateways: Gateways; readonly ads: Pick<AdsServer, "holders"> }): void;
  /** A node has come or gone, here or at another replica. */
  nodesChanged(): void;
  close(): Promise<void>;
}

export interface RateLimitsOptions {
  readonly settings: Settings;
  readonly logger: Logger;
  /** Nodes of a gateway that are connected to other replicas, as far as these tell it otherwise than by the shared store. */
  readonly peers: (gateway: string) => { readonly nodes: number };
  /** How many other replicas there are, likewise. */
  readonly replicas: () => number;
  /** What there is to tell about the shared store. */
  readonly onFindings: (found: readonly Diagnostic[]) => void;
  readonly onError: (error: unknown) => void;
}

/** Envoys that restart one by one are not followed at each step. Milliseconds. */
const SETTLE_MS = 500;

/** Throws an OperatorError for settings that cannot be used. */
export function startRateLimits(options: RateLimitsOptions): ServedRateLimits {
  const { settings, logger } = options;
  let attached: { readonly gateways: Gateways; readonly ads: Pick<AdsServer, "holders"> } | undefined;
  let census: Census | undefined;
  let timer: NodeJS.Timeout | undefined;

  const own = (): NodeCounts => nodeCounts(attached);
  const envoys = (gateway: string): number => {
    const elsewhere = census?.others().reduce((sum, counts) => sum + (counts[gateway] ?? 0), 0);
    return (own()[gateway] ?? 0) + (elsewhere ?? options.peers(gateway).nodes);
  };
  const divisor = (gateway: string | undefined): number => {
    // Envoys on other hosts spread their questions over all replicas, wherever they have their resources from.
    if (settings.xdsTlsAddress !== undefined) return 1 + (census?.others().length ?? options.replicas());
    const [first] = attached?.gateways.list() ?? [];
    const name = gateway ?? first?.name ?? "";
    return envoys(name) / Math.max(1, own()[name] ?? 0);
  };
  const tell = (mode: Mode, reason: string): void => {
    const where = storeName(settings.rateLimitRedis ?? "");
    if (mode === "shared") logger.info({ redis: where }, "rate limits are counted in Redis");
    else
      logger.warn(
        { redis: where, reason },
        "Redis of the rate limits is away; each instance passes its part",
      );
    options.onFindings(mode === "shared" ? [] : [storeAway(where)]);
    if (mode === "shared") census?.tell();
  };
  const store = openLimitStore({ settings, instances: divisor, onMode: tell });
  const service = rateLimits({ store: store.store, onError: options.onError });

  const spread = (): void => {
    timer = undefined;
    for (const { name } of attached?.gateways.list() ?? [])
      attached?.gateways.setInstances(name, Math.max(1, envoys(name)));
  };
  const changed = (): void => {
    timer ??= setTimeout(spread, SETTLE_MS).unref();
  };
  return {
    service: {
      definition: rateLimitService,
      handlers: service.handlers,
      refuse: (request, { uris }) => refuseGateway(domainOf(request), uris),
    },
    measured: {
      counts: service.counts,
      store,
      instances: () =>
        Object.fromEntries((attached?.gateways.list() ?? []).map(({ name }) => [name, envoys(name)])),
    },
    attach(parts) {
      attached = parts;
      const { remote } = store;
      if (remote !== undefined) census = startCensus({ remote, id: randomUUID(), own, onChange: changed });
      changed();
    },
    nodesChanged() {
      census?.tell();
      changed();
    },
    async close() {
      clearTimeout(timer);
      census?.close();
      await store.store.close();
    },
  };
}

function nodeCounts(
  parts: { readonly gateways: Gateways; readonly ads: Pick<AdsServer, "holders"> } | undefined,
): NodeCounts {
  const counts: Record<string, number> = {};
  for (const { info } of parts?.ads.holders() ?? []) {
    const name = parts?.gateways.of(info)?.name;
    if (name !== undefined) counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

function domainOf(request: object): string {
  return "domain" in request && typeof request.domain === "string" ? request.domain : "";
}

function storeAway(where: string): Diagnostic {
  return {
    code: "rate-limit-store",
    severity: "warning",
    message: `Redis at ${where} cannot be reached: rate-limit and concurrency-limit are not counted over all instances; each passes its part of the limit.`,
    hint: "See whether it runs, and whether address, password and TLS of --rate-limit-redis are right; the log has the reason.",
  };
}
