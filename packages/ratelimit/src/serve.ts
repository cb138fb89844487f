import {
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { type RateLimitRequest, type RateLimitResponse, serviceDefinition } from "@sluice/protos";
import { type AnswerCounts, answer } from "./answer.ts";
import { leases } from "./leases.ts";
import type { LimitStore } from "./store.ts";

export interface ServeOptions {
  /** A target of gRPC: `unix:PATH` or `HOST:PORT`; port 0 means a free one. In plain text, so for this host alone. */
  readonly address: string;
  readonly store: LimitStore;
  /** Told of an error that is a bug of ours; the request passed. */
  readonly onError?: (error: unknown) => void;
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

/**
 * Serves `ShouldRateLimit` from a store. Each Envoy asks one service, its own: that knows which of its requests are in
 * flight, and keeps their leases. Services share what they count through the store. A rejected promise: the address cannot be had, and why.
 */
export async function serveRateLimits({
  address,
  store,
  onError = () => {},
}: ServeOptions): Promise<RateLimitServer> {
  const counts: AnswerCounts = { allowed: 0, limited: 0, unreadable: 0, failed: 0 };
  const counting = { store, requests: leases(store) };
  const server = new Server();
  server.addService(rateLimitService, {
    ShouldRateLimit(
      call: ServerUnaryCall<RateLimitRequest, RateLimitResponse>,
      done: sendUnaryData<RateLimitResponse>,
    ) {
      answer(counting, call.request, counts)
        .catch((error: unknown): RateLimitResponse => {
          // Nobody's request fails because its counting did.
          counts.failed += 1;
          onError(error);
          return { overallCode: "OK" };
        })
        .then((response) => done(null, response));
    },
  });
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
