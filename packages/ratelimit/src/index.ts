export type { AnswerCounts } from "./answer.ts";
export { type Census, type CensusOptions, type NodeCounts, startCensus } from "./census.ts";
export { type MemoryStore, type MemoryStoreOptions, memoryStore } from "./memory-store.ts";
export { type RedisStoreOptions, type RemoteStore, redisStore } from "./redis-store.ts";
export {
  type Mode,
  type ResilientStore,
  type ResilientStoreOptions,
  resilientStore,
} from "./resilient-store.ts";
export { ACQUIRE, BEAT, RENEW, type Script, TAKE } from "./scripts.ts";
export {
  type RateLimitServer,
  type RateLimits,
  type RateLimitsOptions,
  rateLimitService,
  rateLimits,
  type ServeOptions,
  serveRateLimits,
} from "./serve.ts";
export { SLOTS, type Slots, takeFromWindow } from "./sliding-window.ts";
export type { InFlightLimit, LimitStore, Outcome, RateLimit } from "./store.ts";
