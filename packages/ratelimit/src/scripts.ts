import { createHash } from "node:crypto";
import { SLOTS } from "./sliding-window.ts";

/** A Lua script that runs in Redis as one step, and the SHA-1 by which Redis knows it. */
export interface Script {
  readonly lua: string;
  readonly sha1: string;
}

/**
 * `takeFromWindow` in Redis. One hash per key, its fields the slots. The time is the server's, which all instances
 * share. KEYS: the hash. ARGV: limit, window in ms, hits, and, for tests, a time in ms to use instead.
 * Answers: allowed (1 or 0), remaining, milliseconds until reset.
 */
export const TAKE = script(`
local limit, window, hits = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local now = tonumber(ARGV[4])
if not now then
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000
end
local length = window / ${SLOTS}
local current = math.floor(now / length)
local covered = 1 - (now - current * length) / length
local counted, oldest, kept = 0, current, 0
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  local slot, count = tonumber(fields[i]), tonumber(fields[i + 1])
  if slot < current - ${SLOTS} then
    redis.call('HDEL', KEYS[1], fields[i])
  else
    if slot == current - ${SLOTS} then counted = counted + count * covered else counted = counted + count end
    if slot < oldest then oldest = slot end
    kept = kept + 1
  end
end
local left = limit - math.floor(counted + 0.5)
local allowed = 0
if hits <= left then
  allowed = 1
  left = left - hits
  kept = kept + 1
  redis.call('HINCRBY', KEYS[1], string.format('%.0f', current), hits)
  redis.call('PEXPIRE', KEYS[1], math.ceil(window + 2 * length))
end
local reset = 0
if kept > 0 then reset = math.ceil((oldest + ${SLOTS} + 1) * length - now) end
return { allowed, math.max(0, left), reset }
`);

const LEASE_TIME = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local lease = tonumber(ARGV[1])
`;

/**
 * Requests in flight: a sorted set per key, scored by the time at which a lease ends. KEYS: the set. ARGV: length of a
 * lease in ms, limit, id. Answers: allowed, remaining.
 */
export const ACQUIRE = script(`${LEASE_TIME}
local limit, id = tonumber(ARGV[2]), ARGV[3]
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local count = redis.call('ZCARD', KEYS[1])
local known = redis.call('ZSCORE', KEYS[1], id)
if not known and count >= limit then return { 0, 0 } end
if not known then count = count + 1 end
redis.call('ZADD', KEYS[1], now + lease, id)
redis.call('PEXPIRE', KEYS[1], lease)
return { 1, math.max(0, limit - count) }
`);

/** Leases that an instance holds begin anew, also those that Redis has lost. KEYS: the set. ARGV: length in ms, ids. */
export const RENEW = script(`${LEASE_TIME}
for i = 2, #ARGV do redis.call('ZADD', KEYS[1], now + lease, ARGV[i]) end
redis.call('PEXPIRE', KEYS[1], lease)
return #ARGV - 1
`);

/**
 * Tells the others that an instance is there, and asks who is. KEYS: a hash. ARGV: how long it counts as there in ms, its id,
 * a text of its own. Answers: id and text of each that is there, one after the other.
 */
export const BEAT = script(`${LEASE_TIME}
redis.call('HSET', KEYS[1], ARGV[2], string.format('%.0f %s', now + lease, ARGV[3]))
redis.call('PEXPIRE', KEYS[1], lease)
local there = {}
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local ends, text = string.match(all[i + 1], '^(%d+) (.*)$')
  if ends and tonumber(ends) > now then
    there[#there + 1] = all[i]
    there[#there + 1] = text
  else
    redis.call('HDEL', KEYS[1], all[i])
  end
end
return there
`);

function script(lua: string): Script {
  return { lua, sha1: createHash("sha1").update(lua).digest("hex") };
}
