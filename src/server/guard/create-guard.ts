import type { Knex } from "knex";
import { systemCode } from "../../errors.ts";
import { KeyStore } from "../../keys/key-store.ts";
import { isLoopback, needsKey } from "../authentication.ts";
import type { DaemonSpec } from "../daemon-spec.ts";
import type { Metrics } from "../metrics.ts";
import { MemoryCounts } from "../rate-limit/memory-counts.ts";
import { RateLimiter } from "../rate-limit/rate-limiter.ts";
import { RedisCounts } from "../rate-limit/redis-counts.ts";
import { createClientAddress } from "./client-address.ts";
import { Guard } from "./guard.ts";
import { createHostCheck } from "./host-check.ts";
import { KeyRing } from "./key-ring.ts";
import { Lockout } from "./lockout.ts";

/** The guard, and what of it lives on: Redis is null where it is not used. */
export interface GuardHouse {
  guard: Guard;
  redis: RedisCounts | null;
}

export async function createGuard(
  spec: DaemonSpec,
  { database, metrics, now }: { database: Knex; metrics: Metrics; now: () => Date },
): Promise<GuardHouse> {
  const { serve, logger } = spec;
  const { hosts, trustedProxies, cors, auth, rateLimit } = serve;
  const host = spec.listen?.host ?? serve.host;
  const configured = spec.keys ?? [];
  const asksForKeys = needsKey(host, auth.required, configured.length);
  const isShared = asksForKeys || !isLoopback(host);
  const isLimited = rateLimit.enforced === "auto" ? isShared : rateLimit.enforced;
  const redis = isLimited || asksForKeys ? await openRedis(spec) : null;
  const memory = new MemoryCounts(() => performance.now());
  const lockout = new Lockout({
    attempts: auth.attempts,
    duration: auth.lockout,
    clock: () => performance.now(),
    shared: redis === null ? null : (...failure) => redis.fail(...failure),
    locked(address) {
      metrics.lockedOut();
      logger.warn({ address, ms: auth.lockout }, "address locked out: wrong API keys");
    },
  });
  metrics.readLocked(() => lockout.size);
  const store = new KeyStore(database);
  const failed = (error: unknown): void => {
    logger.debug({ code: systemCode(error) ?? "no code" }, "API keys cannot be looked up");
  };
  const guard = new Guard({
    checkHost: createHostCheck({ host, hosts, origins: cors.origins }),
    addressOf: createClientAddress(trustedProxies),
    lockout,
    metricsToken: spec.metricsToken ?? null,
    probeToken: spec.probeToken ?? null,
    keys: asksForKeys ? new KeyRing({ configured, store, now, failed }) : null,
    limiter: isLimited ? new RateLimiter({ settings: rateLimit, memory, redis }) : null,
  });
  return { guard, redis };
}

async function openRedis({ redis, environment, logger }: DaemonSpec): Promise<RedisCounts | null> {
  if (redis === undefined || redis === null) return null;
  return RedisCounts.open({
    address: redis,
    prefix: `studio:${environment}:rate:`,
    changed(isUp, reason) {
      if (isUp) logger.info("requests are counted in Redis again");
      else logger.warn({ reason }, "Redis is not of use: requests are counted in memory");
    },
  });
}
