import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import * as fc from "fast-check";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type Quota, decide } from "../../../src/server/rate-limit/gcra.ts";
import { type RedisAddress, RedisCounts } from "../../../src/server/rate-limit/redis-counts.ts";
import { type TestRedis, startRedis, startSentinel } from "../../support/redis.ts";
import { type Running, serveWith, startRunning } from "./running.ts";

const redis = await startRedis();
const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

afterAll(() => redis?.stop());

async function open(address: RedisAddress, prefix = "test:") {
  const changes: [boolean, string | null][] = [];
  const changed = (isUp: boolean, reason: string | null): void => void changes.push([isUp, reason]);
  const counts = await RedisCounts.open({ address, prefix, changed });
  closing.push(() => counts.close());
  return { counts, changes };
}

const serve = serveWith({
  rateLimit: {
    enforced: true,
    default: [{ requests: 5, window: 600_000 }],
    routes: {},
    burst: null,
  },
});

async function daemonWith(address: RedisAddress, environment: string): Promise<Running> {
  const running = await startRunning({ redis: address, environment, serve });
  closing.push(() => running.close());
  return running;
}

async function statusOf(running: Running, count: number): Promise<number[]> {
  const statuses: number[] = [];
  for (let n = 0; n < count; n++) statuses.push((await running.send("GET", "/")).status);
  return statuses;
}

const warnings = ({ log }: Running) =>
  log.filter(({ level, message }) => level === 40 && String(message).includes("Redis"));

async function componentOf(running: Running): Promise<unknown> {
  const { body } = await running.send("GET", "/health");
  return (body as { components: Record<string, { status: string }> }).components["redis"]?.status;
}

