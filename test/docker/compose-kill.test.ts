import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { deployedStack } from "../support/docker/deployed-stack.ts";
import { deploy, serving } from "../support/docker/stack-words.ts";
import { fronts } from "../support/docker/fronts.ts";
import { everyStep } from "../support/every.ts";
import { killedDeploys } from "../support/docker/killed-deploys.ts";
import { noDocker, skipped } from "../support/docker/images.ts";
import { startLoad } from "../support/docker/load.ts";
import { comeBack, killAll } from "../support/docker/reboot.ts";
import type { StackProject } from "../support/docker/stack-project.ts";
import { type Recovery, killRounds, succeed } from "../support/kill-rounds.ts";
import { until } from "../support/processes.ts";

const missing = noDocker();

describe.skipIf(missing !== null).each([
  {
    what: "a Compose stack",
    front: fronts.nginx,
    effects: [
      "prepare/images",
      "start/up",
      "switch/include",
      "switch/reload",
      "retire/stay-down",
      "retire/stop",
    ],
    // In turns resumed and aborted, from where it is easiest to believe too much.
    short: ["switch/include:after", "switch/reload:after"],
    rebooted: ["start/up:after", "switch/reload:after"],
  },
  {
    what: "a Compose stack with a gap",
    front: null,
    effects: ["prepare/images", "start/stop-former", "start/up", "switch/include"],
    short: ["start/stop-former:after"],
    rebooted: [],
  },
])(
  `a deploy of $what, killed by SIGKILL${skipped(missing)}`,
  ({ front, effects, short, rebooted }) => {
    const project = deployedStack({ front, restart: "always" });
    const kills = killedDeploys(project);
    const { chosen, reset } = kills;

    async function check(recovery: Recovery): Promise<void> {
      await kills.check(recovery);
      const colours = project.running().filter((name) => /-api-(blue|green)-/.test(name));
      expect(colours, recovery.where).toHaveLength(1);
    }

    test("has a point on either side of everything it changes", () => {
      const names = kills.expectPointsAround(effects);
      expect(names).toContain("switch/include/upstreams-written");
    });

    test("can be resumed or aborted from any point", async () => {
      const load = startLoad(project.url);
      const plan = { project, argv: deploy, rounds: short.length, reset, check };
      const done = await killRounds(plan, chosen(short));
      const { failures, answered } = await load.stop();
      expect(done).toBeGreaterThanOrEqual(short.length);
      expect(answered).toBeGreaterThan(100);
      // The public notices a gap, and nothing where there is none.
      if (front !== null) expect(failures).toEqual([]);
    }, 7_200_000);

    const rounds = rebooted.length;

    /** What came back by itself, and no step waited for, is healthy a moment later. */
    const checkLater = async (recovery: Recovery): Promise<void> => {
      const isWell = async () => (await project.studio(["status"])).exitCode === 0;
      await until(`status finds nothing wrong, ${recovery.where}`, isWell);
      await check(recovery);
    };

    test.runIf(everyStep || rounds > 0)(
      "together with everything else, which comes back as after a boot, can be so as well",
      async () => {
        const disaster = async (where: string): Promise<void> => {
          killAll(project);
          comeBack(project);
          // Before anything is typed; where there is a gap, maybe neither does.
          const release = toldOf(project);
          const isMet = async () => (await serving(project).catch(() => null)) === release;
          if (front !== null) await until(`${release} answers, ${where}`, isMet, 30_000);
        };
        const plan = { project, argv: deploy, rounds: 1, reset, check: checkLater, disaster };
        expect(await killRounds(plan, chosen(rebooted.slice(-1)))).toBeGreaterThan(0);
      },
      7_200_000,
    );

    test.runIf(everyStep || rounds > 0)(
      "together with everything else, which stays down, can be so as well",
      async () => {
        const disaster = async (): Promise<void> => killAll(project);
        const checkUp = async (recovery: Recovery): Promise<void> => {
          // What a deploy did not touch yet its undo leaves as it was found.
          if (recovery.outcome !== "succeeded") await succeed(project, ["up"]);
          await checkLater(recovery);
        };
        const plan = { project, argv: deploy, rounds, reset, check: checkUp, disaster };
        expect(await killRounds(plan, chosen(rebooted))).toBeGreaterThanOrEqual(rounds);
      },
      7_200_000,
    );
  },
);

/** The release that a proxy which starts is told of. */
function toldOf({ directory }: StackProject): string | null {
  const file = join(directory, ".studio", "proxy", "production", "upstream.conf");
  return /release=(\S+)/.exec(readFileSync(file, "utf8"))?.[1] ?? null;
}
