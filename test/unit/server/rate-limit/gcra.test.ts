import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toleranceOf } from "../../../../src/server/rate-limit/gcra.ts";
import { MemoryCounts } from "../../../../src/server/rate-limit/memory-counts.ts";
import { Buckets, anyQuota } from "./quota-oracle.ts";

const anyQuotas = fc.array(anyQuota, { minLength: 1, maxLength: 3 });
/** Milliseconds between requests: bursts, and pauses that fill a bucket. */
const anyGaps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.constant(0) },
    { weight: 4, arbitrary: fc.integer({ min: 1, max: 3000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 10_000, max: 300_000 }) },
  ),
  { maxLength: 150 },
);

let now = 0;
let callers = 0;
/** One for all runs: each run is another caller. */
const counts = new MemoryCounts(() => now);

describe("the limiter", () => {
  it("allows exactly what buckets that fill evenly allow", () => {
    const anyBegin = fc.integer({ min: 0, max: 2 ** 40 });
    fc.assert(
      fc.property(anyQuotas, anyGaps, anyBegin, (quotas, gaps, begin) => {
        now = begin;
        const caller = `caller-${callers++}`;
        const buckets = new Buckets(quotas);
        const found: unknown[] = [];
        const expected: unknown[] = [];
        for (const gap of gaps) {
          now += gap;
          expected.push(buckets.take(now));
          const { allowed, remaining } = counts.take(caller, quotas);
          found.push({ allowed, remaining });
        }
        expect(found).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it("says when a refused request is allowed: not a millisecond before", () => {
    fc.assert(
      fc.property(anyQuotas, anyGaps, (quotas, gaps) => {
        const caller = `caller-${callers++}`;
        for (const gap of gaps) {
          now += gap;
          const { allowed, retryAfter, reset } = counts.take(caller, quotas);
          expect(reset).toBeLessThanOrEqual(Math.max(...quotas.map(toleranceOf)) + 0.02);
          if (allowed) continue;
          // The limiter lets a request be early by a hundredth of a millisecond.
          const wait = Math.ceil(retryAfter - 0.02);
          now += wait - 1;
          const early = wait > 1 && counts.take(caller, quotas).allowed;
          now += 1;
          expect([early, counts.take(caller, quotas).allowed]).toEqual([false, true]);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("lets no more than the burst and the even flow through any span of time", () => {
    fc.assert(
      fc.property(anyQuota, anyGaps, (quota, gaps) => {
        const caller = `caller-${callers++}`;
        const passed: number[] = [];
        for (const gap of gaps) {
          now += gap;
          if (counts.take(caller, [quota]).allowed) passed.push(now);
        }
        const excess = passed.flatMap((from, first) =>
          passed.slice(first).map((to, more) => {
            const most = quota.burst + ((to - from) * quota.requests) / quota.window;
            return more + 1 - most;
          }),
        );
        expect(Math.max(0, ...excess)).toBeLessThan(0.001);
      }),
      { numRuns: 200 },
    );
  });

  it("counts a refused request for none of the quotas", () => {
    const quotas = [
      { requests: 1, window: 1000, burst: 1 },
      { requests: 3, window: 3_600_000, burst: 3 },
    ];
    for (let n = 0; n < 3; n++) {
      expect(counts.take("patient", quotas).allowed).toBe(true);
      for (let again = 0; again < 5; again++) {
        expect(counts.take("patient", quotas).allowed).toBe(false);
      }
      now += 1000;
    }
    const last = counts.take("patient", quotas);
    expect(last).toMatchObject({ allowed: false, limit: 3, remaining: 0 });
  });

  it("counts each caller alone, and forgets the ones that were quiet longest", () => {
    const quotas = [{ requests: 1, window: 1000, burst: 1 }];
    expect(counts.take("first", quotas).allowed).toBe(true);
    expect(counts.take("first", quotas).allowed).toBe(false);
    for (let other = 0; other < 60_000; other++) counts.take(`other-${other}`, quotas);
    expect(counts.take("other-59999", quotas).allowed).toBe(false);
    expect(counts.take("first", quotas).allowed).toBe(true);
  });
});
