import type { Decision, Quota } from "./gcra.ts";
import type { MemoryCounts } from "./memory-counts.ts";
import type { RedisCounts } from "./redis-counts.ts";

export interface RateLimitSettings {
  /** `auto`: off on loopback only, where no key is asked for. */
  enforced: "auto" | boolean;
  /** Of all routes together that have none of their own; durations in milliseconds. */
  default: readonly { requests: number; window: number }[];
  /** By `METHOD /path`, the path as the route is described: `/collections/:name`. */
  routes: Readonly<Record<string, readonly { requests: number; window: number }[]>>;
  /** How many requests may come at once; null: all of a window's. */
  burst: number | null;
}

interface Rule {
  name: string;
  quotas: readonly Quota[];
}

export interface RateLimiterOptions {
  settings: RateLimitSettings;
  memory: MemoryCounts;
  /** Null: none is configured. */
  redis: RedisCounts | null;
}

/** Counts the requests of each caller, in Redis where it is of use, else in this process. */
export class RateLimiter {
  readonly #options: RateLimiterOptions;
  readonly #fallback: Rule;
  readonly #rules: ReadonlyMap<string, Rule>;

  constructor(options: RateLimiterOptions) {
    const { settings } = options;
    this.#options = options;
    this.#fallback = { name: "default", quotas: quotasOf(settings.default, settings.burst) };
    const rules = Object.entries(settings.routes).map(([name, rates]): [string, Rule] => {
      return [name, { name, quotas: quotasOf(rates, settings.burst) }];
    });
    this.#rules = new Map(rules);
  }

  /** @param route of the pattern that it matched; undefined for an unknown path */
  async take(method: string, route: string | undefined, caller: string): Promise<Decision> {
    const { memory, redis } = this.#options;
    const { name, quotas } = this.#ruleOf(method, route);
    const key = `${name}:${caller}`;
    if (redis?.isUp !== true) return memory.take(key, quotas);
    // Whatever is wrong with Redis: no request fails because of it.
    return await redis.take(key, quotas).catch(() => memory.take(key, quotas));
  }

  #ruleOf(method: string, route: string | undefined): Rule {
    const name = `${method === "HEAD" ? "GET" : method} ${route}`;
    return this.#rules.get(name) ?? this.#fallback;
  }
}

function quotasOf(rates: RateLimitSettings["default"], burst: number | null): Quota[] {
  return rates.map(({ requests, window }) => {
    return { requests, window, burst: Math.min(burst ?? requests, requests) };
  });
}

/**
 * As draft-ietf-httpapi-ratelimit-headers-06 has them: whole seconds, of the quota that has the
 * least left.
 */
export function rateLimitHeaders({ limit, remaining, reset }: Decision): Record<string, string> {
  return {
    "ratelimit-limit": String(limit),
    "ratelimit-remaining": String(remaining),
    "ratelimit-reset": String(Math.ceil(reset / 1000)),
  };
}
