import { fetchRedis } from "./fetch-redis.ts";

/** `node e2e/redis/cli.ts`: fetches the Redis of the tests into the cache if there is none. */
try {
  await fetchRedis((sentence) => console.error(`sluice: ${sentence}`));
} catch (error) {
  console.error(`sluice: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
