import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deployedStack } from "../support/docker/deployed-stack.ts";
import { noDocker, skipped, testImage } from "../support/docker/images.ts";
import { killedDeploys } from "../support/docker/killed-deploys.ts";
import { type OwnEngine, startOwnEngine } from "../support/docker/own-engine.ts";
import type { StackProject } from "../support/docker/stack-project.ts";
import { deploy, serving } from "../support/docker/stack-words.ts";
import { everyStep } from "../support/every.ts";
import { type Recovery, succeed } from "../support/kill-rounds.ts";
import { until } from "../support/processes.ts";
import { strikeRounds } from "../support/strike-rounds.ts";

const missing = noDocker();

/** Whatever became of the deploy: one release serves, `status` knows which, and nothing is open. */
function expectOne(project: StackProject, kills: ReturnType<typeof killedDeploys>) {
  return async (recovery: Recovery): Promise<void> => {
    const { outcome, where } = recovery;
    // What studio could not bring up without what had died; with it, that is the operator's to type.
    if ((await project.studio(["status"])).exitCode !== 0) await succeed(project, ["up"]);
    const isWell = async () => (await project.studio(["status"])).exitCode === 0;
    await until(`status finds nothing wrong, ${where}`, isWell, 60_000);
    // One that could not be carried on without it may have been undone by `resume` as well.
    await kills.check(outcome === "undone" ? { ...recovery, way: "abort" } : recovery);
  };
}

describe.skipIf(missing !== null)(
  `a Compose stack whose proxy dies amid a deploy${skipped(missing)}`,
  () => {
    const project = deployedStack({ restart: "always" });
    const kills = killedDeploys(project);
    const short = ["switch/include:after", "switch/reload:after"];

    test("has one release that serves, at whatever point it dies", async () => {
      const done = await strikeRounds(
        {
          project,
          argv: deploy,
          rounds: short.length,
          ways: "in turns",
          reset: kills.reset,
          strike: () => killProxy(project),
          check: expectOne(project, kills),
        },
        kills.chosen(short),
      );
      expect(done).toBeGreaterThanOrEqual(short.length);
    }, 7_200_000);
  },
);

describe.skipIf(missing !== null || !everyStep)(
  `a Compose stack whose engine dies amid a deploy${skipped(missing)}`,
  () => {
    let engine: OwnEngine;

    beforeAll(async () => {
      engine = await startOwnEngine([testImage("app"), testImage("nginx")]);
      process.env["DOCKER_HOST"] = engine.host;
    }, 300_000);

    const project = deployedStack({ restart: "always" });
    const kills = killedDeploys(project);

    afterAll(async () => {
      await engine?.remove();
      delete process.env["DOCKER_HOST"];
    }, 120_000);

    test("has one release that serves, at whatever point it dies", async () => {
      const mend = async (): Promise<void> => {
        await engine.start();
        const answers = async () => (await serving(project).catch(() => null)) !== null;
        await until("somebody serves once the engine is back", answers, 60_000);
      };
      const done = await strikeRounds(
        {
          project,
          argv: deploy,
          rounds: 1,
          ways: "in turns",
          reset: kills.reset,
          strike: () => engine.kill(),
          mend,
          check: expectOne(project, kills),
        },
        kills.chosen([]),
      );
      expect(done).toBeGreaterThan(0);
    }, 7_200_000);
  },
);

/** As a crash ends it: to Docker's own `kill` a container is not started again. */
function killProxy(project: StackProject): void {
  const name = project.running().find((one) => one.includes("-proxy-")) ?? "";
  const pid = execFileSync("docker", ["inspect", "-f", "{{.State.Pid}}", name], {
    encoding: "utf8",
  });
  process.kill(Number(pid), "SIGKILL");
}
