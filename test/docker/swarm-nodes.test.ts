import { afterAll, beforeAll, describe, expect } from "vitest";
import { everyStep } from "../support/every.ts";
import { inLongForm } from "../support/in-long-form.ts";
import { noDocker, skipped, testImage } from "../support/docker/images.ts";
import { startLoad } from "../support/docker/load.ts";
import { type OwnSwarm, startOwnSwarm } from "../support/docker/own-swarm.ts";
import { deploy, rollback, serving } from "../support/docker/stack-words.ts";
import { type SwarmProject, createSwarmProject } from "../support/docker/swarm-project.ts";
import { succeed } from "../support/kill-rounds.ts";
import { until } from "../support/processes.ts";

const missing = noDocker();

describe.skipIf(missing !== null)(`a Swarm of three nodes${skipped(missing)}`, () => {
  let swarm: OwnSwarm;
  let project: SwarmProject;

  beforeAll(async () => {
    if (!everyStep) return;
    swarm = await startOwnSwarm([testImage("app"), testImage("nginx")], { nodes: 3 });
    project = await createSwarmProject(swarm, { replicas: 3 });
  }, 600_000);

  afterAll(async () => {
    await project?.remove();
    swarm?.remove();
  }, 60_000);

  const here = { deploy: { placement: { constraints: ["node.hostname == node1"] } } };
  const loaded = { pull_policy: "never" };

  inLongForm(
    "is asked to say where data lies, and who has an image that no registry knows",
    async () => {
      const refused = await project.studio(["deploy", "--dry-run", "--json"]);
      expect(refused.exitCode, refused.stderr).toBe(2);
      const { error } = JSON.parse(refused.stdout);
      expect(error.message).toContain("db keeps data on the node it runs on");
      expect(error.message).toContain("the image of api is on this node alone");
      expect(error.hint).toContain("node.hostname == node1");
      expect(error.hint).toContain("pull_policy: never");
    },
    60_000,
  );

  inLongForm(
    "is deployed to and rolled back under load without a lost request",
    async () => {
      project.configure(
        {},
        { api: loaded, db: { ...loaded, ...here }, proxy: { ...loaded, ...here } },
      );
      await succeed(project, deploy);
      const first = await serving(project);
      const nodes = project
        .docker(["service", "ps", "--format", "{{.Node}}", `${project.stack}_api`])
        .trim()
        .split("\n");
      expect(new Set(nodes).size).toBe(3);
      const load = startLoad(project.url);
      const result = JSON.parse((await succeed(project, [...deploy, "--json"])).stdout).result;
      expect(result).toMatchObject({ previous: first, probe: { failed: 0 } });
      await succeed(project, rollback);
      expect(await serving(project)).toBe(first);
      expect((await load.stop()).failures).toEqual([]);
    },
    600_000,
  );

  inLongForm(
    "goes on with two, and is deployed to",
    async () => {
      swarm.kill(2);
      const isWell = async () => (await project.studio(["status"])).exitCode === 0;
      await until("the tasks of the lost node run elsewhere", isWell, 120_000);
      const { stdout } = await project.studio(["doctor"]);
      expect(stdout).toContain("node3 does not (down)");
      const before = await serving(project);
      const result = JSON.parse((await succeed(project, [...deploy, "--json"])).stdout).result;
      expect(result.previous).toBe(before);
      expect(await serving(project)).toBe(result.release);
    },
    600_000,
  );
});
