import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { timeCalls } from "../../../../src/bench/suite/time-calls.ts";

/** Keeps the processor busy. */
function work(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

const fastest = (times: readonly number[]) => Math.min(...times);

describe("a function that is timed", () => {
  test("takes what it takes, once an iteration where the clock sees it", async () => {
    const { times, callsPerIteration } = await timeCalls(() => work(2), 5);
    expect(times).toHaveLength(5);
    expect(callsPerIteration).toBe(1);
    expect(fastest(times)).toBeGreaterThanOrEqual(2);
    expect(fastest(times)).toBeLessThan(2.5);
  });

  test("is called many times at once where it is too fast for the clock", async () => {
    const numbers = [3, 1, 2];
    const { times, callsPerIteration } = await timeCalls(() => JSON.stringify(numbers), 5);
    expect(callsPerIteration).toBeGreaterThan(10);
    // 0.1 ms of calls or so share the time among them.
    expect(fastest(times)).toBeLessThan(0.01);
    expect(fastest(times)).toBeGreaterThan(0);
  });

  test("is waited for where it gives a promise", async () => {
    let running = 0;
    let most = 0;
    const { times } = await timeCalls(async () => {
      running += 1;
      most = Math.max(most, running);
      await sleep(3);
      running -= 1;
    }, 3);
    expect(fastest(times)).toBeGreaterThan(2);
    expect(most).toBe(1);
  });

  test("is warmed up before, of which nothing is kept", async () => {
    let calls = 0;
    const { times } = await timeCalls(() => {
      calls += 1;
      work(calls === 1 ? 100 : 1);
    }, 4);
    expect(calls).toBe(5);
    expect(fastest(times)).toBeLessThan(50);
    expect(times).toHaveLength(4);
  });

  test("may throw, now or later", async () => {
    const refuse = () => {
      throw new Error("not today");
    };
    await expect(timeCalls(refuse, 1)).rejects.toThrow("not today");
    await expect(timeCalls(async () => refuse(), 1)).rejects.toThrow("not today");
  });
});
