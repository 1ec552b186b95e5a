import { expect, test } from "vitest";
import type { ReleaseRecord } from "../../../src/deploy/release.ts";
import type { Target } from "../../../src/deploy/target.ts";
import { type WatchInput, watchRelease } from "../../../src/deploy/watch.ts";

/** @param restarts how often the release had been started again, look by look */
function watched(restarts: number[], restartsBefore: number | null): WatchInput {
  const target = {
    state: async () => ({
      ready: true,
      restarts: restarts.length > 1 ? restarts.shift() : restarts[0],
      requests: null,
    }),
    whoAnswers: async () => "r1",
    lastLines: async () => [],
  };
  return {
    target: target as unknown as Target,
    release: { id: "r1" } as ReleaseRecord,
    signal: AbortSignal.timeout(5000),
    say: () => undefined,
    duration: 500,
    thresholds: ["errors<1%"],
    restartsBefore,
  };
}

test("a release that was started again before it was found healthy, as after a boot, is watched as any", async () => {
  expect(await watchRelease(watched([2], 2))).toMatchObject({ failedProbes: 0 });
});

test("a release that is started again while it is watched is lost, though it answers", async () => {
  const seen = watchRelease(watched([2, 2, 3], 2));
  await expect(seen).rejects.toThrow("it stopped being healthy");
});

test("where nobody knows how it was found, a release is watched from where the watch begins", async () => {
  expect(await watchRelease(watched([2], null))).toMatchObject({ failedProbes: 0 });
  const seen = watchRelease(watched([2, 2, 3], null));
  await expect(seen).rejects.toThrow("it stopped being healthy");
});

test("a release that was started again between its health and the watch is lost", async () => {
  await expect(watchRelease(watched([1], 0))).rejects.toThrow("it stopped being healthy");
});
