export type { AnswerCounts } from "./answer.ts";
export { ENTRY } from "./descriptor.ts";
export { type MemoryStore, type MemoryStoreOptions, memoryStore } from "./memory-store.ts";
export { type RateLimitServer, rateLimitService, type ServeOptions, serveRateLimits } from "./serve.ts";
export type { InFlightLimit, LimitStore, Outcome, RateLimit } from "./store.ts";
