import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { HealthStanding } from "../../../src/server/daemon-spec.ts";
import type { HealthReport, HealthStatus } from "../../../src/server/health-monitor.ts";
import { HealthTeller } from "../../../src/server/health-teller.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const system = { memory_usage_percent: 0, cpu_usage_percent: 0, disk_usage_percent: 0 };

function teller({ isServing = true, delivers = true } = {}) {
  const told: string[][] = [];
  const state = { database: "healthy" as HealthStatus, isServing, delivers };
  const report = (): HealthReport => ({
    status: state.database,
    timestamp: new Date().toISOString(),
    system,
    components: { database: { status: state.database, duration_ms: 1 } },
  });
  const look = async () => one.consider(report(), { database: "it refused a query" });
  const tell = async (standings: readonly HealthStanding[]) => {
    told.push(standings.map(({ component, status }) => `${component} ${status}`));
    return state.delivers;
  };
  const one = new HealthTeller({ tell, look, isServing: () => state.isServing });
  const minutes = async (count: number) => {
    for (let minute = 0; minute < count; minute += 1) {
      await look();
      await vi.advanceTimersByTimeAsync(60_000);
    }
  };
  return { state, told, minutes, look, stop: () => one.stop() };
}

test("a change is told once it was seen twice, and again when it is over", async () => {
  const { state, told, minutes } = teller();
  await minutes(3);
  state.database = "unhealthy";
  await minutes(3);
  state.database = "healthy";
  await minutes(20);
  expect(told).toEqual([["database healthy"], ["database unhealthy"], ["database healthy"]]);
});

test("a hiccup is not told", async () => {
  const { state, told, minutes, look } = teller();
  await minutes(2);
  state.database = "degraded";
  await look();
  state.database = "healthy";
  await minutes(5);
  expect(told).toEqual([["database healthy"]]);
});

test("what stands badly, or could not be told, is handed on again every ten minutes", async () => {
  const { state, told, minutes } = teller();
  state.database = "degraded";
  await minutes(25);
  expect(told).toHaveLength(3);
  state.database = "healthy";
  state.delivers = false;
  await minutes(25);
  expect(told).toHaveLength(6);
});

test("a release that does not serve, or was told to stop, tells nothing", async () => {
  const waiting = teller({ isServing: false });
  await waiting.minutes(3);
  expect(waiting.told).toEqual([]);
  const stopped = teller();
  await stopped.look();
  stopped.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(stopped.told).toEqual([]);
});