describe.skipIf(redis === null)("limits in Redis", () => {
  let server: TestRedis;
  let address: RedisAddress;

  beforeAll(() => {
    server = redis as TestRedis;
    address = { url: server.url, sentinel: null };
  });

  it("are decided as in memory, by the clock of Redis", async () => {
    const { counts } = await open(address);
    await vi.waitFor(() => expect(counts.isUp).toBe(true), 10_000);
    const anyQuota = fc.record({
      requests: fc.integer({ min: 1, max: 40 }),
      window: fc.integer({ min: 1000, max: 3_600_000 }),
      burst: fc.integer({ min: 1, max: 10 }),
    });
    let callers = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(anyQuota, { minLength: 1, maxLength: 3 }), async (quotas) => {
        const caller = `same-${process.pid}-${callers++}`;
        const start = performance.now();
        let arrivals = quotas.map(() => 0);
        for (let n = 0; n < 12; n++) {
          const found = await counts.take(caller, quotas);
          // All within moments: what became due meanwhile is within the time that passed.
          const spent = performance.now() - start;
          const early = decide(quotas, arrivals, 0);
          const late = decide(
            quotas,
            arrivals.map((time) => Math.max(0, time - spent)),
            0,
          );
          expect([early.decision.allowed, late.decision.allowed]).toContain(found.allowed);
          if (found.allowed) arrivals = (early.decision.allowed ? early : late).after;
        }
      }),
      { numRuns: 25 },
    );
  });

  it("hold for all daemons together, whatever comes at once", async () => {
    const { counts: one } = await open(address);
    const { counts: other } = await open(address);
    await vi.waitFor(() => expect(one.isUp && other.isUp).toBe(true), 10_000);
    const quotas: Quota[] = [
      { requests: 20, window: 3_600_000, burst: 20 },
      { requests: 100, window: 86_400_000, burst: 100 },
    ];
    const taken = Array.from({ length: 60 }, (_, n) =>
      (n % 2 === 0 ? one : other).take(`together-${process.pid}`, quotas),
    );
    const decisions = await Promise.all(taken);
    expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(20);
    // A refused request counts for nothing: the next one is never further away than one interval.
    expect(Math.max(...decisions.map(({ retryAfter }) => retryAfter))).toBeLessThanOrEqual(180_000);
    const remaining = decisions.filter(({ allowed }) => allowed).map((one) => one.remaining);
    expect(remaining.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n));
  });

  it("are shared by two daemons of an environment", async () => {
    const first = await daemonWith(address, "shared");
    const second = await daemonWith(address, "shared");
    await vi.waitFor(async () => {
      expect([await componentOf(first), await componentOf(second)]).toEqual(["healthy", "healthy"]);
    }, 10_000);
    expect(await statusOf(first, 3)).toEqual([200, 200, 200]);
    expect(await statusOf(second, 3)).toEqual([200, 200, 429]);
    expect(await statusOf(first, 1)).toEqual([429]);
  });

  it("count wrong keys together: who is locked out by one daemon has one guess at the other", async () => {
    const spec = {
      redis: address,
      environment: "guesses",
      serve: serveWith({ auth: { required: true, attempts: 3, lockout: 3_600_000 } }),
      keys: ["the-right-one"],
    };
    const [first, second] = [await startRunning(spec), await startRunning(spec)];
    closing.push(
      () => first.close(),
      () => second.close(),
    );
    await vi.waitFor(async () => {
      expect([await componentOf(first), await componentOf(second)]).toEqual(["healthy", "healthy"]);
    }, 10_000);
    const guess = async (running: Running, key: string): Promise<number> => {
      const headers = { authorization: `Bearer ${key}` };
      return (await running.send("GET", "/metrics", { headers })).status;
    };
    for (const key of ["a", "b", "c"]) expect(await guess(first, key)).toBe(401);
    expect(await guess(first, "the-right-one")).toBe(429);
    expect(await guess(second, "d")).toBe(401);
    expect(await guess(second, "the-right-one")).toBe(429);
  });

  it("go on in memory, with one warning, while Redis is gone, and return with it", async () => {
    const running = await daemonWith(address, "outage");
    await vi.waitFor(async () => expect(await componentOf(running)).toBe("healthy"), 10_000);
    await server.end();
    try {
      expect(await statusOf(running, 7)).toEqual([200, 200, 200, 200, 200, 429, 429]);
      await vi.waitFor(async () => expect(await componentOf(running)).toBe("degraded"), 10_000);
      expect((await running.send("GET", "/health")).status).toBe(200);
      expect(warnings(running)).toHaveLength(1);
    } finally {
      await server.start();
    }
    await vi.waitFor(async () => expect(await componentOf(running)).toBe("healthy"), 20_000);
    expect(warnings(running)).toHaveLength(1);
    expect(await statusOf(running, 1)).toEqual([200]);
    expect(JSON.stringify(running.log)).not.toContain(server.password);
  });

  it("never hold a request up: a Redis that hangs is left aside", async () => {
    const running = await daemonWith(address, "hanging");
    await vi.waitFor(async () => expect(await componentOf(running)).toBe("healthy"), 10_000);
    server.freeze();
    try {
      const start = performance.now();
      expect(await statusOf(running, 5)).toEqual([200, 200, 200, 200, 200]);
      // One request found out, in 100 ms; on a busy machine that takes longer, but not seconds.
      expect(performance.now() - start).toBeLessThan(5000);
      await sleep(1500);
      expect(warnings(running)).toHaveLength(1);
    } finally {
      server.thaw();
    }
    await vi.waitFor(async () => expect(await componentOf(running)).toBe("healthy"), 20_000);
    expect(warnings(running)).toHaveLength(1);
  });

  it("are not counted by a server that answers but takes no writes, with one warning", async () => {
    const { counts, changes } = await open(address);
    await vi.waitFor(() => expect(counts.isUp).toBe(true), 10_000);
    const operator = new Redis(server.url);
    closing.push(() => operator.disconnect());
    const quotas = [{ requests: 1, window: 60_000, burst: 1 }];
    await operator.replicaof("127.0.0.1", 1);
    try {
      await expect(counts.take("written", quotas)).rejects.toThrow();
      await sleep(2000);
      expect(changes).toEqual([[false, "READONLY"]]);
    } finally {
      await operator.replicaof("NO", "ONE");
    }
    await vi.waitFor(() => expect(counts.isUp).toBe(true), 20_000);
    expect(changes).toHaveLength(2);
  });

  it("are counted by a server that is there only later", async () => {
    await server.end();
    const { counts, changes } = await open(address);
    await vi.waitFor(() => expect(changes).toHaveLength(1), 10_000);
    await server.start();
    await vi.waitFor(() => expect(counts.isUp).toBe(true), 20_000);
    expect(changes.map(([isUp]) => isUp)).toEqual([false, true]);
  });

  it("reach the master that a sentinel names", async () => {
    const sentinel = await startSentinel(server, "mymaster");
    if (sentinel === null) return;
    closing.push(() => sentinel.stop());
    const hosts = [`127.0.0.1:${sentinel.port}`];
    const url = `redis://:${server.password}@nowhere.invalid:1/0`;
    const { counts } = await open({ url, sentinel: { hosts, master: "mymaster" } });
    await vi.waitFor(() => expect(counts.isUp).toBe(true), 20_000);
    const quotas = [{ requests: 1, window: 60_000, burst: 1 }];
    const caller = `sentinel-${process.pid}`;
    expect((await counts.take(caller, quotas)).allowed).toBe(true);
    expect((await counts.take(caller, quotas)).allowed).toBe(false);
  });

  it("are not counted with a wrong password, and nothing tells which it was", async () => {
    const url = `redis://:a-wrong-password@127.0.0.1:${server.port}/0`;
    const { counts, changes } = await open({ url, sentinel: null });
    await vi.waitFor(() => expect(changes.length).toBeGreaterThan(0), 10_000);
    expect(counts.isUp).toBe(false);
    expect(JSON.stringify(changes)).not.toMatch(/password|127\.0\.0\.1/);
  });
});

describe("a Redis that was never there", () => {
  it("costs one warning and no answer", async () => {
    const holder = createServer().listen(0, "127.0.0.1");
    await vi.waitFor(() => expect(holder.address()).not.toBeNull());
    const { port } = holder.address() as { port: number };
    holder.close();
    const running = await daemonWith({ url: `redis://127.0.0.1:${port}`, sentinel: null }, "none");
    expect(await statusOf(running, 6)).toEqual([200, 200, 200, 200, 200, 429]);
    await sleep(1200);
    expect(await componentOf(running)).toBe("degraded");
    expect(warnings(running)).toHaveLength(1);
  });
});
