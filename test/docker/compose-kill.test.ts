import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noDocker, skipped } from "../support/docker/images.ts";
import { type StackProject, createStackProject } from "../support/docker/stack-project.ts";
import {
  type KillPoint,
  type Recovery,
  killRounds,
  listPoints,
  succeed,
} from "../support/kill-rounds.ts";
import { startLoad } from "../support/docker/load.ts";

const missing = noDocker();

const deploy = ["deploy", "--skip-gate", "--skip-backup"];

describe.skipIf(missing !== null)(
  `a deploy of a Compose stack, killed by SIGKILL${skipped(missing)}`,
  () => {
    let project: StackProject;
    let points: KillPoint[];
    let before: string;

    beforeAll(async () => {
      project = await createStackProject();
      await succeed(project, deploy);
      await succeed(project, deploy);
      points = await listPoints(project, deploy);
    }, 300_000);

    afterAll(async () => {
      await project.remove();
    }, 60_000);

    async function serving(): Promise<string> {
      const answer = await fetch(project.url);
      expect(answer.status).toBe(200);
      return String(answer.headers.get("x-studio-release"));
    }

    async function check({ way, where, outcome }: Recovery): Promise<void> {
      const status = await succeed(project, ["status", "--json"]);
      const { result } = JSON.parse(status.stdout);
      expect(result.serving, where).toMatchObject({ release: await serving(), state: "serving" });
      expect(result.operation, where).toBeNull();
      if (outcome === "undone") expect(result.serving.release, where).toBe(before);
      if (way === "resume" && outcome !== null) expect(outcome, where).toBe("succeeded");
      const colours = project.running().filter((name) => /-api-(blue|green)-/.test(name));
      expect(colours, where).toHaveLength(1);
    }

    async function reset(): Promise<void> {
      before = await serving();
    }

    test("has a point on either side of everything it changes", () => {
      const names = points.map(({ name }) => name);
      for (const effect of ["prepare/images", "start/up", "switch/include", "switch/reload"]) {
        expect(names).toContain(`${effect}:before`);
        expect(names).toContain(`${effect}:after`);
      }
      expect(names).toContain("switch/include/upstreams-written");
    });

    test("can be resumed or aborted from any point, and the public notices nothing", async () => {
      const load = startLoad(project.url);
      const changing = points.filter(({ name }) =>
        /^(prepare|services|start|switch|record|retire)/.test(name),
      );
      const rounds = await killRounds({ project, argv: deploy, rounds: 6, reset, check }, changing);
      const { failures, answered } = await load.stop();
      expect(rounds).toBeGreaterThan(0);
      expect(failures).toEqual([]);
      expect(answered).toBeGreaterThan(500);
    }, 7_200_000);
  },
);
