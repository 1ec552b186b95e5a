import { describe, expect, test } from "vitest";
import { deployedStack } from "../support/docker/deployed-stack.ts";
import { noDocker, skipped } from "../support/docker/images.ts";
import { killedDeploys } from "../support/docker/killed-deploys.ts";
import { startLoad } from "../support/docker/load.ts";
import { everyStep } from "../support/every.ts";
import { type Recovery, killRounds, succeed } from "../support/kill-rounds.ts";
import { addMigration } from "../support/round-migration.ts";

const missing = noDocker();

/** Behind those of `deploy`, with which the settings of every test end. */
const settings = `  gate: { duration: 300ms, thresholds: ["errors<1%"] }
backup:
  retention: { last: 2, hourly: 0, daily: 0, weekly: 0, monthly: 0, floor: 1 }
database: { url: "postgres://studio:of-the-tests@db:5432/studio" }
`;

/** What a deploy without a backup, a migration and a gate does not have. */
const within = /^(backup|migrate|gate|prune)/;

describe.skipIf(missing !== null)(
  `a deploy with a backup, a migration and a gate, killed by SIGKILL${skipped(missing)}`,
  () => {
    const project = deployedStack({
      more: settings,
      database: true,
      restart: "always",
    });
    const deploy = ["deploy"];
    let migrations = 0;
    const kills = killedDeploys(project, deploy, async () => {
      // The first backup makes the repository: that is no part of the others.
      await succeed(project, deploy);
      addMigration(project, ++migrations);
    });
    const short = ["backup/snapshot/COMMIT:put-done", "migrate/up/statement-ended"];
    let before: Schema;

    interface Schema {
      head: string | null;
      pending: string[];
    }

    async function schema(): Promise<Schema> {
      return JSON.parse((await succeed(project, ["status", "--json"])).stdout).result.schema;
    }

    /** A round that ended with the new release has used the pending migration up. */
    async function reset(): Promise<void> {
      await kills.reset();
      before = await schema();
      if (before.pending.length === 0) addMigration(project, ++migrations);
    }

    async function check(recovery: Recovery): Promise<void> {
      await kills.check(recovery);
      const { outcome, where } = recovery;
      const after = await schema();
      const isNew = after.head?.endsWith(`-round-${migrations}`) === true;
      if (outcome === "succeeded") expect(isNew, where).toBe(true);
      // A schema that the release before can live with stays where the new one may have served.
      if (outcome === "undone") expect(isNew || after.head === before.head, where).toBe(true);
      expect(after.pending.length === 0, where).toBe(isNew);
    }

    test("can be resumed or aborted from any point", async () => {
      const load = startLoad(project.url);
      const points = kills.chosen(short).filter(({ name }) => within.test(name));
      const plan = { project, argv: deploy, rounds: short.length, reset, check };
      expect(await killRounds(plan, points)).toBeGreaterThanOrEqual(short.length);
      const { failures, answered } = await load.stop();
      expect(answered).toBeGreaterThan(100);
      expect(failures).toEqual([]);
      if (everyStep) expect(points.length).toBeGreaterThan(40);
    }, 7_200_000);
  },
);
