import { type Quota, intervalOf, rounding, toleranceOf } from "./gcra.ts";

/**
 * What `decide` does, in one step that nothing comes between, by the clock of Redis: daemons that
 * share it count together. KEYS: the caller's hash, a field for each quota. ARGV: of each quota its
 * field, interval and tolerance. Returns the time and the arrival times before, as texts, because
 * Redis would cut fractions off.
 */
export const takeScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local reply = { string.format('%.17g', now) }
local after = {}
local allowed = true
local longest = 0
for i = 1, #ARGV, 3 do
  local arrival = math.max(tonumber(redis.call('HGET', KEYS[1], ARGV[i]) or now), now)
  local ahead = arrival + tonumber(ARGV[i + 1]) - now
  if ahead - tonumber(ARGV[i + 2]) > ${rounding} then allowed = false end
  longest = math.max(longest, ahead)
  reply[#reply + 1] = string.format('%.17g', arrival)
  after[#after + 1] = ARGV[i]
  after[#after + 1] = string.format('%.17g', now + ahead)
end
if allowed then
  redis.call('HSET', KEYS[1], unpack(after))
  redis.call('PEXPIRE', KEYS[1], math.ceil(longest) + 1000)
end
return reply
`;

/**
 * What `Lockout.fail` counts, for all daemons together. KEYS: the address. ARGV: the wrong keys that
 * lock it out, and for how many milliseconds. Returns for how many it is locked out; 0: it is not.
 */
export const failScript = `
local failures = redis.call('INCR', KEYS[1])
local attempts = tonumber(ARGV[1])
if failures == 1 or failures == attempts then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
if failures < attempts then return 0 end
return redis.call('PTTL', KEYS[1])
`;

/** A quota that is changed begins anew: its figures name its field. */
export function scriptArguments(quotas: readonly Quota[]): string[] {
  return quotas.flatMap((quota) => [
    `${quota.requests}/${quota.window}/${quota.burst}`,
    String(intervalOf(quota)),
    String(toleranceOf(quota)),
  ]);
}
