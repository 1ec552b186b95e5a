import { expect, test } from "vitest";
import type { SwarmRelease } from "../../../../src/deploy/release.ts";
import type { Docker } from "../../../../src/deploy/targets/compose/docker.ts";
import type { SwarmSite } from "../../../../src/deploy/targets/swarm/swarm-site.ts";
import { takeDown } from "../../../../src/deploy/targets/swarm/take-down.ts";
import type { StepRun } from "../../../../src/operation/step.ts";

const release = { id: "r1", swarm: { name: "shop" } } as SwarmRelease;

const run = {
  effect: (_name, act) => Promise.resolve(act(() => {})),
  say: () => {},
  signal: new AbortController().signal,
} as Pick<StepRun, "effect" | "say" | "signal"> as StepRun;

function siteOf(ask: Docker["ask"], acts: string[] = []): SwarmSite {
  const docker: Partial<Docker> = {
    ask,
    attempt: async () => ({ exitCode: 1, signal: null, stdout: "", stderr: "no engine" }),
    act: async (_run, argv) => void acts.push(argv.join(" ")),
  };
  return { docker } as SwarmSite;
}

test("an engine that does not answer is no proof that a stack is gone", async () => {
  const site = siteOf(async () => {
    throw new Error("Cannot connect to the Docker daemon");
  });
  await expect(takeDown(site, run, release)).rejects.toThrow("Cannot connect");
});

test("nor is one that ends while the stack is taken down", async () => {
  const acts: string[] = [];
  const site = siteOf(async () => {
    if (acts.length > 0) throw new Error("Cannot connect to the Docker daemon");
    return "id\n";
  }, acts);
  await expect(takeDown(site, run, release)).rejects.toThrow("Cannot connect");
  expect(acts).toEqual(["stack rm shop"]);
});

test("a stack of which nothing is left is down", async () => {
  const acts: string[] = [];
  await takeDown(
    siteOf(async () => "", acts),
    run,
    release,
  );
  expect(acts).toEqual([]);
});
