import * as fc from "fast-check";
import type { Quota } from "../../../../src/server/rate-limit/gcra.ts";

/**
 * Buckets that fill evenly, in whole numbers without any rounding: one millisecond brings
 * `requests` drops, one request takes `window` of them.
 */
export class Buckets {
  private readonly quotas: readonly Quota[];
  private readonly drops: bigint[];
  private last: number | null = null;

  constructor(quotas: readonly Quota[]) {
    this.quotas = quotas;
    this.drops = quotas.map(capacity);
  }

  /** @returns whether a request at this whole millisecond is allowed, and what is left */
  take(now: number): { allowed: boolean; remaining: number } {
    const passed = BigInt(now - (this.last ?? now));
    this.last = now;
    for (const [index, quota] of this.quotas.entries()) {
      const filled = (this.drops[index] ?? 0n) + passed * BigInt(quota.requests);
      this.drops[index] = filled < capacity(quota) ? filled : capacity(quota);
    }
    const allowed = this.quotas.every(({ window }, index) => this.holds(index) >= BigInt(window));
    if (allowed) {
      for (const [index, { window }] of this.quotas.entries()) {
        this.drops[index] = this.holds(index) - BigInt(window);
      }
    }
    const left = this.quotas.map(({ window }, index) => Number(this.holds(index) / BigInt(window)));
    return { allowed, remaining: Math.min(...left) };
  }

  private holds(index: number): bigint {
    return this.drops[index] ?? 0n;
  }
}

function capacity({ window, burst }: Quota): bigint {
  return BigInt(window) * BigInt(burst);
}

/** Quotas whose moments are far enough apart for the rounding that the limiter allows itself. */
export const anyQuota: fc.Arbitrary<Quota> = fc
  .record({
    requests: fc.integer({ min: 1, max: 50 }),
    window: fc.integer({ min: 1, max: 100_000 }),
    burst: fc.integer({ min: 1, max: 50 }),
  })
  .map((quota) => ({ ...quota, burst: Math.min(quota.burst, quota.requests) }));
