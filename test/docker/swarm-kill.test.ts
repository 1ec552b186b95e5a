import { describe, expect, test } from "vitest";
import { deployedSwarm } from "../support/docker/deployed-swarm.ts";
import { killedDeploys } from "../support/docker/killed-deploys.ts";
import { noDocker, skipped } from "../support/docker/images.ts";
import { startLoad } from "../support/docker/load.ts";
import { deploy, serving } from "../support/docker/stack-words.ts";
import { type Recovery, kill, killRounds, succeed } from "../support/kill-rounds.ts";
import { until } from "../support/processes.ts";

const missing = noDocker();

/** In turns resumed and aborted: Swarm was told, and is at work by itself. */
const short = ["start/wait:before", "start/stack:after"];

describe.skipIf(missing !== null)(
  `a deploy to a Swarm, killed by SIGKILL${skipped(missing)}`,
  () => {
    const project = deployedSwarm();
    const { chosen, check, expectPointsAround, pointNamed, reset } = killedDeploys(project);

    test("has a point on either side of everything it changes", () => {
      expectPointsAround([
        "prepare/images",
        "prepare/names",
        "prepare/files",
        "start/stack",
        "start/wait",
        "switch/prove",
      ]);
    });

    test("can be resumed or aborted from any point", async () => {
      const load = startLoad(project.url);
      const plan = { project, argv: deploy, rounds: short.length, reset, check };
      const done = await killRounds(plan, chosen(short));
      const { failures, answered } = await load.stop();
      expect(done).toBeGreaterThanOrEqual(short.length);
      expect(answered).toBeGreaterThan(100);
      expect(failures).toEqual([]);
    }, 7_200_000);

    test("together with its node, which comes back, can be so as well", async () => {
      const rebooted = ["start/stack:after"];
      const isMet = async () => (await serving(project).catch(() => null)) !== null;
      const disaster = async (where: string): Promise<void> => {
        await project.reboot();
        await until(`somebody serves again, ${where}`, isMet, 120_000);
      };
      /** What came back by itself, and no step waited for, is healthy a moment later. */
      const checkLater = async (recovery: Recovery): Promise<void> => {
        const isWell = async () => (await project.studio(["status"])).exitCode === 0;
        await until(`status finds nothing wrong, ${recovery.where}`, isWell, 120_000);
        await check(recovery);
      };
      const plan = { project, argv: deploy, rounds: 1, reset, check: checkLater, disaster };
      expect(await killRounds(plan, chosen(rebooted))).toBeGreaterThan(0);
    }, 7_200_000);

    // Whoever tells Swarm the same once more takes from it what it would roll back to.
    test("leaves to Swarm what it would roll back to, when it is resumed amid the update", async () => {
      const release = await serving(project);
      project.configure({ SICK: "1" });
      await kill(
        project,
        deploy,
        pointNamed("start/wait:before"),
        "a release that is never healthy",
      );
      const resumed = await project.studio(["resume", "--json"]);
      project.configure({});
      expect(resumed.exitCode, resumed.stderr).toBe(5);
      expect(resumed.stderr + resumed.stdout).toContain("Swarm rolled api back");
      expect(await serving(project)).toBe(release);
      await succeed(project, deploy);
    }, 300_000);
  },
);
