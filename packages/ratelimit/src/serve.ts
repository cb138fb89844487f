import {
  type handleUnaryCall,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { type RateLimitRequest, type RateLimitResponse, serviceDefinition } from "@sluice/protos";
import { type AnswerCounts, answer, type Counting } from "./answer.ts";
import { type Connection, connectionOf } from "./connection.ts";
import { leases } from "./leases.ts";
import { memoryStore } from "./memory-store.ts";
import type { LimitStore } from "./store.ts";

export interface ServeOptions extends RateLimitsOptions {
  /** A target of gRPC: `unix:PATH` or `HOST:PORT`; port 0 means a free one. In plain text, so for this host alone. */
  readonly address: string;
}

/** A rate limit service that listens. */
export interface RateLimitServer {
  /** With the real port. */
  readonly address: string;
  readonly counts: Readonly<AnswerCounts>;
  /** Answers what is asked already, at most `graceMs` long (default 1,000). The store is the caller's. */
  close(graceMs?: number): Promise<void>;
}

interface RateLimitService extends ServiceDefinition<UntypedServiceImplementation> {
  readonly ShouldRateLimit: MethodDefinition<RateLimitRequest, RateLimitResponse>;
}

// The definition is derived from the same schema as the types of its messages.
/** `envoy.service.ratelimit.v3.RateLimitService`, for servers and clients. */
export const rateLimitService = serviceDefinition(
  "envoy.service.ratelimit.v3.RateLimitService",
) as RateLimitService;

/** Answers `ShouldRateLimit`, on whatever server. */
export interface RateLimits {
  readonly handlers: { readonly ShouldRateLimit: handleUnaryCall<RateLimitRequest, RateLimitResponse> };
  readonly counts: Readonly<AnswerCounts>;
}

export interface RateLimitsOptions {
  readonly store: LimitStore;
  /** Told of an error that is a bug of ours; the request passed. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Counts in a store. Each Envoy asks one service, its own: that knows which of its requests are in flight, and keeps their
 * leases. When a connection of an Envoy ends, its requests are taken for over. Services share what they count through the store.
 */
export function rateLimits({ store, onError = () => {} }: RateLimitsOptions): RateLimits {
  const counts: AnswerCounts = { allowed: 0, limited: 0, unreadable: 0, failed: 0 };
  const counting: Counting = {
    store,
    requests: leases(store),
    requestsHere: leases(memoryStore()),
  };
  const known = new WeakSet<object>();
  const follow = ({ owner, onEnd }: Connection): void => {
    if (known.has(owner)) return;
    known.add(owner);
    onEnd(() => {
      void counting.requests.endAllOf(owner).catch(onError);
      void counting.requestsHere.endAllOf(owner).catch(onError);
    });
  };
  return {
    counts,
    handlers: {
      ShouldRateLimit(call, done) {
        const connection = connectionOf(call);
        if (connection !== undefined) follow(connection);
        answer(counting, call.request, counts, connection)
          .catch((error: unknown): RateLimitResponse => {
            // Nobody's request fails because its counting did.
            counts.failed += 1;
            onError(error);
            return { overallCode: "OK" };
          })
          .then((response) => done(null, response));
      },
    },
  };
}

/** Serves `ShouldRateLimit` from a store. A rejected promise: the address cannot be had, and why. */
export async function serveRateLimits({ address, ...options }: ServeOptions): Promise<RateLimitServer> {
  const { handlers, counts } = rateLimits(options);
  const server = new Server();
  server.addService(rateLimitService, handlers);
  const port = await bind(server, address);
  return {
    address: address.startsWith("unix:") ? address : address.replace(/:\d+$/, `:${port}`),
    counts,
    close: (graceMs = 1_000) => shutDown(server, graceMs),
  };
}

function bind(server: Server, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (cause, port) => {
      if (cause === null) resolve(port);
      else
        reject(
          new Error(`The rate limit service cannot be served on ${address}: ${cause.message}`, { cause }),
        );
    });
  });
}

function shutDown(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => server.forceShutdown(), graceMs);
    server.tryShutdown(() => {
      clearTimeout(force);
      resolve();
    });
  });
}
